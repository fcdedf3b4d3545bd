import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ErrorPage } from '../../src/index.ts';
import type { FakeWlsFault } from '../../src/testing/index.ts';
import { cancelAtWls, logInAtWls, replyAddress, requestOf } from '../support/raven.ts';
import { cookiesFor, type ExpectedFailure, NAVIGATION, raw, stoppedClock, userOf } from './support.ts';
import {
  assertNobody,
  assertRefused,
  assertStillIn,
  CANCELLED,
  INVALID,
  landFrom,
  MALFORMED,
  REFUSED,
  ravenFor,
  STATUS,
  UNKNOWN,
  UNKNOWN_KEY,
} from './ucam-support.ts';

describe('a person who cancels', () => {
  for (const style of ['raven', 'ucam-wls'] as const) {
    test(`H-15 is told so, and offered to sign in (${style})`, async (t) => {
      const raven = await ravenFor(t, { wls: { style } });
      const visitor = raven.browser();
      const page = await cancelAtWls(await (await visitor.get(`${raven.portal.url}/start?a=1`)).settle());
      assert.match(page.body, /<h1>You cancelled the sign-in<\/h1>/);
      assert.match(page.body, /returnTo=%2Fstart%3Fa%3D1/, 'where the person wanted to go is lost');
      await assertRefused(page, raven, CANCELLED);
      await assertNobody(visitor, raven);
    });
  }

  test('H-14 signs in with the link of that page', async (t) => {
    const raven = await ravenFor(t);
    const visitor = raven.browser();
    const page = await cancelAtWls(await (await visitor.get(`${raven.portal.url}/start`)).settle());
    const link = /<a class="primary" href="([^"]+)"/.exec(page.body)?.[1] ?? '';
    const { url } = await page.click(link);
    assert.equal(userOf(await logInAtWls(visitor, url.href, raven.wls)), 'test0001');
  });

  test('cannot use the same attempt again', async (t) => {
    const raven = await ravenFor(t);
    const visitor = raven.browser();
    const request = await requestOf(visitor, `${raven.portal.url}/start`, raven.wls);
    await landFrom(raven, visitor, raven.wls.issueReply({ request, status: 410 }).location);
    raven.portal.log.length = 0;
    await assertRefused(await landFrom(raven, visitor, raven.wls.issueReply({ request }).location), raven, UNKNOWN);
  });

  test('is told so as JSON where JSON is read', async (t) => {
    const raven = await ravenFor(t);
    const visitor = raven.browser();
    const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls, { status: 410 });
    const headers = { ...NAVIGATION, ...cookiesFor(visitor, address), accept: 'application/json' };
    const answer = await raw(address, { headers });
    assert.equal(answer.status, 403);
    assert.equal(JSON.parse(answer.body).error.code, 'ERR_SSO_CANCELLED');
  });
});

describe('each status of the WLS is a page of its own', () => {
  for (const [status, expected] of [
    [410, CANCELLED],
    [510, STATUS],
    [520, STATUS],
    [530, STATUS],
    [540, REFUSED],
    [550, INVALID],
    [560, REFUSED],
    [570, REFUSED],
    [999, INVALID],
  ] as const) {
    for (const signature of ['good', 'none'] as const) {
      test(`${status}, ${signature === 'good' ? 'signed' : 'unsigned'}`, async (t) => {
        const raven = await ravenFor(t);
        const visitor = raven.browser();
        const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls, { status, signature });
        await assertRefused(await landFrom(raven, visitor, address), raven, expected);
        await assertNobody(visitor, raven);
      });
    }
  }
});

describe('what the WLS says', () => {
  const msg = '<script>alert("x")</script> & don’t!';

  test('is shown as text', async (t) => {
    const raven = await ravenFor(t);
    const visitor = raven.browser();
    const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls, { status: 570, msg });
    const page = await landFrom(raven, visitor, address);
    assert.doesNotMatch(page.body, /<script/);
    assert.match(
      page.body,
      /The login server says: “&#60;script&#62;alert\(&#34;x&#34;\)&#60;\/script&#62; &#38; don’t!”/,
    );
  });

  test('reaches a page of the application as it was said, beside the code', async (t) => {
    const pages: ErrorPage[] = [];
    const options = { errorPage: (page: ErrorPage) => void pages.push(page) };
    const raven = await ravenFor(t, { options });
    const visitor = raven.browser();
    const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls, { status: 560, msg });
    await landFrom(raven, visitor, address);
    assert.deepEqual(
      pages.map(({ code, status, messages }) => ({ code, status, messages })),
      [{ ...REFUSED, messages: [msg] }],
    );
  });

  test('is a list without anything where the WLS says nothing', async (t) => {
    const pages: ErrorPage[] = [];
    const options = { errorPage: (page: ErrorPage) => void pages.push(page) };
    const raven = await ravenFor(t, { options });
    const visitor = raven.browser();
    const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls, { status: 410, msg: '' });
    await landFrom(raven, visitor, address);
    assert.deepEqual(pages[0]?.messages, []);
  });

  test('is neither in the log nor in the journal', async (t) => {
    const raven = await ravenFor(t);
    const visitor = raven.browser();
    const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls, { status: 530, msg });
    await landFrom(raven, visitor, address);
    assert.doesNotMatch(raven.portal.log.join() + JSON.stringify(raven.portal.journal), /alert/);
    assert.deepEqual(raven.portal.log, ['error ERR_SSO_WLS_STATUS (530): answered with 502']);
  });
});

