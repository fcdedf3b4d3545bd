import type { Context } from 'koa';
import type { Principal } from '../machines/vocabulary.ts';
import { SsoError, type SsoErrorCode } from './errors.ts';
import type { JournalListener } from './flow/journal.ts';
import { type JournalSetup, type ResolvedJournal, readJournal } from './journal-options.ts';
import { type KeptRequestOptions, type ResolvedKeptRequests, readKeptRequests } from './kept-request-options.ts';
import type { LoginProtocol } from './protocols/protocol.ts';
import { readSites } from './site-options.ts';
import type { KeyvLike } from './storage/store.ts';
import { isOtherLogin, isOwnPath, readWays } from './way-options.ts';

/** Where log lines go. `console`, pino and most loggers fit. A line never holds a ticket, a session id or a body. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** What a page about a failure says. */
export interface ErrorPage {
  readonly code: SsoErrorCode;
  readonly status: number;
  readonly title: string;
  /** What happened, why it usually happens, and what to do. Text, not markup. */
  readonly message: string;
  /** Where "try again" leads: a path on this site. */
  readonly retryUrl: string;
  /** What the login server says to the person, if anything. A stranger may have written it: text, never markup. */
  readonly messages: readonly string[];
}

/** A login of the application's own: a form for guests, a password of this site. */
export interface OtherLogin {
  readonly label: string;
  /** Gets `returnTo` in its query. */
  readonly path: string;
}

/** Anything that JSON carries: an account is stored with the login. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface CampusSsoOptions<Account extends Json = null> {
  /**
   * Where the app is reached from outside: scheme, host, port and the path it is mounted on. No address of ours is ever
   * taken from `Host` or `X-Forwarded-*` (CVE-2022-39369). For an app with several addresses, the list of them: a request
   * belongs to the one whose host it names, and to the first if it names none of them.
   */
  readonly baseUrl: string | readonly string[];
  /** Secrets of at least 32 characters. The first seals what is stored, all open it: put a new one in front. */
  readonly secrets: readonly string[];
  /**
   * The way in: `cas({ … })` or `ucam({ … })`. With a list of them people choose, and come back by the way they chose last;
   * the first of the list is the one that is asked quietly.
   */
  readonly login: LoginProtocol | readonly LoginProtocol[];
  /** Ways to log in of the application's own, to choose as well: a name, and a path on this site. */
  readonly otherLogins?: readonly OtherLogin[];
  /** A Keyv (5.6 or 6.1) of its own. Default: in memory, bounded, for one process. */
  readonly store?: KeyvLike;
  /** How long one call to the store may take, in milliseconds. Default 2000. */
  readonly storeDeadlineMs?: number;
  /** Path of our own routes below `baseUrl`. Default `/sso`. */
  readonly routePrefix?: string;
  /** A login ends when nothing was asked for this long, in seconds. Default 3600 (one hour). */
  readonly idleSeconds?: number;
  /** A login ends after this time whatever happens, in seconds. Default 36000 (ten hours). */
  readonly absoluteSeconds?: number;
  /** How long a person may take at the login server, in seconds. Default 600 (ten minutes). */
  readonly attemptSeconds?: number;
  /** Limits of what is kept of a request over a login, where a guard says `keepBody`. */
  readonly keptRequests?: KeptRequestOptions;
  /** Where people land after logging in, whatever page they wanted: a path on this site. Default: the page they wanted. */
  readonly afterLogin?: string;
  /** Where people land after logging out: a path on this site. Default: a plain page of ours. */
  readonly afterLogout?: string;
  /**
   * Looks up, creates or refuses the local account of somebody who has just logged in. What it returns is stored with
   * the login and is `ctx.state.user.account`; `false` refuses (403). An error it throws ends in a 500 page.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: a hook that only looks on is written without a return.
  readonly onLogin?: (principal: Principal, ctx: Context) => Promise<Account | false | void> | Account | false | void;
  /**
   * Calls services for `ctx.sso.fetch`. Default: the `fetch` of Node. Give the one of undici with a dispatcher of your own
   * for services whose certificates a private CA issued.
   */
  readonly fetch?: typeof globalThis.fetch;
  /**
   * Gets each step of each flow: names only. A function hears them at once; sinks get them as records in a chain that
   * `koa-campus-sso audit verify` checks, and `close()` waits for them.
   */
  readonly journal?: JournalListener | JournalSetup;
  /** Writes the response for a failure in place of the default page. */
  readonly errorPage?: (page: ErrorPage, ctx: Context) => Promise<void> | void;
  /** Default: warnings and errors on the console. */
  readonly logger?: Logger;
  /** The time in milliseconds since 1970. Default `Date.now`; for tests. */
  readonly clock?: () => number;
}

/** One address of the app. */
export interface Site {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly origin: string;
  /** The path of `baseUrl` without a trailing slash; empty at the root of a host. */
  readonly basePath: string;
}

