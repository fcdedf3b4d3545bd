import type { Context } from 'koa';
import type { User } from '../../src/index.ts';
import type { Html } from './pages/html.ts';
import { layout } from './pages/layout.ts';
import { nameOf } from './pages/person.ts';

/** What a page of the portal is made of. */
export interface Page {
  readonly title: string;
  readonly user: User | null;
  readonly content: Html;
}

/**
 * Makes the function that sends a page.
 * @param loginServers where forms may lead: Chrome holds the redirects after a form against `form-action`
 */
export function createSender(loginServers: readonly string[]) {
  const policy = [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self'",
    `form-action 'self' ${loginServers.map((url) => new URL(url).origin).join(' ')}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return (ctx: Context, { title, user, content }: Page): void => {
    const name = user && nameOf(user);
    const { logoutUrl } = ctx.sso;
    ctx.type = 'text/html; charset=utf-8';
    ctx.set('Content-Security-Policy', policy);
    ctx.set('X-Content-Type-Options', 'nosniff');
    // With `no-referrer` a form is sent with `Origin: null`, and signing out could not be told from another site's trick.
    ctx.set('Referrer-Policy', 'same-origin');
    // After signing out, Back must not show a page with somebody's data again.
    ctx.set('Cache-Control', 'no-store');
    ctx.body = layout({ title, path: ctx.path, name, loginUrl: ctx.sso.loginUrl('/me'), logoutUrl }, content);
  };
}

/**
 * Whether a form was sent by a page of this portal. The session cookie alone does not tell: it is SameSite=Lax, and to a
 * browser every port of a host is the same site.
 */
export function isOwnForm(ctx: Context, origin: string): boolean {
  const site = ctx.get('Sec-Fetch-Site');
  return site === '' ? ctx.get('Origin') === origin : site === 'same-origin';
}

/** Sends a file that is the same for everybody. */
export function sendFile(ctx: Context, type: string, content: string): void {
  ctx.type = type;
  ctx.set('Cache-Control', 'public, max-age=300');
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.body = content;
}
