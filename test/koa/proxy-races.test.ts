import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { createMemoryKeyv } from '../../src/storage/memory-store.ts';
import type { Browser } from '../support/browser.ts';
import { startPortal } from '../support/portal.ts';
import { mountProxyPages, type ProxyScene, type ProxySceneSetup, proxyingCas, startApi } from '../support/proxying.ts';
import {
  assertNoTicket,
  assertTicket,
  kindOf,
  openStore,
  SERVICE,
  sceneFor,
  signIn,
  signOut,
  startRelay,
} from './proxy-support.ts';
import { comeBack, cookiesFor, NAVIGATION, pointerIn, raw, returnUrl } from './support.ts';
import { keyvs, WatchedAdapter } from './watched-store.ts';

/** Longer than any test may take: what waits so long waits until it is told. */
const LONG = 30_000;

/** A portal that is called through a relay, which can hold the login server's calls. */
async function relayed(t: TestContext, { cas, ...setup }: ProxySceneSetup = {}) {
  const kept = openStore();
  const relay = await startRelay(t);
  const scene = await sceneFor(t, {
    ...setup,
    cas: { proxyCallbackUrl: `${relay.url}/sso/proxy-callback`, proxyGrantWaitMs: LONG, ...cas },
    options: { store: kept.keyv, ...setup.options },
  });
  relay.to(scene.portal.url);
  return { ...scene, relay, kept };
}

/** Two processes of one portal: the browser is at the first, and the login server calls the second. */
async function twoProcesses(t: TestContext, { sharing = true, waitMs = LONG } = {}) {
  const store = createMemoryKeyv();
  const relay = await startRelay(t);
  const cas = { proxyCallbackUrl: `${relay.url}/sso/proxy-callback`, proxyGrantWaitMs: waitMs };
  const scene = await sceneFor(t, { cas, options: { store } });
  const other = await startPortal({
    cas: { ...proxyingCas(scene.fakeCas.url), ...cas },
    options: { store: sharing ? store : createMemoryKeyv() },
    mount: mountProxyPages,
  });
  t.after(() => other.close());
  relay.to(other.url);
  return { ...scene, other, relay };
}

const LATE = { kind: 'late-callback', ms: 1 } as const;

/** Whom a service behind sees when it is called from this browser. */
async function whose(scene: ProxyScene, browser: Browser): Promise<string> {
  const api = await startApi({ cas: { serverUrl: scene.fakeCas.url }, accept: { allowedChains: () => true } });
  scene.onEnd(() => api.close());
  const page = await browser.get(`${scene.portal.url}/call?of=${encodeURIComponent(api.url)}`);
  return JSON.parse(JSON.parse(page.body).body).user.id;
}

describe('a delivery', () => {
  test('that comes before the answer of the validation is claimed', async (t) => {
    const scene = await relayed(t);
    await assertTicket(await signIn(scene), scene.portal);
    assert.deepEqual(scene.portal.log, []);
  });

  test('that comes after it is waited for', async (t) => {
    const scene = await relayed(t);
    const { reached, open } = scene.relay.hold();
    scene.fakeCas.misbehave(LATE);
    const login = signIn(scene);
    await reached;
    assert.equal(scene.kept.count('login'), 0);
    open();
    await assertTicket(await login, scene.portal);
    assert.deepEqual(scene.portal.log, []);
  });

  test('that comes twice counts once, and the second one is not believed', async (t) => {
    const scene = await relayed(t);
    scene.fakeCas.misbehave('double-callback');
    const browser = await signIn(scene);
    assert.equal(scene.relay.calls.length, 2);
    await assertTicket(browser, scene.portal);
    assert.equal(scene.kept.count('pgtiou'), 0);
  });

  test('that comes when the login has given up is nobody’s', async (t) => {
    const scene = await relayed(t, { cas: { proxyGrantWaitMs: 50 } });
    const { reached, open, passed } = scene.relay.hold();
    scene.fakeCas.misbehave(LATE);
    const browser = await signIn(scene);
    await reached;
    open();
    await passed;
    assert.deepEqual([scene.kept.count('pgtiou'), scene.kept.count('grant')], [1, 0]);
    await assertNoTicket(browser, scene.portal, 'ERR_SSO_NO_PROXY_GRANT');
    assert.equal(scene.portal.log.length, 1, scene.portal.log.join('\n'));
  });

  test('that somebody makes up reaches no login', async (t) => {
    const scene = await relayed(t);
    const { reached, open } = scene.relay.hold();
    scene.fakeCas.misbehave(LATE);
    const login = signIn(scene);
    await reached;
    for (const iou of ['PGTIOU-1', 'PGTIOU-1-forged']) {
      await raw(`${scene.portal.url}/sso/proxy-callback?pgtIou=${iou}&pgtId=PGT-forged`);
    }
    assert.equal(scene.kept.count('grant'), 0);
    open();
    await assertTicket(await login, scene.portal);
  });

  test('for one login does not reach another that waits at the same time', async (t) => {
    const scene = await relayed(t);
    scene.fakeCas.misbehave(LATE, { times: 2 });
    const [alice, bob] = await Promise.all([signIn(scene, 'alice'), signIn(scene, 'bob')]);
    assert.deepEqual([await whose(scene, alice), await whose(scene, bob)], ['alice', 'bob']);
  });
});

