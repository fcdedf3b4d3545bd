import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { createMemoryKeyv, type RequireLoginOptions } from '../../src/index.ts';
import type { Browser, Page } from '../support/browser.ts';
import { logIn } from '../support/portal.ts';
import {
  carry,
  codeShown,
  formOf,
  heldBy,
  linkOf,
  onlyHeld,
  recording,
  sendWhenSignedOut,
  signInOn,
} from './keep-safety-support.ts';
import { keepScene, pressOn, signedIn, submit } from './keep-support.ts';
import { cookieHeader, cookiesFor, NAVIGATION, raw } from './support.ts';

/** A scene whose handler remembers who sent what. */
async function recorded(t: TestContext, guard: RequireLoginOptions = { keepBody: true }) {
  const runs: string[] = [];
  const scene = await keepScene(t, {
    mount(app, sso) {
      app.use(sso.session(app));
      app.use(sso.routes());
      app.use(sso.requireLogin(guard));
      app.use(recording(runs));
    },
  });
  return { scene, runs };
}

/** All orders of some things. */
function ordersOf<T>(things: readonly T[]): readonly (readonly T[])[] {
  if (things.length === 0) return [[]];
  return things.flatMap((thing, at) => ordersOf(things.toSpliced(at, 1)).map((rest) => [thing, ...rest]));
}

describe('several tabs', () => {
  for (const names of [
    ['one', 'two'],
    ['one', 'two', 'three'],
  ] as const) {
    for (const order of ordersOf<string>(names)) {
      test(`PP14 ${names.length} forms to one address, signed in in the order ${order}: each sends its own bytes`, async (t) => {
        const { scene, runs } = await recorded(t);
        const browser = await signedIn(scene);
        const tabs = new Map<string, Page>();
        for (const name of names) tabs.set(name, await sendWhenSignedOut(browser, scene, '/form', formOf(name)));
        assert.equal(heldBy(browser).length, names.length);
        for (const name of order) {
          const tab = tabs.get(name);
          assert.ok(tab);
          const done = await pressOn(await signInOn(tab, scene));
          assert.equal(done.status, 200, done.body);
        }
        assert.deepEqual(
          runs,
          order.map((name) => `alice POST /form answer=${name}`),
        );
      });
    }
  }

  test('PP14 both pages are open before either button is pressed, the later first', async (t) => {
    const { scene, runs } = await recorded(t);
    const browser = await signedIn(scene);
    const forms = [];
    for (const name of ['one', 'two']) forms.push(await sendWhenSignedOut(browser, scene, '/form', formOf(name)));
    const pages = [];
    for (const form of forms) pages.push(await signInOn(form, scene));
    for (const page of pages.toReversed()) assert.equal((await pressOn(page)).status, 200);
    assert.deepEqual(runs, ['alice POST /form answer=two', 'alice POST /form answer=one']);
  });

  test('PP14 the same form twice: two requests, each of its own name', async (t) => {
    const scene = await keepScene(t);
    const browser = await signedIn(scene);
    const forms = [];
    for (let count = 0; count < 2; count += 1) forms.push(await sendWhenSignedOut(browser, scene));
    for (const form of forms) assert.equal((await pressOn(await signInOn(form, scene))).status, 200);
    assert.equal(new Set(scene.seen.map(({ key }) => key)).size, 2);
  });

  test('PP14 one tab waits, another signs in plainly: the first goes on, silently or by its open form', async (t) => {
    for (const isFilledIn of [true, false]) {
      const { scene, runs } = await recorded(t);
      const browser = await signedIn(scene);
      const form = await sendWhenSignedOut(browser, scene, '/form', formOf('one'));
      await logIn(browser, `${scene.portal.url}/other`, scene.fakeCas);
      assert.deepEqual(runs, []);
      const page = isFilledIn ? await signInOn(form, scene) : await (await browser.get(form.url)).settle();
      assert.equal((await pressOn(page)).status, 200);
      assert.deepEqual(runs, ['alice POST /form answer=one']);
    }
  });

  test('PP14 a tab that is signed in sends the same form meanwhile: what waits is not touched', async (t) => {
    const { scene, runs } = await recorded(t);
    const browser = await signedIn(scene);
    const form = await sendWhenSignedOut(browser, scene, '/form', formOf('one'));
    await logIn(browser, `${scene.portal.url}/form`, scene.fakeCas);
    assert.equal((await submit(browser, scene, '/form', formOf('two'))).status, 200);
    assert.equal((await pressOn(await signInOn(form, scene))).status, 200);
    assert.deepEqual(runs, ['alice POST /form answer=two', 'alice POST /form answer=one']);
  });

  test('PP14 a tab that signs out ends what waits in the others: no handler gets the small form instead', async (t) => {
    const { scene, runs } = await recorded(t);
    const browser = await signedIn(scene);
    const page = await signInOn(await sendWhenSignedOut(browser, scene, '/form', formOf('one')), scene);
    await browser.post(`${scene.portal.url}/sso/logout?scope=here`, {}, { from: `${scene.portal.url}/form` });
    await logIn(browser, `${scene.portal.url}/form`, scene.fakeCas);
    const told = await pressOn(page);
    assert.equal(told.status, 403);
    assert.equal(codeShown(told), 'ERR_SSO_REQUEST_FOREIGN');
    assert.equal((await told.click(linkOf(told, 'Go back to the page'))).status, 200);
    assert.deepEqual(runs, []);
  });
});

