import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LoginContext } from '../../machines/index.ts';
import { alice, grantExpired, plainInput } from '../machines/cas-login-model.ts';
import { kindOf, newScope, returning, secretOf, setUp, withTicket } from './attempts-support.ts';
import { gate } from './support.ts';

/** A login that a request of alice waits for, and that she comes back to. */
const interrupted = { ...plainInput, keepRequest: true, expected: alice };
const resumed = { type: 'request.resumed' };
const grantGone = { ...grantExpired, returnTo: '/later', keepRequest: true };

describe('a settled flow that is told that its grant has expired', () => {
  test('sends the browser away with an id and a secret that are new', async () => {
    const { attempts, begin } = setUp();
    const { attempt, secret } = await begin();
    await attempts.resume(attempt, returning(secret), newScope());
    const scope = newScope();
    const outcome = await attempts.tell(attempt, grantGone, scope);
    assert.ok(outcome.kind === 'ran' && outcome.secret !== null && outcome.secret !== secret);
    assert.match(scope.attempt, /^[\w-]{22}$/);
    assert.notEqual(scope.attempt, attempt);
    assert.deepEqual(scope.performed, ['saveRequest', 'redirectToLogin']);
  });

  test('is stored under the new id, without the secret, and is no more under the old one', async () => {
    const session = setUp();
    const attempt = await session.logIn();
    const scope = newScope();
    const outcome = await session.attempts.tell(attempt, grantGone, scope);
    assert.deepEqual([...session.records.keys()], [`flow:${scope.attempt}`]);
    assert.ok(!session.records.get(`flow:${scope.attempt}`)?.includes(String(secretOf(outcome))));
    assert.equal(kindOf(await session.attempts.tell(attempt, grantGone, newScope())), 'unknown');
  });

  test('takes back the browser with the new secret only', async () => {
    const session = setUp();
    const { attempt, secret } = await session.begin();
    await session.attempts.resume(attempt, returning(secret), newScope());
    const away = newScope();
    const renewed = secretOf(await session.attempts.tell(attempt, grantGone, away)) ?? undefined;
    for (const [shown, kind] of [
      [secret, 'foreign'],
      [undefined, 'foreign'],
      [renewed, 'ran'],
    ] as const) {
      const back = returning(shown, withTicket('ST-2'), { isOwner: true });
      assert.equal(kindOf(await session.attempts.resume(away.attempt, back, newScope())), kind);
    }
    assert.equal((await session.flowStore.peek(away.attempt))?.snapshot.value, 'resuming');
  });

  test('is one story in the journal, from the first departure to the second return', async () => {
    const session = setUp();
    const attempt = await session.logIn();
    const away = newScope();
    const secret = secretOf(await session.attempts.tell(attempt, grantGone, away));
    await session.attempts.resume(away.attempt, returning(secret ?? undefined, withTicket('ST-2')), newScope());
    await session.attempts.tell(away.attempt, resumed, newScope());
    const { journal } = session;
    assert.equal(new Set(journal.map(({ attempt: story }) => story)).size, 1);
    assert.deepEqual([journal[0]?.from, journal.at(-1)?.event], [null, 'request.resumed']);
  });

  test('leaves the login of another attempt alone', async () => {
    const session = setUp();
    const [one, two] = [await session.logIn(), await session.logIn()];
    await session.attempts.tell(one, grantGone, newScope());
    assert.equal((await session.flowStore.peek(two))?.snapshot.value, 'authenticated');
  });
});

describe('a pending flow that is told what became of its request', () => {
  for (const [type, notKept] of [
    ['request.resumed', null],
    ['request.discarded', null],
    ['request.expired', 'ERR_SSO_REQUEST_EXPIRED'],
  ] as const) {
    test(`${type}: is settled for good, and says what it knows`, async () => {
      const session = setUp();
      const attempt = await session.logIn(interrupted);
      assert.deepEqual([...session.records.keys()], [`pending-flow:${attempt}`]);
      const scope = newScope();
      const outcome = await session.attempts.tell(attempt, { type }, scope);
      assert.deepEqual([secretOf(outcome), scope.attempt, scope.performed], [null, attempt, []]);
      assert.deepEqual([...session.records.keys()], [`settled-flow:${attempt}`]);
      const { savedRequest, notKept: told } = (outcome as unknown as { context: LoginContext }).context;
      assert.deepEqual([savedRequest, told], [null, notKept]);
    });
  }

  test('is never written again under a kind and an id that were claimed', async () => {
    const session = setUp();
    const attempt = await session.logIn(interrupted);
    await session.attempts.tell(attempt, resumed, newScope());
    await session.attempts.tell(attempt, grantGone, newScope());
    const puts = session.writes().filter(({ name }) => name === 'put');
    const claims = session.writes().filter(({ name }) => name === 'claim');
    assert.deepEqual([puts.length, claims.length], [4, 3]);
    assert.equal(new Set(puts.map(({ kind, id }) => `${kind}:${id}`)).size, puts.length);
  });

  test('keeps the secret that its browser shows, so that the page can be opened again', async () => {
    const session = setUp();
    const { attempt, secret } = await session.begin(interrupted);
    await session.attempts.resume(attempt, returning(secret), newScope());
    await session.attempts.tell(attempt, resumed, newScope());
    const scope = newScope();
    assert.equal(kindOf(await session.attempts.resume(attempt, returning(secret), scope)), 'ran');
    assert.deepEqual([scope.page, scope.performed], ['/report', ['resumeRequest']]);
  });

  test('can be told of its grant once the request is over, and not before', async () => {
    const session = setUp();
    const attempt = await session.logIn(interrupted);
    assert.equal(kindOf(await session.attempts.tell(attempt, grantGone, newScope())), 'impossible');
    await session.attempts.tell(attempt, resumed, newScope());
    assert.equal(kindOf(await session.attempts.tell(attempt, grantGone, newScope())), 'ran');
  });
});

