import { EventEmitter } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Keyv5 from 'keyv';
import Keyv6 from 'keyv6';
import type { KeyvLike } from '../../src/storage/store.ts';

export const SECRET = 'a-secret-for-the-tests-of-32-bytes-and-more';

/** Both versions of Keyv over a Map or an adapter. */
export const versions = [
  { name: 'Keyv 5', make: (store: object): KeyvLike => new Keyv5({ store }) },
  { name: 'Keyv 6', make: (store: object): KeyvLike => new Keyv6({ store }) },
] as const;

/** A Keyv that cannot be reached. */
export const hanging: KeyvLike = {
  get: () => new Promise(() => {}),
  set: () => new Promise(() => {}),
  delete: () => new Promise(() => {}),
};

/** An adapter whose every call rejects. */
export class RejectingAdapter extends EventEmitter {
  opts = {};
  namespace: string | undefined;
  error: Error = Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });

  async get(_key: string): Promise<unknown> {
    throw this.error;
  }
  async set(_key: string, _value: unknown): Promise<boolean> {
    throw this.error;
  }
  async delete(_key: string): Promise<boolean> {
    throw this.error;
  }
  async has(_key: string): Promise<boolean> {
    throw this.error;
  }
  async clear(): Promise<void> {
    throw this.error;
  }
}

/** An adapter that emits its errors and answers as if nothing had happened, as @keyv/redis 5 does. */
export class SwallowingAdapter extends EventEmitter {
  opts = {};
  namespace: string | undefined;

  async get(_key: string): Promise<unknown> {
    this.#fail();
    return undefined;
  }
  async set(_key: string, _value: unknown): Promise<void> {
    this.#fail();
  }
  async delete(_key: string): Promise<boolean> {
    this.#fail();
    return false;
  }
  async has(_key: string): Promise<boolean> {
    this.#fail();
    return false;
  }
  async clear(): Promise<void> {
    this.#fail();
  }
  #fail(): void {
    this.emit('error', new Error('connection refused'));
  }
}

/** An adapter that looks first and deletes then, as the SQL adapters of Keyv 5 do: all who look in time are told "true". */
export class LyingAdapter extends EventEmitter {
  opts: Record<string, unknown> = {};
  namespace: string | undefined;
  readonly rows = new Map<string, unknown>();

  async get(key: string): Promise<unknown> {
    await nextTurn();
    return this.rows.get(key);
  }
  async set(key: string, value: unknown): Promise<void> {
    await nextTurn();
    this.rows.set(key, value);
  }
  async delete(key: string): Promise<boolean> {
    await nextTurn();
    if (!this.rows.has(key)) return false;
    await nextTurn();
    this.rows.delete(key);
    return true;
  }
  async has(key: string): Promise<boolean> {
    return this.rows.has(key);
  }
  async clear(): Promise<void> {
    this.rows.clear();
  }
}

/** The same with the public `query` of @keyv/sqlite 4 and @keyv/postgres 2, which knows the one statement that matters. */
export class QueryAdapter extends LyingAdapter {
  readonly statements: string[] = [];
  readonly #expected: string;

  constructor(opts: Record<string, unknown>, expected: string) {
    super();
    this.opts = opts;
    this.#expected = expected;
  }

  async query(sql: string, parameters: readonly string[]): Promise<unknown[]> {
    await nextTurn();
    this.statements.push(sql);
    if (sql !== this.#expected) throw new Error('syntax error');
    const key = parameters[0] ?? '';
    return this.rows.delete(key) ? [{ key }] : [];
  }
}

/** A clock that stands still until it is moved. */
export function stoppedClock(now = 1_700_000_000_000) {
  const clock = () => now;
  return Object.assign(clock, {
    advance(ms: number) {
      now += ms;
    },
  });
}

/** Collects warnings. */
export function warnings() {
  const heard: string[] = [];
  return Object.assign((message: string) => void heard.push(message), { heard });
}
