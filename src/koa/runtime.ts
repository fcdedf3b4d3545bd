import type { Context } from 'koa';
import type { PrincipalRef } from '../../machines/vocabulary.ts';
import type { Attempts } from '../flow/attempt-types.ts';
import type { JournalListener, PseudonymOf } from '../flow/journal.ts';
import type { ResolvedOptions } from '../options.ts';
import type { ConnectedLogin, LoginScope } from '../protocols/protocol.ts';
import type { Logins } from '../storage/logins.ts';
import type { ProxyGrants } from '../storage/proxy-grants.ts';
import type { SavedRequests } from '../storage/saved-request.ts';
import type { BodyCaptures } from './body-capture.ts';
import type { FlowCookies } from './cookies.ts';
import type { OwnerCookie } from './owner-cookie.ts';
import type { ProxyClient } from './proxy-client.ts';
import type { RequestCookies } from './request-cookies.ts';

/** One way to log in, or several. */
export type Ways = readonly [ConnectedLogin, ...ConnectedLogin[]];

/** Gives the runtime for the address that a request was sent to. */
export type RuntimeOf = (ctx: Context) => Runtime;

/** Whether requests are kept over a login. */
export interface Keeping {
  /** Some guard asks for it. Set when the application is put together. */
  isWanted: boolean;
  /**
   * Whether the store gives a request to one caller only, between processes as well.
   * @throws SsoError ERR_SSO_STORE
   */
  isSafe(): Promise<boolean>;
}

/** What the Koa layer works with, for one address of the app; put together once by `campusSso()`. */
export interface Runtime {
  readonly options: ResolvedOptions;
  /** The ways to log in, the first one being that which is asked quietly. */
  readonly ways: Ways;
  readonly attempts: Attempts<LoginScope>;
  readonly logins: Logins;
  readonly grants: ProxyGrants;
  readonly proxyClient: ProxyClient;
  /** Hears each step of each flow. */
  readonly journal: JournalListener;
  /** What the journal calls people. */
  readonly pseudonymOf: PseudonymOf;
  readonly cookies: FlowCookies;
  /** Bodies of requests that are being answered. */
  readonly captures: BodyCaptures;
  /** Requests that wait for a login. */
  readonly savedRequests: SavedRequests;
  readonly requestCookies: RequestCookies;
  readonly owner: OwnerCookie;
  readonly keeping: Keeping;
  /**
   * Digests of a principal that only this site can make, one for each secret: they tell the same person from another
   * without a name. The first is for writing.
   */
  personDigests(principal: PrincipalRef): readonly [string, ...string[]];
}
