import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Context } from 'koa';
import type { Browser, Page } from '../support/browser.ts';
import { logIn } from '../support/portal.ts';
import { assertCode, assertNotSent, fillIn, keptCookies, openShelf, upToResume } from './keep-journey.ts';
import { endSessions, expireGrants, keepScene, pressOn, signedIn, submit } from './keep-support.ts';

/** A portal with a form that waits on its page to be sent again. */
async function pending(t: TestContext) {
  const store = openShelf();
  const scene = await keepScene(t, {
    options: { store },
    act: async (ctx: Context) => {
      if (ctx.path === '/leave') await ctx.sso.logout({ everywhere: false });
    },
    between: (app) =>
      void app.use((ctx, next) => {
        if (ctx.path !== '/bye') return next();
        ctx.session = null;
        ctx.body = 'bye';
        return undefined;
      }),
  });
  const browser = await signedIn(scene);
  await endSessions(browser);
  const page = await upToResume(browser, scene, '/form');
  const cookies = keptCookies(browser);
  assert.equal(store.count('request'), 1);
  assert.equal(cookies.length, 1);
  return { store, scene, browser, page, cookies };
}

/** The kept request is gone for good, even for a browser that has held on to its cookies. */
async function assertErased(
  { store, scene, browser, page, cookies }: Awaited<ReturnType<typeof pending>>,
  code = 'ERR_SSO_REQUEST_DISCARDED',
) {
  assert.equal(store.count('request'), 0);
  const ran = scene.begun.filter((one) => one === 'POST /form');
  for (const { name, id, secret, browser: of, attempt } of cookies) {
    const value = ['0', id, secret, of, attempt].join('.');
    browser.cookies.store(new URL(scene.portal.url), [`${name}=${value}; Path=/`]);
  }
  assertCode(await pressOn(page), 410, code);
  assert.deepEqual(ran, []);
}

describe('PP25 what waits is erased', () => {
  test('by the logout of the plugin', async (t) => {
    const scene = await pending(t);
    const { browser, page } = scene;
    const left = await browser.post(new URL('/sso/logout', page.url), {}, { from: page });
    assert.equal(left.status, 303);
    assert.deepEqual(keptCookies(browser), []);
    await assertErased(scene);
  });

  test('by a logout on this site alone', async (t) => {
    const scene = await pending(t);
    await scene.browser.post(new URL('/sso/logout?scope=here', scene.page.url), {}, { from: scene.page });
    await assertErased(scene);
  });

  test('by a logout of the application', async (t) => {
    const scene = await pending(t);
    await scene.browser.get(new URL('/leave', scene.page.url));
    assert.deepEqual(keptCookies(scene.browser), []);
    await assertErased(scene);
  });

  test('when the application ends the session itself', async (t) => {
    const scene = await pending(t);
    assert.equal((await scene.browser.get(new URL('/bye', scene.page.url))).body, 'bye');
    await assertErased(scene);
  });

  test('by the button of the page', async (t) => {
    const scene = await pending(t);
    const erased = await discard(scene.page);
    assert.equal(erased.status, 200);
    assert.match(erased.body, /<h1>Erased, and not sent<\/h1>/);
    await assertErased(scene);
  });

  test('while its login form is open, by a logout in another tab', async (t) => {
    const { store, scene, browser, form } = await atLoginForm(t);
    await browser.post(`${scene.portal.url}/sso/logout`, {}, { from: `${scene.portal.url}/form` });
    assert.equal(store.count('request'), 0);
    const page = await fillIn(form, scene);
    assert.notEqual(page.url.pathname.split('/').at(2), 'resume');
    assert.deepEqual(scene.begun, []);
  });

  test('by a logout in a browser whose login came to nothing', async (t) => {
    const { store, scene, browser } = await atLoginForm(t);
    // Neither a session nor a flow knows of it any more.
    store.lose('flow');
    await browser.post(`${scene.portal.url}/sso/logout`, {}, { from: `${scene.portal.url}/form` });
    assert.equal(store.count('request'), 0);
    assert.deepEqual(keptCookies(browser), []);
  });

  test('while its login form is open, by somebody else who signs in there', async (t) => {
    const { store, scene, form } = await atLoginForm(t);
    assertNotSent(await fillIn(form, scene, 'bob'), 'ERR_SSO_REQUEST_OTHER_PERSON');
    assert.equal(store.count('request'), 0);
    assert.deepEqual(scene.begun, []);
  });

  test('while its login form is open, by somebody else who signs in in another tab', async (t) => {
    const { store, scene, browser } = await atLoginForm(t);
    const other = await logIn(browser, `${scene.portal.url}/form`, scene.fakeCas, 'bob');
    assert.equal(JSON.parse(other.body).user.id, 'bob');
    assert.equal(store.count('request'), 0);
    assert.deepEqual(keptCookies(browser), []);
  });
});

