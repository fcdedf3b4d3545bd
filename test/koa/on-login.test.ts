import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CampusSsoOptions, Json } from '../../src/index.ts';
import { logIn } from '../support/portal.ts';
import {
  assertFailure,
  comeBack,
  pairFor,
  pointerIn,
  returnUrl,
  signedInPair,
  stoppedClock,
  userOf,
} from './support.ts';

type OnLogin = NonNullable<CampusSsoOptions<Json>['onLogin']>;

const accountOf = (body: string) => JSON.parse(body).user.account;

test('the account that the hook returns is ctx.state.user.account', async (t) => {
  const onLogin: OnLogin = ({ id }) => ({ number: 7, name: id, roles: ['a', 'b'] });
  const { pair, visitor } = await signedInPair(t, { options: { onLogin } });
  const page = await visitor.get(`${pair.portal.url}/start`);
  assert.deepEqual(accountOf(page.body), { number: 7, name: 'alice', roles: ['a', 'b'] });
});

for (const [name, onLogin] of [
  ['no hook', undefined],
  ['a hook that returns nothing', () => {}],
  ['a hook that returns null', () => null],
] as const) {
  test(`with ${name} the account is null`, async (t) => {
    const { pair, visitor } = await signedInPair(t, { options: onLogin ? { onLogin } : {} });
    assert.equal(accountOf((await visitor.get(`${pair.portal.url}/start`)).body), null);
  });
}

for (const account of [0, '', [], true] as const) {
  test(`the account ${JSON.stringify(account)} is an account and no refusal`, async (t) => {
    const { pair, visitor } = await signedInPair(t, { options: { onLogin: () => account } });
    assert.deepEqual(accountOf((await visitor.get(`${pair.portal.url}/start`)).body), account);
  });
}

test('the hook is asked once a login, and never on a request', async (t) => {
  const heard: string[] = [];
  const onLogin: OnLogin = ({ id }) => void heard.push(id);
  const { pair, visitor } = await signedInPair(t, { options: { onLogin } });
  await visitor.get(`${pair.portal.url}/one`);
  await visitor.get(`${pair.portal.url}/two`);
  assert.deepEqual(heard, ['alice']);
});

test('somebody whom the hook refuses gets a 403 page and is not signed in', async (t) => {
  const pair = await pairFor(t, { options: { onLogin: async () => false } });
  const visitor = pair.browser();
  const page = await comeBack(visitor, await returnUrl(visitor, `${pair.portal.url}/start`, pair.fakeCas), pair);
  assert.equal(pointerIn(visitor), undefined);
  await assertFailure(page, pair, { code: 'ERR_SSO_NOT_AUTHORISED', status: 403 });
});

test('somebody whom the hook refuses is not sent round in circles', async (t) => {
  const pair = await pairFor(t, { options: { onLogin: () => false } });
  const page = await logIn(pair.browser(), `${pair.portal.url}/start`, pair.fakeCas);
  assert.equal(page.status, 403);
  assert.equal(pair.fakeCas.counts.validate, 1);
});

test('somebody whom the hook refuses does not cost the person who is signed in their login', async (t) => {
  const onLogin: OnLogin = ({ id }) => (id === 'bob' ? false : null);
  const { pair, visitor } = await signedInPair(t, { options: { onLogin } });
  const second = pair.browser();
  const address = await returnUrl(second, `${pair.portal.url}/start`, pair.fakeCas, 'bob');
  for (const { name, value } of second.cookies.all()) {
    visitor.cookies.store(new URL(pair.portal.url), [`${name}=${value}; path=/`]);
  }
  assert.equal((await comeBack(visitor, address, pair)).status, 403);
  assert.equal(userOf(await visitor.get(`${pair.portal.url}/start`)), 'alice');
});

for (const [name, onLogin] of [
  [
    'throws',
    () => {
      throw new RangeError('the directory is down');
    },
  ],
  ['rejects', () => Promise.reject(new RangeError('the directory is down'))],
] as const) {
  test(`a hook that ${name} ends in a 500 page, and its error goes to the application`, async (t) => {
    const pair = await pairFor(t, { options: { onLogin } });
    const visitor = pair.browser();
    const page = await comeBack(visitor, await returnUrl(visitor, `${pair.portal.url}/start`, pair.fakeCas), pair);
    assert.equal(pointerIn(visitor), undefined);
    assert.doesNotMatch(page.body, /directory/);
    const [thrown, ...others] = pair.portal.errors.splice(0);
    assert.ok(thrown instanceof RangeError);
    assert.deepEqual(others, []);
    await assertFailure(page, pair, { code: 'ERR_SSO_LOGIN_HOOK', status: 500 });
  });
}

test('a hook that fails once lets the same person in the next time', async (t) => {
  let calls = 0;
  const onLogin: OnLogin = () => {
    calls += 1;
    if (calls === 1) throw new Error('once');
  };
  const pair = await pairFor(t, { options: { onLogin } });
  const visitor = pair.browser();
  const page = await logIn(visitor, `${pair.portal.url}/start`, pair.fakeCas);
  assert.equal(page.status, 500);
  const link = /<a class="primary" href="([^"]+)"/.exec(page.body)?.[1] ?? '';
  assert.equal(userOf(await (await page.click(link)).settle()), 'alice');
});

for (const thrown of ['a text', undefined, null, 0]) {
  test(`a hook that throws ${JSON.stringify(thrown)} ends in the same page`, async (t) => {
    const onLogin: OnLogin = () => {
      throw thrown;
    };
    const pair = await pairFor(t, { options: { onLogin } });
    // Koa's own handler is the strict one: it throws when it is given anything but an error.
    pair.portal.app.removeAllListeners('error');
    pair.portal.app.silent = true;
    pair.portal.app.on('error', pair.portal.app.onerror);
    const page = await logIn(pair.browser(), `${pair.portal.url}/start`, pair.fakeCas);
    assert.equal(page.status, 500);
    assert.match(page.body, /ERR_SSO_LOGIN_HOOK/);
  });
}

test('an account that cannot be written as JSON ends in the page of the hook', async (t) => {
  const circular: Record<string, Json> = {};
  circular.self = circular;
  const pair = await pairFor(t, { options: { onLogin: () => circular } });
  const page = await logIn(pair.browser(), `${pair.portal.url}/start`, pair.fakeCas);
  assert.equal(page.status, 500);
  assert.match(page.body, /ERR_SSO_LOGIN_HOOK/);
});

test('the hook hears the person as the login server described them', async (t) => {
  const heard: unknown[] = [];
  const onLogin: OnLogin = ({ id, issuer, attributes }) => void heard.push([id, issuer, attributes.mail]);
  const { pair } = await signedInPair(t, { options: { onLogin } });
  assert.deepEqual(heard, [['alice', pair.fakeCas.url, ['alice@example.edu']]]);
});

test('an account is looked up again at the next login', async (t) => {
  const clock = stoppedClock();
  let calls = 0;
  const onLogin: OnLogin = () => {
    calls += 1;
    return { calls };
  };
  const { pair, visitor } = await signedInPair(t, { options: { onLogin, clock, idleSeconds: 60 } });
  clock.advance(60);
  const page = await logIn(visitor, `${pair.portal.url}/start`, pair.fakeCas);
  assert.deepEqual(accountOf(page.body), { calls: 2 });
});
