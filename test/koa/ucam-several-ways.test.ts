import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Context, Middleware } from 'koa';
import { campusSso, cas, createMemoryKeyv, type UcamOptions, ucam } from '../../src/index.ts';
import { type Browser, trail } from '../support/browser.ts';
import { decodeEntities } from '../support/html-form.ts';
import { logIn, mountPages, startPortal, TEST_SECRET } from '../support/portal.ts';
import { cancelAtWls, logInAtWls, type TwoWays } from '../support/raven.ts';
import { type Mount, userOf } from './support.ts';
import { ravenFor, twoWaysFor } from './ucam-support.ts';

const loginBy = ({ portal }: Pick<TwoWays, 'portal'>, via: string, page = '/start') =>
  `${portal.url}/sso/login?returnTo=${encodeURIComponent(page)}&via=${via}`;

const logOut = async (visitor: Browser, { portal }: TwoWays) =>
  (await visitor.post(`${portal.url}/sso/logout`, {}, { from: `${portal.url}/start` })).follow();

describe('a logout goes by the way of the login', () => {
  test('by CAS it goes on to the CAS server and comes back', async (t) => {
    const both = await twoWaysFor(t);
    const visitor = both.browser();
    await logIn(visitor, loginBy(both, 'cas'), both.fakeCas);
    const page = await logOut(visitor, both);
    assert.equal(page.url.href.split('?')[0], `${both.fakeCas.url}/logout`);
    assert.equal((await page.settle()).url.href, `${both.portal.url}/sso/logged-out`);
  });

  test('by Ucam-WebAuth it stays here and says that Raven goes on', async (t) => {
    const both = await twoWaysFor(t);
    const visitor = both.browser();
    await logInAtWls(visitor, loginBy(both, 'ucam'), both.wls);
    const page = await logOut(visitor, both);
    assert.equal(page.url.href, `${both.portal.url}/sso/logged-out?via=ucam`);
    assert.equal(both.fakeCas.counts.logout, 0);
  });

  test('whichever the browser remembers', async (t) => {
    const both = await twoWaysFor(t);
    const visitor = both.browser();
    await logInAtWls(visitor, loginBy(both, 'ucam'), both.wls);
    const [way] = visitor.cookies.all().filter(({ name }) => name.startsWith('sso-way-'));
    visitor.cookies.store(new URL(both.portal.url), [`${way?.name}=cas; path=/`]);
    assert.equal((await logOut(visitor, both)).url.search, '?via=ucam');
  });

  test('and ends attempts by every way', async (t) => {
    const both = await twoWaysFor(t);
    const visitor = both.browser();
    const form = await (await visitor.get(loginBy(both, 'ucam', '/tab'))).settle();
    await logIn(visitor, loginBy(both, 'cas'), both.fakeCas);
    await visitor.post(`${both.portal.url}/sso/logout`, {}, { from: `${both.portal.url}/start` });
    const page = await cancelAtWls(form);
    assert.match(page.body, /<code>ERR_SSO_ATTEMPT_UNKNOWN<\/code>/);
  });
});

describe('otherLogins', () => {
  const options = { otherLogins: [{ label: 'Guests & <others>', path: '/guests?step=1' }] };
  const mount: Mount = (app, sso) => {
    app.use(sso.session(app));
    app.use(sso.routes());
    app.use(async (ctx: Context, next) => {
      if (ctx.path !== '/guests') return next();
      ctx.body = { guests: ctx.query };
    });
    mountPages(app, sso);
  };
  const linksOf = (body: string) =>
    [...body.matchAll(/<a class="\w+" href="([^"]+)">([^<]+)<\/a>/g)].map(([, href = '', label = '']) => [
      decodeEntities(label),
      decodeEntities(href),
    ]);

  test('are chosen from beside the others, and get the page that was wanted', async (t) => {
    const both = await twoWaysFor(t, { options, mount });
    const page = await (await both.browser().get(`${both.portal.url}/start?a=1`)).settle();
    const [, , guests] = linksOf(page.body);
    assert.deepEqual(guests, ['Guests & <others>', '/guests?step=1&returnTo=%2Fstart%3Fa%3D1']);
    const { body } = await page.click(guests?.[1] ?? '');
    assert.deepEqual(JSON.parse(body), { guests: { step: '1', returnTo: '/start?a=1' } });
  });

  test('make a choice of a single way', async (t) => {
    const raven = await ravenFor(t, { options, mount });
    const visitor = raven.browser();
    const page = await (await visitor.get(`${raven.portal.url}/start`)).settle();
    assert.deepEqual(
      linksOf(page.body).map(([label]) => label),
      ['Raven', 'Guests & <others>'],
    );
    assert.equal(userOf(await logInAtWls(visitor, loginBy(raven, 'ucam'), raven.wls)), 'test0001');
  });

  test('do not stand in the way of a browser that took the single one', async (t) => {
    const raven = await ravenFor(t, { options, mount });
    const visitor = raven.browser();
    await logInAtWls(visitor, loginBy(raven, 'ucam'), raven.wls);
    visitor.cookies.clear(/^sso-session-/);
    assert.equal((await visitor.get(`${raven.portal.url}/start`)).location?.origin, raven.wls.url);
  });

  test('are offered by a page about a failure', async (t) => {
    const raven = await ravenFor(t, { options, mount });
    const page = await cancelAtWls(await (await raven.browser().get(loginBy(raven, 'ucam'))).settle());
    assert.deepEqual(
      linksOf(page.body).map(([label]) => label),
      ['Sign in again', 'Sign in another way', 'Go to the start page'],
    );
  });
});

