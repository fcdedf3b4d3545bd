/** What the three machines of proxy tickets may begin with, and everything that may arrive. */
import type { ProxiedCallEvent, ProxiedCallInput } from './proxied-call.ts';
import type { ProxyCallbackEvent } from './proxy-callback.ts';
import type { ProxyTicketEvent, ProxyTicketInput } from './proxy-ticket.ts';
import { casFailingAnswers, casPeople, GRANT_OFFER } from './safety-cas-alphabet.ts';
import { vouchedFor } from './safety-people.ts';

/** The one proxy ticket, the one proxy-granting ticket and its name; no snapshot may hold them. */
export const PROXY_TICKET = 'PT-marker-of-the-model';
export const DELIVERY = { pgtIou: 'PGTIOU-marker-of-the-model', pgtId: 'PGT-marker-of-the-model' };

const service = 'https://api.example.edu/';
/** The chain of a call: who called last, and who called that one. */
export const CHAIN = ['https://portal.example.edu/callback', 'https://calendar.example.edu/callback'];

export const proxiedCallInputs: readonly ProxiedCallInput[] = [
  { service, wantsGrant: false },
  { service, wantsGrant: true },
];

const callAnswers = casFailingAnswers.filter(
  (event) => event.type !== 'validation.proxied' && event.type !== 'validation.callbackFailed',
);

export const proxiedCallEvents: readonly ProxiedCallEvent[] = [
  { type: 'call.ticket', ticket: PROXY_TICKET },
  { type: 'call.withoutTicket' },
  { type: 'call.malformed' },
  ...[casPeople.alice, casPeople.bob].flatMap((person) =>
    [null, GRANT_OFFER].map(
      (grantOffer) =>
        ({
          type: 'call.vouchedFor',
          principal: vouchedFor('cas', person, null, null),
          proxies: CHAIN,
          grantOffer,
        }) as const,
    ),
  ),
  { type: 'chain.refused' },
  ...callAnswers,
  { type: 'grant.claimed', grantId: 'grant-of-the-call' },
];

export const proxyCallbackEvents: readonly ProxyCallbackEvent[] = [
  { type: 'callback.probed' },
  { type: 'callback.delivered', ...DELIVERY },
  { type: 'callback.malformed' },
  { type: 'grant.stored' },
  { type: 'grant.known' },
  { type: 'grant.crowded' },
];

export const proxyTicketInputs: readonly ProxyTicketInput[] = [
  { grantId: null, service },
  { grantId: 'grant-of-the-login', service },
];

export const proxyTicketEvents: readonly ProxyTicketEvent[] = [
  { type: 'ticket.issued' },
  { type: 'grant.missing' },
  { type: 'grant.rejected', detail: 'INVALID_TICKET' },
  { type: 'ticket.refused', detail: 'UNAUTHORIZED_SERVICE' },
  { type: 'proxy.failed', detail: 'HTTP 500' },
  { type: 'proxy.unreachable', detail: 'ECONNREFUSED' },
  { type: 'proxy.timedOut' },
  { type: 'proxy.badStatus', detail: 'HTTP 302' },
  { type: 'proxy.unreadable', detail: 'not XML' },
];
