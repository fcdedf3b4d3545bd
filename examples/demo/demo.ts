import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CasOptions } from '../../src/index.ts';
import { startFakeCas } from '../../src/testing/index.ts';
import type { DemoArguments } from './arguments.ts';
import { createPortal } from './portal.ts';
import type { Terminal } from './terminal.ts';

/** Everything that the demo runs. */
export interface Demo {
  close(): Promise<void>;
}

/** Starts the portal, and the fake CAS server unless there is a real one, and shows the start screen. */
export async function startDemo({ cas, ca, port }: DemoArguments, terminal: Terminal): Promise<Demo> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => void (await Promise.all(closers.map((end) => end())));
  try {
    const trusted = ca === undefined ? {} : { ca: await readFile(ca, 'utf8') };
    const fake = cas === undefined ? await startFakeCas() : undefined;
    if (fake) closers.push(() => fake.close());

    const server = createServer().listen(port, '127.0.0.1');
    closers.push(async () => {
      server.close();
      server.closeAllConnections();
    });
    await once(server, 'listening');
    const portalUrl = `http://localhost:${(server.address() as AddressInfo).port}`;
    const casServer: CasOptions = { serverUrl: fake?.url ?? cas ?? '', ...trusted };
    const { app, sso } = createPortal({
      baseUrl: portalUrl,
      server: casServer,
      fakeServer: fake !== undefined,
      journal: terminal.step,
      logger: { debug() {}, info() {}, warn: terminal.note, error: terminal.note },
    });
    closers.push(() => sso.close());
    app.on('error', (error: Error) => terminal.note(`${error.name}: ${error.message}`));
    server.on('request', app.callback());
    terminal.start({ portalUrl, casUrl: casServer.serverUrl, users: fake?.users });
    return { close };
  } catch (error) {
    await close();
    throw error;
  }
}
