import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { test } from 'node:test';
import Router from '@koa/router';
import Koa, { type Context } from 'koa';
import mount from 'koa-mount';
import { createSession } from 'koa-session';
import { listen, logIn, startPair } from '../support/portal.ts';
import { codeOf, FETCH, type Mount, NAVIGATION, pairFor, raw, serviceOf, userOf } from './support.ts';

const showUser = (ctx: Context) => {
  ctx.body = { user: ctx.state.user, page: ctx.originalUrl };
};

/** The application below `/portal` of another one, which has the session. */
const mounted: Mount = (app, sso) => {
  const inner = new Koa();
  inner.use(sso.routes());
  inner.use(sso.requireLogin());
  inner.use(showUser);
  app.use(sso.session(app));
  app.use(mount('/portal', inner));
};

async function mountedPair(t: Parameters<typeof pairFor>[0]) {
  const placeholder = createServer();
  const url = await listen(placeholder);
  await new Promise((resolve) => placeholder.close(resolve));
  const pair = await startPair({ options: { baseUrl: `${url}/portal` }, mount: mounted });
  t.after(() => pair.close());
  const proxy = await startProxy(url, pair.portal.url, (path) => path);
  t.after(proxy.close);
  return { pair, url };
}

/** A reverse proxy at a fixed address that changes the path. */
async function startProxy(url: string, target: string, rewrite: (path: string) => string) {
  const server = createServer((incoming, outgoing) => {
    const { method, headers } = incoming;
    const onward = request(target, { method, headers, path: rewrite(incoming.url ?? '/') }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(Number(new URL(url).port), '127.0.0.1', resolve));
  return {
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('below koa-mount, with the mount path in baseUrl, a login comes back to the page', async (t) => {
  const { pair, url } = await mountedPair(t);
  const page = await logIn(pair.browser(), `${url}/portal/a/b?c=d`, pair.fakeCas);
  assert.equal(page.url.href, `${url}/portal/a/b?c=d`);
  assert.equal(userOf(page), 'alice');
});

test('below koa-mount every address that we give out has the mount path', async (t) => {
  const { url } = await mountedPair(t);
  const json = await raw(`${url}/portal/x`, { headers: FETCH });
  assert.equal(JSON.parse(json.body).error.loginUrl, `${url}/portal/sso/login?returnTo=%2Fportal%2Fx`);
  const begun = await raw(`${url}/portal/x`, { headers: NAVIGATION });
  assert.ok(serviceOf(begun.headers.location).startsWith(`${url}/portal/sso/return?`));
  const page = await raw(`${url}/portal/sso/return`, { headers: NAVIGATION });
  assert.match(page.body, /href="\/portal\/sso\/style-4\.css"/);
  assert.match(page.body, /href="\/portal\/sso\/login\?/);
  assert.match(page.body, /href="\/portal\/"/);
  assert.equal((await raw(`${url}/portal/sso/style-4.css`)).status, 200);
});

test('below koa-mount a logout comes back below the mount path', async (t) => {
  const { pair, url } = await mountedPair(t);
  const visitor = pair.browser();
  await logIn(visitor, `${url}/portal/`, pair.fakeCas);
  const out = await visitor.post(`${url}/portal/sso/logout`, {}, { from: `${url}/portal/` });
  const last = await out.settle();
  assert.equal(last.url.href, `${url}/portal/sso/logged-out`);
  assert.equal((await visitor.get(`${url}/portal/`)).status, 303);
});

test('below koa-mount nobody is led out of the mount path', async (t) => {
  const { pair, url } = await mountedPair(t);
  const visitor = pair.browser();
  await logIn(visitor, `${url}/portal/`, pair.fakeCas);
  for (const target of ['/other', '/portal/../other', '/portalx', '/portal/%2e%2e/other', '/']) {
    const page = await visitor.get(`${url}/portal/sso/login?returnTo=${encodeURIComponent(target)}`);
    assert.equal(page.headers.get('location'), '/portal/', target);
  }
});

test('behind a proxy that takes the path off, a login comes back to the page', async (t) => {
  const placeholder = createServer();
  const url = await listen(placeholder);
  await new Promise((resolve) => placeholder.close(resolve));
  const pair = await pairFor(t, { options: { baseUrl: `${url}/portal` } });
  const proxy = await startProxy(url, pair.portal.url, (path) => path.replace(/^\/portal/, '') || '/');
  t.after(proxy.close);
  const page = await logIn(pair.browser(), `${url}/portal/a/b?c=d`, pair.fakeCas);
  assert.equal(page.url.href, `${url}/portal/a/b?c=d`);
  assert.equal(userOf(page), 'alice');
});

test('inside a route of @koa/router only that route asks for a login', async (t) => {
  const pair = await pairFor(t, {
    mount(app, sso) {
      const router = new Router();
      router.get('/public', (ctx) => {
        ctx.body = 'open';
      });
      router.get('/grades/:course', sso.requireLogin(), showUser as never);
      app.use(sso.session(app));
      app.use(sso.routes());
      app.use(router.routes() as never);
    },
  });
  const visitor = pair.browser();
  assert.equal((await visitor.get(`${pair.portal.url}/public`)).status, 200);
  const page = await logIn(visitor, `${pair.portal.url}/grades/maths?y=1`, pair.fakeCas);
  assert.equal(page.url.href, `${pair.portal.url}/grades/maths?y=1`);
  assert.equal(userOf(page), 'alice');
});

for (const [mode, options] of [
  ['in its cookie', {}],
  ['in a store', { store: mapStore() }],
  ['that is rolling', { rolling: true, store: mapStore() }],
] as const) {
  test(`a koa-session of the application, kept ${mode}, does as well`, async (t) => {
    const pair = await pairFor(t, {
      mount(app, sso) {
        app.keys = ['the keys of the application'];
        app.use(createSession({ key: 'host', ...options }, app));
        app.use(sso.routes());
        app.use(sso.requireLogin());
        app.use(showUser as never);
      },
    });
    const visitor = pair.browser();
    assert.equal(userOf(await logIn(visitor, `${pair.portal.url}/start`, pair.fakeCas)), 'alice');
    assert.equal(userOf(await visitor.get(`${pair.portal.url}/next`)), 'alice');
    assert.ok(visitor.cookies.all().every(({ name }) => !name.startsWith('sso-session')));
  });
}

const withoutSession: Mount = (app, sso) => {
  app.use(sso.routes());
  app.use(sso.requireLogin());
  app.use(showUser as never);
};

test('without a koa-session the developer is told what to mount', async (t) => {
  const { portal } = await pairFor(t, { mount: withoutSession });
  const answer = await raw(`${portal.url}/start`, { headers: NAVIGATION });
  assert.equal(answer.status, 500);
  assert.deepEqual(portal.errors.map(codeOf), ['ERR_SSO_SESSION_MISSING']);
  assert.match(String(portal.errors[0]), /app\.use\(sso\.session\(app\)\)/);
});

test('without a koa-session visitors are not told how the site is built', async (t) => {
  const { portal } = await pairFor(t, { mount: withoutSession });
  const answer = await raw(`${portal.url}/start`, { headers: NAVIGATION });
  assert.doesNotMatch(answer.body, /app\.use|koa-session/);
});

test("without a koa-session Koa's own error handler has something to say", async (t) => {
  const { portal } = await pairFor(t, { mount: withoutSession });
  await raw(`${portal.url}/start`, { headers: NAVIGATION });
  // Koa prints no error whose `expose` is set, so its developer would look at an empty terminal.
  assert.equal((portal.errors[0] as { expose?: unknown }).expose, false);
});

function mapStore() {
  const records = new Map<string, unknown>();
  return {
    get: async (key: string) => records.get(key),
    set: async (key: string, value: unknown) => void records.set(key, structuredClone(value)),
    destroy: async (key: string) => void records.delete(key),
  };
}
