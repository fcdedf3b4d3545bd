import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AnyStateMachine, type EventObject, initialTransition, log, raise, setup, transition } from 'xstate';
import { casLoginMachine } from '../../machines/index.ts';
import { isSsoError } from '../../src/errors.ts';
import { defineFlow, type Flow, type Performer, stateName } from '../../src/flow/flow.ts';
import { begin, send } from '../../src/flow/run.ts';
import { fewEvents, fewInputs } from '../machines/cas-login-model.ts';
import { explore } from '../support/model.ts';
import { stepList, type ToyScope, toy, toyEffects, toyMachine, toyRoot, toyStates } from './support.ts';

const BEGUN = { type: 'work.begun', size: 7 };

function toyRun(flow: Flow<ToyScope> = defineFlow('toy', toyMachine, toyEffects)) {
  const scope: ToyScope = { log: [] };
  const { steps, onStep } = stepList();
  return { run: { flow, scope, onStep }, log: scope.log, steps };
}

/** A flow whose performers no compiler has seen. */
function looseFlow(machine: AnyStateMachine, performers: Record<string, Performer<ToyScope>>): Flow<ToyScope> {
  return { name: 'loose', machine, hash: '', performers: new Map(Object.entries(performers)) };
}

const withEffect = (name: string, perform: Performer<ToyScope>) =>
  looseFlow(toyMachine, { ...(toyEffects as unknown as Record<string, Performer<ToyScope>>), [name]: perform });

async function brokenRule(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    assert.ok(isSsoError(error), String(error));
    assert.equal(error.code, 'ERR_SSO_FLOW');
    assert.equal(error.status, 500);
    return error.detail ?? '';
  }
  return assert.fail('no rule was broken');
}

describe('a flow that begins', () => {
  test('performs what its first state asks for and waits', async () => {
    const { run, log: heard } = toyRun();
    const snapshot = await begin(run, { size: 7 });
    assert.equal(snapshot.value, 'waiting');
    assert.deepEqual(heard, ['greet']);
  });

  test('reports that it began, from nowhere', async () => {
    const { run, steps } = toyRun();
    await begin(run, { size: 7 });
    assert.deepEqual(steps, [
      {
        flow: 'toy',
        from: null,
        event: 'begin',
        guard: null,
        to: 'waiting',
        effects: ['greet'],
        code: null,
        outcome: 'waiting',
        done: false,
        subject: null,
      },
    ]);
  });

  test('goes on with its answers until it waits', async () => {
    const machine = toy.createMachine({ ...toyRoot, initial: 'working', states: toyStates });
    const { run, log: heard } = toyRun(defineFlow('toy', machine, toyEffects));
    assert.equal((await begin(run, { size: 3 })).value, 'resting');
    assert.deepEqual(heard, ['work 3', 'tidy', 'record well', 'rest']);
  });
});

describe('a flow that gets an event', () => {
  test('performs exit, transition and entry in this order, and what answers ask for last', async () => {
    const { run, log: heard } = toyRun();
    const waiting = await begin(run, { size: 7 });
    heard.length = 0;
    assert.equal((await send(run, waiting, BEGUN)).value, 'resting');
    assert.deepEqual(heard, ['leave', 'move 7', 'work 7', 'tidy', 'record well', 'rest']);
  });

  test('performs one effect after the other', async () => {
    let underWay = 0;
    const alone: Performer<ToyScope> = async () => {
      underWay += 1;
      assert.equal(underWay, 1);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
    };
    const flow = looseFlow(toyMachine, {
      ...(toyEffects as unknown as Record<string, Performer<ToyScope>>),
      leave: alone,
      move: alone,
      tidy: alone,
    });
    const { run } = toyRun(flow);
    assert.equal((await send(run, await begin(run, { size: 7 }), BEGUN)).value, 'resting');
  });

  test('reports one step for each transition, with names and nothing else', async () => {
    const { run, steps } = toyRun();
    const waiting = await begin(run, { size: 7 });
    steps.length = 0;
    await send(run, waiting, BEGUN);
    const both = { flow: 'toy', code: null, done: false, subject: null };
    const first = { from: 'waiting', event: 'work.begun', guard: 'bigEnough', to: 'working', outcome: 'progress' };
    const second = { from: 'working', event: 'work.done', guard: null, to: 'resting', outcome: 'success' };
    assert.deepEqual(steps, [
      { ...both, ...first, effects: ['leave', 'move', 'work', 'tidy'] },
      { ...both, ...second, effects: ['record', 'rest'] },
    ]);
  });

  test('reports the code of a failure and that it is over', async () => {
    const { run, steps } = toyRun(withEffect('work', () => ({ type: 'work.failed' })));
    const ended = await send(run, await begin(run, { size: 7 }), BEGUN);
    assert.equal(ended.status, 'done');
    assert.deepEqual(steps.at(-1), {
      flow: 'loose',
      from: 'working',
      event: 'work.failed',
      guard: null,
      to: 'ended',
      effects: [],
      code: 'ERR_TOY',
      outcome: 'ended',
      done: true,
      subject: null,
    });
  });

  test('ends in the error that a performer throws, and does not go on', async () => {
    const outage = new Error('the store is gone');
    const { run, log: heard } = toyRun(
      withEffect('work', () => {
        throw outage;
      }),
    );
    const waiting = await begin(run, { size: 7 });
    await assert.rejects(send(run, waiting, BEGUN), outage);
    assert.deepEqual(heard, ['greet', 'leave', 'move 7']);
  });
});

