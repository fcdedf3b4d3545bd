import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Context, Next } from 'koa';
import type { Browser } from 'playwright-core';
import { openChromium } from '../support/chromium.ts';
import { arrive, assertFiled, fillIn, press } from './support/kept-pages.ts';
import { keptScene } from './support/kept-scene.ts';

let chromium: Browser;

before(async () => {
  chromium = await openChromium();
});

after(() => chromium?.close());

const HEADER = 'Content-Security-Policy';
const nonce = () => randomBytes(16).toString('base64');
const STRICT = "default-src 'none'; script-src 'none'; style-src 'none'; base-uri 'none'";

/** What koa-helmet and the like do: headers first, and everything behind may say otherwise. */
const inFront = (policy: () => string) => async (ctx: Context, next: Next) => {
  ctx.set(HEADER, policy());
  ctx.set('Referrer-Policy', 'no-referrer');
  ctx.set('Cross-Origin-Opener-Policy', 'same-origin');
  ctx.set('Cross-Origin-Embedder-Policy', 'require-corp');
  ctx.set('Cross-Origin-Resource-Policy', 'same-origin');
  await next();
};

for (const [what, policy] of [
  ['allows no scripts at all', () => `${STRICT}; form-action 'none'; sandbox`],
  ['knows nonces only', () => `default-src 'none'; script-src 'nonce-${nonce()}' 'strict-dynamic'; form-action 'self'`],
  ['asks for trusted types', () => `${STRICT}; require-trusted-types-for 'script'; trusted-types 'none'`],
] as const) {
  test(`PP22 a policy in front that ${what}: the form goes on by itself, and nothing is reported`, async (t) => {
    const scene = await keptScene(t, chromium, { outer: (app) => app.use(inFront(policy)) });
    const { page, complaints } = await scene.atForm('file');
    await fillIn(page);
    scene.fakeCas.expireGrants();
    await press(page, 'Send');
    await arrive(page, 'Filed');
    assertFiled(scene.runs[0]);
    assert.equal(scene.runs.length, 1);
    assert.deepEqual(complaints, []);
  });
}

for (const [what, impose] of [
  ['in the place of ours', (ctx: Context, policy: string) => ctx.set(HEADER, policy)],
  ['beside ours', (ctx: Context, policy: string) => ctx.append(HEADER, policy)],
] as const) {
  test(`PP22 a policy that is imposed on every answer, ${what}: the button works without our script`, async (t) => {
    const scene = await keptScene(t, chromium, {
      outer: (app) =>
        app.use(async (ctx, next) => {
          await next();
          const forms = ctx.path.startsWith('/form/') ? '' : "; form-action 'self'";
          impose(ctx, `default-src 'none'; img-src data:; script-src 'nonce-${nonce()}'; style-src 'none'${forms}`);
          ctx.set('Referrer-Policy', 'no-referrer');
        }),
    });
    const { page, complaints } = await scene.atForm('file');
    await fillIn(page);
    scene.fakeCas.expireGrants();
    await press(page, 'Send');
    await arrive(page, 'You are signed in again');
    assert.deepEqual(scene.runs, []);
    await press(page, 'Send it now');
    await arrive(page, 'Filed');
    assertFiled(scene.runs[0]);
    assert.equal(scene.runs.length, 1);
    const ours = complaints.filter((text) => !/^(Loading|Refused to load|Executing) .*(style|script)/.test(text));
    assert.deepEqual(ours, [], 'nothing else than the style and the script is held back');
    assert.equal(complaints.length, 2);
  });
}

test('PP22 the page of a resumed form can be reached by the keyboard alone, and says what it is', async (t) => {
  const scene = await keptScene(t, chromium);
  const { page } = await scene.atForm('file', 'alice', { javaScriptEnabled: false });
  await fillIn(page);
  scene.fakeCas.expireGrants();
  await press(page, 'Send');
  await arrive(page, 'You are signed in again');
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  assert.equal(await page.getByRole('status').count(), 1);
  await page.keyboard.press('Tab');
  const first = page.getByRole('button').first();
  assert.equal(await first.innerText(), 'Send it now');
  assert.ok(await first.evaluate((button) => button.matches(':focus-visible')));
  await page.keyboard.press('Enter');
  await arrive(page, 'Filed');
  assert.equal(scene.runs.length, 1);
});
