import type { Context, Next } from 'koa';
import { type AttributeRule, matchesRule } from '../attributes.ts';
import { explanations, isSsoError, SsoError } from '../errors.ts';
import { attachSso, userOf } from './context.ts';
import { answeringFailures, loginPath, showFailure } from './error-page.ts';
import { createIgnore, type IgnoreRule } from './ignore.ts';
import {
  askQuietly,
  beginLogin,
  type CurrentLogin,
  currentLogin,
  isMarkedAnonymous,
  takeUnsolicited,
} from './login-handlers.ts';
import { privateResponse, sendPage } from './page.ts';
import { externalPath, isNavigation, wantsJson } from './request.ts';
import { localTarget } from './return-to.ts';
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
}

/**
 * Lets people who are signed in through, and sends the others to log in.
 * @throws SsoError ERR_SSO_OPTIONS
 */
export function createRequireLogin(runtimeOf: RuntimeOf, guard: RequireLoginOptions = {}) {
  const { attributes, maxAge } = guard;
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
    const admitted = await answeringFailures(ctx, runtime, async () => {
      const login = await currentLogin(ctx, runtime);
      if (await takeUnsolicitedPage(ctx, runtime, login)) return false;
      if (login && isRecent(login, maxAgeMs, runtime.options.clock())) {
        const user = userOf(login);
        if (attributes === undefined || (await matchesRule(user.attributes, attributes))) {
          ctx.state.user = user;
          return true;
        }
        await showFailure(ctx, runtime, { code: 'ERR_SSO_NOT_AUTHORISED' });
        return false;
      }
      await sendToLogin(ctx, runtime, maxAgeMs, login);
      return false;
    });
    if (admitted) await next();
  };
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

async function sendToLogin(
  ctx: Context,
  runtime: Runtime,
  maxAgeMs: number | null,
  present: CurrentLogin | undefined,
): Promise<void> {
  const returnTo = pageToReturnTo(ctx, runtime);
  if (!isNavigation(ctx)) return refuseAnonymous(ctx, runtime, returnTo);
  // Whoever is signed in shows their password to the server that has it. There is no page to choose on for them: it would
  // lead back here.
  const way = present && (wayOfIssuer(runtime, present.record.principal.issuer) ?? runtime.ways[0]);
  await beginLogin(ctx, runtime, { returnTo, maxAgeMs, way });
}

/** A body is lost in a redirect, so after a form the person returns to the page that the form was on. */
function pageToReturnTo(ctx: Context, { options }: Runtime): string {
  const own = localTarget(externalPath(ctx, options), options.baseUrl) ?? `${options.basePath}/`;
  if (ctx.method === 'GET' || ctx.method === 'HEAD') return own;
  return localTarget(ctx.get('Referer'), options.baseUrl) ?? own;
}

/**
 * Answers a request that no person is looking at (fetch, image, prefetch, HEAD): 401 and no redirect, which would only
 * lead the caller to another site's form.
 */
export function refuseAnonymous(ctx: Context, runtime: Runtime, returnTo: string): void {
  const { options } = runtime;
  const path = loginPath(runtime, returnTo);
  const { message } = explanations.ERR_SSO_LOGIN_REQUIRED;
  ctx.status = 401;
  ctx.set('WWW-Authenticate', `CampusSso realm="${options.origin}"`);
  privateResponse(ctx);
  if (wantsJson(ctx)) {
    ctx.body = { error: { code: 'ERR_SSO_LOGIN_REQUIRED', message, loginUrl: options.origin + path } };
    return;
  }
  sendPage(ctx, options, {
    status: 401,
    title: 'Please sign in',
    paragraphs: [message],
    reference: 'ERR_SSO_LOGIN_REQUIRED',
    actions: [{ kind: 'link', label: 'Sign in', href: path }],
  });
}
