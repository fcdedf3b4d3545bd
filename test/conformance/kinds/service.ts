import type { CasLoginInput } from '../../../machines/cas-login-vocabulary.ts';
import { createRequireLogin } from '../../../src/koa/require-login.ts';
import type { Runtime } from '../../../src/koa/runtime.ts';
import { chooseSite, namedBy } from '../../../src/koa/site.ts';
import type { Site } from '../../../src/options.ts';
import { cas } from '../../../src/protocols/cas/index.ts';
import type { SessionEffects } from '../../../src/protocols/session-effects.ts';
import type { ProxyGrants } from '../../../src/storage/proxy-grants.ts';
import { compare, type Fields, type Kinds, textField } from '../kind.ts';
import { configuredBase, contextOf, siteOf } from '../sites.ts';

type Sites<S extends Site = Site> = readonly [S, ...S[]];

export const kinds: Kinds = {
  serviceUrl: async (input, expected) => compare(expected, { service: await serviceOfPage(input) }),
  serviceBase: (input, expected) => {
    if (typeof input.base === 'string') return compare(expected, configuredBase(input.base));
    const sites = (input.allowedBases as readonly string[]).map(siteOf);
    const ctx = contextOf({ target: '/', headers: headersOf(input), tls: input.tls === true });
    return compare(expected, { base: chooseSite(sites as unknown as Sites, namedBy(ctx)).baseUrl });
  },
};

/**
 * The service that a ticket on a page is validated for. With us the service of an ordinary login is the return address;
 * that of a page is only formed for a ticket that nobody here asked for, so the page gets one more of these. The attempt
 * that the guard begins for it shows the service, and goes no further.
 */
async function serviceOfPage(input: Fields): Promise<string | null> {
  const saml = input.protocol === 'SAML1.1';
  const login = cas({
    serverUrl: 'https://login.example.edu/cas',
    version: saml ? 'saml1.1' : '3.0',
    allowUnsolicitedLogin: true,
    // The clients of these vectors take any value of the parameter for a ticket.
    ticketPattern: /^.+$/s,
  }).connect({
    sessionEffects: {} as SessionEffects,
    grants: {} as ProxyGrants,
    place: { baseUrl: 'https://portal.example.edu', routePrefix: '/sso' },
    sessionMs: 1000,
    clock: Date.now,
    logger: { info() {}, warn() {} },
  });
  const asked: CasLoginInput[] = [];
  const attempts = {
    async start(_flow: unknown, request: unknown) {
      asked.push(request as CasLoginInput);
      return { kind: 'ran', secret: null };
    },
  };
  const cookies = { gatewayRecentlyDeclined: () => false, recentLogins: () => 0, wayOf: () => undefined };
  const runtimes = sitesOf(input).map((site) => ({
    ...site,
    runtime: {
      options: { ...site, routePrefix: '/sso', afterLogin: null, otherLogins: [] },
      ways: [login],
      attempts,
      cookies,
    } as unknown as Runtime,
  }));
  const guard = createRequireLogin(
    (ctx) => chooseSite(runtimes as unknown as Sites<(typeof runtimes)[number]>, namedBy(ctx)).runtime,
  );
  const ctx = contextOf({
    target: `${textField(input, 'path')}?${queryWith(`${saml ? 'SAMLart' : 'ticket'}=ST-1-one-more`, input)}`,
    headers: { accept: 'text/html', 'sec-fetch-mode': 'navigate', ...headersOf(input) },
    tls: input.scheme === 'https',
  });
  await guard(Object.assign(ctx, { session: null }), async () => {});
  await login.close();
  return asked[0]?.unsolicitedService ?? null;
}

function queryWith(parameter: string, { query, next }: Fields): string {
  const own = typeof next === 'string' ? `next=${encodeURIComponent(next)}` : query;
  return typeof own === 'string' ? `${own}&${parameter}` : parameter;
}

/**
 * What `baseUrl` says with us. A server name without a scheme is completed with the scheme and the port that people reach
 * the server by; a whole address stands as it is, and without any there is what the request was sent to.
 */
function sitesOf(input: Fields): readonly Site[] {
  const { scheme = 'https', base, host, port } = input;
  const isWhole = (text: string) => /^https?:/.test(text);
  const complete = (text: string) => (isWhole(text) ? text : `${scheme}://${text}`);
  if (Array.isArray(input.allowedBases)) return input.allowedBases.map((text) => siteOf(complete(text)));
  const text = base || host;
  if (typeof text !== 'string') throw new TypeError('the vector says nowhere what the server is called');
  const url = new URL(complete(text));
  if (!isWhole(text) && port !== undefined) url.port = String(port);
  return [siteOf(url.href)];
}

function headersOf(input: Fields): Readonly<Record<string, string>> {
  return (input.headers ?? {}) as Readonly<Record<string, string>>;
}
