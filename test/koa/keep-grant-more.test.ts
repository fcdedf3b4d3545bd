import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createSession } from 'koa-session';
import type { Browser } from '../support/browser.ts';
import {
  assertNotSent,
  fillIn,
  INTERRUPTIONS,
  multipart,
  openShelf,
  uploadSlowly,
  upToResume,
} from './keep-journey.ts';
import {
  endSessions,
  expireGrants,
  FORM,
  type KeepScene,
  type KeepSetup,
  keepScene,
  pressOn,
  REGISTRY,
  sha256,
  signedIn,
  submit,
} from './keep-support.ts';
import { stoppedClock } from './support.ts';

const FILES = multipart([
  { name: 'grade', value: '1,7' },
  { name: 'essay', file: 'essay.pdf', type: 'application/pdf', value: Buffer.alloc(60_000, 0xa5) },
]);

describe('PP24 a grant that dies while a form with a file is under way', () => {
  test('and a handler that reads first: all of it is kept', async (t) => {
    const scene = await keepScene(t);
    const browser = await signedIn(scene);
    const upload = uploadSlowly(browser, scene, '/file', FILES);
    while (scene.begun.length === 0) await new Promise(setImmediate);
    expireGrants(scene);
    upload.finish();
    await goOn(browser, scene, upload);
    assert.deepEqual(scene.begun, ['POST /file', 'POST /file']);
    assert.equal(scene.seen[0]?.sha256, sha256(FILES.bytes));
    assert.equal(scene.seen[0]?.type, FILES.type);
  });

  test('and a handler that asks first: what comes after the error is kept as well', async (t) => {
    const runs: string[] = [];
    const scene = await keepScene(t, {
      mount(app, sso) {
        app.use(sso.session(app));
        app.use(sso.routes());
        app.use(sso.requireLogin({ keepBody: true }));
        app.use(async (ctx) => {
          if (ctx.method === 'POST') {
            runs.push('asks');
            await ctx.sso.proxyTicket(REGISTRY);
            const chunks: Buffer[] = [];
            for await (const chunk of ctx.req) chunks.push(chunk);
            runs.push(sha256(Buffer.concat(chunks)));
          }
          ctx.body = { user: { id: ctx.state.user.id } };
        });
      },
    });
    const browser = await signedIn(scene);
    expireGrants(scene);
    const upload = uploadSlowly(browser, scene, '/file', FILES);
    while (runs.length === 0) await new Promise(setImmediate);
    upload.finish();
    await goOn(browser, scene, upload);
    assert.deepEqual(runs, ['asks', 'asks', sha256(FILES.bytes)]);
  });

  async function goOn(browser: Browser, scene: KeepScene, upload: ReturnType<typeof uploadSlowly>): Promise<void> {
    const { status, location } = await upload.answer;
    assert.equal(status, 303);
    const page = await browser.get(location, { from: `${scene.portal.url}/form` });
    assert.equal((await pressOn(await page.settle())).status, 200);
  }
});

test('PP24 a session whose flow is gone from the store goes on by a login of its own', async (t) => {
  const store = openShelf();
  const scene = await keepScene(t, { options: { store } });
  const browser = await signedIn(scene);
  store.lose('flow', 'settled-flow', 'pending-flow');
  expireGrants(scene);
  const done = await pressOn(await upToResume(browser, scene, '/file'));
  assert.equal(done.status, 200, done.body);
  assert.equal(scene.seen[0]?.sha256, sha256(FORM.bytes));
});

test('PP24 two tabs whose grants expire at once each get their own form through', async (t) => {
  const scene = await keepScene(t);
  const browser = await signedIn(scene);
  expireGrants(scene);
  const bodies = ['grade=A', 'grade=F'].map((text) => ({ ...FORM, bytes: Buffer.from(text) }));
  const sent = await Promise.all(bodies.map((body, tab) => submit(browser, scene, `/file?tab=${tab}`, body)));
  for (const page of sent) assert.equal((await pressOn(await page.settle())).status, 200);
  assert.deepEqual(
    scene.seen.map(({ url, sha256: digest }) => [url, digest]),
    bodies.map(({ bytes }, tab) => [`/file?tab=${tab}`, sha256(bytes)]),
  );
});

