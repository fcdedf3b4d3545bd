import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { hash } from '../../examples/demo-grades-scene.ts';

/** A form as the browser itself wrote it, files and boundaries included. */
export interface SentBody {
  readonly url: string;
  readonly type: string;
  readonly bytes: Buffer;
  readonly sha256: string;
}

/** What a browser is told of a proxy. */
export interface SentBodies {
  readonly proxy: { readonly server: string };
  /** Every POST over plain http, the oldest first. */
  readonly posts: readonly SentBody[];
  close(): Promise<void>;
}

/**
 * A proxy between a browser and everything else, which sees what the browser sends. The tools of the browser do not show
 * the bytes of files.
 */
export async function watchSentBodies(): Promise<SentBodies> {
  const posts: SentBody[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const { url = '', method, headers } = incoming;
    if (method === 'POST') posts.push({ url, type: headers['content-type'] ?? '', bytes, sha256: hash(bytes) });
    passOn(incoming, response, bytes);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('connect', ({ url = '' }: IncomingMessage, socket: Socket) => {
    const onward = connect(Number(url.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    socket.on('error', () => onward.destroy());
    onward.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    proxy: { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    posts,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function passOn({ url = '', method = 'GET', headers }: IncomingMessage, response: ServerResponse, bytes: Buffer): void {
  const { port, pathname, search } = new URL(url);
  const onward = request({ host: '127.0.0.1', port, path: pathname + search, method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  onward.end(bytes);
}
