import type { Context } from 'koa';
import type { ResolvedOptions } from '../options.ts';

/** More attempts than this in one browser and the oldest cookie goes: a cookie header has an end. */
const MAX_ATTEMPT_COOKIES = 8;
/** How long a finished login counts as recent, in milliseconds. */
const RECENT_MS = 60_000;
/** How long a login server that knew nobody is left alone, in milliseconds. */
const GATEWAY_COOL_DOWN_MS = 5 * 60_000;

/** The small cookies that a login needs before there is a session. None is read on an authenticated request. */
export interface FlowCookies {
  secretOf(ctx: Context, attempt: string): string | undefined;
  issueSecret(ctx: Context, attempt: string, secret: string): void;
  clearSecret(ctx: Context, attempt: string): void;
  /** The attempts that this browser holds a secret for, the latest first. */
  attemptsOf(ctx: Context): readonly string[];
  /** How many logins this browser finished within the last minute. */
  recentLogins(ctx: Context): number;
  countLogin(ctx: Context): void;
  /** Whether the login server is to be left alone: it knew nobody a short while ago, or the person has just logged out. */
  gatewayRecentlyDeclined(ctx: Context): boolean;
  markGatewayDeclined(ctx: Context): void;
}

export function createFlowCookies(options: ResolvedOptions): FlowCookies {
  const { https, attemptMs, clock } = options;
  // `__Host-` keeps a sibling host from planting a cookie; it needs Secure, so plain http on loopback goes without.
  const prefix = `${https ? '__Host-' : ''}sso-`;
  const attemptPrefix = `${prefix}attempt-`;
  const set = (ctx: Context, name: string, value: string | null, maxAge: number) => {
    trustBaseUrl(ctx, options);
    // Lax, since the return from the login server is a navigation from another site (Strict would lose the cookie).
    ctx.cookies.set(name, value, {
      maxAge,
      httpOnly: true,
      secure: https,
      sameSite: 'lax',
      path: '/',
      signed: false,
      overwrite: true,
    });
  };
  const get = (ctx: Context, name: string) => ctx.cookies.get(name, { signed: false });
  const attemptCookies = (ctx: Context) =>
    [...ctx.get('Cookie').matchAll(/(?:^|;\s*)([^=;\s]+)=([^;]*)/g)].flatMap(([, name = '', value = '']) =>
      name.startsWith(attemptPrefix) ? [{ id: name.slice(attemptPrefix.length), startedAt: startOf(value) }] : [],
    );

  return {
    secretOf: (ctx, attempt) => get(ctx, attemptPrefix + attempt)?.split('.')[1],
    issueSecret(ctx, attempt, secret) {
      const others = attemptCookies(ctx).sort((a, b) => a.startedAt - b.startedAt);
      for (const old of others.slice(0, Math.max(0, others.length - MAX_ATTEMPT_COOKIES + 1))) {
        set(ctx, attemptPrefix + old.id, null, 0);
      }
      set(ctx, attemptPrefix + attempt, `${Math.floor(clock() / 1000).toString(36)}.${secret}`, attemptMs);
    },
    clearSecret: (ctx, attempt) => set(ctx, attemptPrefix + attempt, null, 0),
    attemptsOf: (ctx) =>
      attemptCookies(ctx)
        .sort((a, b) => b.startedAt - a.startedAt)
        .slice(0, MAX_ATTEMPT_COOKIES)
        .map((cookie) => cookie.id),
    recentLogins(ctx) {
      const [count, until] = (get(ctx, `${prefix}recent`) ?? '').split('.').map(Number);
      return count && until && until > clock() / 1000 ? Math.min(count, 100) : 0;
    },
    countLogin(ctx) {
      const until = Math.ceil((clock() + RECENT_MS) / 1000);
      set(ctx, `${prefix}recent`, `${this.recentLogins(ctx) + 1}.${until}`, RECENT_MS);
      if (this.gatewayRecentlyDeclined(ctx)) set(ctx, `${prefix}anonymous`, null, 0);
    },
    gatewayRecentlyDeclined: (ctx) => get(ctx, `${prefix}anonymous`) === '1',
    markGatewayDeclined: (ctx) => set(ctx, `${prefix}anonymous`, '1', GATEWAY_COOL_DOWN_MS),
  };
}

function startOf(value: string): number {
  return Number.parseInt(value, 36) || 0;
}

/**
 * Behind a proxy that ends TLS the connection to us is plain, and a Secure cookie would be refused although `baseUrl`
 * says what people see.
 */
export function trustBaseUrl(ctx: Context, options: ResolvedOptions): void {
  if (options.https) ctx.cookies.secure = true;
}
