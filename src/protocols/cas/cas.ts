import { casLoginMachine } from '../../../machines/cas-login.ts';
import type { CasLoginInput } from '../../../machines/cas-login-vocabulary.ts';
import { defineFlow } from '../../flow/flow.ts';
import { createBackChannel } from '../../http/back-channel.ts';
import type { LoginProtocol } from '../protocol.ts';
import { createCasEffects } from './effects.ts';
import { type CasOptions, casProblems } from './options.ts';
import { readReturn, TICKET_PATTERN, takeTicket, ticketEvent } from './tickets.ts';
import { casEndpoints, logoutUrl } from './urls.ts';

/**
 * A login through a CAS server (CAS protocol 1.0 to 3.0, SAML 1.1). Problems with the options are reported by
 * `campusSso()`, together with all others.
 */
export function cas(options: CasOptions): LoginProtocol {
  const { name = 'cas', version = '3.0', format = 'XML', exactServiceUrl: exactService = false } = options;
  const issuer = String(options.serverUrl).replace(/\/+$/, '');
  const { addressNames = version === 'saml1.1' ? 'TARGET/SAMLart' : 'service/ticket' } = options;
  const [serviceParameter = 'service', ticketParameter = 'ticket'] = String(addressNames).split('/');
  const tickets = {
    parameter: ticketParameter,
    pattern: options.ticketPattern ?? TICKET_PATTERN,
  };
  return {
    name,
    protocol: 'cas',
    issuer,
    problems: casProblems(options),
    connect({ sessionEffects }) {
      const endpoints = casEndpoints(issuer, version, options.endpoints);
      const backChannel = createBackChannel({
        origin: new URL(endpoints.validate).origin,
        deadlineMs: options.timeoutMs ?? 5000,
        maxBytes: options.maxAnswerBytes ?? 262_144,
        ca: options.ca,
      });
      const effects = createCasEffects({
        loginEndpoint: endpoints.login,
        dialect: {
          version,
          format,
          issuer,
          endpoint: endpoints.validate,
          samlToleranceMs: options.samlToleranceMs ?? 5000,
        },
        backChannel,
        sessionEffects,
        exactService,
        serviceParameter,
        loginParameters: options.loginParameters ?? {},
      });
      return {
        name,
        issuer,
        flow: defineFlow(name, casLoginMachine, effects),
        input: (request): CasLoginInput => ({
          ...request,
          // CAS 1.0 does not tell when credentials were shown, so only a login that demanded them can be fresh.
          renew: request.renew || (options.renew ?? false) || (version === '1.0' && request.maxAgeMs !== null),
          expected: null,
          savedRequest: null,
        }),
        readReturn: (query) => readReturn(query, tickets, exactService),
        takeUnsolicited(query) {
          if (!options.allowUnsolicitedLogin) return null;
          const taken = takeTicket(query, tickets);
          return taken.ticket === null ? null : { event: ticketEvent(taken.ticket), query: taken.query };
        },
        logoutUrl: (service) => logoutUrl(endpoints.logout, service, version),
        close: () => backChannel.close(),
      };
    },
  };
}
