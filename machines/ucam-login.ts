/**
 * One login by Ucam-WebAuth (Raven), from the first redirect to the end of the session it opened. The states from
 * `admitting` on are those of every login, in `login-states.ts`.
 *
 * The story: `starting` → (`keepingRequest`) → `redirecting` → `awaitingReturn` → `verifying` → `admitting` →
 * `openingSession` → (`resuming`) → `authenticated`, with the ways out
 * `declined` (the visitor is anonymous), `cancelled` and `failed`, and `loggedOut`. The web login service (WLS) never speaks
 * to us: its reply is carried through the browser, signed.
 */
import { assign } from 'xstate';
import { keepFirst, keepingRequest, openingSession, resuming, whereToGoOn } from './kept-request-states.ts';
import {
  admitting,
  authenticated,
  beforeLeaving,
  citing,
  declined,
  failed,
  loggedOut,
  rejecting,
  signingOut,
  whatFailed,
  whenNotFresh,
} from './login-states.ts';
import { credentialsShownAt, failWith } from './login-vocabulary.ts';
import { type UcamLoginContext, type UcamLoginInput, ucamLogin } from './ucam-login-vocabulary.ts';

const starting = ucamLogin.createStateConfig({
  description: 'A login begins: is there a reason not to send the browser away at all?',
  tags: ['awaiting-server'],
  meta: { spec: ['WAA-WLS 1', 'ASVS 2.3.1'] },
  always: [keepFirst, ...beforeLeaving, { target: 'redirecting', description: 'Nothing speaks against it.' }],
});

const redirecting = ucamLogin.createStateConfig({
  description: 'The request to the WLS is built: what is asked, the address to come back to, and a nonce.',
  tags: ['awaiting-server'],
  meta: { spec: ['WAA-WLS 3', 'ASVS 10.1.2'] },
  entry: {
    type: 'redirectToLogin',
    params: ({ context }) => ({ renew: context.renew, gateway: context.gateway }),
  },
  on: {
    'redirect.issued': {
      target: 'awaitingReturn',
      actions: assign({
        url: ({ event }) => event.url,
        params: ({ event }) => event.params,
        redirectedAt: ({ event }) => event.at,
      }),
      description: 'The redirect is ready; the browser gets a secret that must come back with the nonce.',
      meta: { threat: 'Login CSRF: a reply that was made for another browser.' },
    },
    'logout.requested': signingOut.beforeLeaving,
  },
});

const awaitingReturn = ucamLogin.createStateConfig({
  description: 'The person is at the WLS. A reply may never come; until it does, or time is up, nothing happens here.',
  tags: ['awaiting-browser'],
  meta: { spec: ['WAA-WLS 2', 'ASVS 7.1.1'] },
  on: {
    'return.reply': {
      target: 'verifying',
      actions: {
        type: 'verifyReply',
        params: ({ context, event }) => ({
          reply: event.reply,
          url: context.url!,
          params: context.params!,
          renew: context.renew,
          gateway: context.gateway,
        }),
      },
      description: 'The browser that was sent away brings a reply with the nonce of this attempt.',
      meta: { threat: 'A reply used twice: this record is claimed by one request only.' },
    },
    'logout.requested': signingOut.whileAway,
  },
});

