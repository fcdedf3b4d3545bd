import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, privateDecrypt } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { XMLParser } from 'fast-xml-parser';
import { type FakeCas, type FakeCasFault, startFakeCas } from '../../src/testing/index.ts';
import { type CallbackServer, startCallback } from './callback-server.ts';
import { send } from './http-client.ts';

const service = 'http://localhost:3000/app';
const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
let cas: FakeCas;
let callback: CallbackServer;

before(async () => {
  cas = await startFakeCas();
});
after(() => cas.close());
beforeEach(async () => {
  callback = await startCallback();
});
afterEach(async () => {
  cas.behave();
  cas.expireGrants();
  await callback.close();
});

function ask(more: Record<string, string> = {}, endpoint = '/p3/serviceValidate') {
  const ticket = cas.issueTicket('alice', service);
  const pgtUrl = `http://localhost:${callback.port}/cb`;
  return send(`${cas.url}${endpoint}?${new URLSearchParams({ service, ticket, pgtUrl, ...more })}`);
}

async function misbehaving(fault: FakeCasFault, endpoint?: string) {
  cas.misbehave(fault);
  const { body } = await ask({}, endpoint);
  return new XMLParser({ removeNSPrefix: true }).parse(body).serviceResponse.authenticationSuccess;
}

async function isGood(pgt: string | null | undefined): Promise<boolean> {
  const parameters = new URLSearchParams({ pgt: pgt ?? '', targetService: service });
  return (await send(`${cas.url}/proxy?${parameters}`)).body.includes('proxySuccess');
}

/** Node takes PKCS#1 v1.5 padding off no more. */
function decrypt(encrypted: string): string {
  const key = { key: privateKey, padding: constants.RSA_NO_PADDING };
  const padded = privateDecrypt(key, Buffer.from(encrypted, 'base64'));
  assert.deepEqual([...padded.subarray(0, 2)], [0, 2]);
  return padded.subarray(padded.indexOf(0, 2) + 1).toString();
}

describe('fault of the callback', () => {
  test('late-callback: the IOU is answered before it is delivered', async () => {
    const { proxyGrantingTicket } = await misbehaving({ kind: 'late-callback', ms: 20 });
    assert.match(proxyGrantingTicket, /^PGTIOU-/);
    assert.equal(callback.calls.length, 0);
    while (callback.calls.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(callback.calls[1]?.pgtIou, proxyGrantingTicket);
    assert.equal(await isGood(callback.calls[1]?.pgtId), true);
  });

  test('late-callback: never comes after close', async () => {
    const other = await startFakeCas();
    other.misbehave({ kind: 'late-callback', ms: 10 });
    const pgtUrl = `http://localhost:${callback.port}/cb`;
    const ticket = other.issueTicket('alice', service);
    await send(`${other.url}/serviceValidate?${new URLSearchParams({ service, ticket, pgtUrl })}`);
    await other.close();
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(callback.calls.length, 0);
  });

  test('no-callback: the IOU is answered and never delivered', async () => {
    const seen = cas.counts.callback;
    assert.match((await misbehaving('no-callback')).proxyGrantingTicket, /^PGTIOU-/);
    assert.equal(callback.calls.length, 0);
    assert.equal(cas.counts.callback, seen);
  });

  test('double-callback: the second PGT for the IOU is good for nothing', async () => {
    const { proxyGrantingTicket } = await misbehaving('double-callback');
    const [, first, second, ...more] = callback.calls;
    assert.deepEqual(more, []);
    assert.deepEqual([first?.pgtIou, second?.pgtIou], [proxyGrantingTicket, proxyGrantingTicket]);
    assert.deepEqual([await isGood(first?.pgtId), await isGood(second?.pgtId)], [true, false]);
  });

  test('double-callback: a client may refuse the second', async () => {
    await callback.close();
    callback = await startCallback(() => (callback.calls.length > 2 ? 409 : 200));
    assert.match((await misbehaving('double-callback')).proxyGrantingTicket, /^PGTIOU-/);
  });

  test('encrypted-grant: the PGT is an attribute that the key opens', async () => {
    const fault = { kind: 'encrypted-grant', publicKey } as const;
    const { attributes, proxyGrantingTicket } = await misbehaving(fault);
    assert.equal(proxyGrantingTicket, undefined);
    assert.equal(attributes.displayName, 'Alice Liddell');
    assert.equal(await isGood(decrypt(attributes.proxyGrantingTicket)), true);
    assert.equal(callback.calls.length, 0);
  });

  test('encrypted-grant: in JSON an array, in CAS 2 the only attribute', async () => {
    cas.misbehave({ kind: 'encrypted-grant', publicKey });
    const { body } = await ask({ format: 'JSON' });
    const [encrypted] = JSON.parse(body).serviceResponse.authenticationSuccess.attributes.proxyGrantingTicket;
    assert.equal(await isGood(decrypt(encrypted)), true);
    const { attributes } = await misbehaving({ kind: 'encrypted-grant', publicKey }, '/serviceValidate');
    assert.deepEqual(Object.keys(attributes), ['proxyGrantingTicket']);
  });

  test('encrypted-grant: takes an RSA key of some length only', () => {
    const pem = { type: 'spki', format: 'pem' } as const;
    const small = generateKeyPairSync('rsa', { modulusLength: 512 }).publicKey.export(pem).toString();
    const curve = generateKeyPairSync('ed25519').publicKey.export(pem).toString();
    for (const key of ['nonsense', small, curve]) {
      assert.throws(() => cas.misbehave({ kind: 'encrypted-grant', publicKey: key }), TypeError);
    }
  });

  test('does nothing to a validation without a grant', async () => {
    for (const fault of ['late-callback', 'no-callback', { kind: 'encrypted-grant', publicKey }] as const) {
      cas.misbehave(fault);
      const { body } = await ask({ pgtUrl: '' });
      assert.match(body, /<cas:user>alice</);
      assert.doesNotMatch(body, /proxyGrantingTicket/);
    }
    assert.equal(cas.grants, 0);
  });

  test('a spoilt answer comes after the callback all the same', async () => {
    cas.misbehave('status-500');
    assert.equal((await ask()).status, 500);
    assert.equal(await isGood(callback.calls[1]?.pgtId), true);
  });
});
