import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Browser } from '../support/browser.ts';
import { logIn } from '../support/portal.ts';
import {
  assertFailure,
  cookiesFor,
  NAVIGATION,
  NOT_LOOKED_AT,
  type Pair,
  pairFor,
  raw,
  serviceOf,
  signedInPair,
  userOf,
} from './support.ts';

const logoutOf = ({ portal }: Pair) => `${portal.url}/sso/logout`;

async function assertStillIn(visitor: Browser, { portal }: Pair): Promise<void> {
  assert.equal(userOf(await visitor.get(`${portal.url}/start`)), 'alice');
}

async function assertOut(visitor: Browser, { portal }: Pair): Promise<void> {
  assert.equal((await visitor.get(`${portal.url}/start`)).status, 303, 'still signed in');
}

test('a form of the site signs out here and goes on to sign out at the login server', async (t) => {
  const { pair, visitor } = await signedInPair(t);
  const out = await visitor.post(logoutOf(pair), {}, { from: `${pair.portal.url}/start` });
  assert.equal(out.status, 303);
  assert.equal(out.location?.href.split('?')[0], `${pair.fakeCas.url}/logout`);
  assert.equal(serviceOf(out.location), `${pair.portal.url}/sso/logged-out`);
  assert.equal(out.headers.get('cache-control'), 'no-store');
  await assertOut(visitor, pair);
});

test('after a logout everywhere the login server asks for the password again', async (t) => {
  const { pair, visitor } = await signedInPair(t);
  const last = await (await visitor.post(logoutOf(pair), {}, { from: `${pair.portal.url}/start` })).settle();
  assert.equal(last.url.href, `${pair.portal.url}/sso/logged-out`);
  assert.equal(last.status, 200);
  const page = await (await visitor.get(`${pair.portal.url}/start`)).settle();
  assert.equal(page.url.pathname, '/cas/login');
  assert.equal(page.forms.length > 0, true);
});

test('scope=here ends the login of this site only', async (t) => {
  const { pair, visitor } = await signedInPair(t);
  const out = await visitor.post(`${logoutOf(pair)}?scope=here`, {}, { from: `${pair.portal.url}/start` });
  assert.equal(out.headers.get('location'), '/sso/logged-out');
  assert.equal(pair.fakeCas.counts.logout, 0);
  await assertOut(visitor, pair);
});

test('afterLogout is where people land', async (t) => {
  const { pair, visitor } = await signedInPair(t, { options: { afterLogout: '/open' } });
  const last = await (await visitor.post(logoutOf(pair), {}, { from: `${pair.portal.url}/start` })).settle();
  assert.equal(last.url.href, `${pair.portal.url}/open`);
});

test('a link on the site signs out', async (t) => {
  const { pair, visitor } = await signedInPair(t);
  assert.equal((await visitor.get(logoutOf(pair), { from: `${pair.portal.url}/start` })).status, 303);
  await assertOut(visitor, pair);
});

test('the address typed by hand signs out', async (t) => {
  const { pair, visitor } = await signedInPair(t);
  assert.equal((await visitor.get(logoutOf(pair))).status, 303);
  await assertOut(visitor, pair);
});

for (const method of ['GET', 'POST']) {
  test(`${method} from another site is refused: the person is told, and still signed in`, async (t) => {
    const { pair, visitor } = await signedInPair(t);
    const from = { from: 'https://evil.example/' };
    const page = await (method === 'GET' ? visitor.get(logoutOf(pair), from) : visitor.post(logoutOf(pair), {}, from));
    await assertFailure(page, pair, { code: 'ERR_SSO_CROSS_SITE_LOGOUT', status: 403 });
    await assertStillIn(visitor, pair);
  });
}

for (const [name, headers] of [
  ['of a sibling site', { 'sec-fetch-site': 'same-site' }],
  ['of another site', { 'sec-fetch-site': 'cross-site' }],
  ['of another site in an old browser', { 'sec-fetch-site': '', origin: 'https://evil.example' }],
  ['of nowhere in an old browser', { 'sec-fetch-site': '', origin: 'null' }],
  ['of this host on another port', { 'sec-fetch-site': '', origin: 'http://localhost:1' }],
] as const) {
  test(`a form ${name} is refused even with the cookies`, async (t) => {
    const { pair, visitor } = await signedInPair(t);
    const answer = await raw(logoutOf(pair), {
      method: 'POST',
      headers: { ...NAVIGATION, ...cookiesFor(visitor, pair.portal.url), ...headers },
    });
    assert.equal(answer.status, 403);
    await assertStillIn(visitor, pair);
  });
}

