import type { Context, Next } from 'koa';
import { isSsoError } from '../errors.ts';
import { runOnce } from '../flow/run-once.ts';
import type { ProxyCallbackScope, Proxying } from '../protocols/protocol.ts';
import { privateResponse } from './page.ts';
import { readUpTo } from './read-up-to.ts';
import { rawQuery, replaceQuery } from './request.ts';
import type { Runtime } from './runtime.ts';

/** Far above a PGTIOU and a PGT of 1024 characters each. */
const MAX_BODY = 8192;
const RECEIVED = '<?xml version="1.0"?><casClient:proxySuccess xmlns:casClient="http://www.yale.edu/tp/casClient"/>';
const NOT_A_DELIVERY = 'callback.probed';

/**
 * Takes calls of the login server to the proxy callback (CAS 2.5.4): GET with a query, POST with a form, and a call
 * without parameters, which only tries whether the address answers. The answer is a status and a fixed text.
 */
export function createProxyCallback({ callbackFlow, callbackPaths, readCallback }: Proxying) {
  const paths = new Map(callbackPaths.map(({ path, onlyDeliveries }) => [path, onlyDeliveries]));

  /** The path as it is known to the login server, whether a mount took the path of `baseUrl` off or not. */
  const placeOf = (ctx: Context, basePath: string) => paths.get(ctx.path) ?? paths.get(basePath + ctx.path);

  return async function proxyCallback(ctx: Context, runtime: Runtime, next: Next): Promise<void> {
    const onlyDeliveries = placeOf(ctx, runtime.options.basePath);
    if (onlyDeliveries === undefined || !/^(GET|HEAD|POST)$/.test(ctx.method)) return next();
    let event = readCallback(rawQuery(ctx));
    if (onlyDeliveries && (event.type === NOT_A_DELIVERY || ctx.method !== 'GET')) return next();
    if (ctx.method === 'HEAD') event = { type: NOT_A_DELIVERY };
    if (ctx.method === 'POST' && event.type === NOT_A_DELIVERY) {
      const form = await readForm(ctx);
      event = form === null ? { type: 'callback.malformed' } : readCallback(form);
    }
    // A logger in front of us writes the address when all is over, and this one holds what lives as long as a login.
    replaceQuery(ctx, null);
    const scope: ProxyCallbackScope = { status: 500 };
    try {
      await runOnce(
        { flow: callbackFlow, scope, journal: runtime.journal, clock: runtime.options.clock },
        undefined,
        event,
      );
    } catch (error) {
      if (!isSsoError(error)) throw error;
      runtime.options.logger.error(`${error.code} (${error.detail}): a delivery to the proxy callback was not stored`);
      scope.status = error.status;
    }
    privateResponse(ctx);
    ctx.status = scope.status;
    answer(ctx);
  };
}

/** The same for everybody: nothing of a call comes back. Some servers of old look for a document (as Java's client sends). */
function answer(ctx: Context): void {
  const wantsXml = /\b(application|text)\/xml\b/i.test(ctx.get('Accept'));
  ctx.type = wantsXml ? 'application/xml; charset=utf-8' : 'text/plain; charset=utf-8';
  if (ctx.status !== 200) ctx.body = '';
  else ctx.body = wantsXml ? RECEIVED : 'OK';
}

/** The form of a POST as it was sent, or as a parser before us left it; null if it is too large, no form, or lost. */
async function readForm(ctx: Context): Promise<string | null> {
  const { body } = ctx.request as { readonly body?: unknown };
  if (typeof body === 'string') return body;
  if (typeof body === 'object' && body !== null) {
    const form = new URLSearchParams();
    for (const [name, value] of Object.entries(body)) {
      // What is no text is no ticket either, and neither is an empty text.
      for (const one of [value].flat()) form.append(name, typeof one === 'string' ? one : '');
    }
    return form.toString();
  }
  if (ctx.get('Content-Length') === '0') return '';
  // Somebody before us took the form and left nothing: what it delivered must not be confirmed.
  if (ctx.req.readableEnded || ctx.is('application/x-www-form-urlencoded') === false) return null;
  return (await readUpTo(ctx.req, MAX_BODY))?.toString('latin1') ?? null;
}
