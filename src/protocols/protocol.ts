import type { AnyStateMachine } from 'xstate';
import type { NotKeptCode, Principal, PrincipalRef, ProtocolName, SavedRequestRef } from '../../machines/vocabulary.ts';
import type { SsoErrorCode } from '../errors.ts';
import type { Flow } from '../flow/flow.ts';
import type { Reply } from '../flow/reply.ts';
import type { Logger } from '../options.ts';
import type { EffectScope, StepRoute } from '../step-types.ts';
import type { ProxyGrants } from '../storage/proxy-grants.ts';
import type { SessionEffects } from './session-effects.ts';

/** What the application said of a person who has just been vouched for. */
export type Admission =
  | { readonly kind: 'admitted'; readonly account: unknown }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unchecked'; readonly detail: string };

/** What came of keeping the request that a login interrupts. */
export type Keeping =
  | { readonly kind: 'kept'; readonly savedRequest: SavedRequestRef }
  | { readonly kind: 'notKept'; readonly code: NotKeptCode };

/** What the effects of one request work with. */
export interface LoginScope extends EffectScope {
  /** The attempt that is running, under whose id the flow is stored; empty until the browser is first sent away. */
  attempt: string;
  /** The page that the browser is led to, where that is one of the application's own; the flow waits for its answer. */
  route: string | null;
  /** Begins the next attempt: a new id, and our return address to put it into. */
  beginAttempt(): { readonly attempt: string; readonly returnUrl: string };
  readonly reply: Reply;
  /** The login that the session points to, if any. */
  readonly loginId: string | null;
  /** Asks the application whether the person may come in (`onLogin`). Never rejects. */
  admit(principal: Principal): Promise<Admission>;
  /** Keeps the request that is interrupted, for one person or for whoever confirms that it is theirs. Never rejects. */
  keepRequest(owner: PrincipalRef | null): Promise<Keeping>;
  /**
   * Erases a kept request.
   * @throws SsoError ERR_SSO_STORE
   */
  discardRequest(id: string): Promise<void>;
  /** The account that `admit` found, to be stored with the login. */
  account: unknown;
}

/** What a page asks of a login. */
export interface LoginRequest {
  readonly returnTo: string;
  readonly renew: boolean;
  readonly gateway: boolean;
  readonly gatewayRecentlyDeclined: boolean;
  readonly maxAgeMs: number | null;
  readonly recentLogins: number;
  /** The address that a ticket was issued for which nobody here asked for; null for an ordinary login. */
  readonly unsolicitedService: string | null;
  /** Who must come back; null when anybody may. */
  readonly expected: PrincipalRef | null;
  /** A request with a body is interrupted, and is to be kept. */
  readonly keepRequest: boolean;
  /** What an earlier attempt has kept. */
  readonly savedRequest: SavedRequestRef | null;
  /** Why what the person had sent is not kept. */
  readonly notKept: NotKeptCode | null;
}

/** What a return from the login server turned out to be. */
export type ReturnReading =
  /** An event for an attempt; null for the latest one that the browser holds a secret for. */
  | { readonly kind: 'event'; readonly attempt: string | null; readonly event: { readonly type: string } }
  | { readonly kind: 'malformed'; readonly code: SsoErrorCode; readonly detail?: string };

/** What a request for a proxy ticket works with. */
export interface ProxyTicketScope {
  /** The ticket, once there is one. */
  ticket: string | null;
}

/** What a call to the proxy callback works with. */
export interface ProxyCallbackScope {
  /** The status to answer with. */
  status: number;
}

/** A proxy in a chain: the exact address of its callback, or a pattern that is anchored with `^` and `$`. */
export type ProxyRule = string | RegExp;

/** The chains that may act for a person, each with the most recent proxy first; or a function that decides. */
export type AllowedChains = readonly (readonly ProxyRule[])[] | ((proxies: readonly string[]) => boolean);

/** Where the application is, for options that depend on it. */
export interface Place {
  /** The first of its addresses, without a trailing slash. */
  readonly baseUrl: string;
  /** The path of our routes below it. */
  readonly routePrefix: string;
}

