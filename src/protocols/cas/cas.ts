import type { AnyStateMachine } from 'xstate';
import { casLoginMachine } from '../../../machines/cas-login.ts';
import type { CasLoginContext, CasLoginEvent, CasLoginInput } from '../../../machines/cas-login-vocabulary.ts';
import { proxiedCallMachine } from '../../../machines/proxied-call.ts';
import { proxyCallbackMachine } from '../../../machines/proxy-callback.ts';
import { proxyTicketMachine } from '../../../machines/proxy-ticket.ts';
import { defineFlow } from '../../flow/flow.ts';
import { createBackChannels } from '../../http/back-channel.ts';
import { type Extension, extensionOf, extensionProblems, performersOf } from '../extension.ts';
import type { LoginProtocol, ProtocolServices, ProxyAcceptance, Proxying } from '../protocol.ts';
import { callbackEvent } from './callback-query.ts';
import { type CasEffects, createCasEffects } from './effects.ts';
import { createClaim } from './grant-effects.ts';
import { type CasOptions, casProblems } from './options.ts';
import { createProxiedCallEffects } from './proxied-call-effects.ts';
import { allowsChain, checkAllowedChains } from './proxy-chain.ts';
import { createProxyCallbackEffects, createProxyTicketEffects } from './proxy-effects.ts';
import { callbackPathsOf, callbackUrlOf, privateKeyOf } from './proxy-options.ts';
import { isTicket, readReturn, TICKET_PATTERN, takeLastTicket, takeTicket, ticketEvent } from './tickets.ts';
import { casEndpoints, logoutUrl } from './urls.ts';

/** What an application may add to the login through a CAS server. */
export type CasExtension<M extends AnyStateMachine> = Extension<M, CasLoginContext, CasLoginEvent, CasEffects>;

/**
 * A login through a CAS server (CAS protocol 1.0 to 3.0, SAML 1.1), and proxy tickets of that server. Problems with the
 * options are reported by `campusSso()`, together with all others.
 */
export function cas<M extends AnyStateMachine = typeof casLoginMachine>(
  options: CasOptions & CasExtension<M>,
): LoginProtocol {
  const { name = 'cas', version = '3.0', format = 'XML', exactServiceUrl: exactService = false } = options;
  const { machine = casLoginMachine, effects: ownEffects, routes = {} } = extensionOf(options);
  const issuer = String(options.serverUrl).replace(/\/+$/, '');
  const { addressNames = version === 'saml1.1' ? 'TARGET/SAMLart' : 'service/ticket' } = options;
  const [serviceParameter = 'service', ticketParameter = 'ticket'] = String(addressNames).split('/');
  const pattern = options.ticketPattern ?? TICKET_PATTERN;
  const tickets = { parameter: ticketParameter, pattern };
  const { proxyGrants = false, label = URL.canParse(issuer) ? new URL(issuer).host : issuer } = options;
  return {
    name,
    label,
    protocol: 'cas',
    issuer,
    machine,
    problems: (place) => [
      ...casProblems(options, place),
      ...extensionProblems(name, casLoginMachine, extensionOf(options), {
        proxyGrants: proxyGrants !== false,
        samples: options.samples ?? [],
      }),
    ],
    connect({ sessionEffects, grants, place, sessionMs, clock, logger }: ProtocolServices) {
      const endpoints = casEndpoints(issuer, version, options.endpoints);
      const channels = createBackChannels({
        deadlineMs: options.timeoutMs ?? 5000,
        maxBytes: options.maxAnswerBytes ?? 262_144,
        ca: options.ca,
      });
      const warn = (message: string) => logger.warn(message);
      const { samlToleranceMs = 5000 } = options;
      const dialect = { version, format, issuer, endpoint: endpoints.validate, samlToleranceMs };
      const callbackUrl = callbackUrlOf(options, place);
      const claim = createClaim({
        grants,
        privateKey: privateKeyOf(options),
        waitMs: options.proxyGrantWaitMs ?? 3000,
        callbackUrl,
        warn,
      });
      const effects = createCasEffects({
        loginEndpoint: endpoints.login,
        dialect,
        backChannel: channels.to(endpoints.validate),
        sessionEffects,
        exactService,
        serviceParameter,
        loginParameters: options.loginParameters ?? {},
        callbackUrl,
        claim,
        sessionMs,
        warn,
      });
      const proxying: Proxying = {
        ticketFlow: defineFlow(
          `${name}-proxy-ticket`,
          proxyTicketMachine,
          createProxyTicketEffects({
            proxyEndpoint: endpoints.proxy,
            backChannel: channels.to(endpoints.proxy),
            validateEndpoint: endpoints.validate,
            validateChannel: channels.to(endpoints.validate),
            grants,
          }),
        ),
        callbackFlow: defineFlow(`${name}-proxy-callback`, proxyCallbackMachine, createProxyCallbackEffects(grants)),
        callbackPaths: callbackPathsOf(options, place),
        readCallback: callbackEvent,
      };
      const acceptance: ProxyAcceptance = {
        flow: defineFlow(
          `${name}-proxied-call`,
          proxiedCallMachine,
          createProxiedCallEffects({
            dialect: { ...dialect, endpoint: endpoints.proxyValidate },
            backChannel: channels.to(endpoints.proxyValidate),
            callbackUrl,
            claim,
            clock,
            warn,
          }),
        ),
        ticketEvent: (ticket) =>
          isTicket(ticket, pattern) ? { type: 'call.ticket', ticket } : { type: 'call.malformed' },
        takeTicket: (query) => takeLastTicket(query, { parameter: 'ticket', pattern }),
        chainProblems: checkAllowedChains,
        allows: ({ allowedChains, allowDirect }, proxies) => allowsChain(allowedChains, proxies, { allowDirect }),
        givesGrants: proxyGrants !== false,
      };
      const knowsProxies = version === '2.0' || version === '3.0';
      return {
        name,
        label,
        issuer,
        flow: defineFlow(name, machine, performersOf(effects, ownEffects)),
        routes,
        isOwnEvent: (type) => type.startsWith('xstate.') || casLoginMachine.events.some((event) => event === type),
        proxying: proxyGrants === false ? null : proxying,
        acceptance: knowsProxies ? acceptance : null,
        input: (request): CasLoginInput => ({
          ...request,
          // CAS 1.0 does not tell when credentials were shown, so only a login that demanded them can be fresh.
          renew: request.renew || (options.renew ?? false) || (version === '1.0' && request.maxAgeMs !== null),
          proxyGrant: proxyGrants === 'required' ? 'required' : proxyGrants ? 'optional' : 'off',
        }),
        grantExpired: (request) => ({ type: 'grant.expired', ...request }) satisfies CasLoginEvent,
        readReturn: (query) => readReturn(query, tickets, exactService),
        takeUnsolicited(query) {
          if (!options.allowUnsolicitedLogin) return null;
          const taken = takeTicket(query, tickets);
          return taken.ticket === null ? null : { event: ticketEvent(taken.ticket), query: taken.query };
        },
        loginAddress: endpoints.login,
        returnPath: null,
        goesOnAt: null,
        logoutUrl: (service) => logoutUrl(endpoints.logout, service, version),
        close: () => channels.close(),
      };
    },
  };
}
