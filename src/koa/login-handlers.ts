import type { Context } from 'koa';
import type { Principal } from '../../machines/vocabulary.ts';
import type { AttemptOutcome } from '../flow/attempts.ts';
import { emptyReply } from '../flow/reply.ts';
import type { Json } from '../options.ts';
import type { Admission, LoginScope } from '../protocols/protocol.ts';
import type { LoginRecord } from '../storage/logins.ts';
import { applyReply, seeOther } from './apply-reply.ts';
import { showFailure } from './error-page.ts';
import { rawQuery } from './request.ts';
import { localTarget } from './return-to.ts';
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
  const scope = createScope(ctx, runtime);
  const outcome = await runtime.attempts.start(runtime.login.flow, inputOf(ctx, runtime, request), scope);
  await answer(ctx, runtime, scope, outcome);
}

/**
 * Asks the login server who the visitor is without letting it prompt. Returns false if it was not asked, because it knew
 * nobody a short while ago: the page is then for an anonymous visitor.
 */
export async function askQuietly(ctx: Context, runtime: Runtime, returnTo: string): Promise<boolean> {
  const scope = createScope(ctx, runtime);
  const input = inputOf(ctx, runtime, { returnTo, gateway: true });
  const outcome = await runtime.attempts.start(runtime.login.flow, input, scope);
  if (scope.reply.gatewayDeclined) return false;
  await answer(ctx, runtime, scope, outcome);
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
  const { login, attempts, options } = runtime;
  const taken = login.takeUnsolicited(rawQuery(ctx));
  if (!taken) return false;
  const page = path + (taken.query === null ? '' : `?${taken.query}`);
  const home = `${options.basePath}/`;
  const returnTo = path === returnPath(runtime) ? home : (localTarget(page, options.baseUrl) ?? home);
  if (present) {
    seeOther(ctx, returnTo);
    return true;
  }
  const scope = createScope(ctx, runtime);
  const request = { returnTo, unsolicitedService: options.origin + page };
  const outcome = await attempts.start(login.flow, inputOf(ctx, runtime, request), scope, taken.event);
  await answer(ctx, runtime, scope, outcome);
  return true;
}

/** Takes a browser that comes back from the login server. */
export async function finishLogin(ctx: Context, runtime: Runtime): Promise<void> {
  const { login, attempts, cookies, options } = runtime;
  const reading = login.readReturn(rawQuery(ctx));
  if (reading.kind === 'malformed' || (reading.attempt === null && cookies.attemptsOf(ctx).length === 0)) {
    if (await takeUnsolicited(ctx, runtime, returnPath(runtime), await currentLogin(ctx, runtime))) return;
    if (reading.kind === 'event' && (await currentLogin(ctx, runtime))) return seeOther(ctx, `${options.basePath}/`);
    return showFailure(ctx, runtime, { code: reading.kind === 'malformed' ? reading.code : 'ERR_SSO_ATTEMPT_UNKNOWN' });
  }
  const scope = createScope(ctx, runtime);
  let outcome: AttemptOutcome = { kind: 'unknown' };
  for (const attempt of reading.attempt === null ? cookies.attemptsOf(ctx) : [reading.attempt]) {
    const secret = cookies.secretOf(ctx, attempt);
    const owns = (snapshot: { readonly context: unknown }) => isOfThisPerson(ctx, runtime, snapshot.context);
    const from = { flowName: login.flow.name, event: reading.event, secret, owns };
    outcome = await attempts.resume(attempt, from, scope);
    if (secret !== undefined && outcome.kind !== 'foreign') cookies.clearSecret(ctx, attempt);
    if (outcome.kind === 'ran') break;
  }
  return answer(ctx, runtime, scope, outcome);
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

function returnPath({ options }: Runtime): string {
  return `${options.basePath}${options.routePrefix}/return`;
}

function inputOf(ctx: Context, { login, cookies }: Runtime, request: BeginRequest): unknown {
  return login.input({
    returnTo: request.returnTo,
    renew: request.renew ?? false,
    gateway: request.gateway ?? false,
    maxAgeMs: request.maxAgeMs ?? null,
    gatewayRecentlyDeclined: cookies.gatewayRecentlyDeclined(ctx),
    recentLogins: request.asked ? 0 : cookies.recentLogins(ctx),
    unsolicitedService: request.unsolicitedService ?? null,
  });
}

async function answer(ctx: Context, runtime: Runtime, scope: LoginScope, outcome: AttemptOutcome): Promise<void> {
  if (outcome.kind === 'foreign') {
    const page = ctx.get('Cookie') === '' ? anonymousPage(outcome.waiting) : undefined;
    if (page !== undefined) return seeOther(ctx, page);
    return showFailure(ctx, runtime, { code: 'ERR_SSO_ATTEMPT_FOREIGN' });
  }
  if (outcome.kind !== 'ran') return showFailure(ctx, runtime, { code: 'ERR_SSO_ATTEMPT_UNKNOWN' });
  if (outcome.secret !== null) runtime.cookies.issueSecret(ctx, scope.attempt, outcome.secret);
  return applyReply(ctx, runtime, scope.reply);
}

/**
 * Ends the login of this browser and every attempt that it has under way, so that none of them can bring it back.
 * @param everywhere whether to go on to the login server and end the session there
 */
export async function endLogin(ctx: Context, runtime: Runtime, everywhere: boolean): Promise<void> {
  const { attempts, cookies, logins } = runtime;
  for (const attempt of cookies.attemptsOf(ctx)) {
    await attempts.logOut(attempt, false, createScope(ctx, runtime));
    cookies.clearSecret(ctx, attempt);
  }
  const pointer = readPointer(ctx);
  const record = pointer && (await logins.find(pointer.login));
  const scope = createScope(ctx, runtime);
  const outcome = record && (await attempts.logOut(record.flowId, everywhere, scope));
  if (outcome?.kind !== 'ran') {
    // No record to tell the story with (expired, or of an older version): the session ends all the same.
    if (pointer) await logins.end(pointer.login, record?.grantId);
    scope.reply.session = { kind: 'close' };
    scope.reply.signedOut = everywhere ? 'everywhere' : 'here';
  }
  await applyReply(ctx, runtime, scope.reply);
}

function createScope(ctx: Context, runtime: Runtime): LoginScope {
  const { options, attempts } = runtime;
  return {
    attempt: '',
    reply: emptyReply(),
    loginId: readPointer(ctx)?.login ?? null,
    account: null,
    now: options.clock,
    beginAttempt() {
      this.attempt = attempts.newId();
      return { attempt: this.attempt, returnUrl: options.origin + returnPath(runtime) };
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
