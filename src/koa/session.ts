import { hkdfSync } from 'node:crypto';
import type Koa from 'koa';
import type { Context, Middleware } from 'koa';
import { createSession } from 'koa-session';
import { SsoError } from '../errors.ts';
import type { ResolvedOptions } from '../options.ts';
import { cookieName, trustBaseUrl } from './cookie-header.ts';

/** What we keep in the koa-session: a pointer, and who it was for, unreadable to anybody else. */
interface Pointer {
  readonly login: string;
  readonly person: string;
}

/** The part of koa-session that we use. */
interface KoaSession {
  [KEY]?: unknown;
  isNew?: boolean;
  regenerate?(): Promise<void>;
}

const KEY = 'campusSso';

/**
 * A koa-session with safe settings: signed, HttpOnly, SameSite=Lax, Secure and `__Host-` over https, as long as a login
 * may last. `app.keys` are derived from `secrets` unless the application has set its own.
 * @param first what has to be done with a request before anything is awaited
 */
export function createSessionMiddleware(app: Koa, options: ResolvedOptions, first: (ctx: Context) => void): Middleware {
  if (!app.keys || (Array.isArray(app.keys) && app.keys.length === 0)) {
    app.keys = options.secrets.map((secret) =>
      Buffer.from(hkdfSync('sha256', secret, '', 'koa-campus-sso/koa-session', 32)).toString('base64url'),
    );
  }
  const session = createSession(
    {
      key: cookieName(options, 'session'),
      maxAge: options.sessionMs,
      httpOnly: true,
      signed: true,
      overwrite: true,
      sameSite: 'lax',
      secure: options.https,
    },
    app,
  );
  return function campusSession(ctx, next) {
    first(ctx);
    trustBaseUrl(ctx, options);
    return session(ctx, next);
  };
}

/**
 * The pointer in the session of this request, or undefined.
 * @throws SsoError ERR_SSO_SESSION_MISSING if there is no koa-session
 */
export function readPointer(ctx: Context): Pointer | undefined {
  const pointer = sessionOf(ctx)?.[KEY] as Partial<Pointer> | undefined;
  return typeof pointer?.login === 'string' && typeof pointer.person === 'string'
    ? { login: pointer.login, person: pointer.person }
    : undefined;
}

/**
 * Points the session to a login, under a new session id. What the application keeps in the session stays, unless the
 * session was another person's.
 * @param person digests of the person who logged in, the one to write first
 * @throws SsoError ERR_SSO_SESSION_MISSING if there is no koa-session
 */
export async function openSession(ctx: Context, login: string, person: readonly [string, ...string[]]): Promise<void> {
  const before = readPointer(ctx);
  if (before && !person.includes(before.person)) writable(ctx).session = {};
  if (!sessionOf(ctx)) writable(ctx).session = {};
  const session = sessionOf(ctx);
  if (!session) throw new SsoError('ERR_SSO_SESSION_MISSING');
  session[KEY] = { login, person: person[0] } satisfies Pointer;
  await session.regenerate?.();
}

/** Ends the session, with all that the application kept in it. */
export function closeSession(ctx: Context): void {
  writable(ctx).session = null;
}

function sessionOf(ctx: Context): KoaSession | null {
  const { session } = ctx as unknown as { session?: KoaSession | null };
  if (session === undefined) throw new SsoError('ERR_SSO_SESSION_MISSING');
  return session;
}

function writable(ctx: Context): { session: KoaSession | null } {
  return ctx as unknown as { session: KoaSession | null };
}
