import type Router from '@koa/router';
import type { Context } from 'koa';
import type { CampusSso, User } from '../../../src/index.ts';
import { askLibrary } from '../ask-library.ts';
import type { LoginServers } from '../login-servers.ts';
import { EXPIRE_GRANT, failedPage, GRADES_PAGE, gradesPage, noFormPage, noGradesPage } from '../pages/grades.ts';
import type { Html } from '../pages/html.ts';
import type { Ways } from '../pages/no-tickets.ts';
import { receiptPage } from '../pages/receipt.ts';
import type { Addresses } from '../pages/trouble.ts';
import type { Page } from '../respond.ts';
import { countForm, recall, remember } from './memory.ts';
import { readForm, valuesOf } from './read-form.ts';

export interface GradesOptions {
  readonly sso: CampusSso;
  readonly addresses: Addresses;
  readonly expireGrants: LoginServers['expireGrants'];
  send(ctx: Context, page: Page): void;
  /** The ways of somebody who has no proxy tickets; undefined for whoever has them. */
  waysWithoutTickets(user: User): Ways | undefined;
  /** Whether a page of the portal sent the form. */
  isOwn(ctx: Context): boolean;
  refuse(ctx: Context): Promise<void>;
}

/** The page to hand in grades on: its form survives that the grant of the portal ends while somebody fills it in. */
export function addGrades(router: Router, options: GradesOptions): void {
  const { sso, addresses, expireGrants, waysWithoutTickets } = options;
  const send = (ctx: Context, content: Html) => options.send(ctx, { title: 'Grades', user: ctx.state.user, content });

  router.get(GRADES_PAGE, sso.requireLogin(), (ctx) => {
    const ways = waysWithoutTickets(ctx.state.user);
    if (ways) return send(ctx, noGradesPage(ways));
    const memory = recall(ctx);
    if (memory.grantExpired) remember(ctx, { grantExpired: false });
    return send(ctx, gradesPage({ memory, canExpire: expireGrants !== undefined }));
  });

  router.post(EXPIRE_GRANT, sso.requireLogin(), (ctx) => {
    const { user } = ctx.state;
    if (expireGrants && !waysWithoutTickets(user)) {
      expireGrants(user.id);
      remember(ctx, { grantExpired: true });
    }
    ctx.redirect(GRADES_PAGE);
    ctx.status = 303;
  });

  router.post(GRADES_PAGE, sso.requireLogin({ keepBody: true }), async (ctx) => {
    const { replay } = ctx.state;
    // A form that is sent again was judged when it came first. This time the login server may have led here.
    if (!replay && !options.isOwn(ctx)) return options.refuse(ctx);
    const ways = waysWithoutTickets(ctx.state.user);
    if (ways) return send(ctx, noGradesPage(ways));

    const form = await readForm(ctx);
    if (typeof form === 'string') {
      ctx.status = form === 'tooLarge' ? 413 : 400;
      return send(ctx, noFormPage(form));
    }
    // That the grant has ended is left to the plugin. Nothing is done before this call that must not be done twice.
    const asked = await askLibrary(ctx.sso, addresses.library, ['ERR_SSO_PROXY_GRANT_EXPIRED']);
    if (asked.kind === 'failed') {
      ctx.status = 502;
      return send(ctx, failedPage(form, asked, addresses));
    }
    const { times } = countForm(ctx, valuesOf(form, 'course').join(', '));
    const key = ctx.get('Idempotency-Key');
    return send(ctx, receiptPage({ form, answer: asked.answer, times, key, replay }));
  });
}
