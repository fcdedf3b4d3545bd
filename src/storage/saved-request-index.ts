import type { Store } from './store.ts';

/** A saved request in the index of its browser or of its owner. */
export interface IndexEntry {
  readonly id: string;
  readonly bytes: number;
  readonly expiresAt: number;
}

/**
 * What became of a saved request; outlives it, so that a second click can be told why there is nothing to send. Without
 * the request it opens nothing.
 */
export type Trace =
  | { readonly state: 'pending'; readonly expiresAt: number }
  | { readonly state: 'used' | 'discarded' };

/** Lists of saved requests by browser and by owner. Every method throws SsoError ERR_SSO_STORE when the store fails. */
export interface RequestIndex {
  /**
   * Adds an entry.
   *
   * @param mayJoin asked with the entries that wait in the list already; without its consent nothing is written
   * @returns those entries, the latest first, or undefined if there was no consent
   */
  add(
    name: string,
    entry: IndexEntry,
    mayJoin: (others: readonly IndexEntry[]) => boolean,
  ): Promise<readonly IndexEntry[] | undefined>;
  /** The entries under a name, the latest first. They may speak of requests that were resumed or discarded. */
  list(name: string): Promise<readonly IndexEntry[]>;
}

const TRIES = 5;
/** How long an index outlives its entries, so that what has expired is found and erased when the person comes again. */
const AFTERLIFE_MS = 60 * 60_000;

/**
 * Makes the index. Entries leave it only when another is added: if resuming a request wrote here as well, it could wipe
 * out the entry of one that is saved in another process at that moment, and no logout would find that one any more.
 */
export function createRequestIndex({
  store,
  clock,
}: {
  readonly store: Store;
  readonly clock: () => number;
}): RequestIndex {
  const list = async (name: string) => (await store.get<IndexEntry[]>('request-index', name)) ?? [];

  /** A trace that the store lost proves nothing: such an entry stays until it expires. */
  async function waits({ id, expiresAt }: IndexEntry): Promise<boolean> {
    if (clock() >= expiresAt) {
      // Some stores keep what has expired until somebody asks for it.
      await store.remove('request', id);
      return false;
    }
    const trace = await store.get<Trace>('request-trace', id);
    return trace === undefined || trace.state === 'pending';
  }

  return {
    async add(name, entry, mayJoin) {
      let others: readonly IndexEntry[] = [];
      // Another process may write between our read and our write, and Keyv has no way to prevent it: look whether the
      // entry is there, and put it there again if it is not.
      for (let tries = 0; tries < TRIES; tries += 1) {
        const found = await list(name);
        if (found.some(({ id }) => id === entry.id)) break;
        const verdicts = await Promise.all(found.map(waits));
        others = found.filter((_, position) => verdicts[position]);
        if (tries === 0 && !mayJoin(others)) return undefined;
        const kept = [entry, ...others];
        const longest = Math.max(...kept.map(({ expiresAt }) => expiresAt));
        await store.put('request-index', name, kept, Math.max(0, longest - clock()) + AFTERLIFE_MS);
      }
      return others;
    },
    list,
  };
}

/** Runs the works for one name one after the other. A work that fails does not stop the next. */
export function createTurns() {
  const last = new Map<string, Promise<unknown>>();
  return async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const mine = (last.get(name) ?? Promise.resolve()).then(work, work);
    last.set(name, mine);
    try {
      return await mine;
    } finally {
      if (last.get(name) === mine) last.delete(name);
    }
  };
}
