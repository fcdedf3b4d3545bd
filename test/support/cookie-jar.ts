export interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  /** Sent to the host that set it only, and not to hosts below it. */
  readonly hostOnly: boolean;
  readonly path: string;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite: 'strict' | 'lax' | 'none';
  /** Milliseconds since the epoch; a session cookie never expires here. */
  readonly expires: number;
}

/** How a request came about, as far as SameSite asks. */
export interface CookieUse {
  readonly crossSite: boolean;
  readonly method: string;
}

/** The cookies of one browser: by host and path, blind to ports, as RFC 6265bis has it. */
export class CookieJar {
  readonly #cookies = new Map<string, Cookie>();

  /** Takes over what a response from `url` set; a cookie that a browser would refuse is dropped without a word. */
  store(url: URL, setCookie: readonly string[]): void {
    for (const line of setCookie) {
      const cookie = parse(url, line);
      if (cookie === undefined) continue;
      const key = `${cookie.domain};${cookie.path};${cookie.name}`;
      this.#cookies.delete(key);
      if (cookie.expires > Date.now()) this.#cookies.set(key, cookie);
    }
  }

  /** The cookies that go with a request for `url`, the most specific path first. */
  matching(url: URL, use: CookieUse = { crossSite: false, method: 'GET' }): readonly Cookie[] {
    return this.all()
      .filter((cookie) => domainMatches(cookie, url.hostname) && pathMatches(cookie.path, url.pathname))
      .filter((cookie) => (!cookie.secure || url.protocol === 'https:') && siteAllows(cookie, use))
      .sort((a, b) => b.path.length - a.path.length);
  }

  /** The value of the `Cookie` header of a request for `url`, or undefined without any. */
  header(url: URL, use?: CookieUse): string | undefined {
    const cookies = this.matching(url, use);
    return cookies.length === 0 ? undefined : cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  }

  all(): readonly Cookie[] {
    const now = Date.now();
    return [...this.#cookies.values()].filter((cookie) => cookie.expires > now);
  }

  /** Forgets one cookie by name, those whose name matches, or all of them. */
  clear(name?: string | RegExp): void {
    for (const [key, cookie] of this.#cookies) {
      const isNamed = name instanceof RegExp ? name.test(cookie.name) : name === undefined || cookie.name === name;
      if (isNamed) this.#cookies.delete(key);
    }
  }
}

function domainMatches(cookie: Cookie, host: string): boolean {
  return host === cookie.domain || (!cookie.hostOnly && host.endsWith(`.${cookie.domain}`));
}

function pathMatches(cookiePath: string, path: string): boolean {
  return path === cookiePath || path.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`);
}

// Chromium's two minutes of grace for a POST with a cookie that says no SameSite are left out on purpose:
// what works only thanks to them does not work.
function siteAllows(cookie: Cookie, use: CookieUse): boolean {
  if (!use.crossSite || cookie.sameSite === 'none') return true;
  return cookie.sameSite === 'lax' && (use.method === 'GET' || use.method === 'HEAD');
}

function parse(url: URL, line: string): Cookie | undefined {
  const [pair = '', ...rest] = line.split(';');
  const equals = pair.indexOf('=');
  const name = pair.slice(0, Math.max(equals, 0)).trim();
  if (name === '') return undefined;
  const attributes = new Map(
    rest.map((part) => {
      const [key = '', ...value] = part.split('=');
      return [key.trim().toLowerCase(), value.join('=').trim()] as const;
    }),
  );
  const wanted = attributes.get('domain')?.replace(/^\./, '').toLowerCase();
  const path = attributes.get('path');
  const sameSite = attributes.get('samesite')?.toLowerCase();
  const cookie: Cookie = {
    name,
    value: pair.slice(equals + 1).trim(),
    domain: wanted || url.hostname,
    hostOnly: !wanted,
    path: path?.startsWith('/') ? path : url.pathname.slice(0, url.pathname.lastIndexOf('/')) || '/',
    secure: attributes.has('secure'),
    httpOnly: attributes.has('httponly'),
    sameSite: sameSite === 'strict' || sameSite === 'none' ? sameSite : 'lax',
    expires: expiry(attributes.get('max-age'), attributes.get('expires')),
  };
  return isAcceptable(cookie, url) ? cookie : undefined;
}

function expiry(maxAge: string | undefined, expires: string | undefined): number {
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Date.now() + Number(maxAge) * 1000;
  const date = expires === undefined ? Number.NaN : Date.parse(expires);
  return Number.isNaN(date) ? Number.POSITIVE_INFINITY : date;
}

function isAcceptable(cookie: Cookie, url: URL): boolean {
  if (!domainMatches(cookie, url.hostname)) return false;
  if (cookie.secure && url.protocol !== 'https:') return false;
  if (cookie.sameSite === 'none' && !cookie.secure) return false;
  if (cookie.name.startsWith('__Secure-')) return cookie.secure;
  if (cookie.name.startsWith('__Host-')) return cookie.secure && cookie.hostOnly && cookie.path === '/';
  return true;
}
