import type { Context } from 'koa';
import type { Sso, User } from '../koa-types.ts';
import type { Json } from '../options.ts';
import { loginPath } from './error-page.ts';
import { type CurrentLogin, currentLogin, endLogin } from './login-handlers.ts';
import { externalPath } from './request.ts';
import { localTarget } from './return-to.ts';
import type { Runtime } from './runtime.ts';

/** Puts `ctx.sso` on a request, once. It costs nothing until it is used. */
export function attachSso(ctx: Context, runtime: Runtime): void {
  const { options } = runtime;
  if ((ctx as { sso?: unknown }).sso) return;
  const sso: Sso<Json> = {
    async user() {
      const login = await currentLogin(ctx, runtime);
      return login ? userOf(login) : null;
    },
    loginUrl: (returnTo) =>
      loginPath(runtime, localTarget(returnTo ?? externalPath(ctx, options), options.baseUrl) ?? undefined),
    logoutUrl: `${options.basePath}${options.routePrefix}/logout`,
    logout: ({ everywhere = true } = {}) => endLogin(ctx, runtime, everywhere),
  };
  Object.defineProperty(ctx, 'sso', { value: sso, configurable: true });
}

/** What the application sees of a login. */
export function userOf({ record }: CurrentLogin): User<Json> {
  const { authenticatedAt, ...principal } = record.principal;
  return {
    ...principal,
    account: record.account as Json,
    authenticatedAt: authenticatedAt === null ? null : new Date(authenticatedAt),
    loggedInAt: new Date(record.openedAt),
    expiresAt: new Date(record.expiresAt),
  };
}
