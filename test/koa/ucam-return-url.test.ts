import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type TestContext, test } from 'node:test';
import Koa, { type Context } from 'koa';
import mount from 'koa-mount';
import { type Json, ucam } from '../../src/index.ts';
import { startFakeWls } from '../../src/testing/index.ts';
import { createBrowser } from '../support/browser.ts';
import { listen, TEST_SECRET } from '../support/portal.ts';
import { cancelAtWls, logInAtWls, requestOf, ucamAt } from '../support/raven.ts';
import { startSso } from '../support/run-journal.ts';
import { NAVIGATION, raw, userOf } from './support.ts';

/** An application below `path`, to which people come back at `path/raven_return`. */
async function scene(t: TestContext, path: '' | '/portal' = '') {
  const wls = await startFakeWls({ modulusLength: 1024 });
  const server = createServer();
  const url = (await listen(server)) + path;
  const sso = startSso<Json>({
    baseUrl: url,
    secrets: [TEST_SECRET],
    login: ucam({ ...ucamAt(wls), returnUrl: `${url}/raven_return` }),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
  const inner = new Koa();
  inner.use(sso.routes());
  inner.use(sso.requireLogin());
  inner.use((ctx: Context) => {
    ctx.body = { user: ctx.state.user, page: ctx.originalUrl };
  });
  const app = new Koa();
  app.use(sso.session(app));
  app.use(mount(path || '/', inner));
  server.on('request', app.callback());
  const visitor = createBrowser();
  t.after(async () => {
    await visitor.close();
    await sso.close();
    server.closeAllConnections();
    server.close();
    await wls.close();
  });
  return { wls, url, visitor };
}

test('people come back at the return URL of the options, and are on the page that they asked for', async (t) => {
  const { wls, url, visitor } = await scene(t);
  assert.equal((await requestOf(visitor, `${url}/start`, wls)).searchParams.get('url'), `${url}/raven_return`);
  const page = await logInAtWls(visitor, `${url}/start?a=1`, wls);
  assert.equal(page.url.href, `${url}/start?a=1`);
  assert.equal(userOf(page), 'test0001');
});

test('people who cancel come back there as well', async (t) => {
  const { url, visitor } = await scene(t);
  const page = await cancelAtWls(await (await visitor.get(`${url}/start`)).settle());
  assert.equal(page.url.pathname, '/raven_return');
  assert.match(page.body, /<code>ERR_SSO_CANCELLED<\/code>/);
});

test('the return URL takes no other method', async (t) => {
  const { url } = await scene(t);
  const answer = await raw(`${url}/raven_return?WLS-Response=x`, { method: 'POST', headers: NAVIGATION });
  assert.deepEqual([answer.status, answer.headers.allow], [405, 'GET, HEAD']);
});

test('the usual return address is then a page like any other', async (t) => {
  const { wls, url, visitor } = await scene(t);
  const page = await visitor.get(`${url}/sso/return`);
  assert.ok(page.location?.href.startsWith(wls.loginUrl), `${page.status}`);
});

test('below koa-mount people come back at the return URL, too', async (t) => {
  const { wls, url, visitor } = await scene(t, '/portal');
  const page = await logInAtWls(visitor, `${url}/start?a=1`, wls);
  assert.equal(page.url.href, `${url}/start?a=1`, page.body);
  assert.equal(userOf(page), 'test0001');
});
