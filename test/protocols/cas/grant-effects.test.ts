import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, type KeyObject, publicEncrypt, randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import type { GrantOffer, Principal } from '../../../machines/vocabulary.ts';
import { createClaim } from '../../../src/protocols/cas/grant-effects.ts';
import { createMemoryKeyv } from '../../../src/storage/memory-store.ts';
import { createProxyGrants, type ProxyGrants } from '../../../src/storage/proxy-grants.ts';
import { createStore } from '../../../src/storage/store.ts';

const IOU = 'PGTIOU-1-marker';
const PGT = 'PGT-1-marker';
const CALLBACK = 'https://portal.example.edu/sso/proxy-callback';
const expiresAt = Date.now() + 60_000;
const principal: Principal = {
  issuer: 'https://login.example.edu/cas',
  id: 'alice',
  protocol: 'cas',
  attributes: { mail: ['alice@example.edu'] },
  authenticatedAt: null,
  fromNewLogin: null,
  longTerm: null,
};
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

function sealed(key: KeyObject, text = PGT): string {
  return publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, Buffer.from(text)).toString('base64');
}

/** Claims, and what came of it: the event, the warnings, and the names that were looked for. */
async function claimed(offer: Partial<GrantOffer> | null, delivered: readonly string[] = [], key?: KeyObject) {
  const store = createStore({
    keyv: createMemoryKeyv(),
    secrets: ['a secret of the tests, long enough for everybody'],
  });
  const real = createProxyGrants({ store, clock: Date.now, random: randomBytes });
  const asked: string[] = [];
  const grants: ProxyGrants = {
    ...real,
    claim(pgtIou, waitMs) {
      asked.push(pgtIou);
      return real.claim(pgtIou, waitMs);
    },
  };
  for (const pgtIou of delivered) await grants.deliver(pgtIou, PGT);
  const warned: string[] = [];
  const warn = (message: string) => void warned.push(message);
  const claim = createClaim({ grants, privateKey: key ?? null, waitMs: 20, callbackUrl: CALLBACK, warn });
  const grantOffer = offer && { pgtIou: null, encrypted: null, ...offer };
  const event = await claim({ principal, grantOffer }, expiresAt);
  const grant = event.type === 'grant.claimed' ? await grants.find(event.grantId) : undefined;
  return { event, grant, warned, asked };
}

describe('a login claims its grant', () => {
  const kept = { pgt: PGT, principal: { issuer: principal.issuer, id: 'alice' }, expiresAt };

  test('that was delivered, and keeps of the person no more than who it is', async () => {
    const { grant, warned } = await claimed({ pgtIou: IOU }, [IOU]);
    assert.deepEqual(grant, kept);
    assert.deepEqual(warned, []);
  });

  test('that came encrypted, and looks for no delivery', async () => {
    const { grant, warned, asked } = await claimed({ encrypted: sealed(publicKey) }, [], privateKey);
    assert.deepEqual(grant, kept);
    assert.deepEqual([warned, asked], [[], []]);
  });

  test('that came encrypted, though there is the name of another one', async () => {
    const offer = { pgtIou: IOU, encrypted: sealed(publicKey, 'PGT-2-marker') };
    const { grant, asked } = await claimed(offer, [IOU], privateKey);
    assert.deepEqual([grant?.pgt, asked], ['PGT-2-marker', []]);
  });

  test('that was delivered, where the encrypted one cannot be opened', async () => {
    const { grant, warned } = await claimed({ pgtIou: IOU, encrypted: 'AAAA' }, [IOU], privateKey);
    assert.deepEqual(grant, kept);
    assert.deepEqual(warned, []);
  });

  test('under an id that says nothing of it', async () => {
    const { event } = await claimed({ pgtIou: IOU }, [IOU]);
    assert.match(event.type === 'grant.claimed' ? event.grantId : '', /^[\w-]{43}$/);
    assert.doesNotMatch(JSON.stringify(event), /marker|alice/);
  });

  test('by its own name alone', async () => {
    const { event } = await claimed({ pgtIou: IOU }, [`${IOU}-2`, IOU.toLowerCase(), `${IOU} `]);
    assert.equal(event.type, 'grant.missing');
  });
});

const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
const wrong = sealed(other.publicKey);

describe('a login without a grant tells why, once:', () => {
  for (const [why, offer, key, detail, causes] of [
    ['none was offered', null, undefined, 'not offered', [/certificate chain/, /cannot be reached/, /not registered/]],
    ['the offer is empty', {}, undefined, 'not offered', [/certificate chain/, /cannot be reached/, /not registered/]],
    [
      'it was not delivered here',
      { pgtIou: IOU },
      undefined,
      'not delivered',
      [/another application/, /another process/],
    ],
    ['no key opens it', { encrypted: wrong }, privateKey, 'not opened', [/privateKey does not open/, /registered/]],
    ['it is no grant at all', { encrypted: 'x' }, privateKey, 'not opened', [/privateKey does not open/]],
    [
      'there is no key',
      { encrypted: sealed(publicKey) },
      undefined,
      'no private key',
      [/there is no option privateKey/],
    ],
    [
      'neither the delivery nor the encrypted one is to be had',
      { pgtIou: IOU, encrypted: wrong },
      privateKey,
      'not delivered',
      [/another process/],
    ],
  ] as const) {
    test(why, async () => {
      const { event, warned } = await claimed(offer, [], key);
      assert.deepEqual(event, { type: 'grant.missing', detail });
      assert.equal(warned.length, 1);
      for (const cause of [...causes, new RegExp(`The callback is ${CALLBACK}\\.$`)]) {
        assert.match(warned[0] ?? '', cause);
      }
      assert.doesNotMatch(warned[0] ?? '', /marker|alice/);
    });
  }
});

test('a store that fails is no missing grant: the error goes on', async () => {
  const down = Object.assign(new Error('down'), { code: 'ERR_SSO_STORE' });
  for (const broken of ['claim', 'keep'] as const) {
    const grants = { claim: async () => PGT, keep: async () => 'id', [broken]: () => Promise.reject(down) };
    const claim = createClaim({
      grants: grants as unknown as ProxyGrants,
      privateKey: null,
      waitMs: 20,
      callbackUrl: CALLBACK,
      warn: () => assert.fail('no warning is due'),
    });
    await assert.rejects(claim({ principal, grantOffer: { pgtIou: IOU, encrypted: null } }, expiresAt), down);
  }
});
