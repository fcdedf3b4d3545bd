import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { RequireLoginOptions } from '../../src/index.ts';
import { logIn } from '../support/portal.ts';
import { codeOf, type Mount, NAVIGATION, pairFor, raw } from './support.ts';

type Rules = NonNullable<RequireLoginOptions['ignore']>;

const RULES: Rules = ['/health', '/public/', /^\/assets\/.*\.css$/, /^\/(docs|help)\//g];

const mountIgnoring =
  (ignore: Rules): Mount =>
  (app, sso) => {
    app.use(sso.session(app));
    app.use(sso.routes());
    app.use(sso.requireLogin({ ignore }));
    app.use(async (ctx) => {
      ctx.body = { path: ctx.path, user: ctx.state.user ?? null, known: (await ctx.sso.user())?.id ?? null };
    });
  };

const sceneFor = (t: TestContext, rules = RULES) => pairFor(t, { mount: mountIgnoring(rules) });

for (const target of [
  '/health',
  '/health?deep=1',
  '/public/',
  '/public/a/b.html',
  '/public/?next=/admin',
  '/public/...',
  '/public/a.b/..c',
  '/assets/site.css',
  '/assets/site.css?v=2',
  '/docs/a',
  '/help/a',
]) {
  test(`${target} is open to everybody`, async (t) => {
    const { portal } = await sceneFor(t);
    // Twice, for a pattern with a memory.
    for (let time = 0; time < 2; time += 1) {
      const answer = await raw(portal.url, { target, headers: NAVIGATION });
      assert.equal(answer.status, 200);
      assert.equal(JSON.parse(answer.body).user, null);
    }
  });
}

for (const target of [
  '/admin?x=/public/',
  '/admin?/public/',
  '/admin/public/',
  '/admin/health',
  '/health/',
  '/healthy',
  '/HEALTH',
  '/Public/a',
  '/public',
  '/publicity',
  '/public/../admin',
  '/public/..',
  '/public/./../admin',
  '/public/%2e%2e/admin',
  '/public/%2E%2E/admin',
  '/public/.%2e/admin',
  '/public/%2e/admin',
  '/public/..%2fadmin',
  '/public/..%2Fadmin',
  '/public/%2fadmin',
  '/public/..\\admin',
  '/public/..%5cadmin',
  '/public//admin',
  '/public//../admin',
  '//public/a',
  '//public//a',
  '/./public/a',
  '/%70ublic/a',
  '/public%2fa',
  '/assets/site.css/../../admin',
  '/assets/site.css.html',
  '/assets/?x=.css',
  '/docs',
  '/x/docs/a',
  'http://localhost/admin?/public/',
  'http://localhost/public/../admin',
  'http://public/admin',
]) {
  test(`${target} needs a login`, async (t) => {
    const { portal } = await sceneFor(t);
    const answer = await raw(portal.url, { target, headers: NAVIGATION });
    assert.equal(answer.status, 303, answer.body);
    assert.equal(new URL(answer.headers.location ?? '').pathname, '/cas/login');
  });
}

test('an open path has no user in its state, but knows who is signed in if it asks', async (t) => {
  const { portal, fakeCas, browser } = await sceneFor(t);
  const visitor = browser();
  await logIn(visitor, `${portal.url}/start`, fakeCas);
  assert.deepEqual(JSON.parse((await visitor.get(`${portal.url}/public/a`)).body), {
    path: '/public/a',
    user: null,
    known: 'alice',
  });
});

test('every method passes on an open path', async (t) => {
  const { portal } = await sceneFor(t);
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
    assert.equal((await raw(`${portal.url}/public/a`, { method })).status, 200, method);
  }
});

test('a list without rules opens nothing', async (t) => {
  const { portal } = await sceneFor(t, []);
  for (const target of ['/', '/public/', '/health']) {
    assert.equal((await raw(portal.url, { target, headers: NAVIGATION })).status, 303);
  }
});

test('the rule "/" opens the start page and nothing below it', async (t) => {
  const { portal } = await sceneFor(t, ['/']);
  assert.equal((await raw(portal.url, { target: '/?a=1', headers: NAVIGATION })).status, 200);
  assert.equal((await raw(portal.url, { target: '/a', headers: NAVIGATION })).status, 303);
});

for (const rule of ['', 'public/', '*', 'http://localhost/public/', /public/, /\.css$/, /^\/a|b/, /^\/a/m, /(^\/a)/]) {
  test(`the rule ${typeof rule === 'string' ? JSON.stringify(rule) : rule} is refused at start`, async (t) => {
    const { portal } = await sceneFor(t);
    assert.throws(
      () => portal.sso.requireLogin({ ignore: [rule] }),
      (error) => codeOf(error) === 'ERR_SSO_OPTIONS',
    );
  });
}

test('a maxAge that is no number of seconds is refused at start', async (t) => {
  const { portal } = await sceneFor(t);
  for (const maxAge of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '60' as unknown as number]) {
    assert.throws(
      () => portal.sso.requireLogin({ maxAge }),
      (error) => codeOf(error) === 'ERR_SSO_OPTIONS',
    );
  }
});
