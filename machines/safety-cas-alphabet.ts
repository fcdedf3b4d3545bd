/** What a login through a CAS server may begin with, and everything that may arrive. */
import type { CasLoginEvent, CasLoginInput } from './cas-login-vocabulary.ts';
import { MAX_RECENT_LOGINS } from './login-vocabulary.ts';
import {
  ANSWERED_AT,
  askingInputs,
  fewAskingInputs,
  HOUR,
  keepingEvents,
  keepingInputs,
  loginEvents,
  type People,
  plainLogin,
  SENT_AT,
  vouchedFor,
} from './safety-people.ts';
import type { GrantOffer, Principal } from './vocabulary.ts';

/** The one ticket; no snapshot may hold it. */
export const TICKET = 'ST-marker-of-the-model';

/** What a server offers; nothing that is at rest may hold it. */
export const GRANT_OFFER: GrantOffer = { pgtIou: 'PGTIOU-marker-of-the-model', encrypted: null };

const issuer = 'https://login.example.edu/cas';
const alice = { issuer, id: 'alice' };
const bob = { issuer, id: 'bob' };
/** The same name at another login server is another person. */
const otherAlice = { issuer: 'https://login.example.org/cas', id: 'alice' };
export const casPeople: People = { alice, bob, otherAlice };

/** Answers that show credentials newer than the attempt. */
export const freshPrincipals: readonly Principal[] = [alice, bob, otherAlice].map((person) =>
  vouchedFor('cas', person, ANSWERED_AT - 1000, true),
);

/** Answers that show older credentials: said in words, or only by the clock. */
export const stalePrincipals: readonly Principal[] = [
  vouchedFor('cas', alice, SENT_AT - 2 * HOUR, false),
  vouchedFor('cas', bob, SENT_AT - 2 * HOUR, null),
];

/** What a server says that tells neither. */
export const silentPrincipal = vouchedFor('cas', alice, null, null);

export const plainCasInput: CasLoginInput = { ...plainLogin, unsolicitedService: null, proxyGrant: 'off' };

const unsolicited = { ...plainCasInput, unsolicitedService: 'https://portal.example.edu/sso/return' };

export const casInputs: readonly CasLoginInput[] = [
  ...askingInputs(plainCasInput),
  { ...plainCasInput, proxyGrant: 'optional' },
  { ...plainCasInput, proxyGrant: 'required', renew: true },
  { ...plainCasInput, proxyGrant: 'required', gateway: true, maxAgeMs: HOUR },
  ...keepingInputs(plainCasInput, casPeople),
  unsolicited,
  { ...unsolicited, renew: true },
  { ...unsolicited, gateway: true, maxAgeMs: HOUR },
];

export const casFailingAnswers = [
  { type: 'validation.rejected', detail: 'INVALID_TICKET' },
  { type: 'validation.refused', detail: 'UNAUTHORIZED_SERVICE' },
  { type: 'validation.proxied' },
  { type: 'validation.unreachable', detail: 'ECONNREFUSED' },
  { type: 'validation.timedOut' },
  { type: 'validation.badStatus', detail: 'HTTP 500' },
  { type: 'validation.unreadable', detail: 'not XML' },
  { type: 'validation.callbackFailed', detail: 'INVALID_PROXY_CALLBACK' },
  { type: 'grant.missing', detail: 'not offered' },
] as const satisfies readonly CasLoginEvent[];

/** The end of a proxy grant, when nothing was sent that could be lost. */
export const grantExpired = {
  type: 'grant.expired',
  returnTo: plainCasInput.returnTo,
  keepRequest: false,
  notKept: null,
  recentLogins: 0,
} as const;

const succeeded = (principal: Principal, grantOffer: GrantOffer | null) =>
  ({ type: 'validation.succeeded', principal, grantOffer, at: ANSWERED_AT }) as const;

export const casEvents: readonly CasLoginEvent[] = [
  { type: 'redirect.issued', service: 'https://portal.example.edu/sso/return?attempt=a', at: SENT_AT },
  { type: 'return.ticket', ticket: TICKET },
  { type: 'return.withoutTicket' },
  ...[...freshPrincipals, ...stalePrincipals, silentPrincipal].map((principal) => succeeded(principal, null)),
  succeeded(freshPrincipals[0]!, GRANT_OFFER),
  ...casFailingAnswers,
  { type: 'grant.claimed', grantId: 'grant-of-the-flow' },
  ...keepingEvents(casPeople),
  grantExpired,
  { ...grantExpired, keepRequest: true },
  { ...grantExpired, notKept: 'ERR_SSO_REQUEST_TOO_LARGE' },
  { ...grantExpired, keepRequest: true, recentLogins: MAX_RECENT_LOGINS },
  ...loginEvents,
];

/** Enough of both to see one wrong step: what runs while an application starts. */
export const fewCasInputs: readonly CasLoginInput[] = [
  ...fewAskingInputs(plainCasInput, casPeople),
  { ...plainCasInput, proxyGrant: 'optional' },
  { ...plainCasInput, proxyGrant: 'required' },
  unsolicited,
];

const mattering: ReadonlySet<unknown> = new Set([freshPrincipals[0], freshPrincipals[2], stalePrincipals[0]]);

export const fewCasEvents: readonly CasLoginEvent[] = casEvents.filter((event) => {
  if (event.type === 'grant.expired') return event === grantExpired;
  if (event.type === 'request.saved') return event.savedRequest.owner === alice;
  return event.type !== 'validation.succeeded' || mattering.has(event.principal);
});
