import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer, request } from 'node:http';
import type { TestContext } from 'node:test';
import Keyv from 'keyv';
import { createProxyGrants } from '../../src/storage/proxy-grants.ts';
import { createStore, type KeyvLike, type RecordKind } from '../../src/storage/store.ts';
import type { Browser, Page } from '../support/browser.ts';
import { listen, logIn, type Portal, TEST_SECRET } from '../support/portal.ts';
import { type ProxyScene, type ProxySceneSetup, startProxyScene } from '../support/proxying.ts';
import { codeOf, type RawAnswer, type RawRequest, raw } from './support.ts';

/** A portal with proxy grants and a fake CAS server that end with the test. */
export async function sceneFor(t: TestContext, setup: ProxySceneSetup = {}): Promise<ProxyScene> {
  const scene = await startProxyScene(setup);
  t.after(() => scene.close());
  return scene;
}

/** A new browser that somebody is signed in with. */
export async function signIn(scene: ProxyScene, name = 'alice', portal: Portal = scene.portal): Promise<Browser> {
  const browser = scene.browser();
  const page = await logIn(browser, `${portal.url}/me`, scene.fakeCas, name);
  assert.equal(page.status, 200, page.body);
  assert.equal(JSON.parse(page.body).user.id, name);
  return browser;
}

export const SERVICE = 'imap://mail.example.edu';

/** The page that asks for a ticket to a service. */
export function askForTicket(browser: Browser, portal: Portal, service = SERVICE): Promise<Page> {
  return browser.get(`${portal.url}/ticket?for=${encodeURIComponent(service)}`);
}

/** Asserts that somebody in this browser gets a ticket. */
export async function assertTicket(browser: Browser, portal: Portal, service = SERVICE): Promise<void> {
  const page = await askForTicket(browser, portal, service);
  assert.equal(page.status, 200, page.body);
  assert.match(JSON.parse(page.body).ticket, /^PT-\d/);
}

/** Asserts that nobody in this browser gets one, and why; gives the message. */
export async function assertNoTicket(browser: Browser, portal: Portal, code: string): Promise<string> {
  const page = await askForTicket(browser, portal);
  const thrown = portal.errors.at(-1);
  assert.equal(codeOf(thrown), code, page.body);
  assert.ok(thrown instanceof Error && 'status' in thrown);
  assert.equal(page.status, thrown.status);
  return thrown.message;
}

/** Signs the person in this browser out. */
export function signOut(browser: Browser, portal: Portal, query = ''): Promise<Page> {
  return browser.post(`${portal.url}/sso/logout${query}`, {}, { from: `${portal.url}/me` });
}

/** The kind of record that a key of the raw store belongs to. */
export function kindOf(key: string): string {
  return /(?:^|:)([a-z-]+):[\w-]{43}$/.exec(key)?.[1] ?? key;
}

/** A store that a test can look into with the key; unless it gives one of its own, by kind as well. */
export function openStore(other?: KeyvLike) {
  const records = new Map<string, unknown>();
  const keyv: KeyvLike = other ?? new Keyv({ store: records });
  const store = createStore({ keyv, secrets: [TEST_SECRET] });
  const grants = createProxyGrants({ store, clock: Date.now, random: randomBytes });
  return {
    keyv,
    /** How many records of a kind there are. */
    count: (kind: RecordKind) => [...records.keys()].filter((key) => kindOf(key) === kind).length,
    /** The records as they lie there. */
    text: () => JSON.stringify([...records]),
    read: <T>(kind: RecordKind, id: string) => store.get<T>(kind, id),
    /** What was delivered under a name and not claimed. */
    delivered: (pgtIou: string) => grants.claim(pgtIou, 1),
  };
}

/** Sends a form as a login server that delivers by POST does. */
export function postForm(url: string, form: string, headers: RawRequest['headers'] = {}): Promise<RawAnswer> {
  const type = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': `${Buffer.byteLength(form)}` };
  return raw(url, { method: 'POST', headers: { ...type, ...headers }, body: form });
}

/** Stands in front of a portal, and sees, holds or answers the calls to it. */
export interface Relay {
  readonly url: string;
  /** `GET /path?query`, in order. */
  readonly calls: string[];
  /** From now on calls go there. */
  to(url: string): void;
  /** From now on calls are answered with this status and go nowhere. */
  answerWith(status: number): void;
  /** Holds the next call: `reached` when there is one, let on by `open()`, and `passed` when it has been answered. */
  hold(): { readonly reached: Promise<void>; open(): void; readonly passed: Promise<void> };
}

interface Gate {
  reached(): void;
  readonly open: Promise<void>;
  passed(): void;
}

/** A relay that ends with the test. Until it is told where calls go, it answers them with 404. */
export async function startRelay(t: TestContext): Promise<Relay> {
  const calls: string[] = [];
  let target: string | undefined;
  let status = 404;
  let gate: Gate | undefined;
  const server = createServer(async (incoming, answer) => {
    const { method = 'GET', url: path = '/', headers } = incoming;
    calls.push(`${method} ${path}`);
    const held = gate;
    gate = undefined;
    if (held) answer.on('close', held.passed);
    held?.reached();
    await held?.open;
    if (target === undefined) {
      answer.writeHead(status).end();
      return;
    }
    const onward = request(target, { method, headers, path, agent: false }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    incoming.pipe(onward);
  });
  const url = await listen(server);
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url,
    calls,
    to(next) {
      target = next;
    },
    answerWith(next) {
      target = undefined;
      status = next;
    },
    hold() {
      const [reached, open, passed] = [defer(), defer(), defer()];
      gate = { reached: reached.resolve, open: open.promise, passed: passed.resolve };
      return { reached: reached.promise, open: open.resolve, passed: passed.promise };
    },
  };
}

function defer(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve: () => resolve() };
}
