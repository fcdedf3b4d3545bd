import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Context, Middleware } from 'koa';
import type { Json, SsoContext } from '../../src/index.ts';
import type { Browser, Page } from '../support/browser.ts';
import { decodeEntities } from '../support/html-form.ts';
import { logIn } from '../support/portal.ts';
import { cancelAtWls, logInAtWls, requestOf, signInAtWls, type TwoWays } from '../support/raven.ts';
import { FETCH, type Mount, raw, userOf } from './support.ts';
import { ravenFor, twoWaysFor } from './ucam-support.ts';

/** The links of a page: what they say, and where they lead. */
function linksOf({ body }: Page): Readonly<Record<string, string>> {
  const links = [...body.matchAll(/<a class="\w+" href="([^"]+)">([^<]+)<\/a>/g)];
  return Object.fromEntries(links.map(([, href = '', label = '']) => [decodeEntities(label), decodeEntities(href)]));
}

const choose = async (visitor: Browser, { portal }: Pick<TwoWays, 'portal'>, path = '/start?a=1&b=2') =>
  (await visitor.get(portal.url + path)).settle();

/** Where a page leads that needs a login. */
async function hostOf(visitor: Browser, { portal }: Pick<TwoWays, 'portal'>): Promise<string> {
  let page = await visitor.get(`${portal.url}/start`);
  while (page.location?.origin === portal.url) page = await page.follow();
  return page.location?.origin ?? `a page: ${page.status}`;
}

describe('where people have several ways to log in', () => {
  test('a page that needs a login leads to a page on which they choose', async (t) => {
    const both = await twoWaysFor(t);
    const page = await choose(both.browser(), both);
    assert.equal(page.status, 200);
    assert.match(page.body, /<h1>How do you want to sign in\?<\/h1>/);
    assert.deepEqual(linksOf(page), {
      CAS: '/sso/login?returnTo=%2Fstart%3Fa%3D1%26b%3D2&via=cas',
      Raven: '/sso/login?returnTo=%2Fstart%3Fa%3D1%26b%3D2&via=ucam',
    });
    assert.equal(page.headers.get('cache-control'), 'no-store');
  });

  test('nothing is begun before they have chosen', async (t) => {
    const both = await twoWaysFor(t);
    const visitor = both.browser();
    await choose(visitor, both);
    assert.deepEqual(both.portal.journal, []);
    assert.deepEqual(visitor.cookies.all(), []);
  });

  test('each link leads to a login by that way, and back to the page', async (t) => {
    const both = await twoWaysFor(t);
    for (const [label, login] of [
      ['CAS', (visitor: Browser, url: string) => logIn(visitor, url, both.fakeCas)],
      ['Raven', (visitor: Browser, url: string) => logInAtWls(visitor, url, both.wls)],
    ] as const) {
      const visitor = both.browser();
      const href = linksOf(await choose(visitor, both))[label] ?? '';
      const page = await login(visitor, both.portal.url + href);
      assert.equal(page.url.href, `${both.portal.url}/start?a=1&b=2`);
      assert.equal(userOf(page), label === 'CAS' ? 'alice' : 'test0001');
    }
  });

  test('the page has the labels of the options, as text', async (t) => {
    const both = await twoWaysFor(t, { cas: { label: 'Staff & <guests>' }, ucam: { label: 'Raven (students)' } });
    const page = await choose(both.browser(), both);
    assert.deepEqual(Object.keys(linksOf(page)), ['Staff & <guests>', 'Raven (students)']);
    assert.doesNotMatch(page.body, /<guests>/);
  });

  test('?via= skips the page', async (t) => {
    const both = await twoWaysFor(t);
    const sent = await both.browser().get(`${both.portal.url}/sso/login?returnTo=%2Fx&via=ucam`);
    assert.ok(sent.location?.href.startsWith(both.wls.loginUrl));
  });

  for (const via of ['', 'nobody', '__proto__', 'ucam&via=cas', '"><script>']) {
    test(`?via=${via} is a choice still to be made`, async (t) => {
      const both = await twoWaysFor(t);
      const page = await both.browser().get(`${both.portal.url}/sso/login?returnTo=%2Fx&via=${via}`);
      assert.equal(page.status, 200);
      assert.deepEqual(Object.keys(linksOf(page)), ['CAS', 'Raven']);
      assert.doesNotMatch(page.body, /<script/);
    });
  }

  test('a request that no person is looking at gets 401 and no page to choose on', async (t) => {
    const { portal } = await twoWaysFor(t);
    for (const path of ['/start', '/sso/login?returnTo=%2Fstart']) {
      const answer = await raw(portal.url + path, { headers: FETCH });
      assert.equal(answer.status, 401);
      assert.equal(JSON.parse(answer.body).error.loginUrl, `${portal.url}/sso/login?returnTo=%2Fstart`);
    }
  });

  test('no target on another site gets into the links', async (t) => {
    const both = await twoWaysFor(t);
    const page = await choose(both.browser(), both, '/sso/login?returnTo=https://evil.example/');
    assert.equal(linksOf(page).CAS, '/sso/login?returnTo=%2F&via=cas');
  });

  test('whoever is signed in is on the page at once', async (t) => {
    const both = await twoWaysFor(t);
    const visitor = both.browser();
    await logIn(visitor, `${both.portal.url}/sso/login?via=cas`, both.fakeCas);
    const page = await visitor.get(`${both.portal.url}/sso/login?returnTo=%2Fx&via=ucam`);
    assert.equal(page.headers.get('location'), '/x');
  });

  test('the application makes a link for each way', async (t) => {
    const mount: Mount = (app, sso) => {
      app.use(sso.session(app));
      app.use(sso.routes());
      app.use((ctx: Context) => {
        const { sso: tools } = ctx as Context & SsoContext<Json>;
        ctx.body = [tools.loginUrl('/x'), tools.loginUrl('/x', { via: 'ucam' })];
      });
    };
    const both = await twoWaysFor(t, { mount });
    const { body } = await both.browser().get(`${both.portal.url}/links`);
    assert.deepEqual(JSON.parse(body), ['/sso/login?returnTo=%2Fx', '/sso/login?returnTo=%2Fx&via=ucam']);
  });
});

