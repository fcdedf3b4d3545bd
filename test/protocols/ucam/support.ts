import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { FindVerifier, ReplyExpectation, ReplyJudgement } from '../../../src/protocols/ucam/judgement.ts';
import { judgeReply } from '../../../src/protocols/ucam/judgement.ts';
import type { ReplyFields } from '../../../src/protocols/ucam/reply-fields.ts';
import { createVerifier } from '../../../src/protocols/ucam/signature.ts';

/** A login server of the tests, with two keys. */
export const keys = new Map([7, 8].map((kid) => [`${kid}`, generateKeyPairSync('rsa', { modulusLength: 1024 })]));
const verifiers = new Map([...keys].map(([kid, { publicKey }]) => [kid, createVerifier(publicKey)]));
export const find: FindVerifier = (kid) => verifiers.get(kid);

export const URL_SENT = 'https://portal.example.edu/sso/raven/return';
export const NONCE = 'A1b2C3d4E5f6G7h8I9j0Kw';
export const ISSUED = Date.UTC(2026, 0, 15, 12, 0, 0);

/** What the attempt of the tests has on record. */
export const expectation: ReplyExpectation = {
  url: URL_SENT,
  params: NONCE,
  iact: null,
  aauth: [],
  requiredPtags: [],
  now: ISSUED + 2000,
};

const fields: ReplyFields = {
  status: '200',
  msg: '',
  issue: '20260115T120000Z',
  id: 'kI54FA6.7Tsb9RhZeFBrpFUs',
  url: URL_SENT,
  principal: 'fjc55',
  ptags: 'current',
  auth: 'pwd',
  sso: '',
  life: '36000',
  params: NONCE,
};

/** A failure has none of what says who somebody is. */
export const empty = { principal: '', ptags: '', auth: '', sso: '', life: '' } as const;

/** Everything of a reply that the tests change; the fields are escaped already. */
export interface ReplyParts extends Partial<ReplyFields> {
  readonly ver?: string;
  readonly kid?: string;
  /** In place of the genuine one. */
  readonly sig?: string;
  /** The key to sign with, in place of that of `kid`. */
  readonly key?: KeyObject | undefined;
  /** Default RSA-SHA1. */
  readonly digest?: string;
}

/** The text that is signed. */
export function textOf({ ver = '3', ...given }: ReplyParts = {}): string {
  const { status, msg, issue, id, url, principal, ptags, auth, sso, life, params } = { ...fields, ...given };
  const tags = ver === '1' || ver === '2' ? [] : [ptags];
  return [ver, status, msg, issue, id, url, principal, ...tags, auth, sso, life, params].join('!');
}

/** A whole reply, form-decoded; a success for `fjc55` unless something is changed. */
export function replyOf(parts: ReplyParts = {}): string {
  const { kid = '7', key = keys.get(kid)?.privateKey, digest = 'RSA-SHA1' } = parts;
  const text = textOf(parts);
  if (parts.sig !== undefined) return `${text}!${kid}!${parts.sig}`;
  assert.ok(key !== undefined, 'a reply under an unknown kid needs a key');
  return `${text}!${kid}!${wlsBase64(sign(digest, Buffer.from(text), key))}`;
}

/** Base64 as the protocol has it. */
export function wlsBase64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '.').replaceAll('=', '_');
}

export function judge(parts: ReplyParts | string, more: Partial<ReplyExpectation> = {}): ReplyJudgement {
  return judgeReply(typeof parts === 'string' ? parts : replyOf(parts), { ...expectation, ...more }, find);
}

/** Fails unless a reply is rejected for this reason. */
export function assertRejected(judgement: ReplyJudgement, reason: string): void {
  assert.deepEqual(judgement.kind === 'rejected' ? judgement.reason : judgement, reason);
}

export function assertPrincipal(judgement: ReplyJudgement, principal = 'fjc55'): void {
  assert.equal(judgement.kind === 'success' ? judgement.principal : JSON.stringify(judgement), principal);
}
