import type { Context } from 'koa';
import type { PrincipalRef } from '../../machines/vocabulary.ts';
import type { ResolvedOptions } from '../options.ts';
import { createSealer } from '../storage/seal.ts';
import { cookieName, cookiesSet, readCookie, setCookie } from './cookie-header.ts';

/** Remembers a person past the end of the session, so that a form sent after it is given back to nobody else. */
export interface OwnerCookie {
  /** Who was signed in here last and did not sign out; undefined for nobody, or for a cookie that is not ours. */
  read(ctx: Context): PrincipalRef | undefined;
  /** Remembers a person for seven days. A name too long for a cookie is not kept, and the one before it goes. */
  write(ctx: Context, principal: PrincipalRef): void;
  /** Sets no header unless the browser sent such a cookie, or this answer wrote one. */
  clear(ctx: Context): void;
}

/** What the cookie holds, sealed. */
interface Owner extends PrincipalRef {
  /** In milliseconds since 1970. */
  readonly until: number;
}

/** How long a person is remembered, in milliseconds. */
const LIFE_MS = 7 * 24 * 3_600_000;
/** Name and value, in bytes. Browsers drop a cookie of more than 4096, some counting its attributes. */
const MAX_BYTES = 3500;

export function createOwnerCookie(options: ResolvedOptions): OwnerCookie {
  const { clock } = options;
  const name = cookieName(options, 'owner');
  const sealer = createSealer(options.secrets);
  const written = (ctx: Context) => cookiesSet(ctx).find(([candidate]) => candidate === name)?.[1];

  const cookie: OwnerCookie = {
    read(ctx) {
      const value = written(ctx) ?? readCookie(ctx, name);
      const opened = value === undefined ? undefined : sealer.open(value, name);
      const owner = opened && parse(opened.toString('utf8'));
      // A browser may keep a cookie for longer than it was told to.
      return owner && clock() < owner.until ? { issuer: owner.issuer, id: owner.id } : undefined;
    },
    write(ctx, { issuer, id }) {
      const owner: Owner = { issuer, id, until: clock() + LIFE_MS };
      const value = sealer.seal(JSON.stringify(owner), name);
      if (name.length + 1 + value.length > MAX_BYTES) cookie.clear(ctx);
      else setCookie(ctx, options, name, value, LIFE_MS);
    },
    clear(ctx) {
      if (written(ctx) !== undefined || readCookie(ctx, name) !== undefined) setCookie(ctx, options, name, null, 0);
    },
  };
  return cookie;
}

function parse(json: string): Owner | undefined {
  try {
    const { issuer, id, until } = JSON.parse(json) as Record<keyof Owner, unknown>;
    return typeof issuer === 'string' && typeof id === 'string' && typeof until === 'number'
      ? { issuer, id, until }
      : undefined;
  } catch {
    return undefined;
  }
}
