import assert from 'node:assert/strict';
import { request } from 'node:http';
import type { TestContext } from 'node:test';
import type { Context } from 'koa';
import type { KeyvLike } from '../../src/index.ts';
import type { Browser, Page, TypedBytes } from '../support/browser.ts';
import {
  endSessions,
  expireGrants,
  FORM,
  type KeepScene,
  type KeepSetup,
  keepScene,
  REGISTRY,
  submit,
} from './keep-support.ts';
import { kindOf } from './proxy-support.ts';
import { cookiesFor, NAVIGATION } from './support.ts';

export interface Run {
  readonly replay: Record<string, unknown> | undefined;
  readonly key: string;
}

/** A portal that writes down each run of its handler, also one that fails in the end. */
export async function recordingScene(t: TestContext, setup: KeepSetup = {}) {
  const runs: Run[] = [];
  const scene = await keepScene(t, {
    async act(ctx: Context) {
      if (ctx.method === 'POST')
        runs.push({ replay: ctx.state.replay && { ...ctx.state.replay }, key: ctx.get('Idempotency-Key') });
      if (ctx.path.startsWith('/file')) await ctx.sso.proxyTicket(REGISTRY);
    },
    ...setup,
  });
  return { scene, runs };
}

/** Both reasons why a login interrupts a form, and a page that it happens on. */
export const INTERRUPTIONS: readonly (readonly [
  'E1' | 'E2',
  string,
  (scene: KeepScene, browser: Browser) => Promise<void>,
])[] = [
  ['E1', '/form', (_scene, browser) => endSessions(browser)],
  ['E2', '/file', async (scene) => expireGrants(scene)],
];

/** A store that a test can look into, and that fails where it is told to. */
export interface Shelf extends KeyvLike {
  /** `get login`, `set flow`, since the last `forget()`. */
  readonly calls: string[];
  forget(): void;
  /** How many records of a kind there are. */
  count(kind: string): number;
  /** All keys and values, as they lie there. */
  text(): string;
  /** Takes away all records of the kinds. */
  lose(...kinds: readonly string[]): void;
  /** From now on, calls named so fail: before they did anything, or only after it. */
  fail(how: Failure, ...calls: readonly string[]): void;
  recover(): void;
  /** Holds the next call named so before it does anything: `reached` when there is one, and let on by `open()`. */
  hold(name: string): { readonly reached: Promise<void>; open(): void };
}

export type Failure = 'throws' | 'hangs' | 'throws after it';

export function openShelf(): Shelf {
  const records = new Map<string, unknown>();
  const calls: string[] = [];
  let failing: readonly string[] = [];
  let failure: Failure = 'throws';
  let held: { readonly name: string; reached(): void; readonly opened: Promise<void> } | undefined;
  const refused = () => Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });

  async function call<T>(operation: string, key: string, work: () => T): Promise<T> {
    const name = `${operation} ${kindOf(key)}`;
    calls.push(name);
    if (held?.name === name) {
      const { reached, opened } = held;
      held = undefined;
      reached();
      await opened;
    }
    if (!failing.includes(name)) return work();
    if (failure === 'hangs') return new Promise(() => {});
    if (failure === 'throws after it') work();
    throw refused();
  }
  return {
    calls,
    forget: () => void calls.splice(0),
    count: (kind) => [...records.keys()].filter((key) => kindOf(key) === kind).length,
    text: () => JSON.stringify([...records]),
    lose(...kinds) {
      for (const key of records.keys()) if (kinds.includes(kindOf(key))) records.delete(key);
    },
    fail(how, ...names) {
      failure = how;
      failing = names;
    },
    recover() {
      failing = [];
    },
    hold(name) {
      let open = () => {};
      const opened = new Promise<void>((resolve) => {
        open = resolve;
      });
      const reached = new Promise<void>((resolve) => {
        held = { name, reached: resolve, opened };
      });
      return { reached, open };
    },
    get: (key) => call('get', key, () => records.get(key)),
    set: (key, value) => call('set', key, () => Boolean(records.set(key, value))),
    delete: (key) => call('delete', key, () => records.delete(key)),
  };
}

