/**
 * One login through a CAS server, from the first redirect to the end of the session it opened.
 *
 * The story: `starting` → `redirecting` → `awaitingReturn` → `validating` → `admitting` → `authenticated`, with the ways
 * out `declined` (gateway) and `failed`, both through `rejecting`, and `loggedOut`. An expired proxy grant leads from `authenticated` back to
 * `starting`, with the same record, so that the record of a session is one story.
 */
import { assign } from 'xstate';
import {
  type CasLoginContext,
  type CasLoginInput,
  casLogin,
  credentialsShownAt,
  fail,
} from './cas-login-vocabulary.ts';

const starting = casLogin.createStateConfig({
  description: 'A login begins: is there a reason not to send the browser away at all?',
  tags: ['awaiting-server'],
  meta: { spec: ['CAS 2.1', 'ASVS 2.3.1'] },
  always: [
    {
      guard: 'loginLoops',
      target: 'rejecting',
      actions: fail('ERR_SSO_LOGIN_LOOP'),
      description: 'The browser finished several logins within a minute and still has no session: it is told so.',
      meta: { threat: 'An endless loop of redirects when cookies are blocked.' },
    },
    {
      guard: 'gatewayCoolsDown',
      target: 'declined',
      description: 'The login server was asked a short while ago, or may only be asked with a prompt: it is not asked.',
      meta: { threat: 'A loop between a public page and the login server.' },
    },
    {
      guard: 'broughtTicket',
      target: 'awaitingReturn',
      actions: assign({ service: ({ context }) => context.unsolicitedService }),
      description: 'A link of the login server brings a ticket at once, and the application accepts such links.',
      meta: { threat: 'Login CSRF, accepted on purpose: a stranger can sign the visitor in as somebody else.' },
    },
    { target: 'redirecting', description: 'Nothing speaks against it.' },
  ],
});

const redirecting = casLogin.createStateConfig({
  description: 'The address of the login server is built, and with it the address to come back to.',
  tags: ['awaiting-server'],
  meta: { spec: ['CAS 2.1.1', 'ASVS 10.1.2'] },
  entry: {
    type: 'redirectToLogin',
    params: ({ context }) => ({ renew: context.renew, gateway: context.gateway }),
  },
  on: {
    'redirect.issued': {
      target: 'awaitingReturn',
      actions: assign({ service: ({ event }) => event.service, redirectedAt: ({ event }) => event.at }),
      description: 'The redirect is ready; the browser gets a secret that must come back with the ticket.',
      meta: { threat: 'Login CSRF: a ticket that was issued to another browser.' },
    },
    'logout.requested': { target: 'loggedOut', description: 'The person signs out before the browser has left.' },
  },
});

const awaitingReturn = casLogin.createStateConfig({
  description: 'The person is at the login server. Nothing happens here until the browser comes back, or time is up.',
  tags: ['awaiting-browser'],
  meta: { spec: ['CAS 2.2.4', 'ASVS 7.1.1'] },
  on: {
    'return.ticket': {
      target: 'validating',
      actions: {
        type: 'validateTicket',
        params: ({ context, event }) => ({ service: context.service!, ticket: event.ticket, renew: context.renew }),
      },
      description: 'The browser that was sent away brings a ticket.',
      meta: { threat: 'A ticket used twice: this record is claimed by one request only.' },
    },
    'return.withoutTicket': {
      target: 'rejecting',
      actions: fail('ERR_SSO_TICKET_MISSING'),
      description: 'The login server knows nobody and did not prompt, or the person cancelled.',
    },
    'logout.requested': {
      target: 'loggedOut',
      description: 'The person signs out in another tab while this one is at the login server.',
      meta: { threat: 'A login in flight that brings back a session after a logout.' },
    },
  },
});

