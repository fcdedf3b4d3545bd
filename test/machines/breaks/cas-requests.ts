import { casLogin, casLoginStates } from '../../../machines/index.ts';
import { casPeople, freshPrincipals } from '../../../machines/safety-cas-alphabet.ts';
import { savedBy } from '../../../machines/safety-people.ts';
import type { PrincipalRef, SavedRequestRef } from '../../../machines/vocabulary.ts';
import { type Breaks, type Given, reroute } from './breaks.ts';
import { casWith } from './cas-generic.ts';

const { starting, keepingRequest, redirecting, admitting, openingSession, resuming, authenticated, failed, loggedOut } =
  casLoginStates;
const { assign } = casLogin;
const [nothingKept, ownerUnknown, samePerson, otherPerson] = openingSession.on['session.opened'];
const opening = (...ways: readonly object[]) => ({
  openingSession: reroute(openingSession, { 'session.opened': ways }),
});
const [discard, , rememberLogin, goOn] = otherPerson!.actions;
const hasTheName = ({ context }: Given) =>
  (context.savedRequest as SavedRequestRef | null)?.owner?.id === (context.principal as PrincipalRef | null)?.id;
const going = (more: object) => ({
  type: 'resumeRequest',
  params: ({ context: { returnTo, savedRequest, notKept } }: Given) => ({ returnTo, savedRequest, notKept, ...more }),
});

/** What becomes of a request that a login interrupted. */
export const brokenRequests: Breaks = {
  'request-own-rights': {
    'it runs with the rights of whoever comes': casWith(
      opening(nothingKept!, ownerUnknown!, { ...samePerson!, guard: undefined }),
    ),
    'the same name at another login server will do': casWith(
      opening(nothingKept!, ownerUnknown!, { ...samePerson!, guard: hasTheName }, otherPerson!),
    ),
    'its owner is taken for another one of that name': casWith({
      ...opening(nothingKept!, { ...samePerson!, guard: undefined, actions: [rememberLogin!, goOn!] }),
      resuming: { ...resuming, entry: assign({ principal: { ...freshPrincipals[0]!, ...casPeople.otherAlice } }) },
    }),
  },
  'request-others-destroyed': {
    'it stays': casWith(
      opening(nothingKept!, ownerUnknown!, samePerson!, {
        ...otherPerson!,
        actions: otherPerson!.actions.filter((action) => action !== discard),
      }),
    ),
    'nobody is told': casWith(
      opening(nothingKept!, ownerUnknown!, samePerson!, {
        ...otherPerson!,
        actions: [discard!, 'forgetRequest', rememberLogin!, goOn!],
      }),
    ),
  },
  'request-handed-over': {
    'its sender is nobody': casWith(opening(nothingKept!, ownerUnknown!, otherPerson!)),
  },
  'request-not-forgotten': {
    'whose it is, when the next login begins': casWith({
      starting: {
        ...starting,
        always: {
          target: 'redirecting',
          actions: assign({
            savedRequest: ({ context }) => context.savedRequest && { ...context.savedRequest, owner: null },
          }),
        },
      },
    }),
    'when the browser leaves': casWith({
      redirecting: reroute(redirecting, {
        'redirect.issued': {
          ...redirecting.on['redirect.issued'],
          actions: [redirecting.on['redirect.issued'].actions, 'forgetRequest'],
        },
      }),
    }),
  },
  'request-ends-once': {
    'it still waits when it has run': casWith({ resuming: reroute(resuming, { 'request.resumed': undefined }) }),
    'it waits again when it has run': casWith({
      authenticated: reroute(authenticated, { 'request.resumed': 'resuming' }),
    }),
  },
  'request-expiry-told': {
    'it ends as if it had run': casWith({
      resuming: reroute(resuming, { 'request.expired': resuming.on['request.resumed'] }),
    }),
  },
  'request-ends-with-logout': {
    'it is not destroyed': casWith({ loggedOut: { ...loggedOut, entry: loggedOut.entry.slice(1) } }),
  },
  'request-gone-after-logout': {
    'the record names it': casWith({ loggedOut: { ...loggedOut, entry: loggedOut.entry.slice(0, 2) } }),
  },
  'request-kept-once': {
    'again after a refusal': casWith({ admitting: reroute(admitting, { 'principal.refused': 'keepingRequest' }) }),
  },
  'request-kept-first': {
    'it is not kept': casWith({ starting: { ...starting, always: starting.always.slice(1) } }),
    'it is kept for nobody': casWith({
      keepingRequest: { ...keepingRequest, entry: { type: 'saveRequest', params: { owner: null } } },
    }),
  },
  'request-remembered': {
    'where it lies is not': casWith({
      keepingRequest: reroute(keepingRequest, {
        'request.saved': { target: 'starting', actions: assign({ keepRequest: false }) },
      }),
    }),
    'that it was not kept is not': casWith({
      keepingRequest: reroute(keepingRequest, {
        'request.notSaved': { target: 'starting', actions: assign({ keepRequest: false }) },
      }),
    }),
  },
  'request-stops-nothing': {
    'a store that is full keeps people out': casWith({
      keepingRequest: reroute(keepingRequest, { 'request.notSaved': 'declined' }),
    }),
  },
  'request-loss-told': {
    'the page is shown as if there had been none': casWith(
      opening(nothingKept!, ownerUnknown!, samePerson!, {
        ...otherPerson!,
        actions: [...otherPerson!.actions.slice(0, 3), going({ notKept: null })],
      }),
    ),
    'the reason is forgotten': casWith({
      authenticated: reroute(authenticated, { 'return.ticket': { actions: assign({ notKept: null }) } }),
    }),
  },
  'request-waited-for': {
    'a login waits for nothing': casWith(
      opening({ ...nothingKept!, target: 'resuming' }, ownerUnknown!, samePerson!, otherPerson!),
    ),
    'a login does not wait': casWith(
      opening(nothingKept!, ownerUnknown!, { ...samePerson!, target: 'authenticated' }, otherPerson!),
    ),
  },
  'request-one-session': {
    'there is none': casWith({ openingSession: { ...openingSession, entry: [] } }),
    'there are two': casWith({
      openingSession: { ...openingSession, entry: [openingSession.entry, openingSession.entry] },
    }),
    'the record does not know it': casWith(
      opening({ ...nothingKept!, actions: [goOn!] }, ownerUnknown!, samePerson!, otherPerson!),
    ),
    'the person goes nowhere': casWith(
      opening({ ...nothingKept!, actions: [rememberLogin!] }, ownerUnknown!, samePerson!, otherPerson!),
    ),
    'an open one is opened again': casWith({
      authenticated: reroute(authenticated, { 'return.ticket': 'openingSession' }),
    }),
  },
  'request-outlives-failure': {
    'its page does not name it': casWith({
      failed: {
        ...failed,
        entry: {
          type: 'showFailure',
          params: ({ context: { failure, returnTo, notKept } }: Given) => ({
            failure,
            returnTo,
            notKept,
            savedRequest: savedBy(null),
          }),
        },
      },
    }),
    'there is no page': casWith({ failed: { ...failed, entry: [] } }),
  },
};
