import { type IncomingMessage, type RequestListener, request, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** What a server shows of itself: the chain as it sends it, and the key of the first certificate. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

/** An address with TLS in front of an application, which may be made once the address is known. */
export interface TlsFront {
  /** `https://localhost:PORT` */
  readonly url: string;
  /** What was asked for, the oldest first: method, path and query. */
  readonly calls: readonly string[];
  /** From now on requests go to this address over plain http, or to this handler. Until then the answer is 503. */
  leadTo(target: string | RequestListener): void;
  close(): Promise<void>;
}

export async function startTlsFront({ cert, key }: ServerCertificate): Promise<TlsFront> {
  const calls: string[] = [];
  let handle: RequestListener = (_, response) => void response.writeHead(503).end();
  const server = createServer({ cert, key }, (incoming, response) => {
    calls.push(`${incoming.method} ${incoming.url}`);
    handle(incoming, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    calls,
    leadTo(target) {
      handle = typeof target === 'string' ? (incoming, response) => forward(target, incoming, response) : target;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function forward(target: string, incoming: IncomingMessage, response: ServerResponse): void {
  const { method, url = '/', headers } = incoming;
  const onward = request(new URL(url, target), { method: method ?? 'GET', headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  incoming.pipe(onward);
}
