import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type TestContext, test } from 'node:test';
import Koa from 'koa';
import { campusSso, cas, type Json } from '../../src/index.ts';
import { type FakeCas, startFakeCas } from '../../src/testing/index.ts';
import { createBrowser } from '../support/browser.ts';
import { listen, logIn, mountPages, TEST_SECRET } from '../support/portal.ts';
import { startSso } from '../support/run-journal.ts';
import { codeOf, comeBack, NAVIGATION, raw, returnUrl, serviceOf, userOf, withTicket } from './support.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** One application with the addresses `localhost` and `127.0.0.1`, each with a path of its own if the test wants it. */
async function scene(t: TestContext, paths: readonly [string, string] = ['', '']) {
  const fakeCas = await startFakeCas();
  const server = createServer();
  const url = await listen(server);
  const named = url + paths[0];
  const numbered = url.replace('localhost', '127.0.0.1') + paths[1];
  const app = new Koa();
  app.silent = true;
  const sso = startSso<Json>({
    baseUrl: [named, numbered],
    secrets: [TEST_SECRET],
    login: cas({ serverUrl: fakeCas.url, allowUnsolicitedLogin: true }),
    logger: silent,
  });
  mountPages(app, sso);
  server.on('request', app.callback());
  const visitor = createBrowser();
  t.after(async () => {
    await visitor.close();
    await sso.close();
    server.closeAllConnections();
    server.close();
    await fakeCas.close();
  });
  return { fakeCas, app, url, named, numbered, visitor };
}

/** What an anonymous request is sent to the login server with. */
async function serviceFor(url: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const answer = await raw(url, { target: '/start', headers: { ...NAVIGATION, ...headers } });
  return serviceOf(answer.headers.location);
}

const logInAt = async (
  base: string,
  { visitor, fakeCas }: { visitor: ReturnType<typeof createBrowser>; fakeCas: FakeCas },
) => logIn(visitor, `${base}/start?a=1`, fakeCas);

for (const which of ['named', 'numbered'] as const) {
  test(`a login at the ${which} address stays on its host`, async (t) => {
    const all = await scene(t);
    const page = await logInAt(all[which], all);
    assert.equal(page.url.href, `${all[which]}/start?a=1`);
    assert.equal(userOf(page), 'alice');
    assert.ok(all.fakeCas.validations[0]?.service?.startsWith(`${all[which]}/sso/return?attempt=`));
  });

  test(`a logout at the ${which} address comes back to its host`, async (t) => {
    const all = await scene(t);
    await logInAt(all[which], all);
    const sent = await all.visitor.post(`${all[which]}/sso/logout`, {});
    assert.equal(sent.location?.searchParams.get('service'), `${all[which]}/sso/logged-out`);
    assert.equal((await sent.settle()).url.href, `${all[which]}/sso/logged-out`);
  });

  test(`fetch at the ${which} address is told the login address of its host`, async (t) => {
    const all = await scene(t);
    const { host } = new URL(all[which]);
    const answer = await raw(all.url, { headers: { host, accept: 'application/json' } });
    assert.ok(JSON.parse(answer.body).error.loginUrl.startsWith(`${all[which]}/sso/login?`));
  });

  test(`a link of a CAS portal to the ${which} address is validated for its host`, async (t) => {
    const all = await scene(t);
    const service = `${all[which]}/page`;
    const address = withTicket(service, all.fakeCas.issueTicket('alice', service));
    assert.equal(userOf(await (await comeBack(all.visitor, address, all)).settle()), 'alice');
    assert.equal(all.fakeCas.validations[0]?.service, service);
  });
}

test('a login on one host is none on the other', async (t) => {
  const all = await scene(t);
  await logInAt(all.named, all);
  assert.equal((await all.visitor.get(`${all.numbered}/start`)).status, 303);
});

