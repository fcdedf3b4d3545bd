import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { newScope, returning, setUp } from './attempts-support.ts';

const WRONG = 'A'.repeat(43);

describe('a look at an attempt', () => {
  test('that waits is for the browser with its secret alone', async () => {
    const { attempts, begin } = setUp();
    const { attempt, secret } = await begin();
    const look = async (shown: string | undefined) =>
      (await attempts.look(attempt, { flowName: 'cas', secret: shown, owns: () => true })).kind;
    assert.deepEqual([await look(secret), await look(WRONG), await look(undefined)], ['waiting', 'foreign', 'foreign']);
  });

  test('that is settled is for its person as well', async () => {
    const { attempts, begin } = setUp();
    const { attempt, secret } = await begin();
    await attempts.resume(attempt, returning(secret), newScope());
    const look = async (shown: string | undefined, isOwner: boolean) =>
      (await attempts.look(attempt, { flowName: 'cas', secret: shown, owns: () => isOwner })).kind;
    assert.deepEqual(
      [await look(secret, false), await look(undefined, true), await look(WRONG, false), await look(undefined, false)],
      ['settled', 'settled', 'foreign', 'foreign'],
    );
  });

  test('by another way to log in finds none', async () => {
    const { attempts, begin } = setUp();
    const { attempt, secret } = await begin();
    assert.equal((await attempts.look(attempt, { flowName: 'ucam', secret })).kind, 'unknown');
  });

  test('by an id that none of ours looks like costs no look into the store', async () => {
    const { attempts, calls } = setUp();
    assert.equal((await attempts.look('../secrets', { flowName: 'cas', secret: undefined })).kind, 'unknown');
    assert.deepEqual(calls, []);
  });
});
