/**
 * How a request that a login interrupted survives it: it is kept before the browser is sent away, and once the session is
 * open it waits for the browser to send it again. The bytes are in the store; here is only which they are and whose.
 */
import type { Asked } from './login-states.ts';
import { login } from './login-vocabulary.ts';

/** What the effect that lets the person go on is asked with. */
export const whereToGoOn = ({ context }: Asked) => ({
  returnTo: context.returnTo,
  savedRequest: context.savedRequest,
  notKept: context.notKept,
});

/** The first thing that a login does: whatever becomes of it, what the person had sent is safe. */
export const keepFirst = {
  guard: 'hasRequestToKeep',
  target: 'keepingRequest',
  description: 'The person had sent something, which is kept before anything else happens.',
} as const;

export const keepingRequest = login.createStateConfig({
  description: 'The method, address and bytes of the interrupted request are sealed and stored, for its sender only.',
  tags: ['awaiting-server'],
  meta: { spec: ['SDP-SP22', 'ASVS 14.2.4', 'ASVS 14.3.3'] },
  entry: { type: 'saveRequest', params: ({ context }: Asked) => ({ owner: context.expected }) },
  on: {
    'request.saved': {
      target: 'starting',
      actions: { type: 'rememberRequest', params: ({ event }) => ({ savedRequest: event.savedRequest }) },
      description: 'It is kept. A cookie of this browser holds the secret that it opens with.',
      meta: { threat: 'A request that somebody else slips in while the login form is open (CVE-2013-2067).' },
    },
    'request.notSaved': {
      target: 'starting',
      actions: { type: 'rememberNotKept', params: ({ event }) => ({ code: event.code }) },
      description: 'Too large, cut off, no room, or the store is out: the login goes on, and the person will be told.',
      meta: { threat: 'A store that fails takes the login down with it.' },
    },
    'logout.requested': {
      target: 'loggedOut',
      description: 'The person signed out while the request was being kept.',
      meta: { threat: 'A login in flight that brings back a session after a logout.' },
    },
  },
});

export const openingSession = login.createStateConfig({
  description: 'The login is stored and the session will point to it. Is there something to be sent again, and whose?',
  tags: ['awaiting-server'],
  meta: { spec: ['ASVS 7.2.4', 'ASVS 7.4.1'] },
  entry: {
    type: 'openSession',
    params: ({ context }: Asked) => ({
      principal: context.principal!,
      grantId: context.grantId,
      lifeMs: context.lifeMs,
    }),
  },
  on: {
    'session.opened': [
      {
        guard: 'nothingWasKept',
        target: 'authenticated',
        actions: [
          { type: 'rememberLogin', params: ({ event }) => ({ loginId: event.loginId }) },
          { type: 'resumeRequest', params: whereToGoOn },
        ],
        description: 'The session is stored; the person goes on where they were.',
      },
      {
        guard: 'ownerUnknown',
        target: 'resuming',
        actions: [
          { type: 'rememberLogin', params: ({ event }) => ({ loginId: event.loginId }) },
          { type: 'resumeRequest', params: whereToGoOn },
        ],
        description: 'Nobody was signed in when it was sent: the person is asked whether it is theirs.',
        meta: { threat: 'A request that a stranger left in this browser runs with the rights of whoever signs in.' },
      },
      {
        guard: 'samePrincipal',
        target: 'resuming',
        actions: [
          { type: 'rememberLogin', params: ({ event }) => ({ loginId: event.loginId }) },
          { type: 'resumeRequest', params: whereToGoOn },
        ],
        description: 'Its sender is back: the browser is led to send it again.',
      },
      {
        target: 'authenticated',
        actions: [
          { type: 'discardRequest', params: ({ context }: Asked) => ({ savedRequest: context.savedRequest }) },
          { type: 'rememberNotKept', params: { code: 'ERR_SSO_REQUEST_OTHER_PERSON' } },
          { type: 'rememberLogin', params: ({ event }) => ({ loginId: event.loginId }) },
          { type: 'resumeRequest', params: whereToGoOn },
        ],
        description: 'Somebody else came back: what the first person had sent is destroyed.',
        meta: { threat: 'A request of one person that runs with the rights of another.' },
      },
    ],
    'logout.requested': {
      target: 'loggedOut',
      description: 'The person signed out while the session was being stored.',
      meta: { threat: 'A login in flight that brings back a session after a logout.' },
    },
  },
});

export const resuming = login.createStateConfig({
  description: 'The login holds, and the kept request waits for the browser to send it again: minutes, and once.',
  tags: ['settled', 'pending'],
  meta: { spec: ['SDP-SP22', 'ASVS 2.3.1', 'ASVS 14.2.4'] },
  on: {
    'request.resumed': {
      target: 'authenticated',
      actions: 'forgetRequest',
      description: 'It was taken out of the store, by this one request of the same person, and runs.',
      meta: { threat: 'A request that runs twice (reload, back, two clicks).' },
    },
    'request.discarded': {
      target: 'authenticated',
      actions: 'forgetRequest',
      description: 'The person does not want it sent, or somebody else signed in meanwhile: it is erased.',
    },
    'request.expired': {
      target: 'authenticated',
      actions: { type: 'rememberNotKept', params: { code: 'ERR_SSO_REQUEST_EXPIRED' } },
      description: 'It was not sent again in time, and is gone.',
      meta: { threat: 'Clear thoughts of a person that lie about for ever.' },
    },
    'logout.requested': {
      target: 'loggedOut',
      description: 'The session ends, and what waits to be sent again ends with it.',
    },
  },
});
