/**
 * Where on our own site to go after a login: the path, query and fragment of `target` if it is a place below `baseUrl`,
 * else undefined. Browsers take `//host`, `/\host`, `\\host` and addresses with tabs or line breaks in them to another
 * site, so anything but a plain path is judged by what a URL parser makes of it (ASVS 3.7.2).
 *
 * @param baseUrl absolute, without a trailing slash
 */
export function localTarget(target: unknown, baseUrl: string): string | undefined {
  if (typeof target !== 'string' || target === '' || target.length > MAX_LENGTH) return undefined;
  // Control characters, spaces and backslashes are either dropped or turned into slashes by browsers.
  if (/[\u0000-\u0020\u007f-\u009f\\]/.test(target)) return undefined;
  // Half a character cannot be carried in an address.
  if (/\p{Surrogate}/u.test(target)) return undefined;
  // A scheme must be followed by two slashes, not one, none or three, which parsers and browsers read apart.
  if (!/^\/(?!\/\/)/.test(target) && !/^https?:\/\/[^/]/i.test(target)) return undefined;
  const base = new URL(baseUrl);
  let url: URL;
  try {
    url = new URL(target, base);
  } catch {
    return undefined;
  }
  if (url.origin !== base.origin || url.username !== '' || url.password !== '') return undefined;
  const basePath = base.pathname.replace(/\/+$/, '');
  if (url.pathname !== basePath && !url.pathname.startsWith(`${basePath}/`)) return undefined;
  // The path of a URL may begin with two slashes, and a Location of that form names a host.
  if (url.pathname.startsWith('//')) return undefined;
  return verbatim(target, url);
}

const MAX_LENGTH = 4096;

/** A path as it was written, so that `%20`, `+` and `?flag` come back as they were; only dots are resolved. */
function verbatim(target: string, url: URL): string {
  const resolved = url.pathname + url.search + url.hash;
  if (!target.startsWith('/') || target.startsWith('//')) return resolved;
  const [path = ''] = target.split(/[?#]/);
  return /(^|\/)\.{1,2}(\/|$)|%2e/i.test(path) ? resolved : target;
}
