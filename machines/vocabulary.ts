/**
 * The words that every machine of this package shares. Types only: nothing here runs.
 */

/** The two families of protocols that a principal can come from. */
export type ProtocolName = 'cas' | 'ucam';

/** Values of an attribute, always a list: a server that sends one value and a server that sends two look alike. */
export type Attributes = { readonly [name: string]: readonly string[] };

/** Who somebody is. Two people are the same only if issuer and id are both equal (ASVS 6.8.1). */
export interface PrincipalRef {
  /** The login server that vouched for the person, as an absolute URL without a trailing slash. */
  readonly issuer: string;
  /** The name that the login server gave, exactly as it was sent. */
  readonly id: string;
}

/** What a login server said about a person in one successful answer. */
export interface Principal extends PrincipalRef {
  readonly protocol: ProtocolName;
  readonly attributes: Attributes;
  /**
   * When the person showed credentials, in milliseconds since 1970, as far as the server told; null where it did not.
   */
  readonly authenticatedAt: number | null;
  /** Whether credentials were shown for this very login; null where the server did not tell. */
  readonly fromNewLogin: boolean | null;
  /** Whether the server recognised the person by a long-term token ("remember me"); null where it did not tell. */
  readonly longTerm: boolean | null;
}

/** Where a request lies that was interrupted by a login. The bytes themselves are in the store. */
export interface SavedRequestRef {
  readonly id: string;
  /** Who was signed in when it was saved; null for nobody. */
  readonly owner: PrincipalRef | null;
}

/**
 * What a CAS server offered with a validated ticket: the name that a proxy-granting ticket was delivered under (CAS 2.5.4),
 * the proxy-granting ticket itself, encrypted for this site (Apereo), or neither. Never at rest.
 */
export interface GrantOffer {
  readonly pgtIou: string | null;
  readonly encrypted: string | null;
}

/** Every way in which a flow can fail. Each is also a code of `SsoError`. */
export type FailureCode =
  | 'ERR_SSO_TICKET_MISSING'
  | 'ERR_SSO_TICKET_REJECTED'
  | 'ERR_SSO_PROXIED_TICKET'
  | 'ERR_SSO_LOGIN_NOT_FRESH'
  | 'ERR_SSO_CAS_REFUSED'
  | 'ERR_SSO_CAS_UNREACHABLE'
  | 'ERR_SSO_CAS_TIMEOUT'
  | 'ERR_SSO_CAS_BAD_STATUS'
  | 'ERR_SSO_CAS_BAD_ANSWER'
  | 'ERR_SSO_NOT_AUTHORISED'
  | 'ERR_SSO_LOGIN_HOOK'
  | 'ERR_SSO_LOGIN_LOOP'
  | 'ERR_SSO_CANCELLED'
  | 'ERR_SSO_WLS_MALFORMED'
  | 'ERR_SSO_WLS_INVALID'
  | 'ERR_SSO_WLS_UNKNOWN_KEY'
  | 'ERR_SSO_WLS_STATUS'
  | 'ERR_SSO_WLS_REFUSED'
  | 'ERR_SSO_NO_PROXY_GRANT'
  | 'ERR_SSO_PROXY_GRANT_EXPIRED'
  | 'ERR_SSO_PROXY_REFUSED'
  | 'ERR_SSO_PROXY_TICKET_REQUIRED'
  | 'ERR_SSO_PROXY_TICKET_REJECTED'
  | 'ERR_SSO_PROXY_CHAIN';

/** Why what a person had sent is not sent again after a login. Each is also a code of `SsoError`. */
export type NotKeptCode =
  | 'ERR_SSO_REQUEST_TOO_LARGE'
  | 'ERR_SSO_REQUEST_NOT_RECEIVED'
  | 'ERR_SSO_REQUEST_NO_ROOM'
  | 'ERR_SSO_REQUEST_NOT_STORED'
  | 'ERR_SSO_REQUEST_NOT_OURS'
  | 'ERR_SSO_REQUEST_NOBODYS'
  | 'ERR_SSO_REQUEST_OTHER_PERSON'
  | 'ERR_SSO_REQUEST_EXPIRED';

/** Why a flow failed. `detail` is for the log and never holds a ticket. */
export interface Failure {
  readonly code: FailureCode;
  /** The login server's own code (`INVALID_TICKET`) or a short technical reason (`ECONNREFUSED`), or null. */
  readonly detail: string | null;
  /** What the login server says to the person, or null. Text of a stranger: never markup, and not for the log. */
  readonly said?: string | null;
}

/**
 * What a state asks of whoever runs the flow.
 * - `awaiting-browser`: nothing happens until the browser comes back; kept for minutes.
 * - `awaiting-caller`: the flow of one request, which brings its event at once; never at rest.
 * - `awaiting-server`: an effect is under way and will answer; never at rest.
 * - `settled`: the login holds; kept as long as its session.
 * - `pending`: the login holds, and a kept request waits to be sent again; a record of its own beside the settled one.
 * - `failed`: over, without a login.
 */
export type FlowTag = 'awaiting-browser' | 'awaiting-caller' | 'awaiting-server' | 'settled' | 'pending' | 'failed';

/** What an auditor looks up for a state. */
export interface StateMeta {
  /** Sections of the specification, or items of OWASP ASVS 5.0, that the state implements. */
  readonly spec: readonly string[];
}

/** What an auditor looks up for a transition. */
export interface TransitionMeta {
  /** The attack or accident that the transition answers. */
  readonly threat?: string;
}
