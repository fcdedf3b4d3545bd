/**
 * The second half of a CAS login: from a person whom the login server vouches for to the end of the session, and the ends
 * of a login that does not come so far. The first half, and the machine, are in `cas-login.ts`.
 */
import { assign } from 'xstate';
import { casLogin, fail } from './cas-login-vocabulary.ts';

export const admitting = casLogin.createStateConfig({
  description: 'The person is known. May they use this site? The application looks up, creates or refuses the account.',
  tags: ['awaiting-server'],
  meta: { spec: ['ASVS 6.8.1', 'ASVS 8.2.1'] },
  entry: { type: 'admitPrincipal', params: ({ context }) => ({ principal: context.principal! }) },
  on: {
    'principal.admitted': [
      {
        guard: 'wantsGrant',
        target: 'claimingGrant',
        description: 'The application knows or accepts the person, and calls other services for them.',
      },
      {
        target: 'authenticated',
        actions: assign({ grantOffer: null }),
        description: 'The application knows or accepts the person.',
      },
    ],
    'principal.refused': {
      target: 'rejecting',
      actions: fail('ERR_SSO_NOT_AUTHORISED'),
      description: 'The application does not want this person. There is no way back to the login server: no loop.',
    },
    'principal.unchecked': {
      target: 'rejecting',
      actions: fail('ERR_SSO_LOGIN_HOOK'),
      description: 'The application could not tell, so nobody is let in.',
    },
    'logout.requested': {
      target: 'loggedOut',
      description: 'The person signed out while the account was being looked up.',
      meta: { threat: 'A login in flight that brings back a session after a logout.' },
    },
  },
});

export const claimingGrant = casLogin.createStateConfig({
  description: 'The proxy-granting ticket came, or is about to come, by a call of the login server. It is waited for.',
  tags: ['awaiting-server'],
  meta: { spec: ['CAS 2.5.4', 'ASVS 15.4.2'] },
  entry: {
    type: 'claimProxyGrant',
    params: ({ context }) => ({ principal: context.principal!, grantOffer: context.grantOffer }),
  },
  on: {
    'grant.claimed': {
      target: 'authenticated',
      actions: assign({ grantId: ({ event }) => event.grantId, grantOffer: null }),
      description: 'The grant is stored, sealed, and belongs to this login alone.',
      meta: {
        threat: 'A forged delivery: only one whose name the login server told us over our own connection counts.',
      },
    },
    'grant.missing': [
      {
        guard: 'needsGrant',
        target: 'rejecting',
        actions: fail('ERR_SSO_NO_PROXY_GRANT'),
        description: 'No grant came in time, and this site is of no use without one.',
      },
      {
        target: 'authenticated',
        actions: assign({ grantOffer: null }),
        description: 'No grant came in time. The login holds; asking for a proxy ticket will say why there is none.',
        meta: { threat: 'A callback that is broken locks everybody out.' },
      },
    ],
    'logout.requested': {
      target: 'loggedOut',
      description: 'The person signed out while the grant was waited for. It stays unclaimed, and expires.',
      meta: { threat: 'A login in flight that brings back a session after a logout.' },
    },
  },
});

export const authenticated = casLogin.createStateConfig({
  description: 'The login holds. The session has a new id, and the person is on the page that was asked for.',
  tags: ['settled'],
  meta: { spec: ['CAS 2.2.4', 'ASVS 7.2.4', 'ASVS 3.7.2'] },
  entry: {
    type: 'openSession',
    params: ({ context }) => ({ principal: context.principal!, grantId: context.grantId }),
  },
  on: {
    'session.opened': [
      {
        guard: 'samePrincipal',
        actions: [
          {
            type: 'resumeRequest',
            params: ({ context }) => ({ returnTo: context.returnTo, savedRequest: context.savedRequest }),
          },
          assign({ savedRequest: null, loginId: ({ event }) => event.loginId }),
        ],
        description: 'The session is stored; the person goes on where they were.',
      },
      {
        actions: [
          { type: 'discardRequest', params: ({ context }) => ({ savedRequest: context.savedRequest }) },
          {
            type: 'resumeRequest',
            params: ({ context }) => ({ returnTo: context.returnTo, savedRequest: null }),
          },
          assign({ savedRequest: null, loginId: ({ event }) => event.loginId }),
        ],
        description: 'Somebody else came back: what the first person had sent is destroyed.',
        meta: { threat: 'A request of one person that runs with the rights of another.' },
      },
    ],
    'return.ticket': {
      actions: {
        type: 'resumeRequest',
        params: ({ context }) => ({ returnTo: context.returnTo, savedRequest: null }),
      },
      description:
        'The address of the return is opened again (back, double click): the page, and no second validation.',
      meta: { threat: 'A ticket used twice.' },
    },
    'return.withoutTicket': {
      actions: {
        type: 'resumeRequest',
        params: ({ context }) => ({ returnTo: context.returnTo, savedRequest: null }),
      },
      description: 'The same, with the ticket already taken out of the address.',
    },
    'grant.expired': {
      target: 'starting',
      actions: assign({
        expected: ({ context }) => context.principal && { issuer: context.principal.issuer, id: context.principal.id },
        savedRequest: ({ event }) => event.savedRequest,
        recentLogins: ({ event }) => event.recentLogins,
        renew: false,
        gateway: false,
        maxAgeMs: null,
        principal: null,
        grantId: null,
        service: null,
        unsolicitedService: null,
        redirectedAt: null,
      }),
      description: 'The proxy grant is gone, so the person logs in again and the request is kept.',
    },
    'logout.requested': { target: 'loggedOut', description: 'The person, or the login server, ends the session.' },
  },
});

export const rejecting = casLogin.createStateConfig({
  description: 'No login came of it. Does the person need to know, or does a public page go on without a login?',
  tags: ['awaiting-server'],
  meta: { spec: ['CAS 2.1.1', 'ASVS 16.5.3'] },
  always: [
    {
      guard: 'gatewayAsked',
      target: 'declined',
      description: 'Nobody asked to log in: a public page stays a page, whatever ails the login server.',
      meta: { threat: 'A login server that is down takes public pages down with it.' },
    },
    { target: 'failed', description: 'The person asked to log in, and is told why it did not work.' },
  ],
});

export const declined = casLogin.createStateConfig({
  type: 'final',
  description: 'Nobody is known, and nobody was to be asked: the page is shown to an anonymous visitor.',
  meta: { spec: ['CAS 2.1.1', 'ASVS 7.6.2'] },
  entry: { type: 'continueAnonymously', params: ({ context }) => ({ returnTo: context.returnTo }) },
});

export const failed = casLogin.createStateConfig({
  type: 'final',
  description: 'No login came of it. A page says why and offers the next step; an earlier session is untouched.',
  tags: ['failed'],
  meta: { spec: ['CAS 2.5.3', 'ASVS 16.5.3'] },
  entry: {
    type: 'showFailure',
    params: ({ context }) => ({ failure: context.failure!, returnTo: context.returnTo }),
  },
});

export const loggedOut = casLogin.createStateConfig({
  type: 'final',
  description: 'The session, and all that belonged to it, is gone, and nothing that was under way can bring it back.',
  meta: { spec: ['CAS 2.3', 'ASVS 7.4.1'] },
  entry: [
    {
      type: 'endSession',
      params: ({ context, event }) => ({
        everywhere: event.type === 'logout.requested' && event.everywhere,
        loginId: context.loginId,
        grantId: context.grantId,
      }),
    },
    assign({ principal: null, loginId: null, grantId: null, grantOffer: null }),
  ],
});
