import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { comeBackFrom, logInAtWls, replyAddress, requestOf, upToReply } from '../support/raven.ts';
import { attemptCookies, cookiesFor, NAVIGATION, raw, userOf } from './support.ts';
import {
  assertNobody,
  assertRefused,
  assertStillIn,
  FOREIGN,
  INVALID,
  landFrom,
  ravenFor,
  signedInRaven,
  UNKNOWN,
  verifications,
} from './ucam-support.ts';

const EVIL = 'evil.example';

describe('H-1 the address that a reply must name comes from the configuration', () => {
  const lies = { host: EVIL, 'x-forwarded-host': EVIL, 'x-forwarded-proto': 'https', forwarded: `host=${EVIL}` };

  for (const proxy of [false, true]) {
    test(`though the request lies about its host, a reply for us is good (app.proxy ${proxy})`, async (t) => {
      const raven = await ravenFor(t);
      raven.portal.app.proxy = proxy;
      const visitor = raven.browser();
      const begun = await raw(`${raven.portal.url}/start`, { headers: { ...NAVIGATION, ...lies } });
      assert.equal(new URL(begun.headers.location ?? '').searchParams.get('url'), `${raven.portal.url}/sso/return`);
      const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls);
      const answer = await raw(address, { headers: { ...NAVIGATION, ...cookiesFor(visitor, address), ...lies } });
      assert.deepEqual([answer.status, answer.headers.location], [303, '/start']);
    });

    test(`a reply for the host that the request claims is refused (app.proxy ${proxy})`, async (t) => {
      const raven = await ravenFor(t);
      raven.portal.app.proxy = proxy;
      const visitor = raven.browser();
      const fields = { url: `https://${EVIL}/sso/return` };
      const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls, { fields });
      const answer = await raw(address, { headers: { ...NAVIGATION, ...cookiesFor(visitor, address), ...lies } });
      assert.equal(answer.status, INVALID.status);
      assert.match(raven.portal.log.join(), /ERR_SSO_WLS_INVALID \(url\)/);
    });
  }
});

describe('H-3 a good reply is worth nothing in another browser', () => {
  test('without the cookie of its attempt; the attempt stays good', async (t) => {
    const raven = await ravenFor(t);
    const visitor = raven.browser();
    const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls);
    const stranger = raven.browser();
    await assertRefused(await comeBackFrom(raven.wls, stranger, address), raven, FOREIGN);
    await assertNobody(stranger, raven);
    assert.equal(verifications(raven), 0);
    assert.equal(userOf(await landFrom(raven, visitor, address)), 'test0001');
  });

  test('with the cookie of an attempt of its own', async (t) => {
    const raven = await ravenFor(t);
    const planted = await upToReply(raven.browser(), `${raven.portal.url}/start`, raven.wls, 'test0002');
    const victim = raven.browser();
    await victim.get(`${raven.portal.url}/start`);
    await assertRefused(await victim.get(planted.location ?? '', { from: `https://${EVIL}/` }), raven, FOREIGN);
  });

  test('with the secret of its own attempt under the name of the other', async (t) => {
    const raven = await ravenFor(t);
    const attacker = raven.browser();
    const address = await replyAddress(attacker, `${raven.portal.url}/start`, raven.wls, { principal: 'test0002' });
    const victim = raven.browser();
    await victim.get(`${raven.portal.url}/start`);
    const own = victim.cookies.all().find(({ name }) => attemptCookies(victim).includes(name))?.value;
    victim.cookies.store(new URL(raven.portal.url), [`${attemptCookies(attacker)[0]}=${own}; path=/`]);
    await assertRefused(await comeBackFrom(raven.wls, victim, address), raven, FOREIGN);
  });

  test('where somebody else is signed in, who stays signed in', async (t) => {
    const { raven, visitor } = await signedInRaven(t);
    const planted = await upToReply(raven.browser(), `${raven.portal.url}/start`, raven.wls, 'test0002');
    const page = await visitor.get(planted.location ?? '', { from: `https://${EVIL}/` });
    assert.equal(page.status, FOREIGN.status);
    await assertStillIn(visitor, raven);
  });

  test('after it was used in the first one', async (t) => {
    const raven = await ravenFor(t);
    const visitor = raven.browser();
    const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls);
    await landFrom(raven, visitor, address);
    const stranger = raven.browser();
    const page = await comeBackFrom(raven.wls, stranger, address);
    assert.equal(page.status, FOREIGN.status, page.body);
    await assertNobody(stranger, raven);
  });
});

test('H-4 after a logout the used reply signs nobody in, in the same browser', async (t) => {
  const raven = await ravenFor(t);
  const visitor = raven.browser();
  const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls);
  await landFrom(raven, visitor, address);
  await visitor.post(`${raven.portal.url}/sso/logout`, {});
  raven.portal.log.length = 0;
  await assertRefused(await comeBackFrom(raven.wls, visitor, address), raven, UNKNOWN);
  await assertNobody(visitor, raven);
});

test('H-4 a logout in one tab ends the attempt in the other', async (t) => {
  const raven = await ravenFor(t);
  const visitor = raven.browser();
  const address = await replyAddress(visitor, `${raven.portal.url}/tab`, raven.wls);
  await visitor.post(`${raven.portal.url}/sso/logout`, {});
  await assertRefused(await comeBackFrom(raven.wls, visitor, address), raven, UNKNOWN);
  await assertNobody(visitor, raven);
});

describe('H-5 a failure that nobody signed ends no session', () => {
  for (const [what, params] of [
    ['that names no attempt', ''],
    ['that names an attempt that never was', 'A'.repeat(22)],
  ] as const) {
    for (const status of [410, 570]) {
      test(`${status} ${what}`, async (t) => {
        const { raven, visitor } = await signedInRaven(t);
        const url = `${raven.portal.url}/sso/return`;
        const { location } = raven.wls.issueReply({ url, params, status, signature: 'none', msg: 'You are out' });
        const page = await visitor.get(location, { from: `https://${EVIL}/` });
        await assertRefused(page, raven, UNKNOWN);
        assert.doesNotMatch(page.body, /You are out/);
        await assertStillIn(visitor, raven);
      });
    }
  }

  test('even one for an attempt that this browser has under way', async (t) => {
    const raven = await ravenFor(t);
    const visitor = raven.browser();
    const status = { status: 410, signature: 'none' } as const;
    const forged = await replyAddress(visitor, `${raven.portal.url}/tab`, raven.wls, status);
    await logInAtWls(visitor, `${raven.portal.url}/start`, raven.wls);
    assert.equal((await comeBackFrom(raven.wls, visitor, forged)).status, 403);
    await assertStillIn(visitor, raven);
  });

  test('even one for the attempt that the session came of', async (t) => {
    const raven = await ravenFor(t);
    const visitor = raven.browser();
    const request = await requestOf(visitor, `${raven.portal.url}/start`, raven.wls);
    await landFrom(raven, visitor, raven.wls.issueReply({ request }).location);
    const { location } = raven.wls.issueReply({ request, status: 410, signature: 'none' });
    assert.equal((await comeBackFrom(raven.wls, visitor, location)).headers.get('location'), '/start');
    await assertStillIn(visitor, raven);
  });
});
