import type { Context } from 'koa';
import { isNavigation, siteOf } from './request.ts';

/** Methods that may be kept over a login. */
export type KeepableMethod = 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface KeepableOptions {
  /** Scheme, host and port of this site as it is configured, never as a request names it. */
  readonly origin: string;
  /** Default: POST alone. */
  readonly methods?: readonly KeepableMethod[];
}

/** Why a request may not be kept over a login. */
export type NotKeepable =
  /** It has no body that is worth keeping, or a method that the application did not name. */
  | 'method'
  /** It wants to change to another protocol. */
  | 'upgrade'
  /** No person is looking at it: fetch, XHR, a frame, a prefetch. */
  | 'notNavigation'
  /** It comes from another site, a sibling on the same domain included. */
  | 'otherOrigin'
  /** The browser does not say where it comes from. */
  | 'unknownOrigin';

export type Keepable = { readonly keepable: true } | { readonly keepable: false; readonly reason: NotKeepable };

const METHODS: ReadonlySet<string> = new Set<KeepableMethod>(['POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * Whether a request may be kept over a login. Only what provably comes from a page of our own may: anything else would be
 * sent again with the cookies that SameSite kept from it the first time.
 *
 * Looks at the request line and the headers alone, so that it can be asked before anything is awaited.
 */
export function keepable(ctx: Context, { origin, methods = ['POST'] }: KeepableOptions): Keepable {
  const reason = reasonAgainst(ctx, origin, methods);
  return reason === undefined ? { keepable: true } : { keepable: false, reason };
}

function reasonAgainst(ctx: Context, origin: string, methods: readonly string[]): NotKeepable | undefined {
  if (!METHODS.has(ctx.method) || !methods.includes(ctx.method)) return 'method';
  if (ctx.get('Upgrade') !== '') return 'upgrade';
  if (!isNavigation(ctx)) return 'notNavigation';
  const site = siteOf(ctx, origin);
  const sender = ctx.get('Origin');
  // A page that sends no referrer, as koa-helmet has it by default, makes browsers write `null` here.
  const isNamed = sender !== '' && sender !== 'null';
  // A browser that came by another name of this host says `same-origin` as well, and that is not the site we return to.
  if (site === 'same-origin') return isNamed && sender !== origin ? 'otherOrigin' : undefined;
  const isElsewhere = site === 'other' && (isNamed || ctx.get('Sec-Fetch-Site') !== '');
  return isElsewhere ? 'otherOrigin' : 'unknownOrigin';
}
