import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logIn } from '../support/portal.ts';
import { comeBack, pairFor, returnUrl, userOf } from './support.ts';
import { keyvs, type Operation, WatchedAdapter } from './watched-store.ts';

const isClaim = (operation: Operation, kind: string) => operation === 'delete' && kind === 'flow';

for (const [keyv, make] of keyvs) {
  test(`two returns that both found the attempt: one claims it, both land, one validation (${keyv})`, async (t) => {
    const adapter = new WatchedAdapter();
    const pair = await pairFor(t, { options: { store: make(adapter) } });
    await logIn(pair.browser(), `${pair.portal.url}/start`, pair.fakeCas);
    const visitor = pair.browser();
    const address = await returnUrl(visitor, `${pair.portal.url}/start`, pair.fakeCas);
    const before = pair.fakeCas.counts.validate;
    const held = adapter.hold(isClaim);
    const first = comeBack(visitor, address, pair);
    await held.reached;
    const second = await comeBack(visitor, address, pair);
    held.open();
    for (const page of [await first, second]) {
      assert.equal(page.headers.get('location'), '/start');
      assert.equal(userOf(await page.settle()), 'alice');
    }
    assert.equal(pair.fakeCas.counts.validate - before, 1);
  });
}

test('a return that loses the race to a logout signs nobody in', async (t) => {
  const adapter = new WatchedAdapter();
  const pair = await pairFor(t, { options: { store: keyvs[0]![1](adapter) } });
  await logIn(pair.browser(), `${pair.portal.url}/start`, pair.fakeCas);
  const before = pair.fakeCas.counts.validate;
  const visitor = pair.browser();
  const address = await returnUrl(visitor, `${pair.portal.url}/start`, pair.fakeCas);
  const held = adapter.hold(isClaim);
  const landing = comeBack(visitor, address, pair);
  await held.reached;
  await visitor.post(`${pair.portal.url}/sso/logout`, {}, { from: `${pair.portal.url}/start` });
  held.open();
  assert.ok((await landing).status >= 400 || (await landing).headers.get('location') === '/sso/logged-out');
  assert.equal(pair.fakeCas.counts.validate, before);
  assert.equal((await visitor.get(`${pair.portal.url}/start`)).status, 303);
});