const validating = casLogin.createStateConfig({
  description: 'The login server is asked, over our own connection, whom the ticket was issued to. It is asked once.',
  tags: ['awaiting-server'],
  meta: { spec: ['CAS 2.5', 'CAS 2.8', 'ASVS 6.8.2', 'ASVS 6.8.3'] },
  on: {
    'validation.succeeded': [
      {
        guard: 'freshEnough',
        target: 'admitting',
        actions: assign({
          principal: ({ context, event }) => ({
            ...event.principal,
            authenticatedAt: credentialsShownAt(context, event),
          }),
        }),
        description: 'The login server vouches for the person, and for as fresh a login as was asked.',
      },
      {
        guard: 'mayAskAgain',
        target: 'redirecting',
        actions: assign({ renew: true, gateway: false }),
        description: 'The login is older than this page allows: the person is asked for credentials, once.',
        meta: { threat: 'An unattended browser with an old single sign-on session (ASVS 7.5.3).' },
      },
      {
        target: 'rejecting',
        actions: fail('ERR_SSO_LOGIN_NOT_FRESH'),
        description: 'Credentials were demanded and the login server reports an earlier login.',
        meta: { threat: 'The visitor takes `renew` out of the address in the browser (ASVS 6.8.4).' },
      },
    ],
    'validation.rejected': {
      target: 'rejecting',
      actions: fail('ERR_SSO_TICKET_REJECTED'),
      description: 'The ticket is unknown, used, expired, or was issued for another service.',
    },
    'validation.refused': {
      target: 'rejecting',
      actions: fail('ERR_SSO_CAS_REFUSED'),
      description: 'The login server refuses for a reason that is not the ticket: registration, or its own fault.',
    },
    'validation.proxied': {
      target: 'rejecting',
      actions: fail('ERR_SSO_PROXIED_TICKET'),
      description: 'The ticket was obtained by another service on behalf of the person.',
      meta: { threat: 'A proxied ticket where people must come themselves (CVE-2012-1104).' },
    },
    'validation.unreachable': {
      target: 'rejecting',
      actions: fail('ERR_SSO_CAS_UNREACHABLE'),
      description: 'No connection, or a certificate that is not trusted.',
      meta: { threat: 'A forged login server (CVE-2012-5583).' },
    },
    'validation.timedOut': {
      target: 'rejecting',
      actions: fail('ERR_SSO_CAS_TIMEOUT'),
      description: 'No complete answer within the deadline. The ticket may be burnt, so it is not sent again.',
    },
    'validation.badStatus': {
      target: 'rejecting',
      actions: fail('ERR_SSO_CAS_BAD_STATUS'),
      description: 'An HTTP status that no validation answer has; redirects are not followed.',
    },
    'validation.unreadable': {
      target: 'rejecting',
      actions: fail('ERR_SSO_CAS_BAD_ANSWER'),
      description: 'An answer that is not exactly one outcome of the protocol, or too large.',
      meta: { threat: 'Success smuggled into a failure (CVE-2017-1000071), bombs, wrong character sets.' },
    },
    'logout.requested': {
      target: 'loggedOut',
      description: 'The person signed out while the ticket was being validated.',
      meta: { threat: 'A login in flight that brings back a session after a logout.' },
    },
  },
});

const admitting = casLogin.createStateConfig({
  description: 'The person is known. May they use this site? The application looks up, creates or refuses the account.',
  tags: ['awaiting-server'],
  meta: { spec: ['ASVS 6.8.1', 'ASVS 8.2.1'] },
  entry: { type: 'admitPrincipal', params: ({ context }) => ({ principal: context.principal! }) },
  on: {
    'principal.admitted': { target: 'authenticated', description: 'The application knows or accepts the person.' },
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

const authenticated = casLogin.createStateConfig({
  description: 'The login holds. The session has a new id, and the person is on the page that was asked for.',
  tags: ['settled'],
  meta: { spec: ['CAS 2.2.4', 'ASVS 7.2.4', 'ASVS 3.7.2'] },
  entry: { type: 'openSession', params: ({ context }) => ({ principal: context.principal! }) },
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
        service: null,
        unsolicitedService: null,
        redirectedAt: null,
      }),
      description: 'The proxy grant is gone, so the person logs in again and the request is kept.',
    },
    'logout.requested': { target: 'loggedOut', description: 'The person, or the login server, ends the session.' },
  },
});

const rejecting = casLogin.createStateConfig({
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

const declined = casLogin.createStateConfig({
  type: 'final',
  description: 'Nobody is known, and nobody was to be asked: the page is shown to an anonymous visitor.',
  meta: { spec: ['CAS 2.1.1', 'ASVS 7.6.2'] },
  entry: { type: 'continueAnonymously', params: ({ context }) => ({ returnTo: context.returnTo }) },
});

const failed = casLogin.createStateConfig({
  type: 'final',
  description: 'No login came of it. A page says why and offers the next step; an earlier session is untouched.',
  tags: ['failed'],
  meta: { spec: ['CAS 2.5.3', 'ASVS 16.5.3'] },
  entry: {
    type: 'showFailure',
    params: ({ context }) => ({ failure: context.failure!, returnTo: context.returnTo }),
  },
});

const loggedOut = casLogin.createStateConfig({
  type: 'final',
  description: 'The session, and all that belonged to it, is gone, and nothing that was under way can bring it back.',
  meta: { spec: ['CAS 2.3', 'ASVS 7.4.1'] },
  entry: [
    {
      type: 'endSession',
      params: ({ context, event }) => ({
        everywhere: event.type === 'logout.requested' && event.everywhere,
        loginId: context.loginId,
      }),
    },
    assign({ principal: null, loginId: null }),
  ],
});

/** The states, for machines that add to them or reroute them. */
export const casLoginStates = {
  starting,
  redirecting,
  awaitingReturn,
  validating,
  admitting,
  authenticated,
  rejecting,
  declined,
  failed,
  loggedOut,
};

/** Everything of the machine but its states. */
export const casLoginRoot = {
  id: 'casLogin',
  version: '1',
  initial: 'starting' as const,
  description: 'A login through a CAS server, and the session it opens.',
  // The engine calls this without an input when it steps a stored flow; the result is then thrown away.
  context: ({ input }: { input: CasLoginInput }): CasLoginContext => ({
    ...input,
    service: null,
    redirectedAt: null,
    principal: null,
    loginId: null,
    failure: null,
  }),
};

/** The machine that runs unless the application brings its own. */
export const casLoginMachine = casLogin.createMachine({ ...casLoginRoot, states: casLoginStates });
