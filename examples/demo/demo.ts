import { writeFile } from 'node:fs/promises';
import type Koa from 'koa';
import { createDevelopmentCa } from '../../src/testing/index.ts';
import type { DemoArguments } from './arguments.ts';
import { createLibrary, LOANS_PATH } from './library/library.ts';
import { type ListenerOptions, listen } from './listener.ts';
import { startLoginServers } from './login-servers.ts';
import { createPortal } from './portal.ts';
import type { Terminal } from './terminal.ts';
import { createTrustingFetch } from './trusting-fetch.ts';

/** Everything that the demo runs. */
export interface Demo {
  close(): Promise<void>;
}

const CALLBACK_PATH = '/sso/proxy-callback';

/** Starts the portal, the library, and fake login servers unless there is a real one, and shows the start screen. */
export async function startDemo(wanted: DemoArguments, terminal: Terminal): Promise<Demo> {
  const closers: (() => Promise<unknown>)[] = [];
  let closed: Promise<unknown> | undefined;
  const close = async () => {
    closed ??= Promise.all(closers.map((end) => end()));
    await closed;
  };
  const take = async (options: ListenerOptions) => {
    const listener = await listen(options);
    closers.push(listener.close);
    return listener;
  };
  try {
    const { certificate, tls } = await makeCertificates(wanted);
    const seen = wanted.https ? tls : undefined;
    const onStart = (end: () => Promise<unknown>) => void closers.push(end);
    const servers = await startLoginServers({ wanted, certificate, tls: seen, onStart });

    const front = await take({ port: wanted.port, tls: seen });
    const back = wanted.https ? front : await take({ tls });
    const shelf = await take({ tls: seen });
    const addresses = { callback: back.url + CALLBACK_PATH, library: shelf.url + LOANS_PATH };

    const logger = { debug() {}, info() {}, warn: terminal.note, error: terminal.note };
    const shared = { logger, journal: terminal.step };
    const calls = createTrustingFetch(certificate);
    const portal = createPortal({
      ...shared,
      baseUrl: front.url,
      addresses,
      servers,
      fetch: calls.fetch,
    });
    const library = createLibrary({
      ...shared,
      baseUrl: shelf.url,
      server: servers.cas,
      portalCallback: addresses.callback,
    });
    closers.push(calls.close, portal.sso.close, library.sso.close);

    const serve = (app: Koa) => app.on('error', (error: Error) => terminal.note(`${error.name}: ${error.message}`));
    front.serve(serve(portal.app));
    if (back !== front) back.serve(serve(portal.callbackApp));
    shelf.serve(serve(library.app));
    terminal.start({
      portalUrl: front.url,
      libraryUrl: shelf.url,
      callbackUrl: addresses.callback,
      servers,
    });
    return { close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** An authority of our own, and one certificate for every port of this machine; in memory only, unless asked for. */
async function makeCertificates({ writeCa }: DemoArguments) {
  const authority = await createDevelopmentCa({ commonName: 'koa-campus-sso demo CA', days: 7 });
  const { certificate } = authority;
  if (writeCa !== undefined) await writeFile(writeCa, certificate);
  return { certificate, tls: await authority.issue({ hosts: ['localhost'], withIntermediate: true }) };
}
