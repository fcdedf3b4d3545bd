import { describe } from 'node:test';
import { casLogin, casLoginStates } from '../../machines/index.ts';
import { alice } from './cas-login-model.ts';
import {
  type AboutItsEnd,
  type BrokenMachine,
  discard,
  findsEach,
  goOn,
  nothingKept,
  opening,
  otherPerson,
  ownerUnknown,
  rememberLogin,
  reroute,
  samePerson,
  withRequest,
} from './kept-request-breaking.ts';
import { savedBy } from './kept-request-model.ts';

const { assign } = casLogin;
const { redirecting, admitting, resuming, authenticated, loggedOut } = casLoginStates;
const silently = { target: 'authenticated', actions: ['forgetRequest', rememberLogin, goOn] };

const broken: Readonly<Record<AboutItsEnd, readonly BrokenMachine[]>> = {
  'goes on with the rights of its owner, or of whoever says that it is theirs': [
    {
      what: 'that of one person runs with the rights of another',
      states: { openingSession: opening(nothingKept, ownerUnknown, { ...samePerson, guard: undefined }) },
    },
    {
      what: 'that of nobody runs without a question',
      states: {
        openingSession: opening(nothingKept, { ...ownerUnknown, target: 'authenticated' }, samePerson, otherPerson),
      },
    },
    {
      what: 'that of nobody is offered to somebody else than was expected',
      states: {
        openingSession: opening(
          nothingKept,
          {
            ...ownerUnknown,
            guard: ({ context }: { context: { savedRequest: { owner: unknown } | null } }) =>
              context.savedRequest?.owner === null,
          },
          samePerson,
          otherPerson,
        ),
      },
    },
    {
      what: 'another one runs than the one that was kept',
      states: {
        openingSession: opening(
          nothingKept,
          ownerUnknown,
          { ...samePerson, actions: [rememberLogin, withRequest(savedBy(alice))] },
          otherPerson,
        ),
      },
    },
    {
      what: 'it is handed over before anybody is known',
      states: { redirecting: reroute(redirecting, { 'redirect.issued': { ...samePerson, guard: undefined } }) },
    },
  ],
  'of somebody else is destroyed with the step that opens the session': [
    {
      what: 'it is destroyed by nobody',
      states: { openingSession: opening(nothingKept, ownerUnknown, samePerson, silently) },
    },
    {
      what: 'its place stays on record',
      states: {
        openingSession: opening(nothingKept, ownerUnknown, samePerson, {
          ...otherPerson,
          actions: [discard, rememberLogin, withRequest(null)],
        }),
      },
    },
    {
      what: 'nobody hears of it',
      states: {
        openingSession: opening(nothingKept, ownerUnknown, samePerson, {
          ...otherPerson,
          actions: [discard, 'forgetRequest', rememberLogin, goOn],
        }),
      },
    },
    {
      what: 'the person goes nowhere',
      states: {
        openingSession: opening(nothingKept, ownerUnknown, samePerson, {
          ...otherPerson,
          actions: otherPerson.actions.slice(0, 3),
        }),
      },
    },
  ],
  'of the person who comes back is handed over, and waits': [
    { what: 'everybody is somebody else', states: { openingSession: opening(nothingKept, ownerUnknown, otherPerson) } },
    {
      what: 'nobody ever says whose it is',
      states: {
        openingSession: opening(nothingKept, { ...otherPerson, guard: 'ownerUnknown' }, samePerson, otherPerson),
      },
    },
  ],
  'is never forgotten silently': [
    {
      what: 'it goes with a login that failed',
      states: {
        admitting: reroute(admitting, { 'principal.refused': { target: 'failed', actions: 'forgetRequest' } }),
      },
    },
    {
      what: 'it goes when the browser leaves',
      states: {
        redirecting: reroute(redirecting, {
          'redirect.issued': { ...redirecting.on['redirect.issued'], actions: assign({ savedRequest: null }) },
        }),
      },
    },
    {
      what: 'another takes its place',
      states: {
        resuming: reroute(resuming, {
          'return.ticket': { actions: assign({ savedRequest: () => savedBy(null) }) },
        }),
      },
    },
  ],
  'ends once': [
    {
      what: 'it stays on record after it ran',
      states: { resuming: reroute(resuming, { 'request.resumed': 'authenticated' }) },
    },
    {
      what: 'it still waits after it ran',
      states: { resuming: reroute(resuming, { 'request.resumed': { actions: 'forgetRequest' } }) },
    },
    {
      what: 'a login that waits for nothing hears of it',
      states: { authenticated: reroute(authenticated, { 'request.resumed': 'resuming' }) },
    },
  ],
  'that ran out is told of': [
    {
      what: 'it is as if there had been none',
      states: { resuming: reroute(resuming, { 'request.expired': resuming.on['request.resumed'] }) },
    },
  ],
  'is destroyed by a logout, wherever it comes': [
    {
      what: 'it outlives the session',
      states: { loggedOut: { ...loggedOut, entry: loggedOut.entry.slice(1) } },
    },
    {
      what: 'a logout does not reach one that waits',
      states: { resuming: reroute(resuming, { 'logout.requested': undefined }) },
    },
    {
      what: 'it is forgotten before it can be destroyed',
      states: { loggedOut: { ...loggedOut, entry: [...loggedOut.entry].reverse() } },
    },
  ],
  'is not on record after a logout': [
    {
      what: 'the record remembers it',
      states: { loggedOut: { ...loggedOut, entry: loggedOut.entry.slice(0, 2) } },
    },
  ],
};

describe('the invariants find a machine in which a request', () => findsEach(broken));
