import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type TestContext, test } from 'node:test';
import { listen } from '../support/portal.ts';
import { assertCode, INTERRUPTIONS, openShelf, upToResume } from './keep-journey.ts';
import { FORM, type KeepScene, keepScene, pressOn, sha256, signedIn } from './keep-support.ts';
import { kindOf } from './proxy-support.ts';

/** Two processes of one site, as far as one process can play them: they share the store, and what is in front of them. */
async function nodes(t: TestContext, aheadMs = 0) {
  const front = createServer();
  const url = await listen(front);
  t.after(() => {
    front.closeAllConnections();
    front.close();
  });
  const store = openShelf();
  const node = async (clock: () => number, cas = {}) => {
    // Each has a Keyv of its own.
    const own = {
      get: store.get,
      set: store.set,
      async delete(key: string) {
        if (kindOf(key) === 'request') await together();
        return store.delete(key);
      },
    };
    const scene = await keepScene(t, { cas, options: { baseUrl: url, store: own, clock } });
    return Object.assign(scene, { portal: { ...scene.portal, url } }) as KeepScene;
  };
  const first = await node(Date.now);
  const second = await node(() => Date.now() + aheadMs, { serverUrl: first.fakeCas.url });
  let next: readonly KeepScene[] = [first];
  let turn = 0;
  const waiting: (() => void)[] = [];
  let awaited = 1;
  /** Waits until as many are here as the test said. */
  const together = () =>
    new Promise<void>((resolve) => {
      if (waiting.push(resolve) >= awaited) for (const go of waiting.splice(0)) go();
    });
  front.on('request', (req, res) => {
    turn += 1;
    return next[turn % next.length]?.portal.app.callback()(req, res);
  });
  return {
    store,
    first,
    second,
    /** From now on nobody takes a kept request out of the store before so many want to. */
    meet(count: number) {
      awaited = count;
    },
    to: (...some: readonly KeepScene[]) => {
      next = some;
    },
  };
}

for (const [entry, path, interrupt] of INTERRUPTIONS) {
  for (const aheadMs of [0, 120_000, -120_000]) {
    test(`PP28 ${entry}: kept by one process, run by another whose clock is ${aheadMs / 1000} s ahead`, async (t) => {
      const { first, second, to } = await nodes(t, aheadMs);
      const browser = await signedIn(first);
      await interrupt(first, browser);
      const page = await upToResume(browser, first, path);
      to(second);
      assert.equal((await pressOn(page)).status, 200);
      assert.deepEqual(second.begun, [`POST ${path}`]);
      assert.equal(second.seen[0]?.sha256, sha256(FORM.bytes));
      assert.deepEqual(first.seen, []);
      assert.equal(second.seen[0]?.replay?.attempts, 1);
    });
  }

  test(`PP28 ${entry}: each step of the login at the other process`, async (t) => {
    const { first, second, to } = await nodes(t);
    const browser = await signedIn(first);
    await interrupt(first, browser);
    to(first, second);
    const done = await pressOn(await upToResume(browser, first, path));
    assert.equal(done.status, 200, done.body);
    assert.equal(first.seen.length + second.seen.length, 1);
  });
}

test('PP28 two clicks that two processes get at once: one runs it, and the other says so', async (t) => {
  const { first, second, to, meet } = await nodes(t);
  const [, path, interrupt] = INTERRUPTIONS[0]!;
  const browser = await signedIn(first);
  await interrupt(first, browser);
  const page = await upToResume(browser, first, path);
  to(first, second);
  meet(8);
  const done = await Promise.all(Array.from({ length: 8 }, () => pressOn(page)));
  const won = done.filter(({ status }) => status === 200);
  assert.equal(won.length, 1);
  for (const lost of done) if (lost !== won[0]) assertCode(lost, 409, 'ERR_SSO_REQUEST_USED');
  assert.equal(first.begun.length + second.begun.length, 1);
});

test('PP28 a click while the other process has only just taken the form out: it was sent, and nobody sends it anew', async (t) => {
  const { store, first, second, to } = await nodes(t);
  const [, path, interrupt] = INTERRUPTIONS[0]!;
  const browser = await signedIn(first);
  await interrupt(first, browser);
  const page = await upToResume(browser, first, path);
  const held = store.hold('set request-trace');
  const winner = pressOn(page);
  await held.reached;
  to(second);
  store.forget();
  const late = pressOn(page);
  while (!store.calls.includes('get request-trace')) await new Promise(setImmediate);
  held.open();
  assertCode(await late, 409, 'ERR_SSO_REQUEST_USED');
  assert.equal((await winner).status, 200);
  assert.deepEqual([...first.begun, ...second.begun], [`POST ${path}`]);
});

test('PP28 what one process erases is gone for the other', async (t) => {
  const { first, second, to } = await nodes(t);
  const [, path, interrupt] = INTERRUPTIONS[0]!;
  const browser = await signedIn(first);
  await interrupt(first, browser);
  const page = await upToResume(browser, first, path);
  to(second);
  const form = page.forms[1];
  assert.ok(form);
  assert.equal((await page.submit(form)).status, 200);
  to(first);
  assertCode(await pressOn(page), 410, 'ERR_SSO_REQUEST_DISCARDED');
  assert.deepEqual([...first.begun, ...second.begun], []);
});

test('PP28 a process whose clock is ahead ends the wait by its own clock, and says so', async (t) => {
  const { first, second, to } = await nodes(t, 601_000);
  const [, path, interrupt] = INTERRUPTIONS[0]!;
  const browser = await signedIn(first);
  await interrupt(first, browser);
  const page = await upToResume(browser, first, path);
  to(second);
  assertCode(await pressOn(page), 410, 'ERR_SSO_REQUEST_EXPIRED');
  assert.deepEqual(second.begun, []);
});
