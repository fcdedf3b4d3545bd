import type { Context, Next } from 'koa';
import type { Principal } from '../../machines/vocabulary.ts';
import { type AttributeRule, matchesRule } from '../attributes.ts';
import { isSsoError, SsoError } from '../errors.ts';
import { attachSso, userOf } from './context.ts';
import { answeringFailures, showFailure } from './error-page.ts';
import { createIgnore, type IgnoreRule } from './ignore.ts';
import { interruptionOf, type KeepBodyOptions } from './interruption.ts';
import { isRouted, keepRequest, nameRequest, replaysOf } from './keep-request.ts';
import {
  askQuietly,
  beginLogin,
  type CurrentLogin,
  currentLogin,
  isMarkedAnonymous,
  takeUnsolicited,
} from './login-handlers.ts';
import type { Interruption } from './login-scope.ts';
import { pageToReturnTo, refuseAnonymous } from './refusal.ts';
import { isGrantGone, renewGrant, saysGrantExpired } from './renew-grant.ts';
import { externalPath, isNavigation } from './request.ts';
import type { Runtime, RuntimeOf } from './runtime.ts';
import { wayOfIssuer } from './ways.ts';

/** What one guard demands beyond a login. */
export interface RequireLoginOptions {
  /** Only people whose attributes fit may pass; others get 403, and no way back to the login server. */
  readonly attributes?: AttributeRule;
  /**
   * Credentials must have been shown within this time, in seconds; otherwise the person is asked for them again
   * (step-up). Where the login server does not tell when that was, only a login that demanded them counts.
   */
  readonly maxAge?: number;
  /** Paths that are open to everybody. */
  readonly ignore?: readonly IgnoreRule[];
  /**
   * Keep what people send when it has to wait for a login, and run it afterwards: once, for the same person, and only if it
   * came from a page of this site. That is when the session has ended, and when a handler below lets an
   * `ERR_SSO_PROXY_GRANT_EXPIRED` through before it has answered or called `ctx.sso.pointOfNoReturn()`. Such a handler runs
   * a second time, with `ctx.state.replay` and the same `Idempotency-Key`. Default false.
   */
  readonly keepBody?: boolean | KeepBodyOptions;
  /**
   * Find out before the handler runs whether the proxy grant still gives tickets, for this site itself or for the service
   * that is named. Costs one call to the CAS server for each request. Default false.
   */
  readonly freshGrant?: boolean | string;
}

/**
 * Lets people who are signed in through, and sends the others to log in.
 * @throws SsoError ERR_SSO_OPTIONS
 */
export function createRequireLogin(runtimeOf: RuntimeOf, guard: RequireLoginOptions = {}) {
  const { attributes, maxAge, freshGrant = false } = guard;
  const keepBody = guard.keepBody === true ? {} : guard.keepBody || undefined;
  if (maxAge !== undefined && !(Number.isFinite(maxAge) && maxAge > 0)) {
    throw new SsoError('ERR_SSO_OPTIONS', {
      message: 'requireLogin({ maxAge }): expected a number of seconds above 0.',
    });
  }
  const maxAgeMs = maxAge === undefined ? null : maxAge * 1000;
  const isIgnored = createIgnore(guard.ignore ?? []);

  return async function requireLogin(ctx: Context, next: Next): Promise<void> {
    const runtime = runtimeOf(ctx);
    attachSso(ctx, runtime);
    if (isIgnored(ctx.path)) return next();
    if (keepBody && !isRouted(ctx)) {
      throw new SsoError('ERR_SSO_OPTIONS', {
        message: 'requireLogin({ keepBody }): mount sso.routes() in front of it, which brings back what is kept.',
      });
    }
    const admitted = await answeringFailures(ctx, runtime, async () => {
      const login = await currentLogin(ctx, runtime);
      if (await takeUnsolicitedPage(ctx, runtime, login)) return false;
      if (login && isRecent(login, maxAgeMs, runtime.options.clock())) {
        const user = userOf(login);
        if (attributes === undefined || (await matchesRule(user.attributes, attributes))) {
          ctx.state.user = user;
          if (keepBody) nameRequest(ctx, runtime);
          if (!freshGrant || !(await isGrantGone(runtime, login, serviceOf(runtime, freshGrant)))) return true;
          return !(await renewGrant(ctx, runtime, keepBody));
        }
        await showFailure(ctx, runtime, { code: 'ERR_SSO_NOT_AUTHORISED' });
        return false;
      }
      await sendToLogin(ctx, runtime, { maxAgeMs, keepBody, present: login?.record.principal });
      return false;
    });
    if (!admitted) return;
    if (!keepBody && !freshGrant) return next();
    const headersBefore = new Set(Object.keys(ctx.response.headers));
    try {
      await next();
    } catch (error) {
      if (!saysGrantExpired(ctx, error)) throw error;
      clearAnswer(ctx, headersBefore);
      const isAnswered = await answeringFailures(ctx, runtime, () => renewGrant(ctx, runtime, keepBody));
      if (isAnswered === false) throw error;
    }
  };
}

