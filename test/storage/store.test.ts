import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMemoryKeyv } from '../../src/storage/memory-store.ts';
import { createStore } from '../../src/storage/store.ts';
import { SECRET, stoppedClock, versions, warnings } from './support.ts';

const MINUTE = 60_000;

for (const { name, make } of versions) {
  describe(`a store over ${name}`, () => {
    const over = (map = new Map<string, unknown>()) => ({
      map,
      store: createStore({ keyv: make(map), secrets: [SECRET] }),
    });

    test('gives back what was put', async () => {
      const { store } = over();
      const value = { text: 'Zoë', list: [1, null, true], deep: { a: '' } };
      await store.put('login', 'id', value, MINUTE);
      assert.deepEqual(await store.get('login', 'id'), value);
    });

    test('keeps values that are false, zero, empty or null apart from nothing', async () => {
      const { store } = over();
      for (const value of [false, 0, '', null]) {
        await store.put('login', 'id', value, MINUTE);
        assert.equal(await store.get('login', 'id'), value);
      }
    });

    test('has nothing under an id that was never put, or was removed', async () => {
      const { store } = over();
      assert.equal(await store.get('login', 'id'), undefined);
      await store.put('login', 'id', 'x', MINUTE);
      await store.remove('login', 'id');
      await store.remove('login', 'id');
      assert.equal(await store.get('login', 'id'), undefined);
    });

    test('keeps the kinds apart', async () => {
      const { store } = over();
      await store.put('login-seen', 'id', 'seen', MINUTE);
      assert.equal(await store.get('login', 'id'), undefined);
    });

    test('gives every id a key of its own with nothing of the id in it', async () => {
      const { map, store } = over();
      const ids = [
        '',
        'x',
        'keyv:x',
        'login:x',
        'keyv:login:x',
        'a\0b',
        'a',
        '__proto__',
        '\ud800',
        '\ufffd',
        'é',
        'e\u0301',
        'x'.repeat(1e6),
        "'; DROP TABLE keyv; --",
      ];
      for (const id of ids) await store.put('login', id, id, MINUTE);
      for (const id of ids) assert.equal(await store.get('login', id), id);
      assert.equal(map.size, ids.length);
      for (const key of map.keys()) assert.match(key, /^(keyv:)?login:[\w-]{43}$/);
    });

    test('shows nothing in a dump of what Keyv keeps', async () => {
      const { map, store } = over();
      await store.put('grant', 'MARKER-id', { MARKER: 'MARKER-value' }, MINUTE);
      const dump = JSON.stringify([...map]);
      assert.ok(dump.includes('grant:'));
      for (const form of [Buffer.from('MARKER').toString('base64url'), 'MARKER', 'expiresAt']) {
        assert.ok(!dump.includes(form), form);
      }
    });

    test('does not open a record that was moved to another id', async () => {
      const map = new Map<string, unknown>();
      const warn = warnings();
      const store = createStore({ keyv: make(map), secrets: [SECRET], warn });
      await store.put('login', 'alice', 'alice', MINUTE);
      const [[from, value]] = [...map] as [[string, unknown]];
      await store.put('login', 'mallory', 'mallory', MINUTE);
      for (const key of map.keys()) if (key !== from) map.set(key, value);
      assert.equal(await store.get('login', 'mallory'), undefined);
      assert.equal(warn.heard.length, 1);
    });

    test('refuses a ttl that many stores would take for "for ever", and writes nothing', async () => {
      const { map, store } = over();
      for (const ttl of [0, -0, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        await assert.rejects(store.put('flow', 'id', 'x', ttl), RangeError);
      }
      assert.equal(map.size, 0);
    });

    test('hands on a whole ttl of at least 1 ms', async () => {
      const ttls: unknown[] = [];
      const keyv = make(new Map());
      const set = keyv.set.bind(keyv);
      keyv.set = (key, value, ttl) => {
        ttls.push(ttl);
        return set(key, value, ttl);
      };
      const store = createStore({ keyv, secrets: [SECRET] });
      for (const ttl of [0.0001, 1.5, 7]) await store.put('flow', 'id', 'x', ttl);
      assert.deepEqual(ttls, [1, 2, 7]);
    });

    test('does not return an expired record, by its own clock', async () => {
      const clock = stoppedClock();
      const store = createStore({ keyv: make(new Map()), secrets: [SECRET], clock });
      await store.put('flow', 'id', 'x', MINUTE);
      clock.advance(MINUTE - 1);
      assert.equal(await store.get('flow', 'id'), 'x');
      clock.advance(1);
      assert.equal(await store.get('flow', 'id'), undefined);
    });

    test('does not return a record that Keyv knows to be expired', async () => {
      const { store } = over();
      await store.put('flow', 'id', 'x', 1);
      await sleep(10);
      assert.equal(await store.get('flow', 'id'), undefined);
    });

    test('opens what an earlier secret sealed, and seals with the first', async () => {
      const map = new Map();
      const keyv = make(map);
      const old = createStore({ keyv, secrets: ['old-secret'], warn: warnings() });
      const both = createStore({ keyv, secrets: ['new-secret', 'old-secret'] });
      await old.put('login', 'a', 'a', MINUTE);
      assert.equal(await both.get('login', 'a'), 'a');
      await both.put('login', 'b', 'b', MINUTE);
      assert.equal(await old.get('login', 'b'), undefined);
    });

    test('reads a record whose secret is gone as nothing, leaves it there, and warns once', async () => {
      const map = new Map();
      const keyv = make(map);
      await createStore({ keyv, secrets: ['old-secret'] }).put('login', 'a', 'MARKER', MINUTE);
      const warn = warnings();
      const store = createStore({ keyv, secrets: [SECRET], warn });
      assert.equal(await store.get('login', 'a'), undefined);
      assert.equal(await store.get('login', 'a'), undefined);
      assert.equal(await store.claim('login', 'a'), undefined);
      assert.equal(map.size, 1);
      assert.equal(warn.heard.length, 1);
      assert.match(warn.heard[0] ?? '', /"login" cannot be opened/);
    });

    for (const [what, damaged] of [
      ['text that is no JSON', '{"value":'],
      ['JSON of something else', '{"value":"1.x.y.z"}'],
      ['JSON with an object as the value', '{"value":{"a":1}}'],
    ] as const) {
      test(`reads ${what} as nothing, with a warning`, async () => {
        // An adapter hands on the text; only the memory of Keyv 6 wraps it.
        const text = { damaged: false };
        class Damaging extends Map<string, unknown> {
          override get(key: string): unknown {
            const stored = super.get(key);
            if (!text.damaged || stored === undefined) return stored;
            return typeof stored === 'string' ? damaged : { ...stored, value: damaged };
          }
        }
        const warn = warnings();
        const store = createStore({ keyv: make(new Damaging()), secrets: [SECRET], warn });
        await store.put('login', 'a', 'a', MINUTE);
        text.damaged = true;
        assert.equal(await store.get('login', 'a'), undefined);
        assert.equal(warn.heard.length, 1);
      });
    }

    test('lets nobody be disturbed by a damaged record that another reads', async () => {
      const map = new Map<string, unknown>();
      const store = createStore({ keyv: make(map), secrets: [SECRET], warn: warnings() });
      await store.put('login', 'damaged', 'x', MINUTE);
      for (const [key, stored] of map)
        map.set(key, typeof stored === 'string' ? '{' : { ...(stored as object), value: '{' });
      const [damaged, missing] = await Promise.all([
        store.get('login', 'damaged'),
        store.get('login', 'missing'),
        store.put('login', 'other', 'x', MINUTE),
        store.remove('login', 'third'),
      ]);
      assert.deepEqual([damaged, missing], [undefined, undefined]);
    });
  });
}

test('the store in memory fits', async () => {
  const store = createStore({ keyv: createMemoryKeyv(), secrets: [SECRET] });
  await store.put('login', 'a', { b: 1 }, MINUTE);
  assert.deepEqual(await store.get('login', 'a'), { b: 1 });
  assert.equal(await store.probe(), 'atomic');
});

test('a deadline that no timer can take is refused', () => {
  for (const deadlineMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
    const make = () => createStore({ keyv: createMemoryKeyv(), secrets: [SECRET], deadlineMs });
    assert.throws(make, { code: 'ERR_SSO_OPTIONS' });
  }
});
