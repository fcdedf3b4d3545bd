import assert from 'node:assert/strict';
import { test } from 'node:test';
import type Koa from 'koa';
import type { Context, Middleware } from 'koa';
import { createSession } from 'koa-session';
import { logIn } from '../support/portal.ts';
import {
  comeBack,
  type Mount,
  pairFor,
  pointerIn,
  returnUrl,
  sessionIn,
  signedInPair,
  stoppedClock,
  userOf,
} from './support.ts';

interface NotedContext extends Context {
  session: Record<string, unknown>;
}

/** An application that keeps a note in the session: `/note/TEXT` writes it, every other page shows it. */
function mountNotes(session: (app: Koa) => Middleware): Mount {
  return (app, sso) => {
    app.keys = ['the keys of the application'];
    app.use(session(app));
    app.use(sso.routes());
    app.use(async (ctx, next) => {
      const { session } = ctx as NotedContext;
      const note = /^\/note\/(.*)$/.exec(ctx.path)?.[1];
      if (note === undefined) return next();
      session.note = note;
      ctx.body = 'noted';
    });
    app.use(sso.requireLogin());
    app.use((ctx) => {
      ctx.body = { user: ctx.state.user, note: (ctx as unknown as NotedContext).session.note ?? null };
    });
  };
}

/** A session store of the application, with all that was ever in it. */
function sessionStore() {
  const records = new Map<string, unknown>();
  return {
    records,
    get: async (key: string) => records.get(key),
    set: async (key: string, value: unknown) => void records.set(key, structuredClone(value)),
    destroy: async (key: string) => void records.delete(key),
  };
}

const noteOf = (body: string) => JSON.parse(body).note;

test('a login gives the session a new id in store mode, and the old id is dead', async (t) => {
  const store = sessionStore();
  const { portal, fakeCas, browser } = await pairFor(t, {
    mount: mountNotes((app) => createSession({ key: 'host', store }, app)),
  });
  const visitor = browser();
  await visitor.get(`${portal.url}/note/before`);
  const planted = visitor.cookies.all().find(({ name }) => name === 'host')?.value ?? '';
  assert.ok(store.records.has(planted));
  assert.equal(userOf(await logIn(visitor, `${portal.url}/start`, fakeCas)), 'alice');
  const fresh = visitor.cookies.all().find(({ name }) => name === 'host')?.value ?? '';
  assert.notEqual(fresh, planted);
  assert.ok(!store.records.has(planted), 'the old id still opens something');
});

test('a session id that an attacker planted before the login is worth nothing after it', async (t) => {
  const store = sessionStore();
  const { portal, fakeCas, browser } = await pairFor(t, {
    mount: mountNotes((app) => createSession({ key: 'host', store, signed: false }, app)),
  });
  const [attacker, victim] = [browser(), browser()];
  await attacker.get(`${portal.url}/note/mine`);
  for (const { name, value } of attacker.cookies.all()) {
    victim.cookies.store(new URL(portal.url), [`${name}=${value}; path=/`]);
  }
  assert.equal(userOf(await logIn(victim, `${portal.url}/start`, fakeCas)), 'alice');
  assert.equal((await attacker.get(`${portal.url}/start`)).status, 303, 'the attacker is signed in');
});

test('every login has a pointer of its own, and the one before opens nothing any more', async (t) => {
  const { portal, fakeCas, browser } = await pairFor(t);
  const visitor = browser();
  const addresses = [
    await returnUrl(visitor, `${portal.url}/one`, fakeCas),
    await returnUrl(visitor, `${portal.url}/two`, fakeCas),
  ];
  await comeBack(visitor, addresses[0] ?? '', { fakeCas });
  const first = pointerIn(visitor)?.login;
  const oldCookies = visitor.cookies.header(new URL(portal.url)) ?? '';
  await comeBack(visitor, addresses[1] ?? '', { fakeCas });
  assert.notEqual(pointerIn(visitor)?.login, first);
  const replayed = await browser().get(`${portal.url}/one`, { headers: { cookie: oldCookies } });
  assert.equal(replayed.status, 303, 'the old pointer still opens a login');
});

test('the session names nobody', async (t) => {
  const { pair, visitor } = await signedInPair(t);
  const text = JSON.stringify(sessionIn(visitor));
  assert.doesNotMatch(text, /alice|example\.edu|ST-/);
  assert.ok(!text.includes(pair.fakeCas.url));
});

test('what the application keeps in the session outlives a login', async (t) => {
  const { portal, fakeCas, browser } = await pairFor(t, { mount: mountNotes((app) => createSession({}, app)) });
  const visitor = browser();
  await visitor.get(`${portal.url}/note/basket`);
  assert.equal(noteOf((await logIn(visitor, `${portal.url}/start`, fakeCas)).body), 'basket');
});

test('what the application keeps in the session outlives a second login of the same person', async (t) => {
  const clock = stoppedClock();
  const { portal, fakeCas, browser } = await pairFor(t, {
    options: { clock, idleSeconds: 60 },
    mount: (app, sso) => mountNotes(() => sso.session(app))(app, sso),
  });
  const visitor = browser();
  await logIn(visitor, `${portal.url}/start`, fakeCas);
  await visitor.get(`${portal.url}/note/mine`);
  clock.advance(61);
  const again = await logIn(visitor, `${portal.url}/start`, fakeCas);
  assert.equal(fakeCas.counts.validate, 2);
  assert.equal(noteOf(again.body), 'mine');
});

for (const [mode, session] of [
  ['cookie', (app: Koa) => createSession({}, app)],
  ['store', (app: Koa) => createSession({ store: sessionStore() }, app)],
] as const) {
  test(`what the application kept for one person is gone when another logs in (${mode} mode)`, async (t) => {
    const clock = stoppedClock();
    const { portal, fakeCas, browser } = await pairFor(t, {
      options: { clock, idleSeconds: 60 },
      mount: mountNotes(session),
    });
    const visitor = browser();
    await logIn(visitor, `${portal.url}/start`, fakeCas);
    await visitor.get(`${portal.url}/note/alices`);
    clock.advance(61);
    fakeCas.signOutEverybody();
    const page = await logIn(visitor, `${portal.url}/start`, fakeCas, 'bob');
    assert.equal(userOf(page), 'bob');
    assert.equal(noteOf(page.body), null);
  });
}

test('the same name at another login server is another person', async (t) => {
  const clock = stoppedClock();
  const first = await pairFor(t, { options: { clock }, mount: mountNotes((app) => createSession({}, app)) });
  const second = await pairFor(t, { options: { clock }, mount: mountNotes((app) => createSession({}, app)) });
  const visitor = first.browser();
  await logIn(visitor, `${first.portal.url}/start`, first.fakeCas);
  await visitor.get(`${first.portal.url}/note/of-the-first`);
  const page = await logIn(visitor, `${second.portal.url}/start`, second.fakeCas);
  assert.equal(userOf(page), 'alice');
  assert.equal(noteOf(page.body), null);
});
