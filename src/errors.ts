import type { FailureCode } from '../machines/vocabulary.ts';
import { type RequestCode, requestExplanations } from './request-errors.ts';

/** Every code that an error of this package can carry. */
export type SsoErrorCode =
  | FailureCode
  | RequestCode
  | 'ERR_SSO_OPTIONS'
  | 'ERR_SSO_SESSION_MISSING'
  | 'ERR_SSO_LOGIN_REQUIRED'
  | 'ERR_SSO_TICKET_MALFORMED'
  | 'ERR_SSO_ATTEMPT_UNKNOWN'
  | 'ERR_SSO_ATTEMPT_FOREIGN'
  | 'ERR_SSO_CROSS_SITE_LOGOUT'
  | 'ERR_SSO_STORE'
  | 'ERR_SSO_SEAL'
  | 'ERR_SSO_FLOW';

/** What a code says. */
export interface Explanation {
  /** HTTP status: 4xx where the visitor or the browser is at fault, 5xx where a server or the set-up is. */
  readonly status: number;
  /** What happened, why it usually happens, and what to do. Safe to show and to log. */
  readonly message: string;
}

/** The meaning of each code. The compiler demands an entry for every code. */
export const explanations: Readonly<Record<SsoErrorCode, Explanation>> = {
  ERR_SSO_OPTIONS: {
    status: 500,
    message: 'The options of campusSso() are not valid.',
  },
  ERR_SSO_SESSION_MISSING: {
    status: 500,
    message:
      'There is no koa-session on this request. Mount `app.use(sso.session(app))`, or a koa-session of your own, on the outermost app and before sso.routes() and sso.requireLogin().',
  },
  ERR_SSO_LOGIN_REQUIRED: {
    status: 401,
    message: 'You need to sign in. Open the sign-in address in a browser window.',
  },
  ERR_SSO_TICKET_MISSING: {
    status: 400,
    message:
      'The login server sent you back without a ticket. This happens when a sign-in was cancelled, or when the address was typed by hand. Please sign in again.',
  },
  ERR_SSO_TICKET_MALFORMED: {
    status: 400,
    message:
      'The sign-in address carries a ticket that no login server issues. The link may have been damaged on the way. Please sign in again.',
  },
  ERR_SSO_TICKET_REJECTED: {
    status: 403,
    message:
      'The login server did not accept the ticket. A ticket can be used once and only for a short time, so this happens when a page is opened again or a sign-in took too long. Please sign in again.',
  },
  ERR_SSO_PROXIED_TICKET: {
    status: 403,
    message:
      'The ticket was obtained by another service on your behalf, and this page only accepts people who sign in themselves. Please sign in here.',
  },
  ERR_SSO_LOGIN_NOT_FRESH: {
    status: 403,
    message:
      'This page asks you to show your password again, and the login server confirmed an earlier sign-in instead. Please try again and enter your password when asked.',
  },
  ERR_SSO_ATTEMPT_UNKNOWN: {
    status: 400,
    message:
      'This sign-in has expired or was already used. It happens when a sign-in page stays open for a long time or an old address is opened from the history. Please sign in again.',
  },
  ERR_SSO_ATTEMPT_FOREIGN: {
    status: 403,
    message:
      'This sign-in was started in another browser, or this browser does not keep cookies. For your safety it cannot be finished here. Please allow cookies for this site and sign in again.',
  },
  ERR_SSO_CROSS_SITE_LOGOUT: {
    status: 403,
    message: 'Another site asked to sign you out. You are still signed in.',
  },
  ERR_SSO_CAS_REFUSED: {
    status: 502,
    message:
      'The login server refused to answer for this site. Usually the site is not registered there, or its registration does not match. Please tell the people who run this site.',
  },
  ERR_SSO_CAS_UNREACHABLE: {
    status: 503,
    message:
      'The login server cannot be reached at the moment, or its certificate is not trusted. Your sign-in was not finished. Please try again in a few minutes.',
  },
  ERR_SSO_CAS_TIMEOUT: {
    status: 504,
    message:
      'The login server took too long to answer. Your sign-in was not finished. Please try again in a few minutes.',
  },
  ERR_SSO_CAS_BAD_STATUS: {
    status: 502,
    message:
      'The login server answered with an error. Your sign-in was not finished. Please try again in a few minutes.',
  },
  ERR_SSO_CAS_BAD_ANSWER: {
    status: 502,
    message:
      'The login server sent an answer that this site cannot trust. Your sign-in was not finished. Please tell the people who run this site.',
  },
  ERR_SSO_NOT_AUTHORISED: {
    status: 403,
    message: 'You have signed in, but your account may not use this site.',
  },
  ERR_SSO_LOGIN_HOOK: {
    status: 500,
    message:
      'You have signed in, but this site could not look up your account. Please try again, and tell the people who run this site if it stays.',
  },
  ERR_SSO_LOGIN_LOOP: {
    status: 400,
    message:
      'You have been signed in several times in a row and the site still does not know you. Usually this browser does not keep cookies for this site. Please allow cookies, then sign in again.',
  },
  ERR_SSO_CANCELLED: {
    status: 403,
    message: 'You cancelled the sign-in, so you are not signed in to this site. You can sign in at any time.',
  },
  ERR_SSO_WLS_MALFORMED: {
    status: 400,
    message:
      'The reply of the login server cannot be read. The link may have been damaged on the way, or was put together by hand. Please sign in again.',
  },
  ERR_SSO_WLS_INVALID: {
    status: 400,
    message:
      'The reply of the login server is not valid for this sign-in. This happens when a page is opened again, when a sign-in took too long, or when the clock of this site is wrong. Please sign in again.',
  },
  ERR_SSO_WLS_UNKNOWN_KEY: {
    status: 502,
    message:
      'The reply of the login server is signed with a key that this site does not know. Usually the login server has a new key. Please tell the people who run this site.',
  },
  ERR_SSO_WLS_STATUS: {
    status: 502,
    message:
      'The login server could not use the request of this site. Usually the two do not speak the same version of the protocol. Please tell the people who run this site.',
  },
  ERR_SSO_WLS_REFUSED: {
    status: 403,
    message:
      'The login server did not sign you in to this site. It may have to ask you for something first, or this site may not be known there. Please sign in again, and tell the people who run this site if that does not help.',
  },
  ERR_SSO_NO_PROXY_GRANT: {
    status: 403,
    message:
      'There is no proxy grant for this person, so no proxy ticket can be had. Usually the login server could not call the proxy callback of this site (its certificate chain is incomplete or not trusted there, or the address cannot be reached from there), the delivery came to another application or to a process that does not share our store, this site is not registered there as one that may proxy, this site does not ask for proxy grants, or nobody is signed in. The log says which it was at the login.',
  },
  ERR_SSO_PROXY_GRANT_EXPIRED: {
    status: 401,
    message:
      'The login server no longer honours the proxy grant of this login: it has expired, or the person has signed out there. The person must sign in again.',
  },
  ERR_SSO_PROXY_REFUSED: {
    status: 502,
    message:
      'The login server refused a proxy ticket for this service. Usually this site may not proxy, or that service is not registered there. To sign in again would not help.',
  },
  ERR_SSO_PROXY_TICKET_REQUIRED: {
    status: 401,
    message:
      'This service is called on behalf of a person, and the call brought no proxy ticket. Please send one for this service, as the parameter “ticket” or in the header “Authorization: CAS …”.',
  },
  ERR_SSO_PROXY_TICKET_REJECTED: {
    status: 401,
    message:
      'The proxy ticket was not accepted. A ticket can be used once, for a short time, and only at the very service it was issued for. Ask for a new one.',
  },
  ERR_SSO_PROXY_CHAIN: {
    status: 401,
    message:
      'The proxy ticket is good, but the services that it came through may not act for people here. The callback address of each must be among the allowed chains of this service.',
  },
  ...requestExplanations,
  ERR_SSO_STORE: {
    status: 503,
    message:
      'The place where this site keeps its sign-ins cannot be reached at the moment. Nobody was signed in or out. Please try again in a few minutes.',
  },
  ERR_SSO_SEAL: {
    status: 500,
    message:
      'A stored record cannot be opened: it was changed, or sealed with a secret that is no longer in `secrets`. It is treated as if it were not there.',
  },
  ERR_SSO_FLOW: {
    status: 500,
    message: 'A sign-in flow broke its own rules. This is a fault of the site, not of the visitor.',
  },
};

