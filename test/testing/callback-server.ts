import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';

/** A request to a callback. */
export interface CallbackCall {
  readonly method: string;
  /** The path and the query as they came. */
  readonly target: string;
  readonly body: string;
  /** Of the query or else of the form; `null` for a probe. */
  readonly pgtId: string | null;
  readonly pgtIou: string | null;
}

export interface CallbackServer {
  readonly port: number;
  /** Oldest first. */
  readonly calls: readonly CallbackCall[];
  /** How many connections are open. */
  connections(): Promise<number>;
  close(): Promise<void>;
}

/** The status to answer with, or `undefined` to let the caller wait for ever. */
export type Answering = (call: CallbackCall) => number | undefined | Promise<number | undefined>;

/** What a proxy's callback is to the CAS server: something on loopback, with TLS or without. */
export async function startCallback(
  answer: Answering = () => 200,
  tls?: { readonly key: string; readonly cert: string },
): Promise<CallbackServer> {
  const calls: CallbackCall[] = [];
  const server = tls ? createTlsServer({ key: tls.key, cert: tls.cert }) : createServer();
  server.on('request', async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const query = new URL(request.url ?? '', 'http://host').searchParams;
    const value = (name: string) => query.get(name) ?? new URLSearchParams(body).get(name);
    const call = {
      method: request.method ?? '',
      target: request.url ?? '',
      body,
      pgtId: value('pgtId'),
      pgtIou: value('pgtIou'),
    };
    calls.push(call);
    const status = await answer(call);
    if (status !== undefined) response.writeHead(status, { Location: '/elsewhere' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    calls,
    connections: promisify(server.getConnections.bind(server)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
