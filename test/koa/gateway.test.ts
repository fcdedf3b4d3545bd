import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Middleware } from 'koa';
import { type CampusSsoOptions, type CasOptions, createMemoryKeyv, type Json } from '../../src/index.ts';
import type { Browser, Page } from '../support/browser.ts';
import { logIn } from '../support/portal.ts';
import { FETCH, type Mount, NAVIGATION, NOT_LOOKED_AT, type Pair, pairFor, raw, stoppedClock } from './support.ts';

/** `/plain` is nobody's business, `/private` needs a login, and every other page recognises people quietly. */
const mount: Mount = (app, sso) => {
  const [quiet, strict] = [sso.tryLogin(), sso.requireLogin()] as unknown as [Middleware, Middleware];
  app.use(sso.session(app));
  app.use(sso.routes());
  app.use((ctx, next) => {
    if (ctx.path === '/plain') return next();
    return (ctx.path === '/private' ? strict : quiet)(ctx, next);
  });
  app.use((ctx) => {
    ctx.body = `${ctx.method} ${ctx.originalUrl} for ${ctx.state.user?.id ?? 'anybody'}`;
  });
};

async function publicPages(
  t: TestContext,
  { cas, ...options }: Partial<CampusSsoOptions<Json>> & { readonly cas?: Partial<CasOptions> } = {},
) {
  const pair = await pairFor(t, { mount, options, ...(cas && { cas }) });
  return { ...pair, visitor: pair.browser(), news: `${pair.portal.url}/news?id=1` };
}

/** Signs alice in at the login server only, as another site would have done. */
async function signInThere(visitor: Browser, { fakeCas }: Pick<Pair, 'fakeCas'>): Promise<void> {
  const form = await visitor.get(`${fakeCas.url}/login`);
  await form.submit(form.forms[0]!, { username: 'alice', password: 'wonderland' });
}

/** Follows redirects; answers the page and how many there were. */
async function open(visitor: Browser, url: string): Promise<{ readonly page: Page; readonly redirects: number }> {
  const page = await (await visitor.get(url)).settle();
  let redirects = 0;
  for (let step = page.previous; step; step = step.previous) redirects += 1;
  return { page, redirects };
}

function assertShows(page: Page, url: string, person: string): void {
  assert.equal(page.url.href, url);
  assert.equal(page.status, 200, page.body);
  const { pathname, search } = new URL(url);
  assert.equal(page.body, `GET ${pathname}${search} for ${person}`);
}

test('a visitor whom nobody knows sees the page as anybody, after one question to the login server', async (t) => {
  const { fakeCas, visitor, news } = await publicPages(t);
  const { page, redirects } = await open(visitor, news);
  assertShows(page, news, 'anybody');
  assert.equal(redirects, 3);
  assert.equal(fakeCas.counts.login, 1);
});

test('the question to the login server must not prompt', async (t) => {
  const { visitor, news } = await publicPages(t);
  const sent = await visitor.get(news);
  assert.equal(sent.location?.searchParams.get('gateway'), 'true');
  assert.equal(sent.location?.searchParams.get('renew'), null);
});

test('once the login server knew nobody it is left alone', async (t) => {
  const { fakeCas, visitor, news, portal } = await publicPages(t);
  await open(visitor, news);
  for (const url of [news, `${portal.url}/other`]) assertShows(await visitor.get(url), url, 'anybody');
  assert.equal(fakeCas.counts.login, 1);
});

test('when the cool-down is over the login server is asked again', async (t) => {
  const { visitor, news } = await publicPages(t);
  await open(visitor, news);
  visitor.cookies.clear(/^sso-anonymous-\w+$/);
  assert.equal((await visitor.get(news)).status, 303);
});

test('a person who is signed in at the login server is recognised without a form', async (t) => {
  const { fakeCas, visitor, news } = await publicPages(t);
  await signInThere(visitor, { fakeCas });
  assertShows((await open(visitor, news)).page, news, 'alice');
  assertShows(await visitor.get(news), news, 'alice');
});

test('a person who is signed in here is recognised without a question', async (t) => {
  const { fakeCas, portal, visitor, news } = await publicPages(t);
  await logIn(visitor, `${portal.url}/private`, fakeCas);
  assertShows(await visitor.get(news), news, 'alice');
});

test('a page that needs a login prompts also while the login server is left alone', async (t) => {
  const { fakeCas, portal, visitor, news } = await publicPages(t);
  await open(visitor, news);
  const page = await logIn(visitor, `${portal.url}/private`, fakeCas);
  assertShows(page, `${portal.url}/private`, 'alice');
});

test('two pages opened at once by somebody unknown are both shown', async (t) => {
  const { portal, visitor, news } = await publicPages(t);
  const urls = [news, `${portal.url}/other`];
  const sent = await Promise.all(urls.map((url) => visitor.get(url)));
  const pages = await Promise.all(sent.map((page) => page.settle()));
  for (const [index, page] of pages.entries()) assertShows(page, urls[index]!, 'anybody');
});

test('a browser without cookies sees the page, and is not sent in circles', async (t) => {
  const { visitor, news, fakeCas } = await publicPages(t);
  let page = await visitor.get(news);
  let redirects = 0;
  for (; page.location && redirects < 10; redirects += 1) {
    visitor.cookies.clear();
    page = await page.follow();
  }
  assert.ok(redirects < 10, 'a loop of redirects');
  assert.ok(fakeCas.counts.login <= 1);
  assert.equal(page.status, 200, `after ${redirects} redirects: ${page.body}`);
});

