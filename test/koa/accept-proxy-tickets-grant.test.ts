import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Context } from 'koa';
import { isSsoError, type Sso } from '../../src/index.ts';
import type { FakeCasOptions } from '../../src/testing/index.ts';
import { createBrowser } from '../support/browser.ts';
import { logIn } from '../support/portal.ts';
import { type GuardedSetup, guardedApi, openStore, PORTAL } from '../support/proxied-calls.ts';
import { type ApiSetup, proxyingCas, startApi, startProxyScene } from '../support/proxying.ts';
import { cookieHeader, stoppedClock } from './support.ts';

const SERVICE = 'https://archive.example.edu/';

function ssoOf(ctx: Context): Sso {
  return (ctx as unknown as { sso: Sso }).sso;
}

/** Answers with a proxy ticket for the person of the call, or with the code of why there is none. */
async function answerTicket(ctx: Context): Promise<void> {
  try {
    const user = await ssoOf(ctx).user();
    ctx.body = { user: user?.id, ticket: await ssoOf(ctx).proxyTicket(SERVICE) };
  } catch (error) {
    if (!isSsoError(error)) throw error;
    ctx.body = { code: error.code };
  }
}

/** A service that goes on to others for its callers, and its store. */
async function goingOn(t: TestContext, setup: GuardedSetup = {}) {
  const store = openStore();
  const scene = await guardedApi(t, {
    answer: answerTicket,
    ...setup,
    accept: { proxyGrant: true, ...setup.accept },
    cas: { proxyGrants: true, proxyGrantWaitMs: 300, dangerouslyAllowPlainHttpProxyCallback: true, ...setup.cas },
    options: { store: store.keyv, ...setup.options },
  });
  const kept = (kind: string) => [...store.records.keys()].filter((key) => key.startsWith(`${kind}:`)).length;
  const stored = (kind: string) => store.written.filter(([key]) => key.startsWith(`${kind}:`)).length;
  return { ...scene, store, kept, stored, callbackUrl: `${scene.api.url}/sso/proxy-callback` };
}

test('a call goes on from service to service for the person, and the last one sees the whole chain', async (t) => {
  const scene = await startProxyScene();
  t.after(() => scene.close());
  const start = async (setup: Partial<ApiSetup> & Pick<ApiSetup, 'accept'>) => {
    const api = await startApi({ cas: proxyingCas(scene.fakeCas.url), ...setup });
    scene.onEnd(() => api.close());
    return api;
  };
  let last = '';
  const library = await start({
    accept: { allowedChains: [[scene.callbackUrl]], proxyGrant: true },
    async answer(ctx) {
      ctx.body = await (await ssoOf(ctx).fetch(`${last}/shelf?of=${ctx.state.user.id}`)).text();
    },
  });
  const archive = await start({
    accept: { allowedChains: [[`${library.url}/sso/proxy-callback`, scene.callbackUrl]] },
  });
  last = archive.url;

  const browser = scene.browser();
  await logIn(browser, `${scene.portal.url}/me`, scene.fakeCas);
  const page = await browser.get(`${scene.portal.url}/call?of=${encodeURIComponent(`${library.url}/loans`)}`);
  const { user, url } = JSON.parse(JSON.parse(page.body).body);
  assert.deepEqual([user.id, url], ['alice', '/shelf?of=alice']);
  assert.deepEqual(user.proxies, [`${library.url}/sso/proxy-callback`, scene.callbackUrl]);

  // The same call without the service in between is none that the last one allows.
  const direct = await browser.get(`${scene.portal.url}/call?of=${encodeURIComponent(`${archive.url}/shelf`)}`);
  assert.equal(JSON.parse(JSON.parse(direct.body).body).error.code, 'ERR_SSO_PROXY_CHAIN');
});

