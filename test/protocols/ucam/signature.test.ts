import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { createVerifier, signatureHolds } from '../../../src/protocols/ucam/signature.ts';
import { find, judge, keys, replyOf, wlsBase64 } from './support.ts';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const verifier = createVerifier(publicKey);
const signed = (text: string) => wlsBase64(sign('RSA-SHA1', Buffer.from(text), privateKey));

test('a signature holds for its text, which is signed as UTF-8', () => {
  for (const text of ['', 'a', 'naïve 日本 😀', '\u0000']) assert.ok(verifier(text, signed(text)), text);
});

test('a signature does not hold for another text', () => {
  assert.ok(!verifier('b', signed('a')));
  assert.ok(!verifier('a ', signed('a')));
});

test('a signature with another padding, digest or key does not hold', () => {
  const pss = sign('RSA-SHA1', Buffer.from('a'), { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING });
  const sha256 = sign('RSA-SHA256', Buffer.from('a'), privateKey);
  const another = keys.get('7')?.privateKey;
  assert.ok(another !== undefined);
  for (const bytes of [pss, sha256, sign('RSA-SHA1', Buffer.from('a'), another)]) {
    assert.equal(verifier('a', wlsBase64(bytes)), false);
  }
});

test('what cannot be a signature does not hold, and does not throw', () => {
  for (const text of ['', 'A', 'AAAA', '____', signed('a').slice(4), '\ud800']) {
    assert.equal(verifier('a', text), false);
  }
});

test('a key that OpenSSL cannot verify with holds for nothing', () => {
  const { publicKey: key } = generateKeyPairSync('x25519');
  assert.equal(signatureHolds(key, Buffer.from('a'), signed('a')), false);
});

test('any bytes can be checked, also such as are no text', () => {
  const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x80]);
  assert.ok(signatureHolds(publicKey, bytes, wlsBase64(sign('RSA-SHA1', bytes, privateKey))));
});

test('a signature is taken by its letters alone: every other text decodes to something else or is refused', () => {
  const reply = replyOf();
  const start = reply.lastIndexOf('!') + 1;
  const known = find('7');
  fc.assert(
    fc.property(
      fc.integer({ min: start, max: reply.length - 1 }),
      fc.string({ minLength: 1, maxLength: 1 }),
      (at, other) => {
        fc.pre(reply[at] !== other);
        const changed = reply.slice(0, at) + other + reply.slice(at + 1);
        assert.equal(judge(changed).kind, 'rejected');
      },
    ),
  );
  assert.ok(known?.(reply.slice(0, start - 3), reply.slice(start)));
});
