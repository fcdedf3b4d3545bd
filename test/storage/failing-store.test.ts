import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import Keyv5 from 'keyv';
import Keyv6 from 'keyv6';
import { isSsoError } from '../../src/errors.ts';
import { createStore, type KeyvLike, type Store } from '../../src/storage/store.ts';
import { hanging, RejectingAdapter, SECRET, SwallowingAdapter, versions } from './support.ts';

const MINUTE = 60_000;

const operations: readonly (readonly [string, (store: Store) => Promise<unknown>])[] = [
  ['get', (store) => store.get('login', 'a')],
  ['put', (store) => store.put('login', 'a', 'x', MINUTE)],
  ['claim', (store) => store.claim('login', 'a')],
  ['remove', (store) => store.remove('login', 'a')],
  ['probe', (store) => store.probe()],
];

const adapters = [
  ['rejects', () => new RejectingAdapter()],
  ['emits its errors and swallows them', () => new SwallowingAdapter()],
] as const;

const listeners: readonly (readonly [string, ((error: unknown) => void) | undefined])[] = [
  ['no listener', undefined],
  ['a listener', () => {}],
  [
    'a listener that throws',
    (error) => {
      throw error;
    },
  ],
];

function configurations(): (readonly [string, () => KeyvLike])[] {
  const found: (readonly [string, () => KeyvLike])[] = [];
  for (const [behaviour, makeAdapter] of adapters) {
    for (const [listening, listener] of listeners) {
      for (const throwOnErrors of [false, true]) {
        for (const emitErrors of [false, true]) {
          const title = `Keyv 5, throwOnErrors ${throwOnErrors}, emitErrors ${emitErrors}, ${listening}, the adapter ${behaviour}`;
          found.push([title, () => listened(new Keyv5({ store: makeAdapter(), throwOnErrors, emitErrors }), listener)]);
        }
      }
      const title = `Keyv 6, ${listening}, the adapter ${behaviour}`;
      found.push([title, () => listened(new Keyv6({ store: makeAdapter() }), listener)]);
    }
  }
  return found;
}

function listened<K extends KeyvLike>(keyv: K, listener: ((error: unknown) => void) | undefined): K {
  if (listener !== undefined) keyv.on?.('error', listener);
  return keyv;
}

describe('a store that fails is not a store that is empty', () => {
  for (const [title, make] of configurations()) {
    test(title, async () => {
      const store = createStore({ keyv: make(), secrets: [SECRET] });
      for (const [name, operate] of operations) {
        await assert.rejects(
          operate(store),
          (thrown) => isSsoError(thrown) && thrown.code === 'ERR_SSO_STORE' && thrown.cause instanceof Error,
          name,
        );
      }
    });
  }
});

test('the error tells the reason by its code and keeps the address of the store to the cause', async () => {
  const adapter = new RejectingAdapter();
  adapter.error = Object.assign(new Error('redis://:password@host refused'), { code: 'ECONNREFUSED' });
  const store = createStore({ keyv: new Keyv5({ store: adapter }), secrets: [SECRET] });
  await assert.rejects(store.get('login', 'a'), (thrown) => {
    assert.ok(isSsoError(thrown));
    assert.equal(thrown.detail, 'ECONNREFUSED');
    assert.equal(thrown.status, 503);
    assert.ok(!thrown.message.includes('password'));
    return thrown.cause === adapter.error;
  });
});

for (const { name, make } of versions) {
  test(`${name}: a store that answers everything with an error page has not just one damaged record`, async () => {
    const adapter = new RejectingAdapter();
    adapter.error = new SyntaxError('Unexpected token < in JSON');
    const store = createStore({ keyv: make(adapter), secrets: [SECRET] });
    await assert.rejects(store.get('login', 'a'), { code: 'ERR_SSO_STORE' });
  });

  test(`${name}: a write that the store does not confirm has failed`, async () => {
    class Full extends RejectingAdapter {
      override async set(): Promise<boolean> {
        return false;
      }
    }
    const store = createStore({ keyv: make(new Full()), secrets: [SECRET] });
    await assert.rejects(store.put('login', 'a', 'x', MINUTE), { code: 'ERR_SSO_STORE', detail: 'EWRITE' });
  });

  test(`${name}: an error of the adapter between two calls brings nothing down`, async () => {
    const adapter = new SwallowingAdapter();
    adapter.get = async () => undefined;
    const store = createStore({ keyv: make(adapter), secrets: [SECRET] });
    adapter.emit('error', new Error('connection lost'));
    assert.equal(await store.get('login', 'a'), undefined);
  });

  test(`${name}: an answer that is not empty stands, whatever is emitted meanwhile`, async () => {
    const map = new Map<string, unknown>();
    const adapter = new SwallowingAdapter();
    adapter.set = async (key, value) => void map.set(key, value);
    adapter.get = async (key) => {
      if (map.has(key)) adapter.emit('error', new Error('another replica is gone'));
      return map.get(key);
    };
    const store = createStore({ keyv: make(adapter), secrets: [SECRET] });
    await store.put('login', 'a', 'x', MINUTE);
    assert.equal(await store.get('login', 'a'), 'x');
  });

  test(`${name}: many stores over one Keyv listen to it once`, () => {
    const adapter = new SwallowingAdapter();
    const keyv = make(adapter);
    createStore({ keyv, secrets: [SECRET] });
    const before = adapter.listenerCount('error');
    for (let n = 0; n < 20; n += 1) createStore({ keyv, secrets: [SECRET] });
    assert.equal(adapter.listenerCount('error'), before);
  });
}

test('a call that was answered leaves no timer behind', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
  const store = createStore({ keyv: new Keyv5(), secrets: [SECRET], deadlineMs: 60_000 });
  const before = timers();
  for (const [, operate] of operations) await operate(store);
  assert.equal(timers(), before);
});

describe('a store that does not answer', () => {
  for (const [name, operate] of operations) {
    test(`${name} fails when the deadline has passed`, async () => {
      const store = createStore({ keyv: hanging, secrets: [SECRET], deadlineMs: 20 });
      const started = performance.now();
      await assert.rejects(operate(store), { code: 'ERR_SSO_STORE', detail: 'ETIMEDOUT' });
      assert.ok(performance.now() - started < 1000);
    });
  }

  test('may fail or answer late without disturbing anybody', async (context) => {
    const rejections: unknown[] = [];
    const note = (reason: unknown) => rejections.push(reason);
    process.on('unhandledRejection', note);
    context.after(() => process.off('unhandledRejection', note));
    const late: KeyvLike = {
      get: () => sleep(30).then(() => Promise.reject(new Error('too late'))),
      set: () => sleep(30, true),
      delete: () => sleep(30).then(() => Promise.reject(new Error('too late'))),
    };
    const store = createStore({ keyv: late, secrets: [SECRET], deadlineMs: 5 });
    for (const [, operate] of operations) await assert.rejects(operate(store), { detail: 'ETIMEDOUT' });
    await sleep(60);
    assert.deepEqual(rejections, []);
  });

  test('a Keyv that throws instead of rejecting is a failure too', async () => {
    const broken = (): never => {
      throw new TypeError('not connected');
    };
    const store = createStore({ keyv: { get: broken, set: broken, delete: broken }, secrets: [SECRET] });
    for (const [, operate] of operations) await assert.rejects(operate(store), { code: 'ERR_SSO_STORE' });
  });
});
