import type { KeepableMethod } from './koa/keepable.ts';

/** Limits of what is kept of a request that a login interrupts (`requireLogin({ keepBody: true })`). */
export interface KeptRequestOptions {
  /** Largest body that is kept, in bytes as they are received. Default 262144 (256 KiB). */
  readonly maxBytes?: number;
  /** How long a request waits for its sender, in seconds; nothing extends it. Default 600 (ten minutes), at most 3600. */
  readonly seconds?: number;
  /** How long the rest of an upload is waited for, in seconds. Default 15. */
  readonly uploadSeconds?: number;
  /** Bytes of bodies in the memory of this process at one time. Default 64 times `maxBytes`, at least twice. */
  readonly heldBytes?: number;
  /** How many requests wait for one browser; the oldest goes. Default 5, at most 8. */
  readonly perBrowser?: number;
  /** How much waits for one person, in bytes. Default 4194304 (4 MiB). */
  readonly personBytes?: number;
  /** How much this process keeps for people whom nobody knows, in bytes. Default 8388608 (8 MiB). */
  readonly strangerBytes?: number;
  /** How much this process keeps in all, in bytes. Default 33554432 (32 MiB). */
  readonly totalBytes?: number;
  /** Methods of requests that are kept. Default `['POST']`, the only one that forms of a page have. */
  readonly methods?: readonly KeepableMethod[];
  /**
   * Headers to keep beside those that say how to read the body and how to answer it. Never kept, whatever is named here:
   * cookies, credentials, `Host`, `Origin`, `Referer`, forwarded and conditional headers.
   */
  readonly headers?: readonly string[];
}

export type ResolvedKeptRequests = Required<KeptRequestOptions>;

const METHODS: ReadonlySet<unknown> = new Set<KeepableMethod>(['POST', 'PUT', 'PATCH', 'DELETE']);
const MIB = 1024 * 1024;
/** The cookies of kept requests end after an hour, and a browser has eight of them at most. */
const MOST = { seconds: 3600, perBrowser: 8, uploadSeconds: 3600 } as const;

/** Reads `keptRequests`, and adds what is wrong with it to the problems. */
export function readKeptRequests(value: unknown, problems: string[]): ResolvedKeptRequests {
  if (value !== undefined && (typeof value !== 'object' || value === null)) {
    problems.push('keptRequests: expected an object such as { maxBytes: 1_000_000 }.');
  }
  const given = Object(value) as KeptRequestOptions;
  const whole = (name: keyof KeptRequestOptions, fallback: number): number => {
    const number = given[name] ?? fallback;
    const most = Object.hasOwn(MOST, name) ? MOST[name as keyof typeof MOST] : Number.MAX_SAFE_INTEGER;
    if (Number(number) > most) {
      problems.push(`keptRequests.${name}: expected at most ${most}.`);
      return fallback;
    }
    if (Number.isSafeInteger(number) && Number(number) > 0) return Number(number);
    problems.push(`keptRequests.${name}: expected a whole number above 0.`);
    return fallback;
  };
  const maxBytes = whole('maxBytes', 256 * 1024);
  const heldBytes = whole('heldBytes', 64 * maxBytes);
  if (heldBytes < 2 * maxBytes) problems.push('keptRequests.heldBytes: expected at least twice maxBytes.');
  const { methods = ['POST'], headers = [] } = given;
  if (!Array.isArray(methods) || methods.length === 0 || !methods.every((method) => METHODS.has(method))) {
    problems.push(`keptRequests.methods: expected some of ${[...METHODS].join(', ')}.`);
  }
  if (
    !Array.isArray(headers) ||
    !headers.every((name) => typeof name === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(name))
  ) {
    problems.push('keptRequests.headers: expected a list of names of headers.');
  }
  return Object.freeze({
    maxBytes,
    heldBytes,
    seconds: whole('seconds', 600),
    uploadSeconds: whole('uploadSeconds', 15),
    perBrowser: whole('perBrowser', 5),
    personBytes: whole('personBytes', 4 * MIB),
    strangerBytes: whole('strangerBytes', 8 * MIB),
    totalBytes: whole('totalBytes', 32 * MIB),
    methods,
    headers,
  });
}
