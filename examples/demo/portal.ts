import { randomBytes } from 'node:crypto';
import Router from '@koa/router';
import Koa, { type Context } from 'koa';
import { type CampusSso, type CampusSsoOptions, campusSso, cas, type User, ucam } from '../../src/index.ts';
import { type Asked, askLibrary } from './ask-library.ts';
import { addGrades } from './grades/routes.ts';
import type { LoginServers } from './login-servers.ts';
import { EXPIRE_GRANT, GRADES_PAGE, GRADES_SIGN_IN_AGAIN } from './pages/grades.ts';
import { ICON, ICON_PATH } from './pages/icon.ts';
import { LOANS_PAGE, loansPage, noLoansPage, SIGN_IN_AGAIN } from './pages/loans.ts';
import { myPage } from './pages/me.ts';
import { missingPage, notesPage, strangeFormPage } from './pages/notes.ts';
import { startPage } from './pages/start.ts';
import { STYLE, STYLE_PATH } from './pages/style.ts';
import type { Addresses } from './pages/trouble.ts';
import { createSender, isOwnForm, sendFile } from './respond.ts';

export interface PortalOptions extends Pick<CampusSsoOptions, 'journal' | 'logger'> {
  readonly baseUrl: string;
  readonly servers: Pick<LoginServers, 'cas' | 'raven' | 'expireGrants'>;
  readonly addresses: Addresses;
  /** Calls the library. */
  readonly fetch: typeof globalThis.fetch;
}

export interface Portal {
  readonly app: Koa;
  /** The callback and nothing else, for a port of its own. */
  readonly callbackApp: Koa;
  readonly sso: CampusSso;
}

/**
 * The application of the demo: an open start page, and pages for people who are signed in.
 * @throws SsoError ERR_SSO_OPTIONS
 */
export function createPortal({ servers, addresses, ...options }: PortalOptions): Portal {
  const app = new Koa();
  const secrets = [randomBytes(32).toString('base64url')];
  const { raven } = servers;
  const byCas = cas({ ...servers.cas, proxyGrants: true, proxyCallbackUrl: addresses.callback });
  // No page of our own for `afterLogout`: that of the plugin says who is still signed in elsewhere, and where that ends.
  const sso = campusSso({ ...options, secrets, login: raven ? [byCas, ucam(raven)] : byCas });
  const send = createSender([servers.cas.serverUrl, ...(raven ? [raven.loginUrl] : [])]);
  const hasTickets = ({ protocol }: User) => protocol === 'cas';
  const wayOf = (user: User) => (raven && !hasTickets(user) ? raven : servers.cas).label;
  const waysWithoutTickets = (user: User) =>
    hasTickets(user) ? undefined : { present: wayOf(user), needed: servers.cas.label };
  const loansOf = (user: User, asked?: Asked) => {
    const ways = waysWithoutTickets(user);
    return ways ? noLoansPage(ways) : loansPage(addresses, asked);
  };
  const isOwn = (ctx: Context) => isOwnForm(ctx, options.baseUrl);
  const refuse = async (ctx: Context) => {
    ctx.status = 403;
    send(ctx, { title: 'Not from here', user: await ctx.sso.user(), content: strangeFormPage() });
  };
  const router = new Router();

  router.get(STYLE_PATH, (ctx) => sendFile(ctx, 'css', STYLE));
  router.get(ICON_PATH, (ctx) => sendFile(ctx, 'svg', ICON));
  router.get('/', async (ctx) => {
    const user = await ctx.sso.user();
    send(ctx, { title: 'Start', user, content: startPage(user, { severalWays: raven !== undefined }) });
  });
  router.get('/me', sso.requireLogin(), (ctx) => {
    const { user } = ctx.state;
    send(ctx, { title: 'My page', user, content: myPage(user, { way: wayOf(user), logoutUrl: ctx.sso.logoutUrl }) });
  });
  router.get('/notes', sso.requireLogin(), (ctx) => {
    send(ctx, { title: 'Notes', user: ctx.state.user, content: notesPage(ctx.originalUrl) });
  });
  router.get(LOANS_PAGE, sso.requireLogin(), (ctx) => {
    send(ctx, { title: 'My loans', user: ctx.state.user, content: loansOf(ctx.state.user) });
  });

  router.post([LOANS_PAGE, SIGN_IN_AGAIN, EXPIRE_GRANT, GRADES_SIGN_IN_AGAIN], (ctx, next) =>
    isOwn(ctx) ? next() : refuse(ctx),
  );
  router.post(LOANS_PAGE, sso.requireLogin(), async (ctx) => {
    const { user } = ctx.state;
    const asked = hasTickets(user) ? await askLibrary(ctx.sso, addresses.library) : undefined;
    ctx.status = asked?.kind === 'failed' ? 502 : 200;
    send(ctx, { title: 'My loans', user, content: loansOf(user, asked) });
  });
  router.post([SIGN_IN_AGAIN, GRADES_SIGN_IN_AGAIN], async (ctx) => {
    // The login server is left alone: who is signed in there comes back with a new grant and without a password.
    await ctx.sso.logout({ everywhere: false });
    const page = ctx.path === SIGN_IN_AGAIN ? LOANS_PAGE : GRADES_PAGE;
    ctx.redirect(ctx.sso.loginUrl(page, { via: 'cas' }));
    ctx.status = 303;
  });
  addGrades(router, { sso, addresses, expireGrants: servers.expireGrants, send, waysWithoutTickets, isOwn, refuse });

  app.use(sso.session(app));
  app.use(sso.routes());
  // Nobody's secrets are at stake here. A real site lets in those who look after it: `(await ctx.sso.user())?.account?.isAdmin === true`.
  app.use(sso.flowViewer({ allow: () => true }));
  app.use(router.routes());
  app.use(async (ctx) => {
    ctx.status = 404;
    send(ctx, { title: 'Not found', user: await ctx.sso.user(), content: missingPage() });
  });

  const callbackApp = new Koa();
  const { pathname } = new URL(addresses.callback);
  callbackApp.use((ctx, next) => (ctx.path === pathname ? next() : undefined));
  callbackApp.use(sso.routes());
  return { app, callbackApp, sso };
}
