import type { Context } from 'koa';
import type { NotKeptCode, Principal, PrincipalRef, SavedRequestRef } from '../../machines/vocabulary.ts';
import { SsoError } from '../errors.ts';
import { emptyReply } from '../flow/reply.ts';
import type { Json } from '../options.ts';
import type { Admission, ConnectedLogin, LoginScope } from '../protocols/protocol.ts';
import { discardRequest, keepRequest } from './keep-request.ts';
import type { Runtime } from './runtime.ts';
import { readPointer } from './session.ts';

/** What a page may ask of a login. */
export interface BeginRequest {
  readonly returnTo: string;
  readonly renew?: boolean;
  readonly gateway?: boolean;
  /** Credentials must have been shown within this time, in milliseconds. */
  readonly maxAgeMs?: number | null;
  readonly unsolicitedService?: string;
  /** The person asked for it with a click on this site. */
  readonly asked?: boolean;
  /** The way to log in by. Default: the only one, the one that this browser took last, or the one that is chosen now. */
  readonly way?: ConnectedLogin | undefined;
  /** What the person had sent, and what becomes of it. Default: nothing. */
  readonly interruption?: Interruption | undefined;
}

/** What a login interrupts. */
export interface Interruption {
  /** Who must come back; null when anybody may. */
  readonly expected: PrincipalRef | null;
  /** The request that is being answered is to be kept. */
  readonly keepRequest: boolean;
  /** What was kept before. */
  readonly savedRequest: SavedRequestRef | null;
  /** Why it is not kept. */
  readonly notKept: NotKeptCode | null;
}

/** A login that interrupts nothing but a page. */
export const UNINTERRUPTED: Interruption = { expected: null, keepRequest: false, savedRequest: null, notKept: null };

/** Each way has a return address of its own, so that a reply can only be taken for one of the way it was asked for by. */
export function returnPath({ options, ways }: Runtime, way: ConnectedLogin): string {
  const own = way === ways[0] ? '' : `/${way.name}`;
  return way.returnPath ?? `${options.basePath}${options.routePrefix}/return${own}`;
}

/** The input of the machine of a way. */
export function inputOf(ctx: Context, runtime: Runtime, way: ConnectedLogin, request: BeginRequest): unknown {
  const { options, cookies } = runtime;
  // A page that is shown either way is not what the person wants to leave for another one.
  const landing = options.afterLogin === null || request.gateway ? null : options.basePath + options.afterLogin;
  return way.input({
    returnTo: landing ?? request.returnTo,
    renew: request.renew ?? false,
    gateway: request.gateway ?? false,
    maxAgeMs: request.maxAgeMs ?? null,
    gatewayRecentlyDeclined: cookies.gatewayRecentlyDeclined(ctx),
    recentLogins: request.asked ? 0 : cookies.recentLogins(ctx),
    unsolicitedService: request.unsolicitedService ?? null,
    ...(request.interruption ?? UNINTERRUPTED),
  });
}

/** The page that a state of the application's own waits on. */
export function stepPath({ options }: Runtime, way: ConnectedLogin, route: string, attempt: string): string {
  return `${options.basePath}${options.routePrefix}/step/${way.name}/${encodeURIComponent(route)}/${attempt}`;
}

/** What the effects of this request work with. */
export function createScope(ctx: Context, runtime: Runtime, way: ConnectedLogin): LoginScope {
  const { options, attempts } = runtime;
  return {
    attempt: '',
    route: null,
    reply: emptyReply(),
    loginId: readPointer(ctx)?.login ?? null,
    account: null,
    now: options.clock,
    beginAttempt() {
      this.attempt = attempts.newId();
      this.route = null;
      return { attempt: this.attempt, returnUrl: options.origin + returnPath(runtime, way) };
    },
    visit(route) {
      if (!Object.hasOwn(way.routes, route)) {
        throw new SsoError('ERR_SSO_FLOW', { detail: `${way.name}: there is no route ${route}` });
      }
      this.beginAttempt();
      this.route = route;
      this.reply.redirect = stepPath(runtime, way, route, this.attempt);
    },
    admit: (principal) => admit(ctx, runtime, principal),
    keepRequest: (owner) => keepRequest(ctx, runtime, owner),
    discardRequest: (id) => discardRequest(runtime, id),
  };
}

async function admit(ctx: Context, { options }: Runtime, principal: Principal): Promise<Admission> {
  if (!options.onLogin) return { kind: 'admitted', account: null };
  try {
    const account: Json = (await options.onLogin(principal, ctx)) ?? null;
    // It is stored with the login, so what cannot be stored must show now.
    JSON.stringify(account);
    return account === false ? { kind: 'refused' } : { kind: 'admitted', account };
  } catch (error) {
    // Koa takes only errors, and a hook can throw anything.
    ctx.app.emit('error', error instanceof Error ? error : new Error('onLogin threw no error', { cause: error }), ctx);
    return { kind: 'unchecked', detail: error instanceof Error ? error.name : typeof error };
  }
}
