import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { plainInput } from '../machines/cas-login-model.ts';
import { freshAlice, kindOf, newScope, returning, setUp, withTicket } from './attempts-support.ts';
import { gate } from './support.ts';

describe('a browser that comes back more than once', () => {
  test('has its ticket validated once, whichever of 20 requests is first, and each gets the page', async () => {
    const { attempts, begin, server } = setUp();
    const { attempt, secret } = await begin();
    const scopes = Array.from({ length: 20 }, newScope);
    const outcomes = await Promise.all(scopes.map((scope) => attempts.resume(attempt, returning(secret), scope)));
    assert.deepEqual(new Set(outcomes.map(kindOf)), new Set(['ran']));
    assert.deepEqual(new Set(scopes.map(({ page }) => page)), new Set(['/report']));
    assert.deepEqual(server.validated, ['ST-1']);
    assert.equal(scopes.filter(({ performed }) => performed.includes('openSession')).length, 1);
  });

  test('has its ticket validated once by two processes, and each gets the page', async () => {
    const { attempts, begin, process, server } = setUp();
    const elsewhere = process().attempts;
    const { attempt, secret } = await begin();
    const scopes = Array.from({ length: 20 }, newScope);
    const outcomes = await Promise.all(
      scopes.map((scope, n) => (n % 2 === 0 ? attempts : elsewhere).resume(attempt, returning(secret), scope)),
    );
    assert.deepEqual(new Set(outcomes.map(kindOf)), new Set(['ran']));
    assert.deepEqual(new Set(scopes.map(({ page }) => page)), new Set(['/report']));
    assert.deepEqual(server.validated, ['ST-1']);
  });

  for (const where of ['the same', 'another'] as const) {
    test(`waits in ${where} process for the first click and gets the page`, async () => {
      const { attempts, begin, process, server } = setUp();
      const second = where === 'the same' ? attempts : process().attempts;
      const { attempt, secret } = await begin();
      const asked = gate();
      const answered = gate();
      server.answer = async () => {
        asked.open();
        await answered.opened;
        return { type: 'validation.succeeded', principal: freshAlice, grantOffer: null, at: 1_700_000_030_000 };
      };
      const first = attempts.resume(attempt, returning(secret), newScope());
      await asked.opened;
      const scope = newScope();
      const later = second.resume(attempt, returning(secret), scope);
      assert.equal(
        await Promise.race([later, new Promise((resolve) => setTimeout(resolve, 20, 'waiting'))]),
        'waiting',
      );
      answered.open();
      assert.deepEqual((await Promise.all([first, later])).map(kindOf), ['ran', 'ran']);
      assert.deepEqual([scope.page, scope.performed], ['/report', ['resumeRequest']]);
      assert.deepEqual(server.validated, ['ST-1']);
    });
  }

  for (const where of ['the same', 'another'] as const) {
    test(`looks in ${where} process for what becomes of its first click, and waits to see it`, async () => {
      const { attempts, begin, process, server } = setUp();
      const second = where === 'the same' ? attempts : process().attempts;
      const { attempt, secret } = await begin();
      const asked = gate();
      const answered = gate();
      server.answer = async () => {
        asked.open();
        await answered.opened;
        return { type: 'validation.succeeded', principal: freshAlice, grantOffer: null, at: 1_700_000_030_000 };
      };
      const first = attempts.resume(attempt, returning(secret), newScope());
      await asked.opened;
      const looking = second.look(attempt, { flowName: 'cas', secret });
      assert.equal(
        await Promise.race([looking, new Promise((resolve) => setTimeout(resolve, 20, 'waiting'))]),
        'waiting',
      );
      answered.open();
      await first;
      assert.equal((await looking).kind, 'settled');
    });
  }

  test('does not look for long without a secret: the attempt is unknown while it is worked on', async () => {
    const { attempts, begin, server } = setUp();
    const { attempt, secret } = await begin();
    const asked = gate();
    const answered = gate();
    server.answer = async () => {
      asked.open();
      await answered.opened;
      return { type: 'validation.timedOut' };
    };
    const first = attempts.resume(attempt, returning(secret), newScope());
    await asked.opened;
    assert.equal((await attempts.look(attempt, { flowName: 'cas', secret: undefined })).kind, 'unknown');
    answered.open();
    await first;
  });

  for (const [who, showing] of [
    ['the browser that still has its secret', (secret: string) => ({ secret, isOwner: false })],
    ['the person who is signed in by it', () => ({ secret: undefined, isOwner: true })],
  ] as const) {
    test(`shows ${who} the page again, and nothing is written or validated for that`, async () => {
      const { attempts, begin, server, writes } = setUp();
      const begun = await begin();
      await attempts.resume(begun.attempt, returning(begun.secret), newScope());
      const written = writes().length;
      const { secret, isOwner } = showing(begun.secret);
      for (const event of [withTicket('ST-2'), { type: 'return.withoutTicket' }]) {
        const scope = newScope();
        assert.equal(kindOf(await attempts.resume(begun.attempt, returning(secret, event, { isOwner }), scope)), 'ran');
        assert.deepEqual([scope.page, scope.performed], ['/report', ['resumeRequest']]);
      }
      assert.equal(writes().length, written);
      assert.deepEqual(server.validated, ['ST-1']);
    });
  }

  test('is foreign to a settled login without its secret and without being its person', async () => {
    const { attempts, begin } = setUp();
    const { attempt, secret } = await begin();
    await attempts.resume(attempt, returning(secret), newScope());
    for (const shown of [undefined, 'A'.repeat(43)]) {
      const scope = newScope();
      assert.equal(kindOf(await attempts.resume(attempt, returning(shown), scope)), 'foreign');
      assert.deepEqual([scope.page, scope.performed], [null, []]);
    }
  });

  test('is foreign to a login that waits, even if the person in it is somebody whom this browser knows', async () => {
    const { attempts, begin, server } = setUp();
    const { attempt } = await begin();
    const outcome = await attempts.resume(attempt, returning(undefined, withTicket(), { isOwner: true }), newScope());
    assert.deepEqual([kindOf(outcome), server.validated], ['foreign', []]);
  });

  test('has two attempts that do not touch each other', async () => {
    const { attempts, begin, flowStore } = setUp();
    const one = await begin({ ...plainInput, returnTo: '/one' });
    const two = await begin({ ...plainInput, returnTo: '/two' });
    const scope = newScope();
    assert.equal(kindOf(await attempts.resume(one.attempt, returning(two.secret), newScope())), 'foreign');
    await attempts.resume(two.attempt, returning(two.secret, withTicket('ST-2')), scope);
    assert.equal(scope.page, '/two');
    assert.equal((await flowStore.peek(one.attempt))?.snapshot.value, 'awaitingReturn');
  });
});
