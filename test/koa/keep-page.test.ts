import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Page } from '../support/browser.ts';
import { INTERRUPTIONS, recordingScene, upToResume } from './keep-journey.ts';
import {
  endSessions,
  expireGrants,
  FORM,
  type KeepScene,
  type KeepSetup,
  keepScene,
  pressOn,
  REGISTRY,
  sha256,
  signedIn,
  submit,
} from './keep-support.ts';

const POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

async function resumePage(t: TestContext, setup: KeepSetup = {}) {
  const { scene, runs } = await recordingScene(t, setup);
  const browser = await signedIn(scene);
  await endSessions(browser);
  return { scene, browser, runs, page: await upToResume(browser, scene, '/form') };
}

describe('PP22 the page that sends a form again', () => {
  test('allows its own script and style, and forms to this site alone', async (t) => {
    const { page } = await resumePage(t);
    assert.equal(page.headers.get('content-security-policy'), POLICY);
    assert.equal(page.headers.get('cache-control'), 'no-store');
  });

  test('has one script, of a file of ours, and nothing inline', async (t) => {
    const { page } = await resumePage(t);
    const scripts = [...page.body.matchAll(/<script\b([^>]*)>(.*?)<\/script>/gs)];
    assert.equal(scripts.length, 1);
    assert.match(scripts[0]?.[1] ?? '', /^ src="\/sso\/resume-1\.js" defer$/);
    assert.equal(scripts[0]?.[2], '');
    assert.doesNotMatch(page.body, /<style|\sstyle=|\son\w+=|javascript:/i);
  });

  test('gets its script as a script that is kept for good', async (t) => {
    const { scene, page } = await resumePage(t);
    const src = /<script src="([^"]+)"/.exec(page.body)?.[1] ?? '';
    // No cookies: a file for everybody.
    const file = await scene.browser().get(new URL(src, page.url));
    assert.equal(file.status, 200);
    assert.equal(file.headers.get('content-type'), 'text/javascript; charset=utf-8');
    assert.equal(file.headers.get('cache-control'), 'public, max-age=31536000, immutable');
    assert.equal(file.headers.get('x-content-type-options'), 'nosniff');
    assert.match(file.body, /HTMLFormElement\.prototype\.submit\.call/);
  });

  test('says what goes on, in a language, and has a button for those without scripts', async (t) => {
    const { page } = await resumePage(t);
    assert.match(page.body, /<html lang="en">/);
    assert.match(page.body, /<p role="status">[^<]+<\/p>/);
    const form = /<form\b.*?<\/form>/s.exec(page.body)?.[0] ?? '';
    assert.match(form, /<button [^>]*type="submit">Send it now<\/button>/);
    assert.doesNotMatch(form, /disabled|tabindex|hidden[^>]*button/);
  });

  test('posts to the address of the form on this very site, which its own address does not hold', async (t) => {
    const { scene, page } = await resumePage(t);
    assert.equal(page.forms[0]?.action.href, `${scene.portal.url}/form`);
    assert.equal(page.url.search, '');
  });
});

/** As koa-helmet with its defaults, and stricter. */
const helmet: KeepSetup['mount'] = (app) =>
  void app.use((ctx, next) => {
    ctx.set('Content-Security-Policy', "default-src 'self'; script-src 'none'; form-action 'none'");
    ctx.set('Referrer-Policy', 'no-referrer');
    ctx.set('Cross-Origin-Opener-Policy', 'same-origin');
    return next();
  });

test('PP22 below the policies of a host the page has its own, and works, as does a form without a referrer', async (t) => {
  const seen: string[] = [];
  const scene = await keepScene(t, {
    mount(app, sso) {
      helmet?.(app, sso);
      app.use(sso.session(app));
      app.use(sso.routes());
      app.use(sso.requireLogin({ keepBody: true }));
      app.use(async (ctx) => {
        const chunks: Buffer[] = [];
        for await (const chunk of ctx.req) chunks.push(chunk);
        seen.push(`${ctx.method} ${sha256(Buffer.concat(chunks))}`);
        ctx.body = { user: { id: ctx.state.user.id } };
      });
    },
  });
  const browser = await signedIn(scene);
  const form = await browser.get(`${scene.portal.url}/form`);
  assert.equal(form.headers.get('referrer-policy'), 'no-referrer');
  seen.length = 0;
  await endSessions(browser);
  const page = await (await browser.send(`${scene.portal.url}/form`, FORM, { from: form })).settle();
  assert.equal(page.headers.get('content-security-policy'), POLICY);
  assert.equal(page.headers.get('referrer-policy'), 'same-origin');
  assert.equal((await pressOn(page)).status, 200);
  assert.deepEqual(seen, [`POST ${sha256(FORM.bytes)}`]);
});

/** Each redirect of a portal on the way to a page. */
function redirects(scene: KeepScene, page: Page): readonly string[] {
  const steps: string[] = [];
  for (let step = page.previous; step; step = step.previous) {
    if (step.url.origin === scene.portal.url) steps.push(`${step.method} ${step.status}`);
  }
  return steps.reverse();
}

describe('PP23 the first redirect is a 303', () => {
  for (const [entry, path, interrupt] of INTERRUPTIONS) {
    test(`${entry}, and so are those after it, which are all GETs`, async (t) => {
      const { scene } = await recordingScene(t);
      const browser = await signedIn(scene);
      await interrupt(scene, browser);
      const page = await upToResume(browser, scene, path);
      assert.deepEqual(redirects(scene, page), ['POST 303', 'GET 303']);
    });
  }

  test('E1 that nobody keeps', async (t) => {
    const { scene } = await recordingScene(t, { guard: {} });
    assert.equal((await submit(scene.browser(), scene, '/form')).status, 303);
  });

  test('E2 of a handler that had begun with a 307', async (t) => {
    const { scene } = await recordingScene(t, {
      async act(ctx) {
        ctx.status = 307;
        ctx.set('Location', 'https://elsewhere.example.edu/');
        if (ctx.path === '/file') await ctx.sso.proxyTicket(REGISTRY);
        ctx.status = 200;
      },
    });
    const browser = await signedIn(scene);
    expireGrants(scene);
    const page = await submit(browser, scene, '/file');
    assert.equal(page.status, 303);
    assert.equal(page.location?.origin, new URL(scene.fakeCas.url).origin);
  });

  test('where the grant is asked for before the handler runs', async (t) => {
    const { scene } = await recordingScene(t, { guard: { keepBody: true, freshGrant: true } });
    const browser = await signedIn(scene);
    expireGrants(scene);
    assert.equal((await submit(browser, scene, '/form')).status, 303);
  });
});
