import { randomBytes } from 'node:crypto';
import { cookieName } from '../../src/koa/cookie-header.ts';
import { createRequestCookies, type KeptRequestCookie } from '../../src/koa/request-cookies.ts';
import { browserAt, type CookieSetup, HTTP_URL, optionsWith } from './cookie-support.ts';
import { stoppedClock } from './support.ts';

/** The cookies of requests, and what their names begin with. */
export function cookiesWith(setup: CookieSetup = {}) {
  const options = optionsWith(setup);
  return { cookies: createRequestCookies(options, randomBytes), prefix: `${cookieName(options, 'request')}-` };
}

/** Random bytes in base64url. */
export const text = (bytes: number) => randomBytes(bytes).toString('base64url');

/** A cookie with random parts, but for these. */
export const kept = (changes: Partial<KeptRequestCookie> = {}): KeptRequestCookie => ({
  handle: text(16),
  id: text(32),
  secret: text(32),
  browser: text(16),
  attempt: text(16),
  ...changes,
});

/** The value of a cookie. */
export const valueFor = ({ id, secret, browser, attempt }: KeptRequestCookie, issuedAt = 'tabcde') =>
  `${issuedAt}.${id}.${secret}.${browser}.${attempt}`;

/** A browser with so many cookies, one a minute, and what they hold, the first first. */
export function filled(count: number) {
  const clock = stoppedClock();
  const { cookies, prefix } = cookiesWith({ clock });
  const browser = browserAt(HTTP_URL);
  const all = Array.from({ length: count }, () => kept());
  for (const one of all) {
    browser.visit((ctx) => cookies.issue(ctx, one));
    clock.advance(60);
  }
  const held = () => browser.visit((ctx) => cookies.of(ctx));
  return { clock, cookies, prefix, browser, all, held };
}
