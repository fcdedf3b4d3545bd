import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { logIn, type Portal } from '../support/portal.ts';
import type { ProxySceneSetup } from '../support/proxying.ts';
import { assertNoTicket, openStore, sceneFor, signIn, startRelay } from './proxy-support.ts';
import { pointerIn } from './support.ts';

const CAUSES = [/certificate chain/, /cannot be reached/, /not registered there as one that may proxy/];
/** Tickets, grants and names of grants as the fake server makes them; random texts of our own do not look so. */
const TICKETS = /(PGT|PGTIOU|ST|PT)-\d+-(marker|[0-9a-f]{20})/;

/** A portal whose callback the login server cannot use: something in front of it answers with 500. */
async function withoutCallback(t: TestContext, { cas, ...setup }: ProxySceneSetup = {}) {
  const kept = openStore();
  const relay = await startRelay(t);
  relay.answerWith(500);
  const scene = await sceneFor(t, {
    ...setup,
    cas: { proxyCallbackUrl: `${relay.url}/sso/proxy-callback`, proxyGrantWaitMs: 50, ...cas },
    options: { store: kept.keyv, ...setup.options },
  });
  return { ...scene, relay, kept };
}

/** Nothing of a grant or a ticket is where people look. */
function assertSilent(portal: Portal): void {
  assert.doesNotMatch(JSON.stringify([portal.log, portal.journal, portal.errors.map(String)]), TICKETS);
}

describe('a login whose grant is not offered', () => {
  test('holds, with one warning that names the likely causes and the callback', async (t) => {
    const scene = await withoutCallback(t);
    await signIn(scene);
    const { portal, relay } = scene;
    assert.equal(portal.log.length, 1, portal.log.join('\n'));
    assert.match(portal.log[0] ?? '', /^warn There is no proxy grant: /);
    for (const cause of CAUSES) assert.match(portal.log[0] ?? '', cause);
    assert.ok(portal.log[0]?.includes(`${relay.url}/sso/proxy-callback`));
    assertSilent(portal);
  });

  test('gives no ticket, and says the same causes', async (t) => {
    const scene = await withoutCallback(t);
    const browser = await signIn(scene);
    const message = await assertNoTicket(browser, scene.portal, 'ERR_SSO_NO_PROXY_GRANT');
    for (const cause of CAUSES) assert.match(message, cause);
    assert.equal(scene.fakeCas.counts.proxy, 0);
  });

  test('asks for a grant again when the person logs in the next time', async (t) => {
    const scene = await withoutCallback(t);
    await signIn(scene);
    scene.relay.to(scene.portal.url);
    await signIn(scene);
    assert.ok(await scene.portal.sso.proxyGrants.forUser('alice'));
    assert.equal(scene.portal.log.length, 1);
  });
});

describe('a login whose grant is offered and never comes', () => {
  test('holds, with one warning that says what can have become of it', async (t) => {
    const scene = await sceneFor(t, { cas: { proxyGrantWaitMs: 50 } });
    scene.fakeCas.misbehave('no-callback');
    await signIn(scene);
    const { log } = scene.portal;
    assert.equal(log.length, 1, log.join('\n'));
    assert.match(log[0] ?? '', /says that it delivered one, but it did not arrive here/);
    assert.match(log[0] ?? '', /another application, or another process that does not share our store/);
    assert.ok(log[0]?.includes(scene.callbackUrl));
    assertSilent(scene.portal);
  });

  test('gives no ticket, and says the same causes', async (t) => {
    const scene = await sceneFor(t, { cas: { proxyGrantWaitMs: 50 } });
    scene.fakeCas.misbehave('no-callback');
    const browser = await signIn(scene);
    const message = await assertNoTicket(browser, scene.portal, 'ERR_SSO_NO_PROXY_GRANT');
    assert.match(message, /another application or to a process that does not share our store/);
    assert.equal(scene.fakeCas.counts.proxy, 0);
  });

  test('tells the journal so, by name', async (t) => {
    const scene = await sceneFor(t, { cas: { proxyGrantWaitMs: 50 } });
    scene.fakeCas.misbehave('no-callback');
    await signIn(scene);
    const step = scene.portal.journal.find(({ event }) => event === 'grant.missing');
    assert.deepEqual([step?.from, step?.to, step?.code], ['claimingGrant', 'openingSession', null]);
  });
});

