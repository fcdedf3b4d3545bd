import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Context } from 'koa';
import type { Page } from '../support/browser.ts';
import { assertCode, fillIn, openShelf, upToResume } from './keep-journey.ts';
import {
  expireGrants,
  type KeepSetup,
  keepScene,
  pressOn,
  REGISTRY,
  sha256,
  signedIn,
  submit,
} from './keep-support.ts';
import { codeOf } from './support.ts';

const EXPIRED = 'ERR_SSO_PROXY_GRANT_EXPIRED';

const fileGrades = async (ctx: Context) => {
  if (ctx.path === '/file') await ctx.sso.proxyTicket(REGISTRY);
};

describe('PP24 the error goes to the application, nothing is kept, and nobody is sent away, if the handler', () => {
  const HANDLERS: readonly (readonly [string, (ctx: Context) => void | Promise<void>])[] = [
    [
      'has sent its headers',
      (ctx) => {
        ctx.res.writeHead(200);
        ctx.res.write('grades: ');
      },
    ],
    ['has flushed its headers', (ctx) => ctx.res.flushHeaders()],
    [
      'streams its answer',
      async (ctx) => {
        const stream = new PassThrough();
        stream.pipe(ctx.res);
        stream.write('grades: ');
        while (!ctx.headerSent) await setImmediate();
      },
    ],
    [
      'has taken the answer from Koa',
      (ctx) => {
        ctx.respond = false;
      },
    ],
    ['has passed the point of no return', (ctx) => ctx.sso.pointOfNoReturn()],
  ];
  for (const [name, begin] of HANDLERS) {
    test(name, async (t) => {
      const store = openShelf();
      const scene = await keepScene(t, {
        options: { store },
        // Koa leaves an answer that has begun to whoever began it.
        between: (app) => void app.on('error', (_, ctx: Context) => ctx.headerSent && ctx.res.destroy()),
        act: async (ctx) => {
          if (ctx.method === 'POST') await begin(ctx);
          await fileGrades(ctx);
        },
      });
      const browser = await signedIn(scene);
      expireGrants(scene);
      // An answer that has begun is cut off.
      const page = await submit(browser, scene, '/file').catch((): undefined => {});
      assert.equal(page?.location, undefined);
      assert.deepEqual(scene.portal.errors.map(codeOf), [EXPIRED]);
      assert.deepEqual(scene.begun, ['POST /file']);
      assert.equal(store.count('request'), 0);
    });
  }
});

test('PP24 an answer that the handler has only prepared is no answer yet', async (t) => {
  const scene = await keepScene(t, {
    async act(ctx) {
      if (ctx.method !== 'POST') return;
      ctx.body = new PassThrough();
      ctx.status = 201;
      await fileGrades(ctx);
    },
  });
  const browser = await signedIn(scene);
  expireGrants(scene);
  assert.equal((await pressOn(await upToResume(browser, scene, '/file'))).status, 201);
});

test('PP24 a grant that is dead again: the handler has run twice, and the error goes to the application', async (t) => {
  const scene = await keepScene(t);
  const browser = await signedIn(scene);
  expireGrants(scene);
  const page = await upToResume(browser, scene, '/file');
  expireGrants(scene);
  const answer = await pressOn(page);
  assert.equal(answer.status, 401);
  assert.deepEqual(scene.portal.errors.map(codeOf), [EXPIRED]);
  assertCode(await pressOn(page), 409, 'ERR_SSO_REQUEST_USED');
  assert.deepEqual(scene.begun, ['POST /file', 'POST /file']);
});

test('PP24 a handler that wrote something and says so does not write it twice', async (t) => {
  const database: string[] = [];
  const scene = await keepScene(t, {
    async act(ctx) {
      if (ctx.method !== 'POST') return;
      database.push(ctx.path);
      ctx.sso.pointOfNoReturn();
      await fileGrades(ctx);
    },
  });
  const browser = await signedIn(scene);
  expireGrants(scene);
  const page = await submit(browser, scene, '/file');
  assert.equal(page.status, 401, page.body);
  assert.deepEqual(scene.portal.errors.map(codeOf), [EXPIRED]);
  assert.deepEqual(database, ['/file']);
});

test('PP24 a handler that catches the error itself is left alone', async (t) => {
  const store = openShelf();
  const codes: unknown[] = [];
  const scene = await keepScene(t, {
    options: { store },
    act: (ctx) => fileGrades(ctx).catch((error) => void codes.push(codeOf(error))),
  });
  const browser = await signedIn(scene);
  expireGrants(scene);
  const page = await submit(browser, scene, '/file');
  assert.equal(page.status, 200, page.body);
  assert.equal(store.count('request'), 0);
  assert.deepEqual(codes, [EXPIRED]);
});