test('PP25 the page of a form does not run it in a browser that has signed out and in again', async (t) => {
  const { scene, browser, page } = await pending(t);
  await browser.post(new URL('/sso/logout', page.url), {}, { from: page });
  await logIn(browser, `${scene.portal.url}/form`, scene.fakeCas);
  assertCode(await pressOn(page), 403, 'ERR_SSO_REQUEST_FOREIGN');
  assert.deepEqual(
    scene.begun.filter((one) => one.startsWith('POST')),
    [],
  );
});

test('PP25 a logout that the person did not mean erases nothing', async (t) => {
  const { store, browser, page } = await pending(t);
  const left = await browser.post(new URL('/sso/logout', page.url), {}, { from: 'https://evil.example/' });
  assertCode(left, 403, 'ERR_SSO_CROSS_SITE_LOGOUT');
  assert.equal(store.count('request'), 1);
});

test('PP25 what a person has kept in another browser outlives a logout in this one', async (t) => {
  const { store, scene, browser, page } = await pending(t);
  const other = await signedIn(scene);
  await endSessions(other);
  const second = await upToResume(other, scene, '/form');
  await browser.post(new URL('/sso/logout?scope=here', page.url), {}, { from: page });
  assert.equal(store.count('request'), 1);
  assert.equal((await pressOn(second)).status, 200);
});

describe('PP25 nothing is erased, and nothing run, by a press on the button', () => {
  const tokenOf = (page: Page) => page.forms[1]?.fields['campus-sso-resume'] ?? '';
  const PRESSES: readonly (readonly [string, (page: Page, browser: Browser) => Promise<Page>])[] = [
    ['without the token', (page, browser) => browser.post(discardUrl(page), {}, { from: page })],
    [
      'with another token',
      (page, browser) =>
        browser.post(
          discardUrl(page),
          { 'campus-sso-resume': tokenOf(page).replace(/.{43}$/, 'x'.repeat(43)) },
          { from: page },
        ),
    ],
    [
      'with the token of another handle',
      (page, browser) =>
        browser.post(
          discardUrl(page),
          { 'campus-sso-resume': tokenOf(page).replace(/^.{22}/, 'x'.repeat(22)) },
          { from: page },
        ),
    ],
    [
      'from another site',
      (page, browser) =>
        browser.post(discardUrl(page), { 'campus-sso-resume': tokenOf(page) }, { from: 'https://evil.example/' }),
    ],
    [
      'from a sibling of this site',
      (page, browser) =>
        browser.post(discardUrl(page), { 'campus-sso-resume': tokenOf(page) }, { from: 'http://localhost:1/' }),
    ],
    [
      'by a script',
      (page, browser) =>
        browser.post(
          discardUrl(page),
          { 'campus-sso-resume': tokenOf(page) },
          { from: page, headers: { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' } },
        ),
    ],
  ];
  for (const [name, press] of PRESSES) {
    test(name, async (t) => {
      const { store, scene, browser, page } = await pending(t);
      const answer = await press(page, browser);
      assertCode(answer, 403, 'ERR_SSO_REQUEST_FOREIGN');
      assert.equal(store.count('request'), 1);
      assert.equal((await pressOn(page)).status, 200);
      assert.deepEqual(scene.begun, ['POST /form']);
    });
  }

  test('by opening its address', async (t) => {
    const { store, browser, page } = await pending(t);
    await browser.get(discardUrl(page));
    assert.equal(store.count('request'), 1);
    assert.equal((await pressOn(page)).status, 200);
  });
});

function discardUrl(page: Page): URL {
  const form = page.forms[1];
  assert.ok(form, page.body);
  return form.action;
}

function discard(page: Page): Promise<Page> {
  const form = page.forms[1];
  assert.ok(form, page.body);
  return page.submit(form);
}

/** Alice had sent a form, and the login server wants to know who is there. */
async function atLoginForm(t: TestContext) {
  const store = openShelf();
  const scene = await keepScene(t, { options: { store } });
  const browser = await signedIn(scene);
  expireGrants(scene);
  scene.fakeCas.signOutEverybody();
  await endSessions(browser);
  const form = await (await submit(browser, scene, '/form')).settle();
  assert.ok(form.url.href.startsWith(scene.fakeCas.url));
  assert.equal(store.count('request'), 1);
  return { store, scene, browser, form };
}
