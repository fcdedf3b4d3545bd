import { X509Certificate } from 'node:crypto';
import { request } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { isWebAddress, withParameter } from './fake-server-http.ts';

/** How the server calls the `pgtUrl` of a validation. */
export interface CallbackOptions {
  /**
   * The certificates, PEM, that a callback's chain must lead to, instead of those that Node trusts. Default: those of Node.
   * Plain http needs none, but is accepted for loopback hosts only: elsewhere it silently brings no grant.
   */
  readonly callbackCa?: string | readonly string[];
  /**
   * `probe-first`, as Apereo does: a bare GET, which must answer 200, 202, 204, 301, 302 or 304, and then the delivery, which
   * must answer 200. `one-call`, as django-cas-server does: the delivery alone. Default: `probe-first`.
   */
  readonly callbackStyle?: 'one-call' | 'probe-first';
  /** How the pair is delivered: in the query of a GET, or as the form of a POST. Default: `GET`. */
  readonly callbackMethod?: 'GET' | 'POST';
  /**
   * What a failed callback does to the validation. `no-grant`: it succeeds without a grant. `refuse`: it fails with
   * `INVALID_PROXY_CALLBACK`, and, as with a real server, the message holds a pair that works. Default: `no-grant`.
   */
  readonly callbackFailure?: 'refuse' | 'no-grant';
}

/** What is delivered. */
export interface GrantPair {
  readonly pgt: string;
  readonly iou: string;
}

/** Calls the callbacks of one server. */
export interface Caller {
  /** Whether that address is called at all. */
  accepts(pgtUrl: string): boolean;
  /** The whole procedure for one pair. Tells what went wrong, `undefined` when nothing did. */
  introduce(pgtUrl: string, pair: GrantPair): Promise<string | undefined>;
  /** The delivery alone. Tells what went wrong. */
  deliver(pgtUrl: string, pair: GrantPair): Promise<string | undefined>;
}

/** What a caller needs from its server. */
export interface CallerSetting {
  /** Ends the calls under way. */
  readonly signal: AbortSignal;
  /** Told of every request before it is made. */
  onCall(): void;
  /** How long a callback may take to answer, in milliseconds. Default: 5000, as with Apereo. */
  readonly deadline?: number;
}

const DEADLINE_MS = 5000;
const probeStatuses: readonly number[] = [200, 202, 204, 301, 302, 304];

/** @throws TypeError when `callbackCa` is not PEM. */
export function createCaller(
  options: CallbackOptions,
  { signal, onCall, deadline = DEADLINE_MS }: CallerSetting,
): Caller {
  const { callbackStyle = 'probe-first', callbackMethod = 'GET' } = options;
  const ca = readCa(options.callbackCa);

  async function attempt(url: string, accepted: readonly number[], form?: string): Promise<string | undefined> {
    onCall();
    try {
      const status = await call({ url, form, ca, signal, deadline });
      return accepted.includes(status) ? undefined : `it answered ${status}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  function deliver(pgtUrl: string, { pgt, iou }: GrantPair): Promise<string | undefined> {
    if (callbackMethod === 'GET') return attempt(delivery(pgtUrl, { pgt, iou }), [200]);
    return attempt(pgtUrl, [200], new URLSearchParams({ pgtId: pgt, pgtIou: iou }).toString());
  }

  return {
    accepts: (pgtUrl) => !/^http:/i.test(pgtUrl) || (URL.canParse(pgtUrl) && isLoopback(new URL(pgtUrl).hostname)),
    deliver,
    async introduce(pgtUrl, pair) {
      if (!isWebAddress(pgtUrl)) return 'it is not an https address';
      const refused = callbackStyle === 'probe-first' ? await attempt(pgtUrl, probeStatuses) : undefined;
      return refused ?? deliver(pgtUrl, pair);
    },
  };
}

/** The address that a GET delivers a pair to. */
export function delivery(pgtUrl: string, { pgt, iou }: GrantPair): string {
  return withParameter(withParameter(pgtUrl, 'pgtId', pgt), 'pgtIou', iou);
}

interface Call {
  readonly url: string;
  readonly form: string | undefined;
  readonly ca: string[] | undefined;
  readonly signal: AbortSignal;
  readonly deadline: number;
}

function call({ url, form, ca, signal, deadline }: Call): Promise<number> {
  const options = {
    method: form === undefined ? 'GET' : 'POST',
    headers: form === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' },
    agent: false as const,
    signal,
  };
  return new Promise((resolve, reject) => {
    const outgoing = /^https:/i.test(url)
      ? // Spelt out, because the environment can turn the check off for a whole process.
        tlsRequest(url, { ...options, ...(ca && { ca }), rejectUnauthorized: true })
      : request(url, options);
    const timer = setTimeout(() => outgoing.destroy(new Error(`it took more than ${deadline} ms`)), deadline);
    outgoing.on('close', () => clearTimeout(timer));
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      response.on('error', reject);
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.resume();
    });
    outgoing.end(form);
  });
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname);
}

function readCa(ca: string | readonly string[] | undefined): string[] | undefined {
  if (ca === undefined) return undefined;
  const list = typeof ca === 'string' ? [ca] : [...ca];
  try {
    for (const pem of list) new X509Certificate(pem);
  } catch (cause) {
    throw new TypeError('startFakeCas: callbackCa must hold certificates in PEM.', { cause });
  }
  return list;
}
