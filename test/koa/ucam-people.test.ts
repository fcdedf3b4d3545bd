import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FakeWlsFault } from '../../src/testing/index.ts';
import { logInAtWls, replyAddress, requestOf, signInAtWls } from '../support/raven.ts';
import { stoppedClock, userOf } from './support.ts';
import { assertNobody, assertRefused, assertStillIn, landFrom, NOT_AUTHORISED, ravenFor } from './ucam-support.ts';

/** Somebody who has left and keeps the account. */
const LEFT = 'test0450';

describe('people who are not current', () => {
  test('are told that they may not use the site, and are not signed in', async (t) => {
    const raven = await ravenFor(t);
    const visitor = raven.browser();
    const page = await logInAtWls(visitor, `${raven.portal.url}/start`, raven.wls, LEFT);
    await assertRefused(page, raven, NOT_AUTHORISED);
    await assertNobody(visitor, raven);
  });

  test('are not sent back to the WLS, which would bring them back at once', async (t) => {
    const { portal, wls, browser } = await ravenFor(t);
    const page = await logInAtWls(browser(), `${portal.url}/start`, wls, LEFT);
    assert.equal(page.location, undefined);
    assert.match(page.body, /<form method="post" action="\/sso\/logout">/);
    assert.equal(wls.counts.authenticate, 1);
  });

  test('are not shown to onLogin', async (t) => {
    const seen: string[] = [];
    const { portal, wls, browser } = await ravenFor(t, { options: { onLogin: ({ id }) => void seen.push(id) } });
    await logInAtWls(browser(), `${portal.url}/start`, wls, LEFT);
    assert.deepEqual(seen, []);
  });

  test('come in with allowNotCurrent, and the application sees what they are', async (t) => {
    const { portal, wls, browser } = await ravenFor(t, { ucam: { allowNotCurrent: true } });
    const page = await logInAtWls(browser(), `${portal.url}/start`, wls, LEFT);
    assert.equal(userOf(page), LEFT);
    assert.deepEqual(JSON.parse(page.body).user.attributes.ptags, []);
  });

  for (const ptags of ['Current', 'notcurrent', 'x-current', ' current', 'current ', 'x-admin']) {
    test(`are those with the tag ${JSON.stringify(ptags)}`, async (t) => {
      const raven = await ravenFor(t);
      raven.wls.misbehave({ kind: 'fields', fields: { ptags } });
      const page = await logInAtWls(raven.browser(), `${raven.portal.url}/start`, raven.wls);
      assert.match(page.body, /<code>ERR_SSO_NOT_AUTHORISED<\/code>/);
    });
  }

  for (const ptags of ['current,x-admin', 'x-admin,current', 'current,current']) {
    test(`are not those with the tags ${ptags}`, async (t) => {
      const { portal, wls, browser } = await ravenFor(t);
      wls.misbehave({ kind: 'fields', fields: { ptags } });
      const page = await logInAtWls(browser(), `${portal.url}/start`, wls);
      assert.deepEqual(JSON.parse(page.body).user.attributes.ptags, ptags.split(','));
    });
  }

  // Version 1 and 2 have no tags, and whoever edits `ver` in the address must not get round the rule.
  for (const style of ['raven', 'ucam-wls'] as const) {
    for (const ver of [1, 2] as const) {
      test(`may be anybody in a reply of version ${ver}, so that nobody comes in by one (${style})`, async (t) => {
        const raven = await ravenFor(t, { wls: { style } });
        const visitor = raven.browser();
        const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls, { ver });
        await assertRefused(await landFrom(raven, visitor, address), raven, NOT_AUTHORISED);
      });
    }

    test(`gain nothing by editing the version in the address (${style})`, async (t) => {
      const raven = await ravenFor(t, { wls: { style } });
      const visitor = raven.browser();
      await signInAtWls(visitor, raven.wls, LEFT);
      const request = await requestOf(visitor, `${raven.portal.url}/start`, raven.wls);
      request.searchParams.set('ver', '2');
      const page = await (await visitor.get(request, { from: raven.portal.url })).settle();
      assert.equal(page.status, 403, page.body);
      await assertNobody(visitor, raven);
    });
  }

  test('come in by version 2 with allowNotCurrent', async (t) => {
    const raven = await ravenFor(t, { ucam: { allowNotCurrent: true } });
    const visitor = raven.browser();
    const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls, { ver: 2, principal: LEFT });
    assert.equal(userOf(await landFrom(raven, visitor, address)), LEFT);
  });
});

