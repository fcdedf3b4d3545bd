import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setup } from 'xstate';
import type { FlowTag } from '../../machines/vocabulary.ts';
import type { Flow } from '../../src/flow/flow.ts';
import { createFlowStore } from '../../src/flow/flow-store.ts';
import { ATTEMPT, ATTEMPT_MS, SESSION_MS, setUp, toyFlow } from './flow-store-support.ts';
import { gate, recordingStore, type ToyScope } from './support.ts';

describe('a flow that is kept', () => {
  test('is found as it was', async () => {
    const { flowStore, save } = setUp();
    await save('waiting');
    const found = await flowStore.peek(ATTEMPT);
    assert.ok(found);
    assert.deepEqual([found.id, found.flow, found.binding], ['id-of-the-flow', toyFlow, 'digest']);
    assert.equal(found.snapshot.value, 'waiting');
    assert.deepEqual(found.snapshot.context, { size: 7, failure: null });
    assert.ok(found.snapshot.can({ type: 'work.begun', size: 1 }));
  });

  test('lives as long as an attempt while it waits for the browser', async () => {
    const { save, writes } = setUp();
    await save('waiting');
    assert.deepEqual(writes(), [{ name: 'put', kind: 'flow', id: ATTEMPT, ttlMs: ATTEMPT_MS }]);
  });

  test('lives as long as a session once it is settled, under a key of its own', async () => {
    const { save, writes } = setUp();
    await save('resting');
    assert.deepEqual(
      writes().map(({ name, ttlMs }) => [name, ttlMs]),
      [['put', SESSION_MS]],
    );
    assert.notEqual(writes()[0]?.kind, 'flow');
  });

  test('is not kept once it is over', async () => {
    const { save, flowStore, calls } = setUp();
    await save('ended');
    assert.deepEqual(calls, []);
    assert.equal(await flowStore.peek(ATTEMPT), undefined);
  });

  test('is claimed once', async () => {
    const { flowStore, save } = setUp();
    await save('waiting');
    const found = await flowStore.peek(ATTEMPT);
    assert.ok(found);
    const claims = await Promise.all(Array.from({ length: 20 }, () => flowStore.claim(ATTEMPT, found)));
    assert.equal(claims.filter(Boolean).length, 1);
  });

  test('is claimed as what it was when it was peeked at: a slow claim does not take the settled record', async () => {
    const { flowStore, save } = setUp();
    await save('waiting');
    const waiting = await flowStore.peek(ATTEMPT);
    assert.ok(waiting && (await flowStore.claim(ATTEMPT, waiting)));
    await save('resting');
    assert.equal(await flowStore.claim(ATTEMPT, waiting), false);
    assert.equal((await flowStore.peek(ATTEMPT))?.snapshot.value, 'resting');
  });

  test('is told to be stored only when it is', async () => {
    const { save, control, records } = setUp();
    const { opened, open } = gate();
    control.before = () => opened;
    let isSaved = false;
    const saving = save('waiting').then(() => {
      isSaved = true;
    });
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    assert.deepEqual([isSaved, records.size], [false, 0]);
    open();
    await saving;
    assert.equal(records.size, 1);
  });
});

describe('a flow on its way', () => {
  const machine = setup({ types: {} as { tags: FlowTag } }).createMachine({
    id: 'onItsWay',
    version: '1',
    initial: 'away',
    states: {
      away: { tags: ['awaiting-browser'] },
      pending: { tags: ['settled', 'pending'] },
      settled: { tags: ['settled'] },
    },
  });
  const onItsWay: Flow<ToyScope> = { name: 'onItsWay', machine, hash: 'h', performers: new Map() };
  const stages = ['away', 'pending', 'settled'];

  test('is a record of another kind at each stage', async () => {
    const { save, writes } = setUp(onItsWay);
    for (const stage of stages) await save(stage);
    assert.deepEqual(
      writes().map(({ kind, ttlMs }) => [kind, ttlMs]),
      [
        ['flow', ATTEMPT_MS],
        ['pending-flow', SESSION_MS],
        ['settled-flow', SESSION_MS],
      ],
    );
  });

  for (const stage of stages) {
    test(`is found ${stage}, and is claimed once`, async () => {
      const { flowStore, save, records } = setUp(onItsWay);
      await save(stage);
      const found = await flowStore.peek(ATTEMPT);
      assert.equal(found?.snapshot.value, stage);
      const claims = await Promise.all(Array.from({ length: 20 }, () => flowStore.claim(ATTEMPT, found)));
      assert.deepEqual([claims.filter(Boolean).length, records.size], [1, 0]);
    });
  }

  test('is not taken away by a slow claim of what it was before', async () => {
    const { flowStore, save } = setUp(onItsWay);
    await save('pending');
    const pending = await flowStore.peek(ATTEMPT);
    assert.ok(pending && (await flowStore.claim(ATTEMPT, pending)));
    await save('settled');
    assert.equal(await flowStore.claim(ATTEMPT, pending), false);
    assert.equal((await flowStore.peek(ATTEMPT))?.snapshot.value, 'settled');
  });
});

