import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { createLogins, type LoginRecord } from '../../src/storage/logins.ts';
import { ABSOLUTE, IDLE, setUp as setUpLogins } from './logins-support.ts';

/** Logins that have grants, and the order in which things were taken away. */
function setUp() {
  const all = setUpLogins();
  const { store, clock, calls } = all;
  const removed: string[] = [];
  const broken = { is: false };
  const logins = createLogins({
    store,
    idleMs: IDLE,
    clock,
    random: randomBytes,
    warn: all.warn,
    async removeGrant(grantId) {
      if (broken.is) throw Object.assign(new Error('down'), { code: 'ERR_SSO_STORE' });
      calls.push(`grant ${grantId}`);
      removed.push(grantId);
    },
  });
  const record = (grantId: string | null): LoginRecord => ({ ...all.record(), grantId });
  return { ...all, logins, record, removed, broken };
}

describe('the end of a login', () => {
  test('takes its grant away, which the record names', async () => {
    const { logins, record, removed } = setUp();
    await logins.end(await logins.open(record('grant-1')));
    assert.deepEqual(removed, ['grant-1']);
  });

  test('takes the grant away that the caller names, without a look at the store', async () => {
    const { logins, record, calls, forget } = setUp();
    const id = await logins.open(record('grant-1'));
    forget();
    await logins.end(id, 'grant-1');
    assert.deepEqual(calls, ['grant grant-1', 'remove login', 'remove login-seen']);
  });

  test('takes nothing away if there is no grant, whoever says so', async () => {
    const { logins, record, removed } = setUp();
    await logins.end(await logins.open(record(null)));
    await logins.end(await logins.open(record(null)), null);
    await logins.end('never given');
    assert.deepEqual(removed, []);
  });

  test('leaves the grants of other logins of the person alone', async () => {
    const { logins, record, removed } = setUp();
    const first = await logins.open(record('grant-1'));
    const second = await logins.open(record('grant-2'));
    await logins.end(first);
    assert.deepEqual(removed, ['grant-1']);
    assert.equal((await logins.find(second))?.grantId, 'grant-2');
  });

  test('takes the grant first: if that fails the login holds, and can be ended again', async () => {
    const { logins, record, removed, broken } = setUp();
    const id = await logins.open(record('grant-1'));
    broken.is = true;
    await assert.rejects(logins.end(id), { code: 'ERR_SSO_STORE' });
    assert.ok(await logins.find(id));
    broken.is = false;
    await logins.end(id);
    assert.deepEqual(removed, ['grant-1']);
    assert.equal(await logins.find(id), undefined);
  });

  test('can be repeated if the grant is gone and the login is still there', async () => {
    const { logins, record, removed, failing } = setUp();
    const id = await logins.open(record('grant-1'));
    failing.add('remove login');
    await assert.rejects(logins.end(id), { code: 'ERR_SSO_STORE' });
    failing.clear();
    await logins.end(id);
    assert.deepEqual(removed, ['grant-1', 'grant-1']);
    assert.equal(await logins.find(id), undefined);
  });

  test('throws if the store does not say which grant there is', async () => {
    const { logins, record, failing } = setUp();
    const id = await logins.open(record('grant-1'));
    failing.add('get login');
    await assert.rejects(logins.end(id), { code: 'ERR_SSO_STORE' });
    failing.clear();
    assert.ok(await logins.find(id));
  });
});

describe('a login that nobody used for too long', () => {
  test('loses its grant when it is asked for', async () => {
    const { logins, record, removed, clock } = setUp();
    const id = await logins.open(record('grant-1'));
    clock.advance(IDLE);
    assert.equal(await logins.find(id), undefined);
    assert.deepEqual(removed, ['grant-1']);
  });

  test('keeps nobody signed in if its grant cannot be taken away', async () => {
    const { logins, record, broken, clock } = setUp();
    const id = await logins.open(record('grant-1'));
    clock.advance(IDLE);
    broken.is = true;
    await assert.rejects(logins.find(id), { code: 'ERR_SSO_STORE' });
  });
});

describe('a look at a login', () => {
  test('shows the login and its grant', async () => {
    const { logins, record } = setUp();
    const id = await logins.open(record('grant-1'));
    assert.equal((await logins.peek(id))?.grantId, 'grant-1');
  });

  test('does not count as activity', async () => {
    const { logins, record, clock, calls, forget } = setUp();
    const id = await logins.open(record('grant-1'));
    forget();
    clock.advance(IDLE / 2);
    assert.ok(await logins.peek(id));
    assert.deepEqual(calls, ['get login']);
    clock.advance(IDLE / 2);
    assert.equal(await logins.find(id), undefined);
  });

  test('finds nothing that was idle for too long, and takes nothing away', async () => {
    const { logins, record, removed, clock, calls, forget } = setUp();
    const id = await logins.open(record('grant-1'));
    clock.advance(IDLE);
    forget();
    assert.equal(await logins.peek(id), undefined);
    assert.deepEqual(calls, ['get login', 'get login-seen']);
    assert.deepEqual(removed, []);
  });

  test('finds nothing past the absolute limit, however busy the login was', async () => {
    const { logins, record, clock } = setUp();
    const id = await logins.open(record('grant-1'));
    for (let spent = IDLE / 2; spent < ABSOLUTE; spent += IDLE / 2) {
      clock.advance(IDLE / 2);
      assert.ok(await logins.find(id));
    }
    clock.advance(IDLE / 2);
    assert.equal(await logins.peek(id), undefined);
  });

  test('finds nothing that was ended', async () => {
    const { logins, record } = setUp();
    const id = await logins.open(record('grant-1'));
    await logins.end(id);
    assert.equal(await logins.peek(id), undefined);
    assert.equal(await logins.peek('never given'), undefined);
  });
});

test('logins without grants are ended without a look at the store', async () => {
  const { logins, record, calls, forget } = setUpLogins();
  const id = await logins.open(record());
  forget();
  await logins.end(id);
  assert.deepEqual(calls, ['remove login', 'remove login-seen']);
});
