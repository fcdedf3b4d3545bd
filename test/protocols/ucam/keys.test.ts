import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { readKey } from '../../../src/protocols/ucam/keys.ts';
import {
  DEMO_SPKI,
  type KeyPolicy,
  RAVEN_SPKI,
  RAVEN_TEST_SPKI,
  signerProblem,
} from '../../../src/protocols/ucam/signers.ts';

const { keys: fixtures } = JSON.parse(readFileSync(new URL('../../fixtures/ucam.json', import.meta.url), 'utf8')) as {
  readonly keys: Readonly<Record<string, string>>;
};
const demo = fixtures['901'] ?? '';

const ANY: KeyPolicy = { signers: null, allowDemoKey: false };
const TEST: KeyPolicy = { signers: null, allowDemoKey: true };

const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength });
const { publicKey, privateKey } = rsa(1024);
const pem = (key: KeyObject, type: 'spki' | 'pkcs1') => key.export({ type, format: 'pem' }).toString();

function problemOf(text: string, kid = '7', policy = ANY): string {
  const reading = readKey(kid, text, policy);
  return reading.kind === 'problem' ? reading.problem : 'no problem';
}

function spkiOf(text: string, kid = '7', policy = ANY): string {
  const reading = readKey(kid, text, policy);
  return reading.kind === 'key' ? reading.key.spki : reading.problem;
}

test('a key is the same in each of its forms', () => {
  const [pkcs1, spki] = [pem(publicKey, 'pkcs1'), pem(publicKey, 'spki')];
  assert.match(spkiOf(pkcs1), /^[A-Za-z0-9+/]{43}=$/);
  assert.equal(spkiOf(pkcs1), spkiOf(spki));
});

test('a certificate is taken though it expired in 2005, is signed with MD5 and has the serial number 0', () => {
  assert.equal(spkiOf(demo, '901', TEST), DEMO_SPKI);
});

test('text around the block, and line breaks of another system, do not matter', () => {
  const text = `\ufeffSubject: CN=x\n${pem(publicKey, 'pkcs1')}\n\nthe end\n`;
  assert.equal(spkiOf(text.replaceAll('\n', '\r\n')), spkiOf(pem(publicKey, 'pkcs1')));
});

for (const kid of ['', '0', '07', '9_1', '123456789', 'a', '2.0', '__proto__', '２']) {
  test(`"${kid}" is refused as a kid`, () =>
    assert.match(problemOf(pem(publicKey, 'spki'), kid), /kid of one to eight/));
}

for (const [what, text, expected] of [
  ['nothing', '', /no PEM block/],
  ['a path', '/etc/raven/pubkey2', /no PEM block/],
  ['a block without its end', pem(publicKey, 'spki').slice(0, -10), /no PEM block/],
  ['a block of nonsense', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', /cannot be read/],
  ['a block on one line', pem(publicKey, 'spki').replaceAll('\n', '\\n'), /line breaks/],
  ['two keys', pem(publicKey, 'spki') + pem(rsa(1024).publicKey, 'spki'), /several/],
  ['a private key', pem(privateKey, 'pkcs1'), /private key/],
  ['a private key behind a public one', pem(publicKey, 'spki') + pem(privateKey, 'pkcs1'), /several/],
  [
    'a request for a certificate',
    '-----BEGIN CERTIFICATE REQUEST-----\nA\n-----END CERTIFICATE REQUEST-----',
    /expected an RSA/,
  ],
  ['an elliptic key', pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey, 'spki'), /expected an RSA key/],
  [
    'a key for PSS only',
    pem(generateKeyPairSync('rsa-pss', { modulusLength: 1024 }).publicKey, 'spki'),
    /expected an RSA key/,
  ],
  ['a key of 1023 bit', pem(rsa(1023).publicKey, 'spki'), /1024 bit/],
] as const) {
  test(`${what} is refused, and the message says why`, () => assert.match(problemOf(text), expected));
}

test('a key with the exponent 1, with which every text is signed, is refused', () => {
  const { n = '' } = publicKey.export({ format: 'jwk' });
  const length = (bytes: Buffer) => Buffer.from(bytes.length < 128 ? [bytes.length] : [0x81, bytes.length]);
  const modulus = Buffer.concat([Buffer.from([0]), Buffer.from(n, 'base64url')]);
  const body = Buffer.concat([Buffer.from([2]), length(modulus), modulus, Buffer.from([2, 1, 1])]);
  const der = Buffer.concat([Buffer.from([0x30]), length(body), body]);
  const text = `-----BEGIN RSA PUBLIC KEY-----\n${der.toString('base64')}\n-----END RSA PUBLIC KEY-----\n`;
  assert.match(problemOf(text), /exponent/);
});

describe('which key may be filed', () => {
  const raven: KeyPolicy = { signers: [{ kid: '2', spki: RAVEN_SPKI }], allowDemoKey: false };

  test('is not the demonstration key, whatever kid it is filed under and for whichever server', () => {
    for (const kid of ['901', '2', '7']) {
      for (const policy of [ANY, raven]) assert.match(problemOf(demo, kid, policy), /private half is public/);
    }
  });

  test('is the demonstration key in a test, but only under its own kid', () => {
    assert.equal(problemOf(demo, '901', TEST), 'no problem');
    assert.match(problemOf(demo, '2', TEST), /signs as 901/);
  });

  test("is not Raven's key under the kid of the demonstration key, as an example elsewhere has it", () => {
    for (const policy of [ANY, TEST, raven]) {
      assert.match(
        signerProblem('901', RAVEN_SPKI, policy) ?? '',
        /key of Raven, which signs as 2.*django-ucamwebauth/,
      );
    }
    assert.match(signerProblem('2', RAVEN_TEST_SPKI, ANY) ?? '', /signs as 900/);
  });

  test('is not another key under the kid of a known one', () => {
    assert.match(problemOf(pem(publicKey, 'spki'), '2', raven), /not the key that this login server signs with/);
    assert.equal(problemOf(pem(publicKey, 'spki'), '2', ANY), 'no problem');
  });

  test('is not one under a kid that the server does not sign with', () => {
    assert.match(problemOf(pem(publicKey, 'spki'), '3', raven), /signs with kid 2 only/);
  });

  test('is the known key under its kid', () => assert.equal(signerProblem('2', RAVEN_SPKI, raven), null));

  test('goes by the fingerprint alone where the kid is not known, and by the kid where the fingerprint is not', () => {
    const mine = spkiOf(pem(publicKey, 'spki'));
    const byKey: KeyPolicy = { signers: [{ kid: null, spki: mine }], allowDemoKey: false };
    assert.equal(problemOf(pem(publicKey, 'spki'), '41', byKey), 'no problem');
    assert.match(problemOf(pem(rsa(1024).publicKey, 'spki'), '41', byKey), /not the key/);
    const byKid: KeyPolicy = { signers: [{ kid: '500', spki: null }], allowDemoKey: false };
    assert.equal(problemOf(pem(publicKey, 'spki'), '500', byKid), 'no problem');
    assert.match(problemOf(pem(publicKey, 'spki'), '501', byKid), /signs with kid 500 only/);
  });
});
