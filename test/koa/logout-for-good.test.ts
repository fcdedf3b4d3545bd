import assert from 'node:assert/strict';
import { test } from 'node:test';
import type Koa from 'koa';
import { createSession } from 'koa-session';
import type { Browser } from '../support/browser.ts';
import { logIn } from '../support/portal.ts';
import {
  comeBack,
  cookiesFor,
  type Mount,
  NAVIGATION,
  type Pair,
  pairFor,
  raw,
  returnUrl,
  signedInPair,
  userOf,
} from './support.ts';
import { keyvs, WatchedAdapter } from './watched-store.ts';

const makeKeyv = keyvs[0]![1];

const signOut = (visitor: Browser, { portal }: Pair, query = '') =>
  visitor.post(`${portal.url}/sso/logout${query}`, {}, { from: `${portal.url}/start` });

/** The request of a browser whose answer has not arrived yet: the cookies are sent, and none is taken over. */
const inFlight = (visitor: Browser, address: string) =>
  raw(address, { headers: { ...NAVIGATION, ...cookiesFor(visitor, address) } });

async function assertNobody(visitor: Browser, { portal }: Pair, why: string): Promise<void> {
  assert.equal((await visitor.get(`${portal.url}/start`)).status, 303, why);
}

/** An application that writes its session on every page; `/slow` waits for the gate first. */
function writing(gate: { reached: () => void; open: Promise<void> }, session: (app: Koa) => Koa.Middleware): Mount {
  return (app, sso) => {
    app.keys = ['the keys of the application'];
    app.use(session(app));
    app.use(sso.routes());
    app.use(sso.requireLogin());
    app.use(async (ctx) => {
      if (ctx.path === '/slow') {
        gate.reached();
        await gate.open;
      }
      (ctx as unknown as { session: Record<string, unknown> }).session.seen = Math.random();
      ctx.body = { user: ctx.state.user };
    });
  };
}

function createGate() {
  let open = () => {};
  let reached = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const arrived = new Promise<void>((resolve) => {
    reached = resolve;
  });
  return { gate: { reached: () => reached(), open: opened }, arrived, open: () => open() };
}

const modes = [
  ['cookie', () => ({})],
  ['store', () => ({ store: mapStore() })],
  ['rolling store', () => ({ rolling: true, store: mapStore() })],
] as const;

for (const [mode, options] of modes) {
  test(`the old session cookie, sent again after a logout, opens nothing (${mode} mode)`, async (t) => {
    const { gate } = createGate();
    const { pair, visitor } = await signedInPair(t, { mount: writing(gate, (app) => createSession(options(), app)) });
    const kept = cookiesFor(visitor, pair.portal.url);
    await signOut(visitor, pair);
    assert.equal((await raw(`${pair.portal.url}/start`, { headers: { ...NAVIGATION, ...kept } })).status, 303);
  });

  test(`a request in flight that writes the session does not bring the login back (${mode} mode)`, async (t) => {
    const { gate, arrived, open } = createGate();
    const { pair, visitor } = await signedInPair(t, { mount: writing(gate, (app) => createSession(options(), app)) });
    const slow = inFlight(visitor, `${pair.portal.url}/slow`);
    await arrived;
    await signOut(visitor, pair);
    open();
    const late = await slow;
    visitor.cookies.store(new URL(pair.portal.url), late.headers['set-cookie'] ?? []);
    await assertNobody(visitor, pair, 'the late answer brought the login back');
  });
}

test('a logout kills the attempt of another tab that is at the login server', async (t) => {
  const pair = await pairFor(t);
  const visitor = pair.browser();
  const tab = await returnUrl(visitor, `${pair.portal.url}/tab`, pair.fakeCas);
  await logIn(visitor, `${pair.portal.url}/start`, pair.fakeCas);
  await signOut(visitor, pair);
  const page = await comeBack(visitor, tab, pair);
  assert.equal(page.status, 400);
  assert.equal(pair.fakeCas.counts.validate, 1);
  await assertNobody(visitor, pair, 'the tab signed somebody in after the logout');
});

test('a logout while a ticket is validated leaves no login behind', async (t) => {
  const adapter = new WatchedAdapter();
  const pair = await pairFor(t, { options: { store: makeKeyv(adapter) } });
  const visitor = pair.browser();
  const address = await returnUrl(visitor, `${pair.portal.url}/start`, pair.fakeCas);
  const held = adapter.hold((operation, kind) => operation === 'set' && kind === 'login');
  const landing = inFlight(visitor, address);
  await held.reached;
  await signOut(visitor, pair);
  held.open();
  const late = await landing;
  assert.equal(late.status, 303);
  assert.equal(late.headers.location, '/sso/logged-out');
  visitor.cookies.store(new URL(pair.portal.url), late.headers['set-cookie'] ?? []);
  await assertNobody(visitor, pair, 'the late login beat the logout');
});