test('a step-up of somebody whose way is no longer configured goes by the first of the list, not in circles', async (t) => {
  const store = createMemoryKeyv();
  const both = await twoWaysFor(t, { options: { store } });
  const visitor = both.browser();
  await logInAtWls(visitor, loginBy(both, 'ucam'), both.wls);
  const changed = await startPortal({
    options: { store, baseUrl: both.portal.url },
    login: [cas({ serverUrl: both.fakeCas.url }), cas({ serverUrl: 'https://login.example.edu/cas', name: 'cas-2' })],
    mount: (app, sso) => {
      app.use(sso.session(app));
      app.use(sso.routes());
      app.use(sso.requireLogin({ maxAge: 0.001 }) as unknown as Middleware);
    },
  });
  t.after(() => changed.close());
  visitor.cookies.clear(/^sso-way-/);
  let page = await visitor.get(`${changed.url}/admin`);
  for (let steps = 0; page.location?.origin === changed.url && steps < 10; steps += 1) page = await page.follow();
  assert.ok(page.location?.href.startsWith(`${both.fakeCas.url}/login`), trail(page).join('\n'));
});

describe('afterLogin', () => {
  test('is where people land, whatever page they wanted', async (t) => {
    const both = await twoWaysFor(t, { options: { afterLogin: '/welcome' } });
    const page = await logInAtWls(both.browser(), loginBy(both, 'ucam', '/report'), both.wls);
    assert.equal(page.url.href, `${both.portal.url}/welcome`);
    const other = await logIn(both.browser(), loginBy(both, 'cas', '/report'), both.fakeCas);
    assert.equal(other.url.href, `${both.portal.url}/welcome`);
  });

  test('does not take a public page away from somebody who is only recognised', async (t) => {
    const withQuiet: Mount = (app, sso) => {
      app.use(sso.session(app));
      app.use(sso.routes());
      app.use(sso.tryLogin() as unknown as Middleware);
      app.use((ctx) => {
        ctx.body = ctx.state.user?.id ?? 'anybody';
      });
    };
    const raven = await ravenFor(t, { options: { afterLogin: '/welcome' }, mount: withQuiet });
    const page = await (await raven.browser().get(`${raven.portal.url}/news`)).settle();
    assert.equal(page.url.href, `${raven.portal.url}/news`);
  });
});

describe('options that cannot be told apart', () => {
  const byCas = cas({ serverUrl: 'https://login.example.edu/cas' });
  const byRaven = (options: Partial<UcamOptions> = {}) =>
    ucam({ loginUrl: 'https://raven.example.edu/auth/authenticate.html', keys: {}, ...options });
  const start = (...login: Parameters<typeof campusSso>[0]['login'][]) =>
    campusSso({ baseUrl: 'https://portal.example.edu', secrets: [TEST_SECRET], login: login.flat() });

  for (const [what, login, problem] of [
    ['two ways with one name', [byCas, byRaven({ name: 'cas' })], /two ways have the same name/],
    ['two ways with one issuer', [byRaven(), byRaven({ name: 'other' })], /two ways have the same issuer/],
    ['no way at all', [], /login: expected cas/],
    ['a way that is none', [{} as never], /login: expected cas/],
  ] as const) {
    test(`are refused: ${what}`, () => assert.throws(() => start([...login]), problem));
  }

  for (const otherLogins of [
    [{ label: '', path: '/guests' }],
    [{ label: 'Guests', path: 'guests' }],
    [{ label: 'Guests', path: '//evil.example/' }],
    [{ label: 'Guests', path: 'https://evil.example/' }],
    [{ label: 'Guests' }],
    'guests',
    [null],
  ]) {
    test(`are refused: otherLogins ${JSON.stringify(otherLogins)}`, () => {
      const options = { baseUrl: 'https://portal.example.edu', secrets: [TEST_SECRET], login: byCas };
      assert.throws(
        () => campusSso({ ...options, otherLogins: otherLogins as never }),
        /- otherLogins: expected a list/,
      );
    });
  }

  for (const afterLogin of ['welcome', '//evil.example', '/\\evil.example', 'https://evil.example/']) {
    test(`are refused: afterLogin ${afterLogin}`, () => {
      const options = { baseUrl: 'https://portal.example.edu', secrets: [TEST_SECRET], login: byCas };
      assert.throws(() => campusSso({ ...options, afterLogin }), /- afterLogin: expected a path on this site/);
    });
  }
});
