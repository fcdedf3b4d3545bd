import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Middleware } from 'koa';
import type { FakeWlsFault } from '../../src/testing/index.ts';
import type { Browser, Page } from '../support/browser.ts';
import { logInAtWls, type RavenSetup, requestOf, signInAtWls, typePassword } from '../support/raven.ts';
import type { Mount } from './support.ts';
import { ravenFor } from './ucam-support.ts';

/** `/private` needs a login, and every other page recognises people quietly. */
const mount: Mount = (app, sso) => {
  const [quiet, strict] = [sso.tryLogin(), sso.requireLogin()] as unknown as [Middleware, Middleware];
  app.use(sso.session(app));
  app.use(sso.routes());
  app.use((ctx, next) => (ctx.path === '/private' ? strict : quiet)(ctx, next));
  app.use((ctx) => {
    ctx.body = `${ctx.originalUrl} for ${ctx.state.user?.id ?? 'anybody'}`;
  });
};

async function publicPages(t: TestContext, setup: RavenSetup = {}) {
  const raven = await ravenFor(t, { mount, ...setup });
  return { ...raven, visitor: raven.browser(), news: `${raven.portal.url}/news?id=1` };
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
  const { pathname, search } = new URL(url);
  assert.equal(page.body, `${pathname}${search} for ${person}`);
}

test('a visitor whom nobody knows sees the page as anybody, after one question to the WLS (540)', async (t) => {
  const { wls, visitor, news, portal } = await publicPages(t);
  const { page, redirects } = await open(visitor, news);
  assertShows(page, news, 'anybody');
  assert.equal(redirects, 3);
  assert.equal(wls.counts.authenticate, 1);
  assert.match(wls.replies[0]?.text ?? '', /^3!540!/);
  assert.deepEqual(portal.log, []);
});

test('the question to the WLS must not prompt', async (t) => {
  const { wls, visitor, news } = await publicPages(t);
  assert.equal((await requestOf(visitor, news, wls)).searchParams.get('iact'), 'no');
});

test('once the WLS knew nobody it is left alone', async (t) => {
  const { wls, visitor, news, portal } = await publicPages(t);
  await open(visitor, news);
  for (const url of [news, `${portal.url}/other`]) assertShows(await visitor.get(url), url, 'anybody');
  assert.equal(wls.counts.authenticate, 1);
});

test('when the cool-down is over the WLS is asked again', async (t) => {
  const { visitor, news } = await publicPages(t);
  await open(visitor, news);
  visitor.cookies.clear(/^sso-anonymous-\w+$/);
  assert.equal((await visitor.get(news)).status, 303);
});

test('a person who is signed in at the WLS is recognised without a form', async (t) => {
  const { wls, visitor, news } = await publicPages(t);
  await signInAtWls(visitor, wls, 'test0002');
  assertShows((await open(visitor, news)).page, news, 'test0002');
  assertShows(await visitor.get(news), news, 'test0002');
});

test('a page that needs a login prompts also while the WLS is left alone', async (t) => {
  const { wls, portal, visitor, news } = await publicPages(t);
  await open(visitor, news);
  assertShows(await logInAtWls(visitor, `${portal.url}/private`, wls), `${portal.url}/private`, 'test0001');
});

test('a browser without cookies sees the page, and is not sent in circles', async (t) => {
  const { wls, visitor, news } = await publicPages(t);
  let page = await visitor.get(news);
  let redirects = 0;
  for (; page.location && redirects < 10; redirects += 1) {
    visitor.cookies.clear();
    page = await page.follow();
  }
  assert.equal(page.status, 200, `after ${redirects} redirects: ${page.body}`);
  assert.equal(wls.counts.authenticate, 1);
});

const faults: readonly (readonly [string, FakeWlsFault])[] = [
  ...[410, 510, 530, 560, 570, 999].map((status) => [`${status}`, { kind: 'status', status } as const] as const),
  ['an unsigned 410', { kind: 'status', status: 410, signed: false }],
  ['a reply with a bad signature', 'bad-signature'],
  ['a reply of a key that is not known', 'unknown-kid'],
  ['a reply of yesterday', { kind: 'clock', ms: -86_400_000 }],
  ['a person without the tag', 'no-ptags'],
  ['a password that was asked for against our word', { kind: 'fields', fields: { auth: 'pwd', sso: '' } }],
];
for (const [what, fault] of faults) {
  test(`a public page is shown to an anonymous visitor after ${what}`, async (t) => {
    const { wls, visitor, news, portal } = await publicPages(t);
    await signInAtWls(visitor, wls);
    wls.misbehave(fault);
    assertShows((await open(visitor, news)).page, news, 'anybody');
    assertShows(await visitor.get(news), news, 'anybody');
    assert.deepEqual(portal.log, []);
  });
}

test('when the WLS is gone the page is shown at the second try', async (t) => {
  const { wls, visitor, news } = await publicPages(t);
  await wls.close();
  await assert.rejects((await visitor.get(news)).follow());
  assertShows(await visitor.get(news), news, 'anybody');
});

test('after a logout a public page does not sign the visitor in again', async (t) => {
  const { wls, portal, visitor, news } = await publicPages(t);
  await logInAtWls(visitor, `${portal.url}/private`, wls);
  await visitor.post(`${portal.url}/sso/logout`, {});
  assertShows((await open(visitor, news)).page, news, 'anybody');
});

test('where every login asks for the password a public page neither asks nor lets single sign-on in', async (t) => {
  const { wls, visitor, news } = await publicPages(t, { ucam: { iact: 'yes' } });
  await signInAtWls(visitor, wls);
  const before = wls.counts.authenticate;
  assertShows((await open(visitor, news)).page, news, 'anybody');
  assert.equal(wls.counts.authenticate, before);
});

test('where every login asks for the password a page that needs one asks for it', async (t) => {
  const { wls, portal, visitor } = await publicPages(t, { ucam: { iact: 'yes' } });
  await signInAtWls(visitor, wls);
  const form = await (await visitor.get(`${portal.url}/private`)).settle();
  assert.equal(form.url.searchParams.get('iact'), 'yes');
  const page = await (await typePassword(form, wls)).settle();
  assertShows(page, `${portal.url}/private`, 'test0001');
});

test('where the WLS is to show its errors itself it still sends back whom it was to ask quietly', async (t) => {
  const { wls, portal, visitor, news } = await publicPages(t, { ucam: { fail: true } });
  assertShows((await open(visitor, news)).page, news, 'anybody');
  assert.equal((await requestOf(visitor, `${portal.url}/private`, wls)).searchParams.get('fail'), 'yes');
});

test('where no login may prompt a page that needs one says what the WLS said (540)', async (t) => {
  const { portal, visitor } = await publicPages(t, { ucam: { iact: 'no' } });
  const { page } = await open(visitor, `${portal.url}/private`);
  assert.equal(page.status, 403);
  assert.match(page.body, /<code>ERR_SSO_WLS_REFUSED<\/code>/);
});
