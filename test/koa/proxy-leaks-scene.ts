import type Koa from 'koa';
import type { CampusSso, CasOptions, Json, Sso } from '../../src/index.ts';
import type { Browser, Page } from '../support/browser.ts';
import { everythingOf, recorder, secretsIn, startTap, type Tap } from '../support/leaks.ts';
import { logIn } from '../support/portal.ts';
import { type Ending, openStore } from '../support/proxied-calls.ts';
import {
  mountProxyPages,
  type ProxyScene,
  type ProxySceneSetup,
  proxyingCas,
  startApi,
  startProxyScene,
} from '../support/proxying.ts';

/** What came out of one run of everything. */
export const out = {
  'the log': [] as string[],
  'what a logger in front of us writes': [] as string[],
  'the journal': [] as string[],
  'the pages and headers that a browser gets': [] as string[],
  'the answers of the applications': [] as string[],
  'what is thrown': [] as string[],
  'the cookies': [] as string[],
  'the raw stores': [] as string[],
  'the standard error output': [] as string[],
};
/** Every PGT and IOU that the login servers made. */
export const secrets = new Set<string>();
/** What must have happened for the rest to mean anything. */
export const happened: string[] = [];
/** What the login servers and their clients said to each other, where the secrets are. */
export const conversation: string[] = [];

/** Mounted in front of everything: what it sees of a request is what a logger of the application would. */
function watch(app: Koa): void {
  app.use(recorder(out['the answers of the applications'], out['what is thrown']));
  app.use(async (ctx, next) => {
    for (const secret of secretsIn(ctx.originalUrl)) secrets.add(secret);
    try {
      await next();
    } finally {
      const { method, originalUrl, url, href, status } = ctx;
      out['what a logger in front of us writes'].push(
        [method, originalUrl, ctx.request.originalUrl, url, href].join(' '),
      );
      happened.push(`${ctx.path} ${status}`);
    }
  });
}

function keep(store: ReturnType<typeof openStore>, { log, journal }: Pick<ProxyScene['portal'], 'log' | 'journal'>) {
  out['the log'].push(...log);
  out['the journal'].push(...journal.map((entry) => everythingOf(entry)));
  out['the raw stores'].push(...store.written.flat().map(String));
  happened.push(...journal.map(({ flow, to, code }) => `${flow} ${to}${code === null ? '' : ` ${code}`}`));
}

/** A portal whose conversation with the login server is listened to. */
export async function startListenedTo(ending: Ending, setup: ProxySceneSetup) {
  const tap = await startTap(ending);
  const store = openStore();
  const endpoints = { validate: `${tap.url}/cas/p3/serviceValidate`, proxy: `${tap.url}/cas/proxy` };
  const scene = await startProxyScene({
    mount(app: Koa, sso: CampusSso<Json>) {
      watch(app);
      mountProxyPages(app, sso);
    },
    ...setup,
    options: { store: store.keyv },
    cas: { endpoints, ...setup.cas },
  });
  ending.after(() => scene.close());
  tap.target = new URL(scene.fakeCas.url).origin;
  const opened: Browser[] = [];
  return {
    ...scene,
    tap,
    store,
    async signIn(name: string) {
      const browser = scene.browser();
      opened.push(browser);
      collect(await logIn(browser, `${scene.portal.url}/me`, scene.fakeCas, name));
      return async (path: string) => collect(await browser.get(scene.portal.url + path));
    },
    finish() {
      keep(store, scene.portal);
      out['what is thrown'].push(...scene.portal.errors.map(everythingOf));
      out['the cookies'].push(...opened.flatMap(({ cookies }) => cookies.all().map(everythingOf)));
      conversation.push(...tap.traffic);
      for (const secret of tap.traffic.flatMap(secretsIn)) secrets.add(secret);
    },
  };
}

/** Keeps a page and the redirects that led to it, but for the login server's own. */
function collect(last: Page): void {
  for (let page: Page | undefined = last; page; page = page.previous) {
    if (page.url.pathname.startsWith('/cas/')) continue;
    const headers = [...page.headers].map((header) => header.join(': ')).join('\n');
    out['the pages and headers that a browser gets'].push(`${page.url} ${page.status} ${headers} ${page.body}`);
  }
}

/** A service that the portal calls, which calls another one in turn. */
export async function startServices(
  ending: Ending,
  { fakeCas, callbackUrl, tap }: { readonly tap: Tap } & Pick<ProxyScene, 'fakeCas' | 'callbackUrl'>,
) {
  const endpoints = { proxyValidate: `${tap.url}/cas/p3/proxyValidate`, proxy: `${tap.url}/cas/proxy` };
  const casOptions: CasOptions = { ...proxyingCas(fakeCas.url), endpoints };
  const store = openStore();
  const library = await startApi({
    cas: casOptions,
    accept: { allowedChains: [[callbackUrl]], proxyGrant: true },
    options: { store: store.keyv },
    before: watch,
    async answer(ctx) {
      const { sso } = ctx as unknown as { sso: Sso };
      ctx.body = await (await sso.fetch(`${archive.url}/shelf`)).text();
    },
  });
  ending.after(() => library.close());
  const archive = await startApi({
    cas: casOptions,
    accept: { allowedChains: [[`${library.url}/sso/proxy-callback`, callbackUrl]] },
    before: watch,
  });
  ending.after(() => archive.close());
  return {
    library,
    archive,
    finish() {
      for (const api of [library, archive]) keep(store, api);
    },
  };
}
