import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Validation, writeValidation, xmlAnswer } from './fake-cas-answers.ts';
import type { FakeCas, FakeCasOptions, FakeCasValidation } from './fake-cas-api.ts';
import { createCaller } from './fake-cas-callback.ts';
import { failureAnswer, successOf } from './fake-cas-fault-bodies.ts';
import { FaultQueue } from './fake-cas-fault-queue.ts';
import { type FakeCasEndpoint, type FakeCasFault, sendFaulty } from './fake-cas-faults.ts';
import { type GrantingSite, grantProxy } from './fake-cas-granting.ts';
import { type LoginSite, login, logout } from './fake-cas-login.ts';
import { judgeProxying, type Proxying, proxyFailureAnswer, proxySuccessOf, writeProxying } from './fake-cas-proxy.ts';
import { FakeCasState } from './fake-cas-state.ts';
import { checkUsers, defaultFakeCasUsers } from './fake-cas-users.ts';
import { judgeValidation, readValidation, type ValidationEndpoint } from './fake-cas-validate.ts';
import { openServer } from './fake-server.ts';
import { type Answer, BadRequest, type Exchange, plainText, readExchange, redirect, send } from './fake-server-http.ts';
import { style } from './fake-server-style.ts';

export type { FakeCas, FakeCasOptions } from './fake-cas-api.ts';

/** What a request has come to. */
interface Outcome {
  readonly answer: Answer;
  /** What the answer says, for a fault that wants to say it differently. */
  readonly validation?: Validation;
  readonly proxying?: Proxying;
  /** To be done when the answer has been sent. */
  readonly afterwards?: () => void;
}

interface Route {
  readonly endpoint: FakeCasEndpoint | 'other';
  readonly methods: readonly string[];
  handle(exchange: Exchange, fault: FakeCasFault | undefined): Answer | Outcome | Promise<Outcome>;
}

const KEPT_VALIDATIONS = 1000;

const validationEndpoints: Readonly<Record<string, ValidationEndpoint>> = {
  '/validate': { style: 'text', withAttributes: false, acceptsProxyTickets: false },
  '/serviceValidate': { style: 'xml', withAttributes: false, acceptsProxyTickets: false },
  '/proxyValidate': { style: 'xml', withAttributes: false, acceptsProxyTickets: true },
  '/p3/serviceValidate': { style: 'xml', withAttributes: true, acceptsProxyTickets: false },
  '/p3/proxyValidate': { style: 'xml', withAttributes: true, acceptsProxyTickets: true },
  '/samlValidate': { style: 'saml', withAttributes: true, acceptsProxyTickets: false },
};

/**
 * Starts a CAS server for tests and development on this machine. It speaks CAS 1, 2 and 3 and SAML 1.1 validation,
 * grants proxy tickets, shows a login form, keeps single sign-on sessions, and misbehaves on demand. Everything lives in
 * memory.
 *
 * Never offer it to a network: it prints the passwords of its users on the login page.
 *
 * @throws TypeError when an option makes no sense; the error of Node when the port cannot be had.
 */
