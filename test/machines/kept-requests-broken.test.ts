import { describe } from 'node:test';
import { casLogin, casLoginStates } from '../../machines/index.ts';
import {
  type AboutKeeping,
  type BrokenMachine,
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

const { assign } = casLogin;
const { starting, keepingRequest, redirecting, admitting, openingSession, resuming, authenticated, failed } =
  casLoginStates;

const broken: Readonly<Record<AboutKeeping, readonly BrokenMachine[]>> = {
  'is kept once between two departures of the person': [
    {
      what: 'it is kept again after a failed login',
      states: { admitting: reroute(admitting, { 'principal.unchecked': 'keepingRequest' }) },
    },
    {
      what: 'a store that fails is asked for ever',
      states: { keepingRequest: reroute(keepingRequest, { 'request.notSaved': 'starting' }) },
    },
  ],
  'is kept before anything else, for the person who was signed in': [
    {
      what: 'it is not kept',
      states: { starting: { ...starting, always: starting.always.slice(1) } },
    },
    {
      what: 'a browser that loops loses it',
      states: {
        starting: { ...starting, always: [starting.always[1], starting.always[0], ...starting.always.slice(2)] },
      },
    },
    {
      what: 'it is kept for anybody',
      states: { keepingRequest: { ...keepingRequest, entry: { type: 'saveRequest', params: { owner: null } } } },
    },
    {
      what: 'after a grant has expired it is kept for nobody',
      states: {
        authenticated: reroute(authenticated, {
          'grant.expired': {
            target: 'starting',
            actions: assign({ keepRequest: true, principal: null, grantId: null, expected: null }),
          },
        }),
      },
    },
    {
      what: 'the store is not waited for',
      states: { keepingRequest: reroute(keepingRequest, { 'request.resumed': 'redirecting' }) },
    },
  ],
  'is remembered as the store says': [
    {
      what: 'where it lies is not',
      states: {
        keepingRequest: reroute(keepingRequest, {
          'request.saved': { target: 'starting', actions: assign({ keepRequest: false }) },
        }),
      },
    },
    {
      what: 'why it is not kept is not',
      states: {
        keepingRequest: reroute(keepingRequest, {
          'request.notSaved': { target: 'starting', actions: assign({ keepRequest: false }) },
        }),
      },
    },
  ],
  'that cannot be kept does not stop the login': [
    {
      what: 'a store that is out takes the login with it',
      states: { keepingRequest: reroute(keepingRequest, { 'request.notSaved': 'declined' }) },
    },
    {
      what: 'a request that is kept waits without a login',
      states: { keepingRequest: reroute(keepingRequest, { 'request.saved': 'declined' }) },
    },
  ],
  'that is not kept is told of': [
    {
      what: 'a page is shown as if nothing had been sent',
      states: { openingSession: opening({ ...nothingKept, actions: [rememberLogin, withRequest(null)] }, otherPerson) },
    },
    {
      what: 'a page that is opened again does not know any more',
      states: { authenticated: reroute(authenticated, { 'return.ticket': { actions: withRequest(null) } }) },
    },
    {
      what: 'the reason is forgotten when the browser leaves',
      states: {
        redirecting: reroute(redirecting, {
          'redirect.issued': { ...redirecting.on['redirect.issued'], actions: assign({ notKept: null }) },
        }),
      },
    },
  ],
  'is what a login waits with, and nothing else': [
    {
      what: 'a login waits for nothing',
      states: { openingSession: opening({ ...nothingKept, target: 'resuming' }, otherPerson) },
    },
    {
      what: 'a login that waits for nothing holds one',
      states: { openingSession: opening({ ...samePerson, guard: undefined, target: 'authenticated' }) },
    },
  ],
  'waits for one session, opened once': [
    {
      what: 'a login that waits opens a second session',
      states: { resuming: { ...resuming, entry: openingSession.entry } },
    },
    {
      what: 'a return that is opened again opens a session',
      states: { authenticated: reroute(authenticated, { 'return.ticket': 'openingSession' }) },
    },
    {
      what: 'a login does not know its session',
      states: { openingSession: opening(nothingKept, { ...ownerUnknown, actions: [goOn] }, samePerson, otherPerson) },
    },
    { what: 'a login has no session', states: { openingSession: { ...openingSession, entry: [] } } },
  ],
  'outlives a failure, whose page names it': [
    {
      what: 'the page does not name it',
      states: {
        failed: {
          ...failed,
          entry: { type: 'showFailure', params: { failure: null, returnTo: '/', savedRequest: null, notKept: null } },
        },
      },
    },
  ],
};

describe('the invariants find a machine in which a request', () => findsEach(broken));
