import assert from 'node:assert/strict';
import { test } from 'node:test';
import { count, duration, meaningOf } from '../../src/viewer/words.ts';

for (const [ms, words] of [
  [-3, '0 ms'],
  [999, '999 ms'],
  [1000, '1.0 s'],
  [59_949, '59.9 s'],
  [59_950, '1 min 0 s'],
  [184_000, '3 min 4 s'],
  [3_599_999, '1 h 0 min'],
  [7_500_000, '2 h 5 min'],
] as const) {
  test(`${ms} milliseconds are ${words}`, () => {
    assert.equal(duration(ms), words);
  });
}

test('one of a thing is not many', () => {
  assert.deepEqual([count(0, 'step'), count(1, 'step'), count(2, 'step')], ['0 steps', '1 step', '2 steps']);
});

test('a code that an application made up has no meaning here, whatever it is called', () => {
  assert.equal(meaningOf('ERR_MINE'), null);
  assert.equal(meaningOf('constructor'), null);
  assert.match(meaningOf('ERR_SSO_CANCELLED') ?? '', /cancelled/);
});
