import { LRUCache } from 'lru-cache';
import type { Principal } from '../../machines/vocabulary.ts';
import { SsoError } from '../errors.ts';
import type { Store } from './store.ts';

/** One sign-in of one browser. Never changed once it is stored. */
export interface LoginRecord<Account = unknown> {
  readonly principal: Principal;
  /** What the site itself knows of the person, or null. Must survive JSON. */
  readonly account: Account | null;
  /** The flow that opened it. */
  readonly flowId: string;
  /** The proxy grant that belongs to it, or null. */
  readonly grantId: string | null;
  /** The proxies of a service that acts for the person, the most recent first; not there when people came themselves. */
  readonly proxies?: readonly string[];
  /** When it was opened, in milliseconds since 1970. */
  readonly openedAt: number;
  /** The absolute limit, in milliseconds since 1970; nothing extends it. */
  readonly expiresAt: number;
}

/** The sign-ins that hold at present. A koa-session keeps only the id of one. */
export interface Logins<Account = unknown> {
  /**
   * Stores a new sign-in.
   *
   * @returns its id: new, 256 random bits, base64url
   * @throws SsoError `ERR_SSO_STORE` when the store failed; nobody is signed in then
   * @throws RangeError if `expiresAt` is not in the future
   */
  open(record: LoginRecord<Account>): Promise<string>;
  /**
   * Finds a sign-in that holds, and counts as its activity. One read of the store in the ordinary case.
   *
   * @returns undefined if it was ended, is past its absolute limit, or nobody used it for longer than the idle limit
   * @throws SsoError `ERR_SSO_STORE` when the store failed: that is neither signed in nor signed out
   */
  find(id: string): Promise<LoginRecord<Account> | undefined>;
  /** Looks at a sign-in that holds, which does not count as its activity. Otherwise like `find`. */
  peek(id: string): Promise<LoginRecord<Account> | undefined>;
  /**
   * Ends a sign-in for good, and its proxy grant with it: no request under way can bring either back.
   *
   * @param grantId its grant, null if it has none; left out, the store is asked
   * @throws SsoError `ERR_SSO_STORE` when the store failed; the sign-in may hold still
   */
  end(id: string, grantId?: string | null): Promise<void>;
}

/** Settings of {@link createLogins}. */
export interface LoginsOptions {
  readonly store: Store;
  /**
   * How long a sign-in may lie unused, in milliseconds. After a change of process the limit can come early by up to a
   * tenth, as activity is written down only that often; it is never late.
   */
  readonly idleMs: number;
  /** The time in milliseconds since 1970. */
  readonly clock: () => number;
  /** Unguessable bytes. */
  readonly random: (bytes: number) => Buffer;
  /** Of how many sign-ins this process remembers the last activity. Default 10 000; for the rest it asks the store. */
  readonly maxRemembered?: number;
  /** Removes a proxy grant. Default: sign-ins have no grants. */
  readonly removeGrant?: (grantId: string) => Promise<void>;
  /** Hears that activity could not be written down. Default: a warning of the process. */
  readonly warn?: (message: string) => void;
}

/** When a sign-in was last used, as far as this process knows, and when that was last written to the store. */
interface Activity {
  readonly at: number;
  readonly writtenAt: number;
}

/** The record `login-seen`. It authenticates nothing: without its `login` nobody reads it. */
interface Seen {
  readonly at: number;
}

const ID_BYTES = 32;
const DEFAULT_REMEMBERED = 10_000;
/** Activity is written down at most once in this part of the idle limit. */
const WRITES_PER_IDLE = 10;

/**
 * Makes the collection of sign-ins.
 *
 * @throws SsoError `ERR_SSO_OPTIONS` if `idleMs` is not above 0
 */
export function createLogins<Account = unknown>(options: LoginsOptions): Logins<Account> {
  const { store, idleMs, clock, random, maxRemembered = DEFAULT_REMEMBERED, warn = warnProcess } = options;
  const { removeGrant } = options;
  if (!(idleMs > 0 && Number.isFinite(idleMs))) {
    throw new SsoError('ERR_SSO_OPTIONS', { message: 'The idle limit is not a positive number of milliseconds.' });
  }
  const remembered = new LRUCache<string, Activity>({ max: maxRemembered });

  /** The activity that counts: what we know, and if that is too old, what another process may have written. */
  async function activityOf(id: string, openedAt: number, now: number): Promise<Activity> {
    const known = remembered.get(id) ?? { at: openedAt, writtenAt: openedAt };
    if (now - known.at < idleMs) return known;
    const seen = await store.get<Seen>('login-seen', id);
    return seen === undefined || seen.at <= known.at ? known : { at: seen.at, writtenAt: seen.at };
  }

  /** Nobody waits for these writes, and their failure signs nobody out: at worst the idle limit comes early elsewhere. */
  function inBackground(write: Promise<void>): void {
    write.catch((failure: unknown) => {
      const reason = failure instanceof SsoError ? (failure.detail ?? failure.code) : String(failure);
      warn(`koa-campus-sso: the activity of a sign-in could not be written down (${reason}).`);
    });
  }

  function touch(id: string, activity: Activity, now: number, lifeMs: number): void {
    // Another request may have written since we looked.
    const writtenAt = Math.max(activity.writtenAt, remembered.get(id)?.writtenAt ?? 0);
    const isDue = now - writtenAt >= idleMs / WRITES_PER_IDLE;
    remembered.set(id, { at: Math.max(now, activity.at), writtenAt: isDue ? now : writtenAt });
    if (!isDue) return;
    const seen: Seen = { at: now };
    inBackground(store.put('login-seen', id, seen, Math.min(idleMs, lifeMs)));
  }

  async function end(id: string, known?: string | null): Promise<void> {
    if (removeGrant) {
      const grantId = known === undefined ? (await store.get<LoginRecord>('login', id))?.grantId : known;
      // The grant first: if that fails the sign-in still holds, and ending it can be tried again.
      if (grantId) await removeGrant(grantId);
    }
    await store.remove('login', id);
    remembered.delete(id);
    inBackground(store.remove('login-seen', id));
  }

  /** A sign-in that holds, and its activity; `idle` for one that nobody used for too long. */
  async function look(id: string, now: number) {
    const record = await store.get<LoginRecord<Account>>('login', id);
    // Asked this way round, a record without a limit counts as expired.
    if (record === undefined || !(now < record.expiresAt)) return undefined;
    const activity = await activityOf(id, record.openedAt, now);
    return { record, activity, isIdle: !(now - activity.at < idleMs) };
  }

  return {
    async open(record) {
      const id = random(ID_BYTES).toString('base64url');
      await store.put('login', id, record, record.expiresAt - clock());
      return id;
    },

    async find(id) {
      const now = clock();
      const found = await look(id, now);
      if (found === undefined) {
        remembered.delete(id);
        return undefined;
      }
      const { record, activity, isIdle } = found;
      if (isIdle) {
        await end(id, record.grantId);
        return undefined;
      }
      touch(id, activity, now, record.expiresAt - now);
      return record;
    },

    async peek(id) {
      const found = await look(id, clock());
      return found && !found.isIdle ? found.record : undefined;
    },

    end,
  };
}

function warnProcess(message: string): void {
  process.emitWarning(message, 'CampusSsoWarning');
}
