import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

/** Where a fake server listens. Everything is optional. */
export interface FakeServerOptions {
  /** The TCP port. Default: 0, which takes any free one. */
  readonly port?: number;
  /** The address to listen at, which is then in `url` as well. Default: listens at `127.0.0.1`, and `url` says `localhost`. */
  readonly host?: string;
  /** Serves HTTPS with this private key and certificate, both PEM. Default: plain HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** A server that listens. */
export interface OpenServer {
  /** Scheme, host and port, as a client shall write them. */
  readonly origin: string;
  readonly port: number;
  /** Ends the server and every open connection. May be called again. */
  close(): Promise<void>;
}

/** Starts to listen. A request whose `serve` fails loses its connection. */
export async function openServer(
  { port = 0, host, tls }: FakeServerOptions,
  serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<OpenServer> {
  const listener: RequestListener = (request, response) => {
    serve(request, response).catch(() => response.destroy());
  };
  const server: Server = tls ? createTlsServer({ key: tls.key, cert: tls.cert }, listener) : createServer(listener);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await listen(server, port, host ?? '127.0.0.1');
  const taken = (server.address() as AddressInfo).port;
  const name = host === undefined ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  let closed: Promise<void> | undefined;
  return {
    origin: `${tls ? 'https' : 'http'}://${name}:${taken}`,
    port: taken,
    close() {
      closed ??= new Promise((resolve) => {
        server.close(() => resolve());
        // Not closeAllConnections, which does not know those that have not finished their TLS handshake.
        for (const socket of sockets) socket.destroy();
      });
      return closed;
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
