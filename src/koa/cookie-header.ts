import { createHash } from 'node:crypto';
import type { Context } from 'koa';
import type { ResolvedOptions } from '../options.ts';

type Pair = readonly [name: string, value: string];

/**
 * The name of a cookie of ours. `__Host-` keeps a sibling host from planting it and needs Secure, so plain http on
 * loopback goes without. Browsers share cookies between the ports and paths of a host, so the name tells apart the apps
 * that live there.
 */
export function cookieName({ https, sites }: Pick<ResolvedOptions, 'https' | 'sites'>, what: string): string {
  const app = createHash('sha256').update(String(sites[0]?.baseUrl)).digest('hex').slice(0, 8);
  return `${https ? '__Host-' : ''}sso-${what}-${app}`;
}

/**
 * The value of a cookie that the browser sent; the first one, if it sent several of the name.
 *
 * Not `ctx.cookies.get`: it keeps a pattern for every name it was ever asked for, and ours have a new name each.
 */
export function readCookie(ctx: Context, wanted: string): string | undefined {
  return cookiesOf(ctx).find(([name]) => name === wanted)?.[1];
}

/** The cookies that the browser sent, as names and values, in its order. */
export function cookiesOf(ctx: Context): readonly Pair[] {
  return ctx.get('Cookie').split(';').map(pairOf);
}

/** The cookies that this answer sets so far, as names and values; an empty value takes a cookie away. */
export function cookiesSet(ctx: Context): readonly Pair[] {
  const lines = [ctx.res.getHeader('Set-Cookie') ?? []].flat();
  return lines.map((line) => pairOf(String(line).split(';', 1)[0] ?? ''));
}

/**
 * Sets a cookie of ours for the whole host, in place of one of the name that this answer set before: HttpOnly,
 * SameSite=Lax, and Secure over https.
 *
 * @param value null takes the cookie away
 * @param maxAgeMs how long the browser keeps it, in milliseconds
 */
export function setCookie(
  ctx: Context,
  options: Pick<ResolvedOptions, 'https'>,
  name: string,
  value: string | null,
  maxAgeMs: number,
): void {
  trustBaseUrl(ctx, options);
  // Lax, since the return from the login server is a navigation from another site (Strict would lose the cookie).
  ctx.cookies.set(name, value, {
    maxAge: maxAgeMs,
    httpOnly: true,
    secure: options.https,
    sameSite: 'lax',
    path: '/',
    signed: false,
    overwrite: true,
  });
}

/**
 * Behind a proxy that ends TLS the connection to us is plain, and a Secure cookie would be refused although `baseUrl`
 * says what people see.
 */
export function trustBaseUrl(ctx: Context, { https }: Pick<ResolvedOptions, 'https'>): void {
  if (https) ctx.cookies.secure = true;
}

function pairOf(text: string): Pair {
  const equals = text.indexOf('=');
  return [text.slice(0, Math.max(equals, 0)).trim(), text.slice(equals + 1).trim()];
}
