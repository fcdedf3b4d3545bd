import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { PrincipalRef } from '../../machines/vocabulary.ts';
import type { Store } from './store.ts';

/** A proxy-granting ticket, and whose login it belongs to. */
export interface ProxyGrant {
  readonly pgt: string;
  readonly principal: PrincipalRef;
  /** The end of the login at the latest, in milliseconds since 1970. */
  readonly expiresAt: number;
}

/** An entry of a person's index: which login has which grant. */
export interface GrantEntry {
  readonly grantId: string;
  readonly loginId: string;
  readonly openedAt: number;
  readonly expiresAt: number;
}

/**
 * Proxy grants at rest. A delivery waits under the digest of its PGTIOU until one login claims it; a grant belongs to one
 * login. Every method throws SsoError ERR_SSO_STORE when the store fails.
 */
export interface ProxyGrants {
  /** Keeps a delivery until it is claimed; the first one under a name stays. Durable when it answers. */
  deliver(pgtIou: string, pgt: string): Promise<'stored' | 'known' | 'crowded'>;
  /**
   * The PGT that was or will shortly be delivered under a name, for one caller; undefined when it does not come in time.
   * @param waitMs how long to wait for a delivery that is late, in milliseconds
   */
  claim(pgtIou: string, waitMs: number): Promise<string | undefined>;
  /** Keeps a grant and gives its id: new and unguessable. */
  keep(grant: ProxyGrant): Promise<string>;
  find(grantId: string): Promise<ProxyGrant | undefined>;
  remove(grantId: string): Promise<void>;
  /** Lets a person's grants be found by the person. */
  index(principal: PrincipalRef, entry: GrantEntry): Promise<void>;
  /** The entries of a person, the latest first. They may speak of logins that have ended. */
  entriesOf(principal: PrincipalRef): Promise<readonly GrantEntry[]>;
}

export interface ProxyGrantsOptions {
  readonly store: Store;
  readonly clock: () => number;
  readonly random: (bytes: number) => Buffer;
  /** How long a delivery waits to be claimed, in milliseconds. Default 60000. */
  readonly unclaimedMs?: number;
  /** How many unclaimed deliveries one process takes at a time. Default 10000. */
  readonly maxUnclaimed?: number;
}

/** Between looks at the store for a delivery to another process, in milliseconds; the last one is repeated. */
const LOOKS_MS = [20, 50, 100, 200, 400];
const MAX_ENTRIES = 20;
const INDEX_TRIES = 5;

export function createProxyGrants(options: ProxyGrantsOptions): ProxyGrants {
  const { store, clock, random, unclaimedMs = 60_000, maxUnclaimed = 10_000 } = options;
  /** Deliveries to this process that nobody has claimed, by digest. */
  const unclaimed = new LRUCache<string, true>({ max: maxUnclaimed, ttl: unclaimedMs });
  /** Logins of this process that wait for a delivery. */
  const waiting = new Map<string, () => void>();
  /** Writes under way for one name or person, so that two in this process do not overwrite each other. */
  const turns = new Map<string, Promise<unknown>>();

  const inTurn = async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const before = turns.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    turns.set(key, mine);
    try {
      return await mine;
    } finally {
      if (turns.get(key) === mine) turns.delete(key);
    }
  };

  const isCrowded = () => {
    if (unclaimed.size < maxUnclaimed) return false;
    unclaimed.purgeStale();
    return unclaimed.size >= maxUnclaimed;
  };

  return {
    async deliver(pgtIou, pgt) {
      const name = digest(pgtIou);
      return inTurn(name, async () => {
        if (unclaimed.has(name) || (await store.get('pgtiou', name)) !== undefined) return 'known';
        if (isCrowded()) return 'crowded';
        // Counted before it is written: those that come at the same moment must not slip past the limit together.
        unclaimed.set(name, true);
        try {
          await store.put('pgtiou', name, { pgt }, unclaimedMs);
        } catch (failure) {
          unclaimed.delete(name);
          throw failure;
        }
        waiting.get(name)?.();
        return 'stored';
      });
    },

    async claim(pgtIou, waitMs) {
      const name = digest(pgtIou);
      for (let look = 0, waited = 0; ; look += 1) {
        const delivered = await store.claim<{ pgt: string }>('pgtiou', name);
        if (delivered) {
          unclaimed.delete(name);
          return delivered.pgt;
        }
        const pause = Math.min(waitMs - waited, LOOKS_MS[Math.min(look, LOOKS_MS.length - 1)] ?? waitMs);
        if (pause <= 0) return undefined;
        await notified(waiting, name, pause);
        waited += pause;
      }
    },

    async keep(grant) {
      const grantId = random(32).toString('base64url');
      await store.put('grant', grantId, grant, grant.expiresAt - clock());
      return grantId;
    },
    async find(grantId) {
      const grant = await store.get<ProxyGrant>('grant', grantId);
      return grant && grant.expiresAt > clock() ? grant : undefined;
    },
    remove: (grantId) => store.remove('grant', grantId),

    async index(principal, entry) {
      const person = personKey(principal);
      await inTurn(person, async () => {
        // Another process may write between our read and our write, and Keyv has no way to prevent it: look whether the
        // entry is there, and put it there again if it is not.
        for (let tries = 0; tries < INDEX_TRIES; tries += 1) {
          const entries = ((await store.get<GrantEntry[]>('user-grants', person)) ?? []).filter(
            (other) => other.expiresAt > clock(),
          );
          if (entries.some((other) => other.grantId === entry.grantId)) return;
          const kept = [entry, ...entries].slice(0, MAX_ENTRIES);
          const longest = Math.max(...kept.map((one) => one.expiresAt));
          await store.put('user-grants', person, kept, longest - clock());
        }
      });
    },
    async entriesOf(principal) {
      const entries = (await store.get<GrantEntry[]>('user-grants', personKey(principal))) ?? [];
      return entries.filter((entry) => entry.expiresAt > clock());
    },
  };
}

/** Waits until a delivery is told of in this process, or the time is up. */
async function notified(waiting: Map<string, () => void>, name: string, ms: number): Promise<void> {
  const told = new AbortController();
  const ring = () => told.abort();
  waiting.set(name, ring);
  await delay(ms, undefined, { signal: told.signal }).catch(() => {});
  if (waiting.get(name) === ring) waiting.delete(name);
}

/** The name is digested here already, so that it is in no key, no map and no message. */
function digest(pgtIou: string): string {
  return createHash('sha256').update(pgtIou).digest('base64url');
}

function personKey({ issuer, id }: PrincipalRef): string {
  return JSON.stringify([issuer, id]);
}
