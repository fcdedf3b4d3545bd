import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { assertCode, assertNotSent, fillIn, openShelf, upToResume } from './keep-journey.ts';
import { endSessions, FORM, type KeepSetup, keepScene, pressOn, sha256, signedIn, submit } from './keep-support.ts';

async function start(t: TestContext, setup: KeepSetup = {}) {
  const store = openShelf();
  const scene = await keepScene(t, { ...setup, options: { store, storeDeadlineMs: 100, ...setup.options } });
  return { store, scene };
}

async function ended(t: TestContext, setup: KeepSetup = {}) {
  const { store, scene } = await start(t, setup);
  const browser = await signedIn(scene);
  await endSessions(browser);
  return { store, scene, browser };
}

/** The calls to the store that keep a request, and no login needs. */
const CALLS_OF_SAVE = ['get request-index', 'set request-index', 'set request-trace', 'set request'];

test('PP27 the calls that keep a request are those that are made to fail below', async (t) => {
  const { store, scene, browser } = await ended(t);
  store.forget();
  await submit(browser, scene, '/form');
  assert.deepEqual([...new Set(store.calls.filter((call) => / request/.test(call)))], CALLS_OF_SAVE);
});

for (const how of ['throws', 'hangs', 'throws after it'] as const) {
  describe(`PP27 the store ${how} while a form is kept: the login works, and the person is told`, () => {
    for (const call of CALLS_OF_SAVE) {
      test(call, async (t) => {
        const { store, scene, browser } = await ended(t);
        store.fail(how, call);
        const sent = await submit(browser, scene, '/form');
        store.recover();
        assert.equal(sent.status, 303);
        assertNotSent(await sent.settle(), 'ERR_SSO_REQUEST_NOT_STORED');
        assert.equal((await browser.get(`${scene.portal.url}/form`)).status, 200);
        assert.deepEqual(scene.begun, ['GET /form']);
      });
    }

    for (const call of ['set probe', 'delete probe', 'get probe']) {
      test(`${call}, of the first request ever`, async (t) => {
        const { store, scene } = await start(t, { guard: { keepBody: { anonymous: true } } });
        store.fail(how, call);
        const sent = await submit(scene.browser(), scene, '/form');
        store.recover();
        const page = await fillIn(await sent.settle(), scene);
        // Reading is part of trying a store out only where deleting is not to be trusted.
        if (call === 'get probe') assert.match(page.url.pathname, /\/resume\//);
        else assertNotSent(page, 'ERR_SSO_REQUEST_NOT_STORED');
        assert.deepEqual(scene.begun, []);
      });
    }
  });
}

test('PP27 what had to make room and cannot be erased does not keep the next one out', async (t) => {
  const { store, scene, browser } = await ended(t, { options: { keptRequests: { perBrowser: 1 } } });
  await submit(browser, scene, '/form?first');
  store.fail('throws', 'delete request');
  const sent = await submit(browser, scene, '/form?second');
  store.recover();
  assert.equal((await pressOn(await sent.settle())).status, 200);
  assert.deepEqual(scene.begun, ['POST /form?second']);
});

describe('PP27 the store fails when a form comes back', () => {
  for (const call of ['get request', 'delete request']) {
    for (const how of ['throws', 'hangs'] as const) {
      test(`${call} ${how}: 503, nothing is run, and it works later`, async (t) => {
        const { store, scene, browser } = await ended(t);
        const page = await upToResume(browser, scene, '/form');
        store.fail(how, call);
        assertCode(await pressOn(page), 503, 'ERR_SSO_STORE');
        assert.deepEqual(scene.begun, []);
        store.recover();
        assert.equal((await pressOn(page)).status, 200);
        assert.deepEqual(scene.begun, ['POST /form']);
        assert.equal(scene.seen[0]?.sha256, sha256(FORM.bytes));
      });
    }
  }

  test('after it has taken the form out: nothing is run, now or later', async (t) => {
    const { store, scene, browser } = await ended(t);
    const page = await upToResume(browser, scene, '/form');
    store.fail('throws after it', 'delete request');
    assertCode(await pressOn(page), 503, 'ERR_SSO_STORE');
    store.recover();
    assertCode(await pressOn(page), 410, 'ERR_SSO_REQUEST_UNKNOWN');
    assert.deepEqual(scene.begun, []);
  });

  for (const kind of ['flow', 'pending-flow', 'settled-flow', 'logged-out', 'request-trace']) {
    for (const operation of ['get', 'set', 'delete']) {
      test(`${operation} ${kind}: the form runs all the same`, async (t) => {
        const { store, scene, browser } = await ended(t);
        const page = await upToResume(browser, scene, '/form');
        store.fail('throws', `${operation} ${kind}`);
        assert.equal((await pressOn(page)).status, 200);
        assert.equal(scene.seen[0]?.sha256, sha256(FORM.bytes));
      });
    }
  }

  test('that the story of its login could not be told is in the log', async (t) => {
    const { store, scene, browser } = await ended(t);
    const page = await upToResume(browser, scene, '/form');
    store.fail('throws', 'get flow', 'get pending-flow', 'get settled-flow');
    assert.equal((await pressOn(page)).status, 200);
    assert.equal(scene.portal.log.filter((line) => /^warn ERR_SSO_STORE .*request\.resumed/.test(line)).length, 1);
  });

  test('the page that it goes on from is 503, and comes later', async (t) => {
    const { store, scene, browser } = await ended(t);
    const { url } = await upToResume(browser, scene, '/form');
    store.fail('throws', 'get request');
    assertCode(await browser.get(url), 503, 'ERR_SSO_STORE');
    store.recover();
    assert.equal((await pressOn(await browser.get(url))).status, 200);
  });
});

test('PP27 a store that gives a record to several callers keeps nothing', async (t) => {
  const store = openShelf();
  const remove = store.delete.bind(store);
  store.delete = async (key) => {
    await remove(key);
    return true;
  };
  const { scene, browser } = await ended(t, { options: { store } });
  assertNotSent(await (await submit(browser, scene, '/form')).settle(), 'ERR_SSO_REQUEST_NOT_STORED');
  assert.deepEqual(scene.begun, []);
});
