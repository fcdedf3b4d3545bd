import type { Context, Next } from 'koa';
import { explanations } from '../errors.ts';
import { attachSso, userOf } from './context.ts';
import { answeringFailures, loginPath } from './error-page.ts';
import { beginLogin, currentLogin } from './login-handlers.ts';
import { privateResponse, sendPage } from './page.ts';
import { externalPath, isNavigation, wantsJson } from './request.ts';
import { localTarget } from './return-to.ts';
import type { Runtime, RuntimeOf } from './runtime.ts';

/** Lets people who are signed in through, and sends the others to log in. */
export function createRequireLogin(runtimeOf: RuntimeOf) {
  return async function requireLogin(ctx: Context, next: Next): Promise<void> {
    const runtime = runtimeOf(ctx);
    attachSso(ctx, runtime);
    const admitted = await answeringFailures(ctx, runtime, async () => {
      const login = await currentLogin(ctx, runtime);
      if (login) {
        ctx.state.user = userOf(login);
        return true;
      }
      const returnTo = pageToReturnTo(ctx, runtime);
      if (isNavigation(ctx)) await beginLogin(ctx, runtime, { returnTo });
      else refuseAnonymous(ctx, runtime, returnTo);
      return false;
    });
    if (admitted) await next();
  };
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
