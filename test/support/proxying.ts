import { createServer } from 'node:http';
import Koa, { type Context } from 'koa';
import {
  type AcceptProxyTicketsOptions,
  type CampusSso,
  type CampusSsoOptions,
  type CasOptions,
  cas,
  type JournalEntry,
  type Json,
} from '../../src/index.ts';
import { type FakeCas, type FakeCasOptions, startFakeCas } from '../../src/testing/index.ts';
import { type Browser, createBrowser } from './browser.ts';
import { listen, type Portal, type PortalSetup, startPortal, TEST_SECRET } from './portal.ts';
import { startSso } from './run-journal.ts';

/** A portal that may call other services for the people who are signed in to it. */
export interface ProxyScene {
  readonly fakeCas: FakeCas;
  readonly portal: Portal;
  /** The callback address of the portal, as other services know it. */
  readonly callbackUrl: string;
  browser(): Browser;
  /** Ends with the scene. */
  onEnd(close: () => Promise<unknown>): void;
  close(): Promise<void>;
}

export interface ProxySceneSetup extends Omit<PortalSetup, 'cas'> {
  readonly cas?: Partial<CasOptions>;
  readonly fakeCas?: FakeCasOptions;
}

/** A portal with proxy grants over plain http, and a fake CAS server. The callback over TLS has tests of its own. */
export async function startProxyScene(setup: ProxySceneSetup = {}): Promise<ProxyScene> {
  const ends: (() => Promise<unknown>)[] = [];
  const fakeCas = await startFakeCas({ callbackStyle: 'one-call', ...setup.fakeCas });
  ends.push(() => fakeCas.close());
  const portal = await startPortal({
    mount: mountProxyPages,
    ...setup,
    cas: { ...proxyingCas(fakeCas.url), ...setup.cas },
  });
  ends.push(() => portal.close());
  return {
    fakeCas,
    portal,
    callbackUrl: `${portal.url}/sso/proxy-callback`,
    browser() {
      const browser = createBrowser();
      ends.push(() => browser.close());
      return browser;
    },
    onEnd: (end) => void ends.push(end),
    async close() {
      for (const end of ends.reverse()) await end();
    },
  };
}

/** The options of a login that asks for grants over plain http. */
export function proxyingCas(serverUrl: string): CasOptions {
  return { serverUrl, proxyGrants: true, proxyGrantWaitMs: 300, dangerouslyAllowPlainHttpProxyCallback: true };
}

/**
 * `/open` is for everybody. Behind the login: `/ticket?for=…` asks for a ticket, `/call?of=…` calls a service and shows
 * what it said, and everything else says who is signed in.
 */
export function mountProxyPages(app: Koa, sso: CampusSso<Json>): void {
  app.use(sso.session(app));
  app.use(sso.routes());
  app.use(async (ctx, next) => {
    if (ctx.path !== '/open') return next();
    ctx.body = 'open to everybody';
  });
  app.use(sso.requireLogin());
  app.use(async (ctx) => {
    const target = String(ctx.query.for ?? ctx.query.of ?? '');
    if (ctx.path === '/ticket') {
      ctx.body = { ticket: await ctx.sso.proxyTicket(target) };
    } else if (ctx.path === '/call') {
      const answer = await ctx.sso.fetch(target);
      ctx.body = { status: answer.status, body: await answer.text() };
    } else {
      ctx.body = { user: ctx.state.user };
    }
  });
}

/** A service that people call through others. */
export interface Api {
  readonly url: string;
  readonly sso: CampusSso<Json>;
  readonly log: string[];
  readonly journal: JournalEntry[];
  /** The targets of the requests that the application behind the guard has seen. */
  readonly seen: string[];
  close(): Promise<void>;
}

export interface ApiSetup {
  readonly cas: CasOptions;
  readonly accept: AcceptProxyTicketsOptions;
  /** Answers accepted calls in place of a page that says who called. */
  readonly answer?: (ctx: Context) => Promise<void> | void;
  readonly options?: Partial<CampusSsoOptions<Json>>;
  /** The path of `baseUrl`. */
  readonly basePath?: string;
  /** Mounts what stands in front of the guard. */
  readonly before?: (app: Koa, sso: CampusSso<Json>) => void;
}

/** A service with `acceptProxyTickets` in front of everything. */
export async function startApi({
  cas: casOptions,
  accept,
  answer,
  options = {},
  basePath = '',
  before,
}: ApiSetup): Promise<Api> {
  const server = createServer();
  const url = await listen(server);
  const log: string[] = [];
  const journal: JournalEntry[] = [];
  const seen: string[] = [];
  const write = (level: string) => (message: string) => void log.push(`${level} ${message}`);
  const app = new Koa();
  app.on('error', (error: Error) => log.push(`koa ${error.name}: ${error.message}`));
  const sso = startSso<Json>({
    baseUrl: url + basePath,
    secrets: [TEST_SECRET],
    login: cas(casOptions),
    journal: (entry) => void journal.push(entry),
    logger: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    ...options,
  });
  before?.(app, sso);
  app.use(sso.routes());
  app.use(sso.acceptProxyTickets(accept));
  app.use(async (ctx) => {
    seen.push(ctx.originalUrl);
    if (answer) await answer(ctx as unknown as Context);
    else ctx.body = { user: ctx.state.user, url: ctx.originalUrl, authorization: ctx.get('Authorization') };
  });
  server.on('request', app.callback());
  return {
    url,
    sso,
    log,
    journal,
    seen,
    async close() {
      await sso.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