/** Faults of the set-up, or of this package. */
const FOR_DEVELOPERS: ReadonlySet<SsoErrorCode> = new Set([
  'ERR_SSO_OPTIONS',
  'ERR_SSO_SESSION_MISSING',
  'ERR_SSO_REQUEST_PARSED',
  'ERR_SSO_SEAL',
  'ERR_SSO_FLOW',
]);

/** Settings of one error beyond what its code implies. */
export interface SsoErrorInit {
  /** Replaces the code's standard message; must be safe to show and to log. */
  readonly message?: string;
  /** The error underneath. Never shown to a visitor. */
  readonly cause?: unknown;
  /** A short technical reason for the log, without secrets: `INVALID_TICKET`, `ECONNREFUSED`. */
  readonly detail?: string | null;
}

/**
 * The one exception of this package.
 *
 * A failed login is not an exception but a state of its flow; an `SsoError` is misuse, a broken set-up, or an outage of
 * our own store. Tell errors apart by `code`, not by class or by message. `status` and `expose` are what Koa's own
 * error handler reads; the message is always safe to show.
 */
export class SsoError extends Error {
  override readonly name = 'SsoError';
  readonly code: SsoErrorCode;
  readonly status: number;
  /** Whether Koa may show the message to a visitor: not where it speaks to whoever built the site. */
  readonly expose: boolean;
  readonly detail: string | null;

  constructor(code: SsoErrorCode, init: SsoErrorInit = {}) {
    super(init.message ?? explanations[code].message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = code;
    this.status = explanations[code].status;
    this.expose = !FOR_DEVELOPERS.has(code);
    this.detail = init.detail ?? null;
  }
}

/** Whether something thrown is ours. Compares by name and code, so that two copies of the package understand each other. */
export function isSsoError(thrown: unknown): thrown is SsoError {
  return (
    thrown instanceof Error &&
    thrown.name === 'SsoError' &&
    'code' in thrown &&
    typeof thrown.code === 'string' &&
    Object.hasOwn(explanations, thrown.code)
  );
}
