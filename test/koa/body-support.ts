import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import Koa, { type Context, type Middleware, type Next } from 'koa';
import { type BodyCapture, type BodyCaptureOptions, createBodyCaptures } from '../../src/koa/body-capture.ts';
import { type ReplayableRequest, replayBody } from '../../src/koa/body-replay.ts';

/** A server that ends with the test. */
export async function serverFor(t: TestContext, listener?: RequestListener): Promise<Server> {
  const server = createServer(listener);
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** A connection to write bytes to; `text` is all that came back so far. */
export interface Wire {
  readonly socket: Socket;
  readonly text: string;
  write(...parts: readonly (string | Uint8Array)[]): Promise<void>;
  /** Waits until what came back holds this. */
  until(expected: string): Promise<string>;
}

export function wireTo(t: TestContext, server: Server): Wire {
  const socket = connect(portOf(server), '127.0.0.1');
  let text = '';
  socket.setNoDelay(true);
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  t.after(() => void socket.destroy());
  return {
    socket,
    get text() {
      return text;
    },
    async write(...parts) {
      for (const part of parts) await new Promise((resolve) => socket.write(part, resolve));
    },
    async until(expected) {
      while (!text.includes(expected)) await Promise.race([once(socket, 'data'), closed(socket, expected)]);
      return text;
    },
  };
}

async function closed(socket: Socket, expected: string): Promise<never> {
  if (!socket.closed) await once(socket, 'close');
  throw new Error(`The connection was closed before it said ${expected}`);
}

/** The head of a POST as a browser writes it, up to and including the empty line. */
export function head(headers: Readonly<Record<string, string | number>> = {}, target = '/form'): string {
  const lines = Object.entries({ Host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${target} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** A body in the chunks of chunked encoding. */
export function chunked(pieces: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat([
    ...pieces.flatMap((piece) => [
      Buffer.from(`${Buffer.byteLength(piece).toString(16)}\r\n`),
      Buffer.from(piece),
      Buffer.from('\r\n'),
    ]),
    Buffer.from('0\r\n\r\n'),
  ]);
}

/** Bytes of every value, the same each time. */
export function bytesOf(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) % 256));
}

/** One request that has reached the server, with its capture. */
export interface Arrived {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly capture: BodyCapture;
}

/** A server that captures each request at once and leaves all else to the test. */
export async function captureFor(t: TestContext, options?: BodyCaptureOptions) {
  const captures = createBodyCaptures(options);
  const waiting: Arrived[] = [];
  const server = await serverFor(t, (req, res) => {
    waiting.push({ req, res, capture: captures.capture(req, res) });
    server.emit('arrived');
  });
  return {
    captures,
    server,
    wire: () => wireTo(t, server),
    /** The next request. */
    async arrived(): Promise<Arrived> {
      while (waiting.length === 0) await once(server, 'arrived');
      return waiting.shift() as Arrived;
    },
  };
}

export type Layer = (ctx: Context, next: Next) => unknown;

/** A Koa application on a server that ends with the test. */
export async function appFor(t: TestContext, ...middleware: readonly Layer[]) {
  const app = new Koa();
  const errors: unknown[] = [];
  app.on('error', (error) => void errors.push(error));
  for (const one of middleware) app.use(one as Middleware);
  const server = await serverFor(t, app.callback());
  return { app, errors, server, url: `http://127.0.0.1:${portOf(server)}`, wire: () => wireTo(t, server) };
}

/** An application that takes every request for the empty one that carries this one. */
export function appWith(t: TestContext, kept: Partial<ReplayableRequest>, ...behind: readonly Layer[]) {
  return appFor(
    t,
    (ctx, next) => {
      const result = replayBody(ctx, { method: 'POST', headers: [], body: Buffer.from('a=1'), ...kept });
      assert.equal(result, 'replayed');
      return next();
    },
    ...behind,
  );
}

export async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}
