import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import type { ResolvedOptions } from '../options.ts';
import { cookieName, cookiesOf, readCookie, setCookie } from './cookie-header.ts';

/** More attempts than this in one browser and the oldest cookies go: a cookie header has an end. */
const MAX_ATTEMPT_COOKIES = 8;
/** How many cookies one answer may take away, so that its own header stays small. */
const MAX_CLEARED = 8;
/** How many attempts of one browser a logout ends. */
const MAX_ATTEMPTS = 32;
/** How long a finished login counts as recent, in milliseconds. */
const RECENT_MS = 60_000;
/** How long a login server that knew nobody is left alone, in milliseconds. */
const GATEWAY_COOL_DOWN_MS = 5 * 60_000;

/** How long the way that somebody chose is remembered, in milliseconds: a term. */
const WAY_MS = 120 * 24 * 3_600_000;

/** The small cookies that a login needs before there is a session. None is read on an authenticated request. */
export interface FlowCookies {
  /** The secret of an attempt; undefined if the cookie is not one that we issued. */
  secretOf(ctx: Context, attempt: string): string | undefined;
  issueSecret(ctx: Context, attempt: string, secret: string): void;
  clearSecret(ctx: Context, attempt: string): void;
  /** The attempts that this browser holds a secret of ours for, the latest first. */
  attemptsOf(ctx: Context): readonly string[];
  /** How many logins this browser finished within the last minute, without a logout between them. */
  recentLogins(ctx: Context): number;
  countLogin(ctx: Context): void;
  forgetLogins(ctx: Context): void;
  /** Whether the login server is to be left alone: it was asked a short while ago, or the person has just logged out. */
  gatewayRecentlyDeclined(ctx: Context): boolean;
  markGatewayDeclined(ctx: Context): void;
  /** The way that this browser logged in by last, by name. */
  wayOf(ctx: Context): string | undefined;
  rememberWay(ctx: Context, name: string): void;
  forgetWay(ctx: Context): void;
  /** The session of a service that calls on somebody's behalf, if it has one. */
  callerOf(ctx: Context): string | undefined;
  issueCaller(ctx: Context, loginId: string, lifeMs: number): void;
}

export function createFlowCookies(options: ResolvedOptions): FlowCookies {
  const { attemptMs, clock, secrets } = options;
  // An attempt has a name of its own, so that several can be under way at once.
  const attemptPrefix = `${cookieName(options, 'attempt')}-`;
  const recent = cookieName(options, 'recent');
  const anonymous = cookieName(options, 'anonymous');
  const caller = cookieName(options, 'caller');
  const way = cookieName(options, 'way');
  const keys = secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', 'koa-campus-sso/attempt', 32)));
  const macsOf = (text: string) => keys.map((key) => createHmac('sha256', key).update(text).digest().subarray(0, 16));

  /** What an attempt cookie holds, if we wrote it: strangers' cookies must not cost a look at the store. */
  const open = (attempt: string, value: string) => {
    const [startedAt = '', secret = '', mac = ''] = value.split('.');
    const shown = Buffer.from(mac, 'base64url');
    const genuine = macsOf(`${attempt}.${startedAt}.${secret}`).some(
      (expected) => shown.length === expected.length && timingSafeEqual(shown, expected),
    );
    return genuine ? { attempt, secret, startedAt: Number.parseInt(startedAt, 36) } : undefined;
  };
  const attemptCookies = (ctx: Context) =>
    cookiesOf(ctx).flatMap(([name, value]) => {
      const attempt = name.startsWith(attemptPrefix) ? name.slice(attemptPrefix.length) : '';
      return isAttemptId(attempt) ? [{ attempt, value }] : [];
    });
  const ours = (ctx: Context) =>
    attemptCookies(ctx)
      .flatMap(({ attempt, value }) => open(attempt, value) ?? [])
      .sort((a, b) => b.startedAt - a.startedAt)
      .slice(0, MAX_ATTEMPTS);

  const cookies: FlowCookies = {
    secretOf(ctx, attempt) {
      const value = isAttemptId(attempt) ? readCookie(ctx, attemptPrefix + attempt) : undefined;
      return value === undefined ? undefined : open(attempt, value)?.secret;
    },
    issueSecret(ctx, attempt, secret) {
      const held = ours(ctx);
      const stale = attemptCookies(ctx).filter((cookie) => !held.some((one) => one.attempt === cookie.attempt));
      const tooMany = held.slice(MAX_ATTEMPT_COOKIES - 1);
      for (const old of [...tooMany, ...stale].slice(0, MAX_CLEARED)) cookies.clearSecret(ctx, old.attempt);
      const startedAt = Math.floor(clock() / 1000).toString(36);
      const mac = macsOf(`${attempt}.${startedAt}.${secret}`)[0]?.toString('base64url');
      setCookie(ctx, options, attemptPrefix + attempt, `${startedAt}.${secret}.${mac}`, attemptMs);
    },
    clearSecret(ctx, attempt) {
      if (isAttemptId(attempt)) setCookie(ctx, options, attemptPrefix + attempt, null, 0);
    },
    attemptsOf: (ctx) => ours(ctx).map(({ attempt }) => attempt),
    recentLogins(ctx) {
      const [count, until] = (readCookie(ctx, recent) ?? '').split('.').map(Number);
      return count && until && until > clock() / 1000 ? Math.min(count, 100) : 0;
    },
    countLogin(ctx) {
      const until = Math.ceil((clock() + RECENT_MS) / 1000);
      setCookie(ctx, options, recent, `${cookies.recentLogins(ctx) + 1}.${until}`, RECENT_MS);
      if (cookies.gatewayRecentlyDeclined(ctx)) setCookie(ctx, options, anonymous, null, 0);
    },
    forgetLogins(ctx) {
      if (readCookie(ctx, recent) !== undefined) setCookie(ctx, options, recent, null, 0);
    },
    gatewayRecentlyDeclined: (ctx) => readCookie(ctx, anonymous) === '1',
    markGatewayDeclined: (ctx) => setCookie(ctx, options, anonymous, '1', GATEWAY_COOL_DOWN_MS),
    wayOf: (ctx) => readCookie(ctx, way),
    rememberWay: (ctx, name) => setCookie(ctx, options, way, name, WAY_MS),
    forgetWay(ctx) {
      if (readCookie(ctx, way) !== undefined) setCookie(ctx, options, way, null, 0);
    },
    callerOf: (ctx) => readCookie(ctx, caller),
    issueCaller: (ctx, loginId, lifeMs) => setCookie(ctx, options, caller, loginId, lifeMs),
  };
  return cookies;
}

/** 128 random bits in base64url; nothing else becomes part of the name of a cookie. */
function isAttemptId(text: string): boolean {
  return /^[A-Za-z0-9_-]{22}$/.test(text);
}
