import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Middleware } from 'koa';
import type { RequireLoginOptions } from '../../src/index.ts';
import { logIn } from '../support/portal.ts';
import { cookiesFor, FETCH, type Mount, NAVIGATION, pairFor, raw, userOf } from './support.ts';

type Rule = NonNullable<RequireLoginOptions['attributes']>;

/** `/guarded` is for people who fit the rule, everything else for people who are signed in. */
const mountRule =
  (attributes: Rule): Mount =>
  (app, sso) => {
    const [guarded, open] = [sso.requireLogin({ attributes }), sso.requireLogin()] as unknown as [
      Middleware,
      Middleware,
    ];
    app.silent = true;
    app.use(sso.session(app));
    app.use(sso.routes());
    app.use((ctx, next) => (ctx.path === '/guarded' ? guarded : open)(ctx, next));
    app.use((ctx) => {
      ctx.body = { user: ctx.state.user };
    });
  };

/** A portal with that rule, and somebody who tries to pass. */
async function scene(t: TestContext, rule: Rule, name = 'alice') {
  const pair = await pairFor(t, { mount: mountRule(rule) });
  const visitor = pair.browser();
  const page = await logIn(visitor, `${pair.portal.url}/guarded`, pair.fakeCas, name);
  return { ...pair, visitor, page, guarded: `${pair.portal.url}/guarded` };
}

const never = () => Promise.reject(new Error('the directory is down'));

const cases: readonly (readonly [what: string, rule: Rule, alicePasses: boolean])[] = [
  ['an object with her value', { mail: 'alice@example.edu' }, true],
  ['one of several values of hers', { eduPersonAffiliation: 'member' }, true],
  ['one of the wanted values', { eduPersonAffiliation: ['staff', 'student'] }, true],
  ['a pattern', { mail: /@example\.edu$/ }, true],
  ['two names that both fit', { mail: /^alice@/, eduPersonAffiliation: 'student' }, true],
  ['two names of which one fits', { mail: /^alice@/, eduPersonAffiliation: 'staff' }, false],
  ['a value of somebody else', { mail: 'bob@example.edu' }, false],
  ['a part of a value', { eduPersonAffiliation: 'stud' }, false],
  ['a value in another case', { eduPersonAffiliation: 'Student' }, false],
  ['a name that she lacks', { isAdmin: ['true', ''] }, false],
  ['a name that every object has', { constructor: /.*/, toString: /.*/ }, false],
  ['no wanted value', { mail: [] }, false],
  ['an empty text', { mail: '' }, false],
  ['an empty object', {}, false],
  ['a list of which one fits', [{ eduPersonAffiliation: 'staff' }, { mail: 'alice@example.edu' }], true],
  ['a list of which none fits', [{ eduPersonAffiliation: 'staff' }, { mail: 'bob@example.edu' }], false],
  ['an empty list', [], false],
  ['a list with an empty object', [{}], false],
  ['a function that says yes', ({ mail }) => mail?.includes('alice@example.edu') === true, true],
  ['a function that says yes later', async () => true, true],
  ['a function that says no', () => false, false],
  ['a function that says no later', async () => false, false],
  ['a function that says something like yes', () => 'yes' as unknown as boolean, false],
  ['a function that says nothing', () => undefined as unknown as boolean, false],
];

for (const [what, rule, passes] of cases) {
  test(`${what} ${passes ? 'lets' : 'does not let'} alice pass`, async (t) => {
    const { page } = await scene(t, rule);
    if (passes) assert.equal(userOf(page), 'alice');
    else assert.equal(page.status, 403, page.body);
  });
}

for (const [what, rule] of [
  ['throws', never as unknown as Rule],
  [
    'throws at once',
    () => {
      throw new Error('the directory is down');
    },
  ],
] as const) {
  test(`a function that ${what} lets nobody pass, and the application hears of it`, async (t) => {
    const { page, portal } = await scene(t, rule);
    assert.equal(page.status, 500);
    assert.doesNotMatch(page.body, /alice|directory/);
    assert.equal(portal.errors.length, 1);
  });
}

