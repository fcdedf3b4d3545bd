import type { AnyStateMachine } from 'xstate';
import { ucamLogin, ucamLoginRoot, ucamLoginStates } from '../../../machines/index.ts';
import { REPLY } from '../../../machines/safety-ucam-alphabet.ts';
import { type Break, type Breaks, type Given, reroute } from './breaks.ts';

const { redirecting, awaitingReturn, verifying, admitting, authenticated, openingSession, cancelled } = ucamLoginStates;
const { assign } = ucamLogin;

const ucamWith = (states: object): Break => ({
  machine: ucamLogin.createMachine({
    ...ucamLoginRoot,
    states: { ...ucamLoginStates, ...states },
  } as never) as unknown as AnyStateMachine,
});

const [vouched, ...others] = verifying.on['reply.verified'];
const unguarded = { verifying: reroute(verifying, { 'reply.verified': { ...vouched!, guard: undefined } }) };

/** A reply that is judged by something else than what its attempt sent and asked. */
const judgedBy = (more: object) =>
  ucamWith({
    awaitingReturn: reroute(awaitingReturn, {
      'return.reply': {
        target: 'verifying',
        actions: {
          type: 'verifyReply',
          params: ({ context: { url, params, renew, gateway } }: Given) => ({
            reply: REPLY,
            url,
            params,
            renew,
            gateway,
            ...more,
          }),
        },
      },
    }),
  });

/** An attempt that remembers something else of its departure. */
const departingWith = (more: object) =>
  ucamWith({
    redirecting: reroute(redirecting, {
      'redirect.issued': {
        ...redirecting.on['redirect.issued'],
        actions: [redirecting.on['redirect.issued'].actions, assign(more)],
      },
    }),
  });

const withTheWords = (target: string, where: object) =>
  ucamWith({ verifying: reroute(verifying, { 'reply.refused': { target, actions: where } }) });
const wordsOf = ({ event }: Given) => String(event.said);

/** What only a login by Ucam-WebAuth has, and what the proof knows by the names of that protocol. */
export const brokenReplies: Breaks = {
  'only-after-success': {
    'a reply will do': ucamWith({ awaitingReturn: reroute(awaitingReturn, { 'return.reply': 'authenticated' }) }),
  },
  'only-the-admitted': {
    'nobody asks': ucamWith({
      verifying: reroute(verifying, { 'reply.verified': [{ ...vouched!, target: 'openingSession' }, ...others] }),
    }),
  },
  'vouched-for': {
    'another name': ucamWith({
      verifying: reroute(verifying, {
        'reply.verified': {
          ...vouched!,
          actions: assign({
            principal: ({ event }) => ('principal' in event ? { ...event.principal, id: 'root' } : null),
          }),
        },
      }),
    }),
  },
  'named-in-time': {
    'a refused person stays on record': ucamWith({ admitting: reroute(admitting, { 'principal.refused': 'failed' }) }),
  },
  'judged-once': {
    'after a reply that was forged': ucamWith({ verifying: reroute(verifying, { 'reply.invalid': 'awaitingReturn' }) }),
  },
  'renew-enforced': { 'any login will do': ucamWith(unguarded) },
  'age-enforced': { 'any login will do': ucamWith(unguarded) },
  'answers-taken': {
    'a key that is unknown': ucamWith({ verifying: reroute(verifying, { 'reply.unknownKey': undefined }) }),
  },
  'no-login-loop': {
    'a refusal leads to the login server': ucamWith({
      verifying: reroute(verifying, { 'reply.invalid': 'redirecting' }),
    }),
  },
  'reply-not-kept': {
    'it is in the address to go on to': ucamWith({
      awaitingReturn: reroute(awaitingReturn, {
        'return.reply': { target: 'verifying', actions: assign({ returnTo: REPLY }) },
      }),
    }),
  },
  'own-question': {
    'another address': judgedBy({ url: 'https://portal.example.edu/' }),
    'another nonce': judgedBy({ params: 'nonce-of-the-reply' }),
    'no demand': judgedBy({ renew: false }),
    'a quiet question': judgedBy({ gateway: false }),
    'no departure': ucamWith({ redirecting: reroute(redirecting, { 'redirect.issued': 'awaitingReturn' }) }),
  },
  'departure-remembered': {
    'another address': departingWith({ url: 'https://portal.example.edu/' }),
    'another nonce': departingWith({ params: 'nonce-of-somebody' }),
    'another hour': departingWith({ redirectedAt: 0 }),
  },
  'only-returns-verified': {
    'once the login holds': ucamWith({
      authenticated: reroute(authenticated, { 'return.reply': awaitingReturn.on['return.reply'] }),
    }),
    'before the browser has left': ucamWith({
      redirecting: reroute(redirecting, { 'return.reply': awaitingReturn.on['return.reply'] }),
    }),
  },
  'life-capped': {
    'it is not remembered': ucamWith({
      verifying: reroute(verifying, {
        'reply.verified': [{ ...vouched!, actions: [vouched!.actions, assign({ lifeMs: 1 })] }, ...others],
      }),
    }),
    'the session does not hear of it': ucamWith({
      openingSession: {
        ...openingSession,
        entry: {
          type: 'openSession',
          params: ({ context: { principal } }: Given) => ({ principal, grantId: null, lifeMs: 1 }),
        },
      },
    }),
  },
  'cancelled-is-told': {
    'it is told of as a failure': ucamWith({
      verifying: reroute(verifying, { 'reply.cancelled': verifying.on['reply.failed'] }),
    }),
    'whoever was asked quietly is told of it': ucamWith({
      verifying: reroute(verifying, { 'reply.cancelled': verifying.on['reply.cancelled'][1] }),
    }),
    'whoever was asked aloud is not': ucamWith({
      verifying: reroute(verifying, { 'reply.cancelled': verifying.on['reply.cancelled'][0]!.target }),
    }),
    'a failure is told of as one': ucamWith({ verifying: reroute(verifying, { 'reply.failed': 'cancelled' }) }),
    'it is not the end': ucamWith({
      cancelled: { ...cancelled, type: 'atomic', tags: ['settled', 'failed'], on: { 'logout.requested': 'failed' } },
    }),
  },
  'words-for-the-page': {
    'they are in an address': withTheWords('rejecting', [
      verifying.on['reply.refused'].actions,
      assign({ returnTo: wordsOf as never }),
    ]),
    'they are in a code': withTheWords(
      'rejecting',
      assign({ failure: ((given: Given) => ({ code: wordsOf(given), detail: null, said: null })) as never }),
    ),
  },
};
