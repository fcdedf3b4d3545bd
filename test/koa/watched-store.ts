import { EventEmitter } from 'node:events';
import Keyv5 from 'keyv';
import Keyv6 from 'keyv6';
import type { KeyvLike } from '../../src/storage/store.ts';

export type Operation = 'get' | 'set' | 'delete';
/** `throw`: the call rejects; `hang`: it never answers; `swallow`: it emits an error and answers as if empty. */
export type Trouble = 'throw' | 'hang' | 'swallow';
type Matcher = (operation: Operation, kind: string) => boolean;

/** An adapter over a Map that counts every call and fails where a test tells it to. */
export class WatchedAdapter extends EventEmitter {
  opts = {};
  namespace: string | undefined;
  readonly calls: (readonly [Operation, string])[] = [];
  readonly #records = new Map<string, unknown>();
  #trouble: { readonly how: Trouble; readonly where: Matcher } | undefined;
  #gate: { readonly where: Matcher; readonly reached: () => void; readonly open: Promise<void> } | undefined;

  /** From now on, calls that match fail. */
  fail(how: Trouble, where: Matcher = () => true): void {
    this.#trouble = { how, where };
  }

  recover(): void {
    this.#trouble = undefined;
  }

  /** Holds the next call that matches. `reached` resolves when there is one; `open()` lets it go on. */
  hold(where: Matcher): { readonly reached: Promise<void>; open(): void } {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const reached = new Promise<void>((resolve) => {
      this.#gate = { where, reached: resolve, open: gate };
    });
    return { reached, open };
  }

  /** What was called since the last `forget()`: `get login`, `set flow`. */
  get log(): readonly string[] {
    return this.calls.map(([operation, kind]) => `${operation} ${kind}`);
  }

  forget(): void {
    this.calls.length = 0;
  }

  async get(key: string): Promise<unknown> {
    return this.#call('get', key, () => this.#records.get(key));
  }
  async set(key: string, value: unknown): Promise<unknown> {
    return this.#call('set', key, () => this.#records.set(key, value) && true);
  }
  async delete(key: string): Promise<unknown> {
    return this.#call('delete', key, () => this.#records.delete(key));
  }
  async has(key: string): Promise<boolean> {
    return this.#records.has(key);
  }
  async clear(): Promise<void> {
    this.#records.clear();
  }

  async #call(operation: Operation, key: string, work: () => unknown): Promise<unknown> {
    const kind = /(?:^|:)(flow|settled-flow|logged-out|login|login-seen|probe|request):/.exec(key)?.[1] ?? key;
    this.calls.push([operation, kind]);
    const gate = this.#gate;
    if (gate?.where(operation, kind)) {
      this.#gate = undefined;
      gate.reached();
      await gate.open;
    }
    if (!this.#trouble?.where(operation, kind)) return work();
    if (this.#trouble.how === 'hang') return new Promise(() => {});
    const error = Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
    if (this.#trouble.how === 'throw') throw error;
    this.emit('error', error);
    return operation === 'delete' ? false : undefined;
  }
}

/** Both versions of Keyv over such an adapter. */
export const keyvs: readonly (readonly [string, (adapter: object) => KeyvLike])[] = [
  ['Keyv 5', (store) => new Keyv5({ store })],
  ['Keyv 6', (store) => new Keyv6({ store })],
];
