import { randomBytes } from 'node:crypto';
import type { proxyCallbackMachine } from '../../../machines/proxy-callback.ts';
import type { ProxyTicketEvent, proxyTicketMachine } from '../../../machines/proxy-ticket.ts';
import type { Effects } from '../../flow/effects.ts';
import type { BackChannel, BackChannelOutcome } from '../../http/back-channel.ts';
import type { ProxyGrants } from '../../storage/proxy-grants.ts';
import type { ProxyCallbackScope, ProxyTicketScope } from '../protocol.ts';
import { grantIsGone } from './proxy-response.ts';
import { proxyUrl } from './proxy-url.ts';
import { validateUrl } from './urls.ts';

export interface ProxyTicketEffectsOptions {
  readonly proxyEndpoint: string;
  /** Where the server is tried for its health: CAS 2.0 or later. */
  readonly validateEndpoint: string;
  readonly backChannel: BackChannel;
  readonly validateChannel: BackChannel;
  readonly grants: ProxyGrants;
}

/** How the effects of a request for a proxy ticket are performed. */
export function createProxyTicketEffects(
  options: ProxyTicketEffectsOptions,
): Effects<typeof proxyTicketMachine, ProxyTicketScope> {
  const { proxyEndpoint, validateEndpoint, backChannel, validateChannel, grants } = options;

  const ask = async (
    params: { grantId: string; service: string },
    scope: ProxyTicketScope,
  ): Promise<ProxyTicketEvent> => {
    const grant = await grants.find(params.grantId);
    if (!grant) return { type: 'grant.missing' };
    const url = new URL(proxyUrl(proxyEndpoint, { pgt: grant.pgt, targetService: params.service }));
    return ticketEvent(await backChannel.send({ url }), scope);
  };

  /** Whether the server answers a made-up ticket as the protocol says: then what fails, fails for our grant only. */
  const serverIsWell = async (service: string): Promise<boolean> => {
    const ticket = `ST-${randomBytes(24).toString('hex')}`;
    const outcome = await validateChannel.send({ url: new URL(validateUrl(validateEndpoint, { service, ticket })) });
    if (outcome.kind !== 'answer' || outcome.status >= 500) return false;
    const { readServiceResponse } = await import('./service-response.ts');
    return readServiceResponse(outcome.body).kind === 'failure';
  };

  return {
    requestTicket: ask,

    async lookAgain(params, scope) {
      const second = await ask(params, scope);
      switch (second.type) {
        case 'proxy.failed':
          return (await serverIsWell(params.service)) ? { type: 'grant.rejected', detail: second.detail } : second;
        case 'proxy.unreachable':
        case 'proxy.badStatus':
        case 'proxy.unreadable':
          return { type: 'proxy.failed', detail: second.detail };
        case 'proxy.timedOut':
          return { type: 'proxy.failed', detail: 'no answer the second time' };
        default:
          return second;
      }
    },

    discardGrant: ({ grantId }) => grants.remove(grantId),
  };
}

async function ticketEvent(outcome: BackChannelOutcome, scope: ProxyTicketScope): Promise<ProxyTicketEvent> {
  switch (outcome.kind) {
    case 'unreachable':
      return { type: 'proxy.unreachable', detail: outcome.reason };
    case 'timedOut':
      return { type: 'proxy.timedOut' };
    case 'unreadable':
      return { type: 'proxy.unreadable', detail: outcome.reason };
    case 'answer': {
      const { readProxyResponse } = await import('./service-response.ts');
      const answer = readProxyResponse(outcome.body);
      if (answer.kind === 'failure' && outcome.status < 500) {
        // Only a code is kept: the text of some servers quotes the PGT.
        const detail = /^[A-Za-z0-9_]{1,64}$/.test(answer.code) ? answer.code : 'UNKNOWN_CODE';
        return { type: grantIsGone(answer.code) ? 'grant.rejected' : 'ticket.refused', detail };
      }
      if (outcome.status >= 500) return { type: 'proxy.failed', detail: `HTTP ${outcome.status}` };
      if (outcome.status !== 200) return { type: 'proxy.badStatus', detail: `HTTP ${outcome.status}` };
      if (answer.kind !== 'ticket') {
        return { type: 'proxy.unreadable', detail: answer.kind === 'unreadable' ? answer.reason : 'no ticket' };
      }
      scope.ticket = answer.ticket;
      return { type: 'ticket.issued' };
    }
  }
}

/** How the effects of the proxy callback are performed. */
export function createProxyCallbackEffects(
  grants: ProxyGrants,
): Effects<typeof proxyCallbackMachine, ProxyCallbackScope> {
  return {
    async storeDelivery({ pgtIou, pgtId }) {
      const outcome = await grants.deliver(pgtIou, pgtId);
      return { type: `grant.${outcome}` } as const;
    },
    answerCallback({ status }, scope) {
      scope.status = status;
    },
  };
}
