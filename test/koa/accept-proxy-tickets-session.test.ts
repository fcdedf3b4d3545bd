import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type Koa from 'koa';
import type { AcceptProxyTicketsOptions, CampusSso, Json } from '../../src/index.ts';
import { createBrowser } from '../support/browser.ts';
import { logIn } from '../support/portal.ts';
import { type GuardedSetup, guardedApi, openStore, PORTAL } from '../support/proxied-calls.ts';
import { cookieHeader, pointerIn, type RawAnswer, stoppedClock } from './support.ts';

const OTHER = 'https://other.example.edu/callback';
const SECONDS = 30;

/** A service with short sessions, and a way to call it with the cookies that an answer set. */
async function withSessions(t: Parameters<typeof guardedApi>[0], setup: GuardedSetup = {}) {
  const clock = stoppedClock();
  const store = openStore();
  const scene = await guardedApi(t, {
    ...setup,
    accept: { sessionSeconds: SECONDS, ...setup.accept },
    options: { clock, store: store.keyv, ...setup.options },
  });
  const after = ({ headers }: RawAnswer, path: string) =>
    scene.send(path, { headers: { cookie: cookieHeader(headers['set-cookie']) } });
  return { ...scene, clock, store, after };
}

function userIn({ status, body }: RawAnswer) {
  assert.equal(status, 200, body);
  return JSON.parse(body).user;
}

function codeIn({ status, body }: RawAnswer): string {
  assert.notEqual(status, 200, body);
  return JSON.parse(body).error.code;
}

const NEEDS_TICKET = 'ERR_SSO_PROXY_TICKET_REQUIRED';

/** Mounts further guards below paths of their own, each before the one that is for everything. */
const guards =
  (places: Readonly<Record<string, AcceptProxyTicketsOptions>>) =>
  (app: Koa, sso: CampusSso<Json>): void => {
    for (const [path, accept] of Object.entries(places)) {
      const guard = sso.acceptProxyTickets(accept);
      app.use(async (ctx, next) => {
        if (ctx.path !== path) return next();
        await guard(ctx as never, async () => {
          ctx.body = { user: ctx.state.user };
        });
      });
    }
  };

/** `/me` is for people who sign in with a browser. */
function personalPage(app: Koa, sso: CampusSso<Json>): void {
  app.use(sso.session(app));
  app.use(sso.routes());
  const guard = sso.requireLogin();
  app.use(async (ctx, next) => {
    if (ctx.path !== '/me') return next();
    await guard(ctx as never, async () => {
      ctx.body = 'signed in';
    });
  });
}

describe('a caller that keeps cookies', () => {
  test('goes on without a ticket, as the same person through the same proxies, and the server is not asked', async (t) => {
    const { call, after, fakeCas } = await withSessions(t);
    const first = await call('/grades');
    const second = await after(first, '/courses');
    assert.deepEqual(userIn(second), userIn(first));
    assert.deepEqual(userIn(second).proxies, [PORTAL]);
    assert.equal(fakeCas.counts.validate, 1);
  });

  test('needs a ticket again when the time is over, however often it called', async (t) => {
    const { call, after, clock } = await withSessions(t);
    const first = await call('/');
    for (let calls = 0; calls < 3; calls += 1) {
      clock.advance(SECONDS / 3 - 0.001);
      assert.equal(userIn(await after(first, '/')).id, 'alice');
    }
    clock.advance(1);
    assert.equal(codeIn(await after(first, '/')), NEEDS_TICKET);
  });

  test('gets a cookie that no script reads, that ends with the session, and that does not follow from the ticket', async (t) => {
    const { send, ticketFor } = await withSessions(t);
    const ticket = ticketFor('/');
    const [cookie = '', ...others] = (await send(`/?ticket=${ticket}`)).headers['set-cookie'] ?? [];
    assert.match(cookie, /^sso-caller-[0-9a-f]{8}=[\w-]{43}; path=\/; expires=[^;]+; samesite=lax; httponly$/i);
    assert.ok(!cookie.includes(ticket));
    assert.deepEqual(others, []);
  });

  test('gets a cookie with __Host- and Secure over https', async (t) => {
    const { call, after } = await withSessions(t, { options: { baseUrl: 'https://api.example.edu' } });
    const first = await call('/', { service: 'https://api.example.edu/' });
    assert.match(first.headers['set-cookie']?.[0] ?? '', /^__Host-sso-caller-.*; secure/);
    assert.equal(userIn(await after(first, '/')).id, 'alice');
  });

  test('with a new ticket is whoever that ticket is for', async (t) => {
    const { call, after, fakeCas } = await withSessions(t);
    const first = await call('/');
    const cookie = cookieHeader(first.headers['set-cookie']);
    const second = await call('/', { user: 'bob', headers: { cookie } });
    assert.deepEqual([userIn(second).id, userIn(await after(second, '/')).id], ['bob', 'bob']);
    assert.equal(userIn(await after(first, '/')).id, 'alice');
    assert.equal(fakeCas.counts.validate, 2);
  });

  test('with a bad ticket is refused, although its session holds', async (t) => {
    const { call, send } = await withSessions(t);
    const cookie = cookieHeader((await call('/')).headers['set-cookie']);
    const answer = await send('/?ticket=PT-1-made-up', { headers: { cookie } });
    assert.equal(codeIn(answer), 'ERR_SSO_PROXY_TICKET_REJECTED');
  });

  test('keeps a session of a person who came without proxies only where that is allowed', async (t) => {
    const before = guards({ '/no-direct': { allowedChains: () => true, sessionSeconds: SECONDS } });
    const { call, after } = await withSessions(t, { accept: { allowDirect: true }, before });
    const first = await call('/', { proxies: [] });
    assert.deepEqual(userIn(await after(first, '/')).proxies, []);
    assert.equal(codeIn(await after(first, '/no-direct')), NEEDS_TICKET);
  });
});

