import { readParams } from './params.ts';
import { type AskedAuthentication, authenticationProblem } from './policy.ts';
import { type Rejection, type RejectionReason, rejected } from './rejection.ts';
import {
  listOf,
  type ReplyFields,
  type SplitReply,
  splitReply,
  unescapeFields,
  type WireVersion,
} from './reply-fields.ts';
import { parseTime } from './time.ts';

/** Whether a signature is that of a text. Gets only such as have the one spelling of the protocol. Must not throw. */
export type Verifier = (signedText: string, signature: string) => boolean;

/** The verifier for the key of a `kid`, or undefined if there is no such key. */
export type FindVerifier = (kid: string) => Verifier | undefined;

/** What the attempt that a reply belongs to has on record, and the time. */
export interface ReplyExpectation extends AskedAuthentication {
  /** `url` of the request. */
  readonly url: string;
  /** `params` of the request; null if the attempt is not pending any more. */
  readonly params: string | null;
  /** Tags that the person must have, e.g. `current`. Empty for none. */
  readonly requiredPtags: readonly string[];
  /**
   * Tags that a success below version 3, which has no `ptags`, stands for. Default none.
   *
   * The specification says `['current']`: a WLS sends such successes for current members only. But we ask for version
   * 3, so one arrives only if somebody changed `ver` in the address on the way to the WLS, and not every WLS keeps the
   * rule: with those, everybody could drop a requirement by editing an address.
   */
  readonly ptagsBelowVersion3?: readonly string[];
  /** `ver` of the request. Default 3. */
  readonly version?: WireVersion;
  /** The present time, in milliseconds since 1970. */
  readonly now: number;
  /** How long a reply may be under way, in milliseconds. Default 30000. */
  readonly timeoutMs?: number;
  /** By how much the clock of the WLS may differ from ours, in milliseconds. Default 5000. */
  readonly skewMs?: number;
}

/** Somebody has been vouched for, for this attempt. */
export interface ReplySuccess {
  readonly kind: 'success';
  readonly principal: string;
  /** As they were sent; empty below version 3. */
  readonly ptags: readonly string[];
  /** How the person was authenticated for this very login; null if nothing was asked. */
  readonly auth: string | null;
  /** How the person was authenticated earlier. */
  readonly sso: readonly string[];
  /** How long the session at the WLS goes on, in seconds; null if it does not tell. */
  readonly lifeSeconds: number | null;
  /** When the reply was made, in milliseconds since 1970. */
  readonly issuedAt: number;
  /** Unique together with `issuedAt`, by the specification; some servers draw it from six digits. */
  readonly id: string;
  readonly params: string;
  /** The application's part of `params`; null if there is none. */
  readonly data: string | null;
  readonly version: WireVersion;
  readonly kid: string;
  /** What the signature covers; with `kid` it tells this reply from all others. */
  readonly signedText: string;
}

/** The person has been vouched for, but lacks a required tag. */
export interface ReplyNotAuthorised {
  readonly kind: 'notAuthorised';
  readonly reason: 'ptags';
  readonly principal: string;
  readonly ptags: readonly string[];
}

/** Statuses of the WLS other than success (Ucam-WebAuth V4.1, `status`). */
export type FailureStatus = 410 | 510 | 520 | 530 | 540 | 560 | 570;

/** The WLS says that there will be no success, for this attempt. */
export interface ReplyFailure {
  readonly kind: 'status';
  readonly status: FailureStatus;
  /** The WLS's own words, which anybody may have written if `signed` is false. Text, not markup; may be empty. */
  readonly message: string;
  /** Failures need no signature. One without may end an attempt, but never a session. */
  readonly signed: boolean;
  readonly params: string;
  readonly version: WireVersion;
}

export type ReplyJudgement = ReplySuccess | ReplyNotAuthorised | ReplyFailure | Rejection;

/**
 * Whether a reply finishes an attempt, and how (Ucam-WebAuth V4.1, authentication response). Takes the reply apart,
 * then checks who wrote it, then whether it belongs to this attempt, then what it says; the first fault decides. The
 * signature is checked over the text as it was received, and escapes are put back only afterwards: the other way round,
 * another text could be verified than the one that counts.
 *
 * Never throws. The caller sees to it that an attempt is finished once, and never asks again by itself: a fault that
 * lasts would become a loop.
 *
 * @param encoded the value of `WLS-Response`, form-decoded
 */
