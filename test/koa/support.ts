import assert from 'node:assert/strict';
import { type IncomingHttpHeaders, request } from 'node:http';
import type { TestContext } from 'node:test';
import { isSsoError } from '../../src/errors.ts';
import type { FakeCas } from '../../src/testing/fake-cas.ts';
import type { Browser, Page } from '../support/browser.ts';
import { logIn, type PortalSetup, startPair } from '../support/portal.ts';

export type Pair = Awaited<ReturnType<typeof startPair>>;

/** A portal and a fake CAS server that end with the test. */
export async function pairFor(t: TestContext, setup: Parameters<typeof startPair>[0] = {}): Promise<Pair> {
  const pair = await startPair(setup);
  t.after(() => pair.close());
  return pair;
}

/** The same with a browser that alice is signed in with. */
export async function signedInPair(t: TestContext, setup: Parameters<typeof startPair>[0] = {}) {
  const pair = await pairFor(t, setup);
  const visitor = pair.browser();
  const page = await logIn(visitor, `${pair.portal.url}/start`, pair.fakeCas);
  assert.equal(userOf(page), 'alice');
  pair.portal.log.length = 0;
  return { pair, visitor };
}

/** What a browser says when a person types an address. */
export const NAVIGATION: Readonly<Record<string, string>> = {
  accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
  'sec-fetch-dest': 'document',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-site': 'none',
};

/** What it says for `fetch()` in a page of the same site. */
export const FETCH: Readonly<Record<string, string>> = {
  accept: 'application/json',
  'sec-fetch-dest': 'empty',
  'sec-fetch-mode': 'cors',
  'sec-fetch-site': 'same-origin',
};

/** Requests that no person is looking at. */
export const NOT_LOOKED_AT: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
  ['HEAD', 'HEAD', NAVIGATION],
  ['a prefetch', 'GET', { ...NAVIGATION, 'sec-purpose': 'prefetch' }],
  ['a prerender', 'GET', { ...NAVIGATION, 'sec-purpose': 'prefetch;prerender' }],
  ['a prefetch of an old Safari', 'GET', { ...NAVIGATION, purpose: 'prefetch' }],
  ['a prefetch of an old Firefox', 'GET', { ...NAVIGATION, 'x-moz': 'prefetch' }],
  ['fetch', 'GET', FETCH],
  ['an XHR', 'GET', { accept: 'text/html', 'x-requested-with': 'XMLHttpRequest' }],
  ['an image', 'GET', { accept: 'image/*', 'sec-fetch-dest': 'image', 'sec-fetch-mode': 'no-cors' }],
  ['an image of an old browser', 'GET', { accept: 'image/*' }],
  ['an iframe', 'GET', { ...NAVIGATION, 'sec-fetch-dest': 'iframe' }],
  ['a script without headers', 'GET', {}],
];

export interface RawRequest {
  readonly method?: string;
  /** The request target as it stands in the request line. */
  readonly target?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request, nothing added and nothing followed: for what no browser sends. */
export function raw(
  url: string,
  { method = 'GET', target, headers = {}, body: sent }: RawRequest = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const options = { method, headers, agent: false, ...(target === undefined ? {} : { path: target }) };
    const outgoing = request(url, options, async (incoming) => {
      let body = '';
      for await (const chunk of incoming.setEncoding('utf8')) body += chunk;
      resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body });
    });
    outgoing.on('error', reject).end(sent);
  });
}

/** The `Cookie` header made of `Set-Cookie` lines, empty ones left out. */
export function cookieHeader(setCookie: readonly string[] = []): string {
  return setCookie
    .map((line) => line.split(';')[0] ?? '')
    .filter((pair) => !/^[^=]*=$/.test(pair))
    .join('; ');
}

/** The cookies that a browser would send to the portal now. */
export function cookiesFor(browser: Browser, url: string): Record<string, string> {
  const cookie = browser.cookies.header(new URL(url));
  return cookie === undefined ? {} : { cookie };
}

/** The address to come back to that a redirect to the login server names. */
export function serviceOf(location: URL | string | undefined): string {
  const service = location === undefined ? null : new URL(location).searchParams.get('service');
  assert.ok(service, `no service in ${location}`);
  return service;
}

