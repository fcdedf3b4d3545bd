import Keyv from 'keyv';
import { LRUCache } from 'lru-cache';
import { SsoError } from '../errors.ts';

/** Limits of the store in memory. */
export interface MemoryKeyvOptions {
  /** How many records of one kind are kept at most; the least recently used goes first. Default 20 000. */
  readonly maxEntriesPerKind?: number;
  /** How many bytes the keys and values of one kind may take together. Default 64 MiB. A larger value is not stored. */
  readonly maxBytesPerKind?: number;
}

/** What Keyv hands to a store when it does not serialise. */
interface Stored {
  readonly value: unknown;
  readonly expires?: number | undefined;
}

type Shelf = LRUCache<string, Stored>;

const DEFAULT_MAX_ENTRIES = 20_000;
const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
/** Far more kinds than we have; a stranger's keys cannot make shelves without end. */
const MAX_SHELVES = 32;
const SETS_BETWEEN_PURGES = 1000;

/**
 * Makes a Keyv that keeps everything in this process, for development and for tests: a restart signs everybody out,
 * and two processes do not see each other's sign-ins.
 *
 * Every kind of record (the part of the key before the first colon) has bounded room of its own, so that a flood of
 * abandoned login attempts cannot push out sign-ins. Expired entries go without a timer. `set` answers false for a
 * value that is larger than all the room of its kind.
 *
 * @throws SsoError `ERR_SSO_OPTIONS` if a limit is not a positive whole number
 */
export function createMemoryKeyv(options: MemoryKeyvOptions = {}): Keyv {
  const { maxEntriesPerKind = DEFAULT_MAX_ENTRIES, maxBytesPerKind = DEFAULT_MAX_BYTES } = options;
  for (const limit of [maxEntriesPerKind, maxBytesPerKind]) {
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw new SsoError('ERR_SSO_OPTIONS', {
        message: 'A limit of the store in memory is not a positive whole number.',
      });
    }
  }
  // Without the prefix the kind stands in front; our keys need no namespace, as nobody else can reach this store.
  const keyv = new Keyv({ store: new MemoryStore(maxEntriesPerKind, maxBytesPerKind), useKeyPrefix: false });
  // All that we store is text, which nobody can change under us: JSON would only cost time.
  keyv.serialize = undefined;
  keyv.deserialize = undefined;
  return keyv;
}

/** A store for Keyv 5: one LRU cache for each kind of key. Every method is synchronous inside, so `delete` has one winner. */
class MemoryStore {
  readonly opts = {};
  namespace?: string | undefined;
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #shelves = new Map<string, Shelf>();
  #sets = 0;

  constructor(maxEntries: number, maxBytes: number) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  async get(key: string): Promise<Stored | undefined> {
    return this.#shelves.get(this.#nameOf(key))?.get(key);
  }

  async set(key: string, value: Stored, ttl?: number): Promise<boolean> {
    const name = this.#nameOf(key);
    let shelf = this.#shelves.get(name);
    if (shelf === undefined) {
      shelf = this.#newShelf();
      this.#shelves.set(name, shelf);
    }
    this.#sets += 1;
    if (this.#sets % SETS_BETWEEN_PURGES === 0) for (const each of this.#shelves.values()) each.purgeStale();
    shelf.set(key, value, { ttl: ttl ?? 0 });
    return shelf.has(key);
  }

  async delete(key: string): Promise<boolean> {
    return this.#shelves.get(this.#nameOf(key))?.delete(key) ?? false;
  }

  async clear(): Promise<void> {
    this.#shelves.clear();
  }

  /** The kind, or the one shelf that all kinds share for which there is no room. */
  #nameOf(key: string): string {
    const colon = key.indexOf(':');
    const kind = colon === -1 ? '' : key.slice(0, colon);
    return this.#shelves.has(kind) || this.#shelves.size < MAX_SHELVES ? kind : '';
  }

  #newShelf(): Shelf {
    return new LRUCache<string, Stored>({
      max: this.#maxEntries,
      maxSize: this.#maxBytes,
      sizeCalculation: (stored, key) => key.length + sizeOf(stored.value),
      // 0: look at the clock each time instead of setting a timer that remembers it.
      ttlResolution: 0,
    });
  }
}

function sizeOf(value: unknown): number {
  return typeof value === 'string' ? value.length : (JSON.stringify(value)?.length ?? 0);
}
