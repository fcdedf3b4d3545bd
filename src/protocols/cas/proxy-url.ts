/** Where a server gives out proxy tickets, below its prefix (CAS 2.7). */
export const PROXY_PATH = 'proxy';

export interface ProxyUrlRequest {
  readonly pgt: string;
  /** To the letter what the service behind will validate with; it need not be an address of the web. */
  readonly targetService: string;
}

/**
 * Where a proxy ticket is asked for (CAS 2.7.1). Both values are percent-encoded: the proxy-granting ticket came in
 * through a callback that anybody can call, and unencoded, as java-cas-client sends it, it could bring a `targetService`
 * of its own. A query that the endpoint has stays; credentials and a fragment are dropped.
 */
export function proxyUrl(endpoint: string, { pgt, targetService }: ProxyUrlRequest): string {
  const { origin, pathname, search } = new URL(endpoint);
  const query = `pgt=${encodeURIComponent(pgt)}&targetService=${encodeURIComponent(targetService)}`;
  return `${origin}${pathname}${search.length > 1 ? `${search}&` : '?'}${query}`;
}