/** What the cookie of a kept request says. */
export interface KeptCookie {
  readonly name: string;
  readonly handle: string;
  readonly id: string;
  readonly secret: string;
  readonly browser: string;
  readonly attempt: string;
}

export function keptCookies(browser: Browser): readonly KeptCookie[] {
  return browser.cookies.all().flatMap(({ name, value }) => {
    const handle = /^(?:__Host-)?sso-request-.*([\w-]{22})$/.exec(name)?.[1];
    const [, id = '', secret = '', browserId = '', attempt = ''] = value.split('.');
    return handle === undefined ? [] : [{ name, handle, id, secret, browser: browserId, attempt }];
  });
}

/** Sends a form that a login interrupts, up to the page that it goes on from. */
export async function upToResume(browser: Browser, scene: KeepScene, path: string, body = FORM): Promise<Page> {
  const page = await (await submit(browser, scene, path, body)).settle();
  assert.match(page.url.pathname, /^\/sso\/resume\//, `${page.status} ${page.url}: ${page.body}`);
  assert.equal(page.status, 200, page.body);
  return page;
}

/** Fills in the form of the login server. */
export async function fillIn(page: Page, scene: KeepScene, name = 'alice'): Promise<Page> {
  const user = scene.fakeCas.users.find((candidate) => candidate.name === name);
  const [form] = page.forms;
  assert.ok(user && form && page.url.pathname.endsWith('/login'), `no login form: ${page.status} ${page.url}`);
  return (await page.submit(form, { username: user.name, password: user.password })).settle();
}

export function assertCode(page: Page, status: number, code: string): void {
  assert.equal(page.status, status, page.body);
  assert.match(page.body, new RegExp(`<code>${code}</code>`));
}

/** The page of a login that could not keep what was sent. */
export function assertNotSent(page: Page, code: string): void {
  assert.equal(page.status, 200, page.body);
  assert.equal(page.url.pathname, '/sso/not-sent');
  assert.equal(page.url.searchParams.get('code'), code);
}

/** A form that is under way: what is left of it goes when the test says so. */
export interface Upload {
  finish(): void;
  /** The answer: a redirect is followed by the browser then. */
  readonly answer: Promise<{ readonly status: number; readonly location: string }>;
}

/** Sends the first half of a form from a page of the portal. */
export function uploadSlowly(browser: Browser, scene: KeepScene, path: string, body: TypedBytes): Upload {
  const url = new URL(scene.portal.url + path);
  const half = Math.floor(body.bytes.length / 2);
  const outgoing = request(url, {
    method: 'POST',
    agent: false,
    headers: {
      ...NAVIGATION,
      ...cookiesFor(browser, url.href),
      origin: url.origin,
      'sec-fetch-site': 'same-origin',
      'content-type': body.type ?? '',
      'content-length': body.bytes.length,
    },
  });
  const answer = new Promise<{ status: number; location: string }>((resolve, reject) => {
    outgoing.on('error', reject).on('response', (incoming) => {
      browser.cookies.store(url, incoming.headers['set-cookie'] ?? []);
      resolve({ status: incoming.statusCode ?? 0, location: incoming.headers.location ?? '' });
      incoming.resume();
    });
  });
  outgoing.write(body.bytes.subarray(0, half));
  return { finish: () => void outgoing.end(body.bytes.subarray(half)), answer };
}

export interface Part {
  readonly name: string;
  readonly value: string | Uint8Array;
  readonly file?: string;
  readonly type?: string;
}

/** A form with files, as browsers write it. */
export function multipart(parts: readonly Part[]): TypedBytes {
  const boundary = '----WebKitFormBoundary7MA4YWxk';
  const pieces = parts.flatMap(({ name, value, file, type }) => [
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file ? `; filename="${file}"` : ''}\r\n`,
    ),
    Buffer.from(type ? `Content-Type: ${type}\r\n\r\n` : '\r\n'),
    Buffer.from(value),
    Buffer.from('\r\n'),
  ]);
  return {
    bytes: Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]),
    type: `multipart/form-data; boundary=${boundary}`,
  };
}
