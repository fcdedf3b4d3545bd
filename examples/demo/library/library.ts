import { randomBytes } from 'node:crypto';
import Koa from 'koa';
import { type CampusSso, type CampusSsoOptions, type CasOptions, campusSso, cas } from '../../../src/index.ts';
import type { LibraryAnswer } from './answer.ts';
import { loansOf } from './loans.ts';

export interface LibraryOptions extends Pick<CampusSsoOptions, 'baseUrl' | 'journal' | 'logger'> {
  readonly server: CasOptions;
  /** The callback address of the one application that may act for people here. */
  readonly portalCallback: string;
}

export interface Library {
  readonly app: Koa;
  readonly sso: CampusSso;
}

/** The path of the loans of whomever a call is made for. */
export const LOANS_PATH = '/loans';

/**
 * A service without pages, sessions or passwords: it answers calls on somebody's behalf, and to the portal only.
 * @throws SsoError ERR_SSO_OPTIONS
 */
export function createLibrary({ server, portalCallback, ...options }: LibraryOptions): Library {
  const sso = campusSso({ ...options, secrets: [randomBytes(32).toString('base64url')], login: cas(server) });
  const app = new Koa();
  app.use(async (ctx, next) => {
    ctx.set('X-Content-Type-Options', 'nosniff');
    ctx.set('Cache-Control', 'no-store');
    await next();
  });
  app.use(sso.acceptProxyTickets({ allowedChains: [[portalCallback]] }));
  app.use((ctx) => {
    if (ctx.path !== LOANS_PATH) return;
    const { user } = ctx.state;
    const { id, issuer, proxies } = user;
    ctx.body = { reader: { id, issuer }, proxies, loans: loansOf(user, Date.now()) } satisfies LibraryAnswer;
  });
  return { app, sso };
}
