import { Agent, Headers, request } from 'undici';
import { CookieJar } from './cookie-jar.ts';
import { type HtmlForm, readForms } from './html-form.ts';
import { isSameSite, type NavigationOrigin, navigationHeaders } from './navigation-headers.ts';

export interface BrowserOptions {
  /** PEM text of the CAs to trust instead of the public ones. */
  readonly ca?: string | readonly string[];
  /** Sent with every request; what the browser itself sets goes first. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long a server may take to answer. */
  readonly timeoutMs?: number;
}

export interface NavigationOptions {
  /**
   * The page whose link or form is used. Without it a person typed the address (or, for a POST, the
   * form was on a page of the same origin).
   */
  readonly from?: Page | URL | string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Browser {
  readonly cookies: CookieJar;
  /** One request; a redirect is not followed: see {@link Page.follow} and {@link Page.settle}. */
  get(url: URL | string, options?: NavigationOptions): Promise<Page>;
  /** The same with a form, as `application/x-www-form-urlencoded`. */
  post(url: URL | string, form: FormFields, options?: NavigationOptions): Promise<Page>;
  /** The same with bytes of any type, as the form of a page would send them. */
  send(url: URL | string, body: TypedBytes, options?: NavigationOptions): Promise<Page>;
  close(): Promise<void>;
}

/** Bytes as they go over the wire, and what they are said to be. */
export interface TypedBytes {
  readonly bytes: Uint8Array;
  /** Left out where there is none. */
  readonly type?: string;
  /** Default POST. */
  readonly method?: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
}

export type FormFields = Readonly<Record<string, string>> | URLSearchParams;

/** One answer: a page, or a step of a redirect. */
export interface Page {
  readonly method: string;
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** Where it redirects to, made absolute. */
  readonly location: URL | undefined;
  /** The redirect that led here. */
  readonly previous: Page | undefined;
  readonly forms: readonly HtmlForm[];
  /** Takes the one next step of a redirect. */
  follow(): Promise<Page>;
  /** Follows redirects until there is none; this page itself when it is none. */
  settle(): Promise<Page>;
  /** Goes where a link on this page leads. */
  click(href: URL | string): Promise<Page>;
  /** Sends a form of this page with these fields filled in. */
  submit(form: HtmlForm, fields?: Readonly<Record<string, string>>): Promise<Page>;
}

interface Navigation extends NavigationOrigin {
  readonly method: string;
  readonly url: URL;
  readonly body: TypedBytes | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** The redirects so far, the last one first. */
  readonly previous: Page | undefined;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MAX_REDIRECTS = 20;

/** A browser without a screen for tests: cookies, redirects one by one, forms, and the headers a navigation has. */
export function createBrowser(options: BrowserOptions = {}): Browser {
  const timeout = options.timeoutMs ?? 15_000;
  const agent = new Agent({
    connect: { timeout, ...(options.ca === undefined ? {} : { ca: [options.ca].flat() }) },
    headersTimeout: timeout,
    bodyTimeout: timeout,
  });
  const cookies = new CookieJar();

  async function navigate(step: Navigation): Promise<Page> {
    const {
      statusCode,
      headers: received,
      body,
    } = await request(step.url, {
      dispatcher: agent,
      method: step.method as 'GET',
      headers: { ...requestHeaders(step, cookies), ...options.headers, ...step.headers },
      body: step.body?.bytes ?? null,
    });
    const headers = new Headers();
    for (const [name, value] of Object.entries(received)) {
      for (const one of [value ?? []].flat()) headers.append(name, one);
    }
    cookies.store(step.url, headers.getSetCookie());
    return pageOf(step, statusCode, headers, await body.text());
  }

  function pageOf(step: Navigation, status: number, headers: Headers, body: string): Page {
    const location = REDIRECTS.has(status) ? redirectTarget(step.url, headers.get('location')) : undefined;
    const page: Page = {
      method: step.method,
      url: step.url,
      status,
      headers,
      body,
      location,
      previous: step.previous,
      get forms() {
        return readForms(body, step.url);
      },
      async follow() {
        if (location === undefined)
          throw new Error(`${step.url.href} is no redirect (${status}): ${body.slice(0, 500)}`);
        const keep = status === 307 || status === 308 || (status !== 303 && step.method === 'GET');
        return navigate({
          ...step,
          url: location,
          method: keep ? step.method : 'GET',
          body: keep ? step.body : undefined,
          previous: page,
        });
      },
      async settle() {
        let last: Page = page;
        for (let steps = 0; last.location !== undefined; steps += 1) {
          if (steps === MAX_REDIRECTS) throw new Error(`too many redirects:\n${trail(last).join('\n')}`);
          last = await last.follow();
        }
        return last;
      },
      click: (href) => browser.get(new URL(href, step.url), { from: page }),
      submit(form, fields = {}) {
        const filled = new URLSearchParams({ ...form.fields, ...fields });
        if (form.method === 'POST') return browser.post(form.action, filled, { from: page });
        const url = new URL(form.action);
        url.search = filled.toString();
        return browser.get(url, { from: page });
      },
    };
    return page;
  }

  function start(method: string, target: URL | string, body: TypedBytes | undefined, navigation: NavigationOptions) {
    const url = new URL(target);
    const from = navigation.from ?? (method === 'GET' ? undefined : new URL('/', url));
    const page = typeof from === 'object' && 'status' in from ? from : undefined;
    return navigate({
      method,
      url,
      body,
      initiator: from === undefined ? undefined : (page?.url ?? new URL(String(from))),
      referrerPolicy: page?.headers.get('referrer-policy') ?? '',
      headers: navigation.headers ?? {},
      previous: undefined,
    });
  }

  const browser: Browser = {
    cookies,
    get: (url, navigation = {}) => start('GET', url, undefined, navigation),
    post: (url, form, navigation = {}) => start('POST', url, urlencoded(form), navigation),
    send: (url, body, navigation = {}) => start(body.method ?? 'POST', url, body, navigation),
    close: () => agent.destroy(),
  };
  return browser;
}

function urlencoded(form: FormFields): TypedBytes {
  return { bytes: Buffer.from(new URLSearchParams(form).toString()), type: 'application/x-www-form-urlencoded' };
}

function requestHeaders(step: Navigation, cookies: CookieJar): Record<string, string> {
  const chain: [URL, ...URL[]] = [step.url];
  for (let page = step.previous; page !== undefined; page = page.previous) chain.push(page.url);
  const crossSite = step.initiator !== undefined && !isSameSite(step.initiator, step.url);
  const cookie = cookies.header(step.url, { crossSite, method: step.method });
  return {
    ...navigationHeaders(step.method, chain, step),
    ...(cookie === undefined ? {} : { cookie }),
    ...(step.body?.type === undefined ? {} : { 'content-type': step.body.type }),
  };
}

function redirectTarget(from: URL, location: string | null): URL | undefined {
  if (location === null) return undefined;
  const target = new URL(location, from);
  if (target.hash === '') target.hash = from.hash;
  return target;
}

/** Every step that led to this page, the first one first, for the message of a failed test. */
export function trail(page: Page): readonly string[] {
  const own = `${page.method} ${page.url.href} ${page.status}`;
  return page.previous === undefined ? [own] : [...trail(page.previous), own];
}