const verifying = ucamLogin.createStateConfig({
  description: 'Is the reply signed by the WLS, about us, about now, and an answer to what this attempt asked?',
  tags: ['awaiting-server'],
  meta: { spec: ['WAA-WLS 4', 'ASVS 6.8.2', 'ASVS 6.8.4', 'ASVS 9.1.1'] },
  on: {
    'reply.verified': [
      {
        guard: 'freshEnough',
        target: 'admitting',
        actions: assign({
          principal: ({ context, event }) => ({
            ...event.principal,
            authenticatedAt: credentialsShownAt(context, event),
          }),
          lifeMs: ({ event }) => event.lifeMs,
        }),
        description: 'The WLS vouches for the person, and for as fresh a login as was asked.',
      },
      ...whenNotFresh,
    ],
    'reply.malformed': {
      target: 'rejecting',
      actions: failWith('ERR_SSO_WLS_MALFORMED'),
      description: 'Not a reply of the protocol: wrong fields, escapes, numbers or times.',
    },
    'reply.invalid': {
      target: 'rejecting',
      actions: failWith('ERR_SSO_WLS_INVALID'),
      description: 'A reply that is not for us, not for now, not signed, or no answer to what was asked.',
      meta: { threat: 'A forged reply, or the reply to another site or another question.' },
    },
    'reply.unknownKey': {
      target: 'rejecting',
      actions: failWith('ERR_SSO_WLS_UNKNOWN_KEY'),
      description: 'Signed with a key that is not configured: nobody can tell whether it is the WLS.',
      meta: { threat: 'A key that an attacker names (advisory of March 2015).' },
    },
    'reply.notCurrent': {
      target: 'rejecting',
      actions: failWith('ERR_SSO_NOT_AUTHORISED'),
      description: 'The WLS knows the person, who is no current member of the University.',
      meta: { threat: 'Accounts for life: people who have left.' },
    },
    'reply.cancelled': [
      {
        guard: 'gatewayAsked',
        target: 'declined',
        description: 'Nobody asked to log in here, so there is nothing to tell.',
      },
      {
        target: 'cancelled',
        actions: failWith('ERR_SSO_CANCELLED'),
        description: 'The person cancelled (410).',
      },
    ],
    'reply.interactionNeeded': {
      target: 'rejecting',
      actions: failWith('ERR_SSO_WLS_REFUSED'),
      description:
        'The WLS would have to ask the person and was told not to (540): a public page goes on without a login.',
    },
    'reply.refused': {
      target: 'rejecting',
      actions: failWith('ERR_SSO_WLS_REFUSED'),
      description: 'The WLS declines this person, or this site (560, 570).',
    },
    'reply.failed': {
      target: 'rejecting',
      actions: failWith('ERR_SSO_WLS_STATUS'),
      description: 'The WLS could not use our request (510, 520, 530), or says what no version of the protocol knows.',
    },
    'logout.requested': signingOut.whileChecked,
  },
});

/** The address of the return is opened again; nothing is verified and nothing changes. */
const openedAgain = {
  'return.reply': {
    actions: { type: 'resumeRequest', params: whereToGoOn },
    description: 'The address of the return is opened again (back, double click): the page, and no second look at it.',
    meta: { threat: 'A reply used twice.' },
  },
} as const;

const pending = ucamLogin.createStateConfig({ ...resuming, on: { ...resuming.on, ...openedAgain } });

const settled = ucamLogin.createStateConfig({ ...authenticated, on: { ...authenticated.on, ...openedAgain } });

const cancelled = ucamLogin.createStateConfig({
  type: 'final',
  description: 'The person changed their mind. That is no fault: a page offers to sign in after all.',
  tags: ['failed'],
  meta: { spec: ['WAA-WLS 4 (410)', 'ASVS 16.5.3'] },
  entry: { type: 'showFailure', params: whatFailed },
});

/** The states, for machines that add to them or reroute them. */
export const ucamLoginStates = {
  starting,
  keepingRequest,
  redirecting,
  awaitingReturn,
  verifying,
  admitting,
  openingSession,
  resuming: pending,
  authenticated: settled,
  rejecting: citing('WAA-WLS 4', rejecting),
  declined: citing('WAA-WLS 3', declined),
  cancelled,
  failed: citing('WAA-WLS 4', failed),
  loggedOut,
};

/** Everything of the machine but its states. */
export const ucamLoginRoot = {
  id: 'ucamLogin',
  version: '1',
  initial: 'starting' as const,
  description: 'A login by Ucam-WebAuth (Raven), and the session it opens.',
  // The engine calls this without an input when it steps a stored flow; the result is then thrown away.
  context: ({ input }: { input: UcamLoginInput }): UcamLoginContext => ({
    ...input,
    url: null,
    params: null,
    redirectedAt: null,
    principal: null,
    lifeMs: null,
    grantId: null,
    loginId: null,
    failure: null,
  }),
};

/** The machine that runs unless the application brings its own. */
export const ucamLoginMachine = ucamLogin.createMachine({ ...ucamLoginRoot, states: ucamLoginStates });
