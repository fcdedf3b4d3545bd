import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Validation, writeValidation, xmlAnswer } from './fake-cas-answers.ts';
import { successOf } from './fake-cas-fault-bodies.ts';
import { FaultQueue, type MisbehaveOptions } from './fake-cas-fault-queue.ts';
import { type FakeCasEndpoint, type FakeCasFault, sendFaulty } from './fake-cas-faults.ts';
import { type Answer, BadRequest, type Exchange, plainText, readExchange, redirect, send } from './fake-cas-http.ts';
import { type LoginSite, login, logout } from './fake-cas-login.ts';
import { FakeCasState } from './fake-cas-state.ts';
import { stylesheet } from './fake-cas-style.ts';
import { checkUsers, defaultFakeCasUsers, type FakeCasUser } from './fake-cas-users.ts';
import { judgeValidation, readValidation, type ValidationEndpoint } from './fake-cas-validate.ts';

/** How `startFakeCas` sets the server up. Everything is optional. */
export interface FakeCasOptions {
  /** The TCP port. Default: 0, which takes any free one. */
  readonly port?: number;
  /** The address to listen at, which is then in `url` as well. Default: listens at `127.0.0.1`, and `url` says `localhost`. */
  readonly host?: string;
  /** The path of the server. Default: `/cas`. */
  readonly path?: string;
  /** Serves HTTPS with this private key and certificate, both PEM. Default: plain HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Who can sign in. Default: `defaultFakeCasUsers`. */
  readonly users?: readonly FakeCasUser[];
  /** How long a ticket may wait for its validation, in seconds. Default: 60. */
  readonly ticketLifetimeSeconds?: number;
  /** The present, in milliseconds since the epoch. Default: `Date.now`. */
  readonly clock?: () => number;
}

/** How many requests each kind of endpoint has seen so far, whether they went well or not. */
export interface FakeCasCounts {
  /** `/login`, the form as well as the credentials. */
  readonly login: number;
  /** All validation endpoints together. */
  readonly validate: number;
  readonly logout: number;
  /** Everything else: the stylesheet, where the `redirect` fault leads, and addresses that do not exist. */
  readonly other: number;
}

/** A validation request that the server has seen. */
export interface FakeCasValidation {
  /** The path below the server's own, for example `/p3/serviceValidate`. */
  readonly endpoint: string;
  readonly method: string;
  /** What the client named, decoded; `undefined` where it named nothing. The same goes for the next three. */
  readonly service: string | undefined;
  readonly ticket: string | undefined;
  readonly format: string | undefined;
  readonly pgtUrl: string | undefined;
  /** Whether `renew` was there, with whatever value. */
  readonly renew: boolean;
}

/** A ticket made without a browser. */
export interface IssueTicketOptions {
  /** The ticket counts as one for which a password was typed, so that a validation with `renew` accepts it. Default: `false`. */
  readonly renew?: boolean;
  /** The proxies it came through, most recent first: makes it a proxy ticket. Default: none. */
  readonly proxies?: readonly string[];
}

/** A running fake CAS server. */
export interface FakeCas {
  /** The address to give to the client as its CAS server, without a trailing slash: `http://localhost:41234/cas`. */
  readonly url: string;
  readonly users: readonly FakeCasUser[];
  /** Goes on counting; read it whenever needed. */
  readonly counts: FakeCasCounts;
  /** The last 1000 validation requests, oldest first. */
  readonly validations: readonly FakeCasValidation[];
  /**
   * Makes the next answers go wrong: by default one, and at the validation endpoints. Calls add up: the second fault
   * begins when the first has happened as often as it should.
   *
   * @throws TypeError when the fault cannot happen at that endpoint or `times` is not a positive whole number or `Infinity`.
   */
  misbehave(fault: FakeCasFault, options?: MisbehaveOptions): void;
  /** Forgets every fault that is still to come. Requests that hang already go on hanging. */
  behave(): void;
  /** Ends every single sign-on session, and with it the tickets of browsers that nobody has validated yet. Tells nobody. */
  signOutEverybody(): void;
  /**
   * Issues a ticket without a browser. It does not depend on any single sign-on session.
   *
   * @throws TypeError when there is no such user.
   */
  issueTicket(user: string, service: string, options?: IssueTicketOptions): string;
  /** Ends the server and every open connection. May be called again. */
  close(): Promise<void>;
}

type Outcome = Answer | { readonly validation: Validation };

