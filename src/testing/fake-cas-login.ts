import { casFrame, type LoginForm, loginPage, signedInPage } from './fake-cas-pages.ts';
import type { FakeCasState, SsoSession } from './fake-cas-state.ts';
import { type Answer, BadRequest, type Exchange, isWebAddress, redirect, withParameter } from './fake-server-http.ts';
import { messagePage, page } from './fake-server-pages.ts';

/** Where the browser endpoints live. */
export interface LoginSite {
  readonly state: FakeCasState;
  /** The path of the server without a trailing slash, for example `/cas`. */
  readonly path: string;
  /** The name of the single sign-on cookie. */
  readonly cookieName: string;
  /** Served over TLS. */
  readonly secure: boolean;
}

interface Target {
  readonly service: string;
  /** The parameter that carries the ticket back: `SAMLart` answers `TARGET`, `ticket` answers `service`. */
  readonly ticketName: 'ticket' | 'SAMLart';
}

/** `/login`: the form, the credentials, and the silent way through for who is signed in already. */
export function login(site: LoginSite, exchange: Exchange): Answer {
  const target = readTarget(exchange);
  if (target !== undefined && !isWebAddress(target.service)) return page(400, unusableService(site));
  const session = site.state.session(exchange.cookie(site.cookieName));
  const renew = exchange.has('renew');

  if (exchange.method === 'POST') return credentials(site, exchange, target, session);
  // HEAD must not use anything up, so it never gets as far as a ticket.
  if (session !== undefined && !renew && exchange.method === 'GET') {
    if (target === undefined) return page(200, signedInPage(site.path, session.user));
    return returnToService(site, target, session, false);
  }
  // A request for both is undefined in the protocol; servers are advised to forget the gateway.
  if (exchange.has('gateway') && !renew && target !== undefined) return redirect(target.service);
  return page(200, loginPage(form(site, exchange, target, { knownName: session?.user.name })));
}

/** `/logout`: ends the session of this browser and goes on to `service` (CAS 3) or `url` (CAS 2). */
export function logout(site: LoginSite, exchange: Exchange): Answer {
  site.state.signOut(exchange.cookie(site.cookieName));
  const headers = { 'Set-Cookie': `${cookie(site, '')}; Max-Age=0` };
  const next = exchange.parameter('service') ?? exchange.parameter('url');
  if (next !== undefined && isWebAddress(next)) return redirect(next, headers);
  const text =
    'You are signed out of this server. Applications that you used may still know you until you sign out there.';
  return page(200, message(site, 'Signed out', text, 'Sign in again'), headers);
}

function credentials(
  site: LoginSite,
  exchange: Exchange,
  target: Target | undefined,
  previous: SsoSession | undefined,
): Answer {
  const name = exchange.form.get('username') ?? '';
  const again = (status: number, problem: string) =>
    page(status, loginPage(form(site, exchange, target, { knownName: name, problem })));

  if (!site.state.useLoginTicket(exchange.form.get('lt'))) {
    return again(400, 'This form has been sent before, or the server was restarted in between. Please try once more.');
  }
  const user = site.state.user(name);
  if (user === undefined || user.password !== exchange.form.get('password')) {
    return again(401, 'The user name or the password is wrong.');
  }
  const session = site.state.signIn(user, previous);
  const headers = { 'Set-Cookie': cookie(site, session.id) };
  if (target === undefined) return redirect(`${site.path}/login`, headers);
  return returnToService(site, target, session, true, headers);
}

function returnToService(
  { state }: LoginSite,
  { service, ticketName }: Target,
  session: SsoSession,
  fresh: boolean,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const ticket = state.issueTicket({
    user: session.user,
    service,
    fresh,
    proxies: [],
    authenticatedAt: session.authenticatedAt,
    session: session.id,
  });
  return redirect(withParameter(service, ticketName, ticket), headers);
}

function readTarget(exchange: Exchange): Target | undefined {
  if (exchange.form.getAll('service').length > 1 || exchange.query.getAll('service').length > 1) {
    throw new BadRequest(400, 'The parameter service occurs twice.');
  }
  const service = exchange.parameter('service');
  if (service !== undefined) return { service, ticketName: 'ticket' };
  const target = exchange.parameter('TARGET');
  return target === undefined ? undefined : { service: target, ticketName: 'SAMLart' };
}

function form(
  { state, path }: LoginSite,
  exchange: Exchange,
  target: Target | undefined,
  shown: Pick<LoginForm, 'knownName' | 'problem'>,
): LoginForm {
  const hidden: [string, string][] = [['lt', state.newLoginTicket()]];
  if (target !== undefined) hidden.push([target.ticketName === 'ticket' ? 'service' : 'TARGET', target.service]);
  if (exchange.has('renew')) hidden.push(['renew', 'true']);
  return { path, users: state.users, hidden, service: target?.service, renew: exchange.has('renew'), ...shown };
}

function unusableService(site: LoginSite): string {
  const text =
    'The application sent you here with an address to come back to that is not an http or https address. Whoever runs it has to correct the service parameter.';
  return message(site, 'This application cannot be used', text, 'Sign in without an application');
}

function message({ path }: LoginSite, title: string, text: string, link: string): string {
  return messagePage(casFrame(path), title, text, { href: `${path}/login`, text: link });
}

function cookie({ cookieName, path, secure }: LoginSite, value: string): string {
  return `${cookieName}=${value}; Path=${path || '/'}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}
