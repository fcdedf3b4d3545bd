import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { createMemoryKeyv, type RequireLoginOptions } from '../../src/index.ts';
import type { Browser, Page } from '../support/browser.ts';
import { logIn } from '../support/portal.ts';
import { cancelAtWls, startTwoWays, type TwoWays, typePassword as typeAtWls } from '../support/raven.ts';
import {
  codeShown,
  formOf,
  heldBy,
  linkOf,
  onlyHeld,
  recording,
  sendWhenSignedOut,
  signInOn,
  titleOf,
} from './keep-safety-support.ts';
import { keepScene, pressOn, signedIn } from './keep-support.ts';
import { serviceOf } from './support.ts';

/** A store that counts what is kept. */
function countingStore() {
  const keyv = createMemoryKeyv();
  const kept = { written: 0 };
  const { set } = keyv;
  keyv.set = (key: string, value: unknown, ttl?: number) => {
    if (key.startsWith('request:')) kept.written += 1;
    return set.call(keyv, key, value, ttl);
  };
  return { keyv, kept };
}

/** Follows a link of a failure page, up to the next page. */
const goOn = async (page: Page, label: string) => (await page.click(linkOf(page, label))).settle();

describe('a sign-in that fails', () => {
  for (const times of [1, 3]) {
    test(`PP14 cancelled ${times} times at the CAS server: “Sign in again” brings the same request back`, async (t) => {
      const { keyv, kept } = countingStore();
      const scene = await keepScene(t, { options: { store: keyv } });
      const browser = await signedIn(scene);
      let form = await sendWhenSignedOut(browser, scene, '/form', formOf('yes'));
      const before = onlyHeld(browser);
      for (let count = 0; count < times; count += 1) {
        const failure = await browser.get(serviceOf(form.url), { from: form });
        assert.equal(codeShown(failure), 'ERR_SSO_TICKET_MISSING');
        form = await goOn(failure, 'Sign in again');
      }
      assert.deepEqual(onlyHeld(browser), before);
      assert.equal(kept.written, 1, 'it was kept once more');
      assert.equal((await pressOn(await signInOn(form, scene))).status, 200);
      assert.deepEqual(scene.begun, ['POST /form']);
      assert.equal(scene.portal.journal.at(-1)?.event, 'request.resumed');
    });
  }

  test('PP14 a ticket that is refused: the same', async (t) => {
    const scene = await keepScene(t);
    const browser = await signedIn(scene);
    const form = await sendWhenSignedOut(browser, scene, '/form', formOf('yes'));
    scene.fakeCas.misbehave({ kind: 'failure', code: 'INVALID_TICKET' });
    const failure = await signInOn(form, scene);
    assert.equal(codeShown(failure), 'ERR_SSO_TICKET_REJECTED');
    assert.equal((await pressOn(await goOn(failure, 'Sign in again'))).status, 200);
    assert.deepEqual(scene.begun, ['POST /form']);
  });

  test('PP14 somebody who gives up and comes back later by a plain page: nothing is run', async (t) => {
    const scene = await keepScene(t);
    const browser = await signedIn(scene);
    const form = await sendWhenSignedOut(browser, scene);
    await browser.get(serviceOf(form.url), { from: form });
    assert.equal((await logIn(browser, `${scene.portal.url}/other`, scene.fakeCas)).status, 200);
    assert.deepEqual(scene.begun, ['GET /other']);
  });

  test('PP14 the cookie is lost before “Sign in again”: the person is told, and nothing is run', async (t) => {
    const scene = await keepScene(t);
    const browser = await signedIn(scene);
    const form = await sendWhenSignedOut(browser, scene);
    const failure = await browser.get(serviceOf(form.url), { from: form });
    browser.cookies.clear(/sso-request/);
    const page = await signInOn(await goOn(failure, 'Sign in again'), scene);
    assert.equal(page.status, 403);
    assert.match(page.body, /ERR_SSO_REQUEST_FOREIGN/);
    assert.deepEqual(
      scene.begun.filter((line) => line.startsWith('POST')),
      [],
    );
  });
});

