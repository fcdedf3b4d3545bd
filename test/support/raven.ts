import { generateKeyPairSync } from 'node:crypto';
import { type CasOptions, cas, type UcamOptions, ucam } from '../../src/index.ts';
import {
  type FakeCas,
  type FakeWls,
  type FakeWlsOptions,
  type IssueReplyOptions,
  startFakeCas,
  startFakeWls,
} from '../../src/testing/index.ts';
import { type Browser, createBrowser, type Page, trail } from './browser.ts';
import { type Portal, type PortalSetup, startPortal } from './portal.ts';

/** A portal that people sign in to by Ucam-WebAuth, and a fake WLS. */
export interface Raven {
  readonly wls: FakeWls;
  readonly portal: Portal;
  browser(): Browser;
  close(): Promise<void>;
}

export interface RavenSetup extends Omit<PortalSetup, 'cas' | 'login'> {
  readonly ucam?: Partial<UcamOptions>;
  readonly wls?: FakeWlsOptions;
}

/** One key for all servers of a test file: a new one takes longer than a login. */
const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

export async function startRaven({ ucam: options, wls: wlsOptions, ...setup }: RavenSetup = {}): Promise<Raven> {
  const wls = await startFakeWls({ privateKey, ...wlsOptions });
  const portal = await startPortal({ ...setup, login: ucam({ ...ucamAt(wls), ...options }) });
  return { wls, portal, ...browsersOf(portal, wls) };
}

/** The same with a CAS server beside the WLS. */
export interface TwoWays extends Raven {
  readonly fakeCas: FakeCas;
}

export interface TwoWaysSetup extends RavenSetup {
  readonly cas?: Partial<CasOptions>;
  /** Which of the two is the first of the list. Default: CAS. */
  readonly first?: 'cas' | 'ucam';
}

export async function startTwoWays(setup: TwoWaysSetup = {}): Promise<TwoWays> {
  const { cas: casOptions, ucam: ucamOptions, wls: wlsOptions, first = 'cas', ...rest } = setup;
  const wls = await startFakeWls({ privateKey, ...wlsOptions });
  const fakeCas = await startFakeCas();
  const byCas = cas({ serverUrl: fakeCas.url, label: 'CAS', ...casOptions });
  const byRaven = ucam({ ...ucamAt(wls), ...ucamOptions });
  const portal = await startPortal({ ...rest, login: first === 'cas' ? [byCas, byRaven] : [byRaven, byCas] });
  return { wls, fakeCas, portal, ...browsersOf(portal, wls, fakeCas) };
}

function browsersOf(...servers: readonly { close(): Promise<void> }[]) {
  const browsers: Browser[] = [];
  return {
    browser() {
      const browser = createBrowser();
      browsers.push(browser);
      return browser;
    },
    async close() {
      await Promise.all(browsers.map((browser) => browser.close()));
      for (const server of servers) await server.close();
    },
  };
}

/** The options for a fake WLS. */
export function ucamAt(wls: FakeWls): UcamOptions {
  return { loginUrl: wls.loginUrl, logoutUrl: wls.logoutUrl, keys: { inline: { [wls.kid]: wls.publicKey } } };
}

/** Opens a page and goes through the login form, up to and including the page that comes back. */
export async function logInAtWls(browser: Browser, url: string, wls: FakeWls, name = 'test0001'): Promise<Page> {
  return (await upToReply(browser, url, wls, name)).settle();
}

/** The same up to the redirect of the WLS that carries the reply, which is not followed. */
export async function upToReply(browser: Browser, url: string, wls: FakeWls, name = 'test0001'): Promise<Page> {
  const page = await followUntil(await browser.get(url), ({ href }) => href.includes('WLS-Response='));
  return page.location ? page : typePassword(page, wls, name);
}

/** Fills in the login form and sends it; where that leads is not followed. */
export function typePassword(page: Page, wls: FakeWls, name = 'test0001'): Promise<Page> {
  const user = wls.users.find((candidate) => candidate.principal === name);
  const form = page.forms[0];
  if (!user || !form) throw new Error(`No login form or no user ${name}: ${page.status} ${page.url}`);
  return page.submit(form, { userid: user.principal, pwd: user.password });
}

/** Presses the button that cancels. */
export async function cancelAtWls(page: Page): Promise<Page> {
  const form = page.forms[0];
  if (!form) throw new Error(`No login form: ${page.status} ${page.url}`);
  return (await page.submit(form, { cancel: 'Cancel' })).settle();
}

/** Follows redirects up to the one whose target is meant, which is not followed. */
async function followUntil(first: Page, isMeant: (target: URL) => boolean): Promise<Page> {
  let page = first;
  for (let steps = 0; page.location && !isMeant(page.location); steps += 1) {
    if (steps === 20) throw new Error(`too many redirects:\n${trail(page).join('\n')}`);
    page = await page.follow();
  }
  return page;
}

/** Opens a page and gives the address of the request to the WLS that it leads to. */
export async function requestOf(browser: Browser, url: string, wls: FakeWls): Promise<URL> {
  const page = await followUntil(await browser.get(url), ({ origin }) => origin === wls.url);
  if (!page.location) throw new Error(`No way to the WLS: ${page.status} ${page.url}`);
  return page.location;
}

/** Opens a page and gives the address that the WLS would send the browser back to, without a visit there. */
export async function replyAddress(
  browser: Browser,
  url: string,
  wls: FakeWls,
  options: Omit<IssueReplyOptions, 'request'> = {},
): Promise<string> {
  return wls.issueReply({ request: await requestOf(browser, url, wls), ...options }).location;
}

/** Comes back to an address as from the WLS. */
export function comeBackFrom(wls: FakeWls, browser: Browser, address: string): Promise<Page> {
  return browser.get(address, { from: wls.loginUrl });
}

/** Signs somebody in at the WLS only, as another site would have done. */
export async function signInAtWls(browser: Browser, wls: FakeWls, name = 'test0001'): Promise<void> {
  const elsewhere = new URLSearchParams({ ver: '3', url: 'https://another-site.example.org/return' });
  await typePassword(await browser.get(`${wls.loginUrl}?${elsewhere}`), wls, name);
}
