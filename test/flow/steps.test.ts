import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AnyMachineSnapshot, type AnyStateMachine, type EventObject, initialTransition, transition } from 'xstate';
import {
  casLoginMachine,
  proxiedCallMachine,
  proxyCallbackMachine,
  proxyTicketMachine,
  ucamLoginMachine,
} from '../../machines/index.ts';
import { stateName } from '../../src/flow/flow.ts';
import { outcomeOf } from '../../src/flow/outcome.ts';
import { firstTransitions, type Transition, transitionsOn } from '../../src/flow/steps.ts';
import * as casModel from '../machines/cas-login-model.ts';
import * as ucamModel from '../machines/ucam-login-model.ts';
import { explore } from '../support/model.ts';
import { toy, toyRoot, toyStates } from './support.ts';

const alice = casModel.vouchedFor(casModel.alice, 0, true);
const bare = (...types: readonly string[]): EventObject[] => types.map((type) => ({ type }));
const failures = bare(
  ...['rejected', 'refused', 'unreachable', 'timedOut', 'badStatus', 'unreadable'].map((end) => `validation.${end}`),
);

const machines: readonly (readonly [AnyStateMachine, readonly unknown[], readonly EventObject[]])[] = [
  [casLoginMachine, casModel.fewInputs, casModel.fewEvents],
  [ucamLoginMachine, ucamModel.fewInputs, ucamModel.fewEvents],
  [
    proxiedCallMachine,
    [true, false].map((wantsGrant) => ({ service: 'https://api.example.edu/', wantsGrant })),
    [
      ...bare('call.withoutTicket', 'call.malformed', 'chain.refused', 'grant.missing'),
      ...failures,
      { type: 'call.ticket', ticket: 'ST-1' } as EventObject,
      { type: 'call.vouchedFor', principal: alice, proxies: [], grantOffer: casModel.GRANT_OFFER } as EventObject,
      { type: 'grant.claimed', grantId: 'grant' } as EventObject,
    ],
  ],
  [
    proxyCallbackMachine,
    [undefined],
    bare('probed', 'delivered', 'malformed')
      .map(({ type }) => ({ type: `callback.${type}` }))
      .concat(bare('grant.stored', 'grant.known', 'grant.crowded')),
  ],
  [
    proxyTicketMachine,
    [null, 'grant'].map((grantId) => ({ grantId, service: 'https://api.example.edu/' })),
    bare(
      ...['ticket.issued', 'grant.missing', 'grant.rejected', 'ticket.refused', 'proxy.failed', 'proxy.unreachable'],
      ...['proxy.timedOut', 'proxy.badStatus', 'proxy.unreadable'],
    ),
  ],
];

interface Definition {
  readonly guard?: unknown;
  readonly target?: readonly { readonly key: string }[] | undefined;
}

/** The transitions that are written down for what was reported: one, if the report is true. */
function writtenDown(machine: AnyStateMachine, { before, after, event, guard }: Transition): Definition[] {
  const node = machine.root.states[stateName(before!)]!;
  const all = event === 'always' ? (node.always ?? []) : (node.transitions.get(event) ?? []);
  return (all as readonly Definition[]).filter(
    (one) => (one.guard ?? null) === guard && (one.target?.[0]?.key ?? stateName(before!)) === stateName(after),
  );
}

/** The state, context and status; the rest are parts of xstate. */
const essence = ({ value, context, status }: AnyMachineSnapshot) => JSON.stringify({ value, context, status });

