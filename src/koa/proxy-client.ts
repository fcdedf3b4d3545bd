import type { ProxyTicketContext } from '../../machines/proxy-ticket.ts';
import type { PrincipalRef } from '../../machines/vocabulary.ts';
import { explanations, SsoError } from '../errors.ts';
import type { JournalListener, PseudonymOf } from '../flow/journal.ts';
import { runOnce } from '../flow/run-once.ts';
import type { SsoRequestInit } from '../koa-types.ts';
import type { Proxying, ProxyTicketScope } from '../protocols/protocol.ts';

/** A login, as far as it is asked for tickets. */
export interface GrantHolder {
  readonly grantId: string | null;
  /** Whom the grant speaks for; for the journal. */
  readonly principal: PrincipalRef;
}

/** Asks for proxy tickets with one grant or another, and calls services with them. */
export interface ProxyClient {
  /**
   * A ticket for exactly this service, for one use. Callers who ask at the same moment, with the same grant and for the
   * same service, get the same one: they do one thing together.
   * @throws SsoError ERR_SSO_NO_PROXY_GRANT, ERR_SSO_PROXY_GRANT_EXPIRED, ERR_SSO_PROXY_REFUSED, ERR_SSO_CAS_UNREACHABLE,
   *   ERR_SSO_CAS_TIMEOUT, ERR_SSO_CAS_BAD_STATUS, ERR_SSO_CAS_BAD_ANSWER, ERR_SSO_STORE
   * @throws TypeError if the service is not a text
   */
  ticket(holder: GrantHolder, service: string): Promise<string>;
  /** Calls a service with a ticket of its own. Throws like `ticket`, and like `fetch`. */
  fetch(holder: GrantHolder, url: string | URL, init?: SsoRequestInit): Promise<Response>;
}

export interface ProxyClientOptions {
  readonly proxying: Proxying | null;
  readonly fetch: typeof globalThis.fetch;
  readonly journal: JournalListener;
  readonly pseudonymOf?: PseudonymOf;
  readonly clock: () => number;
}

const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function createProxyClient({ proxying, fetch: call, ...told }: ProxyClientOptions): ProxyClient {
  const underWay = new Map<string, Promise<string>>();

  const request = async ({ grantId, principal }: GrantHolder, service: string): Promise<string> => {
    if (typeof service !== 'string' || service === '' || /\p{Surrogate}/u.test(service)) {
      throw new TypeError('A proxy ticket is for a service: give its name, a text.');
    }
    if (!proxying) throw new SsoError('ERR_SSO_NO_PROXY_GRANT', { detail: 'proxyGrants is off' });
    const scope: ProxyTicketScope = { ticket: null };
    const { context } = await runOnce(
      { ...told, flow: proxying.ticketFlow, scope, person: principal },
      { grantId, service },
    );
    if (scope.ticket !== null) return scope.ticket;
    const { failure } = context as ProxyTicketContext;
    if (failure === null) throw new SsoError('ERR_SSO_FLOW', { detail: 'no proxy ticket and no failure' });
    const { code, detail } = failure;
    // The server's own code tells a developer what to change, and is no secret.
    const message = `${explanations[code].message}${detail === null ? '' : ` (${detail})`}`;
    throw new SsoError(code, { detail, message });
  };

  return {
    ticket(holder, service) {
      const key = JSON.stringify([holder.grantId, service]);
      const shared = underWay.get(key);
      if (shared) return shared;
      const mine = request(holder, service).finally(() => underWay.delete(key));
      underWay.set(key, mine);
      return mine;
    },

    async fetch(holder, url, { service: named, ...init } = {}) {
      const address = addressOf(url);
      // Not shared: a ticket is good for one call.
      const ticket = await request(holder, named ?? address.href);
      const target = new URL(address);
      target.search += `${target.search === '' ? '?' : '&'}ticket=${encodeURIComponent(ticket)}`;
      const first = await call(target, { ...init, redirect: 'manual' });
      const { redirect = 'follow', method = 'GET' } = init;
      if (redirect === 'manual' || !REDIRECTS.has(first.status)) return first;
      if (redirect === 'error') {
        await first.body?.cancel();
        throw new TypeError('sso.fetch: the service answered with a redirect.');
      }
      // What was sent with another method would be sent twice, or lost.
      return /^(GET|HEAD)$/i.test(method) ? followRedirects(call, first, address, init) : first;
    },
  };
}

/**
 * Follows redirects on the service's own origin, without the ticket and with the cookies that the service set meanwhile:
 * many take the ticket, open a session and send the caller on. Another origin is never followed; the caller gets the
 * redirect itself.
 */
async function followRedirects(
  call: typeof globalThis.fetch,
  first: Response,
  address: URL,
  init: RequestInit,
): Promise<Response> {
  const cookies = new Map<string, string>();
  let response = first;
  let here = address;
  for (let hops = 0; hops < MAX_REDIRECTS && REDIRECTS.has(response.status); hops += 1) {
    const location = response.headers.get('location');
    if (location === null || !URL.canParse(location, here.href)) return response;
    const target = new URL(location, here);
    if (target.origin !== address.origin) return response;
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^\s*([^=;\s]+)=([^;]*)/.exec(cookie) ?? [];
      if (name !== '') cookies.set(name, value);
    }
    await response.body?.cancel();
    const headers = new Headers(init.headers);
    const own = headers.get('cookie');
    const all = [...(own === null ? [] : [own]), ...[...cookies].map(([name, value]) => `${name}=${value}`)];
    if (all.length > 0) headers.set('cookie', all.join('; '));
    response = await call(target, { ...init, headers, redirect: 'manual' });
    here = target;
  }
  return response;
}

/** The address of a service as its ticket is issued for it: absolute, http or https, without credentials and fragment. */
function addressOf(url: string | URL): URL {
  const address = URL.canParse(String(url)) ? new URL(String(url)) : undefined;
  if (!address || !/^https?:$/.test(address.protocol)) {
    throw new TypeError('sso.fetch: expected an absolute http(s) URL.');
  }
  address.hash = '';
  address.username = '';
  address.password = '';
  // A bare `?` is lost when the other side takes the ticket out, and the service would have two names.
  if (address.search === '') address.search = '';
  return address;
}
