import { randomBytes } from 'node:crypto';
import Router from '@koa/router';
import Koa from 'koa';
import { type CampusSso, type CampusSsoOptions, type CasOptions, campusSso, cas } from '../../src/index.ts';
import { ICON, ICON_PATH } from './pages/icon.ts';
import { myPage } from './pages/me.ts';
import { missingPage, notesPage } from './pages/notes.ts';
import { startPage } from './pages/start.ts';
import { STYLE, STYLE_PATH } from './pages/style.ts';
import { createSender, sendFile } from './respond.ts';

export interface PortalOptions extends Pick<CampusSsoOptions, 'baseUrl' | 'journal' | 'logger'> {
  readonly server: CasOptions;
  /** Whether `server` is the fake one. */
  readonly fakeServer: boolean;
}

export interface Portal {
  readonly app: Koa;
  readonly sso: CampusSso;
}

/**
 * The application of the demo: an open start page, and two pages for people who are signed in.
 * @throws SsoError ERR_SSO_OPTIONS
 */
export function createPortal({ server, fakeServer, ...options }: PortalOptions): Portal {
  const app = new Koa();
  const secrets = [randomBytes(32).toString('base64url')];
  const sso = campusSso({ ...options, secrets, login: cas(server), afterLogout: '/signed-out' });
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

  app.use(sso.session(app));
  app.use(sso.routes());
  app.use(router.routes());
  app.use(async (ctx) => {
    ctx.status = 404;
    send(ctx, { title: 'Not found', user: await ctx.sso.user(), content: missingPage() });
  });
  return { app, sso };
}
