import { casLogin, casLoginStates } from '../../../machines/index.ts';
import { failWith } from '../../../machines/login-vocabulary.ts';
import { freshPrincipals } from '../../../machines/safety-cas-alphabet.ts';
import { type Breaks, type Given, reroute } from './breaks.ts';
import { casWith } from './cas-generic.ts';

const {
  starting,
  keepingRequest,
  redirecting,
  awaitingReturn,
  validating,
  admitting,
  openingSession,
  authenticated,
  declined,
  failed,
  loggedOut,
} = casLoginStates;
const { assign } = casLogin;

const [alice, bob] = freshPrincipals;
const [vouched] = validating.on['validation.succeeded'];
const named = assign({ principal: ({ event }) => ('principal' in event ? (event.principal ?? null) : null) });
const endSession = { type: 'endSession', params: { everywhere: false, loginId: null, grantId: null } };
const openSession = { type: 'openSession', params: { principal: alice, grantId: null, lifeMs: null } };
const [discard, , forgetSession] = loggedOut.entry;
const ending = (loginId: unknown, grantId: unknown) => ({
  type: 'endSession',
  params: ({ context }: Given) => ({
    everywhere: false,
    loginId: loginId === undefined ? context.loginId : loginId,
    grantId: grantId === undefined ? context.grantId : grantId,
  }),
});
/** A logout that forgets no more than this. */
const leaving = (forgotten: object) =>
  casWith({
    loggedOut: {
      ...loggedOut,
      entry: [discard, ending(undefined, undefined), assign({ keepRequest: false, ...forgotten })],
    },
  });
const startingWithout = (guard: string) => ({
  starting: { ...starting, always: starting.always.filter((to) => !('guard' in to) || to.guard !== guard) },
});
const somebodyElse = { ...alice!, issuer: 'https://nobody.example' };

