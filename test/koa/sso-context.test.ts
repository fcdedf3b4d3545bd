import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Context } from 'koa';
import type { Json, SsoContext } from '../../src/index.ts';
import { logIn } from '../support/portal.ts';
import {
  comeBack,
  cookiesFor,
  type Mount,
  NAVIGATION,
  pairFor,
  raw,
  returnUrl,
  signedInPair,
  userOf,
} from './support.ts';

type Asking = (ctx: Context & SsoContext<Json>) => Promise<unknown> | unknown;

/** Pages that are open to everybody and ask `ctx.sso`. */
const asking =
  (ask: Asking): Mount =>
  (app, sso) => {
    app.use(sso.session(app));
    app.use(sso.routes());
    app.use(async (ctx, next) => {
      if (!ctx.path.startsWith('/ask')) return next();
      const answer = await ask(ctx as unknown as Context & SsoContext<Json>);
      if (answer !== undefined) ctx.body = { answer };
    });
    app.use(sso.requireLogin());
    app.use((ctx) => {
      ctx.body = { user: ctx.state.user };
    });
  };

const answerOf = (body: string) => JSON.parse(body).answer;

test('ctx.sso.user() is null for nobody', async (t) => {
  const { portal, browser } = await pairFor(t, { mount: asking((ctx) => ctx.sso.user()) });
  assert.equal(answerOf((await browser().get(`${portal.url}/ask`)).body), null);
});

test('ctx.sso.user() knows the person on an open page', async (t) => {
  const { pair, visitor } = await signedInPair(t, { mount: asking((ctx) => ctx.sso.user()) });
  const user = answerOf((await visitor.get(`${pair.portal.url}/ask`)).body);
  assert.equal(user.id, 'alice');
  assert.ok(Date.parse(user.expiresAt) > Date.parse(user.loggedInAt));
});

for (const [given, expected] of [
  [undefined, '/ask?x=%20+'],
  ['/other?a=1', '/other?a=1'],
  ['https://evil.example/', '/'],
  ['//evil.example/', '/'],
  ['javascript:alert(1)', '/'],
] as const) {
  test(`ctx.sso.loginUrl(${given ?? ''}) comes back to ${expected}`, async (t) => {
    const { portal, browser } = await pairFor(t, { mount: asking((ctx) => ctx.sso.loginUrl(given)) });
    const answer = answerOf((await browser().get(`${portal.url}/ask?x=%20+`)).body);
    assert.equal(answer, `/sso/login?returnTo=${encodeURIComponent(expected)}`);
  });
}

test('the address of ctx.sso.loginUrl() leads through a login to the page', async (t) => {
  const { portal, fakeCas, browser } = await pairFor(t, {
    mount: asking((ctx) => ctx.sso.loginUrl('/there?a=%20b+c')),
  });
  const visitor = browser();
  const address = answerOf((await visitor.get(`${portal.url}/ask`)).body);
  const landed = await comeBack(visitor, await returnUrl(visitor, portal.url + address, fakeCas), { fakeCas });
  assert.equal(landed.headers.get('location'), '/there?a=%20b+c');
});

test('ctx.sso.logoutUrl is where a form of the application can post to', async (t) => {
  const { pair, visitor } = await signedInPair(t, { mount: asking((ctx) => ctx.sso.logoutUrl) });
  const path = answerOf((await visitor.get(`${pair.portal.url}/ask`)).body);
  assert.equal(path, '/sso/logout');
  assert.equal((await visitor.post(pair.portal.url + path, {}, { from: `${pair.portal.url}/ask` })).status, 303);
  assert.equal((await visitor.get(`${pair.portal.url}/start`)).status, 303);
});

test('ctx.sso.logout() ends the login here and at the login server', async (t) => {
  const { pair, visitor } = await signedInPair(t, { mount: asking((ctx) => ctx.sso.logout()) });
  const kept = cookiesFor(visitor, pair.portal.url);
  const out = await visitor.get(`${pair.portal.url}/ask`);
  assert.equal(out.status, 303);
  assert.equal(out.location?.pathname, '/cas/logout');
  assert.equal((await pair.browser().get(`${pair.portal.url}/start`, { headers: kept })).status, 303);
});

test('ctx.sso.logout({ everywhere: false }) stays on this site', async (t) => {
  const { pair, visitor } = await signedInPair(t, { mount: asking((ctx) => ctx.sso.logout({ everywhere: false })) });
  const out = await visitor.get(`${pair.portal.url}/ask`);
  assert.equal(out.headers.get('location'), '/sso/logged-out');
});

test('ctx.sso.user() is null after ctx.sso.logout()', async (t) => {
  const mountAsking = asking(async (ctx) => {
    await ctx.sso.logout();
    const user = await ctx.sso.user();
    ctx.status = 200;
    ctx.body = { answer: user };
  });
  const { pair, visitor } = await signedInPair(t, { mount: mountAsking });
  assert.equal(answerOf((await visitor.get(`${pair.portal.url}/ask`)).body), null);
});

test('ctx.sso.logout() of nobody is no error', async (t) => {
  const { portal, browser } = await pairFor(t, { mount: asking((ctx) => ctx.sso.logout({ everywhere: false })) });
  assert.equal((await browser().get(`${portal.url}/ask`)).headers.get('location'), '/sso/logged-out');
  assert.deepEqual(portal.errors, []);
});

test('an errorPage of the application writes the answer, with status and code in place', async (t) => {
  const { portal, browser } = await pairFor(t, {
    options: {
      errorPage(page, ctx) {
        ctx.body = { ...page, own: true };
      },
    },
  });
  const visitor = browser();
  const service = new URL((await visitor.get(`${portal.url}/start?a=1`)).location ?? '').searchParams.get('service');
  const answer = await visitor.get(service ?? '');
  assert.equal(answer.status, 400);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  const page = JSON.parse(answer.body);
  assert.equal(page.own, true);
  assert.equal(page.code, 'ERR_SSO_TICKET_MISSING');
  assert.equal(page.status, 400);
  assert.equal(page.retryUrl, '/sso/login?returnTo=%2Fstart%3Fa%3D1');
  assert.ok(page.title && page.message);
  assert.equal(portal.log.length, 1);
});

test('an errorPage that throws is an error of the application', async (t) => {
  const thrown = new Error('of the template');
  const { portal } = await pairFor(t, {
    options: {
      errorPage() {
        throw thrown;
      },
    },
  });
  const answer = await raw(`${portal.url}/sso/return`, { headers: NAVIGATION });
  assert.equal(answer.status, 500);
  assert.deepEqual(portal.errors, [thrown]);
});

test('a failing login of one person leaves the next request of another alone', async (t) => {
  const { pair, visitor } = await signedInPair(t);
  const stranger = pair.browser();
  const [failed, page] = await Promise.all([
    stranger.get(`${pair.portal.url}/sso/return`),
    visitor.get(`${pair.portal.url}/start`),
  ]);
  assert.equal(failed.status, 400);
  assert.equal(userOf(page), 'alice');
  assert.equal(userOf(await logIn(stranger, `${pair.portal.url}/start`, pair.fakeCas, 'bob')), 'bob');
});
