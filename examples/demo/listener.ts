import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type Koa from 'koa';

/** A port of this machine that is ours. */
export interface Listener {
  /** Scheme, host and port. */
  readonly url: string;
  /** Lets an application answer. Nothing is answered before. */
  serve(app: Koa): void;
  close(): Promise<void>;
}

export interface ListenerOptions {
  /** 0 takes any free port. */
  readonly port?: number;
  /** Serves HTTPS with this certificate; undefined for plain http. */
  readonly tls: { readonly key: string; readonly cert: string } | undefined;
}

/** Takes a port first and the application later, since applications are told the addresses of each other. */
export async function listen({ port = 0, tls }: ListenerOptions): Promise<Listener> {
  const server = tls ? createTlsServer({ key: tls.key, cert: tls.cert }) : createServer();
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `${tls ? 'https' : 'http'}://localhost:${(server.address() as AddressInfo).port}`,
    serve: (app) => void server.on('request', app.callback()),
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // Not closeAllConnections, which does not know those that have not finished their TLS handshake.
      for (const socket of sockets) socket.destroy();
      return closed;
    },
  };
}
