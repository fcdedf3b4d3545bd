/** What may become of the request that a login interrupts, for the models of both kinds of login. */
import { type LoginEvent, type LoginInput, MAX_RECENT_LOGINS } from '../../machines/login-vocabulary.ts';
import type { PrincipalRef, SavedRequestRef } from '../../machines/vocabulary.ts';

/** Two who are at the same login server, and one who has the name of the first at another. */
export interface People {
  readonly alice: PrincipalRef;
  readonly bob: PrincipalRef;
  readonly otherAlice: PrincipalRef;
}

/** A kept request. Its id tells people of the same name apart, so that it can be looked for in a snapshot. */
export function savedBy(owner: PrincipalRef | null): SavedRequestRef {
  return { id: owner === null ? 'saved-by-nobody' : `saved-by-${owner.id}-of-${new URL(owner.issuer).host}`, owner };
}

/** What a login may begin with. Not both a request to keep and one that is kept: no page has two. */
export function keepingInputs<Input extends LoginInput>(plain: Input, { alice, bob }: People): readonly Input[] {
  return [
    { ...plain, keepRequest: true },
    { ...plain, keepRequest: true, expected: alice },
    { ...plain, keepRequest: true, expected: bob, notKept: 'ERR_SSO_REQUEST_NOT_OURS' },
    { ...plain, keepRequest: true, expected: alice, recentLogins: MAX_RECENT_LOGINS },
    { ...plain, savedRequest: savedBy(null) },
    { ...plain, savedRequest: savedBy(alice) },
    { ...plain, expected: bob, savedRequest: savedBy(bob) },
    { ...plain, expected: bob, savedRequest: savedBy(null), notKept: 'ERR_SSO_REQUEST_NOT_OURS' },
    { ...plain, expected: alice, notKept: 'ERR_SSO_REQUEST_NOT_OURS' },
  ];
}

/** `request.saved` comes for the person it was asked for as well as for any other: a store may be wrong, or hostile. */
export function keepingEvents({ alice, bob, otherAlice }: People): readonly LoginEvent[] {
  return [
    ...[null, alice, bob, otherAlice].map(
      (owner) => ({ type: 'request.saved', savedRequest: savedBy(owner) }) as const,
    ),
    { type: 'request.notSaved', code: 'ERR_SSO_REQUEST_NO_ROOM' },
    { type: 'request.resumed' },
    { type: 'request.discarded' },
    { type: 'request.expired' },
  ];
}
