import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { comeBackFrom, logInAtWls, replyAddress } from '../support/raven.ts';
import { attemptCookies, cookiesFor, NAVIGATION, NOT_LOOKED_AT, pointerIn, raw, userOf } from './support.ts';
import { assertRefused, landFrom, MALFORMED, ravenFor, signedInRaven, UNKNOWN, verifications } from './ucam-support.ts';

describe('a return that no person is looking at', () => {
  for (const [name, method, headers] of NOT_LOOKED_AT) {
    test(`verifies nothing, and the person can still come back (${name})`, async (t) => {
      const raven = await ravenFor(t);
      const visitor = raven.browser();
      const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls);
      const answer = await raw(address, { method, headers: { ...headers, ...cookiesFor(visitor, address) } });
      assert.equal(answer.status, 401);
      assert.equal(answer.headers['set-cookie'], undefined);
      assert.equal(verifications(raven), 0);
      assert.equal(userOf(await landFrom(raven, visitor, address)), 'test0001');
    });
  }
});

describe('a return by another method', () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    test(`is not allowed (${method}), and the attempt stays good`, async (t) => {
      const raven = await ravenFor(t);
      const visitor = raven.browser();
      const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls);
      const answer = await raw(address, { method, headers: { ...NAVIGATION, ...cookiesFor(visitor, address) } });
      assert.deepEqual([answer.status, answer.headers.allow], [405, 'GET, HEAD']);
      assert.equal(answer.headers['set-cookie'], undefined);
      assert.equal(userOf(await landFrom(raven, visitor, address)), 'test0001');
    });
  }

  test('is not taken from the body of a form either', async (t) => {
    const raven = await ravenFor(t);
    const visitor = raven.browser();
    const address = new URL(await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls));
    const answer = await raw(address.origin + address.pathname, {
      method: 'POST',
      headers: {
        ...NAVIGATION,
        ...cookiesFor(visitor, address.href),
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: address.search.slice(1),
    });
    assert.equal(answer.status, 405);
    assert.equal(verifications(raven), 0);
  });
});

describe('an address of a return that was damaged on the way', () => {
  for (const [what, query, expected] of [
    ['without a query', '', MALFORMED],
    ['with a parameter of CAS', '?ticket=ST-1-aaaaaaaa', MALFORMED],
    ['with the name in small letters', '?wls-response=3!200', MALFORMED],
    ['with half an escape', '?WLS-Response=%E0%A4%A', MALFORMED],
    ['with a list', '?WLS-Response[]=3!200', MALFORMED],
    ['with a path for params', `?WLS-Response=3!410!!!!!!!!!!..%2F..%2Fetc!!`, UNKNOWN],
    ['with an attempt that never was', `?WLS-Response=3!410!!!!!!!!!!${'A'.repeat(22)}!!`, UNKNOWN],
    ['with a header in params', '?WLS-Response=3!410!!!!!!!!!!a%0D%0ASet-Cookie:x=1!!', UNKNOWN],
    ['with a very long reply', `?WLS-Response=${'!'.repeat(10_000)}`, MALFORMED],
  ] as const) {
    test(`is refused: ${what}`, async (t) => {
      const raven = await ravenFor(t);
      const page = await comeBackFrom(raven.wls, raven.browser(), `${raven.portal.url}/sso/return${query}`);
      await assertRefused(page, raven, expected);
    });
  }

  test('leaves the attempt alone: the good one still works', async (t) => {
    const raven = await ravenFor(t);
    const visitor = raven.browser();
    const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls);
    await comeBackFrom(raven.wls, visitor, address.replace(/WLS-Response=.{20}/, 'WLS-Response='));
    await comeBackFrom(raven.wls, visitor, address.split('?')[0] ?? '');
    assert.equal(userOf(await landFrom(raven, visitor, address)), 'test0001');
  });
});

test('a reply is found among other parameters, whichever separates them', async (t) => {
  const raven = await ravenFor(t);
  const visitor = raven.browser();
  const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls);
  assert.equal(userOf(await landFrom(raven, visitor, `${address.replace('?', '?a=1;')}&utm_source=x`)), 'test0001');
});

test('a spent attempt leaves no cookie behind', async (t) => {
  const { visitor } = await signedInRaven(t);
  assert.deepEqual(attemptCookies(visitor), []);
});

test('a login gives the session another pointer than the login before it', async (t) => {
  const { raven, visitor } = await signedInRaven(t);
  const before = pointerIn(visitor)?.login;
  await visitor.post(`${raven.portal.url}/sso/logout`, {});
  await logInAtWls(visitor, `${raven.portal.url}/start`, raven.wls);
  assert.notEqual(pointerIn(visitor)?.login, before);
});
