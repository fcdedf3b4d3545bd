/**
 * What is wrong with each kind of bad reply:
 * - `malformed`: not a reply of this protocol at all.
 * - `invalid`: a reply, but not one that this attempt may be finished by.
 * - `unknown-key`: signed with a key that is not among those of this server.
 */
export type RejectionClass = 'malformed' | 'invalid' | 'unknown-key';

/** Every reason for which a reply is rejected. Stable, so that it can be logged, counted and tested for. */
const classes = {
  'missing-response': 'malformed',
  'duplicate-response': 'malformed',
  'bad-encoding': 'malformed',
  'bad-version': 'malformed',
  'unsupported-version': 'malformed',
  'field-count': 'malformed',
  'bad-status': 'malformed',
  'bad-kid': 'malformed',
  'bad-sig-encoding': 'malformed',
  'bad-escape': 'malformed',
  'bad-issue': 'malformed',
  'missing-id': 'malformed',
  'missing-url': 'malformed',
  'missing-auth': 'malformed',
  'bad-life': 'malformed',
  'missing-kid': 'invalid',
  'missing-sig': 'invalid',
  'bad-signature': 'invalid',
  'unknown-status': 'invalid',
  url: 'invalid',
  'issued-in-future': 'invalid',
  stale: 'invalid',
  params: 'invalid',
  'unexpected-principal': 'invalid',
  'unexpected-field': 'invalid',
  'missing-principal': 'invalid',
  'bad-principal': 'invalid',
  iact: 'invalid',
  aauth: 'invalid',
  'unknown-kid': 'unknown-key',
} as const satisfies Readonly<Record<string, RejectionClass>>;

export type RejectionReason = keyof typeof classes;

/** A reply that nobody may be signed in by. Holds none of its text: that may be a stranger's, or a person's name. */
export interface Rejection {
  readonly kind: 'rejected';
  readonly reason: RejectionReason;
  readonly class: RejectionClass;
}

export function rejected(reason: RejectionReason): Rejection {
  return { kind: 'rejected', reason, class: classes[reason] };
}