describe('the grant of a call', () => {
  test('gives tickets for the person of the call, through this service and those before it', async (t) => {
    const { call, fakeCas, callbackUrl } = await goingOn(t);
    const { ticket } = JSON.parse((await call('/')).body);
    assert.equal(fakeCas.validations[0]?.pgtUrl, callbackUrl);
    const judge = await guardedApi(t, {
      cas: { serverUrl: fakeCas.url },
      accept: { service: SERVICE, allowedChains: (chain) => chain.join() === `${callbackUrl},${PORTAL}` },
    });
    assert.equal((await judge.send(`/?ticket=${ticket}`)).status, 200);
  });

  test('is gone when the call is over', async (t) => {
    const { call, kept, stored } = await goingOn(t);
    assert.match((await call('/')).body, /PT-/);
    assert.deepEqual([stored('grant'), kept('grant'), kept('pgtiou')], [1, 0, 0]);
  });

  test('is gone when the application throws', async (t) => {
    const { call, kept, stored } = await goingOn(t, { answer: () => assert.fail('a fault in the application') });
    assert.equal((await call('/')).status, 500);
    assert.deepEqual([stored('grant'), kept('grant')], [1, 0]);
  });

  test('is gone after each of several calls at once, and none takes that of another', async (t) => {
    const { call, kept, stored, fakeCas } = await goingOn(t);
    const answers = await Promise.all(['alice', 'bob', 'alice', 'bob'].map((user) => call('/', { user })));
    const tickets = answers.map(({ body }) => JSON.parse(body).ticket);
    assert.deepEqual([new Set(tickets).size, stored('grant'), kept('grant')], [4, 4, 0]);
    assert.equal(fakeCas.counts.proxy, 4);
  });

  test('that cannot be removed is one warning, and the call is answered all the same', async (t) => {
    const { call, api, store } = await goingOn(t);
    store.keyv.delete = async (key) => {
      if (key.startsWith('grant:')) throw new Error('the store is down');
      return (store.records as Map<string, unknown>).delete(key);
    };
    assert.equal((await call('/')).status, 200);
    assert.equal(api.log.filter((line) => /proxy grant of a call could not be removed/.test(line)).length, 1);
  });

  test('stays as long as the session of a caller that has one, and no longer', async (t) => {
    const clock = stoppedClock();
    const { call, send, kept } = await goingOn(t, { accept: { sessionSeconds: 30 }, options: { clock } });
    const first = await call('/');
    const headers = { cookie: cookieHeader(first.headers['set-cookie']) };
    const second = JSON.parse((await send('/', { headers })).body).ticket;
    assert.match(second, /^PT-/);
    assert.notEqual(second, JSON.parse(first.body).ticket);
    assert.equal(kept('grant'), 1);
    clock.advance(31);
    assert.equal((await send('/', { headers })).status, 401);
  });

  test('is not asked for where the service does not go on, and there are no tickets then', async (t) => {
    const { call, fakeCas, stored } = await goingOn(t, { accept: { proxyGrant: false } });
    assert.equal(JSON.parse((await call('/')).body).code, 'ERR_SSO_NO_PROXY_GRANT');
    assert.deepEqual([fakeCas.validations[0]?.pgtUrl, fakeCas.counts.proxy, stored('grant')], [undefined, 0, 0]);
  });

  test('that does not come leaves the call as it is: one warning, and a code for whoever asks for a ticket', async (t) => {
    const { call, fakeCas, api } = await goingOn(t);
    fakeCas.misbehave('no-callback');
    assert.equal(JSON.parse((await call('/')).body).code, 'ERR_SSO_NO_PROXY_GRANT');
    assert.equal(api.log.length, 1, api.log.join('\n'));
    assert.match(api.log[0] ?? '', /^warn .*proxy grant/);
  });

  test('that is late is waited for', async (t) => {
    const { call, fakeCas } = await goingOn(t, { cas: { proxyGrantWaitMs: 5000 } });
    fakeCas.misbehave({ kind: 'late-callback', ms: 150 });
    assert.match((await call('/')).body, /PT-/);
  });

  test('is claimed by nobody when the chain is refused', async (t) => {
    const { call, stored } = await goingOn(t, { accept: { allowedChains: [] } });
    assert.equal((await call('/')).status, 401);
    assert.equal(stored('grant'), 0);
  });

  test('whose callback the server refuses takes the call with it: 502', async (t) => {
    const fakeCas: FakeCasOptions = { callbackFailure: 'refuse' };
    const cas = { proxyCallbackUrl: 'http://localhost:9/nobody-listens' };
    const { call, api } = await goingOn(t, { fakeCas, cas });
    const { status, body } = await call('/');
    assert.deepEqual([status, JSON.parse(body).error.code, api.seen], [502, 'ERR_SSO_CAS_REFUSED', []]);
    assert.doesNotMatch(`${body}${api.log}${JSON.stringify(api.journal)}`, /PGT-\d|PGTIOU-\d/);
  });
});

test('a call acts for the person of its ticket, although the cookie of another person’s login comes with it', async (t) => {
  const scene = await goingOn(t, {
    before(app, sso) {
      app.use(sso.session(app));
      app.use(sso.routes());
      const guard = sso.requireLogin();
      app.use(async (ctx, next) => {
        if (ctx.path !== '/me') return next();
        await guard(ctx as never, () => answerTicket(ctx as unknown as Context));
      });
    },
  });
  const { call, fakeCas, api } = scene;
  const browser = createBrowser();
  t.after(() => browser.close());
  const own = JSON.parse((await logIn(browser, `${api.url}/me`, fakeCas, 'alice')).body);
  const cookie = browser.cookies.header(new URL(api.url)) ?? '';
  const called = JSON.parse((await call('/', { user: 'bob', headers: { cookie } })).body);
  assert.deepEqual([own.user, called.user], ['alice', 'bob']);
  const judge = await guardedApi(t, {
    cas: { serverUrl: fakeCas.url },
    accept: { service: SERVICE, allowedChains: () => true },
  });
  const userOf = async (ticket: string) => JSON.parse((await judge.send(`/?ticket=${ticket}`)).body).user.id;
  assert.deepEqual([await userOf(own.ticket), await userOf(called.ticket)], ['alice', 'bob']);
});
