import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { createDevelopmentCa, type DevelopmentCa, type IssuedCertificate } from '../../src/testing/index.ts';
import { startCallback } from './callback-server.ts';
import { send } from './http-client.ts';

const otherName = 'Prüfstand & Söhne';
const hosts = ['localhost', '127.0.0.1', '[::1]', '*.example.test', 'bücher.example'];
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
let ca: DevelopmentCa;
let direct: IssuedCertificate;
let chained: IssuedCertificate;
let other: DevelopmentCa;
let directory: string;

before(async () => {
  [ca, other] = await Promise.all([
    createDevelopmentCa({ days: 30 }),
    createDevelopmentCa({ days: 20_000, commonName: otherName }),
  ]);
  [direct, chained] = await Promise.all([ca.issue({ hosts }), ca.issue({ hosts, withIntermediate: true })]);
  directory = await mkdtemp(join(tmpdir(), 'development-ca-'));
});

after(() => rm(directory, { recursive: true }));

function certificatesOf(pem: string): X509Certificate[] {
  return (pem.match(/-----BEGIN.+?-----END CERTIFICATE-----\n/gs) ?? []).map((each) => new X509Certificate(each));
}

async function openssl(issued: IssuedCertificate, ...more: string[]): Promise<string> {
  const [authority, chain] = [join(directory, 'ca.pem'), join(directory, 'chain.pem')];
  await Promise.all([writeFile(authority, issued.ca), writeFile(chain, issued.cert)]);
  const args = ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', authority, '-untrusted', chain];
  return (await promisify(execFile)('openssl', [...args, ...more, chain])).stdout;
}

async function statusOver(tls: { key: string; cert: string }, trusted: string, host = 'localhost'): Promise<number> {
  const server = await startCallback(() => 200, tls);
  try {
    return (await send(`https://${host}:${server.port}/`, { ca: trusted })).status;
  } finally {
    await server.close();
  }
}

describe('createDevelopmentCa', () => {
  test('makes chains that a strict openssl accepts for every host', async () => {
    for (const issued of [direct, chained]) {
      assert.match(await openssl(issued, '-verify_hostname', 'localhost'), /OK/);
      assert.match(await openssl(issued, '-verify_hostname', 'a.example.test'), /OK/);
      assert.match(await openssl(issued, '-verify_hostname', 'xn--bcher-kva.example'), /OK/);
      assert.match(await openssl(issued, '-verify_ip', '127.0.0.1'), /OK/);
      assert.match(await openssl(issued, '-verify_ip', '::1'), /OK/);
    }
  });

  test('makes certificates that openssl refuses for another host', async () => {
    await assert.rejects(openssl(direct, '-verify_hostname', 'example.test'));
  });

  test('lets Node talk TLS, by name and by address', async () => {
    assert.equal(await statusOver(direct, ca.certificate), 200);
    assert.equal(await statusOver(chained, ca.certificate), 200);
    assert.equal(await statusOver(direct, ca.certificate, '127.0.0.1'), 200);
  });

  test('is trusted by nobody who was not told', async () => {
    await assert.rejects(statusOver(direct, other.certificate), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  });

  test('needs its intermediate in the chain', async () => {
    const [leaf] = chained.cert.split(/(?<=-----END CERTIFICATE-----\n)/);
    const incomplete = { key: chained.key, cert: leaf ?? '' };
    await assert.rejects(statusOver(incomplete, ca.certificate), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  });

  test('puts the leaf first and leaves its own certificate out of the chain', () => {
    const [leaf, intermediate, ...more] = certificatesOf(chained.cert);
    assert.deepEqual(more, []);
    assert.ok(leaf?.checkPrivateKey(createPrivateKey(chained.key)));
    assert.equal(leaf?.ca, false);
    assert.equal(intermediate?.ca, true);
    assert.ok(intermediate?.checkIssued(new X509Certificate(ca.certificate)));
    assert.equal(certificatesOf(direct.cert).length, 1);
    assert.equal(direct.ca, ca.certificate);
  });

  test('uses one intermediate for all', async () => {
    const again = await ca.issue({ hosts, withIntermediate: true });
    assert.equal(certificatesOf(again.cert)[1]?.fingerprint256, certificatesOf(chained.cert)[1]?.fingerprint256);
  });

  test('gives every certificate a key and a long positive serial number of its own', () => {
    const all = [ca.certificate, direct.cert, chained.cert].flatMap(certificatesOf);
    assert.equal(new Set(all.map(({ serialNumber }) => serialNumber)).size, 4);
    for (const { serialNumber } of all) assert.match(serialNumber, /^[4-7][0-9A-F]{31}$/);
    assert.equal(new Set(all.map(({ publicKey }) => publicKey.export({ type: 'spki', format: 'pem' }))).size, 4);
  });

  test('is valid from an hour ago, for as long as it was told', () => {
    for (const { validFrom, validTo } of [ca.certificate, direct.cert, chained.cert].flatMap(certificatesOf)) {
      assert.ok(Math.abs(Date.now() - HOUR_MS - Date.parse(validFrom)) < 10 * 60_000);
      assert.ok(Math.abs(Date.now() + 30 * DAY_MS - Date.parse(validTo)) < 10 * 60_000);
    }
  });

  test('issues nothing for longer than 825 days, however long it lives', async () => {
    const issued = await other.issue({ hosts: ['localhost'] });
    const [leaf] = certificatesOf(issued.cert);
    assert.ok(Math.abs(Date.now() + 825 * DAY_MS - Date.parse(leaf?.validTo ?? '')) < 10 * 60_000);
    assert.equal(new Date(new X509Certificate(issued.ca).validTo).getUTCFullYear() > 2080, true);
    assert.match(await openssl(issued), /OK/);
  });

  test('has the name it was given, whatever its letters', () => {
    assert.equal(new X509Certificate(other.certificate).subject, `CN=${otherName}`);
  });

  test('takes a host name that is too long for a common name', async () => {
    const host = `${'a'.repeat(60)}.${'b'.repeat(60)}.test`;
    assert.match(await openssl(await ca.issue({ hosts: [host] }), '-verify_hostname', host), /OK/);
  });

  test('refuses what it cannot do', async () => {
    for (const options of [{ commonName: '' }, { commonName: 'x'.repeat(65) }, { days: 0 }, { days: 1.5 }]) {
      await assert.rejects(createDevelopmentCa(options), TypeError);
    }
    for (const wrong of [[], [''], ['a b'], ['https://localhost'], ['localhost:3000'], ['*.*.test'], ['256.1.1.1']]) {
      await assert.rejects(ca.issue({ hosts: wrong }), TypeError, JSON.stringify(wrong));
    }
  });
});
