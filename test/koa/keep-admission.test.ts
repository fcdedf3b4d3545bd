import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FORM, type KeepScene, pressOn, sha256, signedIn, submit } from './keep-support.ts';
import {
  assertTold,
  begunWith,
  E1,
  E2,
  ENTRIES,
  formHeaders,
  posted,
  proxyFor,
  seenAt,
  sendBare,
  type WatchedScene,
  watchedScene,
} from './keep-wire.ts';
import { FETCH } from './support.ts';

type Headers = Readonly<Record<string, string>>;

function without(headers: Headers, pattern: RegExp): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !pattern.test(name)));
}

/** Requests that no person is looking at, as changes to those of a form. */
const UNSEEN: readonly (readonly [string, boolean, (form: Headers) => Headers])[] = [
  ['fetch', true, (form) => ({ ...form, ...FETCH })],
  ['fetch that takes anything', true, (form) => ({ ...form, ...FETCH, accept: '*/*' })],
  ['an XHR of an old browser', false, (form) => ({ ...without(form, /^sec-/), 'x-requested-with': 'XMLHttpRequest' })],
  ['fetch of an old browser', true, (form) => ({ ...without(form, /^sec-/), accept: '*/*' })],
  ['a form in a frame', false, (form) => ({ ...form, 'sec-fetch-dest': 'iframe' })],
  ['a prefetch', false, (form) => ({ ...form, 'sec-purpose': 'prefetch' })],
];

/** What a refused caller is told: a code, and where to log in. */
function refusalOf(body: string, isJson: boolean): { readonly code?: string | undefined; readonly loginUrl: string } {
  if (isJson) return JSON.parse(body).error;
  const [, href = ''] = /<a class="primary" href="([^"]+)"/.exec(body) ?? [];
  return { code: /<code>(\w+)<\/code>/.exec(body)?.[1], loginUrl: href.replaceAll('&#38;', '&') };
}

for (const entry of ENTRIES) {
  const code = entry === E1 ? 'ERR_SSO_LOGIN_REQUIRED' : 'ERR_SSO_PROXY_GRANT_EXPIRED';
  for (const [name, isJson, change] of UNSEEN) {
    test(`PP2 ${entry.name}: ${name} gets 401 and where to log in, and nothing is stored`, async (t) => {
      const scene = await watchedScene(t);
      const browser = await signedIn(scene);
      await entry.interrupt(scene, browser);
      const headers = change({ ...formHeaders(scene, browser), 'content-type': FORM.type! });
      const answer = await sendBare(browser, `${scene.portal.url}${entry.path}`, { headers, bytes: FORM.bytes });
      assert.equal(answer.status, 401, answer.body);
      assert.equal(answer.headers.location, undefined);
      const refusal = refusalOf(answer.body, isJson);
      assert.equal(refusal.code, code);
      const login = new URL(refusal.loginUrl, scene.portal.url);
      assert.equal(`${login.origin}${login.pathname}`, `${scene.portal.url}/sso/login`);
      assert.equal(login.searchParams.get('returnTo'), '/form');
      assert.deepEqual(begunWith(scene), entry === E1 ? [] : [`POST ${entry.path}`]);
      assert.deepEqual(scene.stored, []);
    });
  }
}

test('PP2 E2: the address that fetch is told renews the grant, and the same fetch succeeds then', async (t) => {
  const scene = await watchedScene(t);
  const browser = await signedIn(scene);
  await E2.interrupt(scene, browser);
  const send = () =>
    sendBare(browser, `${scene.portal.url}${E2.path}`, {
      headers: { ...formHeaders(scene, browser), ...FETCH, 'content-type': FORM.type! },
      bytes: FORM.bytes,
    });
  const { loginUrl } = refusalOf((await send()).body, true);
  const page = await (await browser.get(loginUrl, { from: `${scene.portal.url}/form` })).settle();
  assert.equal(`${page.status} ${page.url}`, `200 ${scene.portal.url}/form`);
  assert.equal((await send()).status, 200);
  assert.deepEqual(
    posted(scene).map(({ sha256: digest, replay }) => [digest, replay]),
    [[sha256(FORM.bytes), null]],
  );
});

