import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSsoError } from '../../src/index.ts';
import { cookiesFor, FETCH, pairFor, raw, stoppedClock } from '../koa/support.ts';
import { logIn } from '../support/portal.ts';
import { latestAttempt, rowsOf, viewedPair } from './viewer-support.ts';

/** Everything that the viewer answers. */
const PATHS = [
  '',
  '?outcome=failure',
  '/attempts/AAAAAAAAAAAA',
  '/machines',
  '/machines/cas',
  '/events',
  '/files/viewer.css',
];

const DENIALS: readonly (readonly [string, () => unknown])[] = [
  ['false', () => false],
  ['a promise of false', async () => false],
  ['nothing', () => undefined],
  ['the name of a role, which is no true', () => 'admin'],
  ['a user, who is no true', () => ({ id: 'alice' })],
  ['1', async () => 1],
];

test('without being mounted there is no viewer', async (t) => {
  const { portal, fakeCas, browser } = await pairFor(t);
  const visitor = browser();
  await logIn(visitor, `${portal.url}/start`, fakeCas);
  const page = await visitor.get(`${portal.url}/sso/flows`);
  assert.equal(JSON.parse(page.body).page, '/sso/flows', 'the page of the application');
});

for (const [answer, allow] of DENIALS) {
  test(`nobody gets in when \`allow\` gives ${answer}`, async (t) => {
    const { url, auditor, fakeCas } = await viewedPair(t, { viewer: { allow: allow as () => boolean } });
    for (const path of PATHS) {
      const page = await auditor.get(url + path);
      assert.equal(page.status, 401, path);
      assert.match(page.body, /ERR_SSO_LOGIN_REQUIRED/);
    }
    assert.equal((await auditor.post(url, { user: 'alice' })).status, 401);
    await logIn(auditor, new URL('/start', url).href, fakeCas);
    for (const path of PATHS) {
      const page = await auditor.get(url + path);
      assert.equal(page.status, 403, path);
      assert.match(page.body, /ERR_SSO_NOT_AUTHORISED/);
      assert.doesNotMatch(page.body, /awaitingReturn|authenticated/);
    }
    assert.equal((await auditor.post(url, { user: 'alice' })).status, 403);
  });
}

test('nobody gets in when `allow` throws, and the host hears of it', async (t) => {
  const allow = () => {
    throw new Error('the directory is down');
  };
  const { url, portal, auditor } = await viewedPair(t, { viewer: { allow } });
  for (const path of PATHS) assert.equal((await auditor.get(url + path)).status, 500, path);
  assert.equal(portal.errors.length, PATHS.length);
});

test('nobody gets in when `allow` rejects', async (t) => {
  const allow = () => Promise.reject(new Error('the directory is down'));
  const { url, auditor } = await viewedPair(t, { viewer: { allow } });
  for (const path of PATHS) assert.equal((await auditor.get(url + path)).status, 500, path);
});

test('`allow` can ask who is signed in, and lets that person in', async (t) => {
  const { url, fakeCas, browser } = await viewedPair(t, {
    viewer: { allow: async ({ sso }) => (await sso.user())?.id === 'alice' },
  });
  const [alice, bob] = [browser(), browser()];
  await logIn(alice, new URL('/start', url).href, fakeCas, 'alice');
  await logIn(bob, new URL('/start', url).href, fakeCas, 'bob');
  assert.equal(rowsOf(await alice.get(url)).length, 2);
  assert.equal((await bob.get(url)).status, 403);
});

test('whoever is not signed in is led to the login and back', async (t) => {
  const { url, auditor, fakeCas } = await viewedPair(t, {
    viewer: { allow: async ({ sso }) => (await sso.user()) !== null },
  });
  const refused = await auditor.get(`${url}?outcome=success`);
  assert.equal(refused.status, 401);
  const [, login] = /href="([^"]*\/login\?[^"]*)"/.exec(refused.body) ?? [];
  assert.ok(login, refused.body);
  const address = new URL(login.replaceAll('&#38;', '&'), url);
  const page = await logIn(auditor, address.href, fakeCas);
  assert.equal(page.url.href, `${url}?outcome=success`);
  assert.equal(page.status, 200);
});

test('a page that keeps itself up to date does not keep the login of its reader from going idle', async (t) => {
  const clock = stoppedClock();
  const { url, auditor, fakeCas } = await viewedPair(t, {
    options: { clock, idleSeconds: 600 },
    viewer: { allow: async ({ sso }) => (await sso.user()) !== null },
  });
  await logIn(auditor, new URL('/start', url).href, fakeCas);
  for (let minute = 0; minute < 9; minute += 1) {
    clock.advance(60);
    assert.equal((await auditor.get(url, { headers: FETCH })).status, 200);
  }
  clock.advance(60);
  assert.equal((await auditor.get(url, { headers: FETCH })).status, 401);
});

