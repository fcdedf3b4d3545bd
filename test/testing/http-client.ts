import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:http';
import { request as tlsRequest } from 'node:https';

/** One answer, read to its end. */
export interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly body: string;
}

export interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** The form fields of a POST. */
  readonly form?: Record<string, string>;
  /** The `name=value` of a cookie. */
  readonly cookie?: string | undefined;
  readonly ca?: string;
  readonly signal?: AbortSignal;
}

/** Sends one request on a connection of its own, follows nothing, and rejects when the answer breaks off. */
export function send(url: string, { form, cookie, ca, signal, ...sent }: Sent = {}): Promise<Received> {
  const body = form === undefined ? sent.body : new URLSearchParams(form).toString();
  const headers: Record<string, string> = { ...sent.headers };
  if (form !== undefined) headers['content-type'] = 'application/x-www-form-urlencoded';
  if (cookie !== undefined) headers.cookie = cookie;
  const options = {
    method: sent.method ?? (body === undefined ? 'GET' : 'POST'),
    headers,
    agent: false as const,
    ...(signal && { signal }),
  };
  return new Promise((resolve, reject) => {
    const outgoing = url.startsWith('https:') ? tlsRequest(url, { ...options, ca }) : request(url, options);
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, body: bytes.toString('utf8') });
      });
    });
    outgoing.end(body);
  });
}

/** The login token in a login form. */
export function loginToken(page: Received): string {
  return /name="lt" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
}

/** The `name=value` of the first cookie that an answer sets. */
export function cookieOf(answer: Received): string {
  return answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
}

/** Fills in the login form as a browser would. `query` starts with a question mark, or is empty. */
export async function signIn(url: string, username: string, password: string, query = ''): Promise<Received> {
  const lt = loginToken(await send(`${url}/login${query}`));
  return send(`${url}/login${query}`, { form: { username, password, lt } });
}
