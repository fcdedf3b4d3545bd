import type { CasLoginEvent } from '../../../machines/cas-login-vocabulary.ts';
import type { ReturnReading } from '../protocol.ts';
import { queryValues } from './query.ts';

/** How tickets come back in an address. */
export interface TicketForm {
  /** `ticket`, or `SAMLart` for SAML 1.1 (CAS 2.2.4). */
  readonly parameter: string;
  readonly pattern: RegExp;
}

/**
 * Service and proxy tickets (CAS 3.1, 3.2): letters, digits and hyphen by the specification; dots, underscores and equal
 * signs by real servers.
 */
export const TICKET_PATTERN = /^[SP]T-[A-Za-z0-9._=-]+$/;

/** Far above the 256 characters that a client should accept (CAS 3.1.1); room for the long tickets of Keycloak. */
const MAX_TICKET_LENGTH = 4096;

/** Carries the attempt in the service address, so that it comes back with the ticket. */
export const ATTEMPT_PARAMETER = 'attempt';

/** Whether a text can be a ticket. */
export function isTicket(text: string, pattern: RegExp = TICKET_PATTERN): boolean {
  if (text.length > MAX_TICKET_LENGTH) return false;
  // The whole text, whatever flags or alternatives the pattern of a configuration has.
  return new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gmy]/g, '')).test(text);
}

/**
 * What came back from the login server (CAS 2.2.4). On our own return address every `ticket` is meant for us, so one
 * that is ill-formed, empty or there twice is refused before it touches the attempt.
 *
 * @param query the raw query, without `?`
 * @param exactService whether the service has no query, so that only a cookie tells the attempt
 */
export function readReturn(query: string, form: TicketForm, exactService: boolean): ReturnReading {
  const [attempt = null, ...others] = queryValues(query, ATTEMPT_PARAMETER);
  if ((attempt === null && !exactService) || others.length > 0) {
    return { kind: 'malformed', code: 'ERR_SSO_ATTEMPT_UNKNOWN' };
  }
  const [ticket, ...more] = queryValues(query, form.parameter);
  if (ticket === undefined) return { kind: 'event', attempt, event: { type: 'return.withoutTicket' } };
  if (more.length > 0 || !isTicket(ticket, form.pattern)) {
    return { kind: 'malformed', code: 'ERR_SSO_TICKET_MALFORMED' };
  }
  return { kind: 'event', attempt, event: ticketEvent(ticket) };
}

export function ticketEvent(ticket: string): CasLoginEvent {
  return { type: 'return.ticket', ticket };
}

/** A query with our ticket taken out, and the ticket. */
export interface TakenTicket {
  /** The first that can be one, or null. */
  readonly ticket: string | null;
  /** Everything else, byte for byte; null if nothing is left. */
  readonly query: string | null;
}

/**
 * Takes tickets out of the query of a page. A parameter of the same name that cannot be a ticket belongs to the
 * application and stays, and so does every other byte: a query that is written anew comes out different (`%20` as `+`).
 *
 * @param query the raw query, without `?`
 */
export function takeTicket(query: string, { parameter, pattern }: TicketForm): TakenTicket {
  let ticket: string | null = null;
  const rest = query.split('&').filter((pair) => {
    const [value] = queryValues(pair, parameter);
    if (value === undefined || !isTicket(value, pattern)) return true;
    ticket ??= value;
    return false;
  });
  return { ticket, query: rest.join('&') || null };
}

/**
 * Takes the last ticket out of the query of a call. Whoever calls with one appends it, so that what stands before it under
 * the same name belongs to the application, and to the service that the ticket is for.
 *
 * @param query the raw query, without `?`
 */
export function takeLastTicket(query: string, { parameter, pattern }: TicketForm): TakenTicket {
  const pairs = query.split('&');
  const tickets = pairs.map((pair) => queryValues(pair, parameter)[0]);
  const last = tickets.findLastIndex((value) => value !== undefined && isTicket(value, pattern));
  if (last < 0) return { ticket: null, query };
  return { ticket: tickets[last] ?? null, query: pairs.filter((_, index) => index !== last).join('&') || null };
}
