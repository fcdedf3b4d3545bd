import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logIn, upToReturn } from '../support/portal.ts';
import { comeBack, NAVIGATION, pairFor, raw, returnUrl, userOf } from './support.ts';

test('a visitor logs in and is on the page that was asked for', async (t) => {
  const { portal, fakeCas, browser } = await pairFor(t);
  const page = await logIn(browser(), `${portal.url}/start`, fakeCas);
  assert.equal(page.url.href, `${portal.url}/start`);
  const { user } = JSON.parse(page.body);
  assert.equal(user.id, 'alice');
  assert.equal(user.issuer, fakeCas.url);
  assert.deepEqual(user.attributes.mail, ['alice@example.edu']);
  assert.deepEqual(portal.log, []);
});

for (const path of [
  '/?b=2&a=1',
  '/report?flag',
  '/report?a=1&a=2',
  '/a%20b?c=d%20e',
  '/search?q=a+b',
  '/search?q=100%25',
  '/a/b/c/d/e/f/',
  '/%7Euser/;v=1,2/(x)!',
  "/it's?it's=1",
  '/?returnTo=https://evil.example/&ticket=ST-1-x',
  '/?q={a}|`b`^c',
  '/?',
]) {
  test(`${path} comes back byte for byte`, async (t) => {
    const { portal, fakeCas, browser } = await pairFor(t);
    const visitor = browser();
    const start = await raw(portal.url, { target: path, headers: NAVIGATION });
    visitor.cookies.store(new URL(portal.url), start.headers['set-cookie'] ?? []);
    const service = new URL(start.headers.location ?? '').searchParams.get('service') ?? '';
    const landed = await comeBack(visitor, `${service}&ticket=${fakeCas.issueTicket('alice', service)}`, { fakeCas });
    assert.equal(landed.headers.get('location'), path);
  });
}

test('a path that browsers would take to another site leads to the start page', async (t) => {
  const { portal, fakeCas, browser } = await pairFor(t);
  const visitor = browser();
  const start = await raw(portal.url, { target: '//evil.example/x', headers: NAVIGATION });
  visitor.cookies.store(new URL(portal.url), start.headers['set-cookie'] ?? []);
  const service = new URL(start.headers.location ?? '').searchParams.get('service') ?? '';
  const landed = await comeBack(visitor, `${service}&ticket=${fakeCas.issueTicket('alice', service)}`, { fakeCas });
  assert.equal(landed.headers.get('location'), '/');
});

test('the ticket is stripped by a redirect that is neither cached nor named to others', async (t) => {
  const { portal, fakeCas, browser } = await pairFor(t);
  const landed = await (await upToReturn(browser(), `${portal.url}/start`, fakeCas)).follow();
  assert.equal(landed.status, 303);
  assert.equal(landed.headers.get('location'), '/start');
  assert.equal(landed.headers.get('cache-control'), 'no-store');
  assert.equal(landed.headers.get('referrer-policy'), 'no-referrer');
  assert.doesNotMatch(landed.body, /ST-/);
});

test('the redirect to the login server is neither cached nor named to others', async (t) => {
  const { portal, browser } = await pairFor(t);
  const start = await browser().get(`${portal.url}/start`);
  assert.equal(start.status, 303);
  assert.equal(start.headers.get('cache-control'), 'no-store');
  assert.equal(start.headers.get('referrer-policy'), 'no-referrer');
});

for (const [order, pick] of [
  ['first to last', (list: readonly number[]) => [...list]],
  ['last to first', (list: readonly number[]) => [...list].reverse()],
  ['the middle one first', ([a, b, c]: readonly number[]) => [b, a, c]],
] as const) {
  test(`three attempts in one browser are finished ${order}, each on its own page`, async (t) => {
    const { portal, fakeCas, browser } = await pairFor(t);
    const visitor = browser();
    const addresses: string[] = [];
    for (const tab of [0, 1, 2]) addresses.push(await returnUrl(visitor, `${portal.url}/tab${tab}`, fakeCas));
    for (const tab of pick([0, 1, 2])) {
      const page = await (await comeBack(visitor, addresses[tab ?? 0] ?? '', { fakeCas })).settle();
      assert.equal(page.url.pathname, `/tab${tab}`);
      assert.equal(userOf(page), 'alice');
    }
    assert.equal(fakeCas.counts.validate, 3);
  });
}

