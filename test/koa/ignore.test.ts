import assert from 'node:assert/strict';
import { test } from 'node:test';
import type Koa from 'koa';
import type { Context, Middleware } from 'koa';
import { createIgnore, type IgnoreRule } from '../../src/koa/ignore.ts';
import { codeOf, pairFor, raw } from './support.ts';

function ignores(rule: IgnoreRule, path: string): boolean {
  return createIgnore([rule])(path);
}

test('without rules no path is left alone', () => {
  for (const path of ['/', '', '/health']) assert.equal(createIgnore([])(path), false);
});

test('a text is the whole path', () => {
  assert.equal(ignores('/health', '/health'), true);
  for (const path of ['/health/', '/healthy', '/health/deep', '/x/health', '/Health', 'health', '/']) {
    assert.equal(ignores('/health', path), false, path);
  }
});

test('a text that ends in a slash is everything below', () => {
  for (const path of ['/public/', '/public/logo.svg', '/public/a/b.css']) {
    assert.equal(ignores('/public/', path), true, path);
  }
  for (const path of ['/public', '/publicity/x', '/x/public/', '/Public/x']) {
    assert.equal(ignores('/public/', path), false, path);
  }
});

test('the rule / opens the start page and not the whole site', () => {
  assert.equal(ignores('/', '/'), true);
  assert.equal(ignores('/', '/admin'), false);
});

test('a text holds no wild cards', () => {
  assert.equal(ignores('/a.c', '/abc'), false);
  assert.equal(ignores('/*/', '/x/y'), false);
});

test('a pattern is tried on the path as it is', () => {
  assert.equal(ignores(/^\/api\/v\d+\/status$/, '/api/v2/status'), true);
  assert.equal(ignores(/^\/api\/v\d+\/status$/, '/api/v2/status/x'), false);
  assert.equal(ignores(/^\/PUBLIC\//i, '/public/x'), true);
});

test('one rule of several is enough', () => {
  const isIgnored = createIgnore(['/health', /^\/public\//]);
  assert.deepEqual(['/health', '/public/x', '/admin'].map(isIgnored), [true, true, false]);
});

for (const flag of ['g', 'y', 'gy']) {
  test(`a pattern with the flag ${flag} leaves the same path alone every time`, () => {
    const isIgnored = createIgnore([new RegExp('^/public/', flag)]);
    assert.deepEqual(['/public/x', '/public/x', '/public/x'].map(isIgnored), [true, true, true]);
  });
}

for (const rule of [
  'health',
  '',
  '*',
  '\\/health',
  'https://portal.example.edu/health',
  /\.js$/,
  /\/public\//,
  /(^\/public\/)/,
  /(?:^)?\/public\//,
  /.*/,
  /\^\/public/,
  /[^/]+\/public/,
  /^\/public\//m,
]) {
  test(`${rule === '' ? 'an empty text' : rule} does not begin at the start of the path and is refused at once`, () => {
    assert.throws(
      () => createIgnore(['/health', rule]),
      (thrown) => codeOf(thrown) === 'ERR_SSO_OPTIONS',
    );
  });
}

for (const rule of [
  /^\/a|\/b/,
  /^\/a|^\/b/,
  /^\/(a|b)|\/c/,
  /^\/a\(|b/,
  /^\/a[(]|b/,
  /^\/a[\](]|b/,
  /^(?:\/a)|b/,
  /^|x/,
]) {
  test(`${rule} has an alternative that begins anywhere and is refused`, () => {
    assert.throws(
      () => createIgnore([rule]),
      (thrown) => codeOf(thrown) === 'ERR_SSO_OPTIONS',
    );
  });
}

for (const [rule, path] of [
  [/^\/(a|b)\/c/, '/b/c'],
  [/^(?:\/a|\/b)$/, '/b'],
  [/^\/a\|b/, '/a|b'],
  [/^\/a[|]b/, '/a|b'],
] as const) {
  test(`${rule} is anchored as a whole and is accepted`, () => assert.equal(ignores(rule, path), true));
}

test('the refusal names the rule and says what one looks like', () => {
  assert.throws(() => createIgnore([/\.js$/]), /requireLogin\(\{ ignore \}\): \/\\\.js\$\/ must begin.*"\/health"/s);
});

for (const path of [
  '/public/../admin',
  '/public/..',
  '/public/./x',
  '/public/.',
  '/public/%2e%2e/admin',
  '/public/%2E%2E/admin',
  '/public/.%2e/admin',
  '/public/..%2fadmin',
  '/public/..%2Fadmin',
  '/public%2f..%2fadmin',
  '/public/%5c..%5cadmin',
  '/public/\\..\\admin',
  '/public//admin',
  '//public/x',
]) {
  test(`${path} is guarded, whatever a router makes of it`, () => {
    assert.equal(ignores('/public/', path), false);
    assert.equal(ignores(/^\/+public/, path), false);
    assert.equal(ignores(path, path), false);
  });
}

test('dots inside of a name are nothing special', () => {
  for (const path of ['/public/.well-known/x', '/public/a..b', '/public/...', '/public/x.']) {
    assert.equal(ignores('/public/', path), true, path);
  }
});

test('the guard shows its rules the path and never the query', async (t) => {
  const { portal } = await pairFor(t, {
    mount(app: Koa, sso) {
      app.use(sso.session(app));
      app.use(sso.routes());
      app.use(sso.requireLogin({ ignore: ['/health', '/public/', /^\/.*\.js$/] }) as Middleware);
      app.use((ctx: Context) => {
        ctx.body = 'passed';
      });
    },
  });
  const statusOf = async (target: string) => (await raw(portal.url, { target })).status;
  assert.equal(await statusOf('/health?deep=1'), 200);
  assert.equal(await statusOf('/public/x?next=/admin'), 200);
  for (const target of [
    '/admin?x=.js',
    '/admin?/public/',
    '/?/health',
    '/admin#/public/x.js',
    '/public/../admin?x=.js',
  ]) {
    assert.equal(await statusOf(target), 401, target);
  }
});