describe('a delivery to another process', () => {
  for (const [when, fault] of [
    ['before the answer of the validation', undefined],
    ['after it', LATE],
  ] as const) {
    test(`reaches the login over the store (${when})`, async (t) => {
      const scene = await twoProcesses(t);
      if (fault) scene.fakeCas.misbehave(fault);
      await assertTicket(await signIn(scene), scene.portal);
      assert.equal(scene.other.journal.filter(({ event }) => event === 'grant.stored').length, 1);
      assert.equal(scene.portal.journal.filter(({ event }) => event === 'grant.stored').length, 0);
      assert.deepEqual([...scene.portal.log, ...scene.other.log], []);
    });
  }

  test('does not reach the login if the two share no store, and the warning says so', async (t) => {
    const scene = await twoProcesses(t, { sharing: false, waitMs: 50 });
    const browser = await signIn(scene);
    assert.equal(scene.portal.log.length, 1);
    assert.match(scene.portal.log[0] ?? '', /another process that does not share our store/);
    await assertNoTicket(browser, scene.portal, 'ERR_SSO_NO_PROXY_GRANT');
  });

  test('gives a grant that is found there as well, until the logout', async (t) => {
    const scene = await twoProcesses(t);
    const browser = await signIn(scene);
    const { forUser } = scene.other.sso.proxyGrants;
    const grant = await forUser('alice');
    assert.match(await grant.proxyTicket(SERVICE), /^PT-\d/);
    await signOut(browser, scene.portal, '?scope=here');
    await assert.rejects(forUser('alice'), { code: 'ERR_SSO_NO_PROXY_GRANT' });
    await assert.rejects(grant.proxyTicket(SERVICE), { code: 'ERR_SSO_PROXY_GRANT_EXPIRED' });
  });
});

describe('a logout while the grant is waited for', () => {
  /** A login of this browser that waits for its grant; the request is under way, and its answer not taken over. */
  async function waitingLogin(scene: Awaited<ReturnType<typeof relayed>>, browser: Browser) {
    const address = await returnUrl(browser, `${scene.portal.url}/me`, scene.fakeCas);
    const { reached, open } = scene.relay.hold();
    scene.fakeCas.misbehave(LATE);
    const headers = { ...NAVIGATION, ...cookiesFor(browser, scene.portal.url) };
    const answer = raw(address, { headers });
    await reached;
    return { address, headers, answer, open };
  }

  test('ends the login: no session is opened, and the grant that comes is thrown away', async (t) => {
    const scene = await relayed(t);
    const browser = scene.browser();
    const { answer, open } = await waitingLogin(scene, browser);
    assert.equal((await signOut(browser, scene.portal, '?scope=here')).status, 303);
    open();
    const { headers } = await answer;
    assert.doesNotMatch(String(headers['set-cookie']), /sso-session-\w+=[^;]/);
    assert.deepEqual([scene.kept.count('login'), scene.kept.count('grant')], [0, 0]);
    await assert.rejects(scene.portal.sso.proxyGrants.forUser('alice'), { code: 'ERR_SSO_NO_PROXY_GRANT' });
  });

  test('is not undone by the same return, sent once more', async (t) => {
    const scene = await relayed(t);
    const browser = scene.browser();
    const { address, headers, answer, open } = await waitingLogin(scene, browser);
    await signOut(browser, scene.portal, '?scope=here');
    open();
    await answer;
    assert.equal((await raw(address, { headers })).status, 400);
    await comeBack(browser, address, scene);
    assert.equal(pointerIn(browser), undefined);
    assert.deepEqual([scene.kept.count('login'), scene.kept.count('grant')], [0, 0]);
  });

  test('ends the earlier login of the browser too, and its grant', async (t) => {
    const scene = await relayed(t);
    const browser = scene.browser();
    const first = await returnUrl(browser, `${scene.portal.url}/me`, scene.fakeCas);
    const second = await returnUrl(browser, `${scene.portal.url}/me`, scene.fakeCas);
    await comeBack(browser, first, scene);
    assert.equal(scene.kept.count('grant'), 1);
    const { reached, open } = scene.relay.hold();
    scene.fakeCas.misbehave(LATE);
    const answer = raw(second, { headers: { ...NAVIGATION, ...cookiesFor(browser, scene.portal.url) } });
    await reached;
    await signOut(browser, scene.portal, '?scope=here');
    assert.equal(scene.kept.count('grant'), 0);
    open();
    await answer;
    assert.deepEqual([scene.kept.count('login'), scene.kept.count('grant')], [0, 0]);
  });

  test('ends it though the grant is being stored at that moment', async (t) => {
    const adapter = new WatchedAdapter();
    const scene = await sceneFor(t, { options: { store: keyvs[0]![1](adapter), storeDeadlineMs: LONG } });
    const browser = scene.browser();
    const address = await returnUrl(browser, `${scene.portal.url}/me`, scene.fakeCas);
    const { reached, open } = adapter.hold((operation, key) => operation === 'set' && kindOf(key) === 'grant');
    const answer = raw(address, { headers: { ...NAVIGATION, ...cookiesFor(browser, scene.portal.url) } });
    await reached;
    await signOut(browser, scene.portal, '?scope=here');
    adapter.forget();
    open();
    await answer;
    const removed = adapter.calls.map(([operation, key]) => `${operation} ${kindOf(key)}`);
    assert.ok(removed.includes('delete grant') && removed.includes('delete login'), removed.join(', '));
    await assert.rejects(scene.portal.sso.proxyGrants.forUser('alice'), { code: 'ERR_SSO_NO_PROXY_GRANT' });
  });
});
