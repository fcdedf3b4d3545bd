import type { IncomingMessage, ServerResponse } from 'node:http';

/** One request, read to its end. */
export interface Exchange {
  readonly method: string;
  readonly query: URLSearchParams;
  /** The fields of a form body; empty for every other body. */
  readonly form: URLSearchParams;
  /** The body as text; empty when there is none. */
  readonly body: string;
  /** The value of a cookie, as the browser sent it. */
  cookie(name: string): string | undefined;
  /** A parameter from the form or else from the query. An empty value counts as absent. */
  parameter(name: string): string | undefined;
  /** Whether a parameter is there at all: for `renew` and `gateway` that is what counts. */
  has(name: string): boolean;
}

/** One answer, as data, so that a fault can spoil it before it is sent. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The answer to a request that cannot be understood. */
export class BadRequest extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const BODY_LIMIT = 64 * 1024;

/**
 * Reads one request.
 *
 * @throws BadRequest (413) when the body has more than 64 KiB.
 */
export async function readExchange(request: IncomingMessage, query: URLSearchParams): Promise<Exchange> {
  const body = await readBody(request);
  const isForm = (request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
  const form = new URLSearchParams(isForm ? body : '');
  const cookies = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return {
    method: request.method ?? 'GET',
    query,
    form,
    body,
    cookie(name) {
      return cookies.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
    },
    parameter(name) {
      return form.get(name) || query.get(name) || undefined;
    },
    has(name) {
      return form.has(name) || query.has(name);
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= BODY_LIMIT) chunks.push(chunk);
  }
  // Only now: leaving the loop early would close the connection before the answer.
  if (size > BODY_LIMIT) throw new BadRequest(413, 'The request is too large.');
  return Buffer.concat(chunks).toString('utf8');
}

/** Sends an answer. Nothing that this server says may be cached. */
export function send(response: ServerResponse, answer: Answer): void {
  const body = Buffer.from(answer.body, 'utf8');
  response.writeHead(answer.status, {
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Content-Length': body.length,
    ...answer.headers,
  });
  response.end(body);
}

/** A 303 to `location`. */
export function redirect(location: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 303, headers: { ...headers, Location: headerSafe(location) }, body: '' };
}

/** A plain text answer. */
export function plainText(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8', ...headers }, body: text };
}

/** Whether `text` is an absolute http or https address, the only kind that a browser is sent to. */
export function isWebAddress(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}

/**
 * Adds a query parameter to an address and leaves every other byte alone: a client compares the address that comes back
 * with the one that it sent, so nothing may be sorted, decoded or encoded again.
 */
export function withParameter(address: string, name: string, value: string): string {
  const hash = address.indexOf('#');
  const before = hash === -1 ? address : address.slice(0, hash);
  const fragment = hash === -1 ? '' : address.slice(hash);
  const separator = !before.includes('?') ? '?' : /[?&]$/.test(before) ? '' : '&';
  return `${before}${separator}${name}=${encodeURIComponent(value)}${fragment}`;
}

// A header carries printable ASCII only; a decoded service may hold anything.
function headerSafe(location: string): string {
  return location.replace(/[^\x21-\x7e]+/gu, encodeURIComponent);
}
