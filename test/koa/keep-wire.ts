import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import type { TestContext } from 'node:test';
import { explanations, type SsoErrorCode } from '../../src/errors.ts';
import type { Browser, Page } from '../support/browser.ts';
import { listen } from '../support/portal.ts';
import { serverFor, type Wire, wireTo } from './body-support.ts';
import { endSessions, expireGrants, type KeepScene, type KeepSetup, keepScene } from './keep-support.ts';
import { cookiesFor } from './support.ts';
import { keyvs, WatchedAdapter } from './watched-store.ts';

export interface WatchedScene extends KeepScene {
  /** What was ever written about kept requests. */
  readonly stored: readonly string[];
}

/** The scene, over a store that remembers what was written to it. */
export async function watchedScene(t: TestContext, { options, ...setup }: KeepSetup = {}): Promise<WatchedScene> {
  const adapter = new WatchedAdapter();
  const store = keyvs[0]![1](adapter);
  const scene = await keepScene(t, { ...setup, options: { store, ...options } });
  const stored = () => adapter.log.filter((line) => /^set (.*:)?request/.test(line));
  return Object.defineProperty(scene, 'stored', { get: stored }) as WatchedScene;
}

/** The two ways a login comes between a person and what they sent. */
export interface Entry {
  readonly name: 'E1' | 'E2';
  readonly path: string;
  /** What the handler began before the login. */
  readonly begun: number;
  interrupt(scene: KeepScene, browser: Browser): Promise<void>;
}

export const E1: Entry = {
  name: 'E1',
  path: '/form/1?term=2',
  begun: 0,
  interrupt: (_scene, browser) => endSessions(browser),
};

export const E2: Entry = {
  name: 'E2',
  path: '/file/1?term=2',
  begun: 1,
  interrupt: async (scene) => expireGrants(scene),
};

export const ENTRIES = [E1, E2] as const;

/** The same scene, at another address. */
export function seenAt<Scene extends KeepScene>(scene: Scene, url: string): Scene {
  return Object.create(scene, { portal: { value: { ...scene.portal, url } } });
}

/** What a browser says of a form on a page of the portal, cookies included. */
export function formHeaders(scene: KeepScene, browser: Browser): Record<string, string> {
  const { url } = scene.portal;
  return {
    accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
    origin: new URL(url).origin,
    referer: `${url}/form`,
    'sec-fetch-dest': 'document',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-site': 'same-origin',
    ...cookiesFor(browser, url),
  };
}

export interface Sent {
  readonly method?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes?: Uint8Array;
  /** In chunks of some bytes, without a length. */
  readonly chunked?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Goes on as a browser does: follows the redirects with the cookies that the answer set. */
  settle(): Promise<Page>;
}

/** One request with these headers and no others. */
export function sendBare(browser: Browser, url: string, { method = 'POST', headers, ...sent }: Sent): Promise<Answer> {
  const { bytes = Buffer.alloc(0), chunked = false } = sent;
  return new Promise((resolve, reject) => {
    const framing = chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': `${bytes.length}` };
    const outgoing = request(url, { method, headers: { ...framing, ...headers }, agent: false }, async (incoming) => {
      let body = '';
      for await (const chunk of incoming.setEncoding('utf8')) body += chunk;
      const answered = { status: incoming.statusCode ?? 0, headers: incoming.headers, body };
      resolve(continued(browser, url, answered));
    });
    outgoing.on('error', reject);
    if (chunked) for (let at = 0; at < bytes.length; at += 1000) outgoing.write(bytes.subarray(at, at + 1000));
    outgoing.end(chunked ? undefined : bytes);
  });
}

function continued(browser: Browser, url: string, answer: Omit<Answer, 'settle'>): Answer {
  const { location, 'set-cookie': cookies = [] } = answer.headers;
  browser.cookies.store(new URL(url), cookies);
  return {
    ...answer,
    async settle() {
      assert.ok(location, `no redirect: ${answer.status} ${answer.body}`);
      return (await browser.get(new URL(location, url))).settle();
    },
  };
}

/** Connections to the application of a scene, to write bytes to. */
export async function wireFor(t: TestContext, scene: KeepScene, prepare: (server: Server) => void = () => {}) {
  const server = await serverFor(t, scene.portal.app.callback());
  prepare(server);
  return (): Wire => wireTo(t, server);
}

/** The first answer that came over a connection, taken by a browser; what came before it was for the protocol. */
export async function answerOn(browser: Browser, scene: KeepScene, wire: Wire, status: number): Promise<Answer> {
  await wire.until(`HTTP/1.1 ${status} `);
  await wire.until('\r\n\r\n');
  const head = /HTTP\/1\.1 [2-5]\d\d [\s\S]*?\r\n\r\n/.exec(wire.text)?.[0] ?? '';
  const lines = head.split('\r\n').map((line) => /^([^:]+): (.*)$/.exec(line));
  const valuesOf = (name: string) =>
    lines.flatMap((line) => (line?.[1]?.toLowerCase() === name ? [line[2] ?? ''] : []));
  const headers = { 'set-cookie': valuesOf('set-cookie'), location: valuesOf('location')[0] };
  return continued(browser, scene.portal.url, { status, headers, body: '' });
}

/** The page that tells what became of what somebody sent, and leads back to the page it was sent from, by GET. */
export async function assertTold(scene: KeepScene, page: Page, code: SsoErrorCode): Promise<void> {
  assert.equal(
    `${page.status} ${page.method} ${page.url.pathname}`,
    `200 GET ${pathOf(scene)}/sso/not-sent`,
    page.body,
  );
  assert.equal(page.url.searchParams.get('code'), code);
  assert.ok(page.body.includes(explanations[code].message), page.body);
  const seen = scene.seen.length;
  const back = await page.click(/<a class="primary" href="([^"]+)"/.exec(page.body)?.[1] ?? '');
  assert.equal(`${back.status} ${back.url}`, `200 ${scene.portal.url}/form`);
  assert.equal(scene.seen[seen]?.method, 'GET');
  assert.equal(scene.seen.length, seen + 1);
}

function pathOf({ portal }: KeepScene): string {
  return new URL(portal.url).pathname.replace(/\/$/, '');
}

/** What the handler did with what was sent, before and after the login. */
export function posted(scene: KeepScene) {
  return scene.seen.filter(({ method }) => method !== 'GET');
}

/** Erases all that a test has no interest in: the requests for pages. */
export function begunWith(scene: KeepScene): readonly string[] {
  return scene.begun.filter((line) => !line.startsWith('GET '));
}

export interface ProxyRules {
  readonly rewrite?: (path: string) => string;
  /** Headers that it takes off. */
  readonly strip?: readonly string[];
}

/** The address of a reverse proxy, before it is known what stands behind it. */
export async function proxyFor(t: TestContext, { rewrite = (path) => path, strip = [] }: ProxyRules = {}) {
  let target = '';
  const server = createServer((incoming, outgoing) => {
    const headers = Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => !strip.includes(name)));
    const onward = request(
      target,
      { method: incoming.method, headers, path: rewrite(incoming.url ?? '/') },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    incoming.pipe(onward);
  });
  const url = await listen(server);
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url,
    standInFrontOf(address: string) {
      target = address;
    },
  };
}
