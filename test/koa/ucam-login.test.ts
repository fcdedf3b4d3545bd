import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { comeBackFrom, logInAtWls, replyAddress, requestOf, signInAtWls, upToReply } from '../support/raven.ts';
import { NAVIGATION, raw, stoppedClock, userOf } from './support.ts';
import { landFrom, ravenFor, verifications } from './ucam-support.ts';

test('a visitor logs in by Ucam-WebAuth and is on the page that was asked for', async (t) => {
  const { portal, wls, browser } = await ravenFor(t);
  const page = await logInAtWls(browser(), `${portal.url}/report?of=2026`, wls);
  assert.equal(page.url.href, `${portal.url}/report?of=2026`);
  const { user } = JSON.parse(page.body);
  assert.deepEqual([user.id, user.issuer, user.protocol], ['test0001', wls.url, 'ucam']);
  assert.deepEqual(user.attributes, { ptags: ['current'], auth: ['pwd'], sso: [] });
  assert.deepEqual(portal.log, []);
});

test('the WLS is asked in version 3, for this site, with a nonce, and is told the time', async (t) => {
  const { portal, wls, browser } = await ravenFor(t);
  const { searchParams } = await requestOf(browser(), `${portal.url}/start`, wls);
  const { params, date, ...rest } = Object.fromEntries(searchParams);
  assert.deepEqual(rest, { ver: '3', url: `${portal.url}/sso/return` });
  assert.match(params ?? '', /^[A-Za-z0-9_-]{22}$/);
  assert.match(date ?? '', /^\d{8}T\d{6}Z$/);
});

test('every attempt has a nonce of its own', async (t) => {
  const { portal, wls, browser } = await ravenFor(t);
  const visitor = browser();
  const nonce = async () => (await requestOf(visitor, `${portal.url}/start`, wls)).searchParams.get('params');
  assert.notEqual(await nonce(), await nonce());
});