/** The options after checking, with every default in place, as they are for one of the app's addresses. */
export interface ResolvedOptions extends Site {
  readonly sites: readonly Site[];
  readonly https: boolean;
  readonly routePrefix: string;
  readonly secrets: readonly string[];
  readonly ways: readonly [LoginProtocol, ...LoginProtocol[]];
  readonly otherLogins: readonly OtherLogin[];
  readonly store: KeyvLike | undefined;
  readonly storeDeadlineMs: number;
  readonly idleMs: number;
  readonly sessionMs: number;
  readonly attemptMs: number;
  readonly keptRequests: ResolvedKeptRequests;
  readonly afterLogin: string | null;
  readonly afterLogout: string | null;
  readonly onLogin: CampusSsoOptions<Json>['onLogin'];
  readonly journal: ResolvedJournal;
  readonly fetch: typeof globalThis.fetch;
  readonly errorPage: CampusSsoOptions['errorPage'];
  readonly logger: Logger;
  readonly clock: () => number;
}

const MIN_SECRET_LENGTH = 32;
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
/** Node runs a longer timer at once. */
const MAX_TIMER_MS = 2_147_483_647;

/**
 * Checks the options once and lists everything that is wrong with them together.
 * @throws SsoError ERR_SSO_OPTIONS
 */
export function resolveOptions<Account extends Json>(given: CampusSsoOptions<Account>): ResolvedOptions {
  const options: CampusSsoOptions<Account> = Object(given);
  const problems: string[] = [];
  const sites = readSites(options.baseUrl, problems);
  const [site] = sites;
  const secrets: readonly unknown[] = Array.isArray(options.secrets) ? options.secrets : [];
  if (secrets.length === 0) problems.push('secrets: give at least one secret, e.g. [process.env.SSO_SECRET].');
  secrets.forEach((secret, index) => {
    if (typeof secret !== 'string' || secret.length < MIN_SECRET_LENGTH) {
      problems.push(`secrets[${index}]: expected at least ${MIN_SECRET_LENGTH} random characters.`);
    }
  });
  const routePrefix = options.routePrefix ?? '/sso';
  if (!/^(\/[A-Za-z0-9_-]+)+$/.test(routePrefix)) {
    problems.push(`routePrefix: expected a path such as "/sso", got ${JSON.stringify(routePrefix)}.`);
  }
  // Without an address of ours, only what does not hang on it can be judged.
  const ways = readWays(options.login, { baseUrl: site?.baseUrl ?? 'https://example.edu', routePrefix }, problems);
  const otherLogins = options.otherLogins ?? [];
  if (!Array.isArray(otherLogins) || !otherLogins.every(isOtherLogin)) {
    problems.push('otherLogins: expected a list of { label, path }, with paths on this site.');
  }
  const { afterLogin = null, afterLogout = null } = options;
  for (const [name, path] of Object.entries({ afterLogin, afterLogout })) {
    if (path !== null && !isOwnPath(path))
      problems.push(`${name}: expected a path on this site that begins with one "/".`);
  }
  const idle = positive('idleSeconds', options.idleSeconds, 3600, problems);
  const absolute = positive('absoluteSeconds', options.absoluteSeconds, 36_000, problems);
  const attempt = positive('attemptSeconds', options.attemptSeconds, 600, problems);
  const keptRequests = readKeptRequests(options.keptRequests, problems);
  const journal = readJournal(options.journal, problems);
  const storeDeadlineMs = positive('storeDeadlineMs', options.storeDeadlineMs, 2000, problems);
  for (const name of ['onLogin', 'errorPage', 'clock', 'fetch'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'function')
      problems.push(`${name}: expected a function.`);
  }
  const { logger } = options;
  if (logger !== undefined && !LEVELS.every((level) => typeof logger?.[level] === 'function')) {
    problems.push(`logger: expected the functions ${LEVELS.join(', ')}.`);
  }
  if (storeDeadlineMs > MAX_TIMER_MS) problems.push(`storeDeadlineMs: expected at most ${MAX_TIMER_MS}.`);
  const store = options.store as Partial<KeyvLike> | undefined;
  if (store !== undefined && !(['get', 'set', 'delete'] as const).every((name) => typeof store[name] === 'function')) {
    problems.push('store: expected a Keyv 5.6 or 6.1.');
  }
  const [way, ...more] = ways;
  if (problems.length > 0 || !site || !way) {
    throw new SsoError('ERR_SSO_OPTIONS', {
      message: `The options of campusSso() are not valid:\n${problems.map((problem) => `- ${problem}`).join('\n')}`,
    });
  }
  return Object.freeze({
    ...site,
    sites,
    https: site.origin.startsWith('https:'),
    routePrefix,
    secrets: Object.freeze([...options.secrets]),
    ways: Object.freeze([way, ...more] as const),
    otherLogins: Object.freeze([...otherLogins]),
    store: options.store,
    storeDeadlineMs,
    idleMs: idle * 1000,
    sessionMs: absolute * 1000,
    attemptMs: attempt * 1000,
    keptRequests,
    afterLogin,
    afterLogout,
    onLogin: options.onLogin as CampusSsoOptions<Json>['onLogin'],
    journal,
    // Looked up at each call, so that instrumentation that comes later is not passed by.
    fetch: options.fetch ?? ((...call) => globalThis.fetch(...call)),
    errorPage: options.errorPage,
    logger: options.logger ?? consoleLogger,
    clock: options.clock ?? Date.now,
  });
}

function positive(name: string, value: unknown, fallback: number, problems: string[]): number {
  if (value === undefined) return fallback;
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
  problems.push(`${name}: expected a number above 0.`);
  return fallback;
}

const prefix = '[koa-campus-sso]';
const consoleLogger: Logger = {
  debug() {},
  info() {},
  warn: (message) => console.warn(prefix, message),
  error: (message) => console.error(prefix, message),
};