/** What the handler had prepared is not for the answer that is given in its place; cookies are for the browser all the same. */
function clearAnswer(ctx: Context, headersBefore: ReadonlySet<string>): void {
  if (ctx.headerSent) return;
  for (const name of Object.keys(ctx.response.headers)) {
    if (name !== 'set-cookie' && !headersBefore.has(name)) ctx.remove(name);
  }
}

function serviceOf({ options }: Runtime, freshGrant: true | string): string {
  return freshGrant === true ? `${options.baseUrl}/` : freshGrant;
}

/**
 * Recognises people who are signed in, here or at the login server, without asking anybody for anything: everybody goes
 * on, with or without `ctx.state.user`. The login server is asked by a redirect that must not prompt (gateway).
 */
export function createTryLogin(runtimeOf: RuntimeOf) {
  return async function tryLogin(ctx: Context, next: Next): Promise<void> {
    const runtime = runtimeOf(ctx);
    attachSso(ctx, runtime);
    if (!(await recognise(ctx, runtime))) await next();
  };
}

/** Returns true if the request is answered. A store that fails must not take a public page down with it. */
async function recognise(ctx: Context, runtime: Runtime): Promise<boolean> {
  try {
    const login = await currentLogin(ctx, runtime);
    if (await takeUnsolicitedPage(ctx, runtime, login)) return true;
    if (login) ctx.state.user = userOf(login);
    // A crawler or an old browser does not say that it navigates; the page is all it wants.
    const navigates = ctx.method === 'GET' && isNavigation(ctx) && ctx.get('Sec-Fetch-Mode') === 'navigate';
    if (login || !navigates || isMarkedAnonymous(ctx)) return false;
    return await askQuietly(ctx, runtime, pageToReturnTo(ctx, runtime));
  } catch (error) {
    if (!isSsoError(error) || error.code !== 'ERR_SSO_STORE') throw error;
    runtime.options.logger.error(`${error.code} (${error.detail}): a public page goes on without a user`);
    return false;
  }
}

function isRecent({ record }: CurrentLogin, maxAgeMs: number | null, now: number): boolean {
  const shownAt = record.principal.authenticatedAt;
  return maxAgeMs === null || (shownAt !== null && now - shownAt <= maxAgeMs);
}

async function takeUnsolicitedPage(ctx: Context, runtime: Runtime, login: CurrentLogin | undefined): Promise<boolean> {
  if (ctx.method !== 'GET' || !ctx.originalUrl.includes('?') || !isNavigation(ctx)) return false;
  const [path = '/'] = externalPath(ctx, runtime.options).split('?');
  return takeUnsolicited(ctx, runtime, path, login);
}

interface Demand {
  readonly maxAgeMs: number | null;
  readonly keepBody: KeepBodyOptions | undefined;
  /** Who is signed in, but not as lately as is demanded. */
  readonly present: Principal | undefined;
}

async function sendToLogin(ctx: Context, runtime: Runtime, { maxAgeMs, keepBody, present }: Demand): Promise<void> {
  const returnTo = pageToReturnTo(ctx, runtime);
  if (!isNavigation(ctx)) {
    const code = keepBody && isTooLarge(ctx, runtime) ? 'ERR_SSO_REQUEST_TOO_LARGE' : 'ERR_SSO_LOGIN_REQUIRED';
    return refuseAnonymous(ctx, runtime, { code, returnTo });
  }
  if (keepBody) nameRequest(ctx, runtime);
  const interruption = interruptionOf(ctx, runtime, keepBody, present);
  // Whoever is expected shows their password to the server that has it. There is no page to choose on for those who are
  // signed in: it would lead back here.
  const issuer = present?.issuer ?? interruption.expected?.issuer;
  const known = issuer === undefined ? undefined : wayOfIssuer(runtime, issuer);
  const way = present ? (known ?? runtime.ways[0]) : known;
  if (replaysOf(ctx) > 0) return askToLogIn(ctx, runtime, { interruption, returnTo, isStale: present !== undefined });
  await beginLogin(ctx, runtime, { returnTo, maxAgeMs, way, interruption });
}

interface Repeated {
  readonly interruption: Interruption;
  readonly returnTo: string;
  /** Somebody is signed in, but not as lately as is demanded. */
  readonly isStale: boolean;
}

/**
 * Keeps a form once more that was on its way back. Not with a redirect: the policy of the page that it comes from keeps it
 * from leading to a login server.
 */
async function askToLogIn(
  ctx: Context,
  runtime: Runtime,
  { interruption, returnTo, isStale }: Repeated,
): Promise<void> {
  if (interruption.keepRequest) await keepRequest(ctx, runtime, interruption.expected);
  await showFailure(ctx, runtime, { code: 'ERR_SSO_LOGIN_REQUIRED', returnTo, renew: isStale });
}

/** A program that sends more than could be kept for a person is told so; a script of a page only has to log in. */
function isTooLarge(ctx: Context, { options }: Runtime): boolean {
  const isOfPage = ctx.get('Sec-Fetch-Mode') !== '' || ctx.get('X-Requested-With') !== '';
  return !isOfPage && Number(ctx.get('Content-Length')) > options.keptRequests.maxBytes;
}
