import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import Keyv from 'keyv';
import { createMemoryKeyv } from '../../src/index.ts';
import type { Page } from '../support/browser.ts';
import {
  carry,
  codeShown,
  formOf,
  heldBy,
  interrupt,
  linkOf,
  onlyHeld,
  sendWhenSignedOut,
  signInOn,
  titleOf,
  typePassword,
} from './keep-safety-support.ts';
import { expireGrants, type KeepSetup, keepScene, pressOn, signedIn, submit } from './keep-support.ts';

/** Alice's form is kept, and the page that sends it again is open. */
async function waiting(t: TestContext, setup: KeepSetup = {}) {
  const scene = await keepScene(t, setup);
  const browser = await signedIn(scene);
  const page = await interrupt(browser, scene, '/form', formOf('yes'));
  return { scene, browser, page };
}

/** The page of a second use: what happened, and a way on. */
function assertAlreadySent(page: Page): void {
  assert.equal(page.status, 409, page.body);
  assert.equal(codeShown(page), 'ERR_SSO_REQUEST_USED');
  assert.equal(titleOf(page), 'Already sent');
  assert.equal(page.headers.get('cache-control'), 'no-store');
  assert.deepEqual(page.forms, [], 'it can be sent once more');
  linkOf(page, 'Go to the start page');
}

describe('a kept request runs once', () => {
  test('PP17 two clicks at once: the handler runs once, the other sees that it was sent', async (t) => {
    const { scene, page } = await waiting(t);
    const answers = await Promise.all([pressOn(page), pressOn(page)]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
    for (const answer of answers) if (answer.status === 409) assertAlreadySent(answer);
    assert.deepEqual(scene.begun, ['POST /form']);
  });

  test('PP17 twenty that look at the store at the same moment: the handler runs once', async (t) => {
    const store = createMemoryKeyv();
    const get = store.get.bind(store) as (key: string) => Promise<unknown>;
    let size = 1;
    let waiters: (() => void)[] = [];
    store.get = (async (key: string) => {
      const record = await get(key);
      if (!key.startsWith('request:')) return record;
      // Nobody goes on before all have read: a store in memory is too fast for requests to meet.
      await new Promise<void>((resolve) => {
        if (waiters.push(resolve) < size) return;
        for (const wake of waiters) wake();
        waiters = [];
      });
      return record;
    }) as typeof store.get;
    const { scene, browser } = await waiting(t, { options: { store } });
    const held = onlyHeld(browser);
    size = 20;
    const answers = await Promise.all(Array.from({ length: size }, () => carry(browser, scene, held)));
    const others = answers.filter(({ status }) => status !== 200);
    assert.equal(others.length, 19);
    for (const other of others) assertAlreadySent(other);
    assert.deepEqual(scene.begun, ['POST /form']);
  });

  test('PP17 twenty at once after an expired grant: the handler runs once more', async (t) => {
    const scene = await keepScene(t);
    const browser = await signedIn(scene);
    expireGrants(scene);
    await (await submit(browser, scene, '/file', formOf('yes'))).settle();
    const held = onlyHeld(browser);
    const answers = await Promise.all(Array.from({ length: 20 }, () => carry(browser, scene, held, { path: '/file' })));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))].sort(), [200, 409]);
    assert.deepEqual(scene.begun, ['POST /file', 'POST /file']);
  });

  test('PP17 it is taken before it is run: a handler that fails is not run again', async (t) => {
    const { scene, page } = await waiting(t, {
      act: (ctx) => {
        if (ctx.method === 'POST') throw new Error('the handler broke');
      },
    });
    assert.equal((await pressOn(page)).status, 500);
    assertAlreadySent(await pressOn(page));
    assert.deepEqual(scene.begun, ['POST /form']);
  });

  test('PP17 it is taken before it is run: a second click while the handler works', async (t) => {
    let go = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    let reached = () => {};
    const began = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const { page } = await waiting(t, {
      async act(ctx) {
        if (ctx.method !== 'POST') return;
        reached();
        await gate;
      },
    });
    const first = pressOn(page);
    await began;
    assertAlreadySent(await pressOn(page));
    go();
    assert.equal((await first).status, 200);
  });

  test('PP17 a store that gives one record to several: nothing is kept, the person is told, the login works', async (t) => {
    const records = new Map<string, unknown>();
    const store = Object.assign(new Keyv({ store: records }), {
      delete: async (key: string) => !!records.delete(`keyv:${key}`) || true,
    });
    const scene = await keepScene(t, { options: { store } });
    const browser = await signedIn(scene);
    const told = await interrupt(browser, scene);
    assert.equal(codeShown(told), 'ERR_SSO_REQUEST_NOT_STORED');
    assert.equal(told.status, 200);
    assert.deepEqual(
      [...records.keys()].filter((key) => key.includes('request')),
      [],
    );
    assert.deepEqual(heldBy(browser), []);
    assert.equal((await told.click(linkOf(told, 'Go back to the page'))).status, 200);
    assert.deepEqual(scene.begun, ['GET /form']);
    assert.match(
      scene.portal.log.join('\n'),
      /^warn ERR_SSO_REQUEST_NOT_STORED \(the store cannot give it to one only\)/m,
    );
  });
});

