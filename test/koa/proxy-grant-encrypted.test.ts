import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { logIn } from '../support/portal.ts';
import { assertNoTicket, assertTicket, openStore, sceneFor, signIn } from './proxy-support.ts';

function keys() {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

const { publicKey, privateKey } = keys();
const encrypted = { kind: 'encrypted-grant', publicKey } as const;

describe('a login server that sends the grant encrypted in place of the callback', () => {
  for (const format of ['XML', 'JSON'] as const) {
    test(`is understood with the option privateKey, without a call to the callback (${format})`, async (t) => {
      const scene = await sceneFor(t, { cas: { privateKey, format } });
      scene.fakeCas.misbehave(encrypted);
      await assertTicket(await signIn(scene), scene.portal);
      assert.equal(scene.fakeCas.counts.callback, 0);
      assert.deepEqual(scene.portal.log, []);
    });
  }

  test('leaves no trace of the grant with the person', async (t) => {
    const kept = openStore();
    const scene = await sceneFor(t, { cas: { privateKey }, options: { store: kept.keyv } });
    scene.fakeCas.misbehave(encrypted);
    const browser = await signIn(scene);
    const page = await browser.get(`${scene.portal.url}/me`);
    assert.doesNotMatch(page.body, /proxyGrantingTicket|PGT-/i);
    assert.doesNotMatch(kept.text() + JSON.stringify(scene.portal.journal), /PGT-\d+-[0-9a-f]{20}/);
    assert.equal(kept.count('grant'), 1);
  });

  for (const [how, cas, why] of [
    ['a key that does not fit', { privateKey: keys().privateKey }, /the option privateKey does not open it/],
    ['no key', {}, /sent it encrypted, and there is no option privateKey/],
  ] as const) {
    test(`and ${how}: the login holds without a grant, and one warning says why`, async (t) => {
      const scene = await sceneFor(t, { cas });
      scene.fakeCas.misbehave(encrypted);
      const browser = await signIn(scene);
      const { portal } = scene;
      assert.equal(portal.log.length, 1, portal.log.join('\n'));
      assert.match(portal.log[0] ?? '', why);
      assert.doesNotMatch(portal.log[0] ?? '', /PGT-|BEGIN|[A-Za-z0-9+/]{40}/);
      await assertNoTicket(browser, portal, 'ERR_SSO_NO_PROXY_GRANT');
    });
  }

  test('and a key that does not fit, where a grant is required: nobody is signed in', async (t) => {
    const scene = await sceneFor(t, { cas: { privateKey: keys().privateKey, proxyGrants: 'required' } });
    scene.fakeCas.misbehave(encrypted);
    const page = await logIn(scene.browser(), `${scene.portal.url}/me`, scene.fakeCas);
    assert.equal(page.status, 403);
    assert.match(page.body, /<code>ERR_SSO_NO_PROXY_GRANT<\/code>/);
  });
});

test('with the option privateKey, a login server that calls the callback is understood as well', async (t) => {
  const scene = await sceneFor(t, { cas: { privateKey } });
  await assertTicket(await signIn(scene), scene.portal);
  assert.equal(scene.fakeCas.counts.callback, 1);
});
