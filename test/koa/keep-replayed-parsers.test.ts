import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { bodyParser } from '@koa/bodyparser';
import multer from '@koa/multer';
import type Koa from 'koa';
import type { Context, Middleware } from 'koa';
import { koaBody } from 'koa-body';
import { createSession } from 'koa-session';
import type { CampusSso, Json } from '../../src/index.ts';
import type { TypedBytes } from '../support/browser.ts';
import { assertCode, assertNotSent, INTERRUPTIONS, multipart, openShelf, upToResume } from './keep-journey.ts';
import { reportOf } from './keep-parsed.ts';
import { FORM, keepScene, pressOn, REGISTRY, sha256, signedIn, submit } from './keep-support.ts';

const FILES = multipart([
  { name: 'grade', value: '1,7' },
  { name: 'grade', value: 'two\r\nlines' },
  { name: 'essay', file: 'essay.pdf', type: 'application/pdf', value: Buffer.alloc(60_000, 0xa5) },
]);
const JSON_BODY: TypedBytes = { bytes: Buffer.from('{"a":["€",null]}'), type: 'application/json' };
const UTF8: TypedBytes = { bytes: Buffer.from('grade=A&grade=B%2B&note=a%0D%0Ab+c&submit=yes'), type: FORM.type ?? '' };

const PARSERS: readonly (readonly [string, () => Middleware, Readonly<Record<string, TypedBytes>>])[] = [
  [
    '@koa/bodyparser',
    () => bodyParser({ enableTypes: ['json', 'form', 'text'] }) as Middleware,
    { form: UTF8, JSON: JSON_BODY },
  ],
  [
    'koa-body',
    () => koaBody({ multipart: true, includeUnparsed: true }) as Middleware,
    { form: UTF8, JSON: JSON_BODY, multipart: FILES },
  ],
  ['@koa/multer', () => multer({ storage: multer.memoryStorage() }).any() as Middleware, { multipart: FILES }],
];

/** A portal whose handler works with what a parser has made of the request. */
async function parsingScene(t: TestContext, parser: () => Middleware, place: 'behind' | 'in front' = 'behind') {
  const reports: unknown[] = [];
  const store = openShelf();
  const scene = await keepScene(t, {
    options: { store },
    mount(app, sso) {
      app.use(sso.session(app));
      if (place === 'in front') app.use(parser());
      app.use(sso.routes());
      if (place === 'behind') app.use(parser());
      app.use(sso.requireLogin({ keepBody: true }));
      app.use(async (ctx: Context) => {
        if (ctx.method === 'POST') {
          scene.begun.push(ctx.path);
          if (ctx.path === '/file') await ctx.sso.proxyTicket(REGISTRY);
          reports.push(await reportOf(ctx.request));
        }
        ctx.body = { user: { id: ctx.state.user.id } };
      });
    },
  });
  return { scene, store, reports };
}

for (const [name, parser, bodies] of PARSERS) {
  for (const [kind, body] of Object.entries(bodies)) {
    for (const [entry, path, interrupt] of INTERRUPTIONS) {
      test(`PP30 ${name} behind the routes, ${entry}: a replay of a ${kind} is what it would have been`, async (t) => {
        const { scene, reports } = await parsingScene(t, parser);
        const browser = await signedIn(scene);
        assert.equal((await submit(browser, scene, path, body)).status, 200);
        await interrupt(scene, browser);
        assert.equal((await pressOn(await upToResume(browser, scene, path, body))).status, 200);
        assert.equal(reports.length, 2);
        assert.deepEqual(reports[1], reports[0]);
        const { fields, rawBody, files } = reports[1] as Awaited<ReturnType<typeof reportOf>>;
        assert.ok(Object.keys(Object(fields)).length > 0, 'nothing was parsed');
        if (kind !== 'multipart') assert.equal(rawBody, body.bytes.toString());
        else assert.deepEqual(files, [['essay.pdf', 'application/pdf', sha256(Buffer.alloc(60_000, 0xa5))]]);
      });
    }
  }
}

