import type { Context } from 'koa';
import type { ResolvedOptions } from '../options.ts';
import { cookieName, cookiesOf, cookiesSet, setCookie } from './cookie-header.ts';

/** What a browser holds of a request that was kept for it. */
export interface KeptRequestCookie {
  /** Public: the end of the cookie's name, and what addresses of ours carry. 22 base64url characters. */
  readonly handle: string;
  /** Id of the saved request, 43 base64url characters. */
  readonly id: string;
  /** 43 base64url characters; what the record opens with. */
  readonly secret: string;
  /** Opaque id under which what waits for this browser is counted, and erased together. 22 base64url characters. */
  readonly browser: string;
  /** The login attempt that is to bring the request back; empty until the browser is sent away. */
  readonly attempt: string;
}

/** The cookies of the requests that were kept for a browser, one for each request. */
export interface RequestCookies {
  /** Those of this browser, the latest first, including what this very answer sets, without what it clears. */
  of(ctx: Context): readonly KeptRequestCookie[];
  find(ctx: Context, handle: string): KeptRequestCookie | undefined;
  ofRequest(ctx: Context, id: string): KeptRequestCookie | undefined;
  /** Undefined for the empty text, which is no attempt. */
  ofAttempt(ctx: Context, attempt: string): KeptRequestCookie | undefined;
  /** The id of this browser: that of the latest cookie it holds, or a new one. The same all through one request. */
  browserOf(ctx: Context): string;
  /**
   * Sets, or replaces, the cookie of a handle, for one hour. What is replaced keeps its age. Beyond 8 cookies the oldest
   * are cleared, and malformed ones always, but no more than 8 in one answer.
   *
   * @throws RangeError if a part is not as {@link KeptRequestCookie} says
   */
  issue(ctx: Context, kept: KeptRequestCookie): void;
  /** Does nothing for a handle that this browser has no cookie of. */
  clear(ctx: Context, handle: string): void;
  /** Clears 8 cookies at most, the latest first: a browser has more only if it was given several at the same moment. */
  clearAll(ctx: Context): void;
}

interface Held {
  readonly kept: KeptRequestCookie;
  /** In seconds since 1970. */
  readonly issuedAt: number;
}

/** More than these in one browser and the oldest go: a cookie header has an end. */
const MAX_COOKIES = 8;
/** How many cookies one answer may take away, so that its own header stays small. */
const MAX_CLEARED = 8;
/** In milliseconds. Longer than a request is kept, so that a person who comes back late can be told that it is gone. */
const LIFE_MS = 60 * 60_000;
const BROWSER_BYTES = 16;

const HANDLE = /^[\w-]{22}$/;
const VALUE = /^(0|[1-9a-z][0-9a-z]{0,7})\.([\w-]{43})\.([\w-]{43})\.([\w-]{22})\.((?:[\w-]{22})?)$/;

export function createRequestCookies(options: ResolvedOptions, random: (bytes: number) => Buffer): RequestCookies {
  const { clock } = options;
  const prefix = `${cookieName(options, 'request')}-`;
  // By request and not by context, of which an application may hand on a copy.
  const browsers = new WeakMap<Context['req'], string>();

  /** Nothing but a handle becomes part of the name of a cookie, so others of the prefix are left alone. */
  const handleOf = (name: string) => {
    const handle = name.startsWith(prefix) ? name.slice(prefix.length) : '';
    return HANDLE.test(handle) ? handle : undefined;
  };

  /** By handle, in the order in which the browser got them; undefined for a malformed one. */
  const look = (ctx: Context): Map<string, Held | undefined> => {
    const found = new Map<string, Held | undefined>();
    for (const [name, value] of cookiesOf(ctx)) {
      const handle = handleOf(name);
      // Over http a neighbour can plant a second cookie of the name, for a path of ours; garbage must not hide the good one.
      if (handle !== undefined) found.set(handle, found.get(handle) ?? parse(handle, value));
    }
    for (const [name, value] of cookiesSet(ctx)) {
      const handle = handleOf(name);
      if (handle === undefined) continue;
      if (value === '') found.delete(handle);
      else found.set(handle, parse(handle, value));
    }
    return found;
  };
  const forget = (ctx: Context, handle: string) => setCookie(ctx, options, prefix + handle, null, 0);
  const clearedBy = (ctx: Context) =>
    cookiesSet(ctx).filter(([name, value]) => value === '' && handleOf(name) !== undefined).length;

  const cookies: RequestCookies = {
    of: (ctx) => latestFirst(look(ctx)),
    find: (ctx, handle) => look(ctx).get(handle)?.kept,
    ofRequest: (ctx, id) => cookies.of(ctx).find((kept) => kept.id === id),
    ofAttempt: (ctx, attempt) => cookies.of(ctx).find((kept) => attempt !== '' && kept.attempt === attempt),
    browserOf(ctx) {
      const browser =
        browsers.get(ctx.req) ?? cookies.of(ctx)[0]?.browser ?? random(BROWSER_BYTES).toString('base64url');
      browsers.set(ctx.req, browser);
      return browser;
    },
    issue(ctx, kept) {
      const found = look(ctx);
      const issuedAt = found.get(kept.handle)?.issuedAt ?? Math.floor(clock() / 1000);
      const value = [issuedAt.toString(36), kept.id, kept.secret, kept.browser, kept.attempt].join('.');
      // Without the value in the message: it may come to a log.
      if (!HANDLE.test(kept.handle) || !VALUE.test(value))
        throw new RangeError('A part of a request cookie is malformed.');
      found.delete(kept.handle);
      const tooMany = latestFirst(found)
        .slice(MAX_COOKIES - 1)
        .map(({ handle }) => handle)
        .reverse();
      const room = Math.max(0, MAX_CLEARED - clearedBy(ctx));
      for (const handle of [...tooMany, ...malformed(found)].slice(0, room)) forget(ctx, handle);
      setCookie(ctx, options, prefix + kept.handle, value, LIFE_MS);
    },
    clear(ctx, handle) {
      if (look(ctx).has(handle)) forget(ctx, handle);
    },
    clearAll(ctx) {
      const found = look(ctx);
      const handles = [...latestFirst(found).map(({ handle }) => handle), ...malformed(found)];
      for (const handle of handles.slice(0, MAX_CLEARED)) forget(ctx, handle);
    },
  };
  return cookies;
}

function parse(handle: string, value: string): Held | undefined {
  const [, issuedAt = '', id = '', secret = '', browser = '', attempt = ''] = VALUE.exec(value) ?? [];
  if (id === '') return undefined;
  return { kept: { handle, id, secret, browser, attempt }, issuedAt: Number.parseInt(issuedAt, 36) };
}

function latestFirst(found: ReadonlyMap<string, Held | undefined>): KeptRequestCookie[] {
  return [...found.values()]
    .flatMap((held) => held ?? [])
    .reverse()
    .sort((a, b) => b.issuedAt - a.issuedAt)
    .map(({ kept }) => kept);
}

function malformed(found: ReadonlyMap<string, Held | undefined>): string[] {
  return [...found].flatMap(([handle, held]) => (held === undefined ? [handle] : []));
}
