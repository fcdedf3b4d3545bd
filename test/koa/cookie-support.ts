import assert from 'node:assert/strict';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import Koa, { type Context } from 'koa';
import { type ResolvedOptions, resolveOptions } from '../../src/options.ts';
import { cas } from '../../src/protocols/cas/index.ts';
import { CookieJar } from '../support/cookie-jar.ts';
import { TEST_SECRET } from '../support/portal.ts';

export const HTTP_URL = 'http://localhost:3000';
export const HTTPS_URL = 'https://portal.example.edu';

export interface CookieSetup {
  readonly baseUrl?: string;
  readonly secrets?: readonly string[];
  readonly clock?: () => number;
}

export function optionsWith({ baseUrl = HTTP_URL, secrets = [TEST_SECRET], clock }: CookieSetup = {}): ResolvedOptions {
  const login = cas({ serverUrl: 'https://login.example.edu/cas' });
  return resolveOptions({ baseUrl, secrets, login, ...(clock === undefined ? {} : { clock }) });
}

/** A request that carries these cookies, and the answer to it, without a connection. */
export function contextFor(cookie = ''): Context {
  const incoming = new IncomingMessage(new Socket());
  if (cookie !== '') incoming.headers.cookie = cookie;
  return new Koa().createContext(incoming, new ServerResponse(incoming));
}

/** The `Set-Cookie` lines of an answer. */
export function linesOf(ctx: Context): readonly string[] {
  return [ctx.res.getHeader('Set-Cookie') ?? []].flat().map(String);
}

/** The names of the cookies that an answer takes away. */
export function clearedBy(ctx: Context): readonly string[] {
  return linesOf(ctx).flatMap((line) => /^([^=]+)=; .*expires=Thu, 01 Jan 1970/.exec(line)?.[1] ?? []);
}

/** A browser: what one answer sets, the next request carries. */
export function browserAt(url: string) {
  const jar = new CookieJar();
  return {
    jar,
    visit<T>(use: (ctx: Context) => T): T {
      const ctx = contextFor(jar.header(new URL(url)));
      const result = use(ctx);
      jar.store(new URL(url), linesOf(ctx));
      return result;
    },
  };
}

/** Flags and life of a cookie of ours. */
export function assertOurCookie(line: string | undefined, https: boolean, lifeMs: number): void {
  assert.ok(line);
  assert.match(line, /; path=\/(;|$)/);
  assert.match(line, /; httponly/);
  assert.match(line, /; samesite=lax/);
  assert.doesNotMatch(line, /; domain=/);
  assert.equal(/; secure/.test(line), https);
  assert.equal(line.startsWith('__Host-'), https);
  const left = Date.parse(/; expires=([^;]+)/.exec(line)?.[1] ?? '') - Date.now();
  assert.ok(Math.abs(left - lifeMs) < 10_000, `kept for ${left} ms`);
}
