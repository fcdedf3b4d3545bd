import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PrincipalRef } from '../../machines/vocabulary.ts';
import type { LoginRecord } from '../../src/storage/logins.ts';
import { startApi } from '../support/proxying.ts';
import {
  assertNoTicket,
  assertTicket,
  kindOf,
  openStore,
  SERVICE,
  sceneFor,
  signIn,
  signOut,
} from './proxy-support.ts';
import { pointerIn, stoppedClock } from './support.ts';
import { keyvs, type Trouble, WatchedAdapter } from './watched-store.ts';

const NONE = { code: 'ERR_SSO_NO_PROXY_GRANT', status: 403 };

describe('the grant of a person', () => {
  test('is found by the name that the login server has for them', async (t) => {
    const scene = await sceneFor(t);
    await signIn(scene);
    const grant = await scene.portal.sso.proxyGrants.forUser('alice');
    assert.match(await grant.proxyTicket(SERVICE), /^PT-\d/);
  });

  test('is found by ctx.state.user', async (t) => {
    const scene = await sceneFor(t);
    const browser = await signIn(scene);
    const { user } = JSON.parse((await browser.get(`${scene.portal.url}/me`)).body) as { user: PrincipalRef };
    const grant = await scene.portal.sso.proxyGrants.forUser(user);
    assert.match(await grant.proxyTicket(SERVICE), /^PT-\d/);
  });

  test('calls services for them, and says when it ends at the latest', async (t) => {
    const scene = await sceneFor(t);
    const api = await startApi({
      cas: { serverUrl: scene.fakeCas.url },
      accept: { allowedChains: [[scene.callbackUrl]] },
    });
    t.after(() => api.close());
    const browser = await signIn(scene);
    const { user } = JSON.parse((await browser.get(`${scene.portal.url}/me`)).body);
    const grant = await scene.portal.sso.proxyGrants.forUser('alice');
    const answer = await grant.fetch(`${api.url}/grades`);
    assert.equal(((await answer.json()) as { user: { id: string } }).user.id, 'alice');
    assert.equal(grant.expiresAt.toISOString(), user.expiresAt);
  });

  for (const [what, who] of [
    ['nobody has', 'nobody'],
    ['another person has', 'bob'],
    ['differs by a letter', 'Alice'],
    ['is empty', ''],
    ['another login server vouches for', { issuer: 'https://other.example.edu/cas', id: 'alice' }],
    ['is that of the issuer and the person in one', { issuer: '', id: 'alice' }],
  ] as const) {
    test(`is not found by a name that ${what}`, async (t) => {
      const scene = await sceneFor(t);
      await signIn(scene);
      await assert.rejects(scene.portal.sso.proxyGrants.forUser(who), NONE);
    });
  }

  test('is that of the latest login which still holds', async (t) => {
    const scene = await sceneFor(t);
    const { portal, fakeCas } = scene;
    await signIn(scene);
    const second = await signIn(scene);
    await (await signOut(second, portal)).settle();
    // The single sign-on session of the second browser is gone, and so is what came of it.
    assert.equal(fakeCas.grants, 1);
    const grant = await portal.sso.proxyGrants.forUser('alice');
    assert.match(await grant.proxyTicket(SERVICE), /^PT-\d/);
  });

  test('is that of the latest login, of two that hold', async (t) => {
    const kept = openStore();
    const clock = stoppedClock();
    const scene = await sceneFor(t, { options: { store: kept.keyv, clock } });
    await signIn(scene);
    clock.advance(10);
    const second = await signIn(scene);
    const record = await kept.read<LoginRecord>('login', pointerIn(second)?.login ?? '');
    const grant = await scene.portal.sso.proxyGrants.forUser('alice');
    assert.equal(grant.expiresAt.getTime(), record?.expiresAt);
  });

  test('is not found if the login came without one', async (t) => {
    const scene = await sceneFor(t, { cas: { proxyGrantWaitMs: 1 } });
    scene.fakeCas.misbehave('no-callback');
    await signIn(scene);
    await assert.rejects(scene.portal.sso.proxyGrants.forUser('alice'), NONE);
  });

  test('is not found where no grants are asked for', async (t) => {
    const scene = await sceneFor(t, { cas: { proxyGrants: false, proxyGrantWaitMs: 0 } });
    await signIn(scene);
    await assert.rejects(scene.portal.sso.proxyGrants.forUser('alice'), NONE);
  });

  test('is not found once the login was idle for too long, and asking does not count as activity', async (t) => {
    const clock = stoppedClock();
    const scene = await sceneFor(t, { options: { clock, idleSeconds: 100 } });
    const browser = await signIn(scene);
    clock.advance(60);
    const { forUser } = scene.portal.sso.proxyGrants;
    await (await forUser('alice')).proxyTicket(SERVICE);
    clock.advance(60);
    await assert.rejects(forUser('alice'), NONE);
    assert.equal((await browser.get(`${scene.portal.url}/me`)).status, 303);
  });

  test('is found again after it was asked for by its session', async (t) => {
    const clock = stoppedClock();
    const scene = await sceneFor(t, { options: { clock, idleSeconds: 100 } });
    const browser = await signIn(scene);
    clock.advance(60);
    await assertTicket(browser, scene.portal);
    clock.advance(60);
    assert.ok(await scene.portal.sso.proxyGrants.forUser('alice'));
  });
});

