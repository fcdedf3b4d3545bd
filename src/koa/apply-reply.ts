import type { Context } from 'koa';
import type { PrincipalRef, SavedRequestRef } from '../../machines/vocabulary.ts';
import type { Reply } from '../flow/reply.ts';
import type { ConnectedLogin } from '../protocols/protocol.ts';
import { hasChoice, showFailure } from './error-page.ts';
import { erasePendingSoftly, notSentPath, resumePath } from './keep-request.ts';
import { privateResponse } from './page.ts';
import type { Runtime } from './runtime.ts';
import { closeSession, openSession, readPointer } from './session.ts';

/**
 * Turns what a flow asked for into a response. Called last, when everything it relies on is stored. A redirect is 303:
 * the one status that never sends a body on to the next server.
 */
export async function applyReply(ctx: Context, runtime: Runtime, reply: Reply, way: ConnectedLogin): Promise<void> {
  const { options, cookies, personDigests, keeping, owner, requestCookies } = runtime;
  if (reply.session?.kind === 'open') {
    const { loginId, principal } = reply.session;
    await forgetOthers(ctx, runtime, principal);
    await openSession(ctx, loginId, personDigests(principal));
    cookies.countLogin(ctx);
    if (hasChoice(runtime)) cookies.rememberWay(ctx, way.name);
    if (keeping.isWanted) owner.write(ctx, principal);
  } else if (reply.session?.kind === 'close') {
    closeSession(ctx);
    owner.clear(ctx);
  }
  // After a logout on this site only, a quiet question to the login server would undo it at the next public page.
  if (reply.gatewayDeclined || reply.signedOut) cookies.markGatewayDeclined(ctx);
  if (reply.signedOut) {
    cookies.forgetLogins(ctx);
    cookies.forgetWay(ctx);
  }
  const handleOf = (request: SavedRequestRef) => requestCookies.ofRequest(ctx, request.id)?.handle;
  if (reply.failure) {
    const { failure, returnTo, savedRequest, notKept } = reply.failure;
    await showFailure(ctx, runtime, {
      ...failure,
      returnTo: notKept === null ? returnTo : notSentPath(runtime, notKept, returnTo),
      via: way.name,
      request: savedRequest ? handleOf(savedRequest) : undefined,
    });
    return;
  }
  const signedOut = reply.signedOut && signedOutTarget(runtime, way, reply.signedOut);
  const page = signedOut ?? reply.redirect ?? `${options.basePath}/`;
  if (reply.savedRequest) {
    const handle = handleOf(reply.savedRequest);
    // A browser that has lost the cookie has lost what opens the request.
    const resume = handle && resumePath(runtime, handle);
    return seeOther(ctx, resume ?? notSentPath(runtime, 'ERR_SSO_REQUEST_FOREIGN', page));
  }
  seeOther(ctx, reply.notKept === null ? page : notSentPath(runtime, reply.notKept, page));
}

/** Somebody else signs in where another person was: what that person had sent is none of theirs. */
async function forgetOthers(ctx: Context, runtime: Runtime, principal: PrincipalRef): Promise<void> {
  const { owner, personDigests } = runtime;
  const pointed = readPointer(ctx)?.person;
  const last = owner.read(ctx);
  const isSame =
    (pointed === undefined || personDigests(principal).includes(pointed)) &&
    (last === undefined || (last.issuer === principal.issuer && last.id === principal.id));
  if (!isSame) await erasePendingSoftly(ctx, runtime);
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

function signedOutTarget({ options, ways }: Runtime, way: ConnectedLogin, where: 'here' | 'everywhere'): string {
  const own = `${options.basePath}${options.routePrefix}/logged-out`;
  const page = options.afterLogout === null ? own : options.basePath + options.afterLogout;
  if (where === 'here') return page;
  const away = way.logoutUrl(options.origin + page);
  if (away !== null) return away;
  // Our session has ended and theirs has not: people must be told, on a page of ours.
  return way.goesOnAt !== null && options.afterLogout === null && ways.includes(way) ? `${own}?via=${way.name}` : page;
}