/** One way to log in, as the application configured it. Made by `cas()`; connected by `campusSso()`. */
export interface LoginProtocol {
  /** Unique among the ways to log in. Lower-case letters, digits and hyphens. */
  readonly name: string;
  /** What it is called where people choose one of several. */
  readonly label: string;
  readonly protocol: ProtocolName;
  /** Who vouches: the second half of an identity. */
  readonly issuer: string;
  /** The machine that its logins run by. */
  readonly machine: AnyStateMachine;
  /** What is wrong with its options, for `campusSso()` to report together with everything else. */
  problems(place: Place): readonly string[];
  connect(services: ProtocolServices): ConnectedLogin;
}

/** What the composition root lends to a protocol. */
export interface ProtocolServices {
  readonly sessionEffects: SessionEffects;
  readonly grants: ProxyGrants;
  readonly place: Place;
  /** How long a login may last, in milliseconds. */
  readonly sessionMs: number;
  /** The time in milliseconds since 1970. */
  readonly clock: () => number;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

/** The side that acts for people: it receives grants, and gets tickets for them. */
export interface Proxying {
  readonly ticketFlow: Flow<ProxyTicketScope>;
  readonly callbackFlow: Flow<ProxyCallbackScope>;
  /** Paths that the login server may call, beside our own route; `onlyDeliveries` for one that the application has too. */
  readonly callbackPaths: readonly { readonly path: string; readonly onlyDeliveries: boolean }[];
  /** Turns the query, or the form body, of such a call into an event of its machine. */
  readCallback(query: string): { readonly type: string };
}

/** What a call on somebody's behalf is checked against. */
export interface ChainPolicy {
  readonly allowedChains: AllowedChains;
  /** Whether a ticket without any proxy is welcome. */
  readonly allowDirect: boolean;
}

/** What a call on somebody's behalf works with. */
export interface ProxiedCallScope extends ChainPolicy {
  /** The end of a grant that comes with the call, in milliseconds since 1970. */
  readonly grantExpiresAt: number;
}

/** The other side: it accepts calls of those who act for people. */
export interface ProxyAcceptance {
  readonly flow: Flow<ProxiedCallScope>;
  /** The event for a ticket, or for something that is given as one. */
  ticketEvent(ticket: string): { readonly type: string };
  /** The ticket of a query, and the query without it. */
  takeTicket(query: string): { readonly ticket: string | null; readonly query: string | null };
  /** What is wrong with a configuration of allowed chains. */
  chainProblems(allowed: AllowedChains): readonly string[];
  allows(policy: ChainPolicy, proxies: readonly string[]): boolean;
  /** Whether a call can get a grant of its own. */
  readonly givesGrants: boolean;
}

/** One way to log in, ready to run. */
export interface ConnectedLogin {
  readonly name: string;
  readonly label: string;
  readonly issuer: string;
  readonly flow: Flow<LoginScope>;
  /** Null where it has no proxy tickets, or none were asked for. */
  readonly proxying: Proxying | null;
  /** Null where it has no proxy tickets. */
  readonly acceptance: ProxyAcceptance | null;
  /** The input of the machine. */
  input(request: LoginRequest): unknown;
  /** What happened to a login whose proxy grant is gone, for its machine; null where there are none. */
  grantExpired(
    request: Pick<LoginRequest, 'returnTo' | 'keepRequest' | 'notKept' | 'recentLogins'>,
  ): { readonly type: string } | null;
  /** Turns the query of a return into the attempt and an event of its machine; `query` is raw, without `?`. */
  readReturn(query: string): ReturnReading;
  /**
   * A reply that nobody here asked for in the query of a page, and the query without it; null where there is none or
   * the application does not accept such.
   */
  takeUnsolicited(query: string): { readonly event: { readonly type: string }; readonly query: string | null } | null;
  /** Pages that states of the application's own wait on, by name. */
  readonly routes: Readonly<Record<string, StepRoute<unknown, { readonly type: string }>>>;
  /** Whether an event is one that the shipped machine takes, and so not one of a route of the application's own. */
  isOwnEvent(type: string): boolean;
  /** Where people log in: the address of the login server. */
  readonly loginAddress: string;
  /** The path that the login server sends people back to, from the root of the host; null for a route of the plugin. */
  readonly returnPath: string | null;
  /** The address that ends the session at the login server and comes back to `service`; null if it has none. */
  logoutUrl(service: string): string | null;
  /** Where a session goes on at the login server after we have ended ours, and people can end it; null if nowhere. */
  readonly goesOnAt: string | null;
  close(): Promise<void>;
}