describe('while the login form of a victim is open, an attacker (CVE-2013-2067)', () => {
  const EVIL = 'https://evil.example.com/page';

  type Attack = (victim: Browser, url: string, form: Page) => Promise<unknown>;
  const post = (from: string, headers: Readonly<Record<string, string>> = {}): Attack => {
    return (victim, url) => victim.send(`${url}/form`, formOf('evil'), { from, headers });
  };
  /** Sends something as anybody can who knows only what is public, with cookies of their choice. */
  const forge = (headers: Readonly<Record<string, string>>, body: string): Attack => {
    return (_victim, url) =>
      raw(`${url}/form`, {
        method: 'POST',
        headers: {
          ...NAVIGATION,
          'sec-fetch-site': 'same-origin',
          origin: url,
          'content-type': 'application/x-www-form-urlencoded',
          'content-length': `${body.length}`,
          ...headers,
        },
        body,
      });
  };
  const token = `${'h'.repeat(22)}.${'i'.repeat(43)}`;
  const attacks: readonly (readonly [string, Attack])[] = [
    ['posts from another site', post(EVIL)],
    ['posts from a sibling host of the same site', post('http://evil.localhost/page')],
    ['posts from another port of the host', post('http://localhost:1/page')],
    ['posts without an origin', post(EVIL, { origin: 'null', 'sec-fetch-site': 'cross-site' })],
    ['posts as an old browser without Sec-Fetch', forgeOld()],
    ['opens the address', (victim, url) => victim.get(`${url}/form?answer=evil`, { from: EVIL })],
    [
      'opens the address of a resume page',
      (victim, url) => victim.get(`${url}/sso/resume/${'h'.repeat(22)}`, { from: EVIL }),
    ],
    ['posts a token that was made up', forge({}, `campus-sso-resume=${token}`)],
    ['posts a token with cookies that were made up', forgeCookies()],
    ['sends one of its own from another browser', forge({}, 'answer=evil')],
    [
      'makes the victim post a token from another site',
      (victim, url) => {
        const { handle, id } = onlyHeld(victim);
        const body = { bytes: Buffer.from(`campus-sso-resume=${handle}.${id}`), type: formOf('').type ?? '' };
        return victim.send(`${url}/form`, body, { from: EVIL });
      },
    ],
  ];

  function forgeOld(): Attack {
    return async (victim, url) => {
      const headers = {
        accept: 'text/html',
        origin: new URL(EVIL).origin,
        'content-type': formOf('').type ?? '',
        ...cookiesFor(victim, url),
      };
      const answer = await raw(`${url}/form`, { method: 'POST', headers, body: 'answer=evil' });
      victim.cookies.store(new URL(url), answer.headers['set-cookie'] ?? []);
    };
  }

  function forgeCookies(): Attack {
    return (victim, url, form) => {
      const { name } = onlyHeld(victim);
      const prefix = name.slice(0, -22);
      const made = `0.${'i'.repeat(43)}.${'s'.repeat(43)}.${'b'.repeat(22)}.`;
      const cookie = cookieHeader([`${prefix}${'h'.repeat(22)}=${made}`, `sso-owner-${prefix.slice(12, 20)}=made.up`]);
      return forge({ cookie }, `campus-sso-resume=${token}`)(victim, url, form);
    };
  }

  for (const anonymous of [false, true]) {
    for (const [what, attack] of attacks) {
      test(`PP14 ${what}${anonymous ? ', where anybody may send' : ''}: only what the victim sent is run, once`, async (t) => {
        const { scene, runs } = await recorded(t, { keepBody: { anonymous } });
        const { url } = scene.portal;
        const victim = await signedIn(scene);
        const form = await sendWhenSignedOut(victim, scene, '/form', formOf('mine'));
        const before = heldBy(victim);
        await attack(victim, url, form);
        assert.deepEqual(heldBy(victim), before, 'the browser of the victim keeps what the attacker sent');
        assert.deepEqual(runs, []);
        const page = await signInOn(form, scene);
        assert.equal((await pressOn(page)).status, 200);
        assert.deepEqual(runs, ['alice POST /form answer=mine']);
        const again = await pressOn(page);
        assert.equal(again.status, 409);
        assert.equal(runs.length, 1);
      });
    }
  }

  test('PP14 what another client sent anonymously waits for that client alone', async (t) => {
    const { scene, runs } = await recorded(t, { keepBody: { anonymous: true } });
    const thief = scene.browser();
    const open = await (await submit(thief, scene, '/form', formOf('evil'))).settle();
    const taken = onlyHeld(thief);
    const victim = await signedIn(scene);
    const form = await sendWhenSignedOut(victim, scene, '/form', formOf('mine'));
    assert.equal((await carry(victim, scene, taken)).status, 403);
    // The thief sends the victim to the return address of the thief's own attempt.
    const service = new URL(open.url).searchParams.get('service') ?? '';
    const ticket = scene.fakeCas.issueTicket('alice', service);
    const led = await victim.get(`${service}&ticket=${ticket}`, { from: scene.fakeCas.url });
    assert.equal(codeShown(await led.settle()), 'ERR_SSO_ATTEMPT_FOREIGN');
    assert.equal((await pressOn(await signInOn(form, scene))).status, 200);
    assert.deepEqual(runs, ['alice POST /form answer=mine']);
  });
});

test('PP14 a later request never takes the place of an earlier one in the store', async (t) => {
  const keyv = createMemoryKeyv();
  const written: string[] = [];
  const { set } = keyv;
  keyv.set = (key: string, value: unknown, ttl?: number) => {
    if (key.startsWith('request:')) written.push(key);
    return set.call(keyv, key, value, ttl);
  };
  const scene = await keepScene(t, { options: { store: keyv } });
  const browser = await signedIn(scene);
  for (let count = 0; count < 3; count += 1) await sendWhenSignedOut(browser, scene);
  assert.equal(written.length, 3);
  assert.equal(new Set(written).size, 3);
});
