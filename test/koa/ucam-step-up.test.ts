import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Middleware } from 'koa';
import type { Page } from '../support/browser.ts';
import {
  cancelAtWls,
  comeBackFrom,
  logInAtWls,
  type Raven,
  type RavenSetup,
  requestOf,
  signInAtWls,
  typePassword,
  upToReply,
} from '../support/raven.ts';
import { type Mount, stoppedClock, userOf } from './support.ts';
import { assertStillIn, landFrom, ravenFor } from './ucam-support.ts';

const MAX_AGE = 60;

/** `/admin` is for people who typed their password within a minute, `/note/TEXT` keeps a text, the rest needs a login. */
const mount: Mount = (app, sso) => {
  const guards = [sso.requireLogin({ maxAge: MAX_AGE }), sso.requireLogin()] as unknown as [Middleware, Middleware];
  app.use(sso.session(app));
  app.use(sso.routes());
  app.use((ctx, next) => guards[ctx.path.startsWith('/admin') ? 0 : 1](ctx, next));
  app.use((ctx) => {
    const session = ctx.session as { note?: string | undefined };
    session.note = /^\/note\/(.+)$/.exec(ctx.path)?.[1] ?? session.note;
    ctx.body = { user: ctx.state.user, note: session.note ?? null };
  });
};

/** A portal and a WLS on one clock that the test moves, and nobody signed in. */
async function scene(t: TestContext, { wls, ...setup }: RavenSetup = {}) {
  const clock = stoppedClock(Date.UTC(2026, 0, 15));
  const raven = await ravenFor(t, { mount, options: { clock }, wls: { clock, ...wls }, ...setup });
  const visitor = raven.browser();
  return { ...raven, clock, visitor, admin: `${raven.portal.url}/admin`, start: `${raven.portal.url}/start` };
}

/** The same with test0001 signed in for longer than `/admin` accepts. */
async function oldLogin(t: TestContext, setup: RavenSetup = {}) {
  const all = await scene(t, setup);
  await logInAtWls(all.visitor, all.start, all.wls);
  all.clock.advance(MAX_AGE + 1);
  return all;
}

function asksForPassword(page: Page, { wls }: Pick<Raven, 'wls'>): boolean {
  return page.status === 200 && page.url.href.startsWith(wls.loginUrl) && page.forms.length === 1;
}

test('a login that is too old is asked for the password, with iact=yes, and is then on the page', async (t) => {
  const { wls, visitor, admin } = await oldLogin(t);
  const form = await (await visitor.get(admin)).settle();
  assert.ok(asksForPassword(form, { wls }), `${form.status} ${form.url}`);
  assert.equal(form.url.searchParams.get('iact'), 'yes');
  const page = await (await typePassword(form, wls)).settle();
  assert.equal(page.url.href, admin);
  assert.equal(userOf(page), 'test0001');
  assert.equal(userOf(await visitor.get(`${admin}/more`)), 'test0001');
});

test('a visitor without a login types the password once', async (t) => {
  const { wls, visitor, admin } = await scene(t);
  assert.equal(userOf(await logInAtWls(visitor, admin, wls)), 'test0001');
  assert.equal(wls.counts.credentials, 1);
});

test('single sign-on, whose age nobody knows, is asked for the password', async (t) => {
  const { wls, visitor, admin } = await scene(t);
  await signInAtWls(visitor, wls);
  const form = await (await visitor.get(admin)).settle();
  assert.ok(asksForPassword(form, { wls }));
  assert.equal(userOf(await (await typePassword(form, wls)).settle()), 'test0001');
});

test('a password of a while ago passes as long as it may be old, and not a second longer', async (t) => {
  const { wls, clock, visitor, admin, start } = await scene(t);
  await logInAtWls(visitor, start, wls);
  clock.advance(MAX_AGE);
  assert.equal(userOf(await visitor.get(admin)), 'test0001');
  clock.advance(1);
  assert.equal((await visitor.get(admin)).status, 303);
});

test('a person who is slow at the form passes all the same', async (t) => {
  const { wls, clock, visitor, admin } = await oldLogin(t);
  const form = await (await visitor.get(admin)).settle();
  clock.advance(MAX_AGE * 3);
  assert.equal(userOf(await (await typePassword(form, wls)).settle()), 'test0001');
});

test('a WLS whose clock is a little ahead does not make a login fresh for longer', async (t) => {
  const { wls, clock, visitor, admin, start } = await scene(t);
  wls.misbehave({ kind: 'clock', ms: 5000 });
  await logInAtWls(visitor, start, wls);
  clock.advance(MAX_AGE + 1);
  assert.ok(asksForPassword(await (await visitor.get(admin)).settle(), { wls }));
});

test('whoever leaves the form stays signed in on the other pages', async (t) => {
  const all = await oldLogin(t);
  await (await all.visitor.get(all.admin)).settle();
  await assertStillIn(all.visitor, all);
});

