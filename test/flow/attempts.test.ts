import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_RECENT_LOGINS } from '../../machines/index.ts';
import { plainInput } from '../machines/cas-login-model.ts';
import { freshAlice, kindOf, newScope, returning, secretOf, setUp, withTicket } from './attempts-support.ts';
import { gate } from './support.ts';

const ATTEMPT_ID = /^[A-Za-z0-9_-]{22}$/;

describe('an attempt that begins', () => {
  test('gives a secret of 256 bits, and stores no word of it', async () => {
    const { begin, records } = setUp();
    const { attempt, secret } = await begin();
    assert.match(attempt, ATTEMPT_ID);
    assert.match(secret, /^[\w-]{43}$/);
    assert.equal(records.size, 1);
    assert.ok(![...records.values()].join().includes(secret));
  });

  test('is stored before anybody is told', async () => {
    const { attempts, flow, control, records } = setUp();
    const { opened, open } = gate();
    control.before = () => opened;
    let isTold = false;
    const starting = attempts.start(flow, plainInput, newScope()).then(() => {
      isTold = true;
    });
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    assert.equal(isTold, false);
    open();
    await starting;
    assert.equal(records.size, 1);
  });

  test('has an id and a secret of its own', async () => {
    const { begin } = setUp();
    const begun = await Promise.all(Array.from({ length: 20 }, () => begin()));
    assert.equal(new Set(begun.flatMap(({ attempt, secret }) => [attempt, secret])).size, 40);
  });

  test('and is over at once gives no secret and stores nothing', async () => {
    const { attempts, flow, calls } = setUp();
    const scope = newScope();
    const outcome = await attempts.start(flow, { ...plainInput, recentLogins: MAX_RECENT_LOGINS }, scope);
    assert.equal(secretOf(outcome), null);
    assert.deepEqual([scope.performed, calls], [['showFailure'], []]);
  });

  test('with the browser already back is settled at once and gives no secret', async () => {
    const { attempts, flow } = setUp();
    const scope = newScope();
    const input = { ...plainInput, unsolicitedService: 'https://portal.example.edu/return' };
    const outcome = await attempts.start(flow, input, scope, withTicket());
    assert.equal(secretOf(outcome), null);
    assert.deepEqual(scope.performed, ['validateTicket', 'admitPrincipal', 'openSession', 'resumeRequest']);
  });

  test('with the browser already back is stored under an id of its own', async () => {
    const { attempts, flow, records } = setUp();
    const input = { ...plainInput, unsolicitedService: 'https://portal.example.edu/return' };
    for (const ticket of ['ST-1', 'ST-2']) await attempts.start(flow, input, newScope(), withTicket(ticket));
    assert.equal(records.size, 2);
  });
});

