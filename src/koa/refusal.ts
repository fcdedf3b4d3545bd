import type { Context } from 'koa';
import { explanations, type SsoErrorCode } from '../errors.ts';
import { type LoginPathParameters, loginPath } from './error-page.ts';
import { replaysOf } from './keep-request.ts';
import { privateResponse, sendPage } from './page.ts';
import { externalPath, wantsJson } from './request.ts';
import { localTarget } from './return-to.ts';
import type { Runtime } from './runtime.ts';

/** The page to come back to. A form has one that it was on, and its own address may know no GET. */
export function pageToReturnTo(ctx: Context, { options }: Runtime): string {
  const own = localTarget(externalPath(ctx, options), options.baseUrl) ?? `${options.basePath}/`;
  // What comes out of the store was sent from a page of ours that nobody wants to see again.
  if (ctx.method === 'GET' || ctx.method === 'HEAD' || replaysOf(ctx) > 0) return own;
  return localTarget(ctx.get('Referer'), options.baseUrl) ?? own;
}

export interface Refusal extends LoginPathParameters {
  readonly returnTo: string;
  /** Default `ERR_SSO_LOGIN_REQUIRED`. */
  readonly code?: SsoErrorCode;
}

/**
 * Answers a request that no person is looking at (fetch, image, prefetch, HEAD): a code and no redirect, which would only
 * lead the caller to another site's form.
 */
export function refuseAnonymous(ctx: Context, runtime: Runtime, refusal: Refusal): void {
  const { returnTo, code = 'ERR_SSO_LOGIN_REQUIRED', ...parameters } = refusal;
  const { options } = runtime;
  const path = loginPath(runtime, returnTo, parameters);
  const { message, status } = explanations[code];
  ctx.status = status;
  if (status === 401) ctx.set('WWW-Authenticate', `CampusSso realm="${options.origin}"`);
  privateResponse(ctx);
  if (wantsJson(ctx)) {
    ctx.body = { error: { code, message, loginUrl: options.origin + path } };
    return;
  }
  sendPage(ctx, options, {
    status,
    title: 'Please sign in',
    paragraphs: [message],
    reference: code,
    actions: [{ kind: 'link', label: 'Sign in', href: path }],
  });
}