describe('a broken rule', () => {
  test('an event that the machine cannot use is refused before anything is performed', async () => {
    const { run, log: heard, steps } = toyRun();
    const waiting = await begin(run, { size: 0 });
    assert.match(await brokenRule(send(run, waiting, BEGUN)), /work\.begun is not possible in waiting/);
    assert.deepEqual([heard, steps.length], [['greet'], 1]);
  });

  test('an event for a flow that is over is refused', async () => {
    const { run } = toyRun(withEffect('work', () => ({ type: 'work.failed' })));
    const ended = await send(run, await begin(run, { size: 7 }), BEGUN);
    assert.match(await brokenRule(send(run, ended, { type: 'work.failed' })), /is not possible in ended/);
  });

  // Left to itself, xstate stops a machine on the first and marks it as failed on the second.
  for (const type of ['xstate.stop', 'xstate.error.actor.work', 'xstate.init']) {
    test(`${type} is refused, from outside and as an answer`, async () => {
      const { run } = toyRun();
      const waiting = await begin(run, { size: 7 });
      assert.match(await brokenRule(send(run, waiting, { type })), /is not possible in waiting/);
      const told = toyRun(withEffect('work', () => ({ type })));
      const other = await begin(told.run, { size: 7 });
      assert.match(await brokenRule(send(told.run, other, BEGUN)), /is not possible in working/);
    });
  }

  test('an answer that the machine does not take is refused', async () => {
    const { run } = toyRun(withEffect('work', () => ({ type: 'closed' })));
    const waiting = await begin(run, { size: 7 });
    assert.match(await brokenRule(send(run, waiting, BEGUN)), /closed is not possible in working/);
  });

  test('a second answer to the same question is refused', async () => {
    const { run } = toyRun(withEffect('tidy', () => ({ type: 'work.done', result: 'twice' })));
    const waiting = await begin(run, { size: 7 });
    assert.match(await brokenRule(send(run, waiting, BEGUN)), /work\.done is not possible in resting/);
  });

  test('a question that nobody answers is found out', async () => {
    const { run } = toyRun(withEffect('work', () => {}));
    const waiting = await begin(run, { size: 7 });
    assert.match(await brokenRule(send(run, waiting, BEGUN)), /no effect answered in working/);
  });

  test('an effect that nobody performs is found out', async () => {
    const { greet } = toyEffects as unknown as Record<string, Performer<ToyScope>>;
    const { run } = toyRun(looseFlow(toyMachine, { greet: greet! }));
    const waiting = await begin(run, { size: 7 });
    assert.match(await brokenRule(send(run, waiting, BEGUN)), /nobody performs the effect leave/);
  });

  for (const [name, action] of [
    ['raise', raise({ type: 'closed' })],
    ['log', log('hello')],
  ] as const) {
    test(`a machine that uses ${name} is refused, and nothing of the step is performed`, async () => {
      const machine = setup({ actions: { greet: () => {} } }).createMachine({
        id: 'loud',
        initial: 'begun',
        states: { begun: { entry: ['greet', action] } },
      });
      const {
        run,
        log: heard,
        steps,
      } = toyRun(looseFlow(machine, { greet: (_, scope) => void scope.log.push('greet') }));
      assert.match(await brokenRule(begin(run, undefined)), /^loose: xstate\.\w+ is not allowed/);
      assert.deepEqual([heard, steps], [[], []]);
    });
  }
});

test('a performer that is not a function is refused when the flow is put together', () => {
  const effects = { ...toyEffects, work: undefined } as unknown as typeof toyEffects;
  assert.throws(() => defineFlow('toy', toyMachine, effects), /The effect work of toy is not a function/);
});

test('nested and parallel states have one name', () => {
  const machine = setup({}).createMachine({
    type: 'parallel',
    states: {
      left: { initial: 'a', states: { a: { initial: 'deep', states: { deep: {} } } } },
      right: { initial: 'b', states: { b: {} } },
    },
  });
  const [snapshot] = initialTransition(machine);
  assert.equal(stateName(snapshot), 'left.a.deep+right.b');
});

/** The CAS machine with performers that tell nothing, so that the engine takes exactly one step. */
function silentCasFlow(): Flow<ToyScope> {
  const nothing: Performer<ToyScope> = () => {};
  const names = [...explore(casLoginMachine, fewInputs, fewEvents).edges].flatMap(({ effects }) => effects);
  const performers = Object.fromEntries(['redirectToLogin', ...names.map(({ type }) => type)].map((t) => [t, nothing]));
  return looseFlow(casLoginMachine, performers);
}

test('a step of the engine is a step of xstate, in every state of the CAS login', async () => {
  const flow = silentCasFlow();
  const model = explore(casLoginMachine, fewInputs, fewEvents);
  const possible = model.edges.filter(({ from, event }) => from.snapshot.can(event));
  assert.ok(possible.length > 100);
  for (const { from, event } of possible) {
    const { steps, onStep } = stepList();
    const [expected, asked] = transition(casLoginMachine, from.snapshot as never, event as never);
    const result = await step({ flow, scope: { log: [] }, onStep }, from.snapshot, event);
    assert.equal(steps[0]?.from, from.state);
    assert.equal(steps.at(-1)?.to, expected.value);
    assert.deepEqual(
      steps.flatMap(({ effects }) => effects),
      asked.map(({ type }) => type),
    );
    assert.equal(steps.at(-1)?.done, expected.status === 'done');
    if (result) assert.equal(JSON.stringify(result), JSON.stringify(expected));
    else assert.ok(expected.hasTag('awaiting-server'));
  }
});

/** Undefined where the engine misses an answer, which is all right here: nobody answers. */
async function step(run: Parameters<typeof send<ToyScope>>[0], from: Parameters<typeof send>[1], event: EventObject) {
  try {
    return await send(run, from, event);
  } catch (error) {
    assert.ok(isSsoError(error) && error.detail?.includes('no effect answered'), String(error));
    return undefined;
  }
}
