import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AnyStateMachine } from 'xstate';
import { casLoginMachine } from '../../machines/index.ts';
import { defineFlow } from '../../src/flow/flow.ts';
import { ATTEMPT, setUp, toyFlow } from './flow-store-support.ts';
import { toy, toyEffects, type toyMachine, toyRoot, toyStates } from './support.ts';

describe('a record of another release', () => {
  const variants: readonly [string, AnyStateMachine][] = [
    [
      'a guard is gone',
      toy.createMachine({
        ...toyRoot,
        states: {
          ...toyStates,
          waiting: {
            ...toyStates.waiting,
            on: { 'work.begun': { ...toyStates.waiting.on['work.begun'], guard: undefined as never } },
          },
        },
      }),
    ],
    [
      'a guard is another',
      toy.createMachine({
        ...toyRoot,
        states: {
          ...toyStates,
          waiting: {
            ...toyStates.waiting,
            on: { 'work.begun': { ...toyStates.waiting.on['work.begun'], guard: 'patient' } },
          },
        },
      }),
    ],
    [
      'a target is another',
      toy.createMachine({
        ...toyRoot,
        states: {
          ...toyStates,
          waiting: {
            ...toyStates.waiting,
            on: { 'work.begun': { ...toyStates.waiting.on['work.begun'], target: 'resting' } },
          },
        },
      }),
    ],
    [
      'an effect of an entry is another',
      toy.createMachine({ ...toyRoot, states: { ...toyStates, resting: { ...toyStates.resting, entry: 'tidy' } } }),
    ],
    [
      'an effect of an exit is gone',
      toy.createMachine({ ...toyRoot, states: { ...toyStates, waiting: { ...toyStates.waiting, exit: [] } } }),
    ],
    [
      'an effect of a transition is another',
      toy.createMachine({
        ...toyRoot,
        states: {
          ...toyStates,
          waiting: {
            ...toyStates.waiting,
            on: { 'work.begun': { ...toyStates.waiting.on['work.begun'], actions: 'tidy' } },
          },
        },
      }),
    ],
    [
      'a transition is new',
      toy.createMachine({
        ...toyRoot,
        states: { ...toyStates, waiting: { ...toyStates.waiting, on: { ...toyStates.waiting.on, closed: 'ended' } } },
      }),
    ],
    ['a state is new', toy.createMachine({ ...toyRoot, states: { ...toyStates, paused: {} } })],
    [
      'a tag is another',
      toy.createMachine({ ...toyRoot, states: { ...toyStates, resting: { ...toyStates.resting, tags: ['failed'] } } }),
    ],
    ['the flow begins elsewhere', toy.createMachine({ ...toyRoot, initial: 'resting', states: toyStates })],
    [
      'a transition of itself is taken',
      toy.createMachine({
        ...toyRoot,
        states: { ...toyStates, waiting: { ...toyStates.waiting, always: { guard: 'patient', target: 'resting' } } },
      }),
    ],
  ];

  for (const [name, machine] of variants) {
    test(`is not acted upon if ${name}`, async () => {
      const { save, nodeWith } = setUp();
      await save('waiting');
      const changed = defineFlow('toy', machine as typeof toyMachine, toyEffects);
      assert.notEqual(changed.hash, toyFlow.hash);
      assert.equal(await nodeWith([changed]).peek(ATTEMPT), undefined);
      assert.ok(await nodeWith([toyFlow]).peek(ATTEMPT));
    });
  }

  test('is acted upon if only the prose is another', async () => {
    const { save, nodeWith } = setUp();
    await save('waiting');
    const machine = toy.createMachine({
      ...toyRoot,
      description: 'Another description.',
      states: {
        ...toyStates,
        waiting: {
          ...toyStates.waiting,
          description: 'Nothing happens, said better.',
          meta: { spec: ['CAS 2.2'] },
          on: { 'work.begun': { ...toyStates.waiting.on['work.begun'], description: 'Somebody comes, said better.' } },
        },
      },
    });
    assert.ok(await nodeWith([defineFlow('toy', machine as typeof toyMachine, toyEffects)]).peek(ATTEMPT));
  });

  test('is acted upon by another process that runs the same release', async () => {
    const { save, nodeWith } = setUp();
    await save('waiting');
    const again = toy.createMachine({ ...toyRoot, states: toyStates });
    assert.ok(await nodeWith([defineFlow('toy', again as typeof toyMachine, toyEffects)]).peek(ATTEMPT));
  });

  test('two machines of the package have different hashes', () => {
    assert.notEqual(defineFlow('cas', casLoginMachine, {} as never).hash, toyFlow.hash);
  });
});