describe('a logout that no person asks for is refused', () => {
  for (const [name, method, headers] of NOT_LOOKED_AT) {
    test(name, async (t) => {
      const { pair, visitor } = await signedInPair(t);
      const cookies = cookiesFor(visitor, pair.portal.url);
      const answer = await raw(logoutOf(pair), { method, headers: { ...headers, ...cookies } });
      assert.equal(answer.status, 403);
      assert.equal(answer.headers['set-cookie'], undefined);
      await assertStillIn(visitor, pair);
    });
  }
});

/** A browser that does not say where a request comes from. */
const OLD_BROWSER = { accept: 'text/html' };

const askIn = (visitor: Browser, pair: Pair, query = '') =>
  raw(logoutOf(pair) + query, { headers: { ...OLD_BROWSER, ...cookiesFor(visitor, pair.portal.url) } });

test('a browser that does not say where a link was gets a page with a button', async (t) => {
  const { pair, visitor } = await signedInPair(t);
  const page = await askIn(visitor, pair);
  assert.equal(page.status, 200);
  assert.match(page.body, /<form method="post" action="\/sso\/logout">/);
  assert.equal(page.headers['cache-control'], 'no-store');
  await assertStillIn(visitor, pair);
});

test('the page with the button lets the browser name its origin, which `no-referrer` would turn into null', async (t) => {
  const { pair, visitor } = await signedInPair(t);
  assert.equal((await askIn(visitor, pair)).headers['referrer-policy'], 'same-origin');
});

test('the button signs out', async (t) => {
  const { pair, visitor } = await signedInPair(t);
  const action = /<form method="post" action="([^"]+)"/.exec((await askIn(visitor, pair)).body)?.[1] ?? '';
  const headers = { ...OLD_BROWSER, ...cookiesFor(visitor, pair.portal.url), origin: pair.portal.url };
  const out = await raw(pair.portal.url + action, { method: 'POST', headers });
  assert.equal(out.status, 303);
  assert.equal(out.headers.location?.split('?')[0], `${pair.fakeCas.url}/logout`);
  await assertOut(visitor, pair);
});

test('the page with the button allows the redirect to the login server that follows it', async (t) => {
  const { pair, visitor } = await signedInPair(t);
  const policy = String((await askIn(visitor, pair)).headers['content-security-policy']);
  const allowed = /form-action ([^;]*)/.exec(policy)?.[1]?.split(' ') ?? [];
  // Chromium applies form-action to the redirect as well, and leaves the person on the page of the button.
  assert.ok(allowed.includes(new URL(pair.fakeCas.url).origin), policy);
});

test('the page with the button keeps scope=here', async (t) => {
  const { pair, visitor } = await signedInPair(t);
  const page = await askIn(visitor, pair, '?scope=here');
  const action = /<form method="post" action="([^"]+)"/.exec(page.body)?.[1] ?? '';
  assert.doesNotMatch(page.body, /and of the login server/);
  const headers = { ...OLD_BROWSER, ...cookiesFor(visitor, pair.portal.url), origin: pair.portal.url };
  const out = await raw(pair.portal.url + action, { method: 'POST', headers });
  assert.equal(out.headers.location, '/sso/logged-out');
});

test('a logout of nobody ends on the page, without an error', async (t) => {
  const pair = await pairFor(t);
  const visitor = pair.browser();
  const last = await (await visitor.post(logoutOf(pair), {}, { from: `${pair.portal.url}/open` })).settle();
  assert.equal(last.url.href, `${pair.portal.url}/sso/logged-out`);
  assert.deepEqual(pair.portal.log, []);
});

test('a logout in one browser leaves the login of the same person in another', async (t) => {
  const { pair, visitor } = await signedInPair(t);
  const other = pair.browser();
  await logIn(other, `${pair.portal.url}/start`, pair.fakeCas);
  await visitor.post(logoutOf(pair), {}, { from: `${pair.portal.url}/start` });
  await assertStillIn(other, pair);
});

test('two logouts at once both end well', async (t) => {
  const { pair, visitor } = await signedInPair(t);
  const from = { from: `${pair.portal.url}/start` };
  const both = await Promise.all([visitor.post(logoutOf(pair), {}, from), visitor.post(logoutOf(pair), {}, from)]);
  assert.deepEqual(
    both.map(({ status }) => status),
    [303, 303],
  );
  assert.deepEqual(pair.portal.errors, []);
  await assertOut(visitor, pair);
});

test('people who log in and out time after time are not told that they go round in circles', async (t) => {
  const pair = await pairFor(t);
  const visitor = pair.browser();
  for (let count = 0; count < 6; count += 1) {
    const page = await logIn(visitor, `${pair.portal.url}/start`, pair.fakeCas, count % 2 === 0 ? 'alice' : 'bob');
    assert.equal(page.status, 200, `login number ${count + 1}: ${page.status}`);
    await (await visitor.post(logoutOf(pair), {}, { from: `${pair.portal.url}/start` })).settle();
  }
});