describe('a reply that is not good', () => {
  const cases: readonly (readonly [what: string, fault: FakeWlsFault, expected: ExpectedFailure])[] = [
    ['without a signature', 'unsigned', INVALID],
    ['with one bit of the signature turned', 'bad-signature', INVALID],
    ['signed by somebody else', 'other-key', INVALID],
    ['signed with SHA-256', 'sha-256', INVALID],
    ['of a key that is not known', 'unknown-kid', UNKNOWN_KEY],
    ['for another application', 'wrong-url', INVALID],
    ['with params that nobody sent', 'wrong-params', UNKNOWN],
    ['that is missing', 'no-response', MALFORMED],
    ['that is there twice', 'two-responses', MALFORMED],
    ['that is no reply', { kind: 'raw', text: 'nonsense' }, MALFORMED],
    ['that is empty', { kind: 'raw', text: '' }, MALFORMED],
    ['of version 4', { kind: 'fields', fields: { ver: '4' } }, MALFORMED],
    ['that names nobody', { kind: 'fields', fields: { principal: '' } }, INVALID],
    ['with a line break in the name', { kind: 'fields', fields: { principal: 'a\nb' } }, INVALID],
    ['with neither a password nor an earlier one', { kind: 'fields', fields: { auth: '', sso: '' } }, MALFORMED],
    ['by another kind of authentication', { kind: 'fields', fields: { auth: 'x-card', sso: '' } }, INVALID],
    ['with a life that is no number', { kind: 'fields', fields: { life: '1e9' } }, MALFORMED],
    ['of 36 seconds ago', { kind: 'clock', ms: -36_000 }, INVALID],
    ['of 6 seconds ahead', { kind: 'clock', ms: 6000 }, INVALID],
  ];
  for (const [what, fault, expected] of cases) {
    test(`${what} signs nobody in: ${expected.code}`, async (t) => {
      const clock = stoppedClock(Date.UTC(2026, 0, 15));
      const raven = await ravenFor(t, { options: { clock }, wls: { clock } });
      const visitor = raven.browser();
      raven.wls.misbehave(fault);
      const page = await logInAtWls(visitor, `${raven.portal.url}/start`, raven.wls);
      await assertRefused(page, raven, expected);
      raven.wls.signOutEverybody();
      await assertNobody(visitor, raven);
    });

    test(`${what} leaves whoever is signed in alone`, async (t) => {
      const clock = stoppedClock(Date.UTC(2026, 0, 15));
      const raven = await ravenFor(t, { options: { clock }, wls: { clock } });
      const { portal, wls } = raven;
      const visitor = raven.browser();
      const otherTab = await requestOf(visitor, `${portal.url}/other`, wls);
      await logInAtWls(visitor, `${portal.url}/start`, wls);
      wls.misbehave(fault);
      const page = await (await visitor.get(otherTab, { from: `${portal.url}/other` })).settle();
      assert.equal(page.status, expected.status);
      await assertStillIn(visitor, raven);
    });
  }

  for (const [ms, what] of [
    [-35_000, 'of 35 seconds ago'],
    [5000, 'of 5 seconds ahead'],
  ] as const) {
    test(`${what} is still good`, async (t) => {
      const clock = stoppedClock(Date.UTC(2026, 0, 15));
      const { portal, wls, browser } = await ravenFor(t, { options: { clock }, wls: { clock } });
      wls.misbehave({ kind: 'clock', ms });
      assert.equal(userOf(await logInAtWls(browser(), `${portal.url}/start`, wls)), 'test0001');
    });
  }
});

test('whoever edits the data of the application in the address is refused, though the WLS signs what they wrote', async (t) => {
  const raven = await ravenFor(t, { ucam: { params: 'role=reader' } });
  const visitor = raven.browser();
  const request = await requestOf(visitor, `${raven.portal.url}/start`, raven.wls);
  const [nonce] = (request.searchParams.get('params') ?? '').split('.');
  request.searchParams.set('params', `${nonce}.${Buffer.from('role=owner').toString('base64url')}`);
  await assertRefused(await landFrom(raven, visitor, raven.wls.issueReply({ request }).location), raven, INVALID);
  await assertNobody(visitor, raven);
});

test('with fail=yes the WLS shows its errors itself and nobody comes back', async (t) => {
  const { portal, wls, browser } = await ravenFor(t, { ucam: { fail: true } });
  const page = await cancelAtWls(await (await browser().get(`${portal.url}/start`)).settle());
  assert.equal(page.url.origin, wls.url);
});