test('PP24 an error of another kind is none of ours', async (t) => {
  const store = openShelf();
  const scene = await keepScene(t, {
    options: { store },
    act() {
      throw Object.assign(new Error('a grade is missing'), { code: EXPIRED });
    },
    guard: { keepBody: true },
  });
  const browser = scene.browser();
  await fillIn(await (await browser.get(`${scene.portal.url}/form`)).settle(), scene);
  assert.equal((await submit(browser, scene, '/form')).status, 500);
  assert.equal(store.count('request'), 0);
});

test('PP24 a page behind keepBody whose grant has expired is there after a silent login', async (t) => {
  const scene = await keepScene(t);
  const browser = await signedIn(scene);
  expireGrants(scene);
  const page = await (await browser.get(`${scene.portal.url}/file?term=2`)).settle();
  assert.equal(page.status, 200, page.body);
  assert.equal(page.url.href, `${scene.portal.url}/file?term=2`);
  assert.deepEqual(scene.begun, ['GET /file?term=2', 'GET /file?term=2']);
});

for (const method of ['GET', 'POST'] as const) {
  test(`PP24 a guard without keepBody lets the error of a ${method} through`, async (t) => {
    const scene = await keepScene(t, { guard: {} });
    const browser = await signedIn(scene);
    expireGrants(scene);
    const url = `${scene.portal.url}/file`;
    const page: Page = method === 'GET' ? await browser.get(url) : await submit(browser, scene, '/file');
    assert.equal(page.status, 401);
    assert.deepEqual(scene.portal.errors.map(codeOf), [EXPIRED]);
  });
}

describe('PP24 asking for the grant before the handler runs', () => {
  for (const freshGrant of [true, REGISTRY]) {
    const setup: KeepSetup = { guard: { keepBody: true, freshGrant } };

    test(`${freshGrant}: the handler runs once in all`, async (t) => {
      const scene = await keepScene(t, setup);
      const browser = await signedIn(scene);
      expireGrants(scene);
      const page = await upToResume(browser, scene, '/file');
      assert.deepEqual(scene.begun, []);
      assert.equal((await pressOn(page)).status, 200);
      assert.deepEqual(scene.begun, ['POST /file']);
    });

    test(`${freshGrant}: a page is shown after a silent login, and runs once as well`, async (t) => {
      const scene = await keepScene(t, setup);
      const browser = await signedIn(scene);
      expireGrants(scene);
      const page = await (await browser.get(`${scene.portal.url}/file`)).settle();
      assert.equal(page.status, 200, page.body);
      assert.deepEqual(scene.begun, ['GET /file']);
    });

    for (const fault of [
      'drop-before-headers',
      'status-404',
      { kind: 'failure', code: 'UNAUTHORIZED_SERVICE' },
    ] as const) {
      test(`${freshGrant}: a server that answers with ${JSON.stringify(fault)} is left to the handler`, async (t) => {
        const scene = await keepScene(t, setup);
        const browser = await signedIn(scene);
        const before = scene.fakeCas.counts.proxy;
        scene.fakeCas.misbehave(fault, { endpoint: 'proxy', times: Number.POSITIVE_INFINITY });
        const page = await submit(browser, scene, '/form');
        assert.equal(page.status, 200, page.body);
        assert.deepEqual(scene.begun, ['POST /form']);
        assert.ok(scene.fakeCas.counts.proxy > before);
      });
    }
  }

  test('is left out for a login without a grant', async (t) => {
    const scene = await keepScene(t, { guard: { keepBody: true, freshGrant: true } });
    scene.fakeCas.misbehave('no-callback');
    const browser = await signedIn(scene);
    assert.equal((await submit(browser, scene, '/form')).status, 200);
    assert.deepEqual(scene.begun, ['POST /form']);
    assert.equal(scene.fakeCas.counts.proxy, 0);
  });

  test('costs one call while the grant is good', async (t) => {
    const scene = await keepScene(t, { guard: { keepBody: true, freshGrant: true } });
    const browser = await signedIn(scene);
    const before = scene.fakeCas.counts.proxy;
    assert.equal((await submit(browser, scene, '/form')).status, 200);
    assert.equal(scene.fakeCas.counts.proxy, before + 1);
  });
});

test('PP24 a handler that the grant dies for is told byte for byte what it was told first', async (t) => {
  const bodies: string[] = [];
  const scene = await keepScene(t, {
    act: async (ctx) => {
      bodies.push(`${ctx.method} ${ctx.get('Content-Length')} ${sha256(Buffer.from(ctx.get('Content-Type')))}`);
      await fileGrades(ctx);
    },
  });
  const browser = await signedIn(scene);
  bodies.length = 0;
  expireGrants(scene);
  await pressOn(await upToResume(browser, scene, '/file'));
  assert.equal(bodies.length, 2);
  assert.equal(bodies[1], bodies[0]);
});
