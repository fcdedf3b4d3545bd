import type { FakeWlsSignature } from './fake-wls-key.ts';
import type { Alterations, FakeWlsFields } from './fake-wls-reply.ts';

/**
 * A way to misbehave.
 *
 * | fault               | the reply                                                                                        |
 * |---------------------|--------------------------------------------------------------------------------------------------|
 * | `unsigned`          | has neither `kid` nor `sig`, a success as well                                                   |
 * | `bad-signature`     | has a signature in which one bit is wrong                                                        |
 * | `other-key`         | is signed with a key that nobody knows, under the `kid` of this server                           |
 * | `sha-256`           | is signed with SHA-256 instead of SHA-1                                                          |
 * | `unknown-kid`       | has another `kid` than this server's                                                             |
 * | `wrong-url`         | is signed for another application, yet comes to this one                                         |
 * | `wrong-params`      | has `params` that nobody sent                                                                    |
 * | `no-ptags`          | tells no tags, so that in version 3 nobody is `current`                                          |
 * | `no-response`       | is missing: the browser comes back with nothing                                                  |
 * | `two-responses`     | occurs twice in the address                                                                      |
 * | `{ kind: 'status', status, msg?, ver?, signed? }` | is a failure with that status, be it one of the protocol or not; `msg`, `ver` and `signed` are those of the style by default. It comes at once: nobody is asked to log in |
 * | `{ kind: 'clock', ms }` | is issued so many milliseconds after now, or before now when negative                        |
 * | `{ kind: 'fields', fields }` | has these fields instead of the right ones, and is signed; with `ver` it has the fields of that version |
 * | `{ kind: 'raw', text }` | is this text, whatever it may be                                                             |
 *
 * Except where it says otherwise a reply is right in all other respects, and is signed after it was changed.
 */
export type FakeWlsFault =
  | 'unsigned'
  | 'bad-signature'
  | 'other-key'
  | 'sha-256'
  | 'unknown-kid'
  | 'wrong-url'
  | 'wrong-params'
  | 'no-ptags'
  | 'no-response'
  | 'two-responses'
  | FaultWithValues;

type FaultWithValues =
  | {
      readonly kind: 'status';
      /** Three digits, and not 200. */
      readonly status: number;
      readonly msg?: string;
      readonly ver?: 1 | 2 | 3;
      readonly signed?: boolean;
    }
  | { readonly kind: 'clock'; readonly ms: number }
  | { readonly kind: 'fields'; readonly fields: Partial<FakeWlsFields> }
  | { readonly kind: 'raw'; readonly text: string };

const signatures: Readonly<Record<string, FakeWlsSignature>> = {
  unsigned: 'none',
  'bad-signature': 'altered',
  'other-key': 'other-key',
  'sha-256': 'sha-256',
};

const alterations: Readonly<Record<string, (kid: string) => Alterations>> = {
  'unknown-kid': (kid) => ({ fields: { kid: String((Number(kid) % 99_999_999) + 1) } }),
  'wrong-url': () => ({ fields: { url: 'https://another-application.example.org/return' } }),
  'wrong-params': () => ({ fields: { params: 'bm9ib2R5LXNlbnQtdGhpcw' } }),
  'no-ptags': () => ({ fields: { ptags: '' } }),
  'no-response': () => ({ occurrences: 0 }),
  'two-responses': () => ({ occurrences: 2 }),
};

/** @throws TypeError when there is no such fault, or its values make no sense. */
export function checkFault(fault: FakeWlsFault): void {
  if (typeof fault === 'string') {
    const isKnown = Object.hasOwn(signatures, fault) || Object.hasOwn(alterations, fault);
    if (!isKnown) throw new TypeError(`misbehave: there is no fault called ${JSON.stringify(fault)}.`);
  } else if (fault.kind === 'status') {
    checkFailure(fault.status, 'misbehave');
  } else if (fault.kind === 'clock' && !Number.isFinite(fault.ms)) {
    throw new TypeError('misbehave: ms must be a number.');
  }
}

/** Whether a fault is of that kind. */
export function isFault<Kind extends FaultWithValues['kind']>(
  fault: FakeWlsFault | undefined,
  kind: Kind,
): fault is Extract<FaultWithValues, { readonly kind: Kind }> {
  return typeof fault === 'object' && fault.kind === kind;
}

/** @throws TypeError when a failure cannot have that status. */
export function checkFailure(status: number, caller: string): void {
  if (!Number.isInteger(status) || status < 100 || status > 999 || status === 200) {
    throw new TypeError(`${caller}: the status of a failure has three digits and is not 200.`);
  }
}

/** What a fault does to a reply; `kid` is the name of the right key. */
export function alterationsOf(fault: FakeWlsFault | undefined, kid: string): Alterations {
  if (fault === undefined) return {};
  if (typeof fault === 'string') {
    return Object.hasOwn(signatures, fault) ? { signature: signatures[fault] } : (alterations[fault]?.(kid) ?? {});
  }
  switch (fault.kind) {
    case 'fields':
      return { fields: fault.fields };
    case 'raw':
      return { raw: fault.text };
    case 'status':
      return fault.signed === undefined ? {} : { signature: fault.signed ? 'good' : 'none' };
    case 'clock':
      return {};
  }
}
