import { PROXY_PATH } from './proxy-url.ts';

/** The protocols that a CAS server may speak. */
export type CasVersion = '1.0' | '2.0' | '3.0' | 'saml1.1';

/** The endpoints of a CAS server that this package calls or sends people to; absolute URLs. */
export interface CasEndpoints {
  readonly login: string;
  readonly logout: string;
  /** Where tickets are validated: `/p3/serviceValidate`, or what the version has in its place. */
  readonly validate: string;
  /** Where proxy tickets are given out (CAS 2.7). */
  readonly proxy: string;
  /** Where proxy tickets are validated (CAS 2.6): `/p3/proxyValidate`, or `/proxyValidate` for CAS 2.0. */
  readonly proxyValidate: string;
}

const VALIDATE: Readonly<Record<CasVersion, string>> = {
  '1.0': 'validate',
  '2.0': 'serviceValidate',
  '3.0': 'p3/serviceValidate',
  'saml1.1': 'samlValidate',
};

/**
 * The endpoints below a server prefix (CAS 3.0.3, section 2). An override may be a path below the prefix or an absolute
 * URL.
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
    validate: at(overrides.validate ?? VALIDATE[version]),
    proxy: at(overrides.proxy ?? PROXY_PATH),
    proxyValidate: at(overrides.proxyValidate ?? (version === '3.0' ? 'p3/proxyValidate' : 'proxyValidate')),
  };
}

export interface LoginUrlRequest {
  readonly service?: string;
  /** The name that the service goes by. Default `service`; SAML 1.1 has `TARGET`. */
  readonly serviceParameter?: string;
  readonly renew?: boolean;
  readonly gateway?: boolean;
  /** How the ticket shall come back (CAS 2.1.1, since 3.0). */
  readonly method?: string;
  /** Parameters of the server's own. */
  readonly extra?: Readonly<Record<string, string>>;
}

/** Where the browser is sent to log in (CAS 2.1.1). `renew` and `gateway` count by their presence, so false is left out. */
export function loginUrl(endpoint: string, request: LoginUrlRequest): string {
  return withQuery(endpoint, [
    [request.serviceParameter ?? 'service', request.service],
    ['renew', request.renew ? 'true' : undefined],
    ['gateway', request.gateway ? 'true' : undefined],
    ['method', request.method],
    ...Object.entries(request.extra ?? {}),
  ]);
}

export interface ValidateUrlRequest {
  readonly service: string;
  readonly ticket: string;
  readonly renew?: boolean;
  readonly pgtUrl?: string;
  readonly format?: string;
}

/**
 * Where a ticket is validated (CAS 2.5.1, 2.8.1). Every value is percent-encoded: a ticket must not be able to add or
 * replace a parameter (CVE-2014-4172).
 */
export function validateUrl(endpoint: string, request: ValidateUrlRequest): string {
  return withQuery(endpoint, [
    ['service', request.service],
    ['ticket', request.ticket],
    ['renew', request.renew ? 'true' : undefined],
    ['pgtUrl', request.pgtUrl],
    ['format', request.format],
  ]);
}

/**
 * Where the browser is sent to end the session at the login server (CAS 2.3.1). The way back goes by `url` in CAS 1.0
 * and 2.0 and by `service` since 3.0, where servers must ignore `url`.
 */
export function logoutUrl(endpoint: string, redirect: string | null, version: CasVersion): string {
  const name = version === '1.0' || version === '2.0' ? 'url' : 'service';
  return withQuery(endpoint, [[name, redirect ?? undefined]]);
}

/** Adds parameters behind whatever query an endpoint has, and drops credentials and a fragment from it. */
function withQuery(endpoint: string, parameters: readonly (readonly [string, string | undefined])[]): string {
  const url = new URL(endpoint);
  const query = parameters.flatMap(([name, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(value)}`],
  );
  const all = [...(url.search.length > 1 ? [url.search.slice(1)] : []), ...query].join('&');
  return `${url.origin}${url.pathname}${all === '' ? '' : `?${all}`}`;
}
