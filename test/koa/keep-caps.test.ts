import assert from 'node:assert/strict';
import { request } from 'node:http';
import { describe, type TestContext, test } from 'node:test';
import { type CampusSsoOptions, createMemoryKeyv } from '../../src/index.ts';
import type { Page } from '../support/browser.ts';
import { codeShown, formOf, interrupt, linkOf, sendWhenSignedOut, signInOn, titleOf } from './keep-safety-support.ts';
import { endSessions, keepScene, pressOn, sha256, signedIn, submit } from './keep-support.ts';
import { NAVIGATION, stoppedClock } from './support.ts';

const withLimits = (t: TestContext, keptRequests: NonNullable<CampusSsoOptions['keptRequests']>, anonymous = false) =>
  keepScene(t, { options: { keptRequests }, guard: { keepBody: { anonymous } } });

const EXPIRED = 'ERR_SSO_REQUEST_EXPIRED';
const NO_ROOM = 'ERR_SSO_REQUEST_NO_ROOM';
const answerOf = (length: number) => formOf('x'.repeat(length - 'answer='.length));

/** The person is signed in, and told that there was no room for what they had sent. */
function assertNoRoom(page: Page): void {
  assert.equal(codeShown(page), NO_ROOM, page.body);
  assert.equal(page.status, 200);
  assert.equal(titleOf(page), 'This was not kept');
}

describe('a cap that is reached costs the form, never the login', () => {
  test('PP10 perBrowser: the oldest request goes and the newer ones resume', async (t) => {
    const scene = await withLimits(t, { perBrowser: 2 });
    const browser = await signedIn(scene);
    const forms: Page[] = [];
    for (const name of ['first', 'second', 'third']) {
      forms.push(await sendWhenSignedOut(browser, scene, `/form?${name}`, formOf(name)));
    }
    const [first, second, third] = forms as [Page, Page, Page];
    const gone = await signInOn(first, scene);
    assert.equal(gone.status, 410);
    assert.equal(codeShown(gone), 'ERR_SSO_REQUEST_DISCARDED');
    for (const page of [second, third]) assert.equal((await pressOn(await signInOn(page, scene))).status, 200);
    assert.deepEqual(
      scene.seen.map(({ url, sha256: digest }) => [url, digest]),
      ['second', 'third'].map((name) => [`/form?${name}`, sha256(formOf(name).bytes)]),
    );
    assert.deepEqual(scene.portal.errors, []);
  });

  test('PP10 personBytes: what is too much for one person is not kept, in any of their browsers', async (t) => {
    const scene = await withLimits(t, { personBytes: 4000 });
    const browser = await signedIn(scene);
    const other = await signedIn(scene);
    const kept = await interrupt(browser, scene, '/form', answerOf(2000));
    assertNoRoom(await interrupt(other, scene, '/form', answerOf(2000)));
    assert.equal((await other.get(`${scene.portal.url}/form`)).status, 200);
    assert.equal((await pressOn(kept)).status, 200);
    assert.deepEqual(
      scene.begun.filter((line) => line.startsWith('POST')),
      ['POST /form'],
    );
  });

  test('PP10 personBytes: another person has room of their own', async (t) => {
    const scene = await withLimits(t, { personBytes: 4000 });
    const alice = await signedIn(scene);
    const bob = await signedIn(scene, 'bob');
    const pages = [await interrupt(alice, scene, '/form', answerOf(2000))];
    pages.push(await interrupt(bob, scene, '/form', answerOf(2000)));
    for (const page of pages) assert.equal((await pressOn(page)).status, 200);
    assert.deepEqual(
      scene.seen.map(({ user }) => user),
      ['alice', 'bob'],
    );
  });

  test('PP10 strangerBytes: strangers fill their own part and leave the rest to people who are known', async (t) => {
    const scene = await withLimits(t, { strangerBytes: 4000 }, true);
    const known = await signedIn(scene);
    const strangers = [scene.browser(), scene.browser()] as const;
    const first = await (await submit(strangers[0], scene, '/form', answerOf(2000))).settle();
    const second = await (await submit(strangers[1], scene, '/form', answerOf(2000))).settle();
    assertNoRoom(await signInOn(second, scene, 'bob'));
    assert.equal((await pressOn(await interrupt(known, scene, '/form', answerOf(2000)))).status, 200);
    assert.equal((await pressOn(await signInOn(first, scene, 'bob'))).status, 200);
    assert.deepEqual(
      scene.seen.filter(({ method }) => method === 'POST').map(({ user }) => user),
      ['alice', 'bob'],
    );
  });

  test('PP10 totalBytes: a full site keeps no more, and has room again when something was sent', async (t) => {
    const scene = await withLimits(t, { totalBytes: 4000 });
    const alice = await signedIn(scene);
    const bob = await signedIn(scene, 'bob');
    const kept = await interrupt(alice, scene, '/form', answerOf(2000));
    assertNoRoom(await interrupt(bob, scene, '/form', answerOf(2000)));
    assert.equal((await pressOn(kept)).status, 200);
    assert.equal((await pressOn(await interrupt(bob, scene, '/form', answerOf(2000)))).status, 200);
    assert.deepEqual(scene.portal.errors, []);
  });

  test('PP10 heldBytes: bodies that are still on their way leave no room in memory for another', async (t) => {
    let received = 0;
    let ended = 0;
    const scene = await keepScene(t, {
      options: { keptRequests: { maxBytes: 8192, heldBytes: 16_384 } },
      guard: { keepBody: { anonymous: true } },
      between: (app) =>
        app.use((ctx, next) => {
          const { push } = ctx.req;
          received += ctx.req.readableLength;
          ctx.req.push = (chunk: Uint8Array | null, encoding?: BufferEncoding) => {
            received += chunk?.length ?? 0;
            return push.call(ctx.req, chunk, encoding);
          };
          ctx.res.once('close', () => (ended += 1));
          return next();
        }),
    });
    const browser = await signedIn(scene);
    received = 0;
    ended = 0;
    const headers = { ...NAVIGATION, 'sec-fetch-site': 'same-origin', 'content-length': '8000' };
    const slow = [1, 2].map(() => {
      const sending = request(`${scene.portal.url}/form`, { method: 'POST', headers, agent: false });
      sending.on('error', () => {}).write(Buffer.alloc(7000));
      return sending;
    });
    await until(() => received >= 14_000);
    assertNoRoom(await interrupt(browser, scene, '/form', answerOf(2000)));
    ended = 0;
    for (const sending of slow) sending.destroy();
    await until(() => ended === 2);
    assert.equal((await pressOn(await interrupt(browser, scene, '/form', answerOf(2000)))).status, 200);
  });
});

