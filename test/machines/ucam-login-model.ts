import type { EventObject } from 'xstate';
import { MAX_RECENT_LOGINS } from '../../machines/login-vocabulary.ts';
import type { UcamLoginContext, UcamLoginEvent, UcamLoginInput } from '../../machines/ucam-login-vocabulary.ts';
import type { Principal, PrincipalRef } from '../../machines/vocabulary.ts';
import { FOREIGN_EVENTS, type ModelNode } from '../support/model.ts';
import { keepingEvents, keepingInputs, type People, savedBy } from './kept-request-model.ts';

/** The one reply of the model; no snapshot may hold it. */
export const REPLY = '3!200!!marker-of-the-model';
/** What the WLS says in the model: only a failure may hold it. */
export const SAID = 'said-in-the-model';

export const SENT_AT = 1_700_000_000_000;
export const VERIFIED_AT = SENT_AT + 30_000;
export const HOUR = 3_600_000;

const issuer = 'https://raven.example.edu';
export const alice: PrincipalRef = { issuer, id: 'test0001' };
export const bob: PrincipalRef = { issuer, id: 'test0002' };
/** The same name at another login server is another person. */
export const otherAlice: PrincipalRef = { issuer: 'https://raven.example.org', id: 'test0001' };

/** A person as a reply names them. */
export function vouchedFor(
  person: PrincipalRef,
  authenticatedAt: number | null,
  fromNewLogin: boolean | null,
): Principal {
  return { ...person, protocol: 'ucam', attributes: {}, authenticatedAt, fromNewLogin, longTerm: null };
}

/** Replies to people who have just typed their password (`auth`). */
export const interactive: readonly Principal[] = [
  vouchedFor(alice, VERIFIED_AT - 1000, true),
  vouchedFor(bob, VERIFIED_AT - 1000, true),
  vouchedFor(otherAlice, VERIFIED_AT - 1000, true),
];

/** A reply by single sign-on (`sso`) does not tell when that was. */
export const singleSignOn = vouchedFor(alice, null, false);

/** What no WLS says, but a machine must not stumble over. */
const odd: readonly Principal[] = [
  vouchedFor(alice, SENT_AT - 2 * HOUR, false),
  vouchedFor(alice, SENT_AT - 2 * HOUR, null),
  vouchedFor(alice, null, null),
];

export const plainInput: UcamLoginInput = {
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

export const people: People = { alice, bob, otherAlice };

const booleans = [false, true] as const;

/** Every combination of what a page may ask, and what the rest of an input can be on top of the plain one. */
export const inputs: readonly UcamLoginInput[] = [
  ...booleans.flatMap((renew) =>
    booleans.flatMap((gateway) =>
      booleans.flatMap((gatewayRecentlyDeclined) =>
        [null, HOUR].map((maxAgeMs) => ({ ...plainInput, renew, gateway, gatewayRecentlyDeclined, maxAgeMs })),
      ),
    ),
  ),
  { ...plainInput, recentLogins: MAX_RECENT_LOGINS - 1 },
  { ...plainInput, recentLogins: MAX_RECENT_LOGINS },
  { ...plainInput, recentLogins: MAX_RECENT_LOGINS + 1, gateway: true, renew: true },
  ...keepingInputs(plainInput, people),
];

export const failingAnswers = [
  { type: 'reply.malformed', detail: 'field-count' },
  { type: 'reply.invalid', detail: 'stale' },
  { type: 'reply.unknownKey', detail: 'unknown-kid' },
  { type: 'reply.notCurrent', detail: 'ptags' },
  { type: 'reply.cancelled', said: SAID },
  { type: 'reply.interactionNeeded', said: null },
  { type: 'reply.refused', detail: '570', said: SAID },
  { type: 'reply.failed', detail: '530', said: SAID },
  { type: 'principal.refused' },
  { type: 'principal.unchecked', detail: 'TypeError' },
] as const satisfies readonly UcamLoginEvent[];

/** Two departures, so that a reply is seen to be judged by the one that it follows. */
export const DEPARTURES = ['one', 'two'].map((nonce, index) => ({
  type: 'redirect.issued' as const,
  url: 'https://portal.example.edu/sso/return',
  params: `nonce-${nonce}`,
  at: SENT_AT + index,
}));

const declaredEvents: readonly UcamLoginEvent[] = [
  ...DEPARTURES,
  { type: 'return.reply', reply: REPLY },
  ...[...interactive, singleSignOn, ...odd].map(
    (principal) => ({ type: 'reply.verified', principal, lifeMs: null, at: VERIFIED_AT }) as const,
  ),
  { type: 'reply.verified', principal: interactive[0]!, lifeMs: 5 * HOUR, at: VERIFIED_AT },
  ...failingAnswers,
  { type: 'principal.admitted' },
  { type: 'session.opened', loginId: 'login-of-the-flow' },
  ...keepingEvents(people),
  { type: 'logout.requested', everywhere: false },
  { type: 'logout.requested', everywhere: true },
];

/** Everything that may arrive: what the machine declares, and what it must not react to. */
export const events: readonly EventObject[] = [...declaredEvents, ...FOREIGN_EVENTS, { type: 'validation.succeeded' }];

/** Enough of both for a machine that is broken on purpose, where one wrong step is to be found and not all of them. */
export const fewInputs: readonly UcamLoginInput[] = [
  plainInput,
  { ...plainInput, renew: true },
  { ...plainInput, maxAgeMs: HOUR },
  { ...plainInput, gateway: true },
  { ...plainInput, gateway: true, gatewayRecentlyDeclined: true },
  { ...plainInput, recentLogins: MAX_RECENT_LOGINS },
  { ...plainInput, savedRequest: savedBy(bob) },
];
export const fewEvents: readonly EventObject[] = events.filter((event) => {
  const { principal } = event as { readonly principal?: Principal };
  return principal === undefined || principal === interactive[0] || principal === singleSignOn;
});

export function contextOf(node: ModelNode): UcamLoginContext {
  return node.snapshot.context as UcamLoginContext;
}
