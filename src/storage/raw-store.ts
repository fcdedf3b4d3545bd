import { randomBytes } from 'node:crypto';
import { SsoError } from '../errors.ts';
import type { KeyvLike } from './store.ts';

/** Keyv as we need it: every call has a deadline, and throws SsoError `ERR_SSO_STORE` when the store failed. */
export interface RawStore {
  /** undefined for nothing; {@link UNREADABLE} for something that Keyv cannot decode. */
  get(key: string): Promise<unknown>;
  set(key: string, value: string, ttlMs: number): Promise<void>;
  /** What Keyv answered, unchanged. */
  delete(key: string): Promise<unknown>;
  /** Puts a call of ours, around Keyv, under the same deadline. */
  guard<T>(operation: () => Promise<T>): Promise<T>;
}

/** What is stored but cannot be decoded: not the same as nothing, and not an outage. */
export const UNREADABLE = Symbol('unreadable');

const MAX_TIMER_MS = 2_147_483_647;

/** The calls under way on each Keyv; each collects the errors that the Keyv emits meanwhile. */
const callsUnderWay = new WeakMap<object, Set<unknown[]>>();

/**
 * Makes the raw store.
 *
 * @param deadlineMs how long one call may take, in milliseconds
 * @throws SsoError `ERR_SSO_OPTIONS` if the deadline is not a positive number that a timer can take
 */
export function createRawStore(keyv: KeyvLike, deadlineMs: number): RawStore {
  if (!(deadlineMs > 0 && deadlineMs <= MAX_TIMER_MS)) {
    throw new SsoError('ERR_SSO_OPTIONS', { message: 'The deadline of the store is not a positive number of ms.' });
  }
  const calls = listen(keyv);

  /** @param isDoubtful whether an error that Keyv emitted during the call means that the answer is wrong */
  async function guard<T>(
    operation: () => Promise<T>,
    isDoubtful: (answer: T, error: unknown) => boolean = () => false,
  ): Promise<T> {
    const emitted: unknown[] = [];
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      const late = () => reject(coded('ETIMEDOUT', `The store did not answer within ${deadlineMs} ms.`));
      timer = setTimeout(late, deadlineMs);
    });
    calls.add(emitted);
    try {
      const answer = await Promise.race([operation(), tooLate]);
      const errors = emitted.filter((error) => isDoubtful(answer, error));
      if (errors.length > 0) throw errors.find((error) => !isDecodingError(error)) ?? errors[0];
      return answer;
    } catch (cause) {
      throw new SsoError('ERR_SSO_STORE', { cause, detail: reasonOf(cause) });
    } finally {
      clearTimeout(timer);
      calls.delete(emitted);
    }
  }

  const read = (key: string) =>
    guard(
      async () => (await keyv.get(key)) ?? undefined,
      (answer) => answer === undefined,
    );

  return {
    guard,
    async get(key) {
      try {
        return await read(key);
      } catch (failure) {
        if (!(failure instanceof SsoError && isDecodingError(failure.cause))) throw failure;
        // One damaged record, or a store that answers everything with an error page? Only the latter damages nothing too.
        await read(`probe:${randomBytes(32).toString('base64url')}`);
        return UNREADABLE;
      }
    },
    async set(key, value, ttlMs) {
      await guard(async () => {
        const answer = await keyv.set(key, value, ttlMs);
        if (answer !== true) throw coded('EWRITE', 'The store did not confirm the write.');
      }, isWriteError);
    },
    async delete(key) {
      return guard(async () => keyv.delete(key), isWriteError);
    },
  };
}

/** A write decodes nothing; such an error belongs to a read that runs at the same time. */
function isWriteError(_answer: unknown, error: unknown): boolean {
  return !isDecodingError(error);
}

/** What JSON.parse and zlib throw for damaged data. */
function isDecodingError(error: unknown): boolean {
  if (error instanceof SyntaxError) return true;
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_');
}

/**
 * Hears the errors of a Keyv: without a listener Keyv 5 hides a failed read and Keyv 6 may take the process down. The
 * adapter is heard too, because Keyv 5 with `emitErrors: false` keeps the adapter's errors to itself.
 */
function listen(keyv: KeyvLike): Set<unknown[]> {
  const known = callsUnderWay.get(keyv);
  if (known !== undefined) return known;
  const calls = new Set<unknown[]>();
  callsUnderWay.set(keyv, calls);
  const hear = (error: unknown) => {
    for (const emitted of calls) emitted.push(error);
  };
  keyv.on?.('error', hear);
  const { store } = keyv;
  if (isEmitter(store)) store.on('error', hear);
  // Keyv 5 tells a failed read from an empty one in no other way.
  if ('throwOnErrors' in keyv) keyv.throwOnErrors = true;
  return calls;
}

function isEmitter(value: unknown): value is Required<Pick<KeyvLike, 'on'>> {
  return typeof value === 'object' && value !== null && 'on' in value && typeof value.on === 'function';
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** The code, not the message: some drivers write the address of the store with its password into that. */
function reasonOf(cause: unknown): string | null {
  if (!(cause instanceof Error)) return null;
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
}
