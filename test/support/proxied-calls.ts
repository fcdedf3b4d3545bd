import { createServer, type IncomingHttpHeaders } from 'node:http';
import type Koa from 'koa';
import type { AcceptProxyTicketsOptions, CampusSso, CasOptions, Json, KeyvLike, Sso } from '../../src/index.ts';
import { type FakeCas, type FakeCasOptions, startFakeCas } from '../../src/testing/index.ts';
import { type RawAnswer, type RawRequest, raw } from '../koa/support.ts';
import type { Browser } from './browser.ts';
import { listen, logIn } from './portal.ts';
import { type Api, type ApiSetup, type ProxySceneSetup, startApi, startProxyScene } from './proxying.ts';

/** A proxy that need not exist: tickets that came through it are made without it. */
export const PORTAL = 'https://portal.example.edu/sso/proxy-callback';

/** What a test context can do that matters here. */
export interface Ending {
  after(end: () => unknown): void;
}

export interface GuardedSetup extends Omit<ApiSetup, 'accept' | 'cas'> {
  readonly accept?: Partial<AcceptProxyTicketsOptions>;
  readonly cas?: Partial<CasOptions>;
  readonly fakeCas?: FakeCasOptions;
}

export interface TicketSetup {
  readonly user?: string;
  /** The most recent first. Default: the one that is allowed by default. */
  readonly proxies?: readonly string[];
  /** Default: the address that is called. */
  readonly service?: string;
}

/** A service behind the guard, and the login server; both end with the test. */
export interface GuardedApi {
  readonly fakeCas: FakeCas;
  readonly api: Api;
  /** A ticket for a path of the service. */
  ticketFor(path: string, setup?: TicketSetup): string;
  /** One request, as it stands. */
  send(path: string, request?: RawRequest): Promise<RawAnswer>;
  /** Calls a path with a ticket for it at the end of the query. */
  call(path: string, setup?: TicketSetup & RawRequest): Promise<RawAnswer>;
}

export async function guardedApi(t: Ending, setup: GuardedSetup = {}): Promise<GuardedApi> {
  const fakeCas = await startFakeCas({ callbackStyle: 'one-call', ...setup.fakeCas });
  t.after(() => fakeCas.close());
  const api = await startApi({
    ...setup,
    cas: { serverUrl: fakeCas.url, ...setup.cas },
    accept: { allowedChains: [[PORTAL]], ...setup.accept },
  });
  t.after(() => api.close());
  const ticketFor = (
    path: string,
    { user = 'alice', proxies = [PORTAL], service = api.url + path }: TicketSetup = {},
  ) => fakeCas.issueTicket(user, service, { proxies });
  const send = (path: string, request: RawRequest = {}) => raw(api.url, { target: path, ...request });
  return {
    fakeCas,
    api,
    ticketFor,
    send,
    call: (path, how = {}) => send(`${path}${path.includes('?') ? '&' : '?'}ticket=${ticketFor(path, how)}`, how),
  };
}

/** A store that shows what is in it, and all that ever was. */
export interface OpenStore {
  readonly keyv: KeyvLike;
  readonly records: ReadonlyMap<string, unknown>;
  /** Every key and value that was written, in order. */
  readonly written: readonly (readonly [string, unknown])[];
  /** From now on, writes to keys that match fail, with an error that shows the record, as some drivers do. */
  failWrites(key: RegExp | null): void;
}

export function openStore(): OpenStore {
  const records = new Map<string, unknown>();
  const written: [string, unknown][] = [];
  let broken: RegExp | null = null;
  return {
    records,
    written,
    keyv: {
      get: async (key) => records.get(key),
      async set(key, value) {
        if (broken?.test(key)) throw new Error(`cannot write ${key} = ${value}`);
        written.push([key, value]);
        records.set(key, value);
        return true;
      },
      delete: async (key) => records.delete(key),
    },
    failWrites(key) {
      broken = key;
    },
  };
}

type Work = (sso: Sso<Json>) => Promise<void>;

/** A portal that may proxy, with a page that does what a test says, for whoever is signed in. */
export async function runnerScene(t: Ending, setup: Omit<ProxySceneSetup, 'mount'> = {}) {
  let work: Work | undefined;
  const mount = (app: Koa, sso: CampusSso<Json>) => {
    app.use(sso.session(app));
    app.use(sso.routes());
    app.use(async (ctx, next) => {
      if (ctx.path !== '/run') return next();
      await work?.(ctx.sso);
      ctx.body = 'done';
    });
    app.use(sso.requireLogin());
    app.use((ctx) => {
      ctx.body = { user: ctx.state.user };
    });
  };
  const scene = await startProxyScene({ ...setup, mount });
  t.after(() => scene.close());
  const browser = scene.browser();
  return {
    ...scene,
    visitor: browser,
    signIn: (name?: string) => logIn(browser, `${scene.portal.url}/me`, scene.fakeCas, name),
    /** What comes of some work with `ctx.sso` in a request of this browser: its result, or what it threw. */
    async run<T>(job: (sso: Sso<Json>) => Promise<T>, by: Browser = browser): Promise<T> {
      let outcome: PromiseSettledResult<T> | undefined;
      work = async (sso) => {
        [outcome] = await Promise.allSettled([job(sso)]);
      };
      const page = await by.get(`${scene.portal.url}/run`);
      if (outcome === undefined) throw new Error(`The page did not run: ${page.status} ${page.body}`);
      if (outcome.status === 'rejected') throw outcome.reason;
      return outcome.value;
    },
  };
}

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

export interface RecordingService {
  readonly url: string;
  readonly received: readonly Received[];
}

/** A service that writes down what it receives and answers as it is told, with 200 by default. */
export async function recordingService(
  t: Ending,
  reply: (path: string) => Reply | undefined = () => undefined,
): Promise<RecordingService> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const { method = '', url = '', headers } = request;
    received.push({ method, url, headers, body });
    const path = url.replace(/\?.*/, '');
    const { status, headers: more = {} } = reply(path) ?? { status: 200 };
    response.writeHead(status, more as Record<string, string | string[]>).end(`this is ${path}`);
  });
  const url = await listen(server);
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url, received };
}