test('PP2 E1: after the login that fetch is told of, the same fetch succeeds', async (t) => {
  const scene = await watchedScene(t);
  const browser = await signedIn(scene);
  await E1.interrupt(scene, browser);
  const send = () =>
    sendBare(browser, `${scene.portal.url}${E1.path}`, {
      headers: { ...formHeaders(scene, browser), ...FETCH },
      bytes: FORM.bytes,
    });
  const { loginUrl } = refusalOf((await send()).body, true);
  await (await browser.get(loginUrl, { from: `${scene.portal.url}/form` })).settle();
  assert.equal((await send()).status, 200);
});

test('PP2 E2: a GET by fetch is told where to renew the grant as well', async (t) => {
  const scene = await watchedScene(t);
  const browser = await signedIn(scene);
  await E2.interrupt(scene, browser);
  const headers = { ...formHeaders(scene, browser), ...FETCH };
  const answer = await sendBare(browser, `${scene.portal.url}${E2.path}`, { method: 'GET', headers });
  assert.equal(answer.status, 401);
  assert.equal(refusalOf(answer.body, true).code, 'ERR_SSO_PROXY_GRANT_EXPIRED');
});

test('PP2 a form of a browser that tells no more than its Origin is kept', async (t) => {
  const scene = await watchedScene(t);
  const browser = await signedIn(scene);
  await E1.interrupt(scene, browser);
  const headers = without(formHeaders(scene, browser), /^sec-/);
  const answer = await sendBare(browser, `${scene.portal.url}${E1.path}`, { headers, bytes: FORM.bytes });
  await pressOn(await answer.settle());
  assert.equal(posted(scene)[0]?.sha256, sha256(FORM.bytes));
});

