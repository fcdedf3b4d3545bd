import type { Context } from 'koa';

const unattended = new WeakSet<object>();

/** Says that nobody is looking at this request: a page that keeps itself up to date must not keep a login from going idle. */
export function markUnattended({ req }: Context): void {
  unattended.add(req);
}

export const isUnattended = ({ req }: Context): boolean => unattended.has(req);
