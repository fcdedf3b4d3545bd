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
   * Who is signed in, also on a page that is open to everybody; null for nobody. Reads the store once. Below
   * `sso.acceptProxyTickets()`: for whom the call is.
   * @throws SsoError ERR_SSO_STORE, ERR_SSO_SESSION_MISSING
   */
  user(): Promise<User<Account> | null>;
  /**
   * The path that begins a login and comes back to `returnTo`, by default to the present page.
   * @param options.via the name of the way to log in by, where there are several; empty to let people choose anew
   */
  loginUrl(returnTo?: string, options?: { readonly via?: string }): string;
  /** The path to post to, or to link to, for logging out. */
  readonly logoutUrl: string;
  /**
   * Ends the login and answers the request with the redirect that follows from it.
   * @param options.everywhere whether to end the session at the login server as well; default true
   * @throws SsoError ERR_SSO_STORE, ERR_SSO_SESSION_MISSING
   */
  logout(options?: { readonly everywhere?: boolean }): Promise<void>;
  /**
   * A proxy ticket for exactly this service, for one use (CAS 2.7). Callers who ask at the same moment for the same
   * service get the same ticket.
   * @param service to the letter what the service behind will validate with; it need not be an address
   * @throws SsoError ERR_SSO_LOGIN_REQUIRED, ERR_SSO_NO_PROXY_GRANT, ERR_SSO_PROXY_GRANT_EXPIRED, ERR_SSO_PROXY_REFUSED,
   *   ERR_SSO_CAS_UNREACHABLE, ERR_SSO_CAS_TIMEOUT, ERR_SSO_CAS_BAD_STATUS, ERR_SSO_CAS_BAD_ANSWER, ERR_SSO_STORE
   */
  proxyTicket(service: string): Promise<string>;
  /**
   * Calls a service on the person's behalf: a `fetch` with a proxy ticket of its own. Redirects are followed on the
   * service's own origin only, without the ticket and with the cookies that the service set.
   * @throws SsoError as `proxyTicket`; whatever `fetch` throws
   */
  fetch(url: string | URL, init?: SsoRequestInit): Promise<Response>;
  /**
   * Says that this request has done something that must not be done twice. Below `requireLogin({ keepBody: true })` an
   * `ERR_SSO_PROXY_GRANT_EXPIRED` then goes to the application, and the request does not run again.
   */
  pointOfNoReturn(): void;
}

/** A request that was kept over a login and runs now, as `ctx.state.replay`. Set by the plugin, and by nobody else. */
export interface Replay {
  /** The same in the log; says nothing of what was kept. */
  readonly id: string;
  readonly savedAt: Date;
  /** How often it was taken out of the store to be run, this time included. */
  readonly attempts: number;
}

/** What `ctx.sso.fetch` takes beyond what `fetch` does. */
export interface SsoRequestInit extends RequestInit {
  /** The service that the ticket is for, where the other side validates for another address than the one called. */
  readonly service?: string;
}

/** A person's proxy grant, outside of a request of theirs. */
export interface ProxyGrantOf {
  /** As {@link Sso.proxyTicket}. */
  proxyTicket(service: string): Promise<string>;
  /** As {@link Sso.fetch}. */
  fetch(url: string | URL, init?: SsoRequestInit): Promise<Response>;
  /** When the login that it belongs to ends at the latest. */
  readonly expiresAt: Date;
}

/** Somebody for whom another service calls, as `ctx.state.user` below `sso.acceptProxyTickets()`. */
export interface ProxiedUser<Account extends Json = null> extends User<Account> {
  /** The callback addresses of the services that act for the person, the most recent first. */
  readonly proxies: readonly string[];
}

/** The state of everything below `sso.acceptProxyTickets()`. */
export interface ProxiedState<Account extends Json = null> {
  user: ProxiedUser<Account>;
}

/** The state of everything below `sso.requireLogin()`. */
export interface SsoState<Account extends Json = null> {
  user: User<Account>;
  /** Set if this is a request that a login had interrupted. It came from a page of this site, and from this person. */
  replay?: Replay;
}

/** The context of everything below `sso.routes()`. */
export interface SsoContext<Account extends Json = null> {
  sso: Sso<Account>;
}
