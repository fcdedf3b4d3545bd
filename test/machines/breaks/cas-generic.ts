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
const noting = (note: unknown) => casLogin.assign((() => ({ note })) as never);
const departingWith = (note: unknown) =>
  reroute(redirecting, { 'redirect.issued': { ...issued, actions: [issued.actions, noting(note)] } });
const hasNote = ({ context }: Given) => 'note' in context;

/** What JSON drops is in the record while the browser is away, and in that of no other state. */
const notingWhileAway = (withoutTicket: object) => {
  const ticket = awaitingReturn.on['return.ticket'];
  return casWith({
    redirecting: departingWith(undefined),
    awaitingReturn: reroute(awaitingReturn, {
      'return.ticket': { ...ticket, actions: [ticket.actions, noting(null)] },
      'return.withoutTicket': withoutTicket,
    }),
  });
};

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
    'a wildcard for a family that nobody else knows': casWith({
      awaitingReturn: reroute(awaitingReturn, { 'order.*': 'failed' }),
    }),
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
    'a guard that sees what JSON drops': notingWhileAway([
      { guard: hasNote, target: 'declined' },
      awaitingReturn.on['return.withoutTicket'],
    ]),
    'an assignment that sees it': notingWhileAway({
      actions: casLogin.assign(((given: Given) => ({ renew: hasNote(given) })) as never),
    }),
    'an effect that is asked with it': notingWhileAway({
      actions: { type: 'discardRequest', params: (given: Given) => ({ savedRequest: hasNote(given) }) },
    }),
  },
  'survives-json': {
    'nothing where something is missing': casWith({ redirecting: departingWith(undefined) }),
    'a date': casWith({ redirecting: departingWith(new Date(0)) }),
    bytes: casWith({ redirecting: departingWith(new Uint8Array(2)) }),
    'no number': casWith({ redirecting: departingWith(Number.NaN) }),
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