describe('PP24 a step-up', () => {
  const start = async (t: Parameters<typeof keepScene>[0], lost = /^$/) => {
    const clock = stoppedClock();
    const scene = await keepScene(t, {
      options: { clock },
      fakeCas: { clock },
      guard: { keepBody: true, maxAge: 600 },
    });
    const browser = await signedIn(scene);
    clock.advance(601);
    browser.cookies.clear(lost);
    const page = await submit(browser, scene, '/form');
    assert.equal(page.status, 303);
    return { scene, form: await page.settle() };
  };

  test('keeps what was sent, and it runs for the same person', async (t) => {
    const { scene, form } = await start(t);
    assert.equal((await pressOn(await fillIn(form, scene))).status, 200);
    assert.equal(scene.seen[0]?.sha256, sha256(FORM.bytes));
    assert.deepEqual(scene.begun, ['POST /form']);
  });

  test('is for whoever is signed in, also in a browser that has lost the cookie that says so', async (t) => {
    const { scene, form } = await start(t, /sso-owner/);
    assert.equal((await pressOn(await fillIn(form, scene))).status, 200);
    assert.deepEqual(scene.begun, ['POST /form']);
  });

  test('as somebody else destroys it', async (t) => {
    const { scene, form } = await start(t);
    assertNotSent(await fillIn(form, scene, 'bob'), 'ERR_SSO_REQUEST_OTHER_PERSON');
    assert.deepEqual(scene.begun, []);
  });
});

describe('PP24 one guard below another', () => {
  const GUARDS = [
    ['both keep', { keepBody: true }, { keepBody: true }],
    ['the outer one keeps', { keepBody: true }, {}],
    ['the inner one keeps', {}, { keepBody: true }],
  ] as const;
  for (const [name, outer, inner] of GUARDS) {
    const between: KeepSetup['between'] = (app, sso) => void app.use(sso.requireLogin(outer));

    test(`${name}: the form is kept once and runs after a silent login`, async (t) => {
      const store = openShelf();
      const scene = await keepScene(t, { guard: inner, between, options: { store } });
      const browser = await signedIn(scene);
      expireGrants(scene);
      const page = await upToResume(browser, scene, '/file');
      assert.equal(store.count('request'), 1);
      assert.equal((await pressOn(page)).status, 200);
      assert.deepEqual(scene.begun, ['POST /file', 'POST /file']);
    });
  }
});

/** A session that the application keeps in a store of its own, by an id in a cookie. */
function hostSession() {
  const sessions = new Map<string, object>();
  const setup: KeepSetup = {
    mount(app, sso) {
      app.keys = ['a key of the tests'];
      app.use(sso.keepBodies());
      const store = {
        get: async (key: string) => sessions.get(key),
        set: async (key: string, value: object) => void sessions.set(key, value),
        destroy: async (key: string) => void sessions.delete(key),
      };
      app.use(createSession({ key: 'host.sess', store }, app));
      app.use(sso.routes());
      app.use(sso.requireLogin({ keepBody: true }));
      app.use(async (ctx) => {
        const session = ctx.session as { basket?: string };
        if (ctx.method === 'POST' && ctx.path === '/file') await ctx.sso.proxyTicket(REGISTRY);
        if (ctx.path === '/fill') session.basket = 'three books';
        ctx.body = { user: { id: ctx.state.user.id }, basket: session.basket ?? null };
      });
    },
  };
  return { sessions, setup };
}

for (const [entry, path, interrupt] of INTERRUPTIONS) {
  test(`PP24 ${entry}: the session has a new id, and what the application keeps in it is there`, async (t) => {
    const { sessions, setup } = hostSession();
    const store = openShelf();
    const scene = await keepScene(t, { ...setup, options: { store } });
    const browser = await signedIn(scene);
    await browser.get(`${scene.portal.url}/fill`);
    const idOf = () => browser.cookies.all().find(({ name }) => name === 'host.sess')?.value ?? '';
    const before = idOf();
    // The session of the application outlives the login.
    if (entry === 'E1') store.lose('login');
    else await interrupt(scene, browser);
    const done = await pressOn(await upToResume(browser, scene, path));
    assert.deepEqual(JSON.parse(done.body), { user: { id: 'alice' }, basket: 'three books' });
    assert.notEqual(idOf(), before);
    assert.ok(before && sessions.has(idOf()) && !sessions.has(before));
  });
}

test('PP24 a session in a cookie keeps what the application wrote into it', async (t) => {
  const scene = await keepScene(t);
  const browser = await signedIn(scene);
  expireGrants(scene);
  await pressOn(await upToResume(browser, scene, '/file'));
  // The page with the form was the first visit.
  assert.equal(scene.seen[0]?.visits, 2);
});

test('PP24 E1 and then a grant that is dead: the error goes to the application', async (t) => {
  const scene = await keepScene(t);
  const browser = await signedIn(scene);
  await endSessions(browser);
  const page = await upToResume(browser, scene, '/file');
  expireGrants(scene);
  assert.equal((await pressOn(page)).status, 401);
  assert.deepEqual(scene.begun, ['POST /file']);
});
