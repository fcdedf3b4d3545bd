import type { Context } from 'koa';
import type { Site } from '../options.ts';

/**
 * The one of our addresses that a request names, or the first. A client can only choose among addresses that the
 * configuration lists, so a lie in `Host` or `X-Forwarded-Host` gains nothing (CVE-2022-39369).
 *
 * @param named scheme and host as the request shows them; behind a proxy the scheme may be that of the last hop only
 */
export function chooseSite<S extends Site>(
  sites: readonly [S, ...S[]],
  named: { readonly scheme: string; readonly host: string },
): S {
  const names = (site: Site, scheme: string) => hostOf(`${scheme}://${named.host}`) === new URL(site.origin).host;
  return (
    sites.find((site) => site.origin.startsWith(`${named.scheme}:`) && names(site, named.scheme)) ??
    sites.find((site) => names(site, site.origin.slice(0, site.origin.indexOf(':')))) ??
    sites[0]
  );
}

/** The host and port of a URL without a default port; undefined if it is none. */
function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).host : undefined;
}

/** What a request says of the address it was sent to; Koa reads the forwarded headers only if `app.proxy` is set. */
export function namedBy(ctx: Context): { readonly scheme: string; readonly host: string } {
  return { scheme: ctx.protocol, host: ctx.host };
}