describe('several ways to log in', () => {
  interface Ways extends TwoWays {
    readonly runs: string[];
  }

  async function waysFor(t: TestContext, guard: RequireLoginOptions = { keepBody: true }): Promise<Ways> {
    const runs: string[] = [];
    const both = await startTwoWays({
      // The same name as at the CAS server, and another person.
      wls: { users: [{ principal: 'alice', password: 'wonderland' }] },
      mount(app, sso) {
        app.use(sso.session(app));
        app.use(sso.routes());
        app.use(sso.requireLogin(guard));
        app.use(recording(runs));
      },
    });
    t.after(() => both.close());
    return Object.assign(both, { runs });
  }

  async function signedInByCas(both: Ways): Promise<Browser> {
    const browser = both.browser();
    const url = `${both.portal.url}/sso/login?via=cas&returnTo=%2Fform`;
    assert.equal((await logIn(browser, url, both.fakeCas)).status, 200);
    return browser;
  }

  /** Sends a form when the session has ended everywhere. */
  async function send(browser: Browser, { portal, fakeCas }: Ways): Promise<Page> {
    fakeCas.signOutEverybody();
    browser.cookies.clear(/sso-session/);
    return (await browser.send(`${portal.url}/form`, formOf('yes'), { from: `${portal.url}/form` })).settle();
  }

  test('PP16 nobody knows who: chosen, cancelled, chosen again, and asked before it is sent', async (t) => {
    const both = await waysFor(t, { keepBody: { anonymous: true } });
    const browser = both.browser();
    const chooser = await send(browser, both);
    assert.equal(titleOf(chooser), 'How do you want to sign in?');
    const before = onlyHeld(browser);
    const cancelled = await cancelAtWls(await goOn(chooser, 'Raven'));
    assert.equal(codeShown(cancelled), 'ERR_SSO_CANCELLED');
    const again = await goOn(cancelled, 'Sign in another way');
    assert.equal(titleOf(again), 'How do you want to sign in?');
    const page = await signInOn(await goOn(again, 'CAS'), both);
    assert.equal(titleOf(page), 'Do you want to send this?');
    assert.deepEqual(onlyHeld(browser), before);
    assert.deepEqual(both.runs, []);
    assert.equal((await pressOn(page)).status, 200);
    assert.deepEqual(both.runs, ['alice POST /form answer=yes']);
  });

  test('PP16 the chosen way is cancelled, and taken again', async (t) => {
    const both = await waysFor(t, { keepBody: { anonymous: true } });
    const chooser = await send(both.browser(), both);
    const cancelled = await cancelAtWls(await goOn(chooser, 'Raven'));
    const form = await goOn(cancelled, 'Sign in again');
    assert.equal(form.url.origin, new URL(both.wls.url).origin);
    assert.equal((await pressOn(await (await typeAtWls(form, both.wls, 'alice')).settle())).status, 200);
    assert.deepEqual(both.runs, ['alice POST /form answer=yes']);
  });

  test('PP15 its sender is led to the server that knows them, whatever was chosen last', async (t) => {
    const both = await waysFor(t);
    const browser = await signedInByCas(both);
    const [way] = browser.cookies.all().filter(({ name }) => name.startsWith('sso-way-'));
    assert.ok(way);
    browser.cookies.store(new URL(both.portal.url), [`${way.name}=ucam; path=/`]);
    const form = await send(browser, both);
    assert.equal(form.url.origin, new URL(both.fakeCas.url).origin);
    assert.equal((await pressOn(await signInOn(form, both))).status, 200);
    assert.deepEqual(both.runs, ['alice POST /form answer=yes']);
  });

  test('PP15 the first way fails, the other is chosen by mistake, and the sender goes back: it is still there', async (t) => {
    const both = await waysFor(t);
    const browser = await signedInByCas(both);
    const form = await send(browser, both);
    const before = onlyHeld(browser);
    both.fakeCas.misbehave({ kind: 'failure', code: 'INTERNAL_ERROR' });
    const failure = await signInOn(form, both);
    const cancelled = await cancelAtWls(await goOn(await goOn(failure, 'Sign in another way'), 'Raven'));
    const page = await goOn(await goOn(cancelled, 'Sign in another way'), 'CAS');
    assert.deepEqual(onlyHeld(browser), before);
    assert.equal((await pressOn(page)).status, 200);
    assert.deepEqual(both.runs, ['alice POST /form answer=yes']);
  });

  test('PP15 the same name at another login server is another person: destroyed, and told', async (t) => {
    const both = await waysFor(t);
    const browser = await signedInByCas(both);
    await browser.get(serviceOf((await send(browser, both)).url), { from: both.fakeCas.url });
    const { handle } = onlyHeld(browser);
    const raven = await browser.get(`${both.portal.url}/sso/login?returnTo=%2Fform&via=ucam&request=${handle}`);
    const told = await (await typeAtWls(await raven.settle(), both.wls, 'alice')).settle();
    assert.equal(codeShown(told), 'ERR_SSO_REQUEST_OTHER_PERSON');
    assert.deepEqual(heldBy(browser), []);
    assert.deepEqual(both.runs, []);
  });
});
