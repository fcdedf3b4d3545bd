import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readInstant } from '../../../src/protocols/cas/instant.ts';

const at = Date.UTC(2015, 1, 10, 14, 28, 42);

for (const [text, expected] of [
  ['2015-02-10T14:28:42Z', at],
  ['2015-02-10T15:28:42+01:00', at],
  ['2015-02-10T15:28:42+0100', at],
  ['2015-02-10T14:28:42.123456Z', at + 123],
  ['2015-02-10T14:28:42.5Z[UTC]', at + 500],
  ['2015-02-10 14:28:42+00:00', at],
  ['1635172773.733528', 1635172773733],
  ['1635172773.733', 1635172773733],
  ['1.635172773733528E9', 1635172773733],
  ['0', 0],
] as const) {
  test(`${text} is a moment`, () => assert.equal(readInstant(text), expected));
}

for (const text of [
  '',
  'yesterday',
  '2015-02-10T14:28:42',
  '2015-13-40T14:28:42Z',
  '-1',
  '1e400',
  'Infinity',
  '0x10',
]) {
  test(`"${text}" is no moment`, () => assert.equal(readInstant(text), null));
}
