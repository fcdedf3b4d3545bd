import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Browser, Page } from '../support/browser.ts';
import {
  comeBackFrom,
  logInAtWls,
  type Raven,
  type RavenSetup,
  startRaven,
  startTwoWays,
  type TwoWays,
  type TwoWaysSetup,
} from '../support/raven.ts';
import { assertFailure, type ExpectedFailure, userOf } from './support.ts';

export const INVALID: ExpectedFailure = { code: 'ERR_SSO_WLS_INVALID', status: 400 };
export const MALFORMED: ExpectedFailure = { code: 'ERR_SSO_WLS_MALFORMED', status: 400 };
export const UNKNOWN_KEY: ExpectedFailure = { code: 'ERR_SSO_WLS_UNKNOWN_KEY', status: 502 };
export const STATUS: ExpectedFailure = { code: 'ERR_SSO_WLS_STATUS', status: 502 };
export const REFUSED: ExpectedFailure = { code: 'ERR_SSO_WLS_REFUSED', status: 403 };
export const CANCELLED: ExpectedFailure = { code: 'ERR_SSO_CANCELLED', status: 403 };
export const NOT_AUTHORISED: ExpectedFailure = { code: 'ERR_SSO_NOT_AUTHORISED', status: 403 };
export const UNKNOWN: ExpectedFailure = { code: 'ERR_SSO_ATTEMPT_UNKNOWN', status: 400 };
export const FOREIGN: ExpectedFailure = { code: 'ERR_SSO_ATTEMPT_FOREIGN', status: 403 };

/** A portal and a fake WLS that end with the test. */
export async function ravenFor(t: TestContext, setup: RavenSetup = {}): Promise<Raven> {
  const raven = await startRaven(setup);
  t.after(() => raven.close());
  return raven;
}

/** The same with a CAS server beside the WLS. */
export async function twoWaysFor(t: TestContext, setup: TwoWaysSetup = {}): Promise<TwoWays> {
  const both = await startTwoWays(setup);
  t.after(() => both.close());
  return both;
}

/** A portal, a fake WLS, and a browser that test0001 is signed in with. */
export async function signedInRaven(t: TestContext, setup: RavenSetup = {}) {
  const raven = await ravenFor(t, setup);
  const visitor = raven.browser();
  assert.equal(userOf(await logInAtWls(visitor, `${raven.portal.url}/start`, raven.wls)), 'test0001');
  raven.portal.log.length = 0;
  return { raven, visitor };
}

/** Comes back with a reply, up to the page behind the return. */
export const landFrom = async ({ wls }: Pick<Raven, 'wls'>, browser: Browser, address: string): Promise<Page> =>
  (await comeBackFrom(wls, browser, address)).settle();

/** A failure as a visitor and an operator should meet it; see `assertFailure`. */
export function assertRefused(page: Page, raven: Raven, expected: ExpectedFailure): Promise<void> {
  return assertFailure(page, { ...raven, fakeCas: raven.wls }, expected);
}

/** Nobody is signed in with this browser. */
export async function assertNobody(browser: Browser, { portal }: Pick<Raven, 'portal'>): Promise<void> {
  assert.equal((await browser.get(`${portal.url}/start`)).status, 303, 'somebody is signed in');
}

/** The person is signed in as before. */
export async function assertStillIn(browser: Browser, { portal }: Pick<Raven, 'portal'>, name = 'test0001') {
  assert.equal(userOf(await browser.get(`${portal.url}/start`)), name);
}

/** How many replies were verified. */
export function verifications({ portal }: Pick<Raven, 'portal'>): number {
  return portal.journal.filter(({ effects }) => effects.includes('verifyReply')).length;
}
