import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Context, Middleware } from 'koa';
import { createSession } from 'koa-session';
import type { FakeWlsFault } from '../../src/testing/index.ts';
import { type Browser, trail } from '../support/browser.ts';
import { logInAtWls, type RavenSetup, replyAddress, signInAtWls, upToReply } from '../support/raven.ts';
import { attemptCookies, type Mount, NAVIGATION, raw, stoppedClock, userOf } from './support.ts';
import { landFrom, ravenFor } from './ucam-support.ts';

const EVIL = 'evil.example';

/** An application that keeps a note in a session with an id: `/note/TEXT` writes it, every other page shows it. */
function noted(records: Map<string, unknown>): Mount {
  const store = {
    get: async (key: string) => records.get(key),
    set: async (key: string, value: unknown) => void records.set(key, structuredClone(value)),
    destroy: async (key: string) => void records.delete(key),
  };
  return (app, sso) => {
    app.keys = ['the keys of the application'];
    app.use(createSession({ key: 'host', store }, app));
    app.use(sso.routes());
    const guard = sso.requireLogin() as unknown as Middleware;
    app.use((ctx, next) => (ctx.path.startsWith('/note/') ? next() : guard(ctx, next)));
    app.use((ctx: Context) => {
      const { session } = ctx as unknown as { session: { note?: string } };
      if (ctx.path.startsWith('/note/')) session.note = ctx.path.slice(6);
      ctx.body = { user: ctx.state.user, note: session.note ?? null };
    });
  };
}

test('H-7 a session id that was planted before the login is worth nothing after it', async (t) => {
  const records = new Map<string, unknown>();
  const { portal, wls, browser } = await ravenFor(t, { mount: noted(records) });
  const visitor = browser();
  await visitor.get(`${portal.url}/note/planted`);
  const before = visitor.cookies.all().find(({ name }) => name === 'host')?.value ?? '';
  assert.ok(records.has(before));
  await logInAtWls(visitor, `${portal.url}/start`, wls);
  assert.notEqual(visitor.cookies.all().find(({ name }) => name === 'host')?.value, before);
  assert.ok(!records.has(before), 'the old id still opens something');
});

test('H-8 a login as somebody else sees nothing of the session before it', async (t) => {
  const clock = stoppedClock();
  const options = { clock, idleSeconds: 60 };
  const { portal, wls, browser } = await ravenFor(t, { mount: noted(new Map()), options, wls: { clock } });
  const visitor = browser();
  await logInAtWls(visitor, `${portal.url}/start`, wls);
  await visitor.get(`${portal.url}/note/of-the-first`);
  clock.advance(61);
  wls.signOutEverybody();
  const page = await logInAtWls(visitor, `${portal.url}/start`, wls, 'test0002');
  assert.deepEqual([userOf(page), JSON.parse(page.body).note], ['test0002', null]);
});

for (const target of [
  `//${EVIL}`,
  `///${EVIL}`,
  `/\\${EVIL}`,
  `http:${EVIL}`,
  `https:/${EVIL}`,
  `https://${EVIL}/`,
  `/\t/${EVIL}`,
  `/\n/${EVIL}`,
  'javascript:alert(1)',
  'data:text/html,x',
]) {
  test(`H-9 a login that is to lead to ${JSON.stringify(target)} leads to the start page`, async (t) => {
    const { portal, wls, browser } = await ravenFor(t);
    const url = `${portal.url}/sso/login?returnTo=${encodeURIComponent(target)}`;
    const landed = await (await upToReply(browser(), url, wls)).follow();
    assert.equal(landed.headers.get('location'), '/');
  });
}

test('H-10 the return is a navigation from another site, and the cookie of the attempt comes along', async (t) => {
  const raven = await ravenFor(t);
  const visitor = raven.browser();
  const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls);
  const cookie = visitor.cookies.all().find(({ name }) => attemptCookies(visitor).includes(name));
  assert.deepEqual([cookie?.sameSite, cookie?.httpOnly, cookie?.path], ['lax', true, '/']);
  const page = await visitor.get(address, { from: 'https://raven.example.org/auth/authenticate.html' });
  assert.equal(userOf(await page.settle()), 'test0001');
});

test('H-11 after the return the reply is in no address, page, log line or entry of the journal', async (t) => {
  const raven = await ravenFor(t);
  const visitor = raven.browser();
  const good = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls);
  const bad = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls, { signature: 'altered' });
  for (const address of [good, bad]) {
    const page = await landFrom(raven, visitor, address);
    const reply = new URL(address).searchParams.get('WLS-Response') ?? '';
    const kept = [page.body, page.location?.href, raven.portal.log, raven.portal.journal];
    for (const part of reply.split('!').filter((field) => field.length > 12 && !field.startsWith('http'))) {
      assert.ok(!JSON.stringify(kept).includes(part), part);
    }
  }
});

test('H-12 headers by which other agents pass on who somebody is sign nobody in', async (t) => {
  const { portal } = await ravenFor(t);
  const headers = { 'x-aaprincipal': 'x test0001', 'x-remote-user': 'test0001', 'remote-user': 'test0001' };
  assert.equal((await raw(`${portal.url}/start`, { headers: { ...NAVIGATION, ...headers } })).status, 303);
});

describe('H-13 whatever is wrong, a navigation goes to the WLS once and ends on a page', () => {
  /** Opens a page and follows redirects, dropping some cookies before each step. */
  async function wander(visitor: Browser, url: string, dropped: RegExp) {
    visitor.cookies.clear(dropped);
    let page = await visitor.get(url);
    for (let steps = 0; page.location && steps < 40; steps += 1) {
      visitor.cookies.clear(dropped);
      page = await page.follow();
    }
    return page;
  }
  const NONE = /^$/;
  const cases: readonly (readonly [what: string, setup: RavenSetup, fault: FakeWlsFault | null, dropped: RegExp])[] = [
    ['no cookie of the portal is kept', {}, null, /^sso-/],
    ['the clock of the WLS is wrong', {}, { kind: 'clock', ms: -3_600_000 }, NONE],
    ['the person may not use the site', { options: { onLogin: () => false } }, null, NONE],
    ['the person is not current', {}, 'no-ptags', NONE],
    ['the key is another', {}, 'unknown-kid', NONE],
    ['the WLS declines', {}, { kind: 'status', status: 570 }, NONE],
  ];
  for (const [what, setup, fault, dropped] of cases) {
    test(what, async (t) => {
      const { portal, wls, browser } = await ravenFor(t, setup);
      const visitor = browser();
      await signInAtWls(visitor, wls);
      if (fault) wls.misbehave(fault, { times: Infinity });
      const before = wls.counts.authenticate;
      const page = await wander(visitor, `${portal.url}/start`, dropped);
      assert.equal(page.location, undefined, trail(page).join('\n'));
      assert.ok(page.status >= 400, `${page.status}`);
      assert.equal(wls.counts.authenticate - before, 1);
    });
  }

  test('and where only the session is lost, after a few rounds', async (t) => {
    const { portal, wls, browser } = await ravenFor(t);
    const visitor = browser();
    await signInAtWls(visitor, wls);
    const page = await wander(visitor, `${portal.url}/start`, /^sso-session-/);
    assert.match(page.body, /<code>ERR_SSO_LOGIN_LOOP<\/code>/, trail(page).join('\n'));
    assert.ok(wls.counts.authenticate <= 6, `${wls.counts.authenticate} times`);
  });
});
