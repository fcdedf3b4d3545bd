import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { TestContext } from 'node:test';
import type Koa from 'koa';
import type { Context } from 'koa';
import type { CampusSso, Json, RequireLoginOptions } from '../../src/index.ts';
import type { Browser, Page, TypedBytes } from '../support/browser.ts';
import { logIn } from '../support/portal.ts';
import { type ProxyScene, type ProxySceneSetup, startProxyScene } from '../support/proxying.ts';

/** What the handler of the tests saw of one request. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly user: string;
  readonly type: string;
  readonly length: number;
  readonly sha256: string;
  readonly key: string;
  readonly replay: { readonly id: string; readonly savedAt: string; readonly attempts: number } | null;
  /** How often this session was here, this time included. */
  readonly visits: number;
}

export interface KeepScene extends ProxyScene {
  /** Requests that the handler has seen the end of, in order. */
  readonly seen: Seen[];
  /** Requests that the handler began with. */
  readonly begun: string[];
}

export interface KeepSetup extends ProxySceneSetup {
  readonly guard?: RequireLoginOptions;
  /** What the handler does after it has read the body, and before it answers. Default: asks for a ticket at `/file`. */
  readonly act?: (ctx: Context) => Promise<void> | void;
  /** Mounts what stands between the routes and the guard. */
  readonly between?: (app: Koa, sso: CampusSso<Json>) => void;
}

export const REGISTRY = 'https://registry.example.edu/grades';

/** A portal whose pages keep what they are sent; `/file` needs a proxy ticket. It ends with the test. */
export async function keepScene(t: TestContext, setup: KeepSetup = {}): Promise<KeepScene> {
  const seen: Seen[] = [];
  const begun: string[] = [];
  const { guard = { keepBody: true }, act = fileGrades, between } = setup;
  const scene = await startProxyScene({
    mount(app, sso) {
      app.use(sso.session(app));
      app.use(sso.routes());
      between?.(app, sso);
      app.use(sso.requireLogin(guard));
      app.use(async (ctx) => {
        begun.push(`${ctx.method} ${ctx.originalUrl}`);
        const session = ctx.session as { visits?: number };
        const bytes = await readAll(ctx);
        await act(ctx);
        session.visits = (session.visits ?? 0) + 1;
        const { user, replay = null } = ctx.state;
        seen.push({
          method: ctx.method,
          url: ctx.originalUrl,
          user: user.id,
          type: ctx.get('Content-Type'),
          length: bytes.length,
          sha256: sha256(bytes),
          key: ctx.get('Idempotency-Key'),
          replay: replay && { ...replay, savedAt: replay.savedAt.toISOString() },
          visits: session.visits,
        });
        ctx.body = { seen: seen.at(-1), user: { id: user.id } };
      });
    },
    ...setup,
  });
  t.after(() => scene.close());
  return Object.assign(scene, { seen, begun });
}

async function fileGrades(ctx: Context): Promise<void> {
  if (ctx.path.startsWith('/file')) await ctx.sso.proxyTicket(REGISTRY);
}

/** The body of a request as a handler gets it: parsed before, or read now. */
async function readAll(ctx: Context): Promise<Buffer> {
  const { rawBody } = ctx.request as { rawBody?: string };
  if (rawBody !== undefined) return Buffer.from(rawBody);
  const chunks: Buffer[] = [];
  for await (const chunk of ctx.req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A form as browsers send it: duplicate names, line breaks, a plus, what is no UTF-8, and a field called submit. */
export const FORM: TypedBytes = {
  bytes: Buffer.concat([
    Buffer.from('grade=B%2B&grade=A&=nobody&note=one%0D%0Atwo+three&submit=yes&price=%E2%82%AC&odd=%FF'),
    Buffer.from([0xff, 0xfe]),
  ]),
  type: 'application/x-www-form-urlencoded',
};

/** Signs somebody in, as a browser that has been on the page with the form. */
export async function signedIn(scene: KeepScene, name = 'alice'): Promise<Browser> {
  const browser = scene.browser();
  const page = await logIn(browser, `${scene.portal.url}/form`, scene.fakeCas, name);
  assert.equal(page.status, 200, page.body);
  scene.seen.length = 0;
  scene.begun.length = 0;
  return browser;
}

/** The login server forgets all grants, and nothing else. */
export function expireGrants(scene: KeepScene): void {
  scene.fakeCas.expireGrants();
}

/** The session of this browser ends on our side, as after a night. */
export async function endSessions(browser: Browser): Promise<void> {
  browser.cookies.clear(/sso-session/);
}

/** Sends a form from a page of the portal. */
export function submit(browser: Browser, scene: KeepScene, path: string, body: TypedBytes = FORM): Promise<Page> {
  return browser.send(`${scene.portal.url}${path}`, body, { from: `${scene.portal.url}/form` });
}

/** Presses the button of the page that a kept request goes on from, as its script does. */
export async function pressOn(page: Page): Promise<Page> {
  const [form] = page.forms;
  assert.ok(form, `no form on ${page.status} ${page.url}: ${page.body}`);
  assert.equal(page.url.pathname.split('/').at(-2), 'resume', `${page.url}`);
  return page.submit(form);
}
