/** The most application data that `params` takes along, in bytes of UTF-8. */
export const MAX_PARAMS_BYTES = 1024;

/** What `params` carries: the attempt, and what the application put beside it. */
export interface Params {
  /** 22 characters of base64url: 128 random bits. */
  readonly nonce: string;
  /** The application's data, or null for none. */
  readonly data: string | null;
}

export type WrittenParams =
  | { readonly kind: 'params'; readonly text: string }
  | { readonly kind: 'problem'; readonly problem: string };

const NONCE = /^[A-Za-z0-9_-]{22}$/;
const PARAMS = /^([A-Za-z0-9_-]{22})(?:\.([A-Za-z0-9_-]+))?$/;

/** Four characters for three bytes, without padding. */
const MAX_ENCODED = Math.ceil((MAX_PARAMS_BYTES * 4) / 3);

/** What is wrong with application data, or null; for the check of options. An empty text is as good as none. */
export function paramsProblem(data: string): string | null {
  if (/\p{Surrogate}/u.test(data)) return 'expected text, but it holds half a character, which no address can carry.';
  const bytes = Buffer.byteLength(data, 'utf8');
  return bytes > MAX_PARAMS_BYTES
    ? `expected at most ${MAX_PARAMS_BYTES} bytes, got ${bytes}. Keep the data on the server, and a reference here.`
    : null;
}

/**
 * The text of `params`: the nonce of the attempt, and behind a dot the application's data in base64url (Ucam-WebAuth
 * V4.1, `params`). Raven refuses some bytes, and some servers send `+` back as a space, so there is only ASCII that
 * survives every address.
 *
 * `params` is covered by the signature of the reply, but neither secret nor protected on the way out: it is the
 * comparison with what the attempt sent that makes it worth anything. The limit keeps strangers from hiding blocks of a
 * SHA-1 collision in it.
 *
 * @param nonce 22 characters of base64url
 * @param data at most 1024 bytes of UTF-8; empty is the same as none
 */
export function writeParams(nonce: string, data = ''): WrittenParams {
  if (!NONCE.test(nonce)) return { kind: 'problem', problem: 'expected a nonce of 22 characters of base64url.' };
  const problem = paramsProblem(data);
  if (problem !== null) return { kind: 'problem', problem };
  return { kind: 'params', text: data === '' ? nonce : `${nonce}.${Buffer.from(data, 'utf8').toString('base64url')}` };
}

/** Reads what {@link writeParams} wrote; null for everything else, also for another spelling of the same. */
export function readParams(text: string): Params | null {
  const [, nonce, encoded] = PARAMS.exec(text) ?? [];
  if (nonce === undefined) return null;
  if (encoded === undefined) return { nonce, data: null };
  if (encoded.length > MAX_ENCODED) return null;
  const bytes = Buffer.from(encoded, 'base64url');
  const data = bytes.toString('utf8');
  // Both ways back at once: bits beyond the last byte, and bytes that are no UTF-8.
  return bytes.toString('base64url') === encoded && Buffer.from(data, 'utf8').equals(bytes) ? { nonce, data } : null;
}
