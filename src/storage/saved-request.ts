import type { PrincipalRef } from '../../machines/vocabulary.ts';

/** A request that a login interrupted. */
export interface SavedRequest {
  readonly method: string;
  /** Path and query on our own site, as they were sent. */
  readonly url: string;
  /** The headers that were kept, in the order in which they came; names may repeat. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The bytes of the body exactly as they were received. */
  readonly body: Buffer;
  /** Who was signed in when it was sent; null for nobody. */
  readonly owner: PrincipalRef | null;
  /** In milliseconds since 1970. */
  readonly savedAt: number;
  /** The same each time this request is saved or replayed. */
  readonly idempotencyKey: string;
  /** How often it had been replayed before it was saved. */
  readonly replays: number;
}

/** What is to be kept, for whom, and under which secret. */
export interface RequestToSave extends Omit<SavedRequest, 'savedAt' | 'idempotencyKey' | 'replays'> {
  /** Opaque id of the browser: what is pending for one browser is counted, and erased together. Never empty. */
  readonly browser: string;
  /** The secret of this login attempt, 256 random bits in base64url, which nobody but a cookie of the browser keeps. */
  readonly cookieSecret: string;
  /** The key of an earlier save of the same request, or one that the sender chose. Default: a new one. */
  readonly idempotencyKey?: string;
  /** Default 0. */
  readonly replays?: number;
}

/**
 * Why a request was not kept.
 * - `badTarget`: its URL is no path on our own site.
 * - `personFull`: the person has too much waiting to be resumed.
 * - `strangersFull`: people whom nobody knows have too much waiting, all together.
 * - `siteFull`: this process has too much waiting.
 */
export type NotKept = 'badTarget' | 'personFull' | 'strangersFull' | 'siteFull';

export type SaveOutcome =
  | { readonly kind: 'kept'; readonly id: string; readonly idempotencyKey: string; readonly expiresAt: number }
  | { readonly kind: 'notKept'; readonly reason: NotKept };

/** What a page may show of a saved request: neither headers nor body. */
export interface SavedRequestSummary extends Pick<SavedRequest, 'method' | 'url' | 'owner' | 'savedAt' | 'replays'> {
  /** How many bytes the body has. */
  readonly size: number;
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
}

/** The request that the browser is about to send again, and who is signed in now. */
export interface ExpectedRequest {
  readonly method: string;
  readonly url: string;
  readonly principal: PrincipalRef;
}

/**
 * - `taken`: the caller, and nobody else, may run it now.
 * - `used`: somebody took it before, or this very moment.
 * - `discarded`: the person, a logout, a newer request of the same browser or another person's login erased it.
 * - `expired`: it was not resumed in time.
 * - `unknown`: there is none, and nobody knows that there ever was.
 * - `foreign`: the cookie secret does not open it, or somebody changed it in the store; it is left as it was.
 * - `otherPrincipal`: it belongs to somebody else than is signed in now; it is destroyed.
 * - `otherTarget`: method or URL are not those it was sent with; it is left as it was.
 */
export type ClaimOutcome =
  | { readonly kind: 'taken'; readonly request: SavedRequest }
  | { readonly kind: 'used' | 'discarded' | 'expired' | 'unknown' | 'foreign' | 'otherPrincipal' | 'otherTarget' };

/**
 * Requests that wait for a login to end. Each is bound to one login attempt: it opens only with its id and the secret that
 * one browser keeps, and a later one never takes the place of an earlier one.
 *
 * Every method throws SsoError `ERR_SSO_STORE` when the store fails.
 */
export interface SavedRequests {
  /**
   * Keeps a request. Its bytes are read at once, so that the caller may use the buffer again.
   *
   * When a browser has more waiting than it may, its oldest request goes.
   *
   * @throws SsoError `ERR_SSO_STORE` when the store failed: report the request as not kept
   * @throws RangeError if the cookie secret is not 256 bits in base64url, or the browser has no id
   */
  save(request: RequestToSave): Promise<SaveOutcome>;
  /**
   * Looks at a request, and changes nothing.
   *
   * @returns undefined if it is gone or expired, or the cookie secret does not open it
   */
  describe(id: string, cookieSecret: string): Promise<SavedRequestSummary | undefined>;
  /**
   * Gives a request to exactly one caller, to be called before it is run: if the caller fails afterwards it is lost, but
   * never runs twice.
   *
   * Checked in this order: the cookie secret, so that somebody who guesses, or has only seen an id, destroys nothing; the
   * time; the person, as nobody else may keep even the chance to send it; the target, which a mistake can get wrong, so
   * the request stays; then it is taken.
   */
  claim(id: string, cookieSecret: string, expected: ExpectedRequest): Promise<ClaimOutcome>;
  /** Erases a request, if it is there. Whoever asks was not checked. */
  discard(id: string): Promise<void>;
  /** Erases all that waits for one browser: at logout, at the end of a session, when somebody else signs in. */
  discardAll(browser: string): Promise<void>;
}
