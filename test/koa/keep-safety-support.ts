import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type Koa from 'koa';
import type { Middleware } from 'koa';
import { type CampusSso, type CampusSsoOptions, cas, type Json } from '../../src/index.ts';
import type { Browser, Page, TypedBytes } from '../support/browser.ts';
import { decodeEntities } from '../support/html-form.ts';
import { TEST_SECRET } from '../support/portal.ts';
import { proxyingCas } from '../support/proxying.ts';
import { startSso } from '../support/run-journal.ts';
import { endSessions, FORM, type KeepScene, keepScene, submit } from './keep-support.ts';

/** The parts of a scene that a login needs. */
type Site = Pick<KeepScene, 'fakeCas' | 'portal'>;

/** A form that can be told from every other. */
export function formOf(text: string): TypedBytes {
  return { bytes: Buffer.from(`answer=${text}`), type: 'application/x-www-form-urlencoded' };
}

/** Sends a form when the session has ended on both sides, up to the login form. */
export async function sendWhenSignedOut(
  browser: Browser,
  scene: KeepScene,
  path = '/form',
  body: TypedBytes = FORM,
): Promise<Page> {
  scene.fakeCas.signOutEverybody();
  await endSessions(browser);
  const page = await (await submit(browser, scene, path, body)).settle();
  assert.ok(page.url.href.startsWith(scene.fakeCas.url), `${page.status} ${page.url}: ${page.body}`);
  return page;
}

/** Types a password into the form of the login server; where that leads is not followed. */
export function typePassword(page: Page, { fakeCas }: Pick<Site, 'fakeCas'>, name = 'alice'): Promise<Page> {
  const user = fakeCas.users.find((candidate) => candidate.name === name);
  const [form] = page.forms;
  assert.ok(user && form, `no login form or no user ${name}: ${page.status} ${page.url}`);
  return page.submit(form, { username: user.name, password: user.password });
}

/** The same, up to the page that the login comes to. */
export async function signInOn(page: Page, scene: Pick<Site, 'fakeCas'>, name = 'alice'): Promise<Page> {
  return (await typePassword(page, scene, name)).settle();
}

/** Sends a form after the session has ended here only, up to the page that sends it again. */
export async function interrupt(
  browser: Browser,
  scene: KeepScene,
  path = '/form',
  body: TypedBytes = FORM,
): Promise<Page> {
  await endSessions(browser);
  return (await submit(browser, scene, path, body)).settle();
}

/** The code of a page about a request that is not sent: from the page itself, or from the address of the notice. */
export function codeShown(page: Page): string | undefined {
  const told = page.url.pathname.endsWith('/not-sent') ? page.url.searchParams.get('code') : null;
  return told ?? /<code>(\w+)<\/code>/.exec(page.body)?.[1];
}

/** What a page calls itself, and what the link with a label leads to. */
export function titleOf(page: Page): string | undefined {
  return /<h1>([^<]*)<\/h1>/.exec(page.body)?.[1];
}

export function linkOf(page: Page, label: string): string {
  const links = [...page.body.matchAll(/<a class="\w+" href="([^"]+)">([^<]+)<\/a>/g)];
  const href = links.find(([, , text = '']) => decodeEntities(text) === label)?.[1];
  assert.ok(href, `no link “${label}” on ${page.status} ${page.url}: ${page.body}`);
  return decodeEntities(href);
}

/** What a browser holds of a kept request, from its cookie. */
export interface HeldRequest {
  readonly name: string;
  readonly handle: string;
  readonly id: string;
  readonly secret: string;
  readonly browser: string;
}

/** The cookies of kept requests, in the order in which the browser got them. */
export function heldBy(browser: Browser): readonly HeldRequest[] {
  return browser.cookies.all().flatMap(({ name, value }) => {
    const handle = /^(?:__Host-)?sso-request-\w{8}-([\w-]{22})$/.exec(name)?.[1];
    const [, id = '', secret = '', of = ''] = value.split('.');
    return handle === undefined ? [] : [{ name, handle, id, secret, browser: of }];
  });
}

/** The only one. */
export function onlyHeld(browser: Browser): HeldRequest {
  const [held, ...others] = heldBy(browser);
  assert.ok(held, 'no cookie of a kept request');
  assert.equal(others.length, 0);
  return held;
}

/** The small form that stands for a kept request, as the script of our page sends it. */
export function carry(
  browser: Browser,
  scene: Pick<Site, 'portal'>,
  { handle, id }: Pick<HeldRequest, 'handle' | 'id'>,
  { path = '/form', headers = {}, method = 'POST' }: Carrying = {},
): Promise<Page> {
  const { url } = scene.portal;
  const body = { bytes: Buffer.from(`campus-sso-resume=${handle}.${id}`), type: FORM.type ?? '', method };
  return browser.send(url + path, body, { from: `${url}/sso/resume/${handle}`, headers });
}

interface Carrying {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: 'POST' | 'PUT';
}

/** A scene whose application can be put together anew at its address: with another secret, as another process. */
export interface Redeployable extends KeepScene {
  /** Who sent what to the only handler. */
  readonly runs: readonly string[];
  deploy(changed: Partial<CampusSsoOptions<Json>>): void;
}

export async function redeployable(t: TestContext, options: Partial<CampusSsoOptions<Json>>): Promise<Redeployable> {
  const runs: string[] = [];
  let chain: readonly Middleware[] = [];
  const use = (app: Koa, sso: CampusSso<Json>) => {
    chain = [sso.session(app), sso.routes(), sso.requireLogin({ keepBody: true }), recording(runs)] as Middleware[];
  };
  const scene = await keepScene(t, {
    options,
    mount(app, sso) {
      // The session cookie of the host is not what these tests are about, so it survives.
      app.keys = ['the key of the host'];
      use(app, sso);
      app.use((ctx, next) => chain.reduceRight<() => Promise<void>>((inner, one) => () => one(ctx, inner), next)());
    },
  });
  return Object.assign(scene, {
    runs,
    deploy(changed: Partial<CampusSsoOptions<Json>>) {
      const { portal, fakeCas } = scene;
      const line = (message: string) => void portal.log.push(message);
      const sso = startSso<Json>({
        baseUrl: portal.url,
        secrets: [TEST_SECRET],
        login: cas(proxyingCas(fakeCas.url)),
        logger: { debug: line, info: line, warn: line, error: line },
        ...options,
        ...changed,
      });
      scene.onEnd(() => sso.close());
      use(portal.app, sso);
    },
  });
}

/** Answers everything, and remembers the bodies of forms with who sent them. */
export function recording(runs: string[]): Middleware {
  return async (ctx) => {
    const chunks: Buffer[] = [];
    for await (const chunk of ctx.req) chunks.push(chunk as Buffer);
    const { user } = ctx.state as { user?: { id: string } };
    if (ctx.method !== 'GET') runs.push(`${user?.id} ${ctx.method} ${ctx.originalUrl} ${Buffer.concat(chunks)}`);
    ctx.body = { page: ctx.originalUrl, user };
  };
}

/** Every way in which a text may stand in a store without being sealed. */
export function formsOf(text: string): readonly string[] {
  const shifted = [0, 1, 2].map((by) => Buffer.concat([Buffer.alloc(by), Buffer.from(text)]));
  // The ends depend on what stands beside it.
  const inBase64 = shifted.map((bytes) => bytes.toString('base64').slice(4, -4));
  return [text, Buffer.from(text).toString('hex'), ...inBase64];
}
