import { randomUUID } from 'node:crypto';
import type { CasLoginEvent } from '../../../machines/cas-login-vocabulary.ts';
import type { GrantOffer, Principal } from '../../../machines/vocabulary.ts';
import type { BackChannelOutcome, BackChannelRequest } from '../../http/back-channel.ts';
import { samlRequest } from './saml-request.ts';
import type { ServiceAnswer, SuccessAnswer } from './service-response.ts';
import { type CasVersion, validateUrl } from './urls.ts';

/** How one server is asked about a ticket. */
export interface Dialect {
  readonly version: CasVersion;
  readonly endpoint: string;
  readonly issuer: string;
  readonly format: 'XML' | 'JSON';
  /** By how much the server's clock may differ from ours; SAML 1.1 only. In milliseconds. */
  readonly samlToleranceMs: number;
}

export interface Validation {
  readonly service: string;
  readonly ticket: string;
  readonly renew: boolean;
  /** Where a proxy-granting ticket is to be delivered; null for none. */
  readonly pgtUrl: string | null;
}

/** The one request that validates a ticket. */
export function validationRequest(dialect: Dialect, validation: Validation, now: number): BackChannelRequest {
  const { version, endpoint, format } = dialect;
  if (version === 'saml1.1') {
    return samlRequest(endpoint, { ...validation, requestId: `_${randomUUID()}`, issueInstant: now });
  }
  return { url: new URL(validationUrl(endpoint, format, validation)) };
}

/** The address of a validation by CAS 2.0 or 3.0. */
export function validationUrl(endpoint: string, format: Dialect['format'], validation: Validation): string {
  const { pgtUrl, ...request } = validation;
  return validateUrl(endpoint, {
    ...request,
    ...(pgtUrl === null ? {} : { pgtUrl }),
    ...(format === 'JSON' ? { format } : {}),
  });
}

/** What came of a validation: a person vouched for, or an event that says why not. */
export type ValidationOutcome =
  | { readonly kind: 'success'; readonly answer: SuccessAnswer }
  | { readonly kind: 'failure'; readonly event: ValidationFailure };

export type ValidationFailure = Exclude<
  Extract<CasLoginEvent, { readonly type: `validation.${string}` }>,
  { readonly type: 'validation.succeeded' | 'validation.proxied' }
>;

/**
 * What an outcome of the back channel means. A 4xx is read for a failure (Keycloak answers so) but never for a success.
 */
export async function validationOutcome(
  dialect: Dialect,
  { service, pgtUrl }: Validation,
  outcome: BackChannelOutcome,
  now: number,
): Promise<ValidationOutcome> {
  switch (outcome.kind) {
    case 'unreachable':
      return failure({ type: 'validation.unreachable', detail: outcome.reason });
    case 'timedOut':
      return failure({ type: 'validation.timedOut' });
    case 'unreadable':
      return failure({ type: 'validation.unreadable', detail: outcome.reason });
    case 'answer': {
      const answer = await readAnswer(dialect, outcome.body, service, now);
      const clientError = outcome.status >= 400 && outcome.status < 500;
      if (outcome.status !== 200 && !(clientError && answer.kind === 'failure')) {
        return failure({ type: 'validation.badStatus', detail: `HTTP ${outcome.status}` });
      }
      if (answer.kind === 'success') return { kind: 'success', answer };
      return failure(failureEvent(dialect, answer, pgtUrl !== null));
    }
  }
}

/** What a validation means for a person who comes themselves: proxies have no place there. */
export function loginEvent({ issuer }: Dialect, outcome: ValidationOutcome, now: number): CasLoginEvent {
  if (outcome.kind === 'failure') return outcome.event;
  const { answer } = outcome;
  if (answer.proxies.length > 0) return { type: 'validation.proxied' };
  return {
    type: 'validation.succeeded',
    principal: principalOf(issuer, answer),
    grantOffer: grantOfferOf(answer),
    at: now,
  };
}

export function principalOf(issuer: string, answer: SuccessAnswer): Principal {
  const { user: id, attributes, authenticatedAt, fromNewLogin, longTerm } = answer;
  return { issuer, id, protocol: 'cas', attributes, authenticatedAt, fromNewLogin, longTerm };
}

export function grantOfferOf(answer: SuccessAnswer): GrantOffer | null {
  const { proxyGrantingTicketIou: pgtIou, encryptedProxyGrantingTicket: encrypted } = answer;
  return pgtIou === null && encrypted === null ? null : { pgtIou, encrypted };
}

function failure(event: ValidationFailure): ValidationOutcome {
  return { kind: 'failure', event };
}

/** The readers are loaded when the first ticket is validated: an XML parser has no place in the start-up of a server. */
async function readAnswer(dialect: Dialect, body: string, service: string, now: number): Promise<ServiceAnswer> {
  if (dialect.version === 'saml1.1') {
    const { readSamlResponse } = await import('./saml-response.ts');
    return readSamlResponse(body, { now, toleranceMs: dialect.samlToleranceMs, service });
  }
  // LemonLDAP::NG refuses an unmet `renew` with the `no` of CAS 1.0 on every endpoint.
  if (dialect.version === '1.0' || /^no\r?\n/.test(body)) {
    const { readValidateResponse } = await import('./validate-response.ts');
    const answer = readValidateResponse(body);
    return answer.kind === 'success' ? { ...NAME_ONLY, user: answer.user } : answer;
  }
  const { readServiceResponse } = await import('./service-response.ts');
  return readServiceResponse(body);
}

const NAME_ONLY = {
  kind: 'success',
  attributes: {},
  proxyGrantingTicketIou: null,
  encryptedProxyGrantingTicket: null,
  proxies: [],
  authenticatedAt: null,
  fromNewLogin: null,
  longTerm: null,
} as const;

/** Refusals that are about the ticket, not about us (CAS 2.5.3). */
const TICKET_CODES = new Set(['INVALID_TICKET', 'INVALID_TICKET_SPEC', 'INVALID_SERVICE']);

/** Refusals that are about the callback: of the specification, of Apereo, and of Keycloak. */
const CALLBACK_CODES = new Set(['INVALID_PROXY_CALLBACK', 'UNAUTHORIZED_SERVICE_PROXY', 'PROXY_CALLBACK_ERROR']);

function failureEvent(
  { version }: Dialect,
  answer: Exclude<ServiceAnswer, SuccessAnswer>,
  withGrant: boolean,
): ValidationFailure {
  if (answer.kind === 'unreadable') return { type: 'validation.unreadable', detail: answer.reason };
  // Only a code is kept: the text of some servers quotes the ticket, or a live PGT.
  const detail = /^[A-Za-z0-9_:]{1,64}$/.test(answer.code) ? answer.code : 'UNKNOWN_CODE';
  if (withGrant && CALLBACK_CODES.has(answer.code)) return { type: 'validation.callbackFailed', detail };
  // SAML 1.1 has no code for a bad ticket; every refusal may mean one.
  const aboutTicket = version === 'saml1.1' || TICKET_CODES.has(answer.code);
  return { type: aboutTicket ? 'validation.rejected' : 'validation.refused', detail };
}
