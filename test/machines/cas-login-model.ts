import type { EventObject } from 'xstate';
import type { CasLoginContext, CasLoginEvent, CasLoginInput } from '../../machines/cas-login-vocabulary.ts';
import { MAX_RECENT_LOGINS } from '../../machines/login-vocabulary.ts';
import type { GrantOffer, Principal, PrincipalRef } from '../../machines/vocabulary.ts';
import { FOREIGN_EVENTS, type ModelNode } from '../support/model.ts';
import { keepingEvents, keepingInputs, type People, savedBy } from './kept-request-model.ts';

/** The one ticket of the model; no snapshot may hold it. */
export const TICKET = 'ST-marker-of-the-model';

/** What a server offers in the model; nothing that is at rest may hold it. */
export const GRANT_OFFER: GrantOffer = { pgtIou: 'PGTIOU-marker-of-the-model', encrypted: null };

export const SENT_AT = 1_700_000_000_000;
export const VALIDATED_AT = SENT_AT + 30_000;
const HOUR = 3_600_000;

const issuer = 'https://login.example.edu/cas';
export const alice: PrincipalRef = { issuer, id: 'alice' };
export const bob: PrincipalRef = { issuer, id: 'bob' };
/** The same name at another login server is another person. */
export const otherAlice: PrincipalRef = { issuer: 'https://login.example.org/cas', id: 'alice' };

/** A person as the login server describes them in one answer. */
export function vouchedFor(
  person: PrincipalRef,
  authenticatedAt: number | null,
  fromNewLogin: boolean | null,
): Principal {
  return { ...person, protocol: 'cas', attributes: {}, authenticatedAt, fromNewLogin, longTerm: null };
}

/** Answers that show credentials newer than the attempt. */
export const freshPrincipals: readonly Principal[] = [
  vouchedFor(alice, VALIDATED_AT - 1000, true),
  vouchedFor(bob, VALIDATED_AT - 1000, true),
  vouchedFor(otherAlice, VALIDATED_AT - 1000, true),
];

/** Answers that show older credentials: said in words, or only by the clock. */
export const stalePrincipals: readonly Principal[] = [
  vouchedFor(alice, SENT_AT - 2 * HOUR, false),
  vouchedFor(bob, SENT_AT - 2 * HOUR, null),
];

/** What a server says that tells neither. */
export const silentPrincipal = vouchedFor(alice, null, null);

export const plainInput: CasLoginInput = {
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
  unsolicitedService: null,
  proxyGrant: 'off',
};

export const people: People = { alice, bob, otherAlice };

const booleans = [false, true] as const;

/** Every combination of what a page may ask, and what the rest of an input can be on top of the plain one. */
export const inputs: readonly CasLoginInput[] = [
  ...booleans.flatMap((renew) =>
    booleans.flatMap((gateway) =>
      booleans.flatMap((gatewayRecentlyDeclined) =>
        [null, HOUR].map((maxAgeMs) => ({ ...plainInput, renew, gateway, gatewayRecentlyDeclined, maxAgeMs })),
      ),
    ),
  ),
  { ...plainInput, proxyGrant: 'optional' },
  { ...plainInput, proxyGrant: 'required', renew: true },
  { ...plainInput, proxyGrant: 'required', gateway: true, maxAgeMs: HOUR },
  { ...plainInput, recentLogins: MAX_RECENT_LOGINS - 1 },
  { ...plainInput, recentLogins: MAX_RECENT_LOGINS },
  { ...plainInput, recentLogins: MAX_RECENT_LOGINS + 1, gateway: true, renew: true },
  ...keepingInputs(plainInput, people),
  { ...plainInput, unsolicitedService: 'https://portal.example.edu/sso/return' },
  { ...plainInput, unsolicitedService: 'https://portal.example.edu/sso/return', renew: true },
  { ...plainInput, unsolicitedService: 'https://portal.example.edu/sso/return', gateway: true, maxAgeMs: HOUR },
];

export const failingAnswers = [
  { type: 'validation.rejected', detail: 'INVALID_TICKET' },
  { type: 'validation.refused', detail: 'UNAUTHORIZED_SERVICE' },
  { type: 'validation.proxied' },
  { type: 'validation.unreachable', detail: 'ECONNREFUSED' },
  { type: 'validation.timedOut' },
  { type: 'validation.badStatus', detail: 'HTTP 500' },
  { type: 'validation.unreadable', detail: 'not XML' },
  { type: 'principal.refused' },
  { type: 'principal.unchecked', detail: 'TypeError' },
  { type: 'validation.callbackFailed', detail: 'INVALID_PROXY_CALLBACK' },
  { type: 'grant.missing', detail: 'not offered' },
] as const satisfies readonly CasLoginEvent[];

/** The end of a proxy grant, when nothing was sent that could be lost. */
export const grantExpired = {
  type: 'grant.expired',
  returnTo: plainInput.returnTo,
  keepRequest: false,
  notKept: null,
  recentLogins: 0,
} as const;

const declaredEvents: readonly CasLoginEvent[] = [
  { type: 'redirect.issued', service: 'https://portal.example.edu/sso/return?attempt=a', at: SENT_AT },
  { type: 'return.ticket', ticket: TICKET },
  { type: 'return.withoutTicket' },
  ...[...freshPrincipals, ...stalePrincipals, silentPrincipal].map(
    (principal) => ({ type: 'validation.succeeded', principal, grantOffer: null, at: VALIDATED_AT }) as const,
  ),
  { type: 'validation.succeeded', principal: freshPrincipals[0]!, grantOffer: GRANT_OFFER, at: VALIDATED_AT },
  ...failingAnswers,
  { type: 'principal.admitted' },
  { type: 'grant.claimed', grantId: 'grant-of-the-flow' },
  { type: 'session.opened', loginId: 'login-of-the-flow' },
  ...keepingEvents(people),
  ...[
    grantExpired,
    { ...grantExpired, keepRequest: true },
    { ...grantExpired, notKept: 'ERR_SSO_REQUEST_TOO_LARGE' as const },
    { ...grantExpired, keepRequest: true, recentLogins: MAX_RECENT_LOGINS },
  ],
  { type: 'logout.requested', everywhere: false },
  { type: 'logout.requested', everywhere: true },
];

/** Everything that may arrive: what the machine declares, and what it must not react to. */
export const events: readonly EventObject[] = [...declaredEvents, ...FOREIGN_EVENTS];

/** Enough of both for a machine that is broken on purpose, where one wrong step is to be found and not all of them. */
export const fewInputs: readonly CasLoginInput[] = [
  plainInput,
  { ...plainInput, renew: true },
  { ...plainInput, gateway: true, gatewayRecentlyDeclined: true },
  { ...plainInput, recentLogins: MAX_RECENT_LOGINS },
  { ...plainInput, savedRequest: savedBy(bob) },
  { ...plainInput, proxyGrant: 'optional' },
];
export const fewEvents: readonly EventObject[] = events.filter((event) => !isElaborate(event));

function isElaborate(event: EventObject): boolean {
  if (event.type === 'grant.expired') return event !== grantExpired;
  const { principal } = event as { principal?: Principal };
  return principal !== undefined && principal !== freshPrincipals[0] && principal !== stalePrincipals[0];
}

export function contextOf(node: ModelNode): CasLoginContext {
  return node.snapshot.context as CasLoginContext;
}