test('the login page says what the application has to say', async (t) => {
  const { portal, browser } = await ravenFor(t, { ucam: { desc: 'Café <Ωmega>', msg: 'It’s your turn & mine' } });
  const form = await (await browser().get(`${portal.url}/start`)).settle();
  assert.match(form.body, /Caf&#233; &lt;&#937;mega&gt;/);
  assert.match(form.body, /It&#8217;s your turn &amp; mine/);
});

test('the data of the application comes back as an attribute', async (t) => {
  const { portal, wls, browser } = await ravenFor(t, { ucam: { params: 'höhe=3!&%21' } });
  const page = await logInAtWls(browser(), `${portal.url}/start`, wls);
  assert.deepEqual(JSON.parse(page.body).user.attributes.params, ['höhe=3!&%21']);
});

test('H-11 the redirects to the WLS and from the return are neither cached nor named to others', async (t) => {
  const { portal, wls, browser } = await ravenFor(t);
  const visitor = browser();
  const away = await visitor.get(`${portal.url}/start`);
  const landed = await (await upToReply(visitor, `${portal.url}/start`, wls)).follow();
  for (const page of [away, landed]) {
    assert.equal(page.status, 303);
    assert.equal(page.headers.get('cache-control'), 'no-store');
    assert.equal(page.headers.get('referrer-policy'), 'no-referrer');
    assert.equal(page.body, '');
  }
  assert.equal(landed.headers.get('location'), '/start');
});

test('somebody who is signed in at the WLS is not asked again', async (t) => {
  const { portal, wls, browser } = await ravenFor(t);
  const visitor = browser();
  await signInAtWls(visitor, wls, 'test0002');
  const page = await (await visitor.get(`${portal.url}/start`)).settle();
  assert.equal(userOf(page), 'test0002');
  const { user } = JSON.parse(page.body);
  assert.deepEqual([user.authenticatedAt, user.fromNewLogin], [null, false]);
  assert.deepEqual([user.attributes.auth, user.attributes.sso], [[], ['pwd']]);
});

test('a login with a password tells when it was typed', async (t) => {
  const { portal, wls, browser } = await ravenFor(t);
  const { user } = JSON.parse((await logInAtWls(browser(), `${portal.url}/start`, wls)).body);
  assert.ok(Math.abs(Date.now() - Date.parse(user.authenticatedAt)) < 60_000, user.authenticatedAt);
  assert.equal(user.fromNewLogin, true);
});

for (const style of ['raven', 'ucam-wls'] as const) {
  test(`a login works with the habits of ${style}`, async (t) => {
    const { portal, wls, browser } = await ravenFor(t, { wls: { style } });
    assert.equal(userOf(await logInAtWls(browser(), `${portal.url}/start?a=&b=1%20x`, wls)), 'test0001');
  });
}

for (const form of ['publicKeyPkcs1', 'certificate'] as const) {
  test(`a login works with the key as ${form === 'certificate' ? 'an expired certificate' : 'PKCS#1'}`, async (t) => {
    const { wls } = await ravenFor(t);
    const pem = form === 'certificate' ? await wls.certificate() : wls.publicKeyPkcs1;
    const { loginUrl } = wls;
    const other = await ravenFor(t, { ucam: { loginUrl, issuer: wls.url, keys: { inline: { [wls.kid]: pem } } } });
    assert.equal(userOf(await logInAtWls(other.browser(), `${other.portal.url}/start`, wls)), 'test0001');
  });
}

for (const principal of ['zoë', "o'neil&<co>", 'a!b%21c', 'ελένη', '__proto__', 'constructor']) {
  test(`the user ${principal} arrives letter for letter`, async (t) => {
    const { portal, wls, browser } = await ravenFor(t, { wls: { users: [{ principal, password: 'x' }] } });
    assert.equal(userOf(await logInAtWls(browser(), `${portal.url}/start`, wls, principal)), principal);
  });
}

for (const path of [
  '/?b=2&a=1',
  '/report?flag',
  '/a%20b?c=d%20e',
  '/search?q=a+b',
  '/?q=100%25!',
  '/?WLS-Response=x',
]) {
  test(`${path} comes back byte for byte`, async (t) => {
    const raven = await ravenFor(t);
    const visitor = raven.browser();
    const start = await raw(raven.portal.url, { target: path, headers: NAVIGATION });
    visitor.cookies.store(new URL(raven.portal.url), start.headers['set-cookie'] ?? []);
    const { location } = raven.wls.issueReply({ request: start.headers.location ?? '' });
    const landed = await comeBackFrom(raven.wls, visitor, location);
    assert.equal(landed.headers.get('location'), path);
  });
}

test('two replies of one second with one id, as Goose may give them, sign two people in', async (t) => {
  const clock = stoppedClock();
  const raven = await ravenFor(t, { options: { clock }, wls: { clock } });
  const fields = { id: '123456' };
  for (const principal of ['test0001', 'test0002']) {
    const visitor = raven.browser();
    const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls, { principal, fields });
    assert.equal(userOf(await landFrom(raven, visitor, address)), principal);
  }
});

describe('the address of a return', () => {
  test('opened again, leads to the page, and the reply is not verified again', async (t) => {
    const raven = await ravenFor(t);
    const visitor = raven.browser();
    const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls);
    await landFrom(raven, visitor, address);
    const again = await landFrom(raven, visitor, address);
    assert.equal(again.url.pathname, '/start');
    assert.equal(userOf(again), 'test0001');
    assert.equal(verifications(raven), 1);
  });

  test('opened again after its reply has gone stale leads to the page all the same', async (t) => {
    const clock = stoppedClock();
    const raven = await ravenFor(t, { options: { clock }, wls: { clock } });
    const visitor = raven.browser();
    const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls);
    await landFrom(raven, visitor, address);
    clock.advance(600);
    assert.equal(userOf(await landFrom(raven, visitor, address)), 'test0001');
  });

  test('opened twice at once leads to the page twice, and the reply is verified once', async (t) => {
    const raven = await ravenFor(t);
    const visitor = raven.browser();
    const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls);
    for (const page of await Promise.all([
      comeBackFrom(raven.wls, visitor, address),
      comeBackFrom(raven.wls, visitor, address),
    ])) {
      assert.equal(page.headers.get('location'), '/start');
      assert.equal(userOf(await page.settle()), 'test0001');
    }
    assert.equal(verifications(raven), 1);
  });
});

for (const [order, pick] of [
  ['first to last', [0, 1, 2]],
  ['last to first', [2, 1, 0]],
] as const) {
  test(`H-4 three attempts in one browser are finished ${order}, each on its own page`, async (t) => {
    const raven = await ravenFor(t);
    const visitor = raven.browser();
    const addresses: string[] = [];
    for (const tab of [0, 1, 2]) {
      addresses.push(await replyAddress(visitor, `${raven.portal.url}/tab${tab}`, raven.wls));
    }
    for (const tab of pick) {
      const page = await landFrom(raven, visitor, addresses[tab] ?? '');
      assert.equal(page.url.pathname, `/tab${tab}`);
      assert.equal(userOf(page), 'test0001');
    }
    assert.equal(verifications(raven), 3);
  });
}
