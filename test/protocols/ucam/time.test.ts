import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatTime, parseTime } from '../../../src/protocols/ucam/time.ts';

for (const [text, at] of [
  ['20260115T120000Z', Date.UTC(2026, 0, 15, 12)],
  ['20240229T235959Z', Date.UTC(2024, 1, 29, 23, 59, 59)],
  ['19700101T000000Z', 0],
  ['99991231T235959Z', Date.UTC(9999, 11, 31, 23, 59, 59)],
] as const) {
  test(`${text} is a time`, () => assert.equal(parseTime(text), at));
}

for (const text of [
  '',
  '20260115T120000',
  '20260115T120000z',
  '20260115t120000Z',
  '2026-01-15T12:00:00Z',
  '20260115T120000+0000',
  '20260115T120000.5Z',
  '2026115T120000Z',
  '20260115T12000Z',
  ' 20260115T120000Z',
  '20260115T120000Z\n',
  '２０260115T120000Z',
  '20260015T120000Z',
  '20261315T120000Z',
  '20260100T120000Z',
  '20260230T120000Z',
  '20250229T120000Z',
  '20260431T120000Z',
  '20260115T240000Z',
  '20260115T126000Z',
  '20260115T120060Z',
  '00000115T120000Z',
  '00990115T120000Z',
]) {
  test(`"${text}" is no time`, () => assert.equal(parseTime(text), null));
}

test('every second of a thousand years is written so that it is read again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 32_503_680_000 }), (second) => {
      assert.equal(parseTime(formatTime(second * 1000)), second * 1000);
    }),
  );
});

test('every text of digits is either no time or written as it was read', () => {
  const digits = fc.array(fc.nat(9), { minLength: 14, maxLength: 14 }).map((all) => all.join(''));
  fc.assert(
    fc.property(digits, (text) => {
      const time = `${text.slice(0, 8)}T${text.slice(8)}Z`;
      const at = parseTime(time);
      assert.ok(at === null || formatTime(at) === time, time);
    }),
    { numRuns: 2000 },
  );
});

test('a fraction of a second is cut off', () => assert.equal(formatTime(999), '19700101T000000Z'));

test('what no four-digit year holds is not written', () => {
  for (const at of [Number.NaN, Infinity, -Infinity, 8.64e15, -8.64e15]) assert.equal(formatTime(at), '');
});
