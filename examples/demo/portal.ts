import { randomBytes } from 'node:crypto';
import Router from '@koa/router';
import Koa from 'koa';
import { type CampusSso, type CampusSsoOptions, type CasOptions, campusSso, cas } from '../../src/index.ts';
import { askLibrary } from './ask-library.ts';
import { ICON, ICON_PATH } from './pages/icon.ts';
import { LOANS_PAGE, loansPage, SIGN_IN_AGAIN } from './pages/loans.ts';
import { myPage } from './pages/me.ts';
import { missingPage, notesPage, strangeFormPage } from './pages/notes.ts';
import { startPage } from './pages/start.ts';
import { STYLE, STYLE_PATH } from './pages/style.ts';
import type { Addresses } from './pages/trouble.ts';
import { createSender, isOwnForm, sendFile } from './respond.ts';

export interface PortalOptions extends Pick<CampusSsoOptions, 'journal' | 'logger'> {
  readonly baseUrl: string;
  readonly server: CasOptions;
  /** Whether `server` is the fake one. */
  readonly fakeServer: boolean;
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
export function createPortal({ server, fakeServer, addresses, ...options }: PortalOptions): Portal {
  const app = new Koa();
  const secrets = [randomBytes(32).toString('base64url')];
  const login = cas({ ...server, proxyGrants: true, proxyCallbackUrl: addresses.callback });
  const sso = campusSso({ ...options, secrets, login, afterLogout: '/signed-out' });
  const send = createSender(new URL(server.serverUrl).origin);
  const router = new Router();

  router.get(STYLE_PATH, (ctx) => sendFile(ctx, 'css', STYLE));
  router.get(ICON_PATH, (ctx) => sendFile(ctx, 'svg', ICON));
  router.get(['/', '/signed-out'], async (ctx) => {
    const user = await ctx.sso.user();
    const signedOut = ctx.path === '/signed-out' && user === null;
    send(ctx, { title: 'Start', user, content: startPage(user, { signedOut, fakeServer }) });
  });
  router.get('/me', sso.requireLogin(), (ctx) => {
    const { user } = ctx.state;
    send(ctx, { title: 'My page', user, content: myPage(user, ctx.sso.logoutUrl) });
  });
  router.get('/notes', sso.requireLogin(), (ctx) => {
    send(ctx, { title: 'Notes', user: ctx.state.user, content: notesPage(ctx.originalUrl) });
  });
  router.get(LOANS_PAGE, sso.requireLogin(), (ctx) => {
    send(ctx, { title: 'My loans', user: ctx.state.user, content: loansPage(addresses) });
  });

  router.post([LOANS_PAGE, SIGN_IN_AGAIN], async (ctx, next) => {
    if (isOwnForm(ctx, options.baseUrl)) return next();
    ctx.status = 403;
    send(ctx, { title: 'Not from here', user: await ctx.sso.user(), content: strangeFormPage() });
  });
  router.post(LOANS_PAGE, sso.requireLogin(), async (ctx) => {
    const asked = await askLibrary(ctx.sso, addresses.library);
    ctx.status = asked.kind === 'answered' ? 200 : 502;
    send(ctx, { title: 'My loans', user: ctx.state.user, content: loansPage(addresses, asked) });
  });
  router.post(SIGN_IN_AGAIN, async (ctx) => {
    // The login server is left alone: who is signed in there comes back with a new grant and without a password.
    await ctx.sso.logout({ everywhere: false });
    ctx.redirect(ctx.sso.loginUrl(LOANS_PAGE));
    ctx.status = 303;
  });

  app.use(sso.session(app));
  app.use(sso.routes());
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
