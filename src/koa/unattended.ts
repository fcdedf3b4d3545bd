import type { Context } from 'koa';
import { isNavigation } from './request.ts';

/** The viewer of the flows, below the route prefix. */
export const VIEWER_PATH = '/flows';

const unattended = new WeakSet<object>();

/** A page that keeps itself up to date must not keep a login from going idle: nobody is looking at such a request. */
export function markUnattended(ctx: Context): void {
  if (!isNavigation(ctx)) unattended.add(ctx.req);
}

/** The same before all guards, some of which may stand in front of the viewer. */
export function markUnattendedNews(ctx: Context, routePrefix: string): void {
  if (`${ctx.path}/`.includes(`${routePrefix}${VIEWER_PATH}/`)) markUnattended(ctx);
}

export const isUnattended = ({ req }: Context): boolean => unattended.has(req);
