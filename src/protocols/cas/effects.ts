import type { casLoginMachine } from '../../../machines/cas-login.ts';
import type { Principal } from '../../../machines/vocabulary.ts';
import type { Effects } from '../../flow/effects.ts';
import type { BackChannel, BackChannelOutcome } from '../../http/back-channel.ts';
import type { LoginScope } from '../protocol.ts';
import type { SessionEffects } from '../session-effects.ts';
import { ATTEMPT_PARAMETER } from './return-query.ts';
import type { ServiceAnswer } from './service-response.ts';
import { type CasEndpoints, loginUrl, validateUrl } from './urls.ts';

export type CasEffects = Effects<typeof casLoginMachine, LoginScope>;

export interface CasEffectsOptions {
  readonly issuer: string;
  readonly endpoints: CasEndpoints;
  readonly backChannel: BackChannel;
  readonly sessionEffects: SessionEffects;
}

/** How the CAS login machine's effects are performed. */
export function createCasEffects({ issuer, endpoints, backChannel, sessionEffects }: CasEffectsOptions): CasEffects {
  return {
    ...sessionEffects,

    redirectToLogin(params, scope) {
      const { attempt, returnUrl } = scope.beginAttempt();
      const service = `${returnUrl}?${ATTEMPT_PARAMETER}=${attempt}`;
      scope.reply.redirect = loginUrl(endpoints.login, { ...params, service });
      return { type: 'redirect.issued', service, at: scope.now() };
    },

    async validateTicket(params, scope) {
      const outcome = await backChannel.send({ url: new URL(validateUrl(endpoints.serviceValidate, params)) });
      return validationEvent(outcome, issuer, scope.now());
    },
  };
}

/**
 * What an outcome of the back channel means for the login. A 4xx is read for a failure (Keycloak answers so) but never
 * for a success.
 */
async function validationEvent(outcome: BackChannelOutcome, issuer: string, now: number) {
  switch (outcome.kind) {
    case 'unreachable':
      return { type: 'validation.unreachable', detail: outcome.reason } as const;
    case 'timedOut':
      return { type: 'validation.timedOut' } as const;
    case 'unreadable':
      return { type: 'validation.unreadable', detail: outcome.reason } as const;
    case 'answer': {
      // Loaded when the first ticket is validated: an XML parser has no place in the start-up of a web server.
      const { readServiceResponse } = await import('./service-response.ts');
      const answer = readServiceResponse(outcome.body);
      const clientError = outcome.status >= 400 && outcome.status < 500;
      if (outcome.status !== 200 && !(clientError && answer.kind === 'failure')) {
        return { type: 'validation.badStatus', detail: `HTTP ${outcome.status}` } as const;
      }
      return answerEvent(answer, issuer, now);
    }
  }
}

/** Refusals that are about the ticket, not about us (CAS 2.5.3). */
const TICKET_CODES = new Set(['INVALID_TICKET', 'INVALID_TICKET_SPEC', 'INVALID_SERVICE']);

function answerEvent(answer: ServiceAnswer, issuer: string, now: number) {
  if (answer.kind === 'unreadable') return { type: 'validation.unreadable', detail: answer.reason } as const;
  if (answer.kind === 'failure') {
    // Only a code is kept: the text of some servers quotes the ticket, or a live PGT.
    const detail = /^[A-Z0-9_]{1,64}$/.test(answer.code) ? answer.code : 'UNKNOWN_CODE';
    return TICKET_CODES.has(answer.code)
      ? ({ type: 'validation.rejected', detail } as const)
      : ({ type: 'validation.refused', detail } as const);
  }
  if (answer.proxies.length > 0) return { type: 'validation.proxied' } as const;
  const principal: Principal = {
    issuer,
    id: answer.user,
    protocol: 'cas',
    attributes: answer.attributes,
    authenticatedAt: answer.authenticatedAt,
    fromNewLogin: answer.fromNewLogin,
  };
  return { type: 'validation.succeeded', principal, at: now } as const;
}
