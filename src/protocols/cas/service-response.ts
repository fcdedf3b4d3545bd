import type { Attributes } from '../../../machines/vocabulary.ts';
import { attributesObject, encryptedGrant, loginFacts } from './attributes.ts';
import { readJson } from './json.ts';
import { guarded, refuse, type Unreadable } from './refusal.ts';
import { verdictFromJson } from './service-response-json.ts';
import { verdictFromXml } from './service-response-xml.ts';
import { identifier, trimmed } from './text.ts';
import type { Statement, Verdict } from './verdict.ts';
import { readXml } from './xml.ts';

/** What a server said about the person behind a ticket. */
export interface SuccessAnswer {
  readonly kind: 'success';
  readonly user: string;
  readonly attributes: Attributes;
  readonly proxyGrantingTicketIou: string | null;
  /** As it was sent; only the holder of the service's private key can open it. */
  readonly encryptedProxyGrantingTicket: string | null;
  /** Most recent proxy first. Whether this chain may act for the user is not decided here. */
  readonly proxies: readonly string[];
  /** Milliseconds since 1970. */
  readonly authenticatedAt: number | null;
  readonly fromNewLogin: boolean | null;
  readonly longTerm: boolean | null;
}

/** A refusal by the server, in its own words. `message` may hold a ticket: never log it as it is. */
export interface FailureAnswer {
  readonly kind: 'failure';
  /** Verbatim, also where it is not in the specification (CAS 2.5.3); empty where the server gave none. */
  readonly code: string;
  readonly message: string;
}

export type ServiceAnswer = SuccessAnswer | FailureAnswer | Unreadable;

/** The answer to a request for a proxy ticket. */
export type ProxyAnswer = { readonly kind: 'ticket'; readonly ticket: string } | FailureAnswer | Unreadable;

/**
 * Reads the answer of `/serviceValidate`, `/proxyValidate` and their `/p3` forms (CAS 2.5.2, 2.6.2), XML or JSON as the
 * first character tells: a server that does not know `format` answers in XML. The media type does not matter, since
 * half of the servers get it wrong, and neither does the status: Keycloak sends failures with 4xx. Never throws.
 */
export function readServiceResponse(body: string): ServiceAnswer {
  return guarded(() => {
    const verdict = read(body);
    switch (verdict.name) {
      case 'authenticationSuccess':
        return success(verdict.statement);
      case 'authenticationFailure':
        return failure(verdict.code, verdict.message);
      default:
        return refuse('the answer of another endpoint');
    }
  });
}

/**
 * Reads the answer of `/proxy` (CAS 2.7.2). The specification itself has failures under two names there, and readers
 * that look for one of them turn the other into nonsense. Never throws.
 */
export function readProxyResponse(body: string): ProxyAnswer {
  return guarded(() => {
    const verdict = read(body);
    switch (verdict.name) {
      case 'proxySuccess':
        return { kind: 'ticket', ticket: ticket(verdict.ticket) };
      case 'proxyFailure':
      case 'authenticationFailure':
        return failure(verdict.code, verdict.message);
      default:
        return refuse('the answer of another endpoint');
    }
  });
}

function read(body: string): Verdict {
  if (/^\uFEFF?[ \t\r\n]*\{/.test(body)) {
    const reading = readJson(body);
    return reading.kind === 'document' ? verdictFromJson(reading.value) : refuse(reading.reason);
  }
  const reading = readXml(body);
  return reading.kind === 'document' ? verdictFromXml(reading.root) : refuse(reading.reason);
}

function success(statement: Statement): SuccessAnswer {
  const { inside, beside, proxies } = statement;
  const attributes = attributesObject(inside, beside);
  return {
    kind: 'success',
    user: identifier(statement.user, 'user'),
    attributes,
    proxyGrantingTicketIou: trimmed(statement.proxyGrantingTicketIou ?? '') || null,
    encryptedProxyGrantingTicket: encryptedGrant(inside, beside),
    proxies,
    ...loginFacts(attributes),
  };
}

function failure(code: string, message: string): FailureAnswer {
  if (/\p{Cc}/u.test(code)) refuse('control character in the code');
  return { kind: 'failure', code: trimmed(code), message: trimmed(message) };
}

function ticket(text: string): string {
  const value = identifier(text, 'ticket');
  return /\s/.test(value) ? refuse('white space in the ticket') : value;
}
