import type { Context } from 'koa';

/** Names, in lower case, and values of headers. */
export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/** What says how to read a body and how to answer it. */
const ALWAYS_KEPT = new Set([
  'content-type',
  'content-encoding',
  'content-language',
  'accept',
  'accept-language',
  'idempotency-key',
]);

/** What belongs to a connection, to a credential, to an intermediary, or to a copy that the browser had at that time. */
const NEVER_KEPT = new RegExp(
  `^(${[
    'cookie2?',
    'set-cookie',
    '(proxy-)?authorization',
    'proxy-.*',
    'host',
    'origin',
    'referr?er',
    'forwarded',
    'x-forwarded(-.*)?',
    'x-real-ip',
    'x-client-ip',
    'true-client-ip',
    'via',
    'expect',
    'transfer-encoding',
    'te',
    'trailer',
    'content-length',
    'content-range',
    'connection',
    'keep-alive',
    'upgrade(-.*)?',
    'http2-settings',
    'if-.*',
    'range',
    'sec-.*',
    ':.*',
  ].join('|')})$`,
);

/** Whether a header must never be kept over a login, whatever an application wants. Names are in lower case. */
export function isNeverKept(name: string): boolean {
  return NEVER_KEPT.test(name);
}

/**
 * The headers of a request that are kept over a login.
 *
 * @param allow further names, in any case; those that must never be kept are left out
 */
export function keptHeaders(ctx: Context, allow: readonly string[] = []): HeaderPairs {
  const names = new Set([...ALWAYS_KEPT, ...allow.map((name) => name.toLowerCase())]);
  return Object.entries(ctx.req.headers).flatMap(([name, value]) =>
    names.has(name) && typeof value === 'string' && mayBeRestored(ctx, name) ? [[name, value] as const] : [],
  );
}

/** Whether a header of a kept request may be put back; asked again when it is, since what is stored may be older. */
export function mayBeRestored(ctx: Context, name: string): boolean {
  // Whatever this header says, Koa believes it to be the address of the visitor.
  return !isNeverKept(name) && name !== ctx.app.proxyIpHeader?.toLowerCase();
}

/** Whether a header of the request that carries a kept one speaks of the empty body that it came with. */
export function isOfCarrier(name: string): boolean {
  return ALWAYS_KEPT.has(name) || /^(content-.*|transfer-encoding|expect|trailer|if-.*|range)$/.test(name);
}
