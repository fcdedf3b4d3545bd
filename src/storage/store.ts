import { createHash } from 'node:crypto';
import { createConsumer } from './consume.ts';
import { createRawStore } from './raw-store.ts';
import { createSealer } from './seal.ts';

/**
 * The part of Keyv 5.6 and 6.1 that we use; structural, so that a Keyv of either version fits.
 *
 * Give the store a Keyv of its own: it listens to `error` and sets `throwOnErrors`, which would change what other users
 * of the same instance see.
 */
export interface KeyvLike {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown, ttl?: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  on?(event: 'error', listener: (error: unknown) => void): unknown;
  /** Keyv 5 only. */
  throwOnErrors?: boolean;
  /** Keyv 5 only. */
  readonly useKeyPrefix?: boolean;
  readonly namespace?: string | undefined;
  readonly store?: unknown;
  /** Keyv 5 only. */
  readonly opts?: unknown;
}

/** What we store. Each kind is the beginning of its keys. */
export type RecordKind =
  | 'flow'
  | 'settled-flow'
  | 'pending-flow'
  | 'logged-out'
  | 'request'
  | 'request-index'
  | 'request-trace'
  | 'pgtiou'
  | 'grant'
  | 'user-grants'
  | 'login'
  | 'login-seen'
  | 'ticket-login';

/**
 * Our view of Keyv: it never mistakes a store that fails for one that is empty, never waits longer than its deadline,
 * and everything it writes is sealed.
 */
export interface Store {
  /**
   * Reads a record.
   *
   * @returns undefined only if there is no such record, it expired, or it cannot be opened any more; `warn` hears of the
   *   latter, at most once a minute for each kind
   * @throws SsoError `ERR_SSO_STORE` when the store failed or was slow
   */
  get<T>(kind: RecordKind, id: string): Promise<T | undefined>;
  /**
   * Writes a record, replacing one with the same id.
   *
   * @param value anything that JSON can carry, except undefined
   * @param ttlMs how long it lives, in milliseconds; rounded up to a whole number
   * @throws SsoError `ERR_SSO_STORE` when the store failed or was slow; the record may be there all the same
   * @throws RangeError if `ttlMs` is not a finite number above 0, which many stores would take for "never expires"
   */
  put<T>(kind: RecordKind, id: string, value: T, ttlMs: number): Promise<void>;
  /**
   * Gives the record to exactly one caller, who alone may go on; undefined for all others.
   *
   * Never put a record again under an id that was claimed: a slow second claimant could take it away.
   *
   * @throws SsoError `ERR_SSO_STORE` when the store failed or was slow; the record may then be gone, and nobody has it
   */
  claim<T>(kind: RecordKind, id: string): Promise<T | undefined>;
  /**
   * Takes a record away, if there is one.
   *
   * @throws SsoError `ERR_SSO_STORE` when the store failed or was slow; the record may be there still
   */
  remove(kind: RecordKind, id: string): Promise<void>;
  /**
   * Tries once whether a record can be claimed by one caller only, also between processes: whether `delete()` tells the
   * truth under concurrency, or a single SQL statement can stand in for it. The first claim does the same.
   *
   * @returns `not-atomic` if only callers in this process are kept apart; `warn` has heard it then
   * @throws SsoError `ERR_SSO_STORE` when the store failed or was slow; the next call tries again
   */
  probe(): Promise<'atomic' | 'not-atomic'>;
}

/** Settings of {@link createStore}. */
export interface StoreOptions {
  readonly keyv: KeyvLike;
  /** What seals the records: the first seals, all open. */
  readonly secrets: readonly string[];
  /** How long one call to Keyv may take, in milliseconds. Default 2000. */
  readonly deadlineMs?: number;
  /** The time in milliseconds since 1970. Default `Date.now`. */
  readonly clock?: () => number;
  /** Hears what an operator should know, without secrets. Default: a warning of the process. */
  readonly warn?: (message: string) => void;
}

interface Envelope {
  readonly value: unknown;
  readonly expiresAt: number;
}

const DEFAULT_DEADLINE_MS = 2000;
const WARN_INTERVAL_MS = 60_000;

/**
 * Makes the store over a Keyv.
 *
 * @throws SsoError `ERR_SSO_OPTIONS` if there is no secret or the deadline is not a positive number of milliseconds
 */
export function createStore(options: StoreOptions): Store {
  const { keyv, secrets, deadlineMs = DEFAULT_DEADLINE_MS, clock = Date.now, warn = warnProcess } = options;
  const sealer = createSealer(secrets);
  const raw = createRawStore(keyv, deadlineMs);
  const consumer = createConsumer(keyv, raw, warn);
  const warnedAt = new Map<RecordKind, number>();

  function warnUnreadable(kind: RecordKind): void {
    const now = clock();
    const last = warnedAt.get(kind);
    if (last !== undefined && now - last < WARN_INTERVAL_MS) return;
    warnedAt.set(kind, now);
    warn(
      `koa-campus-sso: a stored record of the kind "${kind}" cannot be opened: it was changed, or sealed with a secret ` +
        'that is no longer in `secrets`. It is treated as if it were not there.',
    );
  }

  async function read<T>(kind: RecordKind, key: string): Promise<T | undefined> {
    const sealed = await raw.get(key);
    if (sealed === undefined) return undefined;
    const plain = typeof sealed === 'string' ? sealer.open(sealed, key) : undefined;
    if (plain === undefined) {
      warnUnreadable(kind);
      return undefined;
    }
    const envelope: Envelope = JSON.parse(plain.toString('utf8'));
    return clock() < envelope.expiresAt ? (envelope.value as T) : undefined;
  }

  return {
    async get(kind, id) {
      return read(kind, storageKey(kind, id));
    },
    async put(kind, id, value, ttlMs) {
      const ttl = wholeTtl(ttlMs);
      const key = storageKey(kind, id);
      const envelope: Envelope = { value, expiresAt: clock() + ttl };
      await raw.set(key, sealer.seal(JSON.stringify(envelope), key), ttl);
    },
    async claim(kind, id) {
      const key = storageKey(kind, id);
      return consumer.consume(key, () => read(kind, key));
    },
    async remove(kind, id) {
      await raw.delete(storageKey(kind, id));
    },
    probe: consumer.probe,
  };
}

/** Ids are untrusted: a hash has no separators, no length of its own and no meaning to any store. */
function storageKey(kind: RecordKind, id: string): string {
  return `${kind}:${createHash('sha256').update(id, 'utf16le').digest('base64url')}`;
}

function wholeTtl(ttlMs: number): number {
  if (!Number.isFinite(ttlMs) || ttlMs <= 0) {
    throw new RangeError(`A record must live for a finite time above 0 ms, not ${ttlMs}.`);
  }
  return Math.ceil(ttlMs);
}

function warnProcess(message: string): void {
  process.emitWarning(message, 'CampusSsoWarning');
}
