import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Middleware } from 'koa';
import type { CasOptions } from '../../src/index.ts';
import { logIn } from '../support/portal.ts';
import {
  comeBack,
  cookieHeader,
  FETCH,
  type Mount,
  NAVIGATION,
  NOT_LOOKED_AT,
  type Pair,
  pairFor,
  raw,
  userOf,
  withTicket,
} from './support.ts';

async function scene(t: TestContext, { allow = true, mount, ...cas }: SceneOptions = {}) {
  const pair = await pairFor(t, { cas: { allowUnsolicitedLogin: allow, ...cas }, ...(mount && { mount }) });
  return { ...pair, visitor: pair.browser() };
}

type SceneOptions = Partial<CasOptions> & { readonly allow?: boolean; readonly mount?: Mount };

/** A link of a CAS portal: the address of a page with a ticket for exactly that address. */
function link({ fakeCas, portal }: Pair, path: string, name = 'alice'): string {
  const service = portal.url + path;
  return withTicket(service, fakeCas.issueTicket(name, service));
}

/** What the application saw of its own address, as `mountPages` tells. */
const seen = (body: string) => JSON.parse(body).page;

test('by default a ticket in the address of a page is the business of the application', async (t) => {
  const all = await scene(t, { allow: false });
  const { visitor, fakeCas, portal } = all;
  await logIn(visitor, `${portal.url}/start`, fakeCas);
  const page = await comeBack(visitor, link(all, '/page?a=1'), all);
  assert.match(seen(page.body), /^\/page\?a=1&ticket=ST-/);
  assert.equal(fakeCas.counts.validate, 1);
});

test('by default a ticket that nobody asked for signs nobody in', async (t) => {
  const all = await scene(t, { allow: false });
  const page = await comeBack(all.visitor, link(all, '/page'), all);
  assert.equal(page.location?.pathname, '/cas/login');
  assert.equal(all.fakeCas.counts.validate, 0);
});

test('by default the return address refuses a ticket without an attempt', async (t) => {
  const all = await scene(t, { allow: false });
  const page = await comeBack(all.visitor, link(all, '/sso/return'), all);
  assert.equal(page.status, 400);
  assert.match(page.body, /ERR_SSO_ATTEMPT_UNKNOWN/);
  assert.equal(all.fakeCas.counts.validate, 0);
});

test('a link to a page signs in, and the ticket is stripped by a redirect', async (t) => {
  const all = await scene(t);
  const landed = await comeBack(all.visitor, link(all, '/page?a=1'), all);
  assert.equal(landed.status, 303);
  assert.equal(landed.headers.get('location'), '/page?a=1');
  assert.equal(landed.headers.get('cache-control'), 'no-store');
  assert.equal(landed.headers.get('referrer-policy'), 'no-referrer');
  const page = await landed.settle();
  assert.equal(userOf(page), 'alice');
  assert.equal(seen(page.body), '/page?a=1');
});

test('a link to the return address signs in and leads to the start page', async (t) => {
  const all = await scene(t);
  const page = await (await comeBack(all.visitor, link(all, '/sso/return'), all)).settle();
  assert.equal(page.url.href, `${all.portal.url}/`);
  assert.equal(userOf(page), 'alice');
});

for (const path of [
  '/page',
  '/a%20b/c',
  '/page?q=a+b&c=d%20e',
  '/page?flag&empty=&a=1&a=2',
  "/it's?x=y|z",
  '/page?next=https://evil.example/',
  '/%7Euser/;v=1?%74icket-office=1',
  '/sso/return',
]) {
  test(`the service of a link to ${path} is its address byte for byte`, async (t) => {
    const all = await scene(t);
    const service = all.portal.url + path;
    const target = withTicket(path, all.fakeCas.issueTicket('alice', service));
    const answer = await raw(all.portal.url, { target, headers: NAVIGATION });
    assert.equal(all.fakeCas.validations[0]?.service, service);
    assert.equal(answer.headers.location, path === '/sso/return' ? '/' : path);
  });
}

test('a ticket in the middle of the query is found, and the rest stays in order', async (t) => {
  const all = await scene(t);
  const service = `${all.portal.url}/page?a=1&b=%20`;
  const ticket = all.fakeCas.issueTicket('alice', service);
  const landed = await comeBack(all.visitor, `${all.portal.url}/page?a=1&ticket=${ticket}&b=%20`, all);
  assert.equal(landed.headers.get('location'), '/page?a=1&b=%20');
});

for (const own of ['ticket=abc', 'ticket=', 'ticket', 'Ticket=ST-1-x', 'tickets=ST-1-x', 'x=ticket%3DST-1-x']) {
  test(`${own} belongs to the application`, async (t) => {
    const all = await scene(t);
    const { visitor, fakeCas, portal } = all;
    const page = await logIn(visitor, `${portal.url}/page?${own}`, fakeCas);
    assert.equal(seen(page.body), `/page?${own}`);
    assert.equal(fakeCas.counts.validate, 1);
  });
}

test("the application's own ticket stays beside one of a link", async (t) => {
  const all = await scene(t);
  const page = await (await comeBack(all.visitor, link(all, '/page?ticket=abc'), all)).settle();
  assert.equal(seen(page.body), '/page?ticket=abc');
});

