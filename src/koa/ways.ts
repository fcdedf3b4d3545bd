import type { Context } from 'koa';
import type { ConnectedLogin } from '../protocols/protocol.ts';
import { loginPath } from './error-page.ts';
import { type PageAction, sendPage } from './page.ts';
import type { Runtime } from './runtime.ts';

/** The way that vouches for somebody, or undefined if it is not configured any more. */
export function wayOfIssuer({ ways }: Runtime, issuer: string): ConnectedLogin | undefined {
  return ways.find((way) => way.issuer === issuer);
}

/**
 * The way that a login goes by without asking: the only one, or the one that this browser took last. Undefined when the
 * person has to choose.
 */
export function knownWay(ctx: Context, { ways, cookies, options }: Runtime): ConnectedLogin | undefined {
  if (ways.length === 1 && options.otherLogins.length === 0) return ways[0];
  const last = cookies.wayOf(ctx);
  return ways.find((way) => way.name === last);
}

/** The page on which people choose how to log in. */
export function sendChooser(ctx: Context, runtime: Runtime, returnTo: string, request?: string): void {
  const { ways, options } = runtime;
  const actions: readonly PageAction[] = [
    ...ways.map(({ name, label }) => ({
      kind: 'link' as const,
      label,
      href: loginPath(runtime, returnTo, { via: name, request }),
    })),
    ...options.otherLogins.map(({ label, path }) => ({
      kind: 'link' as const,
      label,
      href: `${options.basePath}${path}${path.includes('?') ? '&' : '?'}returnTo=${encodeURIComponent(returnTo)}`,
    })),
  ];
  sendPage(ctx, options, {
    status: 200,
    title: 'How do you want to sign in?',
    // Where people sign in by a page of the application, nothing is told to us that could be remembered.
    paragraphs: ways.length > 1 ? ['This browser will remember your choice until you sign out.'] : [],
    actions,
    layout: 'choice',
  });
}
