import type { casLoginMachine } from '../../../machines/cas-login.ts';
import type { Effects } from '../../flow/effects.ts';
import type { BackChannel } from '../../http/back-channel.ts';
import type { LoginScope } from '../protocol.ts';
import type { SessionEffects } from '../session-effects.ts';
import { type Claim, callbackWarning } from './grant-effects.ts';
import { ATTEMPT_PARAMETER } from './tickets.ts';
import { loginUrl } from './urls.ts';
import { type Dialect, loginEvent, validationOutcome, validationRequest } from './validation.ts';

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
  /** Where the server delivers grants. */
  readonly callbackUrl: string;
  readonly claim: Claim;
  /** How long a login may last, in milliseconds. */
  readonly sessionMs: number;
  warn(message: string): void;
}

/** How the CAS login machine's effects are performed. */
export function createCasEffects(options: CasEffectsOptions): CasEffects {
  const { loginEndpoint, dialect, backChannel, sessionEffects, exactService, serviceParameter, loginParameters } =
    options;
  const { callbackUrl, claim, sessionMs, warn } = options;
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

    async validateTicket({ withGrant, ...request }, scope) {
      // These answers name no proxies, so a ticket that another service got for the person would pass for the person's.
      const namesProxies = dialect.version !== '1.0' && dialect.version !== 'saml1.1';
      if (!namesProxies && /^PT-/i.test(request.ticket)) return { type: 'validation.proxied' };
      const validation = { ...request, pgtUrl: withGrant ? callbackUrl : null };
      const sent = await backChannel.send(validationRequest(dialect, validation, scope.now()));
      const now = scope.now();
      const event = loginEvent(dialect, await validationOutcome(dialect, validation, sent, now), now);
      if (event.type === 'validation.callbackFailed') {
        warn(callbackWarning('a login', callbackUrl, event.detail));
      }
      return event;
    },

    claimProxyGrant: (params, scope) => claim(params, scope.now() + sessionMs),
  };
}
