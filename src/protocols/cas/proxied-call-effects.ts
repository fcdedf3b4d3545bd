import type { proxiedCallMachine } from '../../../machines/proxied-call.ts';
import type { Effects } from '../../flow/effects.ts';
import type { BackChannel } from '../../http/back-channel.ts';
import type { ProxiedCallScope } from '../protocol.ts';
import { type Claim, callbackWarning } from './grant-effects.ts';
import { allowsChain } from './proxy-chain.ts';
import { type Dialect, grantOfferOf, principalOf, validationOutcome, validationUrl } from './validation.ts';

export interface ProxiedCallEffectsOptions {
  /** `endpoint` is that of `/proxyValidate`. */
  readonly dialect: Dialect;
  readonly backChannel: BackChannel;
  /** Where the server delivers grants. */
  readonly callbackUrl: string;
  readonly claim: Claim;
  readonly clock: () => number;
  warn(message: string): void;
}

/** How the effects of a call on somebody's behalf are performed. */
export function createProxiedCallEffects(
  options: ProxiedCallEffectsOptions,
): Effects<typeof proxiedCallMachine, ProxiedCallScope> {
  const { dialect, backChannel, callbackUrl, claim, clock, warn } = options;
  return {
    async validateProxyTicket({ service, ticket, withGrant }, { allowedChains, allowDirect }) {
      const validation = { service, ticket, renew: false, pgtUrl: withGrant ? callbackUrl : null };
      const sent = await backChannel.send({
        url: new URL(validationUrl(dialect.endpoint, dialect.format, validation)),
      });
      const outcome = await validationOutcome(dialect, validation, sent, clock());
      if (outcome.kind === 'failure') {
        const { event } = outcome;
        // The ticket is burnt, and a caller has no browser to send for another one.
        if (event.type !== 'validation.callbackFailed') return event;
        warn(callbackWarning('a call on somebody’s behalf', callbackUrl, event.detail));
        return { ...event, type: 'validation.refused' };
      }
      const { answer } = outcome;
      if (!allowsChain(allowedChains, answer.proxies, { allowDirect })) return { type: 'chain.refused' };
      return {
        type: 'call.vouchedFor',
        principal: principalOf(dialect.issuer, answer),
        proxies: answer.proxies,
        grantOffer: grantOfferOf(answer),
      };
    },

    claimProxyGrant: (params, { grantExpiresAt }) => claim(params, grantExpiresAt),
  };
}
