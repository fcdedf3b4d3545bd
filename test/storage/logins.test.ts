import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createLogins } from '../../src/storage/logins.ts';
import { createStore } from '../../src/storage/store.ts';
import { IDLE, MINUTE, setUp } from './logins-support.ts';
import { SECRET, versions } from './support.ts';

test('a login that was opened is found, whole', async () => {
  const { logins, record } = setUp();
  const opened = record();
  const id = await logins.open(opened);
  assert.deepEqual(await logins.find(id), opened);
});

test('every login gets a new id of 256 random bits', async () => {
  const { logins, record } = setUp();
  const ids = await Promise.all(Array.from({ length: 20 }, () => logins.open(record())));
  assert.equal(new Set(ids).size, 20);
  for (const id of ids) assert.match(id, /^[\w-]{43}$/);
});

test('an id that was never given finds nothing', async () => {
  const { logins } = setUp();
  for (const id of ['', 'x', '../../etc', 'a\0b']) assert.equal(await logins.find(id), undefined);
});

test('a login that would be over at once is not opened', async () => {
  const { logins, record, clock, calls } = setUp();
  await assert.rejects(logins.open({ ...record(), expiresAt: clock() }), RangeError);
  await assert.rejects(logins.open({ ...record(), expiresAt: Number.NaN }), RangeError);
  assert.deepEqual(calls, ['put login', 'put login']);
});

test('finding costs one read of the store and no write', async () => {
  const { logins, record, calls, forget } = setUp();
  const id = await logins.open(record());
  forget();
  await logins.find(id);
  await logins.find(id);
  assert.deepEqual(calls, ['get login', 'get login']);
});

test('the login itself is never written again', async () => {
  const { logins, record, clock, calls, forget } = setUp();
  const id = await logins.open(record());
  forget();
  for (let n = 0; n < 20; n += 1) {
    clock.advance(10 * MINUTE);
    await logins.find(id);
  }
  assert.ok(!calls.includes('put login'));
});

describe('a login that was ended', () => {
  test('is not found, here or elsewhere', async () => {
    const { logins, record, node } = setUp();
    const id = await logins.open(record());
    const other = node().logins;
    await other.find(id);
    await logins.end(id);
    assert.equal(await logins.find(id), undefined);
    assert.equal(await other.find(id), undefined);
  });

  test('stays ended though a request in flight touches it', async () => {
    const { logins, record, clock, node } = setUp();
    const id = await logins.open(record());
    clock.advance(IDLE / 2);
    const inFlight = [logins.find(id), node().logins.find(id), logins.find(id)];
    const ended = logins.end(id);
    await Promise.all([...inFlight, ended]);
    await nextTurn();
    for (let n = 0; n < 3; n += 1) {
      clock.advance(IDLE / 4);
      assert.equal(await logins.find(id), undefined);
      assert.equal(await node().logins.find(id), undefined);
    }
  });

  test('does not take another login of the same person with it', async () => {
    const { logins, record } = setUp();
    const first = await logins.open(record());
    const second = await logins.open(record());
    await logins.end(first);
    assert.ok(await logins.find(second));
  });

  test('may be ended again', async () => {
    const { logins, record } = setUp();
    const id = await logins.open(record());
    await logins.end(id);
    await logins.end(id);
    await logins.end('never given');
  });
});

test('the note of activity alone signs nobody in', async () => {
  const { logins, shared, clock } = setUp();
  await shared.put('login-seen', 'id', { at: clock() }, IDLE);
  assert.equal(await logins.find('id'), undefined);
});

describe('when the store fails', () => {
  for (const [call, operate] of [
    ['put login', 'open'],
    ['get login', 'find'],
    ['remove login', 'end'],
  ] as const) {
    test(`${operate} throws`, async () => {
      const { logins, record, failing } = setUp();
      const id = await logins.open(record());
      failing.add(call);
      const attempt = operate === 'open' ? logins.open(record()) : logins[operate](id);
      await assert.rejects(attempt, { code: 'ERR_SSO_STORE' });
    });
  }

  test('nobody is taken for idle whose activity cannot be read', async () => {
    const { logins, record, failing, clock } = setUp();
    const id = await logins.open(record());
    clock.advance(IDLE);
    failing.add('get login-seen');
    await assert.rejects(logins.find(id), { code: 'ERR_SSO_STORE' });
  });

  test('activity that cannot be written down is a warning, and the person stays signed in', async () => {
    const { logins, record, failing, clock, warn } = setUp();
    const id = await logins.open(record());
    failing.add('put login-seen');
    clock.advance(IDLE / 2);
    assert.ok(await logins.find(id));
    await nextTurn();
    assert.equal(warn.heard.length, 1);
    assert.match(warn.heard[0] ?? '', /activity .* could not be written/);
  });

  test('a note of activity that cannot be removed does not stop a logout', async () => {
    const { logins, record, failing, warn } = setUp();
    const id = await logins.open(record());
    failing.add('remove login-seen');
    await logins.end(id);
    await nextTurn();
    assert.equal(await logins.find(id), undefined);
    assert.equal(warn.heard.length, 1);
  });
});

for (const { name, make } of versions) {
  test(`${name}: nothing of a person can be read in the raw store`, async () => {
    const map = new Map();
    const { clock, record } = setUp();
    const store = createStore({ keyv: make(map), secrets: [SECRET], clock });
    const logins = createLogins({ store, idleMs: IDLE, clock, random: randomBytes });
    const id = await logins.open(record('MARKER'));
    const dump = JSON.stringify([...map]);
    for (const secret of ['MARKER', 'alice@', 'flow-1', id]) assert.ok(!dump.includes(secret), secret);
    assert.equal((await logins.find(id))?.principal.id, 'MARKER');
  });
}
