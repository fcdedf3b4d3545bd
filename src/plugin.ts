import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type Koa from 'koa';
import type { Middleware } from 'koa';
import { SsoError } from './errors.ts';
import { createAttempts } from './flow/attempts.ts';
import { createFlowStore } from './flow/flow-store.ts';
import type { JournalListener } from './flow/journal.ts';
import { createSiteJournal } from './journal/site-journal.ts';
import { type AcceptProxyTicketsOptions, createAcceptProxyTickets } from './koa/accept-proxy-tickets.ts';
import { createBodyCaptures } from './koa/body-capture.ts';
import { createFlowCookies } from './koa/cookies.ts';
import { holdBody } from './koa/keep-request.ts';
import { createOwnerCookie } from './koa/owner-cookie.ts';
import { createProxyClient } from './koa/proxy-client.ts';
import { createRequestCookies } from './koa/request-cookies.ts';
import { createRequireLogin, createTryLogin, type RequireLoginOptions } from './koa/require-login.ts';
import { createRoutes } from './koa/routes.ts';
import type { Keeping, Runtime, RuntimeOf, Ways } from './koa/runtime.ts';
import { createSessionMiddleware } from './koa/session.ts';
import { chooseSite, namedBy } from './koa/site.ts';
import { createUserGrants, type UserGrants } from './koa/user-grants.ts';
import type { ProxiedState, SsoContext, SsoState } from './koa-types.ts';
import { type CampusSsoOptions, type Json, resolveOptions, type Site } from './options.ts';
import type { LoginScope } from './protocols/protocol.ts';
import { createSessionEffects } from './protocols/session-effects.ts';
import { createLogins } from './storage/logins.ts';
import { createMemoryKeyv } from './storage/memory-store.ts';
import { createProxyGrants } from './storage/proxy-grants.ts';
import { createSavedRequests } from './storage/saved-requests.ts';
import { createStore } from './storage/store.ts';
import { createFlowViewer, type FlowViewer } from './viewer/viewer.ts';
import type { FlowViewerOptions } from './viewer/viewer-options.ts';

/** What an application mounts. */
export interface CampusSso<Account extends Json = null> {
  /** A koa-session with safe settings, for the outermost app. A koa-session of your own does as well. */
  session(app: Koa): Middleware;
  /**
   * Holds the bodies of forms while they are answered, where a guard says `keepBody`. `session()` does so as well, and
   * `routes()`; mount this in front of a session of your own that waits for a store before it goes on.
   */
  keepBodies(): Middleware;
  /** The routes of the plugin: `/sso/login`, `/sso/return`, `/sso/logout`, `/sso/proxy-callback`. Gives everything below it `ctx.sso`. */
  routes(): Middleware<object, SsoContext<Account>>;
  /** Everything below it is for people who are signed in, and has `ctx.state.user`. */
  requireLogin(options?: RequireLoginOptions): Middleware<SsoState<Account>, SsoContext<Account>>;
  /**
   * Recognises people who are signed in at the login server already, without prompting: everybody goes on, with
   * `ctx.state.user` or without (CAS gateway).
   */
  tryLogin(): Middleware<Partial<SsoState<Account>>, SsoContext<Account>>;
  /**
   * Everything below it is for services that act for people: each call brings a proxy ticket, and the services it came
   * through must be among the allowed ones. `ctx.state.user` has the `proxies`. Needs no session.
   */
  acceptProxyTickets(options: AcceptProxyTicketsOptions): Middleware<ProxiedState<Account>, SsoContext<Account>>;
  /**
   * Pages for those who look after the site, below `/sso/flows`: each flow as a picture of the machine that runs, and the
   * attempts of the last minutes drawn over it, live. Off unless it is mounted, and closed to everybody whom `allow` does
   * not let in. Pictures need `@viz-js/viz`; everything else is there without it.
   * @throws SsoError ERR_SSO_OPTIONS
   */
  flowViewer(options: FlowViewerOptions<Account>): Middleware<object, SsoContext<Account>>;
  /** The proxy grants of people, for work outside of their requests. */
  readonly proxyGrants: UserGrants;
  /** Ends connections to the login server, and hands the rest of the journal to its sinks. The application may then end. */
  close(): Promise<void>;
}

/**
 * Puts the plugin together.
 * @throws SsoError ERR_SSO_OPTIONS, listing everything that is wrong with the options
 */
