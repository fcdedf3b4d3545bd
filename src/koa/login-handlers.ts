import type { Context } from 'koa';
import type { LoginContext } from '../../machines/login-vocabulary.ts';
import type { Principal, SavedRequestRef } from '../../machines/vocabulary.ts';
import type { AttemptOutcome } from '../flow/attempt-types.ts';
import type { ConnectedLogin, LoginScope } from '../protocols/protocol.ts';
import type { LoginRecord } from '../storage/logins.ts';
import { applyReply, seeOther } from './apply-reply.ts';
import { loginPath, showFailure } from './error-page.ts';
import { erasePending, keepRequest, notSentPath } from './keep-request.ts';
import { type BeginRequest, createScope, inputOf, returnPath, UNINTERRUPTED } from './login-scope.ts';
import { rawQuery } from './request.ts';
import { localTarget } from './return-to.ts';
import type { Runtime } from './runtime.ts';
import { readPointer } from './session.ts';
import { isUnattended } from './unattended.ts';
import { knownWay, wayOfIssuer } from './ways.ts';

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
  const look = isUnattended(ctx) ? 'peek' : 'find';
  const record = pointer && (await runtime.logins[look](pointer.login));
  return pointer && record && { id: pointer.login, record };
}

/** Begins a login and sends the browser where its flow says. */
export async function beginLogin(ctx: Context, runtime: Runtime, request: BeginRequest): Promise<void> {
  const way = request.way ?? knownWay(ctx, runtime);
  if (!way) return letChoose(ctx, runtime, request);
  const scope = createScope(ctx, runtime, way);
  const outcome = await runtime.attempts.start(way.flow, inputOf(ctx, runtime, way, request), scope);
  await answer(ctx, runtime, way, scope, outcome);
}

/** What was sent is kept already now: the person may take the time to choose. */
async function letChoose(
  ctx: Context,
  runtime: Runtime,
  { returnTo, interruption = UNINTERRUPTED }: BeginRequest,
): Promise<void> {
  const { requestCookies } = runtime;
  const { expected, savedRequest } = interruption;
  const keeping = interruption.keepRequest ? await keepRequest(ctx, runtime, expected) : undefined;
  const id = keeping?.kind === 'kept' ? keeping.savedRequest.id : savedRequest?.id;
  const notKept = keeping?.kind === 'notKept' ? keeping.code : interruption.notKept;
  const onward = notKept === null ? returnTo : notSentPath(runtime, notKept, returnTo);
  const request = id === undefined ? undefined : requestCookies.ofRequest(ctx, id)?.handle;
  seeOther(ctx, loginPath(runtime, onward, { via: '', request }));
}

/**
 * Asks the login server who the visitor is without letting it prompt. Returns false if it was not asked, because it knew
 * nobody a short while ago: the page is then for an anonymous visitor.
 */
export async function askQuietly(ctx: Context, runtime: Runtime, returnTo: string): Promise<boolean> {
  const way = knownWay(ctx, runtime) ?? runtime.ways[0];
  const scope = createScope(ctx, runtime, way);
  const input = inputOf(ctx, runtime, way, { returnTo, gateway: true });
  const outcome = await stayQuiet(ctx, runtime, way, scope, await runtime.attempts.start(way.flow, input, scope));
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
    // Impossible: it waits on a page of the application's own, in another tab.
    const isOver = outcome.kind === 'ran' || outcome.kind === 'unknown';
    if (secret !== undefined && isOver) cookies.clearSecret(ctx, attempt);
    if (outcome.kind === 'ran') break;
  }
  return answer(ctx, runtime, way, scope, outcome, reading.attempt ?? undefined);
}

/** The cookie of a kept request names the attempt that is to bring it back. */
function bindRequest(ctx: Context, { requestCookies }: Runtime, attempt: string, context: unknown): void {
  const { savedRequest } = context as { readonly savedRequest?: SavedRequestRef | null };
  const cookie = savedRequest && requestCookies.ofRequest(ctx, savedRequest.id);
  if (cookie) requestCookies.issue(ctx, { ...cookie, attempt });
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
export function isOfThisPerson(ctx: Context, { personDigests }: Runtime, context: unknown): boolean {
  const { principal } = context as { readonly principal?: Principal | null };
  const pointer = readPointer(ctx);
  return Boolean(principal && pointer && personDigests(principal).includes(pointer.person));
}

/** A login that nobody asked for shows no page of the application's own: it ends there, and the visitor is anonymous. */
async function stayQuiet<Outcome extends AttemptOutcome>(
  ctx: Context,
  runtime: Runtime,
  way: ConnectedLogin,
  scope: LoginScope,
  outcome: Outcome,
): Promise<Outcome> {
  if (outcome.kind !== 'ran' || outcome.secret === null || scope.route === null) return outcome;
  const { gateway, returnTo } = outcome.context as LoginContext;
  if (!gateway) return outcome;
  await runtime.attempts.logOut(scope.attempt, false, createScope(ctx, runtime, way));
  scope.reply.redirect = returnTo;
  scope.reply.gatewayDeclined = true;
  return { ...outcome, secret: null };
}

/**
 * Tells the browser what came of a flow.
 * @param late the attempt that a return named, if any: what was kept for it may outlive it
 */
export async function answer(
  ctx: Context,
  runtime: Runtime,
  way: ConnectedLogin,
  scope: LoginScope,
  outcome: AttemptOutcome,
  late?: string,
): Promise<void> {
  if (outcome.kind === 'foreign') {
    const page = ctx.get('Cookie') === '' ? anonymousPage(outcome.waiting) : undefined;
    if (page !== undefined) return seeOther(ctx, page);
    return showFailure(ctx, runtime, { code: 'ERR_SSO_ATTEMPT_FOREIGN', via: way.name });
  }
  if (outcome.kind !== 'ran') {
    const request = late === undefined ? undefined : runtime.requestCookies.ofAttempt(ctx, late)?.handle;
    return showFailure(ctx, runtime, { code: 'ERR_SSO_ATTEMPT_UNKNOWN', via: way.name, request });
  }
  const { secret, context } = await stayQuiet(ctx, runtime, way, scope, outcome);
  if (secret !== null) {
    runtime.cookies.issueSecret(ctx, scope.attempt, secret);
    bindRequest(ctx, runtime, scope.attempt, context);
  }
  return applyReply(ctx, runtime, scope.reply, way);
}

/**
 * Ends the login of this browser and every attempt that it has under way, so that none of them can bring it back.
 * @param everywhere whether to go on to the login server and end the session there
 */
export async function endLogin(ctx: Context, runtime: Runtime, everywhere: boolean): Promise<void> {
  const { attempts, cookies, logins } = runtime;
  await erasePending(ctx, runtime);
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