describe('the way that somebody took', () => {
  const loginBy = ({ portal }: TwoWays, via: string) => `${portal.url}/sso/login?returnTo=%2Fstart&via=${via}`;

  test('is taken again by the same browser', async (t) => {
    const both = await twoWaysFor(t);
    const visitor = both.browser();
    await logInAtWls(visitor, loginBy(both, 'ucam'), both.wls);
    visitor.cookies.clear(/^sso-session-/);
    assert.equal(await hostOf(visitor, both), both.wls.url);
    const sent = await visitor.get(`${both.portal.url}/sso/login?returnTo=%2Fstart`);
    assert.equal(sent.location?.origin, both.wls.url);
  });

  test('is remembered only once somebody is signed in by it', async (t) => {
    const both = await twoWaysFor(t);
    const visitor = both.browser();
    await cancelAtWls(await (await visitor.get(loginBy(both, 'ucam'))).settle());
    assert.equal(await hostOf(visitor, both), 'a page: 200');
  });

  test('is forgotten at logout', async (t) => {
    const both = await twoWaysFor(t);
    const visitor = both.browser();
    await logInAtWls(visitor, loginBy(both, 'ucam'), both.wls);
    await visitor.post(`${both.portal.url}/sso/logout`, {});
    assert.equal(await hostOf(visitor, both), 'a page: 200');
  });

  test('gives way to ?via=, and to a choice that is asked for', async (t) => {
    const both = await twoWaysFor(t);
    const visitor = both.browser();
    await logInAtWls(visitor, loginBy(both, 'ucam'), both.wls);
    visitor.cookies.clear(/^sso-session-/);
    assert.ok((await visitor.get(loginBy(both, 'cas'))).location?.href.startsWith(both.fakeCas.url));
    assert.equal((await visitor.get(loginBy(both, ''))).status, 200);
  });

  test('that is no longer configured is none', async (t) => {
    const both = await twoWaysFor(t);
    const visitor = both.browser();
    await logInAtWls(visitor, loginBy(both, 'ucam'), both.wls);
    visitor.cookies.clear(/^sso-session-/);
    const way = visitor.cookies.all().find(({ name }) => name.startsWith('sso-way-'));
    assert.equal(way?.value, 'ucam');
    visitor.cookies.store(new URL(both.portal.url), [`${way.name}=goose; path=/`]);
    assert.equal(await hostOf(visitor, both), 'a page: 200');
  });

  test('is no cookie where there is only one', async (t) => {
    const raven = await ravenFor(t);
    const visitor = raven.browser();
    await logInAtWls(visitor, `${raven.portal.url}/start`, raven.wls);
    assert.ok(!visitor.cookies.all().some(({ name }) => name.startsWith('sso-way-')));
  });
});

