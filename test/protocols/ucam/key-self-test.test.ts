import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signatureSelfTest } from '../../../src/protocols/ucam/key-self-test.ts';

test('this system checks a genuine reply of Raven', () => assert.equal(signatureSelfTest(), null));

test('a genuine reply and a forged one are both put to the check', () => {
  const texts: string[] = [];
  signatureSelfTest((text) => texts.push(text) === 1);
  assert.equal(texts.length, 2);
  assert.match(texts[0] ?? '', /!test0001!/);
  assert.equal(texts[1], texts[0]?.replace('test0001', 'test0002'));
});

test('a system whose policy forbids SHA-1 is explained, with what OpenSSL says', () => {
  const forbidden = Object.assign(new Error('error:03000098:digital envelope routines::invalid digest'), {
    code: 'ERR_OSSL_EVP_INVALID_DIGEST',
  });
  const problem = signatureSelfTest(() => {
    throw forbidden;
  });
  assert.match(problem ?? '', /nobody could log in.*SHA-1.*policy.*crypto-policies/);
  assert.match(problem ?? '', /ERR_OSSL_EVP_INVALID_DIGEST/);
});

test('a system on which no signature holds is explained as well', () => {
  assert.match(signatureSelfTest(() => false) ?? '', /nobody could log in/);
});

test('a system on which every signature holds does not start', () => {
  assert.match(signatureSelfTest(() => true) ?? '', /forged signature/);
});
