import type { Context } from 'koa';
import type { Reply } from '../flow/reply.ts';
import { showFailure } from './error-page.ts';
import { privateResponse } from './page.ts';
import type { Runtime } from './runtime.ts';
import { closeSession, openSession } from './session.ts';

/**
 * Turns what a flow asked for into a response. Called last, when everything it relies on is stored. A redirect is 303:
 * the one status that never sends a body on to the next server.
 */
export async function applyReply(ctx: Context, runtime: Runtime, reply: Reply): Promise<void> {
  const { options, cookies, personDigests } = runtime;
  if (reply.session?.kind === 'open') {
    const { loginId, principal } = reply.session;
    await openSession(ctx, loginId, personDigests(principal));
    cookies.countLogin(ctx);
  } else if (reply.session?.kind === 'close') {
    closeSession(ctx);
  }
  // After a logout on this site only, a quiet question to the login server would undo it at the next public page.
  if (reply.gatewayDeclined || reply.signedOut) cookies.markGatewayDeclined(ctx);
  if (reply.signedOut) cookies.forgetLogins(ctx);
  if (reply.failure) {
    const { failure, returnTo } = reply.failure;
    await showFailure(ctx, runtime, { ...failure, returnTo });
    return;
  }
  const signedOut = reply.signedOut && signedOutTarget(runtime, reply.signedOut);
  seeOther(ctx, signedOut ?? reply.redirect ?? `${options.basePath}/`);
}

/** Sends the browser on with a GET, keeping this address out of caches and out of the next request's Referer. */
export function seeOther(ctx: Context, location: string): void {
  privateResponse(ctx);
  ctx.status = 303;
  // Not ctx.redirect, which writes `{` and a lone `%` anew: an address comes back as it was.
  ctx.set('Location', location.replace(/[^\x21-\x7e]+/g, encodeURIComponent));
  ctx.body = null;
  ctx.status = 303;
}

function signedOutTarget({ options, login }: Runtime, where: 'here' | 'everywhere'): string {
  const path = options.afterLogout ?? `${options.routePrefix}/logged-out`;
  return (where === 'everywhere' ? login.logoutUrl(options.baseUrl + path) : null) ?? options.basePath + path;
}
