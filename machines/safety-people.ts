/** Who and what the proof of a login plays with: two people, a third of the same name elsewhere, and what they had sent. */
import type { EventObject } from 'xstate';
import { type LoginEvent, type LoginInput, MAX_RECENT_LOGINS } from './login-vocabulary.ts';
import type { Principal, PrincipalRef, ProtocolName, SavedRequestRef } from './vocabulary.ts';

/** Two who are at the same login server, and one who has the name of the first at another. */
export interface People {
  readonly alice: PrincipalRef;
  readonly bob: PrincipalRef;
  readonly otherAlice: PrincipalRef;
}

export const SENT_AT = 1_700_000_000_000;
export const ANSWERED_AT = SENT_AT + 30_000;
export const HOUR = 3_600_000;

/** Events that no machine of ours may react to. */
export const FOREIGN_EVENTS: readonly EventObject[] = [
  '',
  '*',
  'no.suchEvent',
  'return',
  'return.*',
  'return.ticket.again',
  'Return.Ticket',
  'validation',
  'constructor',
  '__proto__',
  'xstate.init',
  'xstate.stop',
  'xstate.done.state.flow',
  'xstate.done.actor.validateTicket',
  'xstate.error.actor.validateTicket',
  'xstate.after.1000.flow',
].map((type) => ({ type }));

/** A person as a login server names them in one answer. */
export function vouchedFor(
  protocol: ProtocolName,
  person: PrincipalRef,
  authenticatedAt: number | null,
  fromNewLogin: boolean | null,
): Principal {
  return { ...person, protocol, attributes: {}, authenticatedAt, fromNewLogin, longTerm: null };
}

/** What the plainest of all logins is asked for. */
export const plainLogin: LoginInput = {
  returnTo: '/report',
  renew: false,
  gateway: false,
  gatewayRecentlyDeclined: false,
  maxAgeMs: null,
  recentLogins: 0,
  expected: null,
  keepRequest: false,
  savedRequest: null,
  notKept: null,
};

const booleans = [false, true] as const;

/** Every combination of what a page may ask, and logins just below, at and above the limit. */
export function askingInputs<Input extends LoginInput>(plain: Input): readonly Input[] {
  return [
    ...booleans.flatMap((renew) =>
      booleans.flatMap((gateway) =>
        booleans.flatMap((gatewayRecentlyDeclined) =>
          [null, HOUR].map((maxAgeMs) => ({ ...plain, renew, gateway, gatewayRecentlyDeclined, maxAgeMs })),
        ),
      ),
    ),
    { ...plain, recentLogins: MAX_RECENT_LOGINS - 1 },
    { ...plain, recentLogins: MAX_RECENT_LOGINS },
    { ...plain, recentLogins: MAX_RECENT_LOGINS + 1, gateway: true, renew: true },
  ];
}

/** One input for each thing that a login may be asked: enough to see one wrong step. */
export function fewAskingInputs<Input extends LoginInput>(plain: Input, { alice, bob }: People): readonly Input[] {
  return [
    plain,
    { ...plain, renew: true },
    { ...plain, maxAgeMs: HOUR },
    { ...plain, gateway: true },
    { ...plain, gateway: true, gatewayRecentlyDeclined: true },
    { ...plain, recentLogins: MAX_RECENT_LOGINS },
    { ...plain, keepRequest: true, expected: alice },
    { ...plain, savedRequest: savedBy(null) },
    { ...plain, savedRequest: savedBy(bob) },
  ];
}

/** A kept request. Its id tells people of the same name apart, so that it can be looked for in a snapshot. */
export function savedBy(owner: PrincipalRef | null): SavedRequestRef {
  return { id: owner === null ? 'saved-by-nobody' : `saved-by-${owner.id}-of-${hostOf(owner.issuer)}`, owner };
}

const hostOf = (address: string) => address.split('/')[2] ?? address;

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

/** What every login is told from the moment that somebody is vouched for. */
export const loginEvents: readonly LoginEvent[] = [
  { type: 'principal.admitted' },
  { type: 'principal.refused' },
  { type: 'principal.unchecked', detail: 'TypeError' },
  { type: 'session.opened', loginId: 'login-of-the-flow' },
  { type: 'logout.requested', everywhere: false },
  { type: 'logout.requested', everywhere: true },
];
