import assert from 'node:assert/strict';
import { type Browser, type Page, trail } from '../../support/browser.ts';
import type { ProxyPortal } from './proxy-scene.ts';

/** What the portal has for a person who asks for a proxy ticket. */
export function askForTicket(browser: Browser, portal: ProxyPortal, service: string): Promise<Page> {
  return browser.get(`${portal.url}/ticket?for=${encodeURIComponent(service)}`);
}

/** A proxy ticket that the portal has for a person. */
export async function ticketFor(browser: Browser, portal: ProxyPortal, service: string): Promise<string> {
  const page = await askForTicket(browser, portal, service);
  assert.equal(page.status, 200, page.body);
  const { ticket } = JSON.parse(page.body) as { readonly ticket: string };
  assert.match(ticket, /^PT-/);
  return ticket;
}

export interface ShownError {
  readonly code: string;
  readonly detail: string | null;
  readonly message: string;
}

/** Why there is no ticket. */
export function errorOn(page: Page): ShownError {
  assert.match(page.body, /^\{"error":/, `${trail(page).join('\n')}\n${page.body.slice(0, 1000)}`);
  return (JSON.parse(page.body) as { readonly error: ShownError }).error;
}

/** Who a service believes is there, as it answers. */
export interface SeenCaller {
  readonly user: {
    readonly id: string;
    readonly issuer: string;
    readonly proxies: readonly string[];
    readonly attributes: Readonly<Record<string, readonly string[]>>;
  };
  readonly url: string;
  readonly authorization: string;
}

export interface ServiceAnswer {
  readonly status: number;
  readonly body: string;
}

/** The page of the portal that calls a service for a person. */
export function callPage(browser: Browser, portal: ProxyPortal, address: string): Promise<Page> {
  return browser.get(`${portal.url}/call?of=${encodeURIComponent(address)}`);
}

/** What a service answers when the portal calls it for a person. */
export async function callThrough(browser: Browser, portal: ProxyPortal, address: string): Promise<ServiceAnswer> {
  const page = await callPage(browser, portal, address);
  assert.equal(page.status, 200, `${trail(page).join('\n')}\n${page.body.slice(0, 1000)}`);
  return JSON.parse(page.body) as ServiceAnswer;
}

export function callerIn({ status, body }: ServiceAnswer): SeenCaller {
  assert.equal(status, 200, body);
  return JSON.parse(body) as SeenCaller;
}

/** Calls a service as anybody on the network can. */
export async function callDirectly(url: string, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(url, { headers });
  return { status: response.status, body: await response.text() };
}

/** The code with which a service refused a call. */
export function refusalIn({ status, body }: ServiceAnswer): string {
  assert.equal(status, 401, body);
  return (JSON.parse(body) as { readonly error: { readonly code: string } }).error.code;
}

/** The address with a ticket, as a caller sends it. */
export function withTicketOf(address: string, ticket: string): string {
  return `${address}${address.includes('?') ? '&' : '?'}ticket=${ticket}`;
}

/** How many records of one kind lie in the store. */
export function recordsOf({ records }: ProxyPortal, kind: string): number {
  return [...records.keys()].filter((key) => key.startsWith(`keyv:${kind}:`)).length;
}

/** Comes back from a login of this application with a ticket of somebody's choice. */
export async function returnWith(
  browser: Browser,
  url: string,
  ticketFor: (service: string) => Promise<string>,
): Promise<Page> {
  const { location } = await browser.get(url);
  const service = location?.searchParams.get('service') ?? assert.fail('no redirect to the CAS server');
  return browser.get(withTicketOf(service, await ticketFor(service)));
}
