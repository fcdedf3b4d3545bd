import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, type TestContext, test } from 'node:test';
import type { Browser, Page } from '../support/browser.ts';
import { carry, codeShown, formOf, heldBy, interrupt, onlyHeld, recording } from './keep-safety-support.ts';
import { keepScene, pressOn, signedIn } from './keep-support.ts';
import { NAVIGATION, raw } from './support.ts';

const FOREIGN = 'ERR_SSO_REQUEST_FOREIGN';
const guess = (bytes: number) => randomBytes(bytes).toString('base64url');

/** Alice's form is kept, and the page that sends it again is open. */
async function waiting(t: TestContext) {
  const scene = await keepScene(t);
  const browser = await signedIn(scene);
  const page = await interrupt(browser, scene, '/form', formOf('yes'));
  return { scene, browser, page, held: onlyHeld(browser) };
}

function assertForeign(page: Page): void {
  assert.equal(page.status, 403, page.body);
  assert.equal(codeShown(page), FOREIGN);
}

/** Puts another value in place of the cookie of a kept request. */
function replaceCookie(browser: Browser, url: string, change: (value: string) => string): void {
  const [cookie] = browser.cookies.all().filter(({ name }) => name.includes('sso-request-'));
  assert.ok(cookie);
  browser.cookies.store(new URL(url), [`${cookie.name}=${change(cookie.value)}; path=/; httponly`]);
}

describe('PP13 the token and the cookie are needed, both', () => {
  test('PP13 the token in another browser of the same person, which keeps something else', async (t) => {
    const { scene, page, held } = await waiting(t);
    const thief = await signedIn(scene);
    await interrupt(thief, scene, '/form', formOf('other'));
    assertForeign(await carry(thief, scene, held));
    assertForeign(await (await thief.get(page.url)).settle());
    assert.deepEqual(scene.begun, []);
    assert.equal((await pressOn(page)).status, 200, 'the guess cost the person their form');
  });

  test('PP13 the token in a browser that keeps nothing', async (t) => {
    const { scene, page, held } = await waiting(t);
    const thief = await signedIn(scene);
    assertForeign(await carry(thief, scene, held));
    assertForeign(await (await thief.get(page.url)).settle());
    assert.deepEqual(scene.begun, []);
  });

  test('PP13 the cookie with a token that was guessed', async (t) => {
    const { scene, browser, page, held } = await waiting(t);
    assertForeign(await carry(browser, scene, { handle: held.handle, id: guess(32) }));
    assertForeign(await carry(browser, scene, { handle: guess(16), id: held.id }));
    assert.deepEqual(scene.begun, []);
    assert.equal((await pressOn(page)).status, 200);
  });

  test('PP13 the cookie without a token: an ordinary form, which is not swapped', async (t) => {
    const { scene, browser } = await waiting(t);
    const { url } = scene.portal;
    const sent = await browser.send(`${url}/form`, formOf('new'), { from: `${url}/form` });
    assert.equal(sent.status, 200);
    assert.equal(scene.seen[0]?.length, formOf('new').bytes.length);
    assert.equal(scene.seen[0]?.replay, null);
  });

  test('PP13 the token with another secret in the cookie', async (t) => {
    const { scene, browser, page, held } = await waiting(t);
    const good = browser.cookies.all().find(({ name }) => name === held.name)?.value ?? '';
    replaceCookie(browser, scene.portal.url, (value) => value.replace(held.secret, guess(32)));
    assertForeign(await carry(browser, scene, held));
    assert.deepEqual(scene.begun, []);
    replaceCookie(browser, scene.portal.url, () => good);
    assert.equal((await pressOn(page)).status, 200);
  });

  test('PP13 the token with a cookie that is cut short', async (t) => {
    const { scene, browser, held } = await waiting(t);
    replaceCookie(browser, scene.portal.url, (value) => value.slice(0, -3));
    assertForeign(await carry(browser, scene, held));
    assert.deepEqual(scene.begun, []);
  });

  test('PP13 the button that erases needs both as well', async (t) => {
    const { scene, browser, page, held } = await waiting(t);
    const thief = await signedIn(scene);
    await interrupt(thief, scene, '/form', formOf('other'));
    const path = `/sso/resume/${held.handle}/discard`;
    assertForeign(await carry(thief, scene, held, { path }));
    assertForeign(await carry(browser, scene, { ...held, id: guess(32) }, { path }));
    const own = onlyHeld(thief);
    assertForeign(await carry(thief, scene, { handle: own.handle, id: held.id }, { path }));
    assert.equal((await pressOn(page)).status, 200);
  });

  test('PP13 a browser that has lost the cookie while it was away is told', async (t) => {
    const scene = await keepScene(t);
    const browser = await signedIn(scene);
    browser.cookies.clear(/sso-session/);
    const { url } = scene.portal;
    const away = await browser.send(`${url}/form`, formOf('yes'), { from: `${url}/form` });
    browser.cookies.clear(/sso-request/);
    const told = await away.settle();
    assert.equal(told.url.pathname, '/sso/not-sent');
    assert.equal(codeShown(told), FOREIGN);
    assert.deepEqual(scene.begun, []);
  });
});

