import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createSocketServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { type BackChannelOptions, createBackChannel } from '../../src/http/back-channel.ts';

/** A server on loopback that counts what reaches it; it ends with the test. */
export interface CountedServer {
  readonly origin: string;
  readonly port: number;
  readonly requests: IncomingMessage[];
  readonly sockets: Socket[];
}

export async function startServer(
  t: TestContext,
  answer: RequestListener,
  tls?: { readonly key: string; readonly cert: string },
): Promise<CountedServer> {
  const requests: IncomingMessage[] = [];
  const sockets: Socket[] = [];
  const listener: RequestListener = (request, response) => {
    requests.push(request);
    answer(request, response);
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  server.on('connection', (socket: Socket) => sockets.push(socket));
  const port = await listen(server);
  t.after(() => close(server));
  return { origin: `${tls ? 'https' : 'http'}://localhost:${port}`, port, requests, sockets };
}

async function listen(server: Server, port = 0): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** Starts a plain server on a port that was free a moment ago. */
export async function startServerAt(t: TestContext, port: number, answer: RequestListener): Promise<void> {
  const server = createServer(answer);
  await listen(server, port);
  t.after(() => close(server));
}

/** A port on which nobody listens. */
export async function freePort(): Promise<number> {
  const server = createSocketServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A back channel with a deadline that a test can wait for; it ends with the test. */
export function channelTo(t: TestContext, origin: string, options: Partial<BackChannelOptions> = {}) {
  const channel = createBackChannel({ origin, deadlineMs: 5000, maxBytes: 65_536, ...options });
  t.after(() => channel.close());
  return channel;
}

/** What no accident may tell. */
export const TICKET = 'ST-marker-of-the-back-channel';
export const PATH = `/serviceValidate?ticket=${TICKET}`;

export const answering =
  (body: string | Buffer, headers: Record<string, string> = {}, status = 200): RequestListener =>
  (_request, response) => {
    response.writeHead(status, headers);
    response.end(body);
  };

/** Asks a server once and gives what came of it. */
export async function ask(t: TestContext, answer: RequestListener, options: Parameters<typeof channelTo>[2] = {}) {
  const server = await startServer(t, answer);
  const channel = channelTo(t, server.origin, options);
  return { server, channel, outcome: await channel.send({ url: new URL(PATH, server.origin) }) };
}