export const brokenLogins: Breaks = {
  'only-after-success': {
    'a ticket will do': casWith({ awaitingReturn: reroute(awaitingReturn, { 'return.ticket': 'authenticated' }) }),
    'an answer before the browser came back again': casWith({
      admitting: reroute(admitting, { 'principal.unchecked': 'awaitingAnother' }),
      awaitingAnother: {
        ...awaitingReturn,
        on: { 'return.ticket': 'authenticated', 'logout.requested': 'loggedOut' },
      },
    }),
    'an answer before the browser was sent away again': casWith({
      admitting: reroute(admitting, { 'principal.unchecked': 'sendingAgain' }),
      sendingAgain: { ...redirecting, on: { 'redirect.issued': 'authenticated' } },
    }),
    'an answer for the login that was left': casWith({
      authenticated: reroute(authenticated, { 'grant.expired': 'renewing' }),
      renewing: {
        tags: ['awaiting-server'],
        on: { 'grant.claimed': 'authenticated', 'logout.requested': 'loggedOut' },
      },
    }),
  },
  'only-the-admitted': {
    'nobody asks': casWith({
      validating: reroute(validating, { 'validation.succeeded': { ...vouched!, target: 'openingSession' } }),
    }),
    'the answer to a question that was not asked': casWith({ admitting: { ...admitting, entry: [] } }),
    'the answer for somebody else': casWith({
      admitting: { ...admitting, entry: { type: 'admitPrincipal', params: { principal: somebodyElse } } },
    }),
    'an answer, and then another person': casWith({
      admitting: reroute(admitting, { 'principal.admitted': 'askingTwice' }),
      askingTwice: {
        tags: ['awaiting-server'],
        on: { 'validation.succeeded': { target: 'openingSession', actions: named }, 'logout.requested': 'loggedOut' },
      },
    }),
    'an answer, and then another person of whom nobody asks': casWith({
      admitting: reroute(admitting, { 'principal.admitted': 'askingTwice' }),
      askingTwice: {
        tags: ['awaiting-server'],
        on: { 'validation.succeeded': { target: 'claimingGrant', actions: named }, 'logout.requested': 'loggedOut' },
      },
    }),
    'the session of somebody else': casWith({
      openingSession: {
        ...openingSession,
        entry: { ...openSession, params: { ...openSession.params, principal: bob } },
      },
    }),
    'the session of nobody': casWith({
      openingSession: {
        ...openingSession,
        entry: { ...openSession, params: { ...openSession.params, principal: null } },
      },
    }),
  },
  'only-with-a-session': {
    'a login without one': casWith({ admitting: reroute(admitting, { 'principal.admitted': 'authenticated' }) }),
    'one that nobody was asked to open': casWith({ openingSession: { ...openingSession, entry: [] } }),
  },
  'nothing-after-session': {
    'a question that comes too late': casWith({
      openingSession: reroute(openingSession, { 'session.opened': 'welcoming' }),
      welcoming: {
        tags: ['awaiting-browser'],
        on: { 'return.ticket': 'authenticated', 'logout.requested': 'loggedOut' },
      },
    }),
    'a state that is signed in': casWith({
      openingSession: reroute(openingSession, { 'session.opened': 'welcoming' }),
      welcoming: { tags: ['settled'], on: { 'return.ticket': 'authenticated', 'logout.requested': 'loggedOut' } },
    }),
  },
  'vouched-for': {
    'another issuer': casWith({
      validating: reroute(validating, {
        'validation.succeeded': { ...vouched!, actions: assign({ principal: somebodyElse }) },
      }),
    }),
    'a name in an event of the application': {
      ...casWith({
        admitting: reroute(admitting, { 'name.chosen': { target: 'openingSession', actions: named } }),
      }),
      samples: [{ type: 'name.chosen', principal: bob } as { type: string }],
    },
  },
  'named-in-time': {
    'a refused person stays on record': casWith({ admitting: reroute(admitting, { 'principal.refused': 'failed' }) }),
    'a person is named by a ticket': casWith({
      awaitingReturn: reroute(awaitingReturn, {
        'return.ticket': {
          ...awaitingReturn.on['return.ticket'],
          target: 'validating',
          actions: assign({ principal: alice! }),
        },
      }),
      authenticated: { ...authenticated, on: { 'logout.requested': 'loggedOut' } },
      failed: { ...failed, exit: [] },
      rejecting: { tags: ['awaiting-server'], on: { 'logout.requested': 'loggedOut' } },
      declined: { ...declined, entry: [declined.entry, 'forgetSession'] },
    }),
  },
  'signed-in-are-known': {
    'the name is gone': casWith({
      openingSession: reroute(openingSession, {
        'session.opened': { target: 'authenticated', actions: assign({ principal: null }) },
      }),
    }),
  },
  'judged-once': {
    'after a time-out': casWith({ validating: reroute(validating, { 'validation.timedOut': 'awaitingReturn' }) }),
  },
  'answers-taken': {
    'a hook that throws': casWith({ admitting: reroute(admitting, { 'principal.unchecked': undefined }) }),
    'a store that fails at the very beginning': casWith({
      keepingRequest: reroute(keepingRequest, { 'request.notSaved': undefined }),
    }),
  },
  'failures-touch-no-session': {
    'a failure ends one': casWith({ failed: { ...failed, entry: [failed.entry, endSession] } }),
    'a failure opens one': casWith({ failed: { ...failed, entry: [failed.entry, openSession] } }),
    'a quiet login that came to nothing ends one': casWith({
      declined: { ...declined, entry: [declined.entry, endSession] },
    }),
  },
  'only-failures-have-codes': {
    'a login goes on after one': casWith({
      validating: reroute(validating, {
        'validation.timedOut': { target: 'redirecting', actions: failWith('ERR_SSO_CAS_TIMEOUT') },
      }),
    }),
  },
  'logout-ends': {
    'is not taken': casWith({ validating: reroute(validating, { 'logout.requested': undefined }) }),
    'ends another session': casWith({
      loggedOut: { ...loggedOut, entry: [discard, ending(null, undefined), forgetSession] },
    }),
    'leaves the grant': casWith({
      loggedOut: { ...loggedOut, entry: [discard, ending(undefined, null), forgetSession] },
    }),
    'ends nothing': casWith({ loggedOut: { ...loggedOut, entry: [discard, forgetSession] } }),
    'leaves the person': leaving({ loginId: null, grantId: null, savedRequest: null }),
    'leaves what points to the session': leaving({ principal: null, grantId: null, savedRequest: null }),
    'leaves what points to the grant': leaving({ principal: null, loginId: null, savedRequest: null }),
    'leaves what was kept': leaving({ principal: null, loginId: null, grantId: null }),
    'looks like a failure': casWith({ loggedOut: { ...loggedOut, tags: ['failed'] } }),
    'is not the end': casWith({
      authenticated: reroute(authenticated, { 'logout.requested': 'leaving' }),
      leaving: {
        tags: ['awaiting-server'],
        entry: loggedOut.entry,
        on: { 'session.opened': 'authenticated', 'logout.requested': 'loggedOut' },
      },
    }),
  },
  'loops-broken': { 'nobody counts': casWith(startingWithout('loginLoops')) },
  'no-login-loop': {
    'a refusal leads to the login server': casWith({
      validating: reroute(validating, { 'validation.rejected': 'redirecting' }),
    }),
  },
  'gateway-cools-down': { 'it does not': casWith(startingWithout('gatewayCoolsDown')) },
  'quiet-stays-quiet': {
    'the quiet question is forgotten at once': casWith({
      starting: { ...starting, always: { target: 'redirecting', actions: assign({ gateway: false }) } },
    }),
    'the question is asked aloud after an outage': casWith({
      validating: reroute(validating, {
        'validation.unreachable': { target: 'redirecting', actions: assign({ gateway: false }) },
      }),
    }),
    'the question is asked aloud': casWith({
      redirecting: { ...redirecting, entry: { type: 'redirectToLogin', params: { renew: false, gateway: false } } },
    }),
  },
  'asks-what-was-asked': {
    'no credentials are demanded': casWith({
      redirecting: {
        ...redirecting,
        entry: {
          type: 'redirectToLogin',
          params: ({ context }: Given) => ({ renew: false, gateway: context.gateway }),
        },
      },
    }),
    'nobody is asked quietly': casWith({
      redirecting: {
        ...redirecting,
        entry: { type: 'redirectToLogin', params: ({ context }: Given) => ({ renew: context.renew, gateway: false }) },
      },
    }),
  },
  'only-gateway-declined': {
    'whoever cancels is shown the page': casWith({
      awaitingReturn: reroute(awaitingReturn, { 'return.withoutTicket': 'declined' }),
    }),
  },
};