test('whoever cancels is told so, and stays signed in on the other pages', async (t) => {
  const all = await oldLogin(t);
  const page = await cancelAtWls(await (await all.visitor.get(all.admin)).settle());
  assert.match(page.body, /<code>ERR_SSO_CANCELLED<\/code>/);
  await assertStillIn(all.visitor, all);
  assert.ok(asksForPassword(await (await all.visitor.get(all.admin)).settle(), all));
});

test('a visitor who takes iact=yes out of the address is refused and stays signed in as before', async (t) => {
  const all = await oldLogin(t);
  const form = await (await all.visitor.get(all.admin)).settle();
  const address = form.url.href.replace('&iact=yes', '');
  assert.notEqual(address, form.url.href);
  const page = await (await all.visitor.get(address, { from: all.admin })).settle();
  assert.equal(page.status, 400);
  assert.match(page.body, /<code>ERR_SSO_WLS_INVALID<\/code>/);
  assert.deepEqual(all.portal.log.at(-1), 'warn ERR_SSO_WLS_INVALID (iact): answered with 400');
  await assertStillIn(all.visitor, all);
  assert.notEqual((await all.visitor.get(all.admin)).status, 200);
});

test('a reply by single sign-on to a step-up is refused though the WLS signed it for that attempt', async (t) => {
  const all = await oldLogin(t);
  const form = await (await all.visitor.get(all.admin)).settle();
  const { location } = all.wls.issueReply({ request: form.url, interactive: false });
  const page = await landFrom(all, all.visitor, location);
  assert.match(page.body, /<code>ERR_SSO_WLS_INVALID<\/code>/);
  assert.notEqual((await all.visitor.get(all.admin)).status, 200);
});

test('the step-up by another person replaces the session and drops what the first one kept in it', async (t) => {
  const { wls, portal, visitor, admin, start } = await oldLogin(t);
  await visitor.get(`${portal.url}/note/of-the-first`);
  const form = await (await visitor.get(admin)).settle();
  const page = await (await typePassword(form, wls, 'test0002')).settle();
  assert.equal(userOf(page), 'test0002');
  assert.equal(JSON.parse(page.body).note, null);
  assert.equal(userOf(await visitor.get(start)), 'test0002');
});

test('the step-up by the same person keeps what the session holds', async (t) => {
  const { wls, portal, visitor, admin } = await oldLogin(t);
  await visitor.get(`${portal.url}/note/mine`);
  const page = await (await typePassword(await (await visitor.get(admin)).settle(), wls)).settle();
  assert.equal(JSON.parse(page.body).note, 'mine');
});

/** Two tabs at the WLS: the reply of a normal attempt by single sign-on, and the form of a step-up. */
async function twoTabs(t: TestContext) {
  const all = await scene(t);
  await signInAtWls(all.visitor, all.wls);
  const normal = await upToReply(all.visitor, all.start, all.wls);
  return { ...all, normal, form: await (await all.visitor.get(all.admin)).settle() };
}

test('H-2 a normal attempt that is finished while a step-up waits in another tab does not stand in for it', async (t) => {
  const { wls, visitor, admin, normal, form } = await twoTabs(t);
  assert.equal(userOf(await normal.settle()), 'test0001');
  assert.ok(asksForPassword(await (await visitor.get(admin)).settle(), { wls }));
  assert.equal(userOf(await (await typePassword(form, wls)).settle()), 'test0001', 'the step-up itself was spoilt');
});

test('the reply to a normal attempt is no good for the step-up, whose nonce it does not have', async (t) => {
  const { wls, visitor, admin, normal, form } = await twoTabs(t);
  const [nonce, other] = [normal, form].map(({ url }) => url.searchParams.get('params'));
  const forged = normal.location!.href.replace(nonce ?? 'none', other ?? 'none');
  const page = await comeBackFrom(wls, visitor, forged);
  assert.match(page.body, /<code>ERR_SSO_WLS_INVALID<\/code>/);
  assert.notEqual((await visitor.get(admin)).status, 200);
});

test('the request of a step-up asks once: a WLS that goes on with single sign-on ends on a page, not in a loop', async (t) => {
  const { wls, visitor, admin } = await oldLogin(t);
  wls.misbehave({ kind: 'fields', fields: { auth: '', sso: 'pwd' } }, { times: Infinity });
  const form = await (await visitor.get(admin)).settle();
  const page = await (await typePassword(form, wls)).settle();
  assert.equal(page.status, 400);
  assert.equal(page.location, undefined);
});

test('the password is asked for at once: there and back one time', async (t) => {
  const { wls, visitor, admin } = await oldLogin(t);
  assert.equal((await requestOf(visitor, admin, wls)).searchParams.get('iact'), 'yes');
  const before = wls.counts.authenticate;
  await (await typePassword(await (await visitor.get(admin)).settle(), wls)).settle();
  assert.equal(wls.counts.authenticate, before + 1);
});