/** What is on its way over a connection arrives when it does. */
async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1000 && !isSo(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(isSo(), 'it never came to that');
}

describe('a request waits for ten minutes, and nothing extends that', () => {
  /** Alice has sent a form, and the login form is open. The clock stands still. */
  async function atLoginForm(t: TestContext, attemptSeconds = 600) {
    const clock = stoppedClock();
    const scene = await keepScene(t, { options: { clock, attemptSeconds } });
    const browser = await signedIn(scene);
    const form = await sendWhenSignedOut(browser, scene);
    return { scene, browser, form, clock };
  }

  test('PP11 nine minutes at the login server: it is sent', async (t) => {
    const { scene, form, clock } = await atLoginForm(t);
    clock.advance(9 * 60);
    assert.equal((await pressOn(await signInOn(form, scene))).status, 200);
    assert.equal(scene.seen.length, 1);
  });

  test('PP11 eleven minutes at a login server that waits as long: the person is signed in, and told', async (t) => {
    const { scene, browser, form, clock } = await atLoginForm(t, 1800);
    clock.advance(11 * 60);
    const page = await signInOn(form, scene);
    assert.equal(codeShown(page), EXPIRED);
    assert.equal(page.status, 410);
    assert.equal((await browser.get(`${scene.portal.url}/form`)).status, 200);
    assert.equal(scene.portal.journal.at(-1)?.event, 'request.expired');
    assert.deepEqual(scene.begun, ['GET /form']);
  });

  test('PP11 eleven minutes, and the attempt is over too: the second sign-in tells, and does not loop', async (t) => {
    const { scene, browser, form, clock } = await atLoginForm(t);
    clock.advance(11 * 60);
    const failure = await signInOn(form, scene);
    assert.equal(codeShown(failure), 'ERR_SSO_ATTEMPT_UNKNOWN');
    const told = await (await failure.click(linkOf(failure, 'Sign in again'))).settle();
    assert.equal(codeShown(told), EXPIRED, told.body);
    const start = await told.click(linkOf(told, 'Go to the start page'));
    assert.equal(start.status, 200);
    assert.equal((await browser.get(`${scene.portal.url}/form`)).status, 200);
    assert.deepEqual(scene.begun, ['GET /', 'GET /form']);
  });

  test('PP11 a page that is opened in time, and whose button is pressed too late', async (t) => {
    const { scene, form, clock } = await atLoginForm(t);
    clock.advance(9 * 60);
    const page = await signInOn(form, scene);
    clock.advance(2 * 60);
    const late = await pressOn(page);
    assert.equal(late.status, 410);
    assert.equal(codeShown(late), EXPIRED);
    assert.deepEqual(scene.begun, []);
  });

  test('PP11 another attempt, or another look at the page, does not extend it', async (t) => {
    const { scene, browser, form, clock } = await atLoginForm(t);
    clock.advance(5 * 60);
    const page = await signInOn(form, scene);
    await endSessions(browser);
    clock.advance(4 * 60);
    const again = await (await browser.get(page.url)).settle();
    assert.equal(again.forms.length, 2, again.body);
    clock.advance(61);
    assert.equal(codeShown(await pressOn(again)), EXPIRED);
    assert.deepEqual(scene.begun, []);
  });

  test('PP11 the store is told to forget it after the same time', async (t) => {
    const keyv = createMemoryKeyv();
    const lives: number[] = [];
    const { set } = keyv;
    keyv.set = (key: string, value: unknown, ttl?: number) => {
      if (key.startsWith('request:')) lives.push(ttl ?? Number.POSITIVE_INFINITY);
      return set.call(keyv, key, value, ttl);
    };
    const scene = await keepScene(t, { options: { store: keyv, clock: stoppedClock() } });
    await interrupt(await signedIn(scene), scene);
    assert.deepEqual(lives, [600_000]);
  });

  test('PP11 `seconds` sets the time', async (t) => {
    const clock = stoppedClock();
    const scene = await keepScene(t, { options: { clock, keptRequests: { seconds: 60 } } });
    const page = await interrupt(await signedIn(scene), scene);
    clock.advance(60);
    assert.equal(codeShown(await pressOn(page)), EXPIRED);
    assert.deepEqual(scene.begun, []);
  });
});
