import type { CallbackOptions } from './fake-cas-callback.ts';
import type { MisbehaveOptions } from './fake-cas-fault-queue.ts';
import type { FakeCasFault } from './fake-cas-faults.ts';
import type { ProxyOptions } from './fake-cas-proxy.ts';
import type { FakeCasUser } from './fake-cas-users.ts';
import type { FakeServerOptions } from './fake-server.ts';

/** How `startFakeCas` sets the server up. Everything is optional. */
export interface FakeCasOptions extends CallbackOptions, ProxyOptions, FakeServerOptions {
  /** The path of the server. Default: `/cas`. */
  readonly path?: string;
  /** Who can sign in. Default: `defaultFakeCasUsers`. */
  readonly users?: readonly FakeCasUser[];
  /** How long a ticket may wait for its validation, in seconds. Default: 60. */
  readonly ticketLifetimeSeconds?: number;
  /** The present, in milliseconds since the epoch. Default: `Date.now`. */
  readonly clock?: () => number;
}

/** How many requests each kind of endpoint has seen so far, whether they went well or not. */
export interface FakeCasCounts {
  /** `/login`, the form as well as the credentials. */
  readonly login: number;
  /** All validation endpoints together. */
  readonly validate: number;
  /** `/proxy`, which trades a proxy-granting ticket for a proxy ticket. */
  readonly proxy: number;
  readonly logout: number;
  /** Everything else: the stylesheet, where the `redirect` fault leads, and addresses that do not exist. */
  readonly other: number;
  /** The requests that the server has itself made to proxy callbacks, bare ones included. */
  readonly callback: number;
}

/** A validation request that the server has seen. */
export interface FakeCasValidation {
  /** The path below the server's own, for example `/p3/serviceValidate`. */
  readonly endpoint: string;
  readonly method: string;
  /** What the client named, decoded; `undefined` where it named nothing. The same goes for the next three. */
  readonly service: string | undefined;
  readonly ticket: string | undefined;
  readonly format: string | undefined;
  readonly pgtUrl: string | undefined;
  /** Whether `renew` was there, with whatever value. */
  readonly renew: boolean;
}

/** A ticket made without a browser. */
export interface IssueTicketOptions {
  /** The ticket counts as one for which a password was typed, so that a validation with `renew` accepts it. Default: `false`. */
  readonly renew?: boolean;
  /** The proxies it came through, most recent first: makes it a proxy ticket. Default: none. */
  readonly proxies?: readonly string[];
}

/** A running fake CAS server. */
export interface FakeCas {
  /** The address to give to the client as its CAS server, without a trailing slash: `http://localhost:41234/cas`. */
  readonly url: string;
  readonly users: readonly FakeCasUser[];
  /** Goes on counting; read it whenever needed. */
  readonly counts: FakeCasCounts;
  /** How many proxy-granting tickets are good at this moment. */
  readonly grants: number;
  /** The last 1000 validation requests, oldest first. */
  readonly validations: readonly FakeCasValidation[];
  /**
   * Makes the next answers go wrong: by default one, and at the validation endpoints. Calls add up: the second fault
   * begins when the first has happened as often as it should.
   *
   * @throws TypeError when the fault cannot happen at that endpoint or `times` is not a positive whole number or `Infinity`,
   * or the public key of `encrypted-grant` is none for RSA.
   */
  misbehave(fault: FakeCasFault, options?: MisbehaveOptions): void;
  /** Forgets every fault that is still to come. Requests that hang already go on hanging. */
  behave(): void;
  /**
   * Ends every single sign-on session, and with it the proxy-granting tickets of browsers and the tickets that nobody has
   * validated yet. Tells nobody.
   */
  signOutEverybody(): void;
  /**
   * Ends every proxy-granting ticket, or those of the user of that name, and no session. Proxy tickets issued before stay
   * good.
   */
  expireGrants(user?: string): void;
  /**
   * Issues a ticket without a browser. It does not depend on any single sign-on session, and nor does a proxy-granting
   * ticket that comes of it.
   *
   * @throws TypeError when there is no such user.
   */
  issueTicket(user: string, service: string, options?: IssueTicketOptions): string;
  /** Ends the server, every open connection and every callback under way. May be called again. */
  close(): Promise<void>;
}
