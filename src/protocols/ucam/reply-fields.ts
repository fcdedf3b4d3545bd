import { type Rejection, rejected } from './rejection.ts';

/** The versions of the protocol on the wire. There is no 4: the numbers of the documents are others. */
export type WireVersion = 1 | 2 | 3;

/** The fields of a reply (Ucam-WebAuth V4.1, authentication response); escaped or not, as who gives them says. */
export interface ReplyFields {
  readonly status: string;
  readonly msg: string;
  readonly issue: string;
  readonly id: string;
  readonly url: string;
  readonly principal: string;
  /** Empty below version 3, which does not have the field. */
  readonly ptags: string;
  readonly auth: string;
  readonly sso: string;
  readonly life: string;
  readonly params: string;
}

/** A reply split into its parts, with nothing of it believed. */
export interface SplitReply {
  readonly kind: 'split';
  readonly version: WireVersion;
  /** Still escaped. */
  readonly fields: ReplyFields;
  /** What the signature covers: everything before the `kid`, as it was received. */
  readonly signedText: string;
  readonly kid: string;
  readonly signature: string;
}

const VERSION = /^[1-9][0-9]?$/;
const STATUS = /^[0-9]{3}$/;

/** Version 3 put `ptags` behind the principal. */
const FIELD_COUNT: Readonly<Record<WireVersion, number>> = { 1: 13, 2: 13, 3: 14 };

/**
 * Splits a reply at its `!`. The version must be one that was asked for, or lower, and have exactly its number of
 * fields: with one more or less, text of one field would count as another.
 *
 * @param encoded the value of `WLS-Response`, form-decoded
 * @param highest the version of the request
 */
export function splitReply(encoded: string, highest: WireVersion): SplitReply | Rejection {
  const all = encoded.split('!');
  const [ver = ''] = all;
  if (!VERSION.test(ver)) return rejected('bad-version');
  const version = Number(ver);
  if (!isWireVersion(version) || version > highest) return rejected('unsupported-version');
  if (all.length !== FIELD_COUNT[version]) return rejected('field-count');
  const [, status = '', msg = '', issue = '', id = '', url = '', principal = '', ...rest] = all;
  if (!STATUS.test(status)) return rejected('bad-status');
  const ptags = version === 3 ? rest.shift() : '';
  const [auth = '', sso = '', life = '', params = '', kid = '', signature = ''] = rest;
  return {
    kind: 'split',
    version,
    fields: { status, msg, issue, id, url, principal, ptags: ptags ?? '', auth, sso, life, params },
    signedText: encoded.slice(0, -(kid.length + signature.length + 2)),
    kid,
    signature,
  };
}

/** The fields with `%21` and `%25` put back, in one pass; null where there is another escape, for none exists. */
export function unescapeFields({ fields, signedText }: SplitReply): ReplyFields | null {
  if (!signedText.includes('%')) return fields;
  if (/%(?!21|25)/.test(signedText)) return null;
  return {
    status: unescaped(fields.status),
    msg: unescaped(fields.msg),
    issue: unescaped(fields.issue),
    id: unescaped(fields.id),
    url: unescaped(fields.url),
    principal: unescaped(fields.principal),
    ptags: unescaped(fields.ptags),
    auth: unescaped(fields.auth),
    sso: unescaped(fields.sso),
    life: unescaped(fields.life),
    params: unescaped(fields.params),
  };
}

/** The items of a comma-separated list, as they are: nothing is trimmed, and case counts. */
export function listOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(',').filter((item) => item !== '');
}

/**
 * The `params` that a reply claims, to find the attempt that it may belong to; null if it is no reply. **Nothing of it
 * is verified.** {@link judgeReply} compares it again, with what the attempt has on record.
 */
export function claimedParams(encoded: string): string | null {
  const reply = splitReply(encoded, 3);
  return reply.kind === 'split' ? (unescapeFields(reply)?.params ?? null) : null;
}

function isWireVersion(version: number): version is WireVersion {
  return version === 1 || version === 2 || version === 3;
}

function unescaped(text: string): string {
  return text.includes('%') ? text.replace(/%2[15]/g, (code) => (code === '%21' ? '!' : '%')) : text;
}
