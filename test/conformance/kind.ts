import { isDeepStrictEqual } from 'node:util';

/** The fields of a vector's `input` or `expected`. Their meaning depends on the kind. */
export type Fields = Readonly<Record<string, unknown>>;

/** One case, as other clients' suites, the specification or real servers have it. */
export interface Vector {
  readonly id: string;
  readonly source: string;
  readonly kind: string;
  readonly input: Fields;
  readonly expected: Fields;
}

/** What came of one case. */
export interface Comparison {
  /** How the outcome differs from what is expected; empty if it does not. */
  readonly differences: readonly string[];
  /** What nothing here can do yet; the part that can be done was compared all the same. */
  readonly notYet?: string;
  /** It did not come to an outcome at all. */
  readonly threw?: true;
}

/** Runs the input of one case through the real code and compares the outcome with what is expected. */
export type Kind = (input: Fields, expected: Fields) => Comparison | Promise<Comparison>;
export type Kinds = Readonly<Record<string, Kind>>;

/**
 * Compares every expected field with the field of the same name of what came out. A field that nothing came out for
 * differs too, so that an expectation is never skipped in silence.
 */
export function compare(expected: Fields, actual: Fields): Comparison {
  const differences = Object.keys(expected)
    .filter((name) => !isDeepStrictEqual(expected[name], actual[name]))
    .map((name) => `${name}: expected ${shown(expected[name])}, got ${shown(actual[name])}`);
  return { differences };
}

/** A text of an input. A vector without it is a mistake in the vector. */
export function textField(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw new TypeError(`the vector has no text "${name}"`);
  return value;
}

/**
 * Clients send people on with 302, 303 or 307, and we always with 303, the one that never takes a body along: that there
 * is a redirect is what counts. Every other status stays what it is.
 */
export function anyRedirect(fields: Fields): Fields {
  const isRedirect = [301, 302, 303, 307, 308].some((status) => status === fields.status);
  return isRedirect ? { ...fields, status: 'a redirect' } : fields;
}

/** The path and query of a request that a vector describes as `GET /path`. */
export function requestTarget(input: Fields): string {
  const target = /^GET (\/\S*)$/.exec(textField(input, 'request'))?.[1];
  if (target === undefined) throw new TypeError('the vector asks for something else than a page');
  return target;
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