test('an attempt finished by one person does not end up as another person', async (t) => {
  const { portal, fakeCas, browser } = await pairFor(t);
  const visitor = browser();
  const one = await returnUrl(visitor, `${portal.url}/one`, fakeCas, 'alice');
  const two = await returnUrl(visitor, `${portal.url}/two`, fakeCas, 'bob');
  assert.equal(userOf(await (await comeBack(visitor, one, { fakeCas })).settle()), 'alice');
  assert.equal(userOf(await (await comeBack(visitor, two, { fakeCas })).settle()), 'bob');
});

test('the address of a return, opened again, leads to the page without a second validation', async (t) => {
  const { portal, fakeCas, browser } = await pairFor(t);
  const visitor = browser();
  const address = await returnUrl(visitor, `${portal.url}/start`, fakeCas);
  await (await comeBack(visitor, address, { fakeCas })).settle();
  const again = await (await comeBack(visitor, address, { fakeCas })).settle();
  assert.equal(again.url.pathname, '/start');
  assert.equal(userOf(again), 'alice');
  assert.equal(fakeCas.counts.validate, 1);
});

test('a return opened again with its ticket already taken out leads to the page', async (t) => {
  const { portal, fakeCas, browser } = await pairFor(t);
  const visitor = browser();
  const address = await returnUrl(visitor, `${portal.url}/start`, fakeCas);
  await (await comeBack(visitor, address, { fakeCas })).settle();
  const again = await (await comeBack(visitor, address.replace(/&ticket=.*/, ''), { fakeCas })).settle();
  assert.equal(userOf(again), 'alice');
});

test('a double click sends the ticket twice at once: both land, and it is validated once', async (t) => {
  const { portal, fakeCas, browser } = await pairFor(t);
  const visitor = browser();
  const address = await returnUrl(visitor, `${portal.url}/start`, fakeCas);
  fakeCas.misbehave({ kind: 'slow', ms: 150 });
  const landed = await Promise.all([comeBack(visitor, address, { fakeCas }), comeBack(visitor, address, { fakeCas })]);
  for (const page of landed) {
    assert.equal(page.headers.get('location'), '/start');
    assert.equal(userOf(await page.settle()), 'alice');
  }
  assert.equal(fakeCas.counts.validate, 1);
});

for (const name of ['zoë', "o'neil&<co>", 'ελένη']) {
  test(`the user ${name} arrives letter for letter`, async (t) => {
    const { portal, fakeCas, browser } = await pairFor(t);
    assert.equal(userOf(await logIn(browser(), `${portal.url}/start`, fakeCas, name)), name);
  });
}

test('the login address leads straight to the page for somebody who is signed in', async (t) => {
  const { portal, fakeCas, browser } = await pairFor(t);
  const visitor = browser();
  await logIn(visitor, `${portal.url}/start`, fakeCas);
  const page = await visitor.get(`${portal.url}/sso/login?returnTo=%2Fother%3Fa%3D1`);
  assert.equal(page.status, 303);
  assert.equal(page.headers.get('location'), '/other?a=1');
});

test('the login address takes no target on another site', async (t) => {
  const { portal, fakeCas, browser } = await pairFor(t);
  const visitor = browser();
  await logIn(visitor, `${portal.url}/start`, fakeCas);
  for (const target of ['https://evil.example/', '//evil.example', '/\\evil.example', '%2Fok&returnTo=%2Fother']) {
    const page = await visitor.get(`${portal.url}/sso/login?returnTo=${target}`);
    assert.equal(page.headers.get('location'), '/', target);
  }
});
