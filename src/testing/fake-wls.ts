import type { IncomingMessage, ServerResponse } from 'node:http';
import { openServer } from './fake-server.ts';
import { Faults } from './fake-server-faults.ts';
import { type Answer, BadRequest, type Exchange, plainText, readExchange, redirect, send } from './fake-server-http.ts';
import { page } from './fake-server-pages.ts';
import { style as styleAnswer } from './fake-server-style.ts';
import type { FakeWls, FakeWlsCounts, FakeWlsOptions, FakeWlsRequest } from './fake-wls-api.ts';
import { checkFault, type FakeWlsFault } from './fake-wls-faults.ts';
import { issueReply } from './fake-wls-issue.ts';
import { createWlsKey } from './fake-wls-key.ts';
import { authenticate, credentials, logOut, type WlsSite } from './fake-wls-login.ts';
import { type FakeWlsReply, signReply, writeFields } from './fake-wls-reply.ts';
import { readQuery } from './fake-wls-request.ts';
import { WlsSessions } from './fake-wls-sessions.ts';
import { habitsOf } from './fake-wls-styles.ts';
import { checkUsers, defaultFakeWlsUsers } from './fake-wls-users.ts';

interface Route {
  readonly endpoint: keyof FakeWlsCounts;
  readonly methods: readonly string[];
  handle(exchange: Exchange): Answer;
}

const LOGIN_PATH = '/auth/authenticate.html';
const FORM_PATH = '/auth/authenticate2.html';
const LOGOUT_PATH = '/auth/logout.html';
const STYLE_PATH = '/auth/style.css';
const KEPT = 1000;

/**
 * Starts a web login server of Ucam-WebAuth ("Raven") for tests and development on this machine. It speaks versions 1, 2
 * and 3 of the protocol, has an RSA key of its own, shows a login form, keeps single sign-on sessions, and misbehaves on
 * demand. Everything lives in memory.
 *
 * Never offer it to a network: it prints the passwords of its users on the login page.
 *
 * @throws TypeError when an option makes no sense; the error of Node when the port cannot be had, or when the policy of
 * OpenSSL forbids SHA-1, with which the protocol signs.
 */
export async function startFakeWls(options: FakeWlsOptions = {}): Promise<FakeWls> {
  const { users = defaultFakeWlsUsers, highestVersion = 3, clock: now = Date.now } = options;
  checkUsers(users);
  const habits = habitsOf(options.style ?? 'raven');
  const { lifeSeconds = habits.lifeSeconds } = options;
  if (!(lifeSeconds > 0 && lifeSeconds < Infinity)) {
    throw new TypeError('startFakeWls: lifeSeconds must be above 0.');
  }
  if (![1, 2, 3].includes(highestVersion)) throw new TypeError('startFakeWls: highestVersion must be 1, 2 or 3.');
  const key = await createWlsKey(options);
  const counts = { authenticate: 0, credentials: 0, logout: 0, other: 0 };
  const requests: FakeWlsRequest[] = [];
  const replies: FakeWlsReply[] = [];
  const faults = new Faults<FakeWlsFault>();
  const sessions = new WlsSessions(lifeSeconds, now);

  const server = await openServer(options, (request, response) => serve(request, response));
  const site: WlsSite = {
    pages: {
      frame: { stylesheet: STYLE_PATH, purpose: 'fake Raven login server for development', colour: 'plum' },
      formPath: FORM_PATH,
      logoutPath: LOGOUT_PATH,
      users,
    },
    habits,
    key,
    sessions,
    faults,
    highestVersion,
    // Browsers share cookies between ports, so two of these servers must not use the same name.
    cookieName: `Ucam-WLS-Session-${server.port}`,
    secure: options.tls !== undefined,
    now,
    onReply: (reply) => keep(replies, reply),
  };
  const routes: Readonly<Record<string, Route>> = {
    [LOGIN_PATH]: { endpoint: 'authenticate', methods: ['GET', 'HEAD'], handle: begin },
    [FORM_PATH]: { endpoint: 'credentials', methods: ['POST'], handle: (exchange) => credentials(site, exchange) },
    [LOGOUT_PATH]: { endpoint: 'logout', methods: ['GET', 'POST'], handle: (exchange) => logOut(site, exchange) },
    [STYLE_PATH]: { endpoint: 'other', methods: ['GET', 'HEAD'], handle: styleAnswer },
    '/': { endpoint: 'other', methods: ['GET', 'HEAD'], handle: () => redirect(LOGIN_PATH) },
  };

  function begin(exchange: Exchange): Answer {
    // HEAD must not use anything up, so it never gets as far as a reply.
    return exchange.method === 'HEAD' ? page(200, '') : authenticate(site, exchange);
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, search } = new URL(`http://host${request.url ?? '/'}`);
    const route = routes[pathname];
    counts[route?.endpoint ?? 'other'] += 1;
    if (route === undefined) return send(response, plainText(404, 'There is nothing here.\n'));
    if (!route.methods.includes(request.method ?? '')) {
      return send(response, plainText(405, 'This method is not allowed.\n', { Allow: route.methods.join(', ') }));
    }
    const query = search.slice(1);
    const parameters = readQuery(query);
    if (route.endpoint === 'authenticate') keep(requests, { query, parameters: Object.fromEntries(parameters) });
    try {
      send(response, route.handle(await readExchange(request, parameters)));
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      send(response, plainText(error.status, `${error.message}\n`, { Connection: 'close' }));
    }
  }

  return {
    url: server.origin,
    loginUrl: `${server.origin}${LOGIN_PATH}`,
    logoutUrl: `${server.origin}${LOGOUT_PATH}`,
    kid: key.kid,
    publicKey: key.spki,
    publicKeyPkcs1: key.pkcs1,
    certificate: () => key.certificate(),
    users,
    counts,
    requests,
    replies,
    misbehave(fault, repetition) {
      checkFault(fault);
      faults.add(fault, repetition);
    },
    behave: () => faults.clear(),
    signOutEverybody: () => sessions.signOutEverybody(),
    issueReply: (wanted) => issueReply({ ...site, lifeSeconds }, wanted),
    sign: (content, how) => signReply(key, typeof content === 'string' ? content : writeFields(content), how),
    close: () => server.close(),
  };
}

function keep<Item>(kept: Item[], item: Item): void {
  kept.push(item);
  if (kept.length > KEPT) kept.shift();
}
