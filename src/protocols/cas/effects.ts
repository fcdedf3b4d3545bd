import type { casLoginMachine } from '../../../machines/cas-login.ts';
import type { Effects } from '../../flow/effects.ts';
import type { BackChannel } from '../../http/back-channel.ts';
import type { LoginScope } from '../protocol.ts';
import type { SessionEffects } from '../session-effects.ts';
import { ATTEMPT_PARAMETER } from './tickets.ts';
import { loginUrl } from './urls.ts';
import { type Dialect, validationEvent, validationRequest } from './validation.ts';

export type CasEffects = Effects<typeof casLoginMachine, LoginScope>;

export interface CasEffectsOptions {
  readonly loginEndpoint: string;
  readonly dialect: Dialect;
  readonly backChannel: BackChannel;
  readonly sessionEffects: SessionEffects;
  /** Keeps the attempt out of the service address. */
  readonly exactService: boolean;
  readonly serviceParameter: string;
  readonly loginParameters: Readonly<Record<string, string>>;
}

/** How the CAS login machine's effects are performed. */
export function createCasEffects(options: CasEffectsOptions): CasEffects {
  const { loginEndpoint, dialect, backChannel, sessionEffects, exactService, serviceParameter, loginParameters } =
    options;
  return {
    ...sessionEffects,

    redirectToLogin(params, scope) {
      const { attempt, returnUrl } = scope.beginAttempt();
      const service = exactService ? returnUrl : `${returnUrl}?${ATTEMPT_PARAMETER}=${attempt}`;
      scope.reply.redirect = loginUrl(loginEndpoint, {
        ...params,
        service,
        serviceParameter,
        extra: loginParameters,
      });
      return { type: 'redirect.issued', service, at: scope.now() };
    },

    async validateTicket(validation, scope) {
      // These answers name no proxies, so a ticket that another service got for the person would pass for the person's.
      const namesProxies = dialect.version !== '1.0' && dialect.version !== 'saml1.1';
      if (!namesProxies && /^PT-/i.test(validation.ticket)) return { type: 'validation.proxied' };
      const outcome = await backChannel.send(validationRequest(dialect, validation, scope.now()));
      return validationEvent(dialect, validation, outcome, scope.now());
    },
  };
}
