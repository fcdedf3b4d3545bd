import { randomBytes } from 'node:crypto';
import { SsoError } from '../errors.ts';
import type { RawStore } from './raw-store.ts';
import type { KeyvLike } from './store.ts';

/** Decides who of several callers gets a record. */
export interface Consumer {
  /**
   * Gives what `read` finds under the key to one caller and takes it out of the store; undefined for all others.
   *
   * @throws whatever `read` and the raw store throw; nobody has the record then
   */
  consume<T>(key: string, read: () => Promise<T | undefined>): Promise<T | undefined>;
  /** Whether that holds between processes too. Tries the store once and keeps the answer; a failure is not kept. */
  probe(): Promise<'atomic' | 'not-atomic'>;
}

/** The answer of `delete` to the caller that took the record out; nothing but true counts. */
type Taker = (key: string) => Promise<unknown>;
/** How records are taken from this store; null: only the lock in this process keeps callers apart. */
type Way = { readonly take: Taker } | null;

const ROUNDS = 3;
const CALLERS = 20;
/** Long enough for a slow store; what a probe leaves behind after a crash goes by itself. */
const PROBE_TTL_MS = 60_000;

const UNSAFE =
  'koa-campus-sso: delete() of this Keyv store answers true to several callers at once, so between processes a login ' +
  'or a ticket could be used twice. Within this process that is repaired; run ONE process only on this store, or ' +
  'choose another. Known for it: @keyv/sqlite 4 and @keyv/postgres 2 (the SQLite and PostgreSQL adapters of Keyv 5). ' +
  'Known to be right: memory, @keyv/redis, @keyv/valkey, and the adapters of Keyv 6.';

/** Makes the consumer of one store. `warn` hears once if several processes on this store are unsafe. */
export function createConsumer(keyv: KeyvLike, raw: RawStore, warn: (message: string) => void): Consumer {
  const alone = createLock();
  let found: Promise<Way> | undefined;

  async function findWay(): Promise<Way> {
    if (await isTruthful(raw, raw.delete)) return { take: raw.delete };
    const statement = statementTaker(keyv, raw);
    if (statement !== undefined && (await works(statement))) return { take: statement };
    warn(UNSAFE);
    return null;
  }

  /** A statement that the database does not know, or a table that is not where we think, only means: not this way. */
  async function works(take: Taker): Promise<boolean> {
    try {
      return await isTruthful(raw, take);
    } catch {
      // If this fails as well, the store is down, and no way has been found yet.
      await raw.get(probeKey());
      return false;
    }
  }

  function way(): Promise<Way> {
    if (found === undefined) {
      const trying = findWay();
      found = trying;
      trying.catch(() => {
        found = undefined;
      });
    }
    return found;
  }

  /** Reads again inside the lock: whoever waited for it finds the record gone. */
  function consumeLocked<T>(key: string, read: () => Promise<T | undefined>): Promise<T | undefined> {
    return alone(key, async () => {
      const record = await read();
      if (record === undefined || (await raw.delete(key)) === false) return undefined;
      // What delete() says is worth nothing here, so look.
      if ((await raw.get(key)) !== undefined) {
        throw new SsoError('ERR_SSO_STORE', { detail: 'delete() left the record' });
      }
      return record;
    });
  }

  return {
    async consume(key, read) {
      const chosen = await way();
      if (chosen === null) return consumeLocked(key, read);
      // Read first: delete() answers true for an expired record that nobody has read.
      const record = await read();
      if (record === undefined) return undefined;
      return (await chosen.take(key)) === true ? record : undefined;
    },
    async probe() {
      return (await way()) === null ? 'not-atomic' : 'atomic';
    },
  };
}

/** Lets many callers take one random record, a few times, and counts who got it. */
async function isTruthful(raw: RawStore, take: Taker): Promise<boolean> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const key = probeKey();
    await raw.set(key, 'probe', PROBE_TTL_MS);
    const answers = await Promise.all(Array.from({ length: CALLERS }, () => take(key)));
    if (answers.filter((answer) => answer === true).length !== 1) return false;
  }
  return true;
}

function probeKey(): string {
  return `probe:${randomBytes(32).toString('base64url')}`;
}

/** The public part of @keyv/sqlite 4 and @keyv/postgres 2. */
interface QueryAdapter {
  query(sql: string, parameters: readonly string[]): Promise<unknown>;
  readonly opts: { readonly dialect?: unknown; readonly table?: unknown; readonly schema?: unknown };
}

/** Takes a record with one statement, where the adapter lets us and is one that we know. */
function statementTaker(keyv: KeyvLike, raw: RawStore): Taker | undefined {
  const adapter = queryAdapterOf(keyv);
  const sql = adapter && deleteStatement(adapter);
  if (adapter === undefined || sql === undefined) return undefined;
  return async (key) => {
    const rows = await raw.guard(() => adapter.query(sql, [adapterKey(keyv, key)]));
    return Array.isArray(rows) && rows.length === 1;
  };
}

function deleteStatement({ opts }: QueryAdapter): string | undefined {
  // The adapters write these names into their statements without quotes, so we must as well; anything odd is not for us.
  const name = (value: unknown) => (typeof value === 'string' && /^[A-Za-z_]\w*$/.test(value) ? value : undefined);
  const table = name(opts.table);
  if (table === undefined) return undefined;
  if (opts.dialect === 'sqlite') return `DELETE FROM ${table} WHERE key = ? RETURNING key`;
  const schema = name(opts.schema);
  if (opts.dialect !== 'postgres' || schema === undefined) return undefined;
  return `DELETE FROM ${schema}.${table} WHERE key = $1 RETURNING key`;
}

/** Keyv 6 puts an adapter of Keyv 5 behind a bridge of its own, and the adapter is that one's `store`. */
function queryAdapterOf(keyv: KeyvLike): QueryAdapter | undefined {
  return [keyv.store, property(keyv.opts, 'store'), property(keyv.store, 'store')].find(isQueryAdapter);
}

function isQueryAdapter(value: unknown): value is QueryAdapter {
  const opts = property(value, 'opts');
  return typeof property(value, 'query') === 'function' && typeof opts === 'object' && opts !== null;
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/** Keyv 5 writes its namespace in front of a key; Keyv 6 leaves that to the adapter, and these adapters do not do it. */
function adapterKey(keyv: KeyvLike, key: string): string {
  const { namespace } = keyv;
  if (keyv.useKeyPrefix !== true || !namespace || key.startsWith(`${namespace}:`)) return key;
  return `${namespace}:${key}`;
}

/** Runs the work for one key one after the other. If one fails, so do those that wait for it: the store is down. */
function createLock() {
  const last = new Map<string, Promise<unknown>>();
  return async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const before = last.get(key);
    const mine = before === undefined ? work() : before.then(work);
    last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (last.get(key) === mine) last.delete(key);
    }
  };
}
