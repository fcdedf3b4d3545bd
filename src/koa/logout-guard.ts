import type { Context } from 'koa';
import { isNavigation, siteOf } from './request.ts';

/**
 * Whether a request to log out was meant by the person: a form or a link of our own pages, or an address typed by hand.
 * `ask` where the browser does not say; an image tag or a form on another site is `refused`.
 */
export function judgeLogout(ctx: Context, origin: string): 'meant' | 'ask' | 'refused' {
  const site = siteOf(ctx, origin);
  if (site === 'other') return 'refused';
  // Every browser names the sender of a POST from another site, so one without a name does not come from there.
  if (ctx.method === 'POST') return 'meant';
  if (!isNavigation(ctx)) return 'refused';
  return site === 'same-origin' || site === 'user' ? 'meant' : 'ask';
}
