/**
 * One login through a CAS server, from the first redirect to the end of the session it opened. The states from `admitting`
 * on are in `cas-login-session.ts`, what all logins have in common is in `login-states.ts`, and how a request that a login
 * interrupts survives it is in `kept-request-states.ts`.
 *
 * The story: `starting` → (`keepingRequest`) → `redirecting` → `awaitingReturn` → `validating` → `admitting` →
 * (`claimingGrant`) → `openingSession` → (`resuming`) → `authenticated`, with the ways out `declined` (gateway) and
 * `failed`, both through `rejecting`, and `loggedOut`. An expired proxy grant leads from `authenticated` back to
 * `starting`, with the same record, so that the record of a session is one story.
 */
import { assign } from 'xstate';
import { admitting, authenticated, claimingGrant, resuming } from './cas-login-session.ts';
import { type CasLoginContext, type CasLoginInput, casLogin } from './cas-login-vocabulary.ts';
import { keepFirst, keepingRequest, openingSession } from './kept-request-states.ts';
import {
  beforeLeaving,
  citing,
  declined,
  failed,
  loggedOut,
  rejecting,
  signingOut,
  whenNotFresh,
} from './login-states.ts';
import { credentialsShownAt, failWith } from './login-vocabulary.ts';

const starting = casLogin.createStateConfig({
  description: 'A login begins: is there a reason not to send the browser away at all?',
  tags: ['awaiting-server'],
  meta: { spec: ['CAS 2.1', 'ASVS 2.3.1'] },
  always: [
    keepFirst,
    ...beforeLeaving,
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
    'logout.requested': signingOut.beforeLeaving,
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
        params: ({ context, event }) => ({
          service: context.service!,
          ticket: event.ticket,
          renew: context.renew,
          withGrant: context.proxyGrant !== 'off',
        }),
      },
      description: 'The browser that was sent away brings a ticket.',
      meta: { threat: 'A ticket used twice: this record is claimed by one request only.' },
    },
    'return.withoutTicket': {
      target: 'rejecting',
      actions: failWith('ERR_SSO_TICKET_MISSING'),
      description: 'The login server knows nobody and did not prompt, or the person cancelled.',
    },
    'logout.requested': signingOut.whileAway,
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
          grantOffer: ({ event }) => event.grantOffer,
        }),
        description: 'The login server vouches for the person, and for as fresh a login as was asked.',
      },
      ...whenNotFresh,
    ],
    'validation.rejected': {
      target: 'rejecting',
      actions: failWith('ERR_SSO_TICKET_REJECTED'),
      description: 'The ticket is unknown, used, expired, or was issued for another service.',
    },
    'validation.refused': {
      target: 'rejecting',
      actions: failWith('ERR_SSO_CAS_REFUSED'),
      description: 'The login server refuses for a reason that is not the ticket: registration, or its own fault.',
    },
    'validation.callbackFailed': [
      {
        guard: 'mayGoWithoutGrant',
        target: 'redirecting',
        actions: assign({ proxyGrant: 'off' }),
        description: 'The login server could not call our proxy callback, and burnt the ticket: once more, without it.',
        meta: { threat: 'A certificate of the callback that runs out takes every login down with it.' },
      },
      {
        target: 'rejecting',
        actions: failWith('ERR_SSO_NO_PROXY_GRANT'),
        description: 'The same, on a site that is of no use without proxy tickets.',
      },
    ],
    'validation.proxied': {
      target: 'rejecting',
      actions: failWith('ERR_SSO_PROXIED_TICKET'),
      description: 'The ticket was obtained by another service on behalf of the person.',
      meta: { threat: 'A proxied ticket where people must come themselves (CVE-2012-1104).' },
    },
    'validation.unreachable': {
      target: 'rejecting',
      actions: failWith('ERR_SSO_CAS_UNREACHABLE'),
      description: 'No connection, or a certificate that is not trusted.',
      meta: { threat: 'A forged login server (CVE-2012-5583).' },
    },
    'validation.timedOut': {
      target: 'rejecting',
      actions: failWith('ERR_SSO_CAS_TIMEOUT'),
      description: 'No complete answer within the deadline. The ticket may be burnt, so it is not sent again.',
    },
    'validation.badStatus': {
      target: 'rejecting',
      actions: failWith('ERR_SSO_CAS_BAD_STATUS'),
      description: 'An HTTP status that no validation answer has; redirects are not followed.',
    },
    'validation.unreadable': {
      target: 'rejecting',
      actions: failWith('ERR_SSO_CAS_BAD_ANSWER'),
      description: 'An answer that is not exactly one outcome of the protocol, or too large.',
      meta: { threat: 'Success smuggled into a failure (CVE-2017-1000071), bombs, wrong character sets.' },
    },
    'logout.requested': signingOut.whileChecked,
  },
});

/** The states, for machines that add to them or reroute them. */
export const casLoginStates = {
  starting,
  keepingRequest,
  redirecting,
  awaitingReturn,
  validating,
  admitting,
  claimingGrant,
  openingSession,
  resuming,
  authenticated,
  rejecting: citing('CAS 2.1.1', rejecting),
  declined: citing('CAS 2.1.1', declined),
  failed: citing('CAS 2.5.3', failed),
  loggedOut: citing('CAS 2.3', loggedOut),
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
    lifeMs: null,
    grantOffer: null,
    grantId: null,
    loginId: null,
    failure: null,
  }),
};

/** The machine that runs unless the application brings its own. */
export const casLoginMachine = casLogin.createMachine({ ...casLoginRoot, states: casLoginStates });
