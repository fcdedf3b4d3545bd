import type { Context } from 'koa';
import { explanations, isSsoError, type SsoErrorCode } from '../errors.ts';
import type { ErrorPage } from '../options.ts';
import { keptNow } from './keep-request.ts';
import { type PageAction, privateResponse, sendPage } from './page.ts';
import { wantsJson } from './request.ts';
import type { Runtime } from './runtime.ts';

/** A failure to tell the browser about. */
export interface Shown {
  readonly code: SsoErrorCode;
  /** For the log: a code of the login server or a technical reason, never a ticket. */
  readonly detail?: string | null;
  /** Where the person wanted to go: a path on this site. */
  readonly returnTo?: string;
  /** The way to log in that failed, by name. */
  readonly via?: string | undefined;
  /** What was kept for the next attempt, by its handle. */
  readonly request?: string | undefined;
  /** Signing in must ask for credentials. */
  readonly renew?: boolean;
  /** What the login server says to the person; text of a stranger. */
  readonly said?: string | null;
}

const TITLES: Partial<Record<SsoErrorCode, string>> = {
  ERR_SSO_LOGIN_REQUIRED: 'Please sign in',
  ERR_SSO_NOT_AUTHORISED: 'You may not use this site',
  ERR_SSO_CROSS_SITE_LOGOUT: 'You are still signed in',
  ERR_SSO_ATTEMPT_UNKNOWN: 'This sign-in is no longer valid',
  ERR_SSO_ATTEMPT_FOREIGN: 'This sign-in belongs elsewhere',
  ERR_SSO_CANCELLED: 'You cancelled the sign-in',
  ERR_SSO_LOGIN_LOOP: 'Signing in does not work in this browser',
  ERR_SSO_STORE: 'Signing in is not possible just now',
  ERR_SSO_CAS_UNREACHABLE: 'Signing in is not possible just now',
  ERR_SSO_CAS_TIMEOUT: 'Signing in is not possible just now',
};

/**
 * Answers a failure: one log line, and a page, or JSON for those who read JSON. The application's own `errorPage` comes
 * before the default one.
 */
export async function showFailure(ctx: Context, runtime: Runtime, shown: Shown): Promise<void> {
  const { options } = runtime;
  const { returnTo, renew, request = keptNow(ctx) } = shown;
  const { status, message } = explanations[shown.code];
  const line = `${shown.code}${shown.detail ? ` (${shown.detail})` : ''}: answered with ${status}`;
  if (status >= 500) options.logger.error(line);
  else options.logger.warn(line);

  const page: ErrorPage = {
    code: shown.code,
    status,
    title: TITLES[shown.code] ?? 'You could not be signed in',
    message,
    retryUrl: loginPath(runtime, returnTo, {
      via: hasChoice(runtime) ? shown.via : undefined,
      request,
      renew,
    }),
    messages: shown.said ? [shown.said] : [],
  };
  ctx.status = status;
  privateResponse(ctx);
  if (options.errorPage) return options.errorPage(page, ctx);
  if (wantsJson(ctx)) {
    ctx.body = { error: { code: page.code, message } };
    return;
  }
  sendPage(ctx, options, {
    status,
    title: page.title,
    paragraphs: [message, ...page.messages.map((said) => `The login server says: “${said}”`)],
    reference: page.code,
    actions: [
      wayOn(page, runtime),
      ...(hasChoice(runtime)
        ? [
            {
              kind: 'link' as const,
              label: 'Sign in another way',
              href: loginPath(runtime, returnTo, { via: '', request }),
            },
          ]
        : []),
      { kind: 'link', label: 'Go to the start page', href: `${options.basePath}/` },
    ],
    formTargets: logoutTargets(runtime),
  });
}

/** Where signing out may lead, beyond this site. */
export function logoutTargets({ ways, options }: Runtime): readonly string[] {
  return ways.flatMap((way) => way.logoutUrl(options.baseUrl) ?? []);
}

/** Whether people have several ways to log in. */
export function hasChoice({ ways, options }: Runtime): boolean {
  return ways.length + options.otherLogins.length > 1;
}

/** Whoever has the wrong account gets no further by signing in, which single sign-on does with the same one. */
function wayOn({ code, retryUrl }: ErrorPage, { options }: Runtime): PageAction {
  return code === 'ERR_SSO_NOT_AUTHORISED'
    ? { kind: 'post', label: 'Use another account', href: `${options.basePath}${options.routePrefix}/logout` }
    : { kind: 'link', label: 'Sign in again', href: retryUrl };
}

/** Runs our own part of a request, and answers what goes wrong there. Errors that are not ours are left to the host. */
export async function answeringFailures<T>(
  ctx: Context,
  runtime: Runtime,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    // A missing session is a fault in how the application is put together: its developer must see it, not its visitors.
    if (!isSsoError(error) || error.code === 'ERR_SSO_SESSION_MISSING') throw error;
    await showFailure(ctx, runtime, { code: error.code, detail: error.detail });
    return undefined;
  }
}

/** What a path that begins a login may carry. */
export interface LoginPathParameters {
  /** The name of the way to log in by; empty for a page to choose on. */
  readonly via?: string | undefined;
  /** The handle of a request that was kept. */
  readonly request?: string | undefined;
  /** Also for people who are signed in. */
  readonly again?: boolean;
  /** Credentials are to be asked for. */
  readonly renew?: boolean | undefined;
}

/** The path that begins a login and leads back to `returnTo`. */
export function loginPath(
  { options }: Runtime,
  returnTo = `${options.basePath}/`,
  { via, request, again = false, renew = false }: LoginPathParameters = {},
): string {
  const choice = via === undefined ? '' : `&via=${encodeURIComponent(via)}`;
  const kept = request === undefined ? '' : `&request=${request}`;
  return `${options.basePath}${options.routePrefix}/login?returnTo=${encodeURIComponent(returnTo)}${choice}${kept}${again ? '&again=1' : ''}${renew ? '&renew=1' : ''}`;
}
