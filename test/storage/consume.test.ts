import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import Keyv5 from 'keyv';
import { createMemoryKeyv } from '../../src/storage/memory-store.ts';
import { createStore, type KeyvLike, type Store } from '../../src/storage/store.ts';
import { LyingAdapter, QueryAdapter, SECRET, stoppedClock, versions, warnings } from './support.ts';

const MINUTE = 60_000;
const SQLITE = { dialect: 'sqlite', table: 'keyv' };
const SQLITE_STATEMENT = 'DELETE FROM keyv WHERE key = ? RETURNING key';
const POSTGRES = { dialect: 'postgres', table: 'sso', schema: 'public' };
const POSTGRES_STATEMENT = 'DELETE FROM public.sso WHERE key = $1 RETURNING key';

/** Claims one record many times at once; the winners. */
async function race(stores: readonly Store[], callers = 50): Promise<unknown[]> {
  await stores[0]?.put('flow', 'id', 'the flow', MINUTE);
  const answers = await Promise.all(
    Array.from({ length: callers }, (_, n) => stores[n % stores.length]?.claim('flow', 'id')),
  );
  return answers.filter((answer) => answer !== undefined);
}

for (const { name, make } of versions) {
  describe(`claims over ${name}`, () => {
    test('50 at once have one winner, who gets the record', async () => {
      const warn = warnings();
      const store = createStore({ keyv: make(new Map()), secrets: [SECRET], warn });
      for (let round = 0; round < 3; round += 1) assert.deepEqual(await race([store]), ['the flow']);
      assert.equal(await store.probe(), 'atomic');
      assert.deepEqual(warn.heard, []);
    });

    test('of a record that is not there give nothing', async () => {
      const store = createStore({ keyv: make(new Map()), secrets: [SECRET] });
      assert.equal(await store.claim('flow', 'id'), undefined);
    });

    test('take the record away', async () => {
      const map = new Map();
      const store = createStore({ keyv: make(map), secrets: [SECRET] });
      await race([store]);
      assert.equal(map.size, 0);
      assert.equal(await store.get('flow', 'id'), undefined);
    });

    test('of an expired record that nobody read give nothing, though delete() says true', async () => {
      const clock = stoppedClock();
      const store = createStore({ keyv: make(new Map()), secrets: [SECRET], clock });
      await store.put('flow', 'id', 'x', MINUTE);
      clock.advance(MINUTE);
      assert.equal(await store.claim('flow', 'id'), undefined);
    });

    test('of a record that expired in Keyv give nothing', async () => {
      const store = createStore({ keyv: make(new Map()), secrets: [SECRET] });
      await store.put('flow', 'id', 'x', 1);
      await sleep(10);
      assert.equal(await store.claim('flow', 'id'), undefined);
    });

    test('are given only for an answer of exactly true', async () => {
      for (const answer of [false, undefined, null, 1, 'true', {}]) {
        const keyv = make(new Map());
        const store = createStore({ keyv, secrets: [SECRET] });
        await store.probe();
        await store.put('flow', 'id', 'x', MINUTE);
        keyv.delete = async () => answer;
        assert.equal(await store.claim('flow', 'id'), undefined, String(answer));
      }
    });

    test('find out a delete() that lies, keep callers in this process apart, and warn loudly once', async () => {
      const warn = warnings();
      const store = createStore({ keyv: make(new LyingAdapter()), secrets: [SECRET], warn });
      for (let round = 0; round < 3; round += 1) assert.deepEqual(await race([store]), ['the flow']);
      assert.equal(await store.probe(), 'not-atomic');
      assert.equal(warn.heard.length, 1);
      assert.match(warn.heard[0] ?? '', /ONE process.*@keyv\/sqlite 4 and @keyv\/postgres 2/);
    });

    for (const [dialect, opts, statement] of [
      ['SQLite', SQLITE, SQLITE_STATEMENT],
      ['PostgreSQL', POSTGRES, POSTGRES_STATEMENT],
    ] as const) {
      test(`over a lying ${dialect} adapter use one statement, also for two processes, without a warning`, async () => {
        const warn = warnings();
        const adapter = new QueryAdapter(opts, statement);
        const stores = [1, 2].map(() => createStore({ keyv: make(adapter), secrets: [SECRET], warn }));
        for (let round = 0; round < 3; round += 1) assert.deepEqual(await race(stores), ['the flow']);
        assert.equal(await stores[0]?.probe(), 'atomic');
        assert.deepEqual(warn.heard, []);
        assert.deepEqual([...new Set(adapter.statements)], [statement]);
        assert.equal(adapter.rows.size, 0);
      });
    }

    test('do without the statement if the database does not know it', async () => {
      const warn = warnings();
      const store = createStore({ keyv: make(new QueryAdapter(SQLITE, 'another')), secrets: [SECRET], warn });
      assert.deepEqual(await race([store]), ['the flow']);
      assert.equal(warn.heard.length, 1);
    });

    for (const opts of [
      { dialect: 'mysql', table: 'keyv' },
      { ...SQLITE, table: 'a; DROP TABLE b' },
      { ...POSTGRES, schema: 7 },
    ]) {
      test(`send no statement to an adapter with ${JSON.stringify(opts)}`, async () => {
        const adapter = new QueryAdapter(opts, '');
        const store = createStore({ keyv: make(adapter), secrets: [SECRET], warn: warnings() });
        assert.deepEqual(await race([store]), ['the flow']);
        assert.deepEqual(adapter.statements, []);
      });
    }
  });
}

