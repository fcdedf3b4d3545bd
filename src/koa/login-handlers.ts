import type { Context } from 'koa';
import type { Principal } from '../../machines/vocabulary.ts';
import type { AttemptOutcome } from '../flow/attempts.ts';
import { emptyReply } from '../flow/reply.ts';
import type { Json } from '../options.ts';
import type { Admission, ConnectedLogin, LoginScope } from '../protocols/protocol.ts';
import type { LoginRecord } from '../storage/logins.ts';
import { applyReply, seeOther } from './apply-reply.ts';
import { loginPath, showFailure } from './error-page.ts';
import { rawQuery } from './request.ts';
import { localTarget } from './return-to.ts';
import type { Runtime } from './runtime.ts';
import { readPointer } from './session.ts';
import { knownWay, wayOfIssuer } from './ways.ts';

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
}

/** A login that holds, with the id the session points to it by. */
export interface CurrentLogin {
  readonly id: string;
  readonly record: LoginRecord;
}

/**
 * The login of this request, or undefined. One store read, and none when the session points nowhere.
 * @throws SsoError ERR_SSO_STORE, ERR_SSO_SESSION_MISSING
 */
export async function currentLogin(ctx: Context, runtime: Runtime): Promise<CurrentLogin | undefined> {
  const pointer = readPointer(ctx);
  const record = pointer && (await runtime.logins.find(pointer.login));
  return pointer && record && { id: pointer.login, record };
}

/** Begins a login and sends the browser where its flow says. */
export async function beginLogin(ctx: Context, runtime: Runtime, request: BeginRequest): Promise<void> {
  const way = request.way ?? knownWay(ctx, runtime);
  if (!way) return seeOther(ctx, loginPath(runtime, request.returnTo, ''));
  const scope = createScope(ctx, runtime, way);
  const outcome = await runtime.attempts.start(way.flow, inputOf(ctx, runtime, way, request), scope);
  await answer(ctx, runtime, way, scope, outcome);
}

/**
 * Asks the login server who the visitor is without letting it prompt. Returns false if it was not asked, because it knew
 * nobody a short while ago: the page is then for an anonymous visitor.
 */
export async function askQuietly(ctx: Context, runtime: Runtime, returnTo: string): Promise<boolean> {
  const way = knownWay(ctx, runtime) ?? runtime.ways[0];
  const scope = createScope(ctx, runtime, way);
  const input = inputOf(ctx, runtime, way, { returnTo, gateway: true });
  const outcome = await runtime.attempts.start(way.flow, input, scope);
  if (scope.reply.gatewayDeclined) return false;
  await answer(ctx, runtime, way, scope, outcome);
  // Marked already now: a login server that is down never sends the browser back, and the page must show at a reload.
  runtime.cookies.markGatewayDeclined(ctx);
  return true;
}

/**
 * Takes a reply that nobody here asked for out of the address of a page, where the application accepts such, and logs in
 * with it unless somebody is logged in already; false if the page carries none.
 * @param path the path of the page, as the browser knows it
 */
export async function takeUnsolicited(
  ctx: Context,
  runtime: Runtime,
  path: string,
  present: CurrentLogin | undefined,
): Promise<boolean> {
  const { ways, attempts, options } = runtime;
  const way = ways.find((one) => one.takeUnsolicited(rawQuery(ctx)) !== null);
  const taken = way?.takeUnsolicited(rawQuery(ctx));
  if (!way || !taken) return false;
  const page = path + (taken.query === null ? '' : `?${taken.query}`);
  const home = `${options.basePath}/`;
  const returnTo = path === returnPath(runtime, way) ? home : (localTarget(page, options.baseUrl) ?? home);
  if (present) {
    seeOther(ctx, returnTo);
    return true;
  }
  const scope = createScope(ctx, runtime, way);
  const request = { returnTo, unsolicitedService: options.origin + page };
  const outcome = await attempts.start(way.flow, inputOf(ctx, runtime, way, request), scope, taken.event);
  await answer(ctx, runtime, way, scope, outcome);
  return true;
}

/** Takes a browser that comes back from a login server. */
export async function finishLogin(ctx: Context, runtime: Runtime, way: ConnectedLogin): Promise<void> {
  const { attempts, cookies, options } = runtime;
  const reading = way.readReturn(rawQuery(ctx));
  if (reading.kind === 'malformed' || (reading.attempt === null && cookies.attemptsOf(ctx).length === 0)) {
    if (await takeUnsolicited(ctx, runtime, returnPath(runtime, way), await currentLogin(ctx, runtime))) return;
    if (reading.kind === 'event' && (await currentLogin(ctx, runtime))) return seeOther(ctx, `${options.basePath}/`);
    const shown = reading.kind === 'malformed' ? reading : { code: 'ERR_SSO_ATTEMPT_UNKNOWN' as const };
    return showFailure(ctx, runtime, {
      code: shown.code,
      detail: 'detail' in shown ? shown.detail : null,
      via: way.name,
    });
  }
  const scope = createScope(ctx, runtime, way);
  let outcome: AttemptOutcome = { kind: 'unknown' };
  for (const attempt of reading.attempt === null ? cookies.attemptsOf(ctx) : [reading.attempt]) {
    const secret = cookies.secretOf(ctx, attempt);
    const owns = (snapshot: { readonly context: unknown }) => isOfThisPerson(ctx, runtime, snapshot.context);
    const from = { flowName: way.flow.name, event: reading.event, secret, owns };
    outcome = await attempts.resume(attempt, from, scope);
    const isOver = outcome.kind !== 'foreign' && outcome.kind !== 'otherWay';
    if (secret !== undefined && isOver) cookies.clearSecret(ctx, attempt);
    if (outcome.kind === 'ran') break;
  }
  return answer(ctx, runtime, way, scope, outcome);
}

