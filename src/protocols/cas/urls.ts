/** The endpoints of a CAS server that this package calls or sends people to; absolute URLs. */
export interface CasEndpoints {
  readonly login: string;
  readonly logout: string;
  readonly serviceValidate: string;
}

export type CasVersion = '2.0' | '3.0';

/**
 * The endpoints below a server prefix (CAS 3.0.3, section 2). Version 3.0 answers with attributes under `/p3`.
 * An override may be a path below the prefix or an absolute URL.
 */
export function casEndpoints(
  serverUrl: string,
  version: CasVersion,
  overrides: Partial<CasEndpoints> = {},
): CasEndpoints {
  const prefix = serverUrl.replace(/\/+$/, '');
  const at = (path: string) => (/^https?:/i.test(path) ? path : `${prefix}/${path.replace(/^\/+/, '')}`);
  return {
    login: at(overrides.login ?? 'login'),
    logout: at(overrides.logout ?? 'logout'),
    serviceValidate: at(overrides.serviceValidate ?? (version === '3.0' ? 'p3/serviceValidate' : 'serviceValidate')),
  };
}

/** Where the browser is sent to log in (CAS 2.1.1). `renew` and `gateway` count by their presence, so they are left out. */
export function loginUrl(
  endpoint: string,
  request: { readonly service: string; readonly renew: boolean; readonly gateway: boolean },
): string {
  return withQuery(endpoint, [
    ['service', request.service],
    ['renew', request.renew ? 'true' : null],
    ['gateway', request.gateway ? 'true' : null],
  ]);
}

/**
 * Where a ticket is validated (CAS 2.5.1, 2.8.1). Every value is percent-encoded: a ticket must not be able to add or
 * replace a parameter (CVE-2014-4172).
 */
export function validateUrl(
  endpoint: string,
  request: { readonly service: string; readonly ticket: string; readonly renew: boolean },
): string {
  return withQuery(endpoint, [
    ['service', request.service],
    ['ticket', request.ticket],
    ['renew', request.renew ? 'true' : null],
  ]);
}

/** Where the browser is sent to end the session at the login server (CAS 2.3.1). */
export function logoutUrl(endpoint: string, service: string | null): string {
  return withQuery(endpoint, [['service', service]]);
}

/** Adds parameters behind whatever query an endpoint has, and drops credentials and a fragment from it. */
function withQuery(endpoint: string, parameters: readonly (readonly [string, string | null])[]): string {
  const url = new URL(endpoint);
  const query = parameters.flatMap(([name, value]) => (value === null ? [] : [`${name}=${encodeURIComponent(value)}`]));
  const all = [...(url.search.length > 1 ? [url.search.slice(1)] : []), ...query].join('&');
  return `${url.origin}${url.pathname}${all === '' ? '' : `?${all}`}`;
}
