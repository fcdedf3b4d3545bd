import type { Validation, Verdict } from './fake-cas-answers.ts';
import type { DeadTicket, FakeCasState } from './fake-cas-state.ts';
import type { Exchange } from './fake-server-http.ts';

/** A validation endpoint: what sets it apart from the others. */
export interface ValidationEndpoint {
  readonly style: 'text' | 'xml' | 'saml';
  readonly withAttributes: boolean;
  readonly acceptsProxyTickets: boolean;
}

/** A validation request as it arrived, before it is judged. */
export interface ValidationRequest {
  readonly ticket: string | undefined;
  readonly service: string | undefined;
  readonly renew: boolean;
  readonly format: string | undefined;
  readonly pgtUrl: string | undefined;
  readonly requestId: string | undefined;
}

/** Picks the parameters of a validation out of a request, SAML or not. */
export function readValidation(endpoint: ValidationEndpoint, exchange: Exchange): ValidationRequest {
  const saml = endpoint.style === 'saml';
  return {
    ticket: saml ? samlArtifact(exchange.body) : exchange.parameter('ticket'),
    service: exchange.parameter(saml ? 'TARGET' : 'service'),
    renew: exchange.has('renew'),
    format: exchange.parameter('format'),
    pgtUrl: exchange.parameter('pgtUrl'),
    requestId: saml ? /\sRequestID\s*=\s*["']([^"'<]*)["']/.exec(exchange.body)?.[1] : undefined,
  };
}

/** Judges a validation request. A ticket that is named in it is spent afterwards, whatever the verdict. */
export function judgeValidation(
  state: FakeCasState,
  endpoint: ValidationEndpoint,
  request: ValidationRequest,
): Validation {
  const format = request.format?.toUpperCase() ?? 'XML';
  const knownFormat = endpoint.style !== 'xml' || format === 'XML' || format === 'JSON';
  return {
    style: endpoint.style === 'xml' && format === 'JSON' ? 'json' : endpoint.style,
    withAttributes: endpoint.withAttributes,
    verdict: knownFormat
      ? judge(state, endpoint, request)
      : failure('INVALID_REQUEST', `The format ${request.format} is not supported. Ask for XML or JSON.`),
    service: request.service ?? '',
    now: state.now(),
    requestId: request.requestId,
  };
}

function judge(state: FakeCasState, endpoint: ValidationEndpoint, request: ValidationRequest): Verdict {
  const { ticket, service, renew } = request;
  if (ticket === undefined || service === undefined) {
    const names = endpoint.style === 'saml' ? 'TARGET and an AssertionArtifact' : 'service and ticket';
    return failure('INVALID_REQUEST', `Both ${names} are required.`);
  }
  const grant = state.spend(ticket);
  if (typeof grant === 'string') return failure('INVALID_TICKET', deadTicketMessages[grant]);
  if (grant.proxies.length > 0 && !endpoint.acceptsProxyTickets) {
    return failure('INVALID_TICKET', 'This is a proxy ticket, which only proxyValidate accepts.');
  }
  if (grant.service !== service) {
    return failure('INVALID_SERVICE', `The ticket was issued for ${grant.service} and not for ${service}.`);
  }
  if (renew && !grant.fresh) {
    return failure('INVALID_TICKET', 'The ticket comes from single sign-on, and renew demands a typed password.');
  }
  const { user, proxies, authenticatedAt, fresh, session } = grant;
  return { kind: 'success', user, proxies, authenticatedAt, fresh, session };
}

const deadTicketMessages: Readonly<Record<DeadTicket, string>> = {
  unknown: 'The ticket is not known.',
  used: 'The ticket has been used before.',
  expired: 'The ticket has expired.',
  'signed-out': 'The session of the ticket has ended.',
};

function failure(code: string, message: string): Verdict {
  return { kind: 'failure', code, message };
}

function samlArtifact(body: string): string | undefined {
  const text = /<(?:[\w.-]+:)?AssertionArtifact(?:\s[^>]*)?>\s*([^<]*?)\s*</.exec(body)?.[1];
  return text === undefined || text === '' ? undefined : unescapeXml(text);
}

function unescapeXml(text: string): string {
  const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return text.replace(/&(\w+);/g, (whole, name: string) => named[name] ?? whole);
}