for (const [name, parser, { form }] of PARSERS) {
  if (!form) continue;
  test(`PP30 ${name} in front of the routes: nothing is run, a page says why, and the form is still kept`, async (t) => {
    const { scene, store } = await parsingScene(t, parser, 'in front');
    const browser = await signedIn(scene);
    await INTERRUPTIONS[0]?.[2](scene, browser);
    const page = await upToResume(browser, scene, '/form', form);
    assertCode(await pressOn(page), 500, 'ERR_SSO_REQUEST_PARSED');
    assert.deepEqual(scene.begun, []);
    assert.equal(store.count('request'), 1);
    assert.equal((await browser.get(page.url)).body.includes('Send it now'), true);
  });
}

/** A session of the host that waits until the body of a form is there. */
function slowSession(app: Koa): void {
  const sessions = new Map<string, object>();
  app.keys = ['a key of the tests'];
  app.use(async (ctx, next) => {
    const isForm = Number(ctx.get('Content-Length')) > 0;
    while (isForm && !ctx.req.complete) await new Promise(setImmediate);
    await next();
  });
  const store = {
    get: async (key: string) => sessions.get(key),
    set: async (key: string, value: object) => void sessions.set(key, value),
    destroy: async (key: string) => void sessions.delete(key),
  };
  app.use(createSession({ key: 'host.sess', store }, app));
}

describe('PP30 a host with a session of its own that waits', () => {
  const start = async (t: TestContext, first: (app: Koa, sso: CampusSso<Json>) => void) => {
    const bodies: string[] = [];
    const store = openShelf();
    const scene = await keepScene(t, {
      options: { store },
      mount(app, sso) {
        first(app, sso);
        slowSession(app);
        app.use(sso.routes());
        app.use(sso.requireLogin({ keepBody: true }));
        app.use(bodyParser() as Middleware);
        app.use((ctx: Context) => {
          if (ctx.method === 'POST') bodies.push(String(Reflect.get(ctx.request, 'rawBody')));
          ctx.body = { user: { id: ctx.state.user.id } };
        });
      },
    });
    const browser = await signedIn(scene);
    store.lose('login');
    return { scene, browser, bodies };
  };

  test('keeps forms with sso.keepBodies() in front of it', async (t) => {
    const { scene, browser, bodies } = await start(t, (app, sso) => void app.use(sso.keepBodies()));
    assert.equal((await pressOn(await upToResume(browser, scene, '/form', UTF8))).status, 200);
    assert.deepEqual(bodies, [UTF8.bytes.toString()]);
  });

  test('says without it that the form did not arrive', async (t) => {
    const { scene, browser, bodies } = await start(t, () => {});
    const page = await (await submit(browser, scene, '/form', UTF8)).settle();
    assertNotSent(page, 'ERR_SSO_REQUEST_NOT_RECEIVED');
    assert.deepEqual(bodies, []);
    assert.ok(
      scene.portal.log.some((line) => line.includes('sso.keepBodies()')),
      scene.portal.log.join('\n'),
    );
  });
});

describe('PP30 a form that is exactly as long as the one that stands for a kept request', () => {
  const length = 'campus-sso-resume='.length + 22 + 1 + 43;
  const filler = 'x'.repeat(length);
  const LIKE: readonly (readonly [string, string])[] = [
    ['something else', `a=${filler}`.slice(0, length)],
    ['the same field, and no token', `campus-sso-resume=${filler}`.slice(0, length)],
    ['raw bytes', `a=\u00ff\u0000${filler}`.slice(0, length)],
  ];
  for (const [name, text] of LIKE) {
    for (const waiting of [true, false]) {
      test(`${name} reaches the handler unharmed while ${waiting ? 'something' : 'nothing'} waits`, async (t) => {
        const scene = await keepScene(t);
        const browser = await signedIn(scene);
        if (waiting) {
          await INTERRUPTIONS[0]?.[2](scene, browser);
          await upToResume(browser, scene, '/form?waits');
        }
        const body = { bytes: Buffer.from(text, 'latin1'), type: `${FORM.type}; charset=utf-8` };
        assert.equal(body.bytes.length, length);
        assert.equal((await submit(browser, scene, '/form?other', body)).status, 200);
        const [seen] = scene.seen;
        assert.equal(seen?.sha256, sha256(body.bytes));
        assert.deepEqual([seen?.url, seen?.type, seen?.length, seen?.replay], ['/form?other', body.type, length, null]);
      });
    }
  }
});
