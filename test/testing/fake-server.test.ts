import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { startFakeCas, startFakeWls } from '../../src/testing/index.ts';
import { localhostCertificate as tls } from './localhost-certificate.ts';

/** Much longer than closing takes, and much shorter than Node waits for a handshake. */
const PATIENCE_MS = 3000;

interface Closable {
  readonly url: string;
  close(): Promise<void>;
}

/** A connection whose other end says this much, and no more. */
async function openSocket(t: TestContext, url: string, says = ''): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  if (says !== '') socket.write(says);
  return socket;
}

async function assertCloses(server: Closable): Promise<void> {
  const closed = server.close().then(() => true);
  assert.ok(await Promise.race([closed, delay(PATIENCE_MS, false, { ref: false })]), 'close() hangs');
}

for (const [name, start] of [
  ['FakeCas', startFakeCas],
  ['FakeWls', startFakeWls],
] as const) {
  test(`${name}.close() ends connections that have not finished their TLS handshake`, async (t) => {
    const server: Closable = await start({ tls });
    // The first bytes of a record of TLS, and nothing of what they announce.
    const sockets = [await openSocket(t, server.url), await openSocket(t, server.url, '\u0016\u0003\u0001')];
    await delay(50);
    const ended = Promise.all(sockets.map((socket) => once(socket, 'close')));
    await assertCloses(server);
    await ended;
    await server.close();
  });

  test(`${name}.close() ends connections that are kept open, with TLS and without`, async (t) => {
    for (const options of [{ tls }, {}]) {
      const server: Closable = await start(options);
      const agent = new Agent({ keepAliveTimeout: 60_000, connect: { ca: tls.cert } });
      t.after(() => agent.destroy());
      await (await request(`${server.url}/nothing`, { dispatcher: agent })).body.dump();
      const silent = await openSocket(t, server.url);
      await delay(50);
      const ended = once(silent, 'close');
      await assertCloses(server);
      await ended;
    }
  });
}