test('a logout while a slow login server is asked leaves no login behind', async (t) => {
  const pair = await pairFor(t);
  const visitor = pair.browser();
  const address = await returnUrl(visitor, `${pair.portal.url}/start`, pair.fakeCas);
  pair.fakeCas.misbehave({ kind: 'slow', ms: 300 });
  const landing = inFlight(visitor, address);
  while (pair.fakeCas.counts.validate === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await signOut(visitor, pair);
  visitor.cookies.store(new URL(pair.portal.url), (await landing).headers['set-cookie'] ?? []);
  await assertNobody(visitor, pair, 'the late login beat the logout');
});

test('a logout between the last check of a login and its answer leaves no login behind', async (t) => {
  const adapter = new WatchedAdapter();
  const pair = await pairFor(t, { options: { store: makeKeyv(adapter) } });
  const visitor = pair.browser();
  const address = await returnUrl(visitor, `${pair.portal.url}/start`, pair.fakeCas);
  const held = adapter.hold(
    (operation, kind) => operation === 'set' && kind === 'settled-flow' && adapter.log.includes('set login'),
  );
  const landing = inFlight(visitor, address);
  await held.reached;
  await signOut(visitor, pair);
  held.open();
  visitor.cookies.store(new URL(pair.portal.url), (await landing).headers['set-cookie'] ?? []);
  await assertNobody(visitor, pair, 'the late login beat the logout');
});

test('a logout before the answer of a finished login arrives leaves no login behind', async (t) => {
  const pair = await pairFor(t);
  const visitor = pair.browser();
  const late = await inFlight(visitor, await returnUrl(visitor, `${pair.portal.url}/start`, pair.fakeCas));
  await signOut(visitor, pair);
  visitor.cookies.store(new URL(pair.portal.url), late.headers['set-cookie'] ?? []);
  await assertNobody(visitor, pair, 'the late answer beat the logout');
});

test('a logout beats every one of many tabs that were opened at once', async (t) => {
  const pair = await pairFor(t);
  const visitor = pair.browser();
  const paths = Array.from({ length: 12 }, (_, tab) => `${pair.portal.url}/tab${tab}`);
  const tabs = await Promise.all(paths.map((path) => returnUrl(visitor, path, pair.fakeCas)));
  await signOut(visitor, pair, '?scope=here');
  for (const tab of tabs) await comeBack(visitor, tab, pair);
  await assertNobody(visitor, pair, 'a tab signed somebody in after the logout');
});

test('an attempt that a logout killed does not end the login that came after it', async (t) => {
  const adapter = new WatchedAdapter();
  const pair = await pairFor(t, { options: { store: makeKeyv(adapter) } });
  const visitor = pair.browser();
  const address = await returnUrl(visitor, `${pair.portal.url}/start`, pair.fakeCas);
  const held = adapter.hold((operation, kind) => operation === 'set' && kind === 'login');
  const landing = inFlight(visitor, address);
  await held.reached;
  await signOut(visitor, pair);
  assert.equal(userOf(await logIn(visitor, `${pair.portal.url}/again`, pair.fakeCas, 'bob')), 'bob');
  held.open();
  visitor.cookies.store(new URL(pair.portal.url), (await landing).headers['set-cookie'] ?? []);
  assert.equal(userOf(await visitor.get(`${pair.portal.url}/start`)), 'bob');
});

test('the return of a login that was logged out again signs nobody in', async (t) => {
  const pair = await pairFor(t);
  const visitor = pair.browser();
  const address = await returnUrl(visitor, `${pair.portal.url}/start`, pair.fakeCas);
  await comeBack(visitor, address, pair);
  await signOut(visitor, pair);
  assert.equal((await comeBack(visitor, address, pair)).status, 400);
  assert.equal(pair.fakeCas.counts.validate, 1);
});

test('a login that nobody here asked for ends like any other: its story says so', async (t) => {
  const pair = await pairFor(t, { cas: { allowUnsolicitedLogin: true } });
  const visitor = pair.browser();
  const service = `${pair.portal.url}/start`;
  const page = await visitor.get(`${service}?ticket=${pair.fakeCas.issueTicket('alice', service)}`);
  assert.equal(userOf(await page.settle()), 'alice');
  await signOut(visitor, pair);
  await assertNobody(visitor, pair, 'still signed in');
  const last = pair.portal.journal.filter((entry) => entry.event === 'logout.requested');
  assert.deepEqual(
    last.map((entry) => entry.to),
    ['loggedOut'],
  );
});

function mapStore() {
  const records = new Map<string, unknown>();
  return {
    get: async (key: string) => records.get(key),
    set: async (key: string, value: unknown) => void records.set(key, structuredClone(value)),
    destroy: async (key: string) => void records.delete(key),
  };
}
