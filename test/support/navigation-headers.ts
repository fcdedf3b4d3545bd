import { isIP } from 'node:net';

export interface NavigationOrigin {
  /** The page that caused the navigation; a person did when there is none. */
  readonly initiator: URL | undefined;
  readonly referrerPolicy: string;
}

/** What a browser says about a top-level navigation; `chain` is the address asked for and those that redirected to it. */
export function navigationHeaders(
  method: string,
  chain: readonly [URL, ...URL[]],
  { initiator, referrerPolicy }: NavigationOrigin,
): Record<string, string> {
  const referrer = initiator === undefined ? undefined : referrerFor(referrerPolicy, initiator, chain[0]);
  return {
    accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'accept-language': 'en',
    'sec-fetch-dest': 'document',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-site': fetchSite(initiator, chain),
    'sec-fetch-user': '?1',
    ...(referrer === undefined ? {} : { referer: referrer }),
    ...(method !== 'GET' ? { origin: referrer === undefined ? 'null' : new URL(referrer).origin } : {}),
  };
}

export function isSameSite(a: URL, b: URL): boolean {
  return a.protocol === b.protocol && siteHost(a.hostname) === siteHost(b.hostname);
}

// Two labels stand for the public suffix list: the tests use localhost, addresses and example names.
function siteHost(hostname: string): string {
  return isIP(hostname) || hostname.startsWith('[') ? hostname : hostname.split('.').slice(-2).join('.');
}

function fetchSite(initiator: URL | undefined, chain: readonly URL[]): string {
  if (initiator === undefined) return 'none';
  if (chain.every((url) => url.origin === initiator.origin)) return 'same-origin';
  return chain.every((url) => isSameSite(url, initiator)) ? 'same-site' : 'cross-site';
}

function referrerFor(policy: string, from: URL, to: URL): string | undefined {
  const sameOrigin = from.origin === to.origin;
  if (policy === 'no-referrer' || (policy === 'same-origin' && !sameOrigin)) return undefined;
  if (from.protocol === 'https:' && to.protocol !== 'https:') return undefined;
  return sameOrigin && !/^(strict-)?origin$/.test(policy) ? from.href.split('#')[0] : `${from.origin}/`;
}