test('a logout is remembered for as long as an attempt can be under way', async () => {
  const { flowStore, writes } = setUp();
  assert.equal(await flowStore.isLoggedOut(ATTEMPT), false);
  await flowStore.markLoggedOut(ATTEMPT);
  assert.equal(await flowStore.isLoggedOut(ATTEMPT), true);
  assert.equal(await flowStore.isLoggedOut('BBBBBBBBBBBBBBBBBBBBBB'), false);
  assert.deepEqual(
    writes().map(({ ttlMs }) => ttlMs),
    [ATTEMPT_MS],
  );
});

describe('a record that cannot be acted upon is as good as none', () => {
  type Envelope = Record<string, unknown> & { readonly snapshot: Record<string, unknown> };

  /** What peek makes of a good record after somebody changed it. */
  async function peekAt(change: (envelope: Envelope) => unknown) {
    const { flowStore, save, store, records } = setUp();
    await save('waiting');
    const good = JSON.parse(records.get(`flow:${ATTEMPT}`) ?? '') as Envelope;
    await store.put('flow', ATTEMPT, change(good), 1);
    return flowStore.peek(ATTEMPT);
  }

  test('while an unchanged one is found', async () => {
    assert.ok(await peekAt((envelope) => envelope));
  });

  for (const [field, value] of [
    ['flow', 'another'],
    ['flow', 'constructor'],
    ['flow', null],
    ['machine', 'casLogin'],
    ['version', '2'],
    ['version', null],
    ['hash', 'another'],
    ['hash', undefined],
    ['snapshot', undefined],
    ['snapshot', null],
    ['snapshot', 'waiting'],
    ['snapshot', []],
  ] as const) {
    test(`${field} is ${JSON.stringify(value)}`, async () => {
      assert.equal(await peekAt((envelope) => ({ ...envelope, [field]: value })), undefined);
    });
  }

  for (const junk of [null, 'text', 7, true, [], {}, [{ flow: 'toy' }]]) {
    test(`the record is ${JSON.stringify(junk)}`, async () => {
      assert.equal(await peekAt(() => junk), undefined);
    });
  }

  const stateNamed = (name: string, value: unknown) => {
    test(name, async () => {
      const peeked = await peekAt((envelope) => ({ ...envelope, snapshot: { ...envelope.snapshot, value } }));
      assert.equal(peeked?.snapshot.value, undefined);
    });
  };

  for (const value of ['gone', '', '*', 'constructor', '__proto__', 'toString', 'hasOwnProperty', null, 7, true]) {
    stateNamed(`the state is ${JSON.stringify(value)}`, value);
  }
  for (const value of [
    { waiting: 'inner' },
    { constructor: 'name' },
    JSON.parse('{"__proto__":{}}') as unknown,
    { waiting: { deeper: { and: 'deeper' } } },
    { waiting: null },
    ['waiting'],
    [['waiting']],
  ]) {
    stateNamed(`the state is the nested junk ${JSON.stringify(value)}`, value);
  }
  test('the state names nothing, or names half of it', async () => {
    for (const value of [{}, [], { waiting: {} }, { resting: [] }]) {
      const peeked = await peekAt((envelope) => ({ ...envelope, snapshot: { ...envelope.snapshot, value } }));
      assert.equal(peeked?.snapshot.value, undefined, JSON.stringify(value));
    }
  });
});

describe('nested states', () => {
  const nested = setup({}).createMachine({
    id: 'nested',
    version: '1',
    initial: 'outer',
    states: { outer: { initial: 'inner', states: { inner: {}, second: {} } }, other: {} },
  });

  test('are found again', async () => {
    const recorder = recordingStore();
    const flow: Flow<ToyScope> = { name: 'nested', machine: nested, hash: 'h', performers: new Map() };
    const flowStore = createFlowStore<ToyScope>({
      store: recorder.store,
      flows: new Map([['nested', flow]]),
      attemptMs: 1,
      sessionMs: 1,
    });
    const snapshot = nested.resolveState({ value: { outer: 'second' }, context: {} });
    await flowStore.save(ATTEMPT, { id: 'id', flow, snapshot, binding: '', route: null, account: null });
    assert.deepEqual((await flowStore.peek(ATTEMPT))?.snapshot.value, { outer: 'second' });
  });
});
