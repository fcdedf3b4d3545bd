import { type Rejection, rejected } from './rejection.ts';

/** The reply in the query of our return address. */
export type TakenReply = { readonly kind: 'reply'; readonly encoded: string } | Rejection;

const NAME = 'WLS-Response';

/**
 * Takes the one `WLS-Response` out of a query (Ucam-WebAuth V4.1, transport): form-decoded once, with `&` or `;`
 * between parameters. None, an empty one or two of them is a rejection, and so is one whose escapes cannot be decoded.
 *
 * @param query the raw query, without `?`
 */
export function takeReply(query: string): TakenReply {
  const values: string[] = [];
  for (const pair of query.split(/[&;]/)) {
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    if (name === NAME || decoded(name) === NAME) values.push(equals < 0 ? '' : pair.slice(equals + 1));
  }
  const [value = ''] = values;
  if (values.length > 1) return rejected('duplicate-response');
  if (value === '') return rejected('missing-response');
  const encoded = decoded(value);
  return encoded === null ? rejected('bad-encoding') : { kind: 'reply', encoded };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}