test('the namespace of Keyv 5 is in the key of the statement, whatever it is', async () => {
  for (const options of [
    {},
    { namespace: 'portal' },
    { namespace: 'flow' },
    { namespace: '' },
    { useKeyPrefix: false },
  ]) {
    const warn = warnings();
    const keyv = new Keyv5({ store: new QueryAdapter(SQLITE, SQLITE_STATEMENT), ...options });
    const store = createStore({ keyv, secrets: [SECRET], warn });
    assert.deepEqual(await race([store]), ['the flow'], JSON.stringify(options));
    assert.deepEqual(warn.heard, [], JSON.stringify(options));
  }
});

test('a delete() that answers nothing at all is found out, and claims still work', async () => {
  const rows = new Map<string, unknown>();
  const keyv: KeyvLike = {
    get: async (key) => rows.get(key),
    set: async (key, value) => rows.set(key, value) !== undefined,
    delete: async (key) => void rows.delete(key),
  };
  const warn = warnings();
  const store = createStore({ keyv, secrets: [SECRET], warn });
  assert.deepEqual(await race([store]), ['the flow']);
  assert.equal(warn.heard.length, 1);
});

test('a delete() that says true and deletes nothing gives the record to nobody', async () => {
  const rows = new Map<string, unknown>();
  const keyv: KeyvLike = {
    get: async (key) => rows.get(key),
    set: async (key, value) => rows.set(key, value) !== undefined,
    delete: async () => true,
  };
  const store = createStore({ keyv, secrets: [SECRET], warn: warnings() });
  await store.put('flow', 'id', 'x', MINUTE);
  await assert.rejects(store.claim('flow', 'id'), { code: 'ERR_SSO_STORE' });
});

test('who waits for a claim that fails does not wait for a deadline of his own', async () => {
  const adapter = new LyingAdapter();
  const keyv = new Keyv5({ store: adapter });
  const store = createStore({ keyv, secrets: [SECRET], warn: warnings(), deadlineMs: 100 });
  await store.probe();
  await store.put('flow', 'id', 'x', MINUTE);
  adapter.get = () => new Promise(() => {});
  const started = performance.now();
  const claims = await Promise.allSettled(Array.from({ length: 20 }, () => store.claim('flow', 'id')));
  assert.ok(claims.every((claim) => claim.status === 'rejected'));
  assert.ok(performance.now() - started < 1000);
});

test('the probe runs once, before the first claim', async () => {
  const keyv = createMemoryKeyv();
  let deletes = 0;
  const original = keyv.delete.bind(keyv);
  keyv.delete = async (key) => {
    deletes += 1;
    return original(key);
  };
  const store = createStore({ keyv, secrets: [SECRET] });
  await store.put('flow', 'id', 'x', MINUTE);
  assert.equal(deletes, 0);
  await Promise.all([store.claim('flow', 'a'), store.claim('flow', 'b'), store.probe()]);
  assert.equal(deletes, 60);
  await store.claim('flow', 'id');
  assert.equal(deletes, 61);
});

test('a probe that failed with the store is tried again', async () => {
  const adapter = new LyingAdapter();
  const keyv = new Keyv5({ store: adapter });
  const store = createStore({ keyv, secrets: [SECRET], warn: warnings() });
  const working = adapter.set;
  adapter.set = () => Promise.reject(new Error('connection refused'));
  await assert.rejects(store.probe(), { code: 'ERR_SSO_STORE' });
  adapter.set = working;
  assert.equal(await store.probe(), 'not-atomic');
});

test('a store that goes down while the statement is tried is tried again, not called unsafe', async () => {
  const warn = warnings();
  const adapter = new QueryAdapter(SQLITE, SQLITE_STATEMENT);
  const { get, query } = adapter;
  adapter.query = async () => {
    adapter.get = () => Promise.reject(new Error('connection refused'));
    throw new Error('connection lost');
  };
  const store = createStore({ keyv: new Keyv5({ store: adapter }), secrets: [SECRET], warn });
  await assert.rejects(store.probe(), { code: 'ERR_SSO_STORE' });
  Object.assign(adapter, { get, query });
  assert.equal(await store.probe(), 'atomic');
  assert.deepEqual(warn.heard, []);
});

test('what a probe leaves in the store is nothing', async () => {
  const map = new Map();
  await createStore({ keyv: new Keyv5({ store: map }), secrets: [SECRET] }).probe();
  assert.equal(map.size, 0);
});