describe('the life of the session at the WLS', () => {
  /** A login on a clock that the test moves, with replies that say this of their session. */
  const scene = async (t: Parameters<typeof ravenFor>[0], fault: FakeWlsFault | null, absoluteSeconds = 3600) => {
    const clock = stoppedClock(Date.UTC(2026, 0, 15));
    const raven = await ravenFor(t, {
      options: { clock, absoluteSeconds, idleSeconds: 36_000 },
      wls: { clock, lifeSeconds: 36_000 },
    });
    if (fault) raven.wls.misbehave(fault);
    const visitor = raven.browser();
    const page = await logInAtWls(visitor, `${raven.portal.url}/start`, raven.wls);
    assert.equal(userOf(page), 'test0001');
    const { expiresAt } = JSON.parse(page.body).user;
    return { raven, clock, visitor, seconds: (Date.parse(expiresAt) - clock()) / 1000 };
  };
  const life = (text: string): FakeWlsFault => ({ kind: 'fields', fields: { life: text } });

  test('caps ours where it is shorter', async (t) => {
    const { raven, clock, visitor } = await scene(t, life('300'));
    clock.advance(299);
    await assertStillIn(visitor, raven);
    clock.advance(1);
    await assertNobody(visitor, raven);
  });

  for (const [told, seconds] of [
    ['300', 300],
    ['36000', 3600],
    ['', 3600],
    ['0', 60],
    ['59', 60],
    ['999999999999', 3600],
  ] as const) {
    test(`of ${told || 'unknown'} seconds makes ours end after ${seconds}`, async (t) => {
      assert.equal((await scene(t, life(told))).seconds, seconds);
    });
  }

  test('counts down from login to login', async (t) => {
    const { raven, clock, visitor } = await scene(t, null, 100_000);
    clock.advance(6000);
    await visitor.post(`${raven.portal.url}/sso/logout`, {});
    const page = await (await visitor.get(`${raven.portal.url}/start`)).settle();
    assert.equal((Date.parse(JSON.parse(page.body).user.expiresAt) - clock()) / 1000, 30_000);
  });
});

describe('onLogin', () => {
  test('sees what the WLS said of the person', async (t) => {
    const seen: unknown[] = [];
    const options = { onLogin: (principal: unknown) => void seen.push(principal) };
    const { portal, wls, browser } = await ravenFor(t, { options });
    await logInAtWls(browser(), `${portal.url}/start`, wls, 'test0400');
    const [{ issuer, id, attributes, fromNewLogin }] = seen as [Record<string, unknown>];
    assert.deepEqual({ issuer, id, fromNewLogin }, { issuer: wls.url, id: 'test0400', fromNewLogin: true });
    assert.deepEqual(attributes, { ptags: ['current', 'x-admin'], auth: ['pwd'], sso: [] });
  });

  test('may refuse them', async (t) => {
    const raven = await ravenFor(t, { options: { onLogin: () => false } });
    const visitor = raven.browser();
    const page = await logInAtWls(visitor, `${raven.portal.url}/start`, raven.wls);
    await assertRefused(page, raven, NOT_AUTHORISED);
    await assertNobody(visitor, raven);
  });

  test('is asked once for each login, however often its address is opened', async (t) => {
    const calls: string[] = [];
    const raven = await ravenFor(t, { options: { onLogin: ({ id }) => void calls.push(id) } });
    const visitor = raven.browser();
    const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls);
    for (const _ of [1, 2]) await landFrom(raven, visitor, address);
    assert.deepEqual(calls, ['test0001']);
  });
});
