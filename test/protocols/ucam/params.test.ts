import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_PARAMS_BYTES, paramsProblem, readParams, writeParams } from '../../../src/protocols/ucam/params.ts';
import { NONCE } from './support.ts';

function written(data?: string): string {
  const params = writeParams(NONCE, data);
  assert.equal(params.kind, 'params');
  return params.kind === 'params' ? params.text : '';
}

test('without data there is the nonce alone', () => {
  assert.equal(written(), NONCE);
  assert.equal(written(''), NONCE);
  assert.deepEqual(readParams(NONCE), { nonce: NONCE, data: null });
});

test('data stands behind a dot, in base64url', () => {
  assert.equal(written('a?b~ü'), `${NONCE}.YT9ifsO8`);
  assert.deepEqual(readParams(`${NONCE}.YT9ifsO8`), { nonce: NONCE, data: 'a?b~ü' });
});

test('all data that fits comes back as it was, in letters that survive every address', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200, minLength: 1 }), (data) => {
      fc.pre(paramsProblem(data) === null);
      assert.match(written(data), /^[A-Za-z0-9_.-]+$/);
      assert.deepEqual(readParams(written(data)), { nonce: NONCE, data });
    }),
  );
});

test('a mark of byte order at the beginning belongs to the data', () => {
  assert.equal(readParams(written('\ufeffx'))?.data, '\ufeffx');
});

test('the limit counts bytes, not characters', () => {
  assert.equal(paramsProblem('x'.repeat(MAX_PARAMS_BYTES)), null);
  assert.match(paramsProblem('x'.repeat(MAX_PARAMS_BYTES + 1)) ?? '', /at most 1024 bytes, got 1025/);
  assert.equal(paramsProblem('ü'.repeat(MAX_PARAMS_BYTES / 2)), null);
  assert.match(paramsProblem('ü'.repeat(MAX_PARAMS_BYTES / 2 + 1)) ?? '', /1024/);
});

test('the longest data comes back', () => {
  const data = 'x'.repeat(MAX_PARAMS_BYTES);
  assert.equal(readParams(written(data))?.data, data);
});

test('data that is too long is reported, not cut', () => {
  assert.equal(writeParams(NONCE, 'x'.repeat(MAX_PARAMS_BYTES + 1)).kind, 'problem');
});

test('half a character is reported', () => {
  assert.match(paramsProblem('a\ud83d') ?? '', /half a character/);
});

test('a nonce of another form is reported', () => {
  for (const nonce of ['', 'short', `${NONCE}x`, `${NONCE.slice(1)}.`, `${NONCE.slice(1)}+`, `${NONCE}\n`]) {
    assert.equal(writeParams(nonce).kind, 'problem', nonce);
  }
});

for (const [text, what] of [
  ['', 'nothing'],
  ['n0nce-AbC123', 'a nonce that is too short'],
  [`${NONCE}.`, 'a dot without data'],
  [`${NONCE}x`, 'a nonce that is too long'],
  [`${NONCE}.YT9ifsO8.YQ`, 'a second dot'],
  [`${NONCE}.YQ==`, 'padding'],
  [`${NONCE}.YR`, 'bits behind the last byte'],
  [`${NONCE}.a`, 'a piece that no bytes are encoded as'],
  [`${NONCE}._w`, 'bytes that are no UTF-8'],
  [`${NONCE}.a+b/`, 'ordinary base64'],
  [`${NONCE}.YQ\n`, 'a line break'],
  [`${NONCE}.${'eHh4'.repeat(400)}`, 'more than the limit'],
] as const) {
  test(`${what} is not read`, () => assert.equal(readParams(text), null));
}