describe('a session of a caller opens nothing', () => {
  test('at a guard for other chains', async (t) => {
    const before = guards({
      '/others': { allowedChains: [[OTHER]], sessionSeconds: SECONDS },
      '/longer': { allowedChains: [[PORTAL, OTHER]], sessionSeconds: SECONDS },
      '/function': { allowedChains: (proxies) => proxies[0] === OTHER, sessionSeconds: SECONDS },
      '/same': { allowedChains: [[OTHER], [PORTAL]], sessionSeconds: SECONDS },
    });
    const { call, after } = await withSessions(t, { before });
    const first = await call('/');
    for (const path of ['/others', '/longer', '/function'])
      assert.equal(codeIn(await after(first, path)), NEEDS_TICKET);
    assert.equal(userIn(await after(first, '/same')).id, 'alice');
  });

  test('at a guard that wants a ticket for every call', async (t) => {
    const before = guards({ '/each': { allowedChains: [[PORTAL]] } });
    const { call, after } = await withSessions(t, { before });
    assert.equal(codeIn(await after(await call('/'), '/each')), NEEDS_TICKET);
  });

  test('where people sign in themselves', async (t) => {
    const { call, after } = await withSessions(t, { before: personalPage });
    assert.equal(codeIn(await after(await call('/'), '/me')), 'ERR_SSO_LOGIN_REQUIRED');
  });
});

describe('no session is opened by', () => {
  test('a call that is refused', async (t) => {
    const { call, store } = await withSessions(t);
    const { headers } = await call('/', { proxies: [OTHER] });
    assert.deepEqual([headers['set-cookie'], store.written], [undefined, []]);
  });

  test('a cookie that somebody made up', async (t) => {
    const { call, send, api } = await withSessions(t);
    const name = cookieHeader((await call('/')).headers['set-cookie']).split('=')[0];
    api.seen.length = 0;
    for (const value of ['', 'x', 'A'.repeat(43), 'A'.repeat(5000)]) {
      assert.equal(codeIn(await send('/', { headers: { cookie: `${name}=${value}` } })), NEEDS_TICKET);
    }
    assert.deepEqual(api.seen, []);
  });

  test('the login of a browser, whose id is in a cookie that people can read', async (t) => {
    const { call, send, api, fakeCas } = await withSessions(t, {
      accept: { allowedChains: () => true, allowDirect: true },
      before: personalPage,
    });
    const browser = createBrowser();
    t.after(() => browser.close());
    assert.equal((await logIn(browser, `${api.url}/me`, fakeCas)).status, 200);
    const login = pointerIn(browser)?.login;
    assert.match(login ?? '', /^[\w-]{43}$/);
    const [name, own] = cookieHeader((await call('/')).headers['set-cookie']).split('=');
    assert.equal((await send('/', { headers: { cookie: `${name}=${own}` } })).status, 200);
    assert.equal(codeIn(await send('/', { headers: { cookie: `${name}=${login}` } })), NEEDS_TICKET);
  });
});

describe('a store that fails', () => {
  test('when a session is opened: 503, and nothing of the application runs', async (t) => {
    const { call, store, api } = await withSessions(t);
    store.failWrites(/^login:/);
    const answer = await call('/');
    assert.deepEqual([answer.status, codeIn(answer), answer.headers['set-cookie']], [503, 'ERR_SSO_STORE', undefined]);
    assert.deepEqual(api.seen, []);
  });

  test('takes no part in a guard that keeps nothing', async (t) => {
    const store = openStore();
    store.failWrites(/./);
    const { call } = await guardedApi(t, { options: { store: store.keyv } });
    assert.equal(userIn(await call('/')).id, 'alice');
  });
});
