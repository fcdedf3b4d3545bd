import { guarded, refuse, type Unreadable } from './refusal.ts';
import { trimmed } from './text.ts';

/** A number as it was written: `007` of another system, or twenty digits, must not be rounded to a neighbour. */
export interface JsonNumber {
  readonly digits: string;
}

/** A JSON value. Objects are maps, so that a key such as `__proto__` is a key like any other. */
export type Json = string | boolean | null | JsonNumber | readonly Json[] | JsonObject;
export type JsonObject = ReadonlyMap<string, Json>;

/** A document, or why there is none. */
export type JsonReading = { readonly kind: 'document'; readonly value: Json } | Unreadable;

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*|true|false|null|[[\]{}]/g;
const MAX_DEPTH = 20;

/**
 * Reads JSON so that a document has one meaning only (CAS 2.5.2, `format=JSON`). `JSON.parse` keeps the last of two
 * equal keys, and another reader the first: the second `user` of a damaged answer would win.
 */
export function readJson(body: string): JsonReading {
  return guarded(() => {
    const source = trimmed(body.replace(/^\uFEFF/, ''));
    if (!isJson(source)) refuse('not well formed');
    const tokens = source.matchAll(TOKEN);
    return { kind: 'document', value: value(next(tokens), tokens, 0) } as const;
  });
}

/** Whether a value is an object. Inherited keys cannot pass for members: the objects here are maps. */
export function isObject(value: Json | undefined): value is JsonObject {
  return value instanceof Map;
}

/** Whether a value is a list. Servers send one value bare and several as a list (CAS 2.5.7). */
export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/**
 * A value as text, as the attributes of CAS 2.5.7 need it: booleans and numbers as they were written, anything deeper
 * as JSON.
 */
export function asText(value: Json): string {
  if (typeof value === 'string') return value;
  if (value === null || typeof value === 'boolean') return String(value);
  return isObject(value) || isList(value) ? written(value) : value.digits;
}

function written(value: Json): string {
  if (isList(value)) return `[${value.map(written).join(',')}]`;
  if (isObject(value))
    return `{${[...value].map(([key, item]) => `${JSON.stringify(key)}:${written(item)}`).join(',')}}`;
  return typeof value === 'string' ? JSON.stringify(value) : asText(value);
}

function isJson(source: string): boolean {
  try {
    JSON.parse(source);
    return true;
  } catch {
    return false;
  }
}

// The text is known to be JSON from here on, so commas and colons need no look.
function value(token: string, tokens: Iterator<RegExpExecArray>, depth: number): Json {
  if (depth > MAX_DEPTH) refuse('nested too deeply');
  if (token.startsWith('"')) return JSON.parse(token) as string;
  if (token === '[') return items(tokens, depth);
  if (token === '{') return members(tokens, depth);
  if (token === 'true' || token === 'false') return token === 'true';
  return token === 'null' ? null : { digits: token };
}

function items(tokens: Iterator<RegExpExecArray>, depth: number): readonly Json[] {
  const found: Json[] = [];
  for (let token = next(tokens); token !== ']'; token = next(tokens)) found.push(value(token, tokens, depth + 1));
  return found;
}

function members(tokens: Iterator<RegExpExecArray>, depth: number): JsonObject {
  const found = new Map<string, Json>();
  for (let token = next(tokens); token !== '}'; token = next(tokens)) {
    const key = JSON.parse(token) as string;
    if (found.has(key)) refuse('key given twice');
    found.set(key, value(next(tokens), tokens, depth + 1));
  }
  return found;
}

function next(tokens: Iterator<RegExpExecArray>): string {
  const step = tokens.next();
  return step.done === true ? refuse('not well formed') : step.value[0];
}
