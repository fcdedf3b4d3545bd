import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa, { type Context, type Middleware } from 'koa';
import type { JournalEntry } from '../../src/flow/journal.ts';
import { type CampusSso, type CampusSsoOptions, type CasOptions, cas, type Json } from '../../src/index.ts';
import { type FakeCas, startFakeCas } from '../../src/testing/fake-cas.ts';
import { type Browser, createBrowser, type Page } from './browser.ts';
import { startSso } from './run-journal.ts';

/** A small application with the plugin, on a free port, and what a test wants to see of it. */
export interface Portal {
  readonly url: string;
  readonly sso: CampusSso<Json>;
  readonly app: Koa;
  readonly journal: JournalEntry[];
  readonly log: string[];
  /** Errors that reached Koa. */
  readonly errors: unknown[];
  close(): Promise<void>;
}

export interface PortalSetup {
  /** Where people log in: `cas` in short, or `login` for anything else. */
  readonly cas?: CasOptions;
  readonly login?: CampusSsoOptions['login'];
  readonly options?: Partial<CampusSsoOptions<Json>>;
  /** Replaces the pages of the application; `sso` is ready to be mounted. */
  readonly mount?: (app: Koa, sso: CampusSso<Json>) => void;
}

export const TEST_SECRET = 'a secret of the tests, long enough for everybody';

export async function startPortal({ cas: casOptions, login, options = {}, mount }: PortalSetup): Promise<Portal> {
  const server = createServer();
  const url = await listen(server);
  const journal: JournalEntry[] = [];
  const log: string[] = [];
  const errors: unknown[] = [];
  const write = (level: string) => (message: string) => void log.push(`${level} ${message}`);
  const app = new Koa();
  app.on('error', (error) => errors.push(error));
  let sso: CampusSso<Json>;
  try {
    sso = startSso<Json>({
      baseUrl: url,
      secrets: [TEST_SECRET],
      login: login ?? cas(casOptions ?? { serverUrl: 'https://login.example.edu/cas' }),
      journal: (entry) => void journal.push(entry),
      logger: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
      ...options,
    });
  } catch (refused) {
    // The port would keep the process of the test alive.
    server.close();
    throw refused;
  }
  if (mount) mount(app, sso);
  else mountPages(app, sso);
  server.on('request', app.callback());
  return {
    url,
    sso,
    app,
    journal,
    log,
    errors,
    async close() {
      await sso.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The usual application: an open page, and everything else for people who are signed in. */
export function mountPages(app: Koa, sso: CampusSso<Json>): void {
  app.use(sso.session(app));
  app.use(sso.routes());
  app.use(openPage as Middleware);
  app.use(sso.requireLogin());
  app.use((ctx: Context) => {
    const { user } = ctx.state;
    ctx.body = { page: ctx.originalUrl, method: ctx.method, user };
  });
}

const openPage: Middleware = async (ctx, next) => {
  if (ctx.path !== '/open') return next();
  ctx.body = 'open to everybody';
};

export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

/** A portal and a fake CAS server, with everything to end them. */
export async function startPair(setup: Omit<PortalSetup, 'cas'> & { readonly cas?: Partial<CasOptions> } = {}) {
  const fakeCas = await startFakeCas();
  const portal = await startPortal({ ...setup, cas: { serverUrl: fakeCas.url, ...setup.cas } }).catch(
    async (refused) => {
      await fakeCas.close();
      throw refused;
    },
  );
  const browsers: Browser[] = [];
  return {
    fakeCas,
    portal,
    browser(): Browser {
      const browser = createBrowser();
      browsers.push(browser);
      return browser;
    },
    async close() {
      await Promise.all(browsers.map((browser) => browser.close()));
      await portal.close();
      await fakeCas.close();
    },
  };
}

/** Opens a page and goes through the login form, up to and including the page that comes back. */
export async function logIn(browser: Browser, url: string, fakeCas: FakeCas, name = 'alice'): Promise<Page> {
  return (await upToReturn(browser, url, fakeCas, name)).settle();
}

/** The same up to the redirect of the login server that carries the ticket, which is not followed. */
export async function upToReturn(browser: Browser, url: string, fakeCas: FakeCas, name = 'alice'): Promise<Page> {
  let page = await browser.get(url);
  while (page.location && !page.location.href.includes('ticket=')) page = await page.follow();
  if (page.location) return page;
  const user = fakeCas.users.find((candidate) => candidate.name === name);
  const form = page.forms[0];
  if (!user || !form) throw new Error(`No login form or no user ${name}: ${page.status} ${page.url}`);
  return page.submit(form, { username: user.name, password: user.password });
}

/** A text that is nowhere else. */
export function marker(): string {
  return `marker${randomBytes(12).toString('hex')}`;
}