describe('PP13 the cookie', () => {
  const ANONYMOUS = { keepBody: { anonymous: true } } as const;

  test('PP13 is HttpOnly, SameSite=Lax and for the whole host', async (t) => {
    const scene = await keepScene(t, { guard: ANONYMOUS });
    const { url } = scene.portal;
    const headers = { ...NAVIGATION, 'sec-fetch-site': 'same-origin' };
    const answer = await raw(`${url}/form`, { method: 'POST', headers, body: 'a=1' });
    const [line, ...others] = (answer.headers['set-cookie'] ?? []).filter((one) => one.includes('sso-request-'));
    assert.match(line ?? '', /^sso-request-\w{8}-[\w-]{22}=[\w.-]+; path=\/; expires=[^;]+; samesite=lax; httponly$/i);
    assert.deepEqual(others, []);
  });

  test('PP13 over https is bound to the host and Secure, also behind a proxy that ends TLS', async (t) => {
    const baseUrl = 'https://portal.example.edu';
    const scene = await keepScene(t, { guard: ANONYMOUS, options: { baseUrl } });
    const headers = { ...NAVIGATION, 'sec-fetch-site': 'same-origin', origin: baseUrl };
    const answer = await raw(`${scene.portal.url}/form`, { method: 'POST', headers, body: 'a=1' });
    const [line] = (answer.headers['set-cookie'] ?? []).filter((one) => one.includes('sso-request-'));
    assert.match(line ?? '', /^__Host-sso-request-/);
    for (const attribute of ['secure', 'httponly', 'samesite=lax', 'path=/']) {
      assert.ok(line?.toLowerCase().split('; ').includes(attribute), `${line} has no ${attribute}`);
    }
    assert.doesNotMatch(line ?? '', /domain=/i);
  });

  test('PP13 holds at least 128 bits for each, new for each request', async (t) => {
    const scene = await keepScene(t);
    const browser = await signedIn(scene);
    for (const text of ['one', 'two']) await interrupt(browser, scene, '/form', formOf(text));
    const held = heldBy(browser);
    for (const part of ['handle', 'id', 'secret'] as const) {
      for (const one of held) assert.ok(Buffer.from(one[part], 'base64url').length >= 16);
      assert.equal(new Set(held.map((one) => one[part])).size, 2, part);
    }
  });
});

test('PP13 neither id nor secret comes into an address, a log line, the journal or a page of the application', async (t) => {
  const urls: string[] = [];
  const pages: string[] = [];
  const runs: string[] = [];
  const scene = await keepScene(t, {
    mount(app, sso) {
      app.use((ctx, next) => {
        urls.push(ctx.originalUrl, ctx.get('Referer'));
        return next();
      });
      app.use(sso.session(app));
      app.use(sso.routes());
      app.use(sso.requireLogin({ keepBody: true }));
      app.use(async (ctx, next) => {
        pages.push(JSON.stringify([ctx.state, await ctx.sso.account?.(), ctx.req.headers, ctx.req.rawHeaders]));
        return next();
      });
      app.use(recording(runs));
    },
  });
  const browser = await signedIn(scene);
  const page = await interrupt(browser, scene, '/form', formOf('yes'));
  const held = onlyHeld(browser);
  for (let step: Page | undefined = page; step; step = step.previous) urls.push(step.url.href);
  const done = await pressOn(page);
  const again = await pressOn(page);
  assert.deepEqual([done.status, again.status], [200, 409]);
  assert.deepEqual(runs, ['alice POST /form answer=yes']);
  const { log, journal } = scene.portal;
  const told = [...urls, ...log, JSON.stringify(journal), done.body, again.body].join('\n');
  assert.ok(
    urls.some((url) => url.includes(held.handle)),
    'the handle is in no address, so this test shows nothing',
  );
  for (const secret of [held.id, held.secret]) assert.ok(!told.includes(secret));
  // The host's own handlers see the cookies of the browser, as always, but not in the body or in the state.
  for (const secret of [held.id, held.secret])
    assert.ok(
      !pages
        .join('\n')
        .replace(/sso-request-[^;"]*/g, '')
        .includes(secret),
    );
});
