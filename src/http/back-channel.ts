import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';

/** Everything that a call to a login server can come to. */
export type BackChannelOutcome =
  | { readonly kind: 'answer'; readonly status: number; readonly contentType: string; readonly body: string }
  /** No connection, or no trusted one. The request may have been sent all the same, unless it never connected. */
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** No complete answer within the deadline. */
  | { readonly kind: 'timedOut' }
  /** An answer, but not a readable one: too large, compressed though nobody asked, in another character set. */
  | { readonly kind: 'unreadable'; readonly reason: string };

export interface BackChannelRequest {
  readonly url: URL;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Our own connection to one login server. */
export interface BackChannel {
  /** Sends a request once. Never rejects: every accident is an outcome. */
  send(request: BackChannelRequest): Promise<BackChannelOutcome>;
  /** Ends all connections. */
  close(): Promise<void>;
}

export interface BackChannelOptions {
  /** Scheme, host and port of the login server. */
  readonly origin: string;
  /** Time for the whole call, in milliseconds. */
  readonly deadlineMs: number;
  /** The largest answer that is read, in bytes. */
  readonly maxBytes: number;
  /** Certificates in PEM to trust instead of those of Node. */
  readonly ca?: string | readonly string[] | undefined;
}

const CONNECT_RETRY_MS = 100;

/**
 * Keeps connections to one origin open and calls it: with a deadline over everything, a cap on the answer, no redirects,
 * no decompression. A request is repeated only if the connection was never made, since a ticket must be sent once.
 */
export function createBackChannel(options: BackChannelOptions): BackChannel {
  const { origin, deadlineMs, maxBytes, ca } = options;
  const pool = new Pool(origin, {
    maxResponseSize: maxBytes,
    headersTimeout: deadlineMs,
    bodyTimeout: deadlineMs,
    connect: { timeout: deadlineMs, ...(ca === undefined ? {} : { ca: typeof ca === 'string' ? ca : [...ca] }) },
  });

  const attempt = async (request: BackChannelRequest, signal: AbortSignal): Promise<BackChannelOutcome> => {
    const answer = await pool.request({
      path: request.url.pathname + request.url.search,
      method: request.method ?? 'GET',
      headers: { accept: '*/*', 'accept-encoding': 'identity', ...request.headers },
      body: request.body ?? null,
      signal,
    });
    const encoding = String(answer.headers['content-encoding'] ?? 'identity').toLowerCase();
    if (encoding !== 'identity') {
      // Throwing a body away is an error of the stream, and one without a listener ends the process.
      answer.body.on('error', () => {});
      answer.body.destroy();
      return { kind: 'unreadable', reason: 'compressed although identity was asked for' };
    }
    const contentType = String(answer.headers['content-type'] ?? '');
    const body = decode(Buffer.from(await answer.body.arrayBuffer()), contentType);
    if (body === undefined) return { kind: 'unreadable', reason: 'not in the character set that it claims' };
    return { kind: 'answer', status: answer.statusCode, contentType, body };
  };

  return {
    async send(request) {
      const deadline = AbortSignal.timeout(deadlineMs);
      for (let tries = 0; ; tries += 1) {
        try {
          return await attempt(request, deadline);
        } catch (error) {
          if (deadline.aborted) return { kind: 'timedOut' };
          if (tries === 0 && neverConnected(error)) await delay(CONNECT_RETRY_MS);
          else return outcomeOf(error);
        }
      }
    },
    close: () => pool.destroy(),
  };
}

const TIMEOUTS = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

function outcomeOf(error: unknown): BackChannelOutcome {
  const code = codeOf(error);
  if (TIMEOUTS.has(code)) return { kind: 'timedOut' };
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return { kind: 'unreadable', reason: 'larger than the limit' };
  return { kind: 'unreachable', reason: code };
}

/** A code and never a message: some messages quote what was sent. */
function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? code : 'UNKNOWN';
}

function neverConnected(error: unknown): boolean {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  return (first as { syscall?: unknown } | null)?.syscall === 'connect';
}

/** UTF-8 unless the answer says otherwise; undefined if the bytes are not of that character set. */
function decode(bytes: Buffer, contentType: string): string | undefined {
  const charset = /;\s*charset\s*=\s*"?([\w.:-]+)"?/i.exec(contentType)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Connections to one login server, which may have endpoints on several origins. */
export interface BackChannels {
  /** The connection to the origin of an address. */
  to(url: string): BackChannel;
  close(): Promise<void>;
}

/** Keeps one back channel for each origin. A channel connects when it is first used. */
export function createBackChannels(options: Omit<BackChannelOptions, 'origin'>): BackChannels {
  const channels = new Map<string, BackChannel>();
  return {
    to(url) {
      const { origin } = new URL(url);
      const channel = channels.get(origin) ?? createBackChannel({ ...options, origin });
      channels.set(origin, channel);
      return channel;
    },
    close: async () => void (await Promise.all([...channels.values()].map((channel) => channel.close()))),
  };
}
