import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createLogins } from '../../src/storage/logins.ts';
import { ABSOLUTE, IDLE, MINUTE, setUp } from './logins-support.ts';

test('activity is written down at most once in a tenth of the idle limit', async () => {
  const { logins, record, clock, calls, forget } = setUp();
  const id = await logins.open(record());
  forget();
  for (let minute = 1; minute <= 30; minute += 1) {
    clock.advance(MINUTE);
    await Promise.all([logins.find(id), logins.find(id)]);
  }
  assert.equal(calls.filter((call) => call === 'put login-seen').length, 10);
  assert.equal(calls.filter((call) => call === 'get login-seen').length, 0);
});

describe('the idle limit', () => {
  test('does not end a login that is used', async () => {
    const { logins, record, clock } = setUp();
    const id = await logins.open(record());
    for (let n = 0; n < 10; n += 1) {
      clock.advance(IDLE - 1);
      assert.ok(await logins.find(id));
    }
  });

  test('ends a login that lay unused, and takes its record away', async () => {
    const { logins, record, clock, shared, calls, forget } = setUp();
    const id = await logins.open(record());
    await logins.find(id);
    clock.advance(IDLE);
    forget();
    assert.equal(await logins.find(id), undefined);
    assert.deepEqual(calls.slice(0, 3), ['get login', 'get login-seen', 'remove login']);
    assert.equal(await shared.get('login', id), undefined);
  });

  test('is not extended by the request that finds it exceeded', async () => {
    const { logins, record, clock } = setUp();
    const id = await logins.open(record());
    clock.advance(IDLE);
    await Promise.all([logins.find(id), logins.find(id), logins.find(id)]);
    assert.equal(await logins.find(id), undefined);
  });

  test('counts what another process saw', async () => {
    const { logins, record, clock, node } = setUp();
    const other = node();
    const id = await logins.open(record());
    clock.advance(IDLE - MINUTE);
    assert.ok(await other.logins.find(id));
    await nextTurn();
    clock.advance(IDLE - MINUTE);
    assert.ok(await logins.find(id));
  });

  test('survives a restart', async () => {
    const { logins, record, clock, node } = setUp();
    const id = await logins.open(record());
    clock.advance(IDLE - MINUTE);
    await logins.find(id);
    await nextTurn();
    clock.advance(2 * MINUTE);
    assert.ok(await node().logins.find(id));
    clock.advance(IDLE);
    assert.equal(await node().logins.find(id), undefined);
  });

  test('holds for more logins than one process remembers', async () => {
    const { logins, record, clock } = setUp(1);
    const ids = [await logins.open(record('a')), await logins.open(record('b')), await logins.open(record('c'))];
    for (let n = 0; n < 5; n += 1) {
      clock.advance(IDLE / 2);
      for (const id of ids) {
        assert.ok(await logins.find(id));
        await nextTurn();
      }
    }
    clock.advance(IDLE);
    for (const id of ids) assert.equal(await logins.find(id), undefined);
  });
});

describe('the absolute limit', () => {
  test('ends a login however much it is used', async () => {
    const { logins, record, clock } = setUp();
    const id = await logins.open(record());
    for (let used = 0; used + IDLE / 2 < ABSOLUTE; used += IDLE / 2) {
      assert.ok(await logins.find(id));
      clock.advance(IDLE / 2);
    }
    assert.ok(await logins.find(id));
    clock.advance(IDLE / 2);
    assert.equal(await logins.find(id), undefined);
  });

  test('is looked up in the record itself, not left to the store', async () => {
    const { logins, record, clock, shared } = setUp();
    for (const expiresAt of [clock(), clock() - 1, undefined, null, 'soon']) {
      await shared.put('login', 'id', { ...record(), expiresAt }, ABSOLUTE);
      assert.equal(await logins.find('id'), undefined);
    }
  });
});

test('an idle limit that limits nothing is refused', () => {
  const { shared, clock } = setUp();
  for (const idleMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    const make = () => createLogins({ store: shared, idleMs, clock, random: randomBytes });
    assert.throws(make, { code: 'ERR_SSO_OPTIONS' });
  }
});