test('a page about a failure leads to the same way again, and to the other one', async (t) => {
  const both = await twoWaysFor(t);
  const start = await both.browser().get(`${both.portal.url}/sso/login?returnTo=%2Fstart&via=ucam`);
  const page = await cancelAtWls(await start.settle());
  const links = linksOf(page);
  assert.equal(links['Sign in again'], '/sso/login?returnTo=%2Fstart&via=ucam');
  assert.deepEqual(Object.keys(linksOf(await page.click(links['Sign in another way'] ?? ''))), ['CAS', 'Raven']);
});

test('where there is one way only a page about a failure names no other', async (t) => {
  const raven = await ravenFor(t);
  const page = await cancelAtWls(await (await raven.browser().get(`${raven.portal.url}/start`)).settle());
  assert.deepEqual(Object.keys(linksOf(page)), ['Sign in again', 'Go to the start page']);
});

for (const first of ['cas', 'ucam'] as const) {
  test(`a quiet question goes to the first of the list, ${first}, until somebody has taken another way`, async (t) => {
    const mount: Mount = (app, sso) => {
      app.use(sso.session(app));
      app.use(sso.routes());
      app.use(sso.tryLogin() as unknown as Middleware);
      app.use((ctx) => {
        ctx.body = ctx.state.user?.id ?? 'anybody';
      });
    };
    const both = await twoWaysFor(t, { first, mount });
    const visitor = both.browser();
    const servers = { cas: new URL(both.fakeCas.url).origin, ucam: both.wls.url };
    assert.equal((await visitor.get(`${both.portal.url}/news`)).location?.origin, servers[first]);
    const other = first === 'cas' ? 'ucam' : 'cas';
    const url = `${both.portal.url}/sso/login?via=${other}`;
    await (other === 'ucam' ? logInAtWls(visitor, url, both.wls) : logIn(visitor, url, both.fakeCas));
    visitor.cookies.clear(/^sso-(session|anonymous)-/);
    assert.equal((await visitor.get(`${both.portal.url}/news`)).location?.origin, servers[other]);
  });
}

test('a step-up goes to the server that the person is signed in by', async (t) => {
  const mount: Mount = (app, sso) => {
    const guards = [sso.requireLogin({ maxAge: 1 }), sso.requireLogin()] as unknown as [Middleware, Middleware];
    app.use(sso.session(app));
    app.use(sso.routes());
    app.use((ctx, next) => guards[ctx.path === '/admin' ? 0 : 1](ctx, next));
    app.use((ctx) => {
      ctx.body = { user: ctx.state.user };
    });
  };
  const both = await twoWaysFor(t, { mount });
  const visitor = both.browser();
  await signInAtWls(visitor, both.wls);
  await (await visitor.get(`${both.portal.url}/sso/login?returnTo=%2Fstart&via=ucam`)).settle();
  visitor.cookies.clear(/^sso-way-/);
  const request = await requestOf(visitor, `${both.portal.url}/admin`, both.wls);
  assert.equal(request.searchParams.get('iact'), 'yes');
});
