import assert from 'node:assert/strict';
import { test } from 'node:test';
import Keyv from 'keyv';
import { comeBackFrom, logInAtWls, replyAddress } from '../support/raven.ts';
import { stoppedClock, userOf } from './support.ts';
import { assertNobody, landFrom, ravenFor, verifications } from './ucam-support.ts';
import { keyvs, type Operation, WatchedAdapter } from './watched-store.ts';

const isClaim = (operation: Operation, kind: string) => operation === 'delete' && kind === 'flow';

for (const [keyv, make] of keyvs) {
  test(`two returns that both found the attempt: one verifies the reply, and both land (${keyv})`, async (t) => {
    const adapter = new WatchedAdapter();
    const raven = await ravenFor(t, { options: { store: make(adapter) } });
    await logInAtWls(raven.browser(), `${raven.portal.url}/start`, raven.wls);
    const visitor = raven.browser();
    const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls);
    const before = verifications(raven);
    const held = adapter.hold(isClaim);
    const first = comeBackFrom(raven.wls, visitor, address);
    await held.reached;
    const second = await comeBackFrom(raven.wls, visitor, address);
    held.open();
    for (const page of [await first, second]) {
      assert.equal(page.headers.get('location'), '/start');
      assert.equal(userOf(await page.settle()), 'test0001');
    }
    assert.equal(verifications(raven) - before, 1);
  });
}

test('a return that loses the race to a logout signs nobody in', async (t) => {
  const adapter = new WatchedAdapter();
  const raven = await ravenFor(t, { options: { store: keyvs[0]![1](adapter) } });
  await logInAtWls(raven.browser(), `${raven.portal.url}/start`, raven.wls);
  const visitor = raven.browser();
  const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls);
  const before = verifications(raven);
  const held = adapter.hold(isClaim);
  const landing = comeBackFrom(raven.wls, visitor, address);
  await held.reached;
  await visitor.post(`${raven.portal.url}/sso/logout`, {});
  held.open();
  await landing;
  assert.equal(verifications(raven), before);
  await assertNobody(visitor, raven);
});

test('an attempt that took too long is refused, though its reply is fresh', async (t) => {
  const clock = stoppedClock();
  const raven = await ravenFor(t, { options: { clock, attemptSeconds: 60 }, wls: { clock } });
  const visitor = raven.browser();
  const form = await (await visitor.get(`${raven.portal.url}/start`)).settle();
  clock.advance(60);
  const page = await landFrom(raven, visitor, raven.wls.issueReply({ request: form.url }).location);
  assert.match(page.body, /<code>ERR_SSO_ATTEMPT_UNKNOWN<\/code>/);
});

test('what is stored of an attempt and of a login holds no part of a reply', async (t) => {
  const records = new Map<string, unknown>();
  const raven = await ravenFor(t, { options: { store: new Keyv({ store: records }) } });
  const visitor = raven.browser();
  const address = await replyAddress(visitor, `${raven.portal.url}/start`, raven.wls);
  await landFrom(raven, visitor, address);
  const reply = new URL(address).searchParams.get('WLS-Response') ?? '';
  assert.ok(records.size > 0);
  const stored = JSON.stringify([...records]);
  for (const secret of [reply.slice(-40), 'test0001']) assert.ok(!stored.includes(secret), secret);
});
