import type { Context } from 'koa';
import { SsoError } from '../errors.ts';
import type { Sso, User } from '../koa-types.ts';
import type { Json } from '../options.ts';
import type { LoginRecord } from '../storage/logins.ts';
import { loginPath } from './error-page.ts';
import { type CurrentLogin, currentLogin, endLogin } from './login-handlers.ts';
import { passPointOfNoReturn, rememberingExpiry } from './renew-grant.ts';
import { externalPath } from './request.ts';
import { localTarget } from './return-to.ts';
import type { Runtime } from './runtime.ts';

/** Puts `ctx.sso` on a request, once. It costs nothing until it is used. */
export function attachSso(ctx: Context, runtime: Runtime): void {
  const { options } = runtime;
  if ((ctx as { sso?: unknown }).sso) return;
  const sso: Sso<Json> = {
    async user() {
      const caller = callers.get(ctx);
      if (caller) return userOf({ id: '', record: caller });
      const login = await currentLogin(ctx, runtime);
      return login ? userOf(login) : null;
    },
    loginUrl: (returnTo, { via } = {}) =>
      loginPath(runtime, localTarget(returnTo ?? externalPath(ctx, options), options.baseUrl) ?? undefined, { via }),
    logoutUrl: `${options.basePath}${options.routePrefix}/logout`,
    proxyTicket: async (service) =>
      rememberingExpiry(ctx, runtime.proxyClient.ticket(await grantOf(ctx, runtime), service)),
    fetch: async (url, init) =>
      rememberingExpiry(ctx, runtime.proxyClient.fetch(await grantOf(ctx, runtime), url, init)),
    pointOfNoReturn: () => passPointOfNoReturn(ctx),
    logout: ({ everywhere = true } = {}) => endLogin(ctx, runtime, everywhere),
  };
  Object.defineProperty(ctx, 'sso', { value: sso, configurable: true });
}

/** The requests that come from services that act for people, with what was found out about them. */
const callers = new WeakMap<Context, LoginRecord>();

/** Remembers that a request comes from a service that acts for a person. */
export function markCaller(ctx: Context, record: LoginRecord): void {
  callers.set(ctx, record);
}

/** The login that has the proxy grant of a request. It is looked up anew: somebody may have logged out since the request began. */
async function grantOf(ctx: Context, runtime: Runtime): Promise<LoginRecord> {
  const record = callers.get(ctx) ?? (await currentLogin(ctx, runtime))?.record;
  if (!record) throw new SsoError('ERR_SSO_LOGIN_REQUIRED');
  return record;
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
