import { Agent, fetch, type RequestInfo, type RequestInit } from 'undici';

/** A `fetch` that trusts a certificate authority of our own, which services within a campus often need. */
export function createTrustingFetch(ca: string) {
  const dispatcher = new Agent({ connect: { ca } });
  const call = (input: RequestInfo, init?: RequestInit) => fetch(input, { ...init, dispatcher });
  return {
    // The same function from another version of the same library: the types of Node and undici differ in details.
    fetch: call as unknown as typeof globalThis.fetch,
    close: () => dispatcher.destroy(),
  };
}
