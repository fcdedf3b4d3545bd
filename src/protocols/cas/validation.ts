import { randomUUID } from 'node:crypto';
import type { CasLoginEvent } from '../../../machines/cas-login-vocabulary.ts';
import type { BackChannelOutcome, BackChannelRequest } from '../../http/back-channel.ts';
import { samlRequest } from './saml-request.ts';
import type { ServiceAnswer } from './service-response.ts';
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
}

/** The one request that validates a ticket. */
export function validationRequest(dialect: Dialect, validation: Validation, now: number): BackChannelRequest {
  const { version, endpoint, format } = dialect;
  if (version === 'saml1.1') {
    return samlRequest(endpoint, { ...validation, requestId: `_${randomUUID()}`, issueInstant: now });
  }
  return { url: new URL(validateUrl(endpoint, { ...validation, ...(format === 'JSON' ? { format } : {}) })) };
}

/**
 * What an outcome of the back channel means for the login. A 4xx is read for a failure (Keycloak answers so) but never
 * for a success.
 */
export async function validationEvent(
  dialect: Dialect,
  { service }: Validation,
  outcome: BackChannelOutcome,
  now: number,
): Promise<CasLoginEvent> {
  switch (outcome.kind) {
    case 'unreachable':
      return { type: 'validation.unreachable', detail: outcome.reason };
    case 'timedOut':
      return { type: 'validation.timedOut' };
    case 'unreadable':
      return { type: 'validation.unreadable', detail: outcome.reason };
    case 'answer': {
      const answer = await readAnswer(dialect, outcome.body, service, now);
      const clientError = outcome.status >= 400 && outcome.status < 500;
      if (outcome.status !== 200 && !(clientError && answer.kind === 'failure')) {
        return { type: 'validation.badStatus', detail: `HTTP ${outcome.status}` };
      }
      return answerEvent(dialect, answer, now);
    }
  }
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

function answerEvent({ version, issuer }: Dialect, answer: ServiceAnswer, now: number): CasLoginEvent {
  if (answer.kind === 'unreadable') return { type: 'validation.unreadable', detail: answer.reason };
  if (answer.kind === 'failure') {
    // Only a code is kept: the text of some servers quotes the ticket, or a live PGT.
    const detail = /^[A-Za-z0-9_:]{1,64}$/.test(answer.code) ? answer.code : 'UNKNOWN_CODE';
    // SAML 1.1 has no code for a bad ticket; every refusal may mean one.
    const aboutTicket = version === 'saml1.1' || TICKET_CODES.has(answer.code);
    return { type: aboutTicket ? 'validation.rejected' : 'validation.refused', detail };
  }
  if (answer.proxies.length > 0) return { type: 'validation.proxied' };
  const { user: id, attributes, authenticatedAt, fromNewLogin, longTerm } = answer;
  return {
    type: 'validation.succeeded',
    principal: { issuer, id, protocol: 'cas', attributes, authenticatedAt, fromNewLogin, longTerm },
    at: now,
  };
}