export function judgeReply(encoded: string, expected: ReplyExpectation, findVerifier: FindVerifier): ReplyJudgement {
  const reply = splitReply(encoded, expected.version ?? 3);
  if (reply.kind === 'rejected') return reply;
  const forged = signatureProblem(reply, findVerifier);
  if (forged !== null) return rejected(forged);
  const fields = unescapeFields(reply);
  if (fields === null) return rejected('bad-escape');
  const status = Number(fields.status);
  if (status !== 200 && !isFailureStatus(status)) return rejected('unknown-status');
  const issuedAt = parseTime(fields.issue);
  if (issuedAt === null) return rejected('bad-issue');
  const foreign = bindingProblem(fields, issuedAt, expected);
  if (foreign !== null) return rejected(foreign);
  return status === 200 ? success(reply, fields, issuedAt, expected) : failure(reply, fields, status);
}

const KID = /^[1-9][0-9]{0,7}$/;

/** Base64 with `-._` for `+/=`, in the one spelling that its bytes have: what follows the last byte must be zero. */
const SIGNATURE = /^(?:[A-Za-z0-9.-]{4})*(?:[A-Za-z0-9.-]{2}[AEIMQUYcgkosw048]_|[A-Za-z0-9.-][AQgw]__)?$/;

/** Whether a text can be a `kid` (waa2wls-protocol V4.0, key-ids): eight digits at most, which no file path is. */
export function isKid(text: string): boolean {
  return KID.test(text);
}

function signatureProblem({ fields, kid, signature, signedText }: SplitReply, find: FindVerifier) {
  if (kid === '' && (signature !== '' || fields.status === '200')) return 'missing-kid';
  if (kid === '') return null;
  if (signature === '') return 'missing-sig';
  if (!isKid(kid)) return 'bad-kid';
  const verify = find(kid);
  if (verify === undefined) return 'unknown-kid';
  if (!SIGNATURE.test(signature)) return 'bad-sig-encoding';
  return verify(signedText, signature) ? null : 'bad-signature';
}

// The comparisons are written so that a time that is not a number makes a reply stale, not fresh.
function bindingProblem(fields: ReplyFields, issuedAt: number, expected: ReplyExpectation): RejectionReason | null {
  const { url, params, now, timeoutMs = 30_000, skewMs = 5000 } = expected;
  if (fields.id === '') return 'missing-id';
  if (fields.url === '') return 'missing-url';
  if (fields.url !== url) return 'url';
  if (issuedAt > now + skewMs) return 'issued-in-future';
  if (!(issuedAt >= now - timeoutMs - skewMs)) return 'stale';
  return params !== null && fields.params === params ? null : 'params';
}

function failure(reply: SplitReply, fields: ReplyFields, status: FailureStatus): ReplyFailure | Rejection {
  if (fields.principal !== '') return rejected('unexpected-principal');
  if (fields.auth + fields.sso + fields.ptags !== '') return rejected('unexpected-field');
  const { msg: message, params } = fields;
  return { kind: 'status', status, message, signed: reply.signature !== '', params, version: reply.version };
}

function success(
  { version, kid, signedText }: SplitReply,
  fields: ReplyFields,
  issuedAt: number,
  expected: ReplyExpectation,
): ReplySuccess | ReplyNotAuthorised | Rejection {
  const { id, principal, auth, life, params } = fields;
  if (principal === '') return rejected('missing-principal');
  // What a log, a header or a data base would read as something else, and halves of characters, by which two people
  // could look alike.
  if (/[\p{Cc}\p{Cs}\u2028\u2029\uFFFD]/u.test(principal)) return rejected('bad-principal');
  const sso = listOf(fields.sso);
  if (auth === '' && sso.length === 0) return rejected('missing-auth');
  if (!/^[0-9]{0,12}$/.test(life)) return rejected('bad-life');
  const unfit = authenticationProblem(expected, { auth, sso });
  if (unfit !== null) return rejected(unfit);
  const ptags = listOf(fields.ptags);
  const has = version === 3 ? ptags : (expected.ptagsBelowVersion3 ?? []);
  if (!expected.requiredPtags.every((tag) => has.includes(tag))) {
    return { kind: 'notAuthorised', reason: 'ptags', principal, ptags };
  }
  return {
    kind: 'success',
    principal,
    ptags,
    auth: auth === '' ? null : auth,
    sso,
    lifeSeconds: life === '' ? null : Number(life),
    issuedAt,
    id,
    params,
    data: readParams(params)?.data ?? null,
    version,
    kid,
    signedText,
  };
}

function isFailureStatus(status: number): status is FailureStatus {
  return [410, 510, 520, 530, 540, 560, 570].includes(status);
}
