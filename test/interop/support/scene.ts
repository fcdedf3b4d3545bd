import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { CasOptions, User } from '../../../src/index.ts';
import { type Browser, createBrowser, type Page, trail } from '../../support/browser.ts';
import { listen, type Portal, type PortalSetup, startPortal } from '../../support/portal.ts';
import { type DjangoCasOptions, type DjangoCasServer, startDjangoCasServer } from './django-cas-server.ts';
import { logInAtDjangoCas } from './django-login.ts';
import type { TestUser } from './django-users.ts';

/** A user as a page of the portal shows it. */
export interface ShownUser extends Omit<User, 'authenticatedAt' | 'loggedInAt' | 'expiresAt'> {
  readonly authenticatedAt: string | null;
}

export type SceneSetup = Partial<Omit<PortalSetup, 'cas'>> & {
  readonly cas?: Partial<CasOptions>;
  /** Whether the portal is given the CA of the server. Default true. */
  readonly trust?: boolean;
};

/** A real CAS server with portals and browsers around it, which remembers what must not come to light. */
export interface Scene {
  readonly cas: DjangoCasServer;
  readonly portals: readonly Portal[];
  /** A portal that people sign in to through this server. */
  portal(setup?: SceneSetup): Promise<Portal>;
  /** The same below a path, with which its service addresses begin: the server's rules for services go by that. */
  portalBelow(path: string, setup?: SceneSetup): Promise<Portal>;
  /** A browser of somebody who was never here before. */
  browser(): Browser;
  /** Passwords, and every value of a cookie that any browser was given. */
  secrets(): readonly string[];
  close(): Promise<void>;
}

export async function startScene(options: DjangoCasOptions = {}): Promise<Scene> {
  const cas = await startDjangoCasServer(options);
  const portals: Portal[] = [];
  const browsers: Browser[] = [];
  const fronts: Server[] = [];
  const cookieValues = new Set<string>();
  const open = async ({ trust = true, ...setup }: SceneSetup = {}): Promise<Portal> => {
    const server = { serverUrl: cas.url, ...(trust ? { ca: cas.ca } : {}) };
    const portal = await startPortal({ ...setup, cas: { ...server, ...setup.cas } });
    portals.push(portal);
    return portal;
  };
  return {
    cas,
    portals,
    portal: open,
    async portalBelow(path, setup = {}) {
      // The address must be known before the portal is made, so a server of its own leads to it.
      const front = createServer();
      fronts.push(front);
      const baseUrl = (await listen(front)) + path;
      const portal = await open({ ...setup, options: { ...setup.options, baseUrl } });
      front.on('request', portal.app.callback());
      return { ...portal, url: baseUrl };
    },
    browser() {
      const browser = createBrowser({ ca: cas.ca });
      const store = browser.cookies.store.bind(browser.cookies);
      browser.cookies.store = (url, setCookie) => {
        for (const line of setCookie) cookieValues.add(line.replace(/^[^=]*=|;.*$/gs, ''));
        store(url, setCookie);
      };
      browsers.push(browser);
      return browser;
    },
    secrets: () => [
      ...Object.values(cas.users).map(({ password }) => password),
      // Short ones are counters and switches, and stand in any text by chance.
      ...[...cookieValues].filter((value) => value.length >= 16),
    ],
    async close() {
      await Promise.all(browsers.map((browser) => browser.close()));
      for (const front of fronts) {
        front.closeAllConnections();
        front.close();
      }
      await Promise.all(portals.map((portal) => portal.close()));
      await cas.close();
    },
  };
}

/** Opens a page, fills in the form of the CAS server that it leads to, and goes on to where that ends. */
export async function logIn(browser: Browser, url: string, user: TestUser): Promise<Page> {
  return (await withTicket(browser, url, user)).settle();
}

/** The same up to the redirect that carries the ticket, which is not followed. */
export async function withTicket(browser: Browser, url: string, user: TestUser): Promise<Page> {
  const page = await logInAtDjangoCas(browser, url, user.name, user.password);
  assert.match(page.location?.search ?? '', /[?&]ticket=ST-/, `no ticket\n${trail(page).join('\n')}`);
  return page;
}

/** The user on a page of the portal; fails on any other page. */
export function userOn(page: Page): ShownUser {
  assert.equal(page.status, 200, `${trail(page).join('\n')}\n${page.body}`);
  assert.match(
    page.headers.get('content-type') ?? '',
    /json/,
    `${trail(page).join('\n')}\n${page.body.slice(0, 1000)}`,
  );
  return (JSON.parse(page.body) as { readonly user: ShownUser }).user;
}

/** What the server knows of the person, without what it says of each login. */
export function ownAttributes({ attributes }: ShownUser): ShownUser['attributes'] {
  const { authenticationDate, isFromNewLogin, longTermAuthenticationRequestTokenUsed, ...own } = attributes;
  return own;
}

export function assertFailurePage(page: Page, status: number, code: string): void {
  assert.equal(page.status, status, `${trail(page).join('\n')}\n${page.body.slice(0, 1000)}`);
  assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
  assert.ok(page.body.includes(`<code>${code}</code>`), page.body);
}

/** Nobody is signed in: the protected page leads to the form of the CAS server. */
export async function assertLoginForm(browser: Browser, url: string): Promise<void> {
  assertIsLoginForm(await (await browser.get(url)).settle());
}

export function assertIsLoginForm(page: Page): void {
  const form = page.forms.find(({ id }) => id === 'login_form');
  assert.ok(form && page.url.protocol === 'https:', `${trail(page).join('\n')}\n${page.body.slice(0, 1000)}`);
}