test('an invalid ticket ends in an error page that leads to a login', async (t) => {
  const all = await scene(t);
  const { visitor, portal } = all;
  const page = await comeBack(visitor, `${portal.url}/page?ticket=ST-1-invented`, all);
  assert.equal(page.status, 403);
  assert.match(page.body, /ERR_SSO_TICKET_REJECTED/);
  assert.doesNotMatch(page.body + portal.log.join(), /ST-1-invented/);
  const again = await page.click(/<a class="primary" href="([^"]+)"/.exec(page.body)![1]!);
  assert.equal(again.location?.pathname, '/cas/login');
});

test('a ticket for another service signs nobody in', async (t) => {
  const all = await scene(t);
  const ticket = all.fakeCas.issueTicket('alice', 'https://elsewhere.example.org/');
  const page = await comeBack(all.visitor, withTicket(`${all.portal.url}/page`, ticket), all);
  assert.equal(page.status, 403);
  assert.notEqual((await all.visitor.get(`${all.portal.url}/page`)).status, 200);
});

test('a link is good once', async (t) => {
  const all = await scene(t);
  const address = link(all, '/page');
  await comeBack(all.visitor, address, all);
  const stranger = await all.browser().get(address);
  assert.equal(stranger.status, 403);
});

test('the reload of a link by the one who used it shows the page', async (t) => {
  const all = await scene(t);
  const address = link(all, '/page');
  await (await comeBack(all.visitor, address, all)).settle();
  assert.equal(userOf(await (await all.visitor.get(address)).settle()), 'alice');
});

test('a link does not sign another person in over the one who is signed in', async (t) => {
  const all = await scene(t);
  await logIn(all.visitor, `${all.portal.url}/start`, all.fakeCas);
  const page = await (await comeBack(all.visitor, link(all, '/page', 'bob'), all)).settle();
  assert.equal(userOf(page), 'alice');
  assert.equal(all.fakeCas.counts.validate, 1);
});

test('the application does not see the ticket of a link that a signed-in person follows', async (t) => {
  const all = await scene(t);
  await logIn(all.visitor, `${all.portal.url}/start`, all.fakeCas);
  const page = await (await comeBack(all.visitor, link(all, '/page?a=1'), all)).settle();
  assert.equal(seen(page.body), '/page?a=1');
});

/** A page for everybody that recognises people quietly. */
const mountQuietPages: Mount = (app, sso) => {
  app.use(sso.session(app));
  app.use(sso.routes());
  app.use(sso.tryLogin() as unknown as Middleware);
  app.use((ctx) => {
    ctx.body = { page: ctx.originalUrl, user: ctx.state.user ?? null };
  });
};

test('a link to a public page with tryLogin() signs in, and the application does not see the ticket', async (t) => {
  const all = await scene(t, { mount: mountQuietPages });
  const page = await (await comeBack(all.visitor, link(all, '/page'), all)).settle();
  assert.equal(seen(page.body), '/page');
  assert.equal(userOf(page), 'alice');
});

for (const [what, lies] of [
  ['Host', { host: 'evil.example' }],
  ['X-Forwarded-Host', { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }],
] as const) {
  test(`a lie in ${what} does not change the service`, async (t) => {
    const all = await scene(t);
    all.portal.app.proxy = true;
    const { pathname, search } = new URL(link(all, '/page'));
    await raw(all.portal.url, { target: pathname + search, headers: { ...NAVIGATION, ...lies } });
    assert.equal(all.fakeCas.validations[0]?.service, `${all.portal.url}/page`);
  });
}

test('a lie in the request line does not change the service', async (t) => {
  const all = await scene(t);
  const { pathname, search } = new URL(link(all, '/page'));
  await raw(all.portal.url, { target: `http://evil.example${pathname}${search}`, headers: NAVIGATION });
  assert.equal(all.fakeCas.validations[0]?.service, `${all.portal.url}/page`);
});

for (const [what, method, headers] of [...NOT_LOOKED_AT, ['a POST', 'POST', NAVIGATION]] as const) {
  test(`${what} with a ticket starts nothing`, async (t) => {
    const all = await scene(t);
    const { pathname, search } = new URL(link(all, '/page'));
    const answer = await raw(all.portal.url, { method, target: pathname + search, headers });
    assert.notEqual(answer.status, 200);
    assert.equal(all.fakeCas.counts.validate, 0);
  });
}

test('fetch by a signed-in person is not redirected', async (t) => {
  const all = await scene(t);
  const cookie = cookieHeader((await comeBack(all.visitor, link(all, '/page'), all)).headers.getSetCookie());
  const { pathname, search } = new URL(link(all, '/page'));
  const answer = await raw(all.portal.url, { target: pathname + search, headers: { ...FETCH, cookie } });
  assert.equal(answer.status, 200);
});

test('with cas({ renew: true }) a ticket from single sign-on is refused', async (t) => {
  const all = await scene(t, { renew: true });
  const page = await comeBack(all.visitor, link(all, '/page'), all);
  assert.equal(page.status, 403);
  assert.equal(all.fakeCas.validations[0]?.renew, true);
});

test('SAML 1.1 brings its ticket as SAMLart', async (t) => {
  const all = await scene(t, { version: 'saml1.1' });
  const address = link(all, '/page').replace('ticket=', 'SAMLart=');
  const page = await (await comeBack(all.visitor, address, all)).settle();
  assert.equal(seen(page.body), '/page');
});

test('a browser without cookies that follows a link is not sent in circles', async (t) => {
  const all = await scene(t);
  let page = await comeBack(all.visitor, link(all, '/page'), all);
  let steps = 0;
  for (; page.location && steps < 10; steps += 1) {
    all.visitor.cookies.clear();
    page = await page.follow();
  }
  assert.equal(page.url.pathname, '/cas/login');
});