/** In the query of a page that was asked for quietly by a browser without cookies: do not ask again. */
const ANONYMOUS = 'sso=anonymous';

/** Whether a browser without cookies comes back from a quiet question. */
export function isMarkedAnonymous(ctx: Context): boolean {
  return rawQuery(ctx).split('&').includes(ANONYMOUS);
}

/** A quiet question in a browser that keeps no cookies: the page, with a mark in its address in place of a cookie. */
function anonymousPage(context: unknown): string | undefined {
  const { gateway, returnTo } = (context ?? {}) as { readonly gateway?: boolean; readonly returnTo?: string };
  if (!gateway || returnTo === undefined) return undefined;
  const [page = '', ...fragment] = returnTo.split('#');
  return [`${page}${page.includes('?') ? '&' : '?'}${ANONYMOUS}`, ...fragment].join('#');
}

/** Whether the session of this browser was opened for the person that a flow logged in. */
function isOfThisPerson(ctx: Context, { personDigests }: Runtime, context: unknown): boolean {
  const { principal } = context as { readonly principal?: Principal | null };
  const pointer = readPointer(ctx);
  return Boolean(principal && pointer && personDigests(principal).includes(pointer.person));
}

/** Each way has a return address of its own, so that a reply can only be taken for one of the way it was asked for by. */
function returnPath({ options, ways }: Runtime, way: ConnectedLogin): string {
  const own = way === ways[0] ? '' : `/${way.name}`;
  return way.returnPath ?? `${options.basePath}${options.routePrefix}/return${own}`;
}

function inputOf(ctx: Context, { options, cookies }: Runtime, way: ConnectedLogin, request: BeginRequest): unknown {
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
  });
}

async function answer(
  ctx: Context,
  runtime: Runtime,
  way: ConnectedLogin,
  scope: LoginScope,
  outcome: AttemptOutcome,
): Promise<void> {
  if (outcome.kind === 'foreign') {
    const page = ctx.get('Cookie') === '' ? anonymousPage(outcome.waiting) : undefined;
    if (page !== undefined) return seeOther(ctx, page);
    return showFailure(ctx, runtime, { code: 'ERR_SSO_ATTEMPT_FOREIGN', via: way.name });
  }
  if (outcome.kind !== 'ran') return showFailure(ctx, runtime, { code: 'ERR_SSO_ATTEMPT_UNKNOWN', via: way.name });
  if (outcome.secret !== null) runtime.cookies.issueSecret(ctx, scope.attempt, outcome.secret);
  return applyReply(ctx, runtime, scope.reply, way);
}

/**
 * Ends the login of this browser and every attempt that it has under way, so that none of them can bring it back.
 * @param everywhere whether to go on to the login server and end the session there
 */
export async function endLogin(ctx: Context, runtime: Runtime, everywhere: boolean): Promise<void> {
  const { attempts, cookies, logins } = runtime;
  const likely = knownWay(ctx, runtime) ?? runtime.ways[0];
  for (const attempt of cookies.attemptsOf(ctx)) {
    await attempts.logOut(attempt, false, createScope(ctx, runtime, likely));
    cookies.clearSecret(ctx, attempt);
  }
  const pointer = readPointer(ctx);
  const record = pointer && (await logins.find(pointer.login));
  const way = (record && wayOfIssuer(runtime, record.principal.issuer)) ?? likely;
  const scope = createScope(ctx, runtime, way);
  const outcome = record && (await attempts.logOut(record.flowId, everywhere, scope));
  if (outcome?.kind !== 'ran') {
    // No record to tell the story with (expired, or of an older version): the session ends all the same.
    if (pointer) await logins.end(pointer.login, record?.grantId);
    scope.reply.session = { kind: 'close' };
    scope.reply.signedOut = everywhere ? 'everywhere' : 'here';
  }
  await applyReply(ctx, runtime, scope.reply, way);
}

function createScope(ctx: Context, runtime: Runtime, way: ConnectedLogin): LoginScope {
  const { options, attempts } = runtime;
  return {
    attempt: '',
    reply: emptyReply(),
    loginId: readPointer(ctx)?.login ?? null,
    account: null,
    now: options.clock,
    beginAttempt() {
      this.attempt = attempts.newId();
      return { attempt: this.attempt, returnUrl: options.origin + returnPath(runtime, way) };
    },
    admit: (principal) => admit(ctx, runtime, principal),
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
