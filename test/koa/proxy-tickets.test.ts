import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { logIn } from '../support/portal.ts';
import { type ProxyScene, type ProxySceneSetup, startApi, startProxyScene } from '../support/proxying.ts';

let scene: ProxyScene;
afterEach(() => scene.close());

async function signedIn(setup: ProxySceneSetup = {}, name = 'alice') {
  scene = await startProxyScene(setup);
  const browser = scene.browser();
  const page = await logIn(browser, `${scene.portal.url}/me`, scene.fakeCas, name);
  assert.equal(page.status, 200, page.body);
  return browser;
}

/** A service behind the portal. */
async function api() {
  const service = await startApi({
    cas: { serverUrl: scene.fakeCas.url },
    accept: { allowedChains: [[scene.callbackUrl]] },
  });
  scene.onEnd(() => service.close());
  return service;
}

describe('a portal that may proxy', () => {
  test('calls a service for the person, and the service knows whom and through whom', async () => {
    const browser = await signedIn();
    const service = await api();
    const page = await browser.get(
      `${scene.portal.url}/call?of=${encodeURIComponent(`${service.url}/grades?of=2026`)}`,
    );
    assert.equal(page.status, 200, page.body);
    const { status, body } = JSON.parse(page.body);
    assert.equal(status, 200, body);
    const { user, url } = JSON.parse(body);
    assert.deepEqual([user.id, user.proxies, url], ['alice', [scene.callbackUrl], '/grades?of=2026']);
  });

  test('asks the login server once for fifty callers of one service, and again for the next one', async () => {
    await signedIn();
    const grant = await scene.portal.sso.proxyGrants.forUser('alice');
    const tickets = await Promise.all(Array.from({ length: 50 }, () => grant.proxyTicket('imap://mail.example.edu')));
    assert.equal(scene.fakeCas.counts.proxy, 1);
    assert.equal(new Set(tickets).size, 1);
    assert.notEqual(await grant.proxyTicket('imap://mail.example.edu'), tickets[0]);
    assert.equal(scene.fakeCas.counts.proxy, 2);
  });
});