describe('nothing happens when somebody tells', () => {
  test('an id that none of ours looks like, and no store is asked', async () => {
    const { attempts, calls } = setUp();
    for (const id of ['', 'short', 'A'.repeat(23), '../../../etc/passwd/..', `${'A'.repeat(21)}/`, 'é'.repeat(22)]) {
      assert.equal(kindOf(await attempts.tell(id, resumed, newScope())), 'unknown');
    }
    assert.deepEqual(calls, []);
  });

  test('an attempt that nobody began', async () => {
    const { attempts, writes } = setUp();
    assert.equal(kindOf(await attempts.tell('A'.repeat(22), resumed, newScope())), 'unknown');
    assert.deepEqual(writes(), []);
  });

  test('an attempt that waits for its browser, even what that could understand', async () => {
    const { attempts, begin, server, writes } = setUp();
    const { attempt, secret } = await begin();
    const written = writes().length;
    for (const event of [withTicket(), { type: 'logout.requested', everywhere: true }, resumed]) {
      const scope = newScope();
      assert.equal(kindOf(await attempts.tell(attempt, event, scope)), 'unknown');
      assert.deepEqual([scope.attempt, scope.performed], ['', []]);
    }
    assert.deepEqual([writes().length, server.validated], [written, []]);
    assert.equal(kindOf(await attempts.resume(attempt, returning(secret), newScope())), 'ran');
  });

  test('a settled flow what it does not know', async () => {
    const session = setUp();
    const attempt = await session.logIn();
    const written = session.writes().length;
    for (const type of ['request.resumed', 'session.opened', 'principal.admitted', 'xstate.stop', 'nonsense']) {
      const scope = newScope();
      assert.equal(kindOf(await session.attempts.tell(attempt, { type }, scope)), 'impossible');
      assert.deepEqual([scope.attempt, scope.performed], ['', []]);
    }
    assert.equal(session.writes().length, written);
  });
});

describe('of many who tell at the same moment', () => {
  for (const [what, input, event] of [
    ['that a request ran', interrupted, resumed],
    ['that a grant has expired', plainInput, grantGone],
  ] as const) {
    test(`${what}, in two processes, one is heard`, async () => {
      const session = setUp();
      const elsewhere = session.process().attempts;
      const attempt = await session.logIn(input);
      const scopes = Array.from({ length: 20 }, newScope);
      const outcomes = await Promise.all(
        scopes.map((scope, n) => (n % 2 === 0 ? session.attempts : elsewhere).tell(attempt, event, scope)),
      );
      const kinds = outcomes.map(kindOf);
      assert.equal(kinds.filter((kind) => kind === 'ran').length, 1);
      assert.ok(kinds.every((kind) => ['ran', 'unknown', 'impossible'].includes(kind)));
      assert.ok(scopes.flatMap(({ performed }) => performed).length <= 2);
    });
  }
});

describe('a logout that comes while somebody tells', () => {
  for (const where of ['the same', 'another'] as const) {
    test(`of an expired grant, in ${where} process, sends nobody away`, async () => {
      const session = setUp();
      const other = where === 'the same' ? session.attempts : session.process().attempts;
      const attempt = await session.logIn();
      const asked = gate();
      const answered = gate();
      session.server.keep = async () => {
        asked.open();
        await answered.opened;
        return { type: 'request.notSaved', code: 'ERR_SSO_REQUEST_NO_ROOM' };
      };
      const scope = newScope();
      const telling = session.attempts.tell(attempt, grantGone, scope);
      await asked.opened;
      assert.equal(kindOf(await other.logOut(attempt, false, newScope())), 'unknown');
      answered.open();
      assert.equal(secretOf(await telling), null);
      assert.deepEqual(scope.performed.slice(-2), ['discardRequest', 'endSession']);
      assert.deepEqual([...session.records.keys()], [`logged-out:${attempt}`]);
    });
  }

  test('of a request that ran ends the session', async () => {
    const session = setUp();
    const attempt = await session.logIn(interrupted);
    const asked = gate();
    const answered = gate();
    session.control.before = async ({ name, kind }) => {
      if (name !== 'put' || kind !== 'settled-flow') return;
      asked.open();
      await answered.opened;
    };
    const scope = newScope();
    const telling = session.attempts.tell(attempt, resumed, scope);
    await asked.opened;
    assert.equal(kindOf(await session.attempts.logOut(attempt, false, newScope())), 'unknown');
    answered.open();
    assert.equal(kindOf(await telling), 'ran');
    assert.deepEqual(scope.performed, ['discardRequest', 'endSession']);
    assert.deepEqual([...session.records.keys()], [`logged-out:${attempt}`]);
  });
});

test('what cannot be performed is not told twice', async () => {
  const session = setUp();
  const attempt = await session.logIn();
  const outage = new Error('the store is gone');
  session.server.keep = () => Promise.reject(outage);
  await assert.rejects(session.attempts.tell(attempt, grantGone, newScope()), outage);
  assert.equal(kindOf(await session.attempts.tell(attempt, grantGone, newScope())), 'unknown');
});
