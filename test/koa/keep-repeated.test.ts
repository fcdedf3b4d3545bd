import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Context } from 'koa';
import { logIn } from '../support/portal.ts';
import {
  endSessions,
  expireGrants,
  FORM,
  keepScene,
  pressOn,
  REGISTRY,
  sha256,
  signedIn,
  submit,
} from './keep-support.ts';
import { codeOf, stoppedClock } from './support.ts';

const link = (body: string) => /<a class="primary" href="([^"]+)"/.exec(body)?.[1]?.replace(/&#38;/g, '&') ?? '';

describe('a form that is on its way back and has to wait once more', () => {
  test('is kept again, and answered with a page: no redirect leaves the site', async (t) => {
    const clock = stoppedClock();
    const scene = await keepScene(t, {
      guard: { keepBody: true, maxAge: 60 },
      options: { clock },
      between: (app, sso) => void app.use(sso.requireLogin({ keepBody: true })),
    });
    const browser = await signedIn(scene);
    await endSessions(browser);
    const page = await (await submit(browser, scene, '/form')).settle();
    clock.advance(120);
    const again = await pressOn(page);
    assert.equal(again.status, 401);
    assert.deepEqual(scene.begun, []);
    const login = await again.click(link(again.body));
    assert.match(login.location?.search ?? '', /renew=true/);
    const done = await pressOn(await logIn(browser, new URL(link(again.body), again.url).href, scene.fakeCas));
    assert.equal(done.status, 200, done.body);
    assert.deepEqual(
      scene.seen.map(({ sha256: digest }) => digest),
      [sha256(FORM.bytes)],
    );
  });
});

describe('what carries a form back', () => {
  test('is refused if it does not come from a page of ours, and never reaches a handler', async (t) => {
    const scene = await keepScene(t);
    const browser = await signedIn(scene);
    await endSessions(browser);
    const page = await (await submit(browser, scene, '/form')).settle();
    const [form] = page.forms;
    const strange = await browser.post(form!.action, form!.fields, {
      from: page,
      headers: { 'sec-fetch-site': 'cross-site' },
    });
    assert.equal(strange.status, 403);
    assert.deepEqual(scene.begun, []);
    assert.equal((await pressOn(page)).status, 200, 'its own page still can');
  });

  test('is taken from a tab that a person brings back', async (t) => {
    const scene = await keepScene(t);
    const browser = await signedIn(scene);
    await endSessions(browser);
    const page = await (await submit(browser, scene, '/form')).settle();
    const [form] = page.forms;
    const done = await browser.post(form!.action, form!.fields, { from: page, headers: { 'sec-fetch-site': 'none' } });
    assert.equal(done.status, 200, done.body);
  });

  test('needs the routes of the plugin in front of the guard, and says so', async (t) => {
    const scene = await keepScene(t, {
      mount(app, sso) {
        app.use(sso.session(app));
        app.use(sso.requireLogin({ keepBody: true }));
        app.use(sso.routes());
      },
    });
    const page = await scene.browser().get(`${scene.portal.url}/form`);
    assert.equal(page.status, 500);
    assert.deepEqual(scene.portal.errors.map(codeOf), ['ERR_SSO_OPTIONS']);
  });
});

describe('the error that a grant is gone', () => {
  test('sends nobody to log in if it was somebody else’s grant', async (t) => {
    const scene = await keepScene(t, {
      act: async (ctx: Context) => {
        if (ctx.path === '/others') await (await scene.portal.sso.proxyGrants.forUser('bob')).proxyTicket(REGISTRY);
      },
    });
    const bob = scene.browser();
    await logIn(bob, `${scene.portal.url}/form`, scene.fakeCas, 'bob');
    const alice = await signedIn(scene);
    expireGrants(scene);
    const page = await submit(alice, scene, '/others');
    assert.equal(page.status, 401);
    assert.deepEqual(scene.portal.errors.map(codeOf), ['ERR_SSO_PROXY_GRANT_EXPIRED']);
    assert.deepEqual(scene.begun, ['POST /others']);
  });

  test('takes along nothing of the answer that the handler had prepared, but cookies', async (t) => {
    const scene = await keepScene(t, {
      between: (app) =>
        void app.use(async (ctx, next) => {
          ctx.set('X-Of-The-Site', 'yes');
          await next();
        }),
      act: async (ctx: Context) => {
        if (ctx.path !== '/file') return;
        ctx.set('Content-Encoding', 'gzip');
        ctx.attachment('grades.csv');
        ctx.cookies.set('seen', 'yes');
        await ctx.sso.proxyTicket(REGISTRY);
      },
    });
    const browser = await signedIn(scene);
    expireGrants(scene);
    const { status, headers } = await submit(browser, scene, '/file');
    assert.equal(status, 303);
    assert.equal(headers.get('content-encoding'), null);
    assert.equal(headers.get('content-disposition'), null);
    assert.equal(headers.get('x-of-the-site'), 'yes');
    assert.ok(headers.getSetCookie().some((line) => line.startsWith('seen=yes')));
  });
});

test('a retry link of a form that was sent meanwhile says that it was sent', async (t) => {
  const scene = await keepScene(t);
  const browser = await signedIn(scene);
  await endSessions(browser);
  const page = await (await submit(browser, scene, '/form')).settle();
  await endSessions(browser);
  const failure = await pressOn(page);
  assert.equal(failure.status, 401);
  await (await browser.get(`${scene.portal.url}/form`)).settle();
  assert.equal((await pressOn(page)).status, 200);
  const told = await (await failure.click(link(failure.body))).settle();
  assert.match(told.body, /ERR_SSO_REQUEST_USED/);
  assert.equal(scene.seen.filter(({ method }) => method === 'POST').length, 1);
});