describe('a grant that the login server gave up', () => {
  test('is an error that asks for a new login, is thrown away, and is not asked for again', async (t) => {
    const kept = openStore();
    const scene = await sceneFor(t, { options: { store: kept.keyv } });
    const browser = await signIn(scene);
    scene.fakeCas.expireGrants();
    await assertNoTicket(browser, scene.portal, 'ERR_SSO_PROXY_GRANT_EXPIRED');
    assert.equal(kept.count('grant'), 0);
    await assertNoTicket(browser, scene.portal, 'ERR_SSO_PROXY_GRANT_EXPIRED');
    assert.equal(scene.fakeCas.counts.proxy, 1);
  });

  test('is 401 for a page that does not catch it, and the login itself holds', async (t) => {
    const scene = await sceneFor(t);
    const browser = await signIn(scene);
    scene.fakeCas.expireGrants();
    const page = await browser.get(`${scene.portal.url}/ticket?for=imap`);
    assert.equal(page.status, 401);
    assert.match(page.body, /must sign in again/);
    assert.equal((await browser.get(`${scene.portal.url}/me`)).status, 200);
  });

  test('is not found by its person any more', async (t) => {
    const scene = await sceneFor(t);
    const { forUser } = scene.portal.sso.proxyGrants;
    await signIn(scene);
    scene.fakeCas.expireGrants();
    await assert.rejects((await forUser('alice')).proxyTicket(SERVICE), { code: 'ERR_SSO_PROXY_GRANT_EXPIRED' });
    await assert.rejects(forUser('alice'), NONE);
  });

  test('does not take another one of the person with it', async (t) => {
    const scene = await sceneFor(t);
    const first = await signIn(scene);
    scene.fakeCas.expireGrants();
    const second = await signIn(scene);
    await assertNoTicket(first, scene.portal, 'ERR_SSO_PROXY_GRANT_EXPIRED');
    await assertTicket(second, scene.portal);
  });
});

describe('when the index of people fails', () => {
  for (const how of ['throw', 'swallow', 'hang'] satisfies Trouble[]) {
    for (const operation of ['get', 'set']) {
      test(`the login holds and has its grant, and one warning says what is lost (${operation}: ${how})`, async (t) => {
        const adapter = new WatchedAdapter();
        const scene = await sceneFor(t, { options: { store: keyvs[0]![1](adapter), storeDeadlineMs: 150 } });
        adapter.fail(how, (what, key) => what === operation && kindOf(key) === 'user-grants');
        const browser = await signIn(scene);
        adapter.recover();
        await assertTicket(browser, scene.portal);
        assert.equal(scene.portal.log.length, 1);
        assert.match(scene.portal.log[0] ?? '', /^warn ERR_SSO_STORE \([A-Z]+\): .* cannot be found by its person/);
        await assert.rejects(scene.portal.sso.proxyGrants.forUser('alice'), NONE);
      });
    }
  }

  test('asking for a person says so, and is no missing grant', async (t) => {
    const adapter = new WatchedAdapter();
    const scene = await sceneFor(t, { options: { store: keyvs[0]![1](adapter), storeDeadlineMs: 150 } });
    await signIn(scene);
    adapter.fail('throw', (_, key) => kindOf(key) === 'user-grants');
    await assert.rejects(scene.portal.sso.proxyGrants.forUser('alice'), { code: 'ERR_SSO_STORE' });
  });
});
