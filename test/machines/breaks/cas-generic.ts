import type { AnyStateMachine } from 'xstate';
import { casLogin, casLoginMachine, casLoginRoot, casLoginStates } from '../../../machines/index.ts';
import { type Break, type Breaks, type Given, reroute } from './breaks.ts';

const { starting, keepingRequest, redirecting, awaitingReturn, validating, admitting, failed, loggedOut } =
  casLoginStates;

/** The shipped machine with some states, or something of its root, in other words. */
export const casWith = (states: object, root: object = {}): Break => ({
  machine: casLogin.createMachine({
    ...casLoginRoot,
    ...root,
    states: { ...casLoginStates, ...states },
  } as never) as unknown as AnyStateMachine,
});

const issued = redirecting.on['redirect.issued'];
const forgets = [issued.actions, casLogin.assign({ notKept: () => undefined as never })];
const knowsWhy = ({ context }: Given) => 'notKept' in context;
const forgetful = reroute(redirecting, { 'redirect.issued': { ...issued, actions: forgets } });

/** A machine that counts beside its context. */
function alternatingFailures(): Break {
  let failures = 0;
  const rememberFailure = casLogin.assign(() => ({
    principal: null,
    failure: { code: 'ERR_SSO_CAS_TIMEOUT', detail: String(failures++ % 2), said: null } as never,
  }));
  return {
    machine: casLoginMachine.provide({ actions: { rememberFailure: rememberFailure as never } }) as AnyStateMachine,
  };
}

function alternating(): Break {
  let logins = 0;
  const rememberLogin = casLogin.assign(() => ({ loginId: `login-${logins++ % 2}` }));
  const machine = casLoginMachine.provide({ actions: { rememberLogin: rememberLogin as never } });
  return { machine: machine as AnyStateMachine };
}

export const brokenGenerically: Breaks = {
  'nothing-throws': {
    'a guard that throws': casWith({
      awaitingReturn: reroute(awaitingReturn, {
        'return.withoutTicket': {
          target: 'failed',
          guard() {
            throw new Error('no clock');
          },
        },
      }),
    }),
  },
  'final-absorbs': {
    'a logout that does not last': casWith({
      loggedOut: { ...loggedOut, on: { 'session.opened': 'authenticated' } },
    }),
    'an end that still asks for something': casWith({
      failed: { ...failed, on: { 'return.ticket': { actions: failed.entry } } },
    }),
  },
  'foreign-ignored': {
    'a wildcard in a state': casWith({ awaitingReturn: reroute(awaitingReturn, { '*': 'failed' }) }),
    'a wildcard for a family of events': casWith({ awaitingReturn: reroute(awaitingReturn, { 'return.*': 'failed' }) }),
    'a wildcard for the whole machine': casWith({}, { on: { '*': '.failed' } }),
  },
  'always-an-end': {
    'a state that nothing leads out of': casWith({ admitting: { ...admitting, on: {} } }),
  },
  'known-role': {
    'a state without a tag': casWith({ admitting: { ...admitting, tags: [] } }),
  },
  'no-endless-answers': {
    'a store that is asked for ever': casWith({
      keepingRequest: reroute(keepingRequest, { 'request.notSaved': 'askingAgain' }),
      askingAgain: {
        tags: ['awaiting-server'],
        on: { 'request.notSaved': 'keepingRequest', 'request.saved': 'failed' },
      },
    }),
  },
  'failures-have-codes': {
    'a time-out that is told as nothing': casWith({
      validating: reroute(validating, { 'validation.timedOut': 'failed' }),
    }),
  },
  'restores-the-same': {
    'a guard that sees what JSON drops': casWith({
      redirecting: forgetful,
      awaitingReturn: reroute(awaitingReturn, {
        'return.withoutTicket': [{ guard: knowsWhy, target: 'declined' }, awaitingReturn.on['return.withoutTicket']],
      }),
    }),
    'an effect that is asked with it': casWith({
      redirecting: forgetful,
      awaitingReturn: reroute(awaitingReturn, {
        'return.withoutTicket': {
          actions: { type: 'discardRequest', params: (given: Given) => ({ savedRequest: knowsWhy(given) }) },
        },
      }),
    }),
  },
  'survives-json': {
    'nothing where something is missing': casWith({ redirecting: forgetful }),
    'a date': casWith({
      redirecting: reroute(redirecting, {
        'redirect.issued': { ...issued, actions: casLogin.assign({ redirectedAt: () => new Date(0) as never }) },
      }),
    }),
    'no number': casWith({
      redirecting: reroute(redirecting, {
        'redirect.issued': { ...issued, actions: casLogin.assign({ redirectedAt: () => Number.NaN }) },
      }),
    }),
  },
  'flows-share-nothing': {
    'an assignment that takes turns': alternating(),
    'a failure that takes turns': alternatingFailures(),
  },
  'nothing-by-itself': {
    'an actor': casWith({ awaitingReturn: { ...awaitingReturn, invoke: { src: 'somebody' } } }),
    'a timer': casWith({ awaitingReturn: { ...awaitingReturn, after: { 1000: 'failed' } } }),
    'a timer of the whole machine': casWith({}, { after: { 1000: '.failed' } }),
    'a history': casWith({
      nested: { tags: ['awaiting-server'], initial: 'one', states: { one: {}, before: { type: 'history' } } },
    }),
    'two states at a time': casWith({
      nested: { tags: ['awaiting-server'], type: 'parallel', states: { one: {}, two: {} } },
    }),
    'a function on the way': casWith({
      awaitingReturn: reroute(awaitingReturn, { 'return.withoutTicket': { target: 'failed', actions: () => {} } }),
    }),
    'a function at the exit': casWith({ awaitingReturn: { ...awaitingReturn, exit: () => {} } }),
    'a function without an event': casWith({
      starting: {
        ...starting,
        always: [...starting.always.slice(0, -1), { target: 'redirecting', actions: () => {} }],
      },
    }),
  },
  'no-endless-always': {
    'a state that leads to itself': casWith({
      starting: { ...starting, always: { target: 'starting', reenter: true } },
    }),
    'two that lead to each other': casWith({
      starting: { ...starting, always: 'waiting' },
      waiting: { tags: ['awaiting-server'], always: 'starting' },
    }),
  },
};