describe('double submit, reload, back', () => {
  test('PP18 reloading the result says that it was sent, with a link to the page', async (t) => {
    const { scene, page } = await waiting(t);
    assert.equal((await pressOn(page)).status, 200);
    const again = await pressOn(page);
    assertAlreadySent(again);
    const back = await again.click(linkOf(again, 'Go back to the page'));
    assert.equal(back.url.href, `${scene.portal.url}/form`);
    assert.equal(back.status, 200);
    assert.deepEqual(scene.begun, ['POST /form', 'GET /form']);
  });

  test('PP18 back to the page that sent it says the same', async (t) => {
    const { scene, browser, page } = await waiting(t);
    assert.equal((await pressOn(page)).status, 200);
    assertAlreadySent(await (await browser.get(page.url)).settle());
    assert.deepEqual(scene.begun, ['POST /form']);
  });

  test('PP18 the page may be reloaded before it has sent anything', async (t) => {
    const { scene, browser, page } = await waiting(t);
    await browser.get(page.url);
    const reloaded = await browser.get(page.url);
    assert.equal((await pressOn(reloaded)).status, 200);
    assertAlreadySent(await pressOn(page));
    assert.deepEqual(scene.begun, ['POST /form']);
  });

  test('PP18 a return address that is opened twice leads to the same page, once', async (t) => {
    const scene = await keepScene(t);
    const browser = await signedIn(scene);
    const form = await sendWhenSignedOut(browser, scene, '/form', formOf('yes'));
    const { location } = await typePassword(form, scene);
    assert.ok(location);
    const open = async () => (await browser.get(location, { from: form })).settle();
    const pages = await Promise.all([open(), open()]);
    pages.push(await open());
    for (const page of pages) assert.match(page.url.pathname, /^\/sso\/resume\//);
    assert.equal(new Set(pages.map(({ url }) => url.href)).size, 1);
    const [first, second] = pages as [Page, Page];
    assert.equal((await pressOn(first)).status, 200);
    assertAlreadySent(await pressOn(second));
    assert.deepEqual(scene.begun, ['POST /form']);
  });

  test('PP18 a return address that is opened after all was sent sends nothing', async (t) => {
    const scene = await keepScene(t);
    const browser = await signedIn(scene);
    const form = await sendWhenSignedOut(browser, scene, '/form', formOf('yes'));
    const back = await typePassword(form, scene);
    assert.equal((await pressOn(await back.settle())).status, 200);
    const again = await (await browser.get(back.location ?? '', { from: form })).settle();
    assert.equal(again.url.href, `${scene.portal.url}/form`);
    assert.equal(again.status, 200);
    assert.deepEqual(scene.begun, ['POST /form', 'GET /form']);
  });

  test('PP18 nothing that it passes through may be cached, and no address has the token', async (t) => {
    const { browser, scene, page } = await waiting(t);
    const { id } = onlyHeld(browser);
    const steps: Page[] = [];
    for (let step: Page | undefined = page; step; step = step.previous) steps.push(step);
    const ours = steps.filter(({ url }) => url.origin === scene.portal.url);
    assert.deepEqual(
      ours.map(({ method, url }) => `${method} ${url.pathname.split('/').slice(0, 3).join('/')}`),
      ['GET /sso/resume', 'GET /sso/return', 'POST /form'],
    );
    const erase = page.forms[1];
    assert.ok(erase);
    ours.push(await page.submit(erase), await pressOn(page), await browser.get(page.url));
    for (const { headers, url } of ours) assert.equal(headers.get('cache-control'), 'no-store', url.href);
    for (const { url } of steps) assert.ok(!url.href.includes(id), url.href);
  });

  test('PP18 the page sends its address to no other site', async (t) => {
    const { page } = await waiting(t);
    assert.equal(page.headers.get('referrer-policy'), 'same-origin');
    for (const form of page.forms) assert.equal(form.method, 'POST');
    assert.equal(page.url.search, '');
  });
});

test('PP18 a sign-in that is typed twice at once sends it once', async (t) => {
  const scene = await keepScene(t);
  const browser = await signedIn(scene);
  const form = await sendWhenSignedOut(browser, scene, '/form', formOf('yes'));
  const [first] = await Promise.all([signInOn(form, scene), signInOn(form, scene)]);
  const page = first.url.pathname.startsWith('/sso/resume/') ? first : await (await browser.get(form.url)).settle();
  assert.equal((await pressOn(page)).status, 200);
  assertAlreadySent(await pressOn(page));
  assert.deepEqual(scene.begun, ['POST /form']);
});