export async function startFakeCas(options: FakeCasOptions = {}): Promise<FakeCas> {
  const { users = defaultFakeCasUsers, ticketLifetimeSeconds = 60, clock = Date.now } = options;
  checkUsers(users);
  if (!(ticketLifetimeSeconds > 0)) throw new TypeError('startFakeCas: ticketLifetimeSeconds must be above 0.');
  const path = `/${options.path ?? 'cas'}`.replace(/\/+/g, '/').replace(/\/$/, '');
  const state = new FakeCasState(users, ticketLifetimeSeconds * 1000, clock);
  const counts = { login: 0, validate: 0, proxy: 0, logout: 0, other: 0, callback: 0 };
  const validations: FakeCasValidation[] = [];
  const faults = new FaultQueue();
  const timers = new Set<NodeJS.Timeout>();
  const closing = new AbortController();
  const caller = createCaller(options, {
    signal: closing.signal,
    onCall() {
      counts.callback += 1;
    },
  });
  const granting: GrantingSite = { state, caller, onFailure: options.callbackFailure ?? 'no-grant', later };

  const server = await openServer(options, (request, response) => serve(request, response));
  const url = `${server.origin}${path}`;
  // Browsers share cookies between ports, so two of these servers must not use the same name.
  const site: LoginSite = { state, path, cookieName: `TGC-${server.port}`, secure: options.tls !== undefined };

  // One entry for each endpoint: single logout will have its own here.
  const routes = new Map<string, Route>([
    ['/login', { endpoint: 'login', methods: ['GET', 'HEAD', 'POST'], handle: (exchange) => login(site, exchange) }],
    ['/logout', { endpoint: 'logout', methods: ['GET', 'POST'], handle: (exchange) => logout(site, exchange) }],
    ['/proxy', { endpoint: 'proxy', methods: ['GET', 'POST'], handle: proxy }],
    ['/style.css', { endpoint: 'other', methods: ['GET', 'HEAD'], handle: style }],
    ['/elsewhere', { endpoint: 'other', methods: ['GET', 'POST'], handle: elsewhere }],
    ['', { endpoint: 'other', methods: ['GET', 'HEAD'], handle: () => redirect(`${path}/login`) }],
    ['/', { endpoint: 'other', methods: ['GET', 'HEAD'], handle: () => redirect(`${path}/login`) }],
  ]);
  for (const [endpoint, kind] of Object.entries(validationEndpoints)) {
    const methods = kind.style === 'saml' ? ['POST'] : ['GET', 'POST'];
    const handle: Route['handle'] = (exchange, fault) => validate(endpoint, kind, exchange, fault);
    routes.set(endpoint, { endpoint: 'validate', methods, handle });
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(`http://host${request.url ?? '/'}`);
    const route = pathname.startsWith(path) ? routes.get(pathname.slice(path.length)) : undefined;
    counts[route?.endpoint ?? 'other'] += 1;
    if (route === undefined) return send(response, plainText(404, 'There is nothing here.\n'));
    if (!route.methods.includes(request.method ?? '')) {
      return send(response, plainText(405, 'This method is not allowed.\n', { Allow: route.methods.join(', ') }));
    }
    let exchange: Exchange;
    let fault: FakeCasFault | undefined;
    let result: Answer | Outcome;
    try {
      exchange = await readExchange(request, searchParams);
      fault = route.endpoint === 'other' ? undefined : faults.take(route.endpoint);
      result = await route.handle(exchange, fault);
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      return send(response, plainText(error.status, `${error.message}\n`, { Connection: 'close' }));
    }
    const outcome: Outcome = 'answer' in result ? result : { answer: result };
    if (outcome.afterwards !== undefined) response.once('close', outcome.afterwards);
    if (fault === undefined) send(response, outcome.answer);
    else spoil(fault, response, outcome);
  }

  function spoil(fault: FakeCasFault, response: ServerResponse, { answer, validation, proxying }: Outcome): void {
    const user = validation?.verdict.kind === 'success' ? validation.verdict.user.name : (users[0]?.name ?? '');
    const ticket = proxying?.verdict.kind === 'success' ? proxying.verdict.ticket : 'PT-0-made-up-for-a-fault';
    const [name, value] = proxying === undefined ? ['user', user] : ['proxyTicket', ticket];
    sendFaulty(fault, {
      response,
      answer,
      validation,
      user,
      success: (more) => (proxying === undefined ? successOf(user, more) : proxySuccessOf(ticket, more)),
      failure(code, message) {
        if (proxying !== undefined) return proxyFailureAnswer(proxying, code, message);
        return validation && failureAnswer(validation, code, message);
      },
      elsewhere: `${url}/elsewhere?${name}=${encodeURIComponent(value)}`,
      later,
    });
  }

  async function validate(
    endpoint: string,
    kind: ValidationEndpoint,
    exchange: Exchange,
    fault: FakeCasFault | undefined,
  ): Promise<Outcome> {
    const request = readValidation(kind, exchange);
    const { service, ticket, format, pgtUrl, renew } = request;
    validations.push({ endpoint, method: exchange.method, service, ticket, format, pgtUrl, renew });
    if (validations.length > KEPT_VALIDATIONS) validations.shift();
    const granted = await grantProxy(granting, judgeValidation(state, kind, request), pgtUrl, fault);
    return { ...granted, answer: writeValidation(granted.validation) };
  }

  function proxy(exchange: Exchange): Outcome {
    const proxying = judgeProxying(state, options, exchange);
    return { proxying, answer: writeProxying(proxying) };
  }

  function later(milliseconds: number, action: () => void): void {
    // Closing ends connections, and the end of one can be what calls this.
    if (closing.signal.aborted) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      action();
    }, milliseconds);
    timers.add(timer);
  }

  return {
    url,
    users,
    counts,
    get grants() {
      return state.grants;
    },
    validations,
    misbehave: (fault, how) => faults.add(fault, how),
    behave: () => faults.clear(),
    signOutEverybody: () => state.signOutEverybody(),
    expireGrants: (user) => state.expireGrants(user),
    issueTicket(userName, service, { renew = false, proxies = [] } = {}) {
      const user = state.user(userName);
      if (user === undefined) throw new TypeError(`issueTicket: there is no user ${JSON.stringify(userName)}.`);
      return state.issueTicket({ user, service, fresh: renew, proxies, authenticatedAt: state.now() });
    },
    close() {
      closing.abort();
      for (const timer of timers) clearTimeout(timer);
      return server.close();
    },
  };
}

// A client that follows the redirect fault is rewarded here, so that a test sees a login where there should be none.
function elsewhere(exchange: Exchange): Answer {
  const ticket = exchange.parameter('proxyTicket');
  return xmlAnswer(ticket === undefined ? successOf(exchange.parameter('user') ?? '') : proxySuccessOf(ticket));
}