export function campusSso<Account extends Json = null>(options: CampusSsoOptions<Account>): CampusSso<Account> {
  const resolved = resolveOptions(options);
  const { secrets, clock, logger } = resolved;
  if (!resolved.store && process.env.NODE_ENV === 'production') {
    logger.warn(
      'Logins are kept in the memory of this process: they end when it restarts, and a second process does not know them. Give `store` a Keyv over Redis, Valkey, PostgreSQL or SQLite.',
    );
  }
  const warn = (message: string) => logger.warn(message);
  const store = createStore({
    keyv: resolved.store ?? createMemoryKeyv(),
    secrets,
    deadlineMs: resolved.storeDeadlineMs,
    clock,
    warn,
  });
  const grants = createProxyGrants({ store, clock, random: randomBytes });
  const logins = createLogins({
    store,
    idleMs: resolved.idleMs,
    clock,
    random: randomBytes,
    removeGrant: grants.remove,
    warn,
  });
  const { sessionMs, routePrefix } = resolved;
  const sessionEffects = createSessionEffects({ logins, grants, sessionMs, warn });
  const place = { baseUrl: resolved.baseUrl, routePrefix };
  const services = { sessionEffects, grants, place, sessionMs, clock, logger };
  const [first, ...others] = resolved.ways;
  const ways: Ways = [first.connect(services), ...others.map((way) => way.connect(services))];
  if (ways.filter((way) => way.proxying).length > 1) {
    throw new SsoError('ERR_SSO_OPTIONS', { message: 'login: only one way to log in can have proxyGrants.' });
  }
  const proxied = ways.find((way) => way.proxying) ?? ways.find((way) => way.acceptance) ?? ways[0];
  const flowStore = createFlowStore<LoginScope>({
    store,
    flows: new Map(ways.map(({ flow }) => [flow.name, flow])),
    attemptMs: resolved.attemptMs,
    sessionMs: resolved.sessionMs,
  });
  const { journal: siteJournal, pseudonymOf, close: closeJournal } = createSiteJournal(resolved);
  const viewers: FlowViewer[] = [];
  const journal: JournalListener = (entry) => {
    siteJournal(entry);
    for (const { listener } of viewers) listener(entry);
  };
  const attempts = createAttempts({ flowStore, random: randomBytes, clock, journal, pseudonymOf });
  const { proxying } = proxied;
  const proxyClient = createProxyClient({ proxying, fetch: resolved.fetch, journal, pseudonymOf, clock });
  const cookies = createFlowCookies(resolved);
  const kept = resolved.keptRequests;
  const captures = createBodyCaptures({
    maxBytes: kept.maxBytes,
    deadlineMs: kept.uploadSeconds * 1000,
    maxHeldBytes: kept.heldBytes,
  });
  const savedRequests = createSavedRequests({
    ...kept,
    store,
    secrets,
    clock,
    random: randomBytes,
    lifeMs: kept.seconds * 1000,
    warn,
  });
  const keeping: Keeping = { isWanted: false, isSafe: async () => (await store.probe()) === 'atomic' };
  const requestCookies = createRequestCookies(resolved, randomBytes);
  const owner = createOwnerCookie(resolved);
  const personDigests = personDigester(secrets);
  const runtimes = resolved.sites.map((site) => ({
    ...site,
    runtime: {
      options: { ...resolved, ...site },
      ways,
      attempts,
      logins,
      grants,
      cookies,
      captures,
      savedRequests,
      requestCookies,
      owner,
      keeping,
      personDigests,
      proxyClient,
      journal,
      pseudonymOf,
    },
  }));
  const runtimeOf: RuntimeOf = (ctx) => chooseSite(runtimes as [Served, ...Served[]], namedBy(ctx)).runtime;
  return {
    session: (app) => createSessionMiddleware(app, resolved, (ctx) => holdBody(ctx, runtimeOf(ctx))),
    keepBodies: () => (ctx, next) => {
      holdBody(ctx, runtimeOf(ctx));
      return next();
    },
    routes: () => createRoutes(runtimeOf, resolved, ways) as Middleware<object, SsoContext<Account>>,
    requireLogin(guard) {
      if (guard?.keepBody) keeping.isWanted = true;
      return createRequireLogin(runtimeOf, guard) as unknown as Middleware<SsoState<Account>, SsoContext<Account>>;
    },
    tryLogin: () => createTryLogin(runtimeOf) as unknown as Middleware<Partial<SsoState<Account>>, SsoContext<Account>>,
    acceptProxyTickets: (accept) =>
      createAcceptProxyTickets(runtimeOf, proxied.acceptance, accept) as unknown as Middleware<
        ProxiedState<Account>,
        SsoContext<Account>
      >,
    flowViewer(viewerOptions) {
      const viewer = createFlowViewer({ runtimeOf, site: resolved, flows: flowsOf(ways) }, viewerOptions);
      viewers.push(viewer);
      return viewer.middleware as unknown as Middleware<object, SsoContext<Account>>;
    },
    proxyGrants: createUserGrants({ grants, logins, proxyClient, issuer: proxied.issuer }),
    async close() {
      for (const viewer of viewers) viewer.close();
      await Promise.all(ways.map((way) => way.close()));
      await closeJournal();
    },
  };
}

/** All flows that run in this process. */
function flowsOf(ways: Ways) {
  return ways.flatMap(({ flow, proxying, acceptance }) => [
    flow,
    ...(proxying ? [proxying.callbackFlow, proxying.ticketFlow] : []),
    ...(acceptance ? [acceptance.flow] : []),
  ]);
}

type Served = Site & { readonly runtime: Runtime };

function personDigester(secrets: readonly string[]): Runtime['personDigests'] {
  const keys = secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', 'koa-campus-sso/person', 32)));
  return ({ issuer, id }) =>
    keys.map((key) =>
      createHmac('sha256', key)
        .update(JSON.stringify([issuer, id]))
        .digest('base64url')
        .slice(0, 22),
    ) as [string, ...string[]];
}
