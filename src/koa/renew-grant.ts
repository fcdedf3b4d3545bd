import type { ServerResponse } from 'node:http';
import type { Context } from 'koa';
import { isSsoError } from '../errors.ts';
import { interruptionOf, type KeepBodyOptions } from './interruption.ts';
import { replaysOf } from './keep-request.ts';
import { answer, type CurrentLogin, currentLogin } from './login-handlers.ts';
import { createScope, inputOf } from './login-scope.ts';
import { pageToReturnTo, refuseAnonymous } from './refusal.ts';
import { isNavigation } from './request.ts';
import type { Runtime } from './runtime.ts';
import { wayOfIssuer } from './ways.ts';

const CODE = 'ERR_SSO_PROXY_GRANT_EXPIRED';

const begun = new WeakSet<Context>();

/** From here on the request must not run again. */
export function passPointOfNoReturn(ctx: Context): void {
  begun.add(ctx);
}

/** The errors that the grant of this very login caused: a handler may use grants of other people as well. */
const caused = new WeakMap<ServerResponse, WeakSet<object>>();

/** Remembers why a ticket for this request could not be had. */
export async function rememberingExpiry<T>({ res }: Context, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isSsoError(error) && error.code === CODE) {
      const errors = caused.get(res) ?? new WeakSet();
      caused.set(res, errors.add(error));
    }
    throw error;
  }
}

/** Whether an error says that the proxy grant of the present login is gone. */
export function saysGrantExpired({ res }: Context, error: unknown): boolean {
  return isSsoError(error) && (caused.get(res)?.has(error) ?? false);
}

/**
 * Whether the grant of a login is gone. A ticket is asked for, and thrown away; what goes wrong otherwise says nothing of
 * the grant, and is left to the handler.
 */
export async function isGrantGone({ proxyClient }: Runtime, login: CurrentLogin, service: string): Promise<boolean> {
  if (login.record.grantId === null) return false;
  try {
    await proxyClient.ticket(login.record, service);
    return false;
  } catch (error) {
    if (!isSsoError(error)) throw error;
    return error.code === CODE;
  }
}

/**
 * Lets the person log in again for a new proxy grant, and keeps what they had sent. False if the request may not run again:
 * an answer has begun, the handler said so, or it has run twice already.
 */
export async function renewGrant(
  ctx: Context,
  runtime: Runtime,
  keepBody: KeepBodyOptions | undefined,
): Promise<boolean> {
  if (ctx.headerSent || ctx.respond === false || ctx.res.writableEnded || begun.has(ctx)) return false;
  if (replaysOf(ctx) > 0) return false;
  if (!keepBody && ctx.method !== 'GET' && ctx.method !== 'HEAD') return false;
  const login = await currentLogin(ctx, runtime);
  if (!login) return false;
  const way = wayOfIssuer(runtime, login.record.principal.issuer);
  if (!way?.proxying) return false;
  const returnTo = pageToReturnTo(ctx, runtime);
  if (!isNavigation(ctx)) {
    refuseAnonymous(ctx, runtime, { code: CODE, returnTo, again: true });
    return true;
  }
  const interruption = interruptionOf(ctx, runtime, keepBody, login.record.principal);
  const { keepRequest, notKept } = interruption;
  const isPage = ctx.method === 'GET' || ctx.method === 'HEAD';
  // A method that is never kept: nobody would be told that it is lost.
  if (!isPage && !keepRequest && notKept === null) return false;
  const recentLogins = runtime.cookies.recentLogins(ctx);
  const event = way.grantExpired({ returnTo, keepRequest, notKept, recentLogins });
  if (!event) return false;
  const scope = createScope(ctx, runtime, way);
  let outcome = await runtime.attempts.tell(login.record.flowId, event, scope);
  // The record of the session is gone, or another tab has it for the same reason: a login of its own then.
  if (outcome.kind !== 'ran') {
    outcome = await runtime.attempts.start(way.flow, inputOf(ctx, runtime, way, { returnTo, interruption }), scope);
  }
  await answer(ctx, runtime, way, scope, outcome);
  return true;
}