test('an attempt that was begun on one host cannot be finished on the other', async (t) => {
  const { fakeCas, named, numbered, visitor } = await scene(t);
  const address = await returnUrl(visitor, `${named}/start`, fakeCas);
  const page = await comeBack(visitor, address.replace(named, numbered), { fakeCas });
  assert.equal(page.status, 403);
  assert.match(page.body, /ERR_SSO_ATTEMPT_FOREIGN/);
  assert.equal(fakeCas.counts.validate, 0);
});

test('a target on the other host is not gone to after the login', async (t) => {
  const { fakeCas, named, numbered, visitor } = await scene(t);
  const login = `${named}/sso/login?returnTo=${encodeURIComponent(`${numbered}/start`)}`;
  assert.equal((await logIn(visitor, login, fakeCas)).url.href, `${named}/`);
});

for (const host of [
  'evil.example',
  'localhost',
  'localhost:1',
  '127.0.0.1.evil.example',
  '[::1]',
  'a b',
  '@127.0.0.1',
]) {
  test(`the unknown host ${JSON.stringify(host)} is taken for the first address`, async (t) => {
    const { url, named } = await scene(t);
    assert.ok((await serviceFor(url, { host })).startsWith(`${named}/sso/return?`));
  });
}

test('X-Forwarded-Host is not looked at unless the application trusts its proxy', async (t) => {
  const { url, named, numbered } = await scene(t);
  const forwarded = { 'x-forwarded-host': new URL(numbered).host, forwarded: `host=${new URL(numbered).host}` };
  assert.ok((await serviceFor(url, forwarded)).startsWith(`${named}/sso/return?`));
});

test('X-Forwarded-Host chooses among the addresses when the application trusts its proxy', async (t) => {
  const { app, url, numbered } = await scene(t);
  app.proxy = true;
  const service = await serviceFor(url, { 'x-forwarded-host': new URL(numbered).host });
  assert.ok(service.startsWith(`${numbered}/sso/return?`));
});

test('a lie in X-Forwarded-Host gains nothing even when the application trusts its proxy', async (t) => {
  const { app, url, named } = await scene(t);
  app.proxy = true;
  const service = await serviceFor(url, { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' });
  assert.ok(service.startsWith(`${named}/sso/return?`));
});

test('each address has its own path', async (t) => {
  const all = await scene(t, ['/one', '/two']);
  const page = await logInAt(all.numbered, all);
  assert.equal(page.url.href, `${all.numbered}/start?a=1`);
  assert.match(all.numbered, /\/two$/);
  assert.ok(all.fakeCas.validations[0]?.service?.startsWith(`${all.numbered}/sso/return?`));
});

test('a proxy that takes the path off does not lose it in the redirects', async (t) => {
  const all = await scene(t, ['/one', '/two']);
  const host = new URL(all.numbered).host;
  const answer = await raw(all.url, { target: '/sso/login', headers: { ...NAVIGATION, host } });
  assert.ok(serviceOf(answer.headers.location).startsWith(`${all.numbered}/sso/return?`));
});

test('the path of one address is nothing special on the other', async (t) => {
  const all = await scene(t, ['/one', '/two']);
  const login = `${all.named}/sso/login?returnTo=%2Ftwo%2Fstart`;
  assert.equal((await logIn(all.visitor, login, all.fakeCas)).url.href, `${all.named}/`);
});

for (const [what, baseUrl] of [
  ['no address at all', []],
  ['addresses of different schemes', ['https://portal.example.edu', 'http://localhost:3000']],
  ['a plain http address elsewhere', ['http://localhost:3000', 'http://portal.example.edu']],
  ['two paths on one host, which no request could tell apart', ['https://a.example/one', 'https://a.example/two']],
] as const) {
  test(`${what} is refused at start`, () => {
    const login = cas({ serverUrl: 'https://login.example.edu/cas' });
    assert.throws(
      () => campusSso({ baseUrl, secrets: [TEST_SECRET], login, logger: silent }),
      (error) => codeOf(error) === 'ERR_SSO_OPTIONS',
    );
  });
}
