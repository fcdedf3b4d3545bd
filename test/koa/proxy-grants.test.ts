import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { LoginRecord } from '../../src/storage/logins.ts';
import type { ProxyGrant } from '../../src/storage/proxy-grants.ts';
import type { ProxySceneSetup } from '../support/proxying.ts';
import { assertNoTicket, assertTicket, openStore, SERVICE, sceneFor, signIn, signOut } from './proxy-support.ts';
import { codeOf, comeBack, cookiesFor, NAVIGATION, pointerIn, raw, returnUrl, stoppedClock } from './support.ts';

async function keptScene(t: TestContext, setup: ProxySceneSetup = {}) {
  const kept = openStore();
  const scene = await sceneFor(t, { ...setup, options: { store: kept.keyv, ...setup.options } });
  return { scene, kept, portal: scene.portal };
}

describe('a grant', () => {
  test('lies in the store, and the login record holds no more than its id', async (t) => {
    const { scene, kept } = await keptScene(t, { options: { clock: stoppedClock() } });
    const browser = await signIn(scene);
    const record = await kept.read<LoginRecord>('login', pointerIn(browser)?.login ?? '');
    assert.match(record?.grantId ?? '', /^[\w-]{43}$/);
    assert.doesNotMatch(JSON.stringify(record), /PGT-\d+-/);
    const grant = await kept.read<ProxyGrant>('grant', record?.grantId ?? '');
    assert.match(grant?.pgt ?? '', /^PGT-\d/);
    assert.deepEqual(grant?.principal, { issuer: scene.fakeCas.url, id: 'alice' });
    assert.equal(grant?.expiresAt, record?.expiresAt);
  });

  test('is taken from what was delivered, of which nothing is left', async (t) => {
    const { scene, kept } = await keptScene(t);
    await signIn(scene);
    assert.deepEqual([kept.count('pgtiou'), kept.count('grant')], [0, 1]);
  });

  test('is neither in a cookie nor in the clear in the store', async (t) => {
    const { scene, kept } = await keptScene(t);
    const browser = await signIn(scene);
    const { grantId } = (await kept.read<LoginRecord>('login', pointerIn(browser)?.login ?? ''))!;
    const { pgt } = (await kept.read<ProxyGrant>('grant', grantId ?? ''))!;
    const cookies = browser.cookies.all().map(({ value }) => value + Buffer.from(value, 'base64').toString('latin1'));
    for (const secret of [pgt, grantId ?? '']) assert.ok(!`${kept.text()}${cookies}`.includes(secret));
  });

  test('is kept for each browser of a person', async (t) => {
    const { scene, kept, portal } = await keptScene(t);
    const first = await signIn(scene);
    const second = await signIn(scene);
    assert.equal(kept.count('grant'), 2);
    await assertTicket(first, portal);
    await assertTicket(second, portal);
  });

  test('of one browser goes at its logout, and the other browser keeps its own', async (t) => {
    const { scene, kept, portal } = await keptScene(t);
    const first = await signIn(scene);
    const second = await signIn(scene);
    await signOut(second, portal, '?scope=here');
    assert.equal(kept.count('grant'), 1);
    await assertTicket(first, portal);
  });

  test('of one person is of no use to another', async (t) => {
    const { scene, portal } = await keptScene(t);
    const alice = await signIn(scene, 'alice');
    const bob = await signIn(scene, 'bob');
    scene.fakeCas.signOutEverybody();
    const zoë = await signIn(scene, 'zoë');
    await assertNoTicket(alice, portal, 'ERR_SSO_PROXY_GRANT_EXPIRED');
    await assertNoTicket(bob, portal, 'ERR_SSO_PROXY_GRANT_EXPIRED');
    await assertTicket(zoë, portal);
  });

  for (const query of ['', '?scope=here']) {
    test(`goes at the logout (/logout${query})`, async (t) => {
      const { scene, kept, portal } = await keptScene(t);
      const browser = await signIn(scene);
      assert.equal((await signOut(browser, portal, query)).status, 303);
      assert.deepEqual([kept.count('grant'), kept.count('login')], [0, 0]);
      await assert.rejects(portal.sso.proxyGrants.forUser('alice'), { code: 'ERR_SSO_NO_PROXY_GRANT' });
    });
  }

  test('is not to be had after the logout by a request that kept the cookies', async (t) => {
    const { scene, portal } = await keptScene(t);
    const browser = await signIn(scene);
    const headers = { ...NAVIGATION, ...cookiesFor(browser, portal.url) };
    await signOut(browser, portal, '?scope=here');
    const answer = await raw(`${portal.url}/ticket?for=imap`, { headers });
    assert.equal(answer.status, 303);
    assert.equal(scene.fakeCas.counts.proxy, 0);
  });

  test('that a caller took out before the logout is of no use afterwards', async (t) => {
    const { scene, portal } = await keptScene(t);
    const browser = await signIn(scene);
    const grant = await portal.sso.proxyGrants.forUser('alice');
    await signOut(browser, portal, '?scope=here');
    await assert.rejects(grant.proxyTicket(SERVICE), { code: 'ERR_SSO_PROXY_GRANT_EXPIRED' });
    assert.equal(scene.fakeCas.counts.proxy, 0);
  });

  test('is not to be had in a request that logged out, even if it had a ticket before', async (t) => {
    const { scene, portal } = await keptScene(t, {
      mount(app, sso) {
        app.use(sso.session(app));
        app.use(sso.routes());
        app.use(sso.requireLogin());
        app.use(async (ctx) => {
          if (ctx.path !== '/out') {
            ctx.body = { user: ctx.state.user };
            return;
          }
          await ctx.sso.proxyTicket(SERVICE);
          await ctx.sso.logout();
          const thrown = await ctx.sso.proxyTicket(SERVICE).catch((error: unknown) => error);
          ctx.set('X-Thrown', codeOf(thrown) ?? String(thrown));
        });
      },
    });
    const browser = await signIn(scene);
    const page = await browser.get(`${portal.url}/out`);
    assert.equal(page.headers.get('x-thrown'), 'ERR_SSO_LOGIN_REQUIRED');
    assert.equal(scene.fakeCas.counts.proxy, 1);
  });

  for (const next of ['alice', 'bob']) {
    test(`is replaced by that of the next login in the same browser, and removed (${next})`, async (t) => {
      const { scene, kept, portal } = await keptScene(t);
      const browser = scene.browser();
      const [first, second] = [
        await returnUrl(browser, `${portal.url}/me`, scene.fakeCas, 'alice'),
        await returnUrl(browser, `${portal.url}/me`, scene.fakeCas, next),
      ];
      await comeBack(browser, first, scene);
      const before = pointerIn(browser)?.login ?? '';
      const { grantId } = (await kept.read<LoginRecord>('login', before))!;
      await comeBack(browser, second, scene);
      assert.notEqual(pointerIn(browser)?.login, before);
      assert.deepEqual([kept.count('grant'), kept.count('login')], [1, 1]);
      assert.equal(await kept.read('grant', grantId ?? ''), undefined);
      await assertTicket(browser, portal);
    });
  }

  test('goes when the login was idle for too long', async (t) => {
    const clock = stoppedClock();
    const { scene, kept, portal } = await keptScene(t, { options: { clock, idleSeconds: 100 } });
    const browser = await signIn(scene);
    clock.advance(101);
    assert.equal((await browser.get(`${portal.url}/me`)).status, 303);
    assert.equal(kept.count('grant'), 0);
  });

  test('is not to be had past the absolute limit of its login', async (t) => {
    const clock = stoppedClock();
    const { scene, portal } = await keptScene(t, { options: { clock, idleSeconds: 1000, absoluteSeconds: 100 } });
    await signIn(scene);
    const grant = await portal.sso.proxyGrants.forUser('alice');
    clock.advance(101);
    await assert.rejects(grant.proxyTicket(SERVICE), { code: 'ERR_SSO_PROXY_GRANT_EXPIRED' });
    assert.equal(scene.fakeCas.counts.proxy, 0);
  });
});
