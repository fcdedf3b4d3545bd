import type { CasLoginEvent } from '../../../machines/cas-login-vocabulary.ts';
import type { ReturnReading } from '../protocol.ts';

/** Far above the 256 characters that a client should accept (CAS 3.1.1); room for the long tickets of Keycloak. */
const MAX_TICKET_LENGTH = 1024;

/** Letters, digits and hyphen by the specification; dots, underscores and equal signs by real servers. */
const TICKET = /^[SP]T-[A-Za-z0-9._=-]+$/;

/** Whether a text can be a service or proxy ticket (CAS 3.1, 3.2). */
export function isTicket(text: string): boolean {
  return text.length <= MAX_TICKET_LENGTH && TICKET.test(text);
}

/** Carries the attempt in the service address, so that it comes back with the ticket. */
export const ATTEMPT_PARAMETER = 'attempt';

/**
 * What came back from the login server (CAS 2.2.4). On our own return address every `ticket` is meant for us, so one
 * that is ill-formed, empty or there twice is refused before it touches the attempt.
 *
 * @param query the raw query, without `?`
 */
export function readReturn(query: string): ReturnReading {
  const [attempt, ...others] = parameter(query, ATTEMPT_PARAMETER);
  if (attempt === undefined || others.length > 0) return { kind: 'malformed', code: 'ERR_SSO_ATTEMPT_UNKNOWN' };
  const tickets = parameter(query, 'ticket');
  if (tickets.length === 0) return { kind: 'event', attempt, event: { type: 'return.withoutTicket' } };
  const [ticket] = tickets;
  if (tickets.length > 1 || ticket === undefined || !isTicket(ticket)) {
    return { kind: 'malformed', code: 'ERR_SSO_TICKET_MALFORMED' };
  }
  const event: Extract<CasLoginEvent, { type: 'return.ticket' }> = { type: 'return.ticket', ticket };
  return { kind: 'event', attempt, event };
}

/** All values of a parameter; an escape that cannot be decoded stays as it is, and fails the pattern later. */
function parameter(query: string, name: string): string[] {
  return query
    .split('&')
    .map((pair) => pair.split('='))
    .filter(([key]) => decode(key ?? '') === name)
    .map(([, ...value]) => decode(value.join('=')));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
