import type { Context } from 'koa';
import type { ResolvedOptions } from '../options.ts';

/**
 * Whether a request is a person opening a page, the only thing that may start or finish a login: not a HEAD, a prefetch,
 * an XHR or fetch, an image, a frame. Browsers say so in `Sec-Fetch-*`; older ones at least accept HTML.
 */
export function isNavigation(ctx: Context): boolean {
  if (ctx.method === 'HEAD' || ctx.method === 'OPTIONS') return false;
  if (/prefetch|prerender/i.test(ctx.get('Sec-Purpose') || ctx.get('Purpose') || ctx.get('X-Moz'))) return false;
  if (/xmlhttprequest/i.test(ctx.get('X-Requested-With'))) return false;
  const mode = ctx.get('Sec-Fetch-Mode');
  const destination = ctx.get('Sec-Fetch-Dest');
  if (mode !== '' && mode !== 'navigate') return false;
  if (destination !== '' && destination !== 'document') return false;
  return mode === 'navigate' || /\btext\/html\b|\bapplication\/xhtml\+xml\b/i.test(ctx.get('Accept'));
}

/** Whether the caller reads JSON rather than pages. */
export function wantsJson(ctx: Context): boolean {
  return !/\btext\/html\b|\bapplication\/xhtml\+xml\b/i.test(ctx.get('Accept'));
}

/** Where a request says it comes from: `unknown` when the browser says nothing. */
export function siteOf(ctx: Context, origin: string): 'same-origin' | 'user' | 'other' | 'unknown' {
  const site = ctx.get('Sec-Fetch-Site');
  if (site === 'same-origin') return 'same-origin';
  if (site === 'none') return 'user';
  if (site !== '') return 'other';
  const sender = ctx.get('Origin');
  if (sender !== '') return sender === origin ? 'same-origin' : 'other';
  return 'unknown';
}

/**
 * The path and query of a request as the browser knows them, from the request line and never from `Host`: below the path
 * of `baseUrl`, whether a mount or a reverse proxy took that path off or not.
 */
export function externalPath(ctx: Context, options: ResolvedOptions): string {
  const target = ctx.originalUrl.replace(/^https?:\/\/[^/?#]*/i, '') || '/';
  const { basePath } = options;
  const hasBase = target === basePath || target.startsWith(`${basePath}/`) || target.startsWith(`${basePath}?`);
  return basePath === '' || hasBase ? target : basePath + target;
}

/** The raw query of a request, without `?`. */
export function rawQuery(ctx: Context): string {
  return /\?(.*)$/s.exec(ctx.originalUrl)?.[1] ?? '';
}

/** Gives the address of a request another query, or none: for the application, and for a logger in front of us too. */
export function replaceQuery(ctx: Context, query: string | null): void {
  const replacement = query === null ? '' : `?${query}`;
  // By a function, since `$&` in a text means the match: with a query that holds it, what was taken out would come back.
  const replaced = (url: string) => url.replace(/\?.*$/s, () => replacement);
  ctx.url = replaced(ctx.url);
  ctx.originalUrl = replaced(ctx.originalUrl);
  ctx.request.originalUrl = ctx.originalUrl;
  // Koa keeps `ctx.URL` from the first look at it.
  Reflect.deleteProperty(ctx.request, 'memoizedURL');
}
