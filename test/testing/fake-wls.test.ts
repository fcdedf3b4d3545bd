import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, test } from 'node:test';
import { defaultFakeWlsUsers, type FakeWls, type FakeWlsOptions, startFakeWls } from '../../src/testing/index.ts';
import { cookieOf, send } from './http-client.ts';
import { localhostCertificate } from './localhost-certificate.ts';
import { ask, isSigned, logIn, replyOf } from './wls-client.ts';

const request = { ver: '3', url: 'http://localhost:3000/return' };
const started: FakeWls[] = [];

async function start(options: FakeWlsOptions = {}): Promise<FakeWls> {
  const wls = await startFakeWls({ modulusLength: 1024, ...options });
  started.push(wls);
  return wls;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((wls) => wls.close()));
});

describe('startFakeWls', () => {
  test('takes a free port and says so in its addresses', async () => {
    const wls = await start();
    assert.match(wls.url, /^http:\/\/localhost:\d+$/);
    assert.equal(wls.loginUrl, `${wls.url}/auth/authenticate.html`);
    assert.equal(wls.logoutUrl, `${wls.url}/auth/logout.html`);
    assert.equal((await ask(wls, request)).status, 200);
  });

  test('says the host it was told', async () => {
    assert.match((await start({ host: '127.0.0.1' })).url, /^http:\/\/127\.0\.0\.1:\d+$/);
  });

  test('serves HTTPS and then marks its cookie Secure', async () => {
    const wls = await start({ tls: localhostCertificate });
    assert.match(wls.loginUrl, /^https:/);
    const form = { ...request, userid: 'test0001', pwd: 'test' };
    const answer = await send(`${wls.url}/auth/authenticate2.html`, { ca: localhostCertificate.cert, form });
    assert.match(answer.headers['set-cookie']?.[0] ?? '', /; Secure$/);
  });

  test('rejects when the port is taken', async () => {
    const port = Number(new URL((await start()).url).port);
    await assert.rejects(startFakeWls({ port, modulusLength: 1024 }), { code: 'EADDRINUSE' });
  });

  const senseless: Readonly<Record<string, readonly [told: RegExp, options: FakeWlsOptions]>> = {
    'no users': [/must not be empty/, { users: [] }],
    'a user without a principal': [/needs a principal/, { users: [{ principal: '', password: 'x' }] }],
    'a principal with a control character': [/can type/, { users: [{ principal: 'a\nb', password: 'x' }] }],
    'a principal that ends in white space': [/can type/, { users: [{ principal: 'ab ', password: 'x' }] }],
    'two users with one principal': [
      /two users called "test0001"/,
      { users: [...defaultFakeWlsUsers, { principal: 'test0001', password: 'x' }] },
    ],
    'a tag with a comma': [/a tag of "ab"/, { users: [{ principal: 'ab', password: 'x', ptags: ['a,b'] }] }],
    'an empty tag': [/a tag of "ab"/, { users: [{ principal: 'ab', password: 'x', ptags: [''] }] }],
    'a kid that starts with 0': [/kid/, { kid: '077' }],
    'a kid of nine digits': [/kid/, { kid: '123456789' }],
    'a kid with a letter': [/kid/, { kid: '7a' }],
    'a key that is too short': [/modulusLength/, { modulusLength: 512 }],
    'a private key that is none': [/PEM/, { privateKey: 'no key' }],
    'a private key that is not for RSA': [/for RSA/, { privateKey: localhostCertificate.key }],
    'a life of nothing': [/lifeSeconds/, { lifeSeconds: 0 }],
    'a life without end': [/lifeSeconds/, { lifeSeconds: Infinity }],
    'a version that does not exist': [/highestVersion/, { highestVersion: 4 as 3 }],
    'a style that does not exist': [/style/, { style: 'toString' as 'raven' }],
  };
  for (const [what, [message, options]] of Object.entries(senseless)) {
    test(`refuses ${what}`, async () => {
      await assert.rejects(startFakeWls({ modulusLength: 1024, ...options }), { name: 'TypeError', message });
    });
  }

  test('counts requests by kind of endpoint', async () => {
    const wls = await start();
    await ask(wls, request);
    await ask(wls, request);
    await logIn(wls, request);
    await send(wls.logoutUrl);
    await send(`${wls.url}/nothing`);
    assert.deepEqual({ ...wls.counts }, { authenticate: 2, credentials: 1, logout: 1, other: 1 });
  });

  test('remembers requests as they came, and the replies to them', async () => {
    const wls = await start();
    await ask(wls, { ...request, desc: 'My site' });
    assert.deepEqual(wls.requests, [
      {
        query: 'ver=3&url=http%3A%2F%2Flocalhost%3A3000%2Freturn&desc=My+site',
        parameters: { ...request, desc: 'My site' },
      },
    ]);
    assert.deepEqual(wls.replies, []);
    const answer = await logIn(wls, request);
    const { text } = replyOf(answer);
    assert.deepEqual(wls.replies, [{ text, location: answer.headers.location }]);
    assert.equal(wls.requests.length, 1, 'the form is no request');
  });

  test('two servers do not share a cookie', async () => {
    const [one, two] = [await start(), await start()];
    const names = await Promise.all([one, two].map(async (wls) => cookieOf(await logIn(wls, request)).split('=')[0]));
    assert.notEqual(names[0], names[1]);
  });

  test('answers 404 outside of its endpoints and 405 to a method that makes no sense', async () => {
    const wls = await start();
    assert.equal((await send(`${wls.url}/auth/`)).status, 404);
    const answer = await send(wls.loginUrl, { method: 'POST', form: request });
    assert.equal(answer.status, 405);
    assert.equal(answer.headers.allow, 'GET, HEAD');
  });

  test('answers 413 to a body beyond 64 KiB', async () => {
    const wls = await start();
    assert.equal((await logIn(wls, { ...request, params: 'x'.repeat(70_000) })).status, 413);
  });

  test('close ends open connections and can be called twice', async () => {
    const wls = await start();
    const { hostname, port } = new URL(wls.url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.write('GET /auth/logout.html HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'data');
    const ended = once(socket.resume(), 'close');
    await Promise.all([wls.close(), wls.close()]);
    await ended;
    await assert.rejects(send(wls.url), { code: 'ECONNREFUSED' });
  });
});

describe('the key', () => {
  test('has 2048 bits and the kid 77 unless told otherwise', async () => {
    const wls = await startFakeWls();
    started.push(wls);
    assert.equal(createPublicKey(wls.publicKey).asymmetricKeyDetails?.modulusLength, 2048);
    assert.equal(wls.kid, '77');
    assert.equal(replyOf(await logIn(wls, request)).fields.kid, '77');
  });

  test('is another one for each server', async () => {
    const [one, two] = [await start(), await start()];
    const { text } = replyOf(await logIn(one, request));
    assert.equal(isSigned(text, one.publicKey), true);
    assert.equal(isSigned(text, two.publicKey), false);
  });

  test('can be told, together with its kid', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }) as string;
    const wls = await start({ privateKey: pem, kid: '12345678' });
    assert.equal(wls.publicKey, publicKey.export({ type: 'spki', format: 'pem' }));
    const { text, fields } = replyOf(await logIn(wls, request));
    assert.equal(fields.kid, '12345678');
    assert.equal(isSigned(text, wls.publicKey), true);
  });

  test('is the same in all three containers', async () => {
    const wls = await start();
    const containers = [wls.publicKey, wls.publicKeyPkcs1, await wls.certificate()];
    assert.deepEqual(
      containers.map((pem) => pem.split('\n')[0]),
      ['-----BEGIN PUBLIC KEY-----', '-----BEGIN RSA PUBLIC KEY-----', '-----BEGIN CERTIFICATE-----'],
    );
    const [spki, ...others] = containers.map((pem) => createPublicKey(pem).export({ type: 'spki', format: 'pem' }));
    assert.deepEqual(others, [spki, spki]);
  });

  test('has a self-signed certificate that expired long ago, with the serial number 0', async () => {
    const wls = await start();
    const certificate = new X509Certificate(await wls.certificate());
    assert.equal(certificate.validTo, 'Sep  9 00:00:00 2004 GMT');
    assert.equal(certificate.subject, certificate.issuer);
    assert.match(certificate.subject, /Fake WLS public key 77/);
    assert.equal(BigInt(`0x${certificate.serialNumber}`), 0n);
    assert.equal(await wls.certificate(), await wls.certificate());
  });
});
