import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { ProxySceneSetup } from '../support/proxying.ts';
import { assertTicket, kindOf, SERVICE, sceneFor, signIn, signOut } from './proxy-support.ts';
import { comeBack, NAVIGATION, raw, returnUrl } from './support.ts';
import { keyvs, WatchedAdapter } from './watched-store.ts';

/** A portal whose store calls are counted, and a browser that alice is signed in with; the store has been tried out. */
async function watched(t: TestContext, setup: ProxySceneSetup = {}) {
  const adapter = new WatchedAdapter();
  const scene = await sceneFor(t, { ...setup, options: { store: keyvs[0]![1](adapter) } });
  const visitor = await signIn(scene);
  adapter.forget();
  const calls = () => adapter.calls.map(([operation, key]) => `${operation} ${kindOf(key)}`);
  return { adapter, scene, visitor, portal: scene.portal, fakeCas: scene.fakeCas, calls };
}

describe('with proxy grants', () => {
  test('a page that is open to everybody makes no store call and asks no server, signed in or not', async (t) => {
    const { calls, scene, visitor, portal, fakeCas } = await watched(t);
    const before = { ...fakeCas.counts };
    assert.equal((await visitor.get(`${portal.url}/open`)).status, 200);
    assert.equal((await scene.browser().get(`${portal.url}/open`)).status, 200);
    assert.deepEqual(calls(), []);
    assert.deepEqual({ ...fakeCas.counts }, before);
  });

  test('a request of somebody who is signed in still reads the store once, and asks no server', async (t) => {
    const { calls, visitor, portal, fakeCas } = await watched(t);
    const before = { ...fakeCas.counts };
    assert.equal((await visitor.get(`${portal.url}/me`)).status, 200);
    assert.deepEqual(calls(), ['get login']);
    assert.deepEqual({ ...fakeCas.counts }, before);
  });

  test('a login makes 15 store calls, one validation call, and gets one call to its callback', async (t) => {
    const { calls, scene, portal, fakeCas } = await watched(t);
    const before = { ...fakeCas.counts };
    const browser = scene.browser();
    await comeBack(browser, await returnUrl(browser, `${portal.url}/me`, fakeCas), scene);
    assert.deepEqual(calls(), [
      // The browser is sent away.
      'set flow',
      // It comes back: is the attempt known, and does this browser own it?
      'get flow',
      // The attempt is claimed: read, then taken out.
      'get flow',
      'delete flow',
      // The ticket is validated, and meanwhile the grant delivered: is its name new? Then it is kept.
      'get pgtiou',
      'set pgtiou',
      // The delivery is claimed: read, then taken out.
      'get pgtiou',
      'delete pgtiou',
      // The grant of this login, and the login that points to it.
      'set grant',
      'set login',
      // The index of the person: read, written, and looked at, as another process may have written as well.
      'get user-grants',
      'set user-grants',
      'get user-grants',
      // The flow that is settled now, and whether somebody logged out meanwhile.
      'set settled-flow',
      'get logged-out',
    ]);
    assert.equal(fakeCas.counts.validate - before.validate, 1);
    assert.equal(fakeCas.counts.callback - before.callback, 1);
    assert.equal(fakeCas.counts.proxy, 0);
  });

  test('a login that gets none makes no more store calls than one that asks for none', async (t) => {
    const counted = async (setup: ProxySceneSetup) => {
      const { calls, scene, portal, fakeCas } = await watched(t, setup);
      const browser = scene.browser();
      await comeBack(browser, await returnUrl(browser, `${portal.url}/me`, fakeCas), scene);
      return calls();
    };
    const off = await counted({ cas: { proxyGrants: false, proxyGrantWaitMs: 0 } });
    const none = await counted({ cas: { proxyCallbackUrl: 'http://localhost:1/nobody-is-here' } });
    assert.deepEqual(none, off);
  });

  test('a ticket costs one call to /proxy, and reads the login anew and its grant', async (t) => {
    const { calls, visitor, portal, fakeCas } = await watched(t);
    const before = { ...fakeCas.counts };
    await assertTicket(visitor, portal);
    // The guard, the login of the moment in which the ticket is asked for, and the grant.
    assert.deepEqual(calls(), ['get login', 'get login', 'get grant']);
    assert.deepEqual({ ...fakeCas.counts }, { ...before, proxy: before.proxy + 1 });
  });

  test('a second ticket costs a second call to /proxy', async (t) => {
    const { visitor, portal, fakeCas } = await watched(t);
    await assertTicket(visitor, portal);
    await assertTicket(visitor, portal);
    assert.equal(fakeCas.counts.proxy, 2);
  });

  test('somebody without a grant asks no server for a ticket', async (t) => {
    const { calls, visitor, portal, fakeCas } = await watched(t, {
      cas: { proxyCallbackUrl: 'http://localhost:1/nobody-is-here' },
    });
    assert.equal((await visitor.get(`${portal.url}/ticket?for=${SERVICE}`)).status, 403);
    assert.deepEqual(calls(), ['get login', 'get login']);
    assert.equal(fakeCas.counts.proxy, 0);
  });

  test('to find the grant of a person takes three reads, and asks no server', async (t) => {
    const { calls, portal, fakeCas } = await watched(t);
    const before = { ...fakeCas.counts };
    await portal.sso.proxyGrants.forUser('alice');
    assert.deepEqual(calls(), ['get user-grants', 'get login', 'get grant']);
    assert.deepEqual({ ...fakeCas.counts }, before);
  });

  test('a logout makes one call more, which takes the grant out', async (t) => {
    const { calls, visitor, portal } = await watched(t);
    await signOut(visitor, portal, '?scope=here');
    assert.equal(
      calls()
        .filter((call) => /grant/.test(call))
        .join(),
      'delete grant',
    );
    assert.ok(calls().indexOf('delete grant') < calls().indexOf('delete login'));
  });

  test('a delivery makes two store calls', async (t) => {
    const { calls, scene } = await watched(t);
    await raw(`${scene.callbackUrl}?pgtIou=PGTIOU-1&pgtId=PGT-1`);
    assert.deepEqual(calls(), ['get pgtiou', 'set pgtiou']);
  });

  test('the same delivery once more makes none', async (t) => {
    const { adapter, calls, scene } = await watched(t);
    await raw(`${scene.callbackUrl}?pgtIou=PGTIOU-1&pgtId=PGT-1`);
    adapter.forget();
    await raw(`${scene.callbackUrl}?pgtIou=PGTIOU-1&pgtId=PGT-1`);
    assert.deepEqual(calls(), []);
  });

  test('a call to the callback that delivers nothing makes none, whoever calls', async (t) => {
    const { calls, scene } = await watched(t);
    for (const query of ['', 'pgtIou=PGTIOU-1', 'pgtIou=..%2F&pgtId=PGT-1', 'pgtIou=a&pgtIou=b&pgtId=PGT-1']) {
      await raw(`${scene.callbackUrl}?${query}`, { headers: NAVIGATION });
    }
    assert.deepEqual(calls(), []);
  });
});
