import { createPrivateKey, type KeyObject } from 'node:crypto';
import { isLoopback } from '../../http/loopback.ts';
import type { Place } from '../protocol.ts';
import type { CasVersion } from './urls.ts';

/** How to get proxy-granting tickets from a CAS server (CAS 2.5.4). */
export interface CasProxyOptions {
  /**
   * Asks for a proxy-granting ticket at every login, so that the application can call other services on the person's
   * behalf. `required`: a login without one fails. Default false.
   */
  readonly proxyGrants?: boolean | 'required';
  /**
   * The address that the server delivers grants to, and by which other services know this one. It must reach our routes
   * over https, with a certificate chain that the server trusts. Default: `/sso/proxy-callback` below `baseUrl`.
   */
  readonly proxyCallbackUrl?: string;
  /**
   * Takes deliveries at the root of `baseUrl` too, for servers that only call there, and asks for them there unless
   * `proxyCallbackUrl` says otherwise. Only a call that is a delivery is taken, everything else goes to the application.
   * Default false.
   */
  readonly proxyCallbackAtRoot?: boolean;
  /** How long a login waits for a delivery that is late, in milliseconds. Default 3000. */
  readonly proxyGrantWaitMs?: number;
  /**
   * The private key of this service in PEM (RSA), for servers that send the grant as an encrypted attribute in place of
   * the callback (Apereo).
   */
  readonly privateKey?: string;
  /** Takes deliveries over plain http, on loopback only. Anybody on this machine can then read them. */
  readonly dangerouslyAllowPlainHttpProxyCallback?: boolean;
}

const CALLBACK_PATH = '/proxy-callback';

/** Where a server is told to deliver grants. */
export function callbackUrlOf(options: CasProxyOptions, { baseUrl, routePrefix }: Place): string {
  const { proxyCallbackUrl, proxyCallbackAtRoot } = options;
  return proxyCallbackUrl ?? (proxyCallbackAtRoot ? `${baseUrl}/` : baseUrl + routePrefix + CALLBACK_PATH);
}

/** The paths that a server may deliver to. The path of our own route is among them, whatever the options say. */
export function callbackPathsOf(options: CasProxyOptions, place: Place) {
  const root = new URL(`${place.baseUrl}/`).pathname;
  const paths = new Set([place.routePrefix + CALLBACK_PATH, new URL(callbackUrlOf(options, place)).pathname]);
  if (options.proxyCallbackAtRoot) paths.add(root);
  return [...paths].map((path) => ({ path, onlyDeliveries: path === root || path === '/' }));
}

/** The key of the option; null where there is none. Throws what node:crypto throws. */
export function privateKeyOf({ privateKey }: CasProxyOptions): KeyObject | null {
  return privateKey === undefined ? null : createPrivateKey(privateKey);
}

/** Everything that is wrong with these options. */
export function proxyProblems(options: CasProxyOptions, version: CasVersion, place: Place): string[] {
  const problems: string[] = [];
  const complain = (option: keyof CasProxyOptions, expectation: string) =>
    problems.push(`cas.${option}: ${expectation}`);
  const { proxyGrants = false, proxyGrantWaitMs, privateKey } = options;
  if (proxyGrants === false) {
    for (const option of ['proxyCallbackUrl', 'proxyCallbackAtRoot', 'proxyGrantWaitMs', 'privateKey'] as const) {
      // An empty text, as an unset variable of the environment leaves it, is no address and no key.
      if (options[option] || options[option] === '') complain(option, 'has no effect without proxyGrants: true.');
    }
    return problems;
  }
  if (proxyGrants !== true && proxyGrants !== 'required')
    complain('proxyGrants', 'expected true, false or "required".');
  if (version !== '2.0' && version !== '3.0') {
    complain('proxyGrants', `CAS ${version} knows no proxy-granting tickets; expected version "2.0" or "3.0".`);
  }
  if (proxyGrantWaitMs !== undefined && !(Number.isFinite(proxyGrantWaitMs) && proxyGrantWaitMs > 0)) {
    complain('proxyGrantWaitMs', 'expected a number above 0.');
  }
  if (privateKey !== undefined && !isRsaKey(options)) complain('privateKey', 'expected an RSA private key in PEM.');
  return [...problems, ...callbackProblems(options, place)];
}

function callbackProblems(options: CasProxyOptions, place: Place): string[] {
  const text = callbackUrlOf(options, place);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    return ['cas.proxyCallbackUrl: expected an address, e.g. "https://portal.example.edu/sso/proxy-callback".'];
  }
  const problems: string[] = [];
  if (url.username + url.password + url.hash !== '') {
    problems.push('cas.proxyCallbackUrl: expected neither credentials nor a fragment.');
  }
  if (url.protocol === 'http:' && !(options.dangerouslyAllowPlainHttpProxyCallback && isLoopback(url.hostname))) {
    problems.push(
      `cas.proxyCallbackUrl: expected https, got ${url.origin}. Over plain http anybody on the way reads proxy-granting tickets, and most servers refuse to deliver them. For a try-out on loopback there is dangerouslyAllowPlainHttpProxyCallback.`,
    );
  }
  return problems;
}

function isRsaKey(options: CasProxyOptions): boolean {
  try {
    return privateKeyOf(options)?.asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}
