import type { Principal } from '../machines/vocabulary.ts';
import type { Json } from './options.ts';

/** Somebody who is signed in, as `ctx.state.user`. */
export interface User<Account extends Json = null> extends Omit<Principal, 'authenticatedAt'> {
  /** What `onLogin` returned; null if there is no such hook. */
  readonly account: Account | null;
  /** When credentials were shown, as far as the login server told; null where it did not. */
  readonly authenticatedAt: Date | null;
  /** When the person arrived on this site. */
  readonly loggedInAt: Date;
  /** When this login ends at the latest. */
  readonly expiresAt: Date;
}

/** `ctx.sso`: what a handler can ask of the plugin. */
export interface Sso<Account extends Json = null> {
  /**
   * Who is signed in, also on a page that is open to everybody; null for nobody. Reads the store once.
   * @throws SsoError ERR_SSO_STORE, ERR_SSO_SESSION_MISSING
   */
  user(): Promise<User<Account> | null>;
  /** The path that begins a login and comes back to `returnTo`, by default to the present page. */
  loginUrl(returnTo?: string): string;
  /** The path to post to, or to link to, for logging out. */
  readonly logoutUrl: string;
  /**
   * Ends the login and answers the request with the redirect that follows from it.
   * @param options.everywhere whether to end the session at the login server as well; default true
   * @throws SsoError ERR_SSO_STORE, ERR_SSO_SESSION_MISSING
   */
  logout(options?: { readonly everywhere?: boolean }): Promise<void>;
}

/** The state of everything below `sso.requireLogin()`. */
export interface SsoState<Account extends Json = null> {
  user: User<Account>;
}

/** The context of everything below `sso.routes()`. */
export interface SsoContext<Account extends Json = null> {
  sso: Sso<Account>;
}