test('a pattern with a memory treats every request alike', async (t) => {
  const { visitor, guarded } = await scene(t, { mail: /example/g });
  for (let time = 0; time < 3; time += 1) assert.equal((await visitor.get(guarded)).status, 200);
});

test('attributes that were never sent let nobody pass', async (t) => {
  const pair = await pairFor(t, { cas: { version: '1.0' }, mount: mountRule({ mail: /.*/ }) });
  const page = await logIn(pair.browser(), `${pair.portal.url}/guarded`, pair.fakeCas);
  assert.equal(page.status, 403);
});

test('a person who does not fit gets a page that says so, and is not sent to the login server', async (t) => {
  const { fakeCas, page, visitor, guarded } = await scene(t, { eduPersonAffiliation: 'staff' });
  assert.match(page.body, /<code>ERR_SSO_NOT_AUTHORISED<\/code>/);
  assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
  assert.equal(page.headers.get('cache-control'), 'no-store');
  const asked = fakeCas.counts.login;
  assert.equal((await visitor.get(guarded)).status, 403);
  assert.equal(fakeCas.counts.login, asked);
});

test('a person who does not fit stays signed in for the rest of the site', async (t) => {
  const { portal, visitor } = await scene(t, { eduPersonAffiliation: 'staff' });
  assert.equal(userOf(await visitor.get(`${portal.url}/start`)), 'alice');
});

test('no way on from the page of a refusal leads in circles', async (t) => {
  const { page, guarded } = await scene(t, { eduPersonAffiliation: 'staff' });
  const links = [...page.body.matchAll(/<a class="[^"]+" href="([^"]+)"/g)].map(([, href = '']) => href);
  assert.ok(links.length > 0);
  for (const href of links) {
    const next = await (await page.click(href)).settle();
    assert.notEqual(next.url.href, guarded);
    assert.equal(next.status, 200);
  }
});

test('whoever has the wrong account can take another from the page of a refusal', async (t) => {
  const { fakeCas, page, guarded, visitor } = await scene(t, { eduPersonAffiliation: 'staff' });
  for (const form of page.forms) await (await page.submit(form)).settle();
  assert.equal(userOf(await logIn(visitor, guarded, fakeCas, 'bob')), 'bob');
});

for (const method of ['GET', 'POST', 'DELETE']) {
  test(`${method} by a JSON caller who does not fit is answered with JSON`, async (t) => {
    const { guarded, visitor } = await scene(t, { eduPersonAffiliation: 'staff' });
    const answer = await raw(guarded, { method, headers: { ...FETCH, ...cookiesFor(visitor, guarded) } });
    assert.equal(answer.status, 403);
    assert.equal(JSON.parse(answer.body).error.code, 'ERR_SSO_NOT_AUTHORISED');
    assert.doesNotMatch(answer.body, /alice/);
  });
}

test('a POST of a page by somebody who does not fit reaches no handler', async (t) => {
  const { guarded, visitor } = await scene(t, { eduPersonAffiliation: 'staff' });
  const headers = { ...NAVIGATION, 'sec-fetch-site': 'same-origin', ...cookiesFor(visitor, guarded) };
  assert.equal((await raw(guarded, { method: 'POST', headers })).status, 403);
});

test('an anonymous visitor of a guarded page logs in first', async (t) => {
  const { browser, guarded, fakeCas } = await scene(t, { eduPersonAffiliation: 'staff' });
  assert.equal(userOf(await logIn(browser(), guarded, fakeCas, 'bob')), 'bob');
});

test('two rules on one page must both fit', async (t) => {
  const { portal, fakeCas, browser } = await pairFor(t, {
    mount: (app, sso) => {
      app.use(sso.session(app));
      app.use(sso.routes());
      app.use(sso.requireLogin({ attributes: { eduPersonAffiliation: 'member' } }));
      app.use(sso.requireLogin({ attributes: { eduPersonAffiliation: 'staff' } }));
      app.use((ctx) => {
        ctx.body = { user: ctx.state.user };
      });
    },
  });
  assert.equal((await logIn(browser(), `${portal.url}/start`, fakeCas)).status, 403);
  assert.equal(userOf(await logIn(browser(), `${portal.url}/start`, fakeCas, 'bob')), 'bob');
});