/** Opens a page and gives the address of the return, with a good ticket, without a visit to the login server. */
export async function returnUrl(browser: Browser, url: string, fakeCas: FakeCas, name = 'alice'): Promise<string> {
  const service = serviceOf((await browser.get(url)).location);
  return withTicket(service, fakeCas.issueTicket(name, service));
}

export function withTicket(service: string, ticket: string): string {
  return `${service}${service.includes('?') ? '&' : '?'}ticket=${encodeURIComponent(ticket)}`;
}

/** Comes back to an address as from the login server. */
export function comeBack(browser: Browser, address: string, { fakeCas }: Pick<Pair, 'fakeCas'>): Promise<Page> {
  return browser.get(address, { from: `${fakeCas.url}/login` });
}

/** Who the page of `mountPages` says is signed in. */
export function userOf(page: { readonly status: number; readonly body: string }): string {
  assert.equal(page.status, 200, page.body);
  return JSON.parse(page.body).user.id;
}

export interface ExpectedFailure {
  readonly code: string;
  readonly status: number;
}

/** A portal, and the login server that its pages may lead to. */
export type Met = Pick<Pair, 'portal'> &
  Partial<Omit<Pair, 'portal' | 'fakeCas'>> & { readonly fakeCas: Pick<FakeCas, 'url'> };

/** A failure as a visitor and an operator should meet it: code, status, a page with a way on, one clean log line. */
export async function assertFailure(page: Page, { portal, fakeCas }: Met, expected: ExpectedFailure): Promise<void> {
  assert.equal(page.status, expected.status, page.body);
  assert.match(page.body, new RegExp(`<code>${expected.code}</code>`));
  assert.match(page.headers.get('content-type') ?? '', /^text\/html; charset=utf-8$/);
  assert.equal(page.headers.get('cache-control'), 'no-store');
  assert.doesNotMatch(page.headers.getSetCookie().join('\n'), /^sso-session[-\w]*=/m, 'the session was touched');
  assert.equal(portal.log.length, 1, portal.log.join('\n'));
  assert.match(portal.log[0] ?? '', new RegExp(`^(warn|error) ${expected.code}\\b`));
  assertNoSecrets(portal.log.join('\n'), page);
  assert.deepEqual(portal.errors, []);
  const link = /<a class="primary" href="([^"]+)"/.exec(page.body)?.[1];
  const form = page.forms[0];
  assert.ok(link || form, 'no way on');
  const next = link ? await page.click(link) : await page.submit(form!);
  assert.ok(next.status === 303 && next.location, `the way on leads nowhere: ${next.status}`);
  const places = [portal.url, new URL(fakeCas.url).origin];
  assert.ok(places.includes(next.location.origin), `the way on leads to ${next.location}`);
}

/** No ticket, cookie value or attempt of this page's request is in the text. */
export function assertNoSecrets(text: string, page: Page): void {
  const secrets = [...page.url.searchParams.values()].filter((value) => value.length > 7);
  for (const secret of secrets) assert.ok(!text.includes(secret), `${secret} is in ${text}`);
  // Not within a digest, where anything may stand.
  assert.doesNotMatch(text, /(?<![\w-])[SP]T-\d/);
}

/** The payload of a koa-session that lives in its cookie. */
export function sessionIn(browser: Browser, name?: string): Record<string, unknown> | undefined {
  const isIt = (candidate: string) => (name === undefined ? /^sso-session-\w+$/.test(candidate) : candidate === name);
  const cookie = browser.cookies.all().find((candidate) => isIt(candidate.name));
  return cookie && JSON.parse(Buffer.from(cookie.value, 'base64').toString('utf8'));
}

/** What our part of a cookie session points to. */
export function pointerIn(browser: Browser): { login: string; person: string } | undefined {
  return sessionIn(browser)?.campusSso as { login: string; person: string } | undefined;
}

export function attemptCookies(browser: Browser): readonly string[] {
  return browser.cookies.all().flatMap(({ name }) => (/^(__Host-)?sso-attempt-/.test(name) ? [name] : []));
}

/** A clock that stands still until it is moved. */
export function stoppedClock(now = Date.now()) {
  return Object.assign(() => now, {
    advance(seconds: number) {
      now += seconds * 1000;
    },
  });
}

/** Pages of an application under test. */
export type Mount = NonNullable<PortalSetup['mount']>;

/** The code of what was thrown. */
export function codeOf(thrown: unknown): string | undefined {
  return isSsoError(thrown) ? thrown.code : undefined;
}