describe('a browser that comes back', () => {
  test('is let through the whole login', async () => {
    const { attempts, begin, flowStore } = setUp();
    const { attempt, secret } = await begin();
    const scope = newScope();
    assert.equal(secretOf(await attempts.resume(attempt, returning(secret), scope)), null);
    assert.deepEqual(scope.performed, ['validateTicket', 'admitPrincipal', 'openSession', 'resumeRequest']);
    assert.equal((await flowStore.peek(attempt))?.snapshot.value, 'authenticated');
  });

  test('is stored before it is told', async () => {
    const { attempts, begin, control } = setUp();
    const { attempt, secret } = await begin();
    const { opened, open } = gate();
    control.before = (call) => (call.name === 'put' ? opened : Promise.resolve());
    let isTold = false;
    const resuming = attempts.resume(attempt, returning(secret), newScope()).then(() => {
      isTold = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(isTold, false);
    open();
    await resuming;
  });

  test('is asked for credentials with a new attempt and a new secret when the login is too old', async () => {
    const { attempts, begin, server } = setUp();
    const { attempt, secret } = await begin({ ...plainInput, maxAgeMs: 1000 });
    const old = { ...freshAlice, authenticatedAt: 0, fromNewLogin: false };
    server.answer = () => ({ type: 'validation.succeeded', principal: old, grantOffer: null, at: 1_700_000_030_000 });
    const scope = newScope();
    const outcome = await attempts.resume(attempt, returning(secret), scope);
    assert.ok(outcome.kind === 'ran' && outcome.secret !== null && outcome.secret !== secret);
    assert.match(scope.attempt, ATTEMPT_ID);
    assert.notEqual(scope.attempt, attempt);
    assert.equal(kindOf(await attempts.resume(attempt, returning(undefined), newScope())), 'unknown');
    assert.equal(kindOf(await attempts.resume(scope.attempt, returning(secret), newScope())), 'foreign');
    assert.equal(kindOf(await attempts.resume(scope.attempt, returning(outcome.secret), newScope())), 'ran');
  });

  for (const [name, secret] of [
    ['with the wrong secret', 'A'.repeat(43)],
    ['with an empty secret', ''],
    ['without a secret', undefined],
  ] as const) {
    test(`${name} is foreign, and the record is untouched`, async () => {
      const { attempts, begin, records, server, writes } = setUp();
      const { attempt, secret: right } = await begin();
      const before = new Map(records);
      const written = writes().length;
      const scope = newScope();
      assert.equal(kindOf(await attempts.resume(attempt, returning(secret), scope)), 'foreign');
      assert.deepEqual([records, writes().length, scope.performed], [before, written, []]);
      assert.deepEqual(server.validated, []);
      assert.equal(kindOf(await attempts.resume(attempt, returning(right), newScope())), 'ran');
    });
  }

  test('with an event that is impossible leaves the record untouched', async () => {
    const { attempts, begin, writes } = setUp();
    const { attempt, secret } = await begin();
    const written = writes().length;
    const events = ['session.opened', 'principal.admitted', 'xstate.stop', 'nonsense'].map((type) => ({ type }));
    for (const event of events) {
      assert.equal(kindOf(await attempts.resume(attempt, returning(secret, event), newScope())), 'impossible');
    }
    assert.equal(writes().length, written);
    assert.equal(kindOf(await attempts.resume(attempt, returning(secret), newScope())), 'ran');
  });

  test('from another login option finds no attempt, and the record is untouched', async () => {
    const { attempts, begin, server, writes } = setUp();
    const { attempt, secret } = await begin();
    const written = writes().length;
    const outcome = await attempts.resume(attempt, returning(secret, withTicket(), { flowName: 'raven' }), newScope());
    assert.equal(kindOf(outcome), 'otherWay');
    assert.deepEqual([writes().length, server.validated], [written, []]);
    assert.equal(kindOf(await attempts.resume(attempt, returning(secret), newScope())), 'ran');
  });

  test('with an id that none of ours looks like costs no look into the store', async () => {
    const { attempts, calls } = setUp();
    for (const id of ['', 'short', 'A'.repeat(23), '../../../etc/passwd/..', `${'A'.repeat(21)}/`, 'é'.repeat(22)]) {
      assert.equal(kindOf(await attempts.resume(id, returning('secret'), newScope())), 'unknown');
    }
    assert.deepEqual(calls, []);
  });

  test('to an attempt that nobody began finds none', async () => {
    const { attempts } = setUp();
    assert.equal(kindOf(await attempts.resume('A'.repeat(22), returning(undefined), newScope())), 'unknown');
  });

  test('after the login failed finds no attempt', async () => {
    const { attempts, begin, records, server } = setUp();
    const { attempt, secret } = await begin();
    server.answer = () => ({ type: 'validation.timedOut' });
    assert.equal(kindOf(await attempts.resume(attempt, returning(secret), newScope())), 'ran');
    assert.equal(records.size, 0);
    assert.equal(kindOf(await attempts.resume(attempt, returning(secret), newScope())), 'unknown');
    assert.deepEqual(server.validated, ['ST-1']);
  });

  test('to a login whose performer throws cannot use the ticket again', async () => {
    const { attempts, begin, server } = setUp();
    const { attempt, secret } = await begin();
    const outage = new Error('the store is gone');
    server.answer = () => Promise.reject(outage);
    await assert.rejects(attempts.resume(attempt, returning(secret), newScope()), outage);
    assert.equal(kindOf(await attempts.resume(attempt, returning(undefined), newScope())), 'unknown');
    assert.deepEqual(server.validated, ['ST-1']);
  });
});