test('nor does it behind a guard that stands in front of the viewer, or in a browser that says little', async (t) => {
  const clock = stoppedClock();
  const { url, auditor, fakeCas } = await viewedPair(t, {
    options: { clock, idleSeconds: 600 },
    between: (app, sso) => app.use(sso.requireLogin()),
  });
  await logIn(auditor, new URL('/start', url).href, fakeCas);
  const { cookie = '' } = cookiesFor(auditor, url);
  const headers = { cookie, accept: 'text/html', 'x-requested-with': 'XMLHttpRequest' };
  for (let minute = 0; minute < 9; minute += 1) {
    clock.advance(60);
    assert.equal((await raw(url, { headers })).status, 200);
  }
  clock.advance(60);
  assert.equal((await raw(url, { headers })).status, 401);
});

test('nor does it when the viewer stands in front of the routes', async (t) => {
  const clock = stoppedClock();
  const { portal, fakeCas, browser } = await pairFor(t, {
    options: { clock, idleSeconds: 600 },
    mount(app, sso) {
      app.use(sso.session(app));
      app.use(sso.flowViewer({ allow: async (ctx) => (await ctx.sso.user()) !== null }));
      app.use(sso.routes());
      app.use(sso.requireLogin());
    },
  });
  const auditor = browser();
  await logIn(auditor, `${portal.url}/start`, fakeCas);
  clock.advance(540);
  assert.equal((await auditor.get(`${portal.url}/sso/flows`, { headers: FETCH })).status, 200);
  clock.advance(60);
  assert.equal((await auditor.get(`${portal.url}/sso/flows`, { headers: FETCH })).status, 401);
});

test('opening a page of the viewer is activity like any other', async (t) => {
  const clock = stoppedClock();
  const { url, auditor, fakeCas } = await viewedPair(t, {
    options: { clock, idleSeconds: 600 },
    viewer: { allow: async ({ sso }) => (await sso.user()) !== null },
  });
  await logIn(auditor, new URL('/start', url).href, fakeCas);
  for (let times = 0; times < 3; times += 1) {
    clock.advance(590);
    assert.equal((await auditor.get(url)).status, 200);
  }
});

test('without a session, whoever is not let in is told so, and that is no error of the application', async (t) => {
  const { portal, browser } = await pairFor(t, {
    mount: (app, sso) => app.use(sso.flowViewer({ allow: (ctx) => ctx.get('X-Auditor') === 'yes' })),
  });
  const url = `${portal.url}/sso/flows`;
  assert.equal((await browser().get(url)).status, 401);
  assert.equal((await browser().get(url, { headers: { 'x-auditor': 'yes' } })).status, 200);
  assert.deepEqual(portal.errors, []);
});

test('the files of the viewer, a HEAD, and an address in capitals are closed as well', async (t) => {
  const open = await viewedPair(t);
  const page = await open.auditor.get(open.url);
  const files = [...page.body.matchAll(/\/sso\/flows\/files\/[^"]+/g)].map(([path]) => path);
  assert.equal(files.length, 2);
  const closed = await viewedPair(t, { viewer: { allow: () => false } });
  for (const path of [
    ...files,
    '/sso/flows/',
    '/SSO/FLOWS',
    '/sso/flows//machines',
    '/sso//flows',
    '/sso/flows/%6dachines',
  ]) {
    for (const method of ['GET', 'HEAD', 'POST']) {
      const { status, headers } = await raw(new URL(path, closed.url).href, { method });
      assert.notEqual(status, 200, `${method} ${path}`);
      assert.ok(status === 401 || status === 303 || status === 404, `${method} ${path}: ${status}`);
      assert.doesNotMatch(String(headers['content-security-policy']), /script-src/);
    }
  }
});

test('the viewer changes nothing: other methods have no answer', async (t) => {
  const { url, portal } = await viewedPair(t);
  for (const method of ['PUT', 'DELETE', 'PATCH']) {
    assert.equal((await raw(url, { method })).status, 401, 'that of the application behind it');
  }
  assert.deepEqual(portal.errors, []);
});

test('a name of a flow or a label that nobody knows is not found', async (t) => {
  const { url, auditor } = await viewedPair(t);
  for (const path of ['/attempts/nobody', '/machines/nobody', '/machines/__proto__', '/files/nobody.css']) {
    const page = await auditor.get(url + path);
    assert.equal(page.status, 404, path);
    assert.match(page.body, /<h1>Not found<\/h1>/);
  }
});

test('the attempt of somebody else is shown, and its label finishes nothing', async (t) => {
  const { url, auditor, browser } = await viewedPair(t);
  await browser().get(new URL('/start', url));
  const page = await latestAttempt(auditor, url);
  const label = page.url.pathname.split('/').at(-1) ?? '';
  const returned = await auditor.get(new URL(`/sso/return?attempt=${label}&ticket=ST-1-AAAAAAAA`, url));
  assert.equal(returned.status, 400);
});

test('options that make no sense are refused together', async (t) => {
  const { portal } = await pairFor(t);
  const wrong = { allow: 'everybody', minutes: 0, attempts: 1.5 };
  assert.throws(
    () => portal.sso.flowViewer(wrong as never),
    (error) =>
      isSsoError(error) &&
      error.code === 'ERR_SSO_OPTIONS' &&
      ['allow:', 'minutes:', 'attempts:'].every((name) => error.message.includes(name)),
  );
  assert.throws(() => portal.sso.flowViewer(undefined as never), /allow:/);
});