/** Where a form may come from that is none of ours, as changes to the headers of one that is. */
const STRANGERS: readonly (readonly [string, (scene: KeepScene, form: Headers) => Headers])[] = [
  [
    'another site',
    (_scene, form) => ({ ...form, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', referer: '' }),
  ],
  ['another site that writes our name', (_scene, form) => ({ ...form, 'sec-fetch-site': 'cross-site', referer: '' })],
  [
    'a sibling sub-domain',
    ({ portal }, form) => ({
      ...form,
      origin: portal.url.replace('//', '//blog.'),
      'sec-fetch-site': 'same-site',
      referer: '',
    }),
  ],
  [
    'another port of this host',
    (_scene, form) => ({ ...form, origin: 'http://localhost:1', 'sec-fetch-site': 'same-site', referer: '' }),
  ],
  [
    'another port, said by an old browser',
    (_scene, form) => ({ ...without(form, /^sec-/), origin: 'http://localhost:1', referer: '' }),
  ],
  [
    'nowhere that it names, on another site',
    (_scene, form) => ({ ...form, origin: 'null', 'sec-fetch-site': 'cross-site', referer: '' }),
  ],
  ['nowhere that it names, said by an old browser', (_scene, form) => ({ ...without(form, /^sec-/), origin: 'null' })],
  ['a browser that says nothing', (_scene, form) => without(form, /^(sec-|origin|referer)/)],
  ['a bookmark, which posts nothing', (_scene, form) => ({ ...without(form, /^origin/), 'sec-fetch-site': 'none' })],
  [
    'http while this site is another scheme',
    ({ portal }, form) => ({ ...form, origin: portal.url.replace('http:', 'https:'), 'sec-fetch-site': 'cross-site' }),
  ],
];

/** Sends a form with these headers, and shows what the person sees after the login. */
async function sendAs(scene: WatchedScene, path: string, change: (form: Headers) => Headers, withSession: boolean) {
  const browser = await signedIn(scene);
  if (path === E2.path) await E2.interrupt(scene, browser);
  const form = change({ ...formHeaders(scene, browser), 'content-type': FORM.type! });
  const headers = withSession ? form : without(form, /^cookie$/);
  const answer = await sendBare(browser, `${scene.portal.url}${path}`, { headers, bytes: FORM.bytes });
  assert.equal(answer.status, 303, answer.body);
  return answer.settle();
}

for (const [name, change] of STRANGERS) {
  test(`PP3 E1: a form from ${name} is not stored; after the login the person is told, and goes on by GET`, async (t) => {
    const scene = await watchedScene(t);
    const page = await sendAs(scene, E1.path, (form) => change(scene, form), false);
    assert.deepEqual(scene.stored, []);
    assert.deepEqual(begunWith(scene), []);
    await assertLeadsBack(scene, page, E1.path);
  });

  // Such a form has the cookies of a sibling in any case, and of anybody where the session says SameSite=None.
  test(`PP3 E2: a form from ${name}, with the session, is not stored and does not run again`, async (t) => {
    const scene = await watchedScene(t);
    const page = await sendAs(scene, E2.path, (form) => change(scene, form), true);
    assert.deepEqual(scene.stored, []);
    assert.deepEqual(begunWith(scene), [`POST ${E2.path}`]);
    await assertLeadsBack(scene, page, E2.path);
    assert.deepEqual(begunWith(scene), [`POST ${E2.path}`]);
    assert.deepEqual(posted(scene), []);
  });
}

/** The page that tells, with the way back by GET: to the page of the form, or without one to the address itself. */
async function assertLeadsBack(scene: KeepScene, page: Awaited<ReturnType<typeof sendAs>>, path: string) {
  assert.equal(page.url.searchParams.get('code'), 'ERR_SSO_REQUEST_NOT_OURS', `${page.url}`);
  const returnTo = page.url.searchParams.get('returnTo');
  if (returnTo === '/form') return assertTold(scene, page, 'ERR_SSO_REQUEST_NOT_OURS');
  assert.equal(returnTo, path);
  assert.match(page.body, /Another site could have sent it in your name/);
  const back = await page.click(returnTo);
  assert.equal(`${back.method} ${back.status} ${back.url}`, `GET 200 ${scene.portal.url}${path}`);
}

test('PP3 a page of another site posts into a session that SameSite keeps from it: nothing is stored', async (t) => {
  const scene = await watchedScene(t);
  const browser = await signedIn(scene);
  const target = `${scene.portal.url}/form/1`;
  const page = await (await browser.send(target, FORM, { from: 'https://evil.example/trap' })).settle();
  assert.deepEqual(scene.stored, []);
  assert.equal(page.url.searchParams.get('code'), 'ERR_SSO_REQUEST_NOT_OURS');
  assert.deepEqual(begunWith(scene), []);
});

test('PP3 a page of ours without a referrer, which makes browsers say null, is ours', async (t) => {
  const scene = await watchedScene(t);
  const browser = await signedIn(scene);
  await E1.interrupt(scene, browser);
  const headers = { ...without(formHeaders(scene, browser), /^referer$/), origin: 'null' };
  const answer = await sendBare(browser, `${scene.portal.url}${E1.path}`, { headers, bytes: FORM.bytes });
  await pressOn(await answer.settle());
  assert.equal(posted(scene)[0]?.sha256, sha256(FORM.bytes));
});

test('PP3 a form that comes by another name of this host is told of, not kept', async (t) => {
  const scene = await watchedScene(t);
  const alias = (form: Headers) => ({ ...form, origin: 'http://alias.example.edu', referer: '' });
  await assertLeadsBack(scene, await sendAs(scene, E1.path, alias, false), E1.path);
  assert.deepEqual(scene.stored, []);
});

describe('PP3 behind a proxy that takes headers off', () => {
  for (const [name, strip, isKept] of [
    ['Origin', ['origin'], true],
    ['what browsers say of fetches', ['sec-fetch-site', 'sec-fetch-mode', 'sec-fetch-dest', 'sec-fetch-user'], true],
    ['both', ['origin', 'sec-fetch-site', 'sec-fetch-mode', 'sec-fetch-dest', 'sec-fetch-user'], false],
  ] as const) {
    for (const entry of ENTRIES) {
      test(`PP3 ${entry.name}: ${name}: a form is ${isKept ? 'kept' : 'not kept, and the person is told'}`, async (t) => {
        const proxy = await proxyFor(t, { strip });
        const inner = await watchedScene(t, { options: { baseUrl: proxy.url } });
        proxy.standInFrontOf(inner.portal.url);
        const scene = seenAt(inner, proxy.url);
        const browser = await signedIn(scene);
        await entry.interrupt(scene, browser);
        const page = await (await submit(browser, scene, entry.path)).settle();
        assert.equal(scene.stored.length > 0, isKept);
        if (!isKept) return assertTold(scene, page, 'ERR_SSO_REQUEST_NOT_OURS');
        await pressOn(page);
        assert.equal(posted(scene)[0]?.sha256, sha256(FORM.bytes));
      });
    }
  }
});
