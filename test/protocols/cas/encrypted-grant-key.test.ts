import assert from 'node:assert/strict';
import {
  constants,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { describe, test } from 'node:test';
import { openEncryptedGrant } from '../../../src/protocols/cas/encrypted-grant.ts';

const PGT = 'PGT-1-ixcY6jtRXZ4OrJ39SadtLEcTLsGNhE8-NYtvDTK3kk5iAEdatRcnGrGjLckOwK8xU6-cas.test';
const BLOCK = 128;
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: BLOCK * 8 });

function sealed(text: string, padding = constants.RSA_PKCS1_PADDING): string {
  return publicEncrypt({ key: publicKey, padding }, Buffer.from(text)).toString('base64');
}

/** A block of our own making, encrypted without a look at its padding. */
function sealedBlock(...parts: readonly (readonly number[] | string)[]): string {
  const block = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  assert.equal(block.length, BLOCK);
  return publicEncrypt({ key: publicKey, padding: constants.RSA_NO_PADDING }, block).toString('base64');
}

function filler(length: number): number[] {
  return Array.from(randomBytes(length), (byte) => byte || 1);
}

describe('an encrypted PGT', () => {
  test('is opened', () => {
    assert.equal(openEncryptedGrant(sealed(PGT), privateKey), PGT);
  });

  test('may be an old TGT', () => {
    assert.equal(openEncryptedGrant(sealed('TGT-4844-9.a_b=c~d-50'), privateKey), 'TGT-4844-9.a_b=c~d-50');
  });

  test('is opened with a key of an odd length', () => {
    const odd = generateKeyPairSync('rsa', { modulusLength: 1030 });
    const text = publicEncrypt({ key: odd.publicKey, padding: constants.RSA_PKCS1_PADDING }, Buffer.from(PGT));
    assert.equal(openEncryptedGrant(text.toString('base64'), odd.privateKey), PGT);
  });

  test('stays shut to the key of another service', () => {
    const other = generateKeyPairSync('rsa', { modulusLength: BLOCK * 8 });
    assert.equal(openEncryptedGrant(sealed(PGT), other.privateKey), null);
  });

  test('must be a ticket: an IOU, another text, markup and a control character are not', () => {
    for (const text of [
      '',
      'alice',
      'PGTIOU-1-a',
      'ST-1-a',
      'PGT-',
      ' PGT-1',
      'PGT-1\n',
      'PGT-<b>',
      'PGT-1\0',
      'PGT-é',
      'pgt-1',
    ]) {
      assert.equal(openEncryptedGrant(sealed(text), privateKey), null, JSON.stringify(text));
    }
  });

  test('is not taken with another padding', () => {
    assert.equal(openEncryptedGrant(sealed('PGT-1-a', constants.RSA_PKCS1_OAEP_PADDING), privateKey), null);
  });
});

describe('the padding of an encrypted PGT', () => {
  const ticket = 'PGT-1-a';
  const rest = BLOCK - 3 - ticket.length;

  test('is as PKCS#1 v1.5 has it', () => {
    assert.equal(openEncryptedGrant(sealedBlock([0, 2], filler(rest), [0], ticket), privateKey), ticket);
  });

  test('begins with 0', () => {
    // Any number above the modulus is refused before; this one is below it for every key.
    assert.equal(openEncryptedGrant(sealedBlock([1, 2], filler(rest), [0], ticket), privateKey), null);
  });

  test('goes on with 2', () => {
    for (const type of [0, 1, 3, 0x82]) {
      assert.equal(openEncryptedGrant(sealedBlock([0, type], filler(rest), [0], ticket), privateKey), null);
    }
  });

  test('is at least eight bytes long', () => {
    for (const [length, expected] of [
      [7, null],
      [8, `PGT-${'a'.repeat(BLOCK - 15)}`],
    ] as const) {
      const long = `PGT-${'a'.repeat(BLOCK - 3 - length - 4)}`;
      assert.equal(openEncryptedGrant(sealedBlock([0, 2], filler(length), [0], long), privateKey), expected);
    }
  });

  test('ends at the first 0, not at a later one', () => {
    for (const first of [11, 48, 119]) {
      const text = sealedBlock([0, 2], filler(first - 2), [0], filler(119 - first), [0], ticket);
      assert.equal(openEncryptedGrant(text, privateKey), null, `${first}`);
    }
  });

  test('has an end', () => {
    assert.equal(openEncryptedGrant(sealedBlock([0, 2], filler(rest + 1), ticket), privateKey), null);
  });

  test('counts every byte that is not 0 as filling', () => {
    for (const byte of [1, 0x7f, 0x80, 0xff]) {
      const text = sealedBlock([0, 2], new Array<number>(rest).fill(byte), [0], ticket);
      assert.equal(openEncryptedGrant(text, privateKey), ticket);
    }
  });
});

describe('a text that holds no encrypted PGT', () => {
  test('is refused if it is base64 in another spelling', () => {
    const text = sealed(PGT);
    const url = Buffer.from(text, 'base64').toString('base64url');
    for (const spelt of [
      `${text}\n`,
      ` ${text}`,
      text.replace('=', ''),
      `${text}=`,
      `${text.slice(0, 64)}\n${text.slice(64)}`,
      url,
    ]) {
      assert.equal(openEncryptedGrant(spelt, privateKey), null);
    }
  });

  test('is refused if it is shorter or longer than the key, or above its modulus', () => {
    for (const bytes of [0, 1, BLOCK - 1, BLOCK + 1, BLOCK * 2]) {
      assert.equal(openEncryptedGrant(Buffer.alloc(bytes, 1).toString('base64'), privateKey), null);
    }
    assert.equal(openEncryptedGrant(Buffer.alloc(BLOCK, 0xff).toString('base64'), privateKey), null);
    assert.equal(openEncryptedGrant(Buffer.alloc(BLOCK).toString('base64'), privateKey), null);
  });

  test('is refused if a 0 at its beginning was left out, so that a ticket has one text only', () => {
    let text = sealed(PGT);
    while (Buffer.from(text, 'base64')[0] !== 0) text = sealed(PGT);
    assert.equal(openEncryptedGrant(text, privateKey), PGT);
    assert.equal(openEncryptedGrant(Buffer.from(text, 'base64').subarray(1).toString('base64'), privateKey), null);
  });
});

test('a key that cannot decrypt opens nothing and throws nothing', () => {
  const keys: KeyObject[] = [
    publicKey,
    createSecretKey(Buffer.alloc(BLOCK)),
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
    generateKeyPairSync('rsa-pss', { modulusLength: BLOCK * 8 }).privateKey,
  ];
  for (const key of keys) assert.equal(openEncryptedGrant(sealed(PGT), key), null);
});