describe("with proxyGrants: 'required', a login without a grant", () => {
  const required = { proxyGrants: 'required', proxyGrantWaitMs: 50 } as const;

  test('that is not offered ends on a page that says why, without a session', async (t) => {
    const scene = await withoutCallback(t, { cas: required });
    await assertRefused(scene);
    assert.equal(scene.kept.count('login'), 0);
  });

  test('that never comes ends on the same page', async (t) => {
    const scene = await sceneFor(t, { cas: required });
    scene.fakeCas.misbehave('no-callback');
    await assertRefused(scene);
  });

  test('that the login server refuses for the callback ends on the same page, at once', async (t) => {
    const scene = await withoutCallback(t, { cas: required, fakeCas: { callbackFailure: 'refuse' } });
    await assertRefused(scene);
    assert.equal(scene.fakeCas.counts.validate, 1);
  });

  test('leaves a public page public', async (t) => {
    const scene = await sceneFor(t, {
      cas: required,
      mount(app, sso) {
        app.use(sso.session(app));
        app.use(sso.routes());
        app.use(async (ctx, next) => (ctx.path === '/me' ? sso.requireLogin()(ctx as never, next) : next()));
        app.use(sso.tryLogin() as never);
        app.use((ctx) => {
          ctx.body = { user: ctx.state.user ?? null };
        });
      },
    });
    const browser = scene.browser();
    scene.fakeCas.misbehave('no-callback', { times: 2 });
    await logIn(browser, `${scene.portal.url}/me`, scene.fakeCas);
    const page = await (await browser.get(`${scene.portal.url}/public`)).settle();
    assert.equal(page.status, 200, page.body);
    assert.deepEqual(JSON.parse(page.body), { user: null });
    assert.equal(scene.fakeCas.counts.validate, 2);
  });

  test('holds once the grant comes', async (t) => {
    const scene = await withoutCallback(t, { cas: required });
    const browser = scene.browser();
    assert.equal((await logIn(browser, `${scene.portal.url}/me`, scene.fakeCas)).status, 403);
    scene.relay.to(scene.portal.url);
    assert.equal((await logIn(browser, `${scene.portal.url}/me`, scene.fakeCas)).status, 200);
  });
});

async function assertRefused(scene: Awaited<ReturnType<typeof sceneFor>>): Promise<void> {
  const browser = scene.browser();
  const page = await logIn(browser, `${scene.portal.url}/me`, scene.fakeCas);
  assert.equal(page.status, 403);
  assert.match(page.body, /<code>ERR_SSO_NO_PROXY_GRANT<\/code>/);
  for (const cause of CAUSES) assert.match(page.body, cause);
  assert.equal(pointerIn(browser), undefined);
  assert.doesNotMatch(page.body, TICKETS);
  assertSilent(scene.portal);
  await assert.rejects(scene.portal.sso.proxyGrants.forUser('alice'), { code: 'ERR_SSO_NO_PROXY_GRANT' });
}

describe('a login that the login server refuses because of the callback', () => {
  const refusing = { fakeCas: { callbackFailure: 'refuse' } } as const;

  test('is tried once more without a grant, and nobody is asked for anything', async (t) => {
    const scene = await withoutCallback(t, refusing);
    const browser = await signIn(scene);
    // The form, what was typed into it, and the second visit, which single sign-on answers.
    assert.equal(scene.fakeCas.counts.login, 3);
    assert.deepEqual(
      scene.fakeCas.validations.map(({ pgtUrl }) => pgtUrl),
      [`${scene.relay.url}/sso/proxy-callback`, undefined],
    );
    await assertNoTicket(browser, scene.portal, 'ERR_SSO_NO_PROXY_GRANT');
  });

  test('is one warning with the likely causes, the code of the server and the callback', async (t) => {
    const scene = await withoutCallback(t, refusing);
    await signIn(scene);
    const { log } = scene.portal;
    assert.equal(log.length, 1, log.join('\n'));
    assert.match(log[0] ?? '', /^warn .* could not use the proxy callback .* \(INVALID_PROXY_CALLBACK\)\. /);
    for (const cause of CAUSES) assert.match(log[0] ?? '', cause);
    assert.ok(log[0]?.includes(scene.relay.url));
  });

  test('leaves nothing of the live grant that the text of the refusal holds', async (t) => {
    const scene = await withoutCallback(t, refusing);
    await signIn(scene);
    assert.equal(scene.fakeCas.grants, 1, 'the text of the refusal holds no live grant, and this test shows nothing');
    assertSilent(scene.portal);
    assert.doesNotMatch(scene.kept.text(), TICKETS);
  });

  for (const code of ['INVALID_PROXY_CALLBACK', 'UNAUTHORIZED_SERVICE_PROXY', 'PROXY_CALLBACK_ERROR']) {
    test(`is recognised by the code ${code}`, async (t) => {
      const scene = await sceneFor(t);
      scene.fakeCas.misbehave({ kind: 'failure', code, message: 'PGT-1-marker' });
      await signIn(scene);
      assert.equal(scene.fakeCas.counts.validate, 2);
      assert.equal(scene.portal.log.length, 1);
      assertSilent(scene.portal);
    });
  }

  test('does not become a loop with a server that refuses without a callback as well', async (t) => {
    const scene = await sceneFor(t);
    scene.fakeCas.misbehave({ kind: 'failure', code: 'INVALID_PROXY_CALLBACK' }, { times: Infinity });
    const page = await logIn(scene.browser(), `${scene.portal.url}/me`, scene.fakeCas);
    assert.equal(page.status, 502);
    assert.match(page.body, /<code>ERR_SSO_CAS_REFUSED<\/code>/);
    assert.equal(scene.fakeCas.counts.validate, 2);
  });

  test('is an ordinary refusal where no grant was asked for', async (t) => {
    const scene = await sceneFor(t, { cas: { proxyGrants: false, proxyGrantWaitMs: 0 } });
    scene.fakeCas.misbehave({ kind: 'failure', code: 'INVALID_PROXY_CALLBACK' });
    const page = await logIn(scene.browser(), `${scene.portal.url}/me`, scene.fakeCas);
    assert.match(page.body, /<code>ERR_SSO_CAS_REFUSED<\/code>/);
    assert.equal(scene.fakeCas.counts.validate, 1);
  });
});
