import { isLoopback } from '../../http/loopback.ts';
import type { Place } from '../protocol.ts';
import { type CasProxyOptions, proxyProblems } from './proxy-options.ts';
import type { CasEndpoints, CasVersion } from './urls.ts';

/** How a service and a ticket are called in addresses (CAS 2.1.1, 2.2.4). */
export type AddressNames = 'service/ticket' | 'TARGET/SAMLart';

/** How to log in through one CAS server. */
export interface CasOptions extends CasProxyOptions {
  /** The prefix of the server, e.g. `https://login.example.edu/cas`. Also the issuer of the identities it vouches for. */
  readonly serverUrl: string;
  /** Tells several ways in apart, in the journal and in addresses. Default `cas`. */
  readonly name?: string;
  /** What the way is called where people choose one of several. Default: the host of the server. */
  readonly label?: string;
  /** The protocol to validate with. `3.0` and `saml1.1` bring attributes, `1.0` a name only. Default `3.0`. */
  readonly version?: CasVersion;
  /** What to ask for in an answer. A server that does not know `JSON` answers in XML, and is understood. Default `XML`. */
  readonly format?: 'XML' | 'JSON';
  /** Paths below `serverUrl`, or absolute URLs, for servers that put an endpoint elsewhere. */
  readonly endpoints?: Partial<CasEndpoints>;
  /** Every login asks for credentials, whatever single sign-on knows (CAS 2.1.1). Default false. */
  readonly renew?: boolean;
  /** Parameters of the server's own to send people to login with, e.g. `{ locale: 'sv' }`. */
  readonly loginParameters?: Readonly<Record<string, string>>;
  /**
   * The names that the service and the ticket go by in addresses. Default `TARGET/SAMLart` for SAML 1.1, else
   * `service/ticket`; some servers validate by SAML but know only the latter.
   */
  readonly addressNames?: AddressNames;
  /** Time for one validation, in milliseconds. Default 5000. */
  readonly timeoutMs?: number;
  /** The largest answer that is read, in bytes. Default 262144 (256 KiB). */
  readonly maxAnswerBytes?: number;
  /** By how much the server's clock may differ from ours, in milliseconds; SAML 1.1 only. Default 5000. */
  readonly samlToleranceMs?: number;
  /** Certificates in PEM to trust for this server instead of those of Node: a private CA of the campus. */
  readonly ca?: string | readonly string[];
  /** What a ticket looks like, for servers that issue others than `ST-…`. Anchored with `^` and `$`. */
  readonly ticketPattern?: RegExp;
  /**
   * For servers that register exact addresses: the service is the return address without a query, and a cookie alone
   * tells the attempt. With several tabs the latest attempt is finished first, and a stranger's ticket is taken while an
   * attempt is open. Default false.
   */
  readonly exactServiceUrl?: boolean;
  /**
   * Accepts tickets that nobody here asked for: links of a CAS portal. A stranger can then sign a visitor in as somebody
   * else (login CSRF). Default false.
   */
  readonly allowUnsolicitedLogin?: boolean;
  /** Talks plain http to a server that is not on this machine. Anybody on the way can then log in as anybody. */
  readonly dangerouslyAllowPlainHttpServer?: boolean;
}

const VERSIONS: readonly unknown[] = ['1.0', '2.0', '3.0', 'saml1.1'];

/** Everything that is wrong with the options of one CAS server. */
export function casProblems(options: CasOptions, place: Place): string[] {
  const problems: string[] = [];
  const { serverUrl, name = 'cas', version = '3.0', format = 'XML', endpoints = {}, ticketPattern } = options;
  const complain = (option: string, expectation: string) => problems.push(`cas.${option}: ${expectation}`);
  const urls = [['serverUrl', serverUrl] as const, ...absoluteEndpoints(endpoints)];
  for (const [option, text] of urls) {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || !/^https?:$/.test(url.protocol)) {
      complain(option, 'expected an address of the CAS server, e.g. "https://login.example.edu/cas".');
    } else if (url.protocol === 'http:' && !isLoopback(url.hostname) && !options.dangerouslyAllowPlainHttpServer) {
      complain(option, 'expected https. Over plain http anybody on the way can log in as anybody.');
    } else if (option === 'serverUrl' && url.username + url.password + url.search + url.hash !== '') {
      complain(option, 'expected scheme, host, port and path only, without credentials, query or fragment.');
    }
  }
  for (const parameter of Object.keys(options.loginParameters ?? {})) {
    if (/^(service|TARGET|renew|gateway)$/i.test(parameter)) {
      complain('loginParameters', `${parameter} belongs to the protocol and is set by the plugin.`);
    }
  }
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) complain('name', 'expected lower-case letters, digits and hyphens.');
  if (!VERSIONS.includes(version)) complain('version', 'expected "1.0", "2.0", "3.0" or "saml1.1".');
  if (format !== 'XML' && format !== 'JSON') complain('format', 'expected "XML" or "JSON".');
  const { addressNames = 'service/ticket' } = options;
  if (addressNames !== 'service/ticket' && addressNames !== 'TARGET/SAMLart') {
    complain('addressNames', 'expected "service/ticket" or "TARGET/SAMLart".');
  }
  for (const limit of ['timeoutMs', 'maxAnswerBytes', 'samlToleranceMs'] as const) {
    const value = options[limit];
    if (value !== undefined && !(Number.isFinite(value) && value > 0)) complain(limit, 'expected a number above 0.');
  }
  if (ticketPattern !== undefined && !/^\^.*\$$/s.test(ticketPattern.source)) {
    complain('ticketPattern', 'expected a pattern that is anchored with ^ and $.');
  }
  return [...problems, ...proxyProblems(options, version, place)];
}

function absoluteEndpoints(endpoints: Partial<CasEndpoints>) {
  return Object.entries(endpoints)
    .filter(([, value]) => /^[a-z][a-z0-9+.-]*:/i.test(value))
    .map(([name, value]) => [`endpoints.${name}`, value] as const);
}
