import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AnyStateMachine, assign, createMachine } from 'xstate';
import { casLoginStates, checkSafety, proxyTicketMachine } from '../../machines/index.ts';
import { plainCasInput } from '../../machines/safety-cas-alphabet.ts';
import { explore } from '../../machines/safety-model.ts';
import { reroute } from './breaks/breaks.ts';
import { casWith } from './breaks/cas-generic.ts';

const { redirecting, awaitingReturn } = casLoginStates;
const forgetsWhy = assign({ notKept: null });
const violationOf = (machine: AnyStateMachine, id: string, options: object = { thorough: false }) =>
  checkSafety(machine, options).invariants.find((one) => one.id === id)?.violation;

describe('the search', () => {
  test('goes into states within states, and takes what the whole machine takes', () => {
    const toy = createMachine({
      initial: 'outer',
      on: { left: '.gone' },
      states: {
        outer: { initial: 'one', states: { one: { on: { next: 'two' } }, two: {} } },
        flat: { on: { next: 'gone' } },
        gone: { on: { next: 'flat' } },
      },
    });
    const model = explore(toy, [undefined], [{ type: 'next' }, { type: 'left' }]);
    assert.deepEqual(
      model.nodes.map(({ state }) => state),
      ['outer.one', 'outer.two', 'gone', 'flat'],
    );
    assert.ok(
      model.steps.some(({ from, event, to }) => `${from.state} ${event.type} ${to.state}` === 'flat left gone'),
    );
  });

  test('gives up at one snapshot more than it may have, and not before', () => {
    const { snapshots } = checkSafety(proxyTicketMachine as AnyStateMachine);
    const within = (maxSnapshots: number) => checkSafety(proxyTicketMachine as AnyStateMachine, { maxSnapshots });
    assert.equal(within(snapshots).isSafe, true);
    assert.throws(() => within(snapshots - 1), new RegExp(`RangeError: .*more than ${snapshots - 1} snapshots`));
  });

  test('gives up in a state that counts, and says in which', () => {
    const counter = createMachine({
      context: { count: 0 },
      initial: 'counting',
      states: { counting: { on: { tick: { actions: assign({ count: ({ context }) => context.count + 1 }) } } } },
    });
    assert.throws(() => explore(counter, [undefined], [{ type: 'tick' }], 50), /more than 50 .* state counting\.$/);
  });

  test('sends nothing to a machine that runs by itself, and would run on', () => {
    const { machine } = casWith({ awaitingReturn: { ...awaitingReturn, after: { 1000: 'failed' } } });
    const { isSafe, steps, snapshots } = checkSafety(machine, { thorough: false });
    assert.deepEqual([isSafe, steps, snapshots], [false, 0, 0]);
  });

  test('takes a wildcard for no event that wants a sample', () => {
    const { machine } = casWith({ awaitingReturn: reroute(awaitingReturn, { '*': 'failed', 'return.*': 'failed' }) });
    assert.deepEqual(checkSafety(machine, { thorough: false }).unsampled, []);
  });

  test('begins with the plainest login where several come as far', () => {
    const { machine } = casWith({ redirecting: reroute(redirecting, { 'logout.requested': undefined }) });
    const { input, path } = violationOf(machine, 'logout-ends')!;
    assert.deepEqual([input, path.length], [plainCasInput, 1]);
  });

  test('prefers an ordinary login to one that nobody asked for, at the same length', () => {
    const told = {
      type: 'resumeRequest',
      params: { returnTo: '/', savedRequest: null, notKept: 'ERR_SSO_REQUEST_GONE' },
    };
    const { machine } = casWith({
      awaitingReturn: reroute(awaitingReturn, { 'return.ticket': { target: 'validating', actions: told } }),
      redirecting: reroute(redirecting, { 'redirect.issued': { target: 'awaitingReturn', actions: forgetsWhy } }),
    });
    const { begin, path } = violationOf(machine, 'request-loss-told', {})!;
    assert.deepEqual([begin, path.map(({ event }) => event.type)], ['redirecting', ['redirect.issued']]);
  });
});
