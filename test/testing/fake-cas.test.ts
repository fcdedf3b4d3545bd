import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, test } from 'node:test';
import { type FakeCas, type FakeCasOptions, startFakeCas } from '../../src/testing/index.ts';
import { cookieOf, send, signIn } from './http-client.ts';
import { localhostCertificate } from './localhost-certificate.ts';

const service = 'http://localhost:3000/app';
const started: FakeCas[] = [];

async function start(options?: FakeCasOptions): Promise<FakeCas> {
  const cas = await startFakeCas(options);
  started.push(cas);
  return cas;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((cas) => cas.close()));
});

describe('startFakeCas', () => {
  test('takes a free port and says so in its url', async () => {
    const cas = await start();
    assert.match(cas.url, /^http:\/\/localhost:\d+\/cas$/);
    assert.equal((await send(`${cas.url}/login`)).status, 200);
  });

  test('says the host it was told', async () => {
    const cas = await start({ host: '127.0.0.1' });
    assert.match(cas.url, /^http:\/\/127\.0\.0\.1:/);
  });

  test('serves under another path', async () => {
    const cas = await start({ path: '/realms/x/protocol/cas/' });
    assert.match(cas.url, /\d\/realms\/x\/protocol\/cas$/);
    assert.match((await send(`${cas.url}/login`)).body, /action="\/realms\/x\/protocol\/cas\/login"/);
  });

  test('serves at the root', async () => {
    const cas = await start({ path: '/' });
    assert.match(cas.url, /:\d+$/);
    const answer = await signIn(cas.url, 'alice', 'wonderland');
    assert.match(answer.headers['set-cookie']?.[0] ?? '', /; Path=\/;/);
    assert.equal(answer.headers.location, '/login');
  });

  test('serves HTTPS and then marks its cookie Secure', async () => {
    const cas = await start({ tls: localhostCertificate });
    assert.match(cas.url, /^https:/);
    const ca = localhostCertificate.cert;
    const page = await send(`${cas.url}/login`, { ca });
    const lt = /name="lt" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
    const answer = await send(`${cas.url}/login`, { ca, form: { username: 'bob', password: 'builder', lt } });
    assert.match(answer.headers['set-cookie']?.[0] ?? '', /; Secure$/);
  });

  test('rejects when the port is taken', async () => {
    const port = Number(new URL((await start()).url).port);
    await assert.rejects(startFakeCas({ port }), { code: 'EADDRINUSE' });
  });

  test('refuses users that it cannot serve', async () => {
    const user = { name: 'x', password: 'y' };
    await assert.rejects(startFakeCas({ users: [] }), TypeError);
    await assert.rejects(startFakeCas({ users: [user, user] }), TypeError);
    await assert.rejects(startFakeCas({ users: [{ name: '', password: '' }] }), TypeError);
    await assert.rejects(startFakeCas({ users: [{ name: 'nul\0', password: '' }] }), TypeError);
    await assert.rejects(startFakeCas({ users: [{ ...user, attributes: { 'has space': ['v'] } }] }), TypeError);
  });

  test('refuses a ticket lifetime that is not above zero', async () => {
    await assert.rejects(startFakeCas({ ticketLifetimeSeconds: 0 }), TypeError);
    await assert.rejects(startFakeCas({ ticketLifetimeSeconds: Number.NaN }), TypeError);
  });

  test('counts requests by kind of endpoint', async () => {
    const cas = await start();
    await signIn(cas.url, 'alice', 'wonderland');
    await send(`${cas.url}/serviceValidate`);
    await send(`${cas.url}/proxy`);
    await send(`${cas.url}/logout`);
    await send(`${cas.url}/nothing`);
    assert.deepEqual({ ...cas.counts }, { login: 2, validate: 1, proxy: 1, logout: 1, other: 1, callback: 0 });
  });

  test('remembers validations as they were asked', async () => {
    const cas = await start();
    const ticket = cas.issueTicket('alice', service);
    await send(
      `${cas.url}/p3/serviceValidate?${new URLSearchParams({ service, ticket, renew: 'true', format: 'JSON' })}`,
    );
    assert.deepEqual(cas.validations, [
      {
        endpoint: '/p3/serviceValidate',
        method: 'GET',
        service,
        ticket,
        format: 'JSON',
        pgtUrl: undefined,
        renew: true,
      },
    ]);
  });

  test('issues no ticket for somebody unknown', async () => {
    const cas = await start();
    assert.throws(() => cas.issueTicket('mallory', service), TypeError);
  });

  test('signing everybody out ends the sessions and their unused tickets', async () => {
    const cas = await start();
    const query = `?service=${encodeURIComponent(service)}`;
    const answer = await signIn(cas.url, 'alice', 'wonderland', query);
    const ticket = new URL(answer.headers.location ?? '').searchParams.get('ticket') ?? '';
    cas.signOutEverybody();
    assert.match((await send(`${cas.url}/login`, { cookie: cookieOf(answer) })).body, /<form/);
    const validation = await send(`${cas.url}/serviceValidate?${new URLSearchParams({ service, ticket })}`);
    assert.match(validation.body, /code="INVALID_TICKET"/);
  });

  test('two servers use two cookie names, because browsers share cookies between ports', async () => {
    const [one, two] = [await start(), await start()];
    const names = await Promise.all([one, two].map(async ({ url }) => cookieOf(await signIn(url, 'bob', 'builder'))));
    assert.notEqual(names[0]?.split('=')[0], names[1]?.split('=')[0]);
  });

  test('answers 404 outside of its endpoints and 405 to a method that makes no sense', async () => {
    const cas = await start();
    assert.equal((await send(`${cas.url}x/login`)).status, 404);
    const answer = await send(`${cas.url}/serviceValidate`, { method: 'DELETE' });
    assert.equal(answer.status, 405);
    assert.equal(answer.headers.allow, 'GET, POST');
  });

  test('leads from its bare address to the login page', async () => {
    const cas = await start();
    assert.equal((await send(cas.url)).headers.location, '/cas/login');
  });

  test('answers 413 to a body beyond 64 KiB', async () => {
    const cas = await start();
    assert.equal((await send(`${cas.url}/login`, { form: { username: 'x'.repeat(70_000) } })).status, 413);
  });

  test('close ends open connections and can be called twice', async () => {
    const cas = await start();
    const { hostname, port } = new URL(cas.url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.write('GET /cas/login HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'data');
    const ended = once(socket.resume(), 'close');
    await Promise.all([cas.close(), cas.close()]);
    await ended;
    await assert.rejects(send(cas.url), { code: 'ECONNREFUSED' });
  });
});
