import type { Faults } from './fake-server-faults.ts';
import { type Answer, type Exchange, redirect } from './fake-server-http.ts';
import { page } from './fake-server-pages.ts';
import { alterationsOf, type FakeWlsFault, isFault } from './fake-wls-faults.ts';
import type { WlsKey } from './fake-wls-key.ts';
import { type FormState, failurePage, homePage, loggedOutPage, loginPage, type WlsPages } from './fake-wls-pages.ts';
import { type Alterations, type FakeWlsReply, type Outcome, writeReply } from './fake-wls-reply.ts';
import { type Asked, type AuthenticationRequest, judgeRequest, type RefusedRequest } from './fake-wls-request.ts';
import type { WlsSession, WlsSessions } from './fake-wls-sessions.ts';
import type { Habits } from './fake-wls-styles.ts';
import { isCurrent } from './fake-wls-users.ts';

/** What the browser endpoints work with. */
export interface WlsSite {
  readonly pages: WlsPages;
  readonly habits: Habits;
  readonly key: WlsKey;
  readonly sessions: WlsSessions;
  readonly faults: Faults<FakeWlsFault>;
  /** No reply has a higher version. */
  readonly highestVersion: number;
  /** The name of the single sign-on cookie. */
  readonly cookieName: string;
  /** Served over TLS. */
  readonly secure: boolean;
  /** The present, in milliseconds since the epoch. */
  now(): number;
  /** Told of every reply that a browser is given. */
  onReply(reply: FakeWlsReply): void;
}

type Headers = Readonly<Record<string, string>>;

const messages: Readonly<Record<number, string>> = {
  410: '',
  510: 'This server knows passwords only.',
  520: 'This version of the protocol is not supported.',
  530: 'The request cannot be understood.',
  540: 'Nobody could be identified without asking.',
  560: 'This application is not authorised to use the server.',
  570: 'The server declines to log you in.',
};

// Fields of the login form that are not parameters of the request.
const formFields = ['userid', 'pwd', 'cancel'];

/** The right outcome with that status. */
export function failure(status: number, msg = messages[status] ?? 'Something went wrong.'): Outcome {
  return { status, msg };
}

/** `/auth/authenticate.html`: the form, and the silent way through for who is logged in already (1.2). */
export function authenticate(site: WlsSite, exchange: Exchange): Answer {
  const session = site.sessions.find(exchange.cookie(site.cookieName));
  if (exchange.query.toString() === '') return page(200, homePage(site.pages, session?.user));
  const request = judgeRequest(exchange.query);
  if ('why' in request) return refuse(site, request);
  const fault = site.faults.next;
  const refused = isFault(fault, 'status') ? failure(fault.status, fault.msg) : refusal(request);
  if (refused !== undefined) return reply(site, request, refused);
  if (session !== undefined && request.iact !== 'yes') return logIn(site, request, session, false);
  if (request.iact === 'no') return reply(site, request, failure(540));
  return form(site, request, 200, { knownName: session?.user.principal });
}

/** `/auth/authenticate2.html`: what a person has done with the form, which carries the whole request. */
export function credentials(site: WlsSite, exchange: Exchange): Answer {
  const parameters = new URLSearchParams([...exchange.form].filter(([name]) => !formFields.includes(name)));
  const request = judgeRequest(parameters);
  if ('why' in request) return refuse(site, request);
  const refused = refusal(request) ?? (request.iact === 'no' ? failure(540) : undefined);
  if (refused !== undefined) return reply(site, request, refused);
  if (exchange.form.has('cancel')) return reply(site, request, failure(410));

  const name = (exchange.form.get('userid') ?? '').trim();
  const user = site.pages.users.find(({ principal }) => principal === name);
  if (user === undefined || user.password !== exchange.form.get('pwd')) {
    return form(site, request, 401, { knownName: name, problem: 'The user-id or the password is wrong.' });
  }
  const session = site.sessions.signIn(user, exchange.cookie(site.cookieName));
  return logIn(site, request, session, true, { 'Set-Cookie': cookie(site, session.id) });
}

/** `/auth/logout.html`: ends the session of this browser. */
export function logOut(site: WlsSite, exchange: Exchange): Answer {
  site.sessions.signOut(exchange.cookie(site.cookieName));
  return page(200, loggedOutPage(site.pages), { 'Set-Cookie': `${cookie(site, '')}; Max-Age=0` });
}

/** The version of a reply: that of the request, or a lower one. */
export function versionOf(site: Pick<WlsSite, 'habits' | 'highestVersion'>, ver: number, status: number): number {
  return site.habits.version1.has(status) ? 1 : Math.min(ver, site.highestVersion);
}

function refusal(request: AuthenticationRequest): Outcome | undefined {
  return request.acceptsPassword ? undefined : failure(510);
}

function refuse(site: WlsSite, { status, why, asked }: RefusedRequest): Answer {
  if (asked === undefined || !site.habits.repliesToBadRequests) {
    return page(400, failurePage(site.pages, status, why));
  }
  return reply(site, asked, failure(status, why));
}

function logIn(
  site: WlsSite,
  request: AuthenticationRequest,
  { user, life }: WlsSession,
  interactive: boolean,
  headers: Headers = {},
): Answer {
  const isTooOld = versionOf(site, request.ver, 200) < 3;
  if (isTooOld && site.habits.guardsOldVersions && !isCurrent(user)) {
    return reply(site, request, failure(570), headers);
  }
  return reply(site, request, { status: 200, user, interactive, life }, headers);
}

function reply(site: WlsSite, asked: Asked, right: Outcome, headers: Headers = {}): Answer {
  const fault = site.faults.take();
  const forced = isFault(fault, 'status') ? fault : undefined;
  const outcome = forced === undefined ? right : failure(forced.status, forced.msg);
  if (asked.fail && outcome.user === undefined) {
    const text = outcome.msg || 'You chose not to log in.';
    return page(site.habits.failurePageStatus, failurePage(site.pages, outcome.status, text), headers);
  }
  const draft = {
    ver: forced?.ver ?? versionOf(site, asked.ver, outcome.status),
    url: asked.url,
    params: asked.params,
    outcome,
    now: site.now() + (isFault(fault, 'clock') ? fault.ms : 0),
  };
  const alterations: Alterations = {
    ...(site.habits.unsigned.has(outcome.status) && { signature: 'none' }),
    ...alterationsOf(fault, site.key.kid),
  };
  const written = writeReply(draft, site.key, site.habits, alterations);
  site.onReply(written);
  return { ...redirect(written.location, headers), status: site.habits.redirectStatus };
}

function form(site: WlsSite, request: AuthenticationRequest, status: number, state: FormState): Answer {
  return page(status, loginPage(site.pages, request, state));
}

function cookie({ cookieName, secure }: WlsSite, value: string): string {
  return `${cookieName}=${value}; Path=/auth; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}