for (const [what, method, headers] of [
  ...NOT_LOOKED_AT,
  ['a POST', 'POST', NAVIGATION],
  ['a crawler', 'GET', { accept: 'text/html,*/*;q=0.8', 'user-agent': 'Crawler/1.0' }],
  ['curl', 'GET', { accept: '*/*' }],
] as const) {
  test(`${what} gets the page at once`, async (t) => {
    const { portal, fakeCas } = await publicPages(t);
    const answer = await raw(`${portal.url}/news`, { method, headers });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['set-cookie'], undefined);
    assert.equal(fakeCas.counts.login, 0);
  });
}

test('fetch by somebody who is signed in is recognised', async (t) => {
  const { fakeCas, portal, visitor, news } = await publicPages(t);
  await logIn(visitor, `${portal.url}/private`, fakeCas);
  const answer = await raw(news, { headers: { ...FETCH, cookie: visitor.cookies.header(new URL(news))! } });
  assert.equal(answer.body, 'GET /news?id=1 for alice');
});

for (const [what, query] of [
  ['on this site only', '?scope=here'],
  ['everywhere', ''],
] as const) {
  test(`after a logout ${what} a public page does not sign the visitor in again`, async (t) => {
    const { fakeCas, portal, visitor, news } = await publicPages(t);
    await logIn(visitor, `${portal.url}/private`, fakeCas);
    await (await visitor.post(`${portal.url}/sso/logout${query}`, {})).settle();
    const { page } = await open(visitor, news);
    assertShows(page, news, 'anybody');
  });
}

test('whoever logs in again after a logout is recognised as before', async (t) => {
  const { fakeCas, portal, visitor, news } = await publicPages(t);
  await logIn(visitor, `${portal.url}/private`, fakeCas);
  await visitor.post(`${portal.url}/sso/logout?scope=here`, {});
  await open(visitor, `${portal.url}/private`);
  assertShows(await visitor.get(news), news, 'alice');
  assert.equal(
    visitor.cookies.all().some(({ name }) => name.startsWith('sso-anonymous')),
    false,
  );
});

for (const fault of [
  'status-500',
  'drop-before-headers',
  'two-users',
  { kind: 'failure', code: 'INTERNAL_ERROR' },
] as const) {
  test(`a public page is shown although the validation fails (${JSON.stringify(fault)})`, async (t) => {
    const { fakeCas, visitor, news } = await publicPages(t);
    await signInThere(visitor, { fakeCas });
    fakeCas.misbehave(fault);
    assertShows((await open(visitor, news)).page, news, 'anybody');
    assertShows(await visitor.get(news), news, 'anybody');
  });
}

test('a person whom the application refuses sees public pages as anybody', async (t) => {
  const { fakeCas, visitor, news } = await publicPages(t, { onLogin: () => false });
  await signInThere(visitor, { fakeCas });
  assertShows((await open(visitor, news)).page, news, 'anybody');
  assertShows(await visitor.get(news), news, 'anybody');
});

test('when the login server is gone the page is shown at the second try', async (t) => {
  const { fakeCas, visitor, news } = await publicPages(t);
  await fakeCas.close();
  const sent = await visitor.get(news);
  await assert.rejects(sent.follow());
  assertShows(await visitor.get(news), news, 'anybody');
});

test('whoever logged in many times within a minute still sees public pages', async (t) => {
  const { fakeCas, portal, visitor, news } = await publicPages(t);
  for (let time = 0; time < 4; time += 1) {
    await logIn(visitor, `${portal.url}/private`, fakeCas);
    await (await visitor.post(`${portal.url}/sso/logout`, {})).settle();
  }
  visitor.cookies.clear(/^sso-anonymous-\w+$/);
  assertShows((await open(visitor, news)).page, news, 'anybody');
});

test('with cas({ renew: true }) a public page does not prompt either', async (t) => {
  const { fakeCas, visitor, news } = await publicPages(t, { cas: { renew: true } });
  await signInThere(visitor, { fakeCas });
  assertShows((await open(visitor, news)).page, news, 'anybody');
});

test('a login that has ended is not an error on a public page', async (t) => {
  const clock = stoppedClock();
  const { fakeCas, portal, visitor, news } = await publicPages(t, { clock, idleSeconds: 60 });
  await logIn(visitor, `${portal.url}/private`, fakeCas);
  fakeCas.signOutEverybody();
  clock.advance(61);
  assertShows((await open(visitor, news)).page, news, 'anybody');
});

test('an unprotected page beside it asks neither the store nor the login server', async (t) => {
  const store = createMemoryKeyv();
  let calls = 0;
  const counting = new Proxy(store, {
    get(target, key) {
      if (key === 'get' || key === 'set' || key === 'delete') calls += 1;
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const { fakeCas, portal, visitor } = await publicPages(t, { store: counting });
  await logIn(visitor, `${portal.url}/private`, fakeCas);
  assert.notEqual(calls, 0);
  const [before, asked] = [calls, fakeCas.counts.login];
  assert.equal((await visitor.get(`${portal.url}/plain`)).status, 200);
  assert.equal(calls, before);
  assert.equal(fakeCas.counts.login, asked);
});
