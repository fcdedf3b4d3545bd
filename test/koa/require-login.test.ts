import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { logIn, upToReturn } from '../support/portal.ts';
import {
  comeBack,
  cookiesFor,
  FETCH,
  type Mount,
  NAVIGATION,
  NOT_LOOKED_AT,
  pairFor,
  raw,
  returnUrl,
  serviceOf,
  signedInPair,
  stoppedClock,
  userOf,
  withTicket,
} from './support.ts';
import { keyvs, WatchedAdapter } from './watched-store.ts';

const makeKeyv = keyvs[0]![1];

describe('a request that no person is looking at gets 401 and starts nothing', () => {
  for (const path of ['/start', '/sso/login?returnTo=%2Fstart']) {
    for (const [name, method, headers] of NOT_LOOKED_AT) {
      test(`${name} of ${path}`, async (t) => {
        const adapter = new WatchedAdapter();
        const { portal } = await pairFor(t, { options: { store: makeKeyv(adapter) } });
        const answer = await raw(portal.url + path, { method, headers });
        assert.equal(answer.status, 401);
        assert.match(answer.headers['www-authenticate'] ?? '', /^\S+ realm="/);
        assert.equal(answer.headers['cache-control'], 'no-store');
        assert.equal(answer.headers['set-cookie'], undefined);
        assert.equal(answer.headers.location, undefined);
        assert.deepEqual(adapter.log, []);
        assert.deepEqual(portal.journal, []);
        const login = '/sso/login?returnTo=%2Fstart';
        if (method === 'HEAD') assert.equal(answer.body, '');
        else if (/text\/html/.test(headers.accept ?? '')) assert.ok(answer.body.includes(`href="${login}"`));
        else assert.equal(JSON.parse(answer.body).error.loginUrl, portal.url + login);
      });
    }
  }
});

test('a form sent without a session: the person logs in and is back on the page of the form', async (t) => {
  const { portal, fakeCas, browser } = await pairFor(t);
  const visitor = browser();
  const sent = await visitor.post(`${portal.url}/send?x=1`, { a: 'b' }, { from: `${portal.url}/form?step=2` });
  assert.equal(sent.status, 303);
  const service = serviceOf(sent.location);
  const landed = await comeBack(visitor, withTicket(service, fakeCas.issueTicket('alice', service)), { fakeCas });
  assert.equal(landed.headers.get('location'), '/form?step=2');
});

for (const [name, from] of [
  ['on another site', 'https://evil.example/form'],
  ['that is not named', ''],
  ['on another port', 'http://localhost:1/form'],
] as const) {
  test(`a form on a page ${name}, sent without a session, leads back to its own address`, async (t) => {
    const { portal, fakeCas, browser } = await pairFor(t);
    const visitor = browser();
    const headers = { ...NAVIGATION, ...(from === '' ? {} : { referer: from }) };
    const sent = await raw(`${portal.url}/send?x=1`, { method: 'POST', headers });
    visitor.cookies.store(new URL(portal.url), sent.headers['set-cookie'] ?? []);
    const service = serviceOf(sent.headers.location);
    const landed = await comeBack(visitor, withTicket(service, fakeCas.issueTicket('alice', service)), { fakeCas });
    assert.equal(landed.headers.get('location'), '/send?x=1');
  });
}

test('somebody who is signed in is served whatever kind of request it is', async (t) => {
  const { pair, visitor } = await signedInPair(t);
  const cookies = cookiesFor(visitor, pair.portal.url);
  for (const [name, method, headers] of NOT_LOOKED_AT) {
    const answer = await raw(`${pair.portal.url}/start`, { method, headers: { ...headers, ...cookies } });
    assert.equal(answer.status, 200, name);
  }
});

const failing =
  (fail: () => unknown): Mount =>
  (app, sso) => {
    app.use(sso.session(app));
    app.use(sso.routes());
    app.use(sso.requireLogin());
    app.use((ctx) => {
      if (ctx.path === '/fail') throw fail();
      ctx.body = { user: ctx.state.user };
    });
  };

for (const [name, fail, status] of [
  ['an error', () => new Error('of the application'), 500],
  ['an error with a status', () => Object.assign(new Error('of the application'), { status: 418 }), 418],
  ['an error that looks like ours', () => Object.assign(new Error('not ours'), { code: 'ERR_SSO_STORE' }), 500],
] as const) {
  test(`${name} of the application goes to the application's own error handling`, async (t) => {
    const thrown = fail();
    const { pair, visitor } = await signedInPair(t, { mount: failing(() => thrown) });
    const answer = await visitor.get(`${pair.portal.url}/fail`);
    assert.equal(answer.status, status);
    assert.doesNotMatch(answer.body, /ERR_SSO/);
    assert.deepEqual(pair.portal.errors, [thrown]);
    assert.deepEqual(pair.portal.log, []);
  });
}

test('a login ends when nothing was asked for as long as the idle limit', async (t) => {
  const clock = stoppedClock();
  const { pair, visitor } = await signedInPair(t, { options: { clock, idleSeconds: 600 } });
  const page = `${pair.portal.url}/start`;
  clock.advance(599);
  assert.equal(userOf(await visitor.get(page)), 'alice');
  clock.advance(599);
  assert.equal(userOf(await visitor.get(page)), 'alice', 'activity does not count');
  clock.advance(600);
  assert.equal((await visitor.get(page)).status, 303);
});

test('a login ends at the absolute limit, however busy it is', async (t) => {
  const clock = stoppedClock();
  const { pair, visitor } = await signedInPair(t, { options: { clock, idleSeconds: 600, absoluteSeconds: 1200 } });
  const page = `${pair.portal.url}/start`;
  for (const seconds of [400, 400, 399]) {
    clock.advance(seconds);
    assert.equal(userOf(await visitor.get(page)), 'alice');
  }
  clock.advance(1);
  assert.equal((await visitor.get(page)).status, 303);
});

test('a login that ended by its limit cannot be had back by turning the clock', async (t) => {
  const clock = stoppedClock();
  const { pair, visitor } = await signedInPair(t, { options: { clock, idleSeconds: 600 } });
  clock.advance(601);
  assert.equal((await visitor.get(`${pair.portal.url}/start`)).status, 303);
  clock.advance(-601);
  assert.equal((await visitor.get(`${pair.portal.url}/start`)).status, 303);
});

test('expiry answers a fetch with 401, as for nobody', async (t) => {
  const clock = stoppedClock();
  const { pair, visitor } = await signedInPair(t, { options: { clock, idleSeconds: 600 } });
  clock.advance(601);
  const headers = { ...FETCH, ...cookiesFor(visitor, pair.portal.url) };
  assert.equal((await raw(`${pair.portal.url}/api`, { headers })).status, 401);
});

test('a second login after the limit leads back to the page', async (t) => {
  const clock = stoppedClock();
  const { pair, visitor } = await signedInPair(t, { options: { clock, absoluteSeconds: 1200 } });
  clock.advance(1200);
  const page = await logIn(visitor, `${pair.portal.url}/deep/page?a=1`, pair.fakeCas);
  assert.equal(page.url.href, `${pair.portal.url}/deep/page?a=1`);
  assert.equal(userOf(page), 'alice');
});

test('six tabs that a browser restores at once all get their pages', async (t) => {
  const { portal, fakeCas, browser } = await pairFor(t);
  const visitor = browser();
  await upToReturn(visitor, `${portal.url}/warm-up`, fakeCas);
  const paths = ['/a', '/b', '/c', '/d', '/e', '/f'];
  const addresses = await Promise.all(paths.map((path) => returnUrl(visitor, portal.url + path, fakeCas)));
  const pages = await Promise.all(
    addresses.map(async (address) => (await comeBack(visitor, address, { fakeCas })).settle()),
  );
  assert.deepEqual(
    pages.map((page) => `${page.url.pathname} ${userOf(page)}`),
    paths.map((path) => `${path} alice`),
  );
});