interface Route {
  readonly endpoint: FakeCasEndpoint | 'other';
  readonly methods: readonly string[];
  handle(exchange: Exchange): Outcome;
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
 * Starts a CAS server for tests and development on this machine. It speaks CAS 1, 2 and 3 and SAML 1.1 validation, shows a
 * login form, keeps single sign-on sessions, and misbehaves on demand. Everything lives in memory.
 *
 * Never offer it to a network: it prints the passwords of its users on the login page.
 *
 * @throws TypeError when an option makes no sense; the error of Node when the port cannot be had.
 */
export async function startFakeCas(options: FakeCasOptions = {}): Promise<FakeCas> {
  const { users = defaultFakeCasUsers, ticketLifetimeSeconds = 60, clock = Date.now, tls, host } = options;
  checkUsers(users);
  if (!(ticketLifetimeSeconds > 0)) throw new TypeError('startFakeCas: ticketLifetimeSeconds must be above 0.');
  const path = `/${options.path ?? 'cas'}`.replace(/\/+/g, '/').replace(/\/$/, '');
  const state = new FakeCasState(users, ticketLifetimeSeconds * 1000, clock);
  const counts = { login: 0, validate: 0, logout: 0, other: 0 };
  const validations: FakeCasValidation[] = [];
  const faults = new FaultQueue();
  const timers = new Set<NodeJS.Timeout>();

  const listener: RequestListener = (request, response) => {
    serve(request, response).catch(() => response.destroy());
  };
  const server: Server = tls ? createTlsServer({ key: tls.key, cert: tls.cert }, listener) : createServer(listener);
  await listen(server, options.port ?? 0, host ?? '127.0.0.1');
  const { port } = server.address() as AddressInfo;
  const name = host === undefined ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  const url = `${tls ? 'https' : 'http'}://${name}:${port}${path}`;
  // Browsers share cookies between ports, so two of these servers must not use the same name.
  const site: LoginSite = { state, path, cookieName: `TGC-${port}`, secure: tls !== undefined };

  // One entry for each endpoint: proxy granting and single logout will have theirs here.
  const routes = new Map<string, Route>([
    ['/login', { endpoint: 'login', methods: ['GET', 'HEAD', 'POST'], handle: (exchange) => login(site, exchange) }],
    ['/logout', { endpoint: 'logout', methods: ['GET', 'POST'], handle: (exchange) => logout(site, exchange) }],
    ['/style.css', { endpoint: 'other', methods: ['GET', 'HEAD'], handle: () => style() }],
    ['/elsewhere', { endpoint: 'other', methods: ['GET', 'POST'], handle: elsewhere }],
    ['', { endpoint: 'other', methods: ['GET', 'HEAD'], handle: () => redirect(`${path}/login`) }],
    ['/', { endpoint: 'other', methods: ['GET', 'HEAD'], handle: () => redirect(`${path}/login`) }],
  ]);
  for (const [endpoint, kind] of Object.entries(validationEndpoints)) {
    const methods = kind.style === 'saml' ? ['POST'] : ['GET', 'POST'];
    routes.set(endpoint, { endpoint: 'validate', methods, handle: (exchange) => validate(endpoint, kind, exchange) });
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(`http://host${request.url ?? '/'}`);
    const route = pathname.startsWith(path) ? routes.get(pathname.slice(path.length)) : undefined;
    counts[route?.endpoint ?? 'other'] += 1;
    if (route === undefined) return send(response, plainText(404, 'There is nothing here.\n'));
    if (!route.methods.includes(request.method ?? '')) {
      return send(response, plainText(405, 'This method is not allowed.\n', { Allow: route.methods.join(', ') }));
    }
    let outcome: Outcome;
    try {
      outcome = route.handle(await readExchange(request, searchParams));
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      return send(response, plainText(error.status, `${error.message}\n`, { Connection: 'close' }));
    }
    const validation = 'validation' in outcome ? outcome.validation : undefined;
    const answer = 'validation' in outcome ? writeValidation(outcome.validation) : outcome;
    const fault = route.endpoint === 'other' ? undefined : faults.take(route.endpoint);
    if (fault === undefined) return send(response, answer);
    const user = validation?.verdict.kind === 'success' ? validation.verdict.user.name : (users[0]?.name ?? '');
    const followed = `${url}/elsewhere?user=${encodeURIComponent(user)}`;
    sendFaulty(fault, { response, answer, validation, user, elsewhere: followed, later });
  }

  function validate(endpoint: string, kind: ValidationEndpoint, exchange: Exchange): Outcome {
    const request = readValidation(kind, exchange);
    const { service, ticket, format, pgtUrl, renew } = request;
    validations.push({ endpoint, method: exchange.method, service, ticket, format, pgtUrl, renew });
    if (validations.length > KEPT_VALIDATIONS) validations.shift();
    return { validation: judgeValidation(state, kind, request) };
  }

  function later(milliseconds: number, action: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      action();
    }, milliseconds);
    timers.add(timer);
  }

  let closed: Promise<void> | undefined;
  return {
    url,
    users,
    counts,
    validations,
    misbehave: (fault, how) => faults.add(fault, how),
    behave: () => faults.clear(),
    signOutEverybody: () => state.signOutEverybody(),
    issueTicket(userName, service, { renew = false, proxies = [] } = {}) {
      const user = state.user(userName);
      if (user === undefined) throw new TypeError(`issueTicket: there is no user ${JSON.stringify(userName)}.`);
      return state.issueTicket({ user, service, fresh: renew, proxies, authenticatedAt: state.now() });
    },
    close() {
      closed ??= new Promise((resolve) => {
        for (const timer of timers) clearTimeout(timer);
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return closed;
    },
  };
}

function style(): Answer {
  return { status: 200, headers: { 'Content-Type': 'text/css; charset=utf-8' }, body: stylesheet };
}

// A client that follows the redirect fault is rewarded here, so that a test sees a login where there should be none.
function elsewhere(exchange: Exchange): Answer {
  return xmlAnswer(successOf(exchange.parameter('user') ?? ''));
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
