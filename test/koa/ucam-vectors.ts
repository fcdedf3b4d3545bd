import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FakeWls } from '../../src/testing/index.ts';

/** A reply with what the attempt behind it knows, and what a client should make of it. */
export interface ReplyVector {
  readonly id: string;
  /** Null where only `rawQuery` says it. */
  readonly response: string | null;
  readonly rawQuery?: string;
  readonly context: {
    /** Seconds since 1970. */
    readonly now: number;
    readonly expectedUrl: string;
    /** Null where no attempt is pending. */
    readonly params: string | null;
    readonly timeout: number;
    readonly skew: number;
    readonly requestVer: number;
    readonly iact: 'yes' | 'no' | null;
    readonly aauth: readonly string[] | null;
    readonly requiredPtags: readonly string[];
    readonly keys: readonly string[];
    readonly alreadySeen?: boolean;
  };
  readonly expected: { readonly ok: boolean; readonly principal?: string; readonly ambiguous?: boolean };
}

const file = JSON.parse(readFileSync(new URL('../fixtures/ucam.json', import.meta.url), 'utf8')) as {
  readonly keys: Readonly<Record<string, string>>;
  readonly vectors: readonly ReplyVector[];
};

export const vectors = file.vectors;

/** The query that a browser would bring a vector with. */
export function queryOf({ response, rawQuery }: ReplyVector): string {
  return rawQuery ?? `WLS-Response=${encodeURIComponent(response ?? '')}`;
}

const keys = new Map<string, KeyObject>(
  Object.entries(file.keys).flatMap(([kid, pem]) =>
    pem.startsWith('-----') ? [[kid, createPublicKey(pem)] as const] : [],
  ),
);

/**
 * The query of a vector as it would be for an attempt of ours: where it has the right address and the right `params`, it
 * gets ours instead, and where its signature is good, another one that is.
 */
export function reboundQuery(
  vector: ReplyVector,
  ours: { readonly url: string; readonly params: string },
  wls: FakeWls,
) {
  const { response, context } = vector;
  const fields = (response ?? '').split('!');
  const [kid = '', sig = ''] = fields.slice(-2);
  const signed = fields.slice(0, -2).join('!');
  const [url, params] = [5, fields.length - 3];
  if (fields[url] === escaped(context.expectedUrl)) fields[url] = escaped(ours.url);
  if (context.params !== null && fields[params] === escaped(context.params)) fields[params] = escaped(ours.params);
  const text = fields.slice(0, -2).join('!');
  const key = context.keys.includes(kid) ? keys.get(kid) : undefined;
  // One spelling of the signature and no other: what differs is what a vector may be about.
  const isGood =
    key !== undefined && verify('RSA-SHA1', Buffer.from(signed), key, base64(sig)) && wlsBase64(base64(sig)) === sig;
  const reply = isGood ? wls.sign(text) : key === undefined ? fields.join('!') : `${text}!${wls.kid}!${sig}`;
  return `WLS-Response=${encodeURIComponent(reply)}`;
}

function base64(text: string): Buffer {
  return Buffer.from(text.replaceAll('-', '+').replaceAll('.', '/').replaceAll('_', '='), 'base64');
}

function wlsBase64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '.').replaceAll('=', '_');
}

function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('!', '%21');
}
