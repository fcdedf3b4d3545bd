import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import Koa, { type Context, type Middleware } from 'koa';
import mount from 'koa-mount';
import { FORM, pressOn, REGISTRY, sha256, signedIn, submit } from './keep-support.ts';
import { ENTRIES, type Entry, proxyFor, seenAt, watchedScene } from './keep-wire.ts';
import type { Mount } from './support.ts';

interface Reached {
  readonly url: string;
  readonly original: string;
  readonly sha256: string;
}

/** A handler that says where it was reached, and with what. */
function handler(reached: Reached[]): Middleware {
  return async (ctx) => {
    const chunks: Buffer[] = [];
    for await (const chunk of ctx.req) chunks.push(chunk as Buffer);
    if (/\/file/.test(ctx.originalUrl)) await (ctx as unknown as SsoOf).sso.proxyTicket(REGISTRY);
    if (ctx.method === 'POST')
      reached.push({ url: ctx.url, original: ctx.originalUrl, sha256: sha256(Buffer.concat(chunks)) });
    ctx.body = 'done';
  };
}

interface SsoOf extends Context {
  readonly sso: { proxyTicket(service: string): Promise<string> };
}

/** A site below `/portal` of an address that a reverse proxy answers at. */
async function below(t: TestContext, mounted: (reached: Reached[]) => Mount, rewrite?: (path: string) => string) {
  const reached: Reached[] = [];
  const proxy = await proxyFor(t, rewrite ? { rewrite } : {});
  const baseUrl = `${proxy.url}/portal`;
  const inner = await watchedScene(t, { options: { baseUrl }, mount: mounted(reached) });
  proxy.standInFrontOf(inner.portal.url);
  return { reached, scene: seenAt(inner, baseUrl) };
}

const whole =
  (reached: Reached[]): Mount =>
  (app, sso) => {
    app.use(sso.session(app));
    app.use(sso.routes());
    app.use(sso.requireLogin({ keepBody: true }));
    app.use(handler(reached));
  };

/** The application is one of several in a process, and only its host has the session. */
const mountedAt =
  (reached: Reached[]): Mount =>
  (app, sso) => {
    const inner = new Koa();
    inner.use(sso.routes());
    inner.use(sso.requireLogin({ keepBody: true }));
    inner.use(handler(reached));
    app.use(sso.session(app));
    app.use(mount('/portal', inner));
  };

const rewritten =
  (reached: Reached[]): Mount =>
  (app, sso) => {
    app.use(sso.session(app));
    app.use(sso.routes());
    app.use((ctx, next) => {
      ctx.url = ctx.url.replace(/^\/portal/, '/internal');
      return next();
    });
    whole(reached)(app, { ...sso, session: () => pass, routes: () => pass });
  };

const pass: Middleware = (_ctx, next) => next();

const withoutBase = (path: string) => path.replace(/^\/portal/, '') || '/';

/** How the path of the site reaches the application, and what the handler has as its own address then. */
const PLACES: readonly (readonly [
  string,
  (reached: Reached[]) => Mount,
  ((path: string) => string) | undefined,
  string,
])[] = [
  ['with the path of baseUrl left on', whole, undefined, '/portal'],
  ['below koa-mount', mountedAt, undefined, ''],
  ['behind a proxy that takes the path off', whole, withoutBase, ''],
  ['with ctx.url rewritten in front of the guard', rewritten, undefined, '/internal'],
];

for (const entry of ENTRIES) {
  for (const [name, mounted, rewrite, prefix] of PLACES) {
    test(`PP19 ${entry.name}: ${name}, a form comes back to where it was sent`, async (t) => {
      const { scene, reached } = await below(t, mounted, rewrite);
      await assertComesBack(scene, reached, entry, prefix);
    });

    test(`PP3 ${entry.name}: ${name}, a form of another site is not kept, and all that is told is below the path`, async (t) => {
      const { scene } = await below(t, mounted, rewrite);
      const browser = await signedIn(scene);
      await entry.interrupt(scene, browser);
      const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
      const sent = await browser.send(`${scene.portal.url}${entry.path}`, FORM, {
        from: `${scene.portal.url}/form`,
        headers,
      });
      const page = await sent.settle();
      assert.deepEqual(scene.stored, []);
      assert.equal(page.url.pathname, '/portal/sso/not-sent');
      assert.equal(page.url.searchParams.get('code'), 'ERR_SSO_REQUEST_NOT_OURS');
      assert.match(page.body, /<a class="primary" href="\/portal\/form"/);
    });
  }
}

async function assertComesBack(
  scene: Awaited<ReturnType<typeof below>>['scene'],
  reached: Reached[],
  entry: Entry,
  prefix: string,
): Promise<void> {
  const browser = await signedIn(scene);
  await entry.interrupt(scene, browser);
  const page = await (await submit(browser, scene, entry.path)).settle();
  assert.equal(page.forms[0]?.action.href, `${scene.portal.url}${entry.path}`);
  const done = await pressOn(page);
  assert.equal(`${done.status} ${done.body}`, '200 done');
  assert.deepEqual(
    reached.map(({ url, sha256: digest }) => [url, digest]),
    [[prefix + entry.path, sha256(FORM.bytes)]],
  );
}

test('PP1 below koa-mount only the guard of the mounted application keeps', async (t) => {
  const { scene } = await below(t, (reached) => (app, sso) => {
    mountedAt(reached)(app, sso);
    app.use(sso.routes());
    app.use(sso.requireLogin());
    app.use(handler(reached));
  });
  const browser = await signedIn(scene);
  await ENTRIES[0].interrupt(scene, browser);
  const other = `${new URL(scene.portal.url).origin}/elsewhere`;
  const sent = await browser.send(other, FORM, { from: `${scene.portal.url}/form` });
  assert.equal(sent.status, 303);
  assert.deepEqual(scene.stored, []);
});