for (const [machine, inputs, events] of machines) {
  describe(`the transitions of ${machine.id}`, () => {
    const model = explore(machine, inputs, events);
    const taken = model.edges
      .filter(({ from, event }) => from.snapshot.can(event))
      .map((edge) => ({ edge, steps: transitionsOn(machine, edge.from.snapshot, edge.event) }));

    test('are those of xstate, one by one', () => {
      assert.ok(taken.length >= 5);
      for (const { edge, steps } of taken) {
        const [expected, asked] = transition(machine, edge.from.snapshot, edge.event);
        assert.equal(essence(steps.at(-1)!.after), essence(expected));
        const effects = steps.flatMap((step) => step.asked);
        assert.deepEqual(
          effects.map(({ type, params }) => [type, params]),
          asked.map(({ type, params }) => [type, params]),
        );
        assert.equal(steps[0]?.before, edge.from.snapshot);
        for (const [index, step] of steps.slice(1).entries()) assert.equal(step.before, steps[index]?.after);
      }
    });

    test('are each written down in the machine, with the guard that is told', () => {
      const begun = inputs.flatMap((input) => firstTransitions(machine, input).slice(1));
      for (const step of [...begun, ...taken.flatMap(({ steps }) => steps)]) {
        const { before, after, event, guard } = step;
        const told = `${stateName(before!)} -${event} [${guard}]-> ${stateName(after)}`;
        assert.ok(writtenDown(machine, step).length >= 1, told);
      }
    });

    test('begin as xstate begins', () => {
      for (const input of inputs) {
        const steps = firstTransitions(machine, input);
        const [expected, asked] = initialTransition(machine, input);
        assert.equal(essence(steps.at(-1)!.after), essence(expected));
        assert.deepEqual(
          steps.flatMap((step) => step.asked.map(({ type }) => type)),
          asked.map(({ type }) => type),
        );
        assert.deepEqual([steps[0]?.before, steps[0]?.event, steps[0]?.guard], [null, 'begin', null]);
      }
    });

    test('have an outcome that fits where they lead', () => {
      for (const { before, after } of taken.flatMap(({ steps }) => steps)) {
        const outcome = outcomeOf(before, after);
        assert.equal(outcome === 'failure', after.hasTag('failed'));
        const isSame = before?.hasTag('settled') && after.hasTag('settled');
        if (isSame) assert.equal(outcome, 'waiting', 'the same login does not succeed twice');
        if (outcome === 'progress') assert.equal(after.status, 'active');
        if (outcome === 'waiting') assert.ok(after.hasTag('awaiting-browser') || after.hasTag('settled'));
        if (outcome === 'ended') assert.match(stateName(after), /^(loggedOut|declined)$/);
        if (outcome === 'success')
          assert.match(stateName(after), /^(authenticated|resuming|issued|accepted|stored|probed)$/);
      }
    });
  });
}

describe('the guard of a transition without an event', () => {
  const build = (always: object[]) =>
    toy.createMachine({ ...toyRoot, initial: 'choosing', states: { ...toyStates, choosing: { always } } } as never);
  const guards = (always: object[], input = { size: 1 }) =>
    firstTransitions(build(always) as unknown as AnyStateMachine, input).map(({ guard }) => guard);

  test('is the first one that lets it pass', () => {
    const both = [
      { guard: 'bigEnough', target: 'resting' },
      { guard: 'patient', target: 'resting' },
    ];
    assert.deepEqual(guards(both), [null, 'bigEnough']);
    assert.deepEqual(guards(both, { size: 0 }), [null, 'patient']);
  });

  test('is null where none was needed', () => {
    assert.deepEqual(guards([{ guard: 'bigEnough', target: 'resting' }, { target: 'ended' }], { size: 0 }), [
      null,
      null,
    ]);
  });

  test('has the name of a function, or a word for one without a name', () => {
    const named = { nameless: () => true };
    assert.deepEqual(guards([{ guard: named.nameless, target: 'resting' }]), [null, 'nameless']);
    assert.deepEqual(
      guards([
        {
          guard: (
            () => () =>
              true
          )(),
          target: 'resting',
        },
      ]),
      [null, 'guard'],
    );
    assert.deepEqual(guards([{ guard: { type: 'patient' }, target: 'resting' }]), [null, 'patient']);
  });
});
