import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ucam } from '../../src/index.ts';
import type { Browser } from '../support/browser.ts';
import { createBrowser } from '../support/browser.ts';
import { type Portal, startPortal } from '../support/portal.ts';
import { logInAtWls, type Raven, requestOf, startRaven, ucamAt } from '../support/raven.ts';
import { pointerIn, userOf } from './support.ts';
import { queryOf, type ReplyVector, reboundQuery, vectors } from './ucam-vectors.ts';

let raven: Raven;
let visitor: Browser;
before(async () => {
  raven = await startRaven();
  visitor = raven.browser();
  await logInAtWls(visitor, `${raven.portal.url}/start`, raven.wls);
});
after(() => raven.close());

describe('H-6 a reply that belongs to no attempt of ours is refused, and leaves who is signed in alone', () => {
  for (const vector of vectors) {
    test(vector.id, async () => {
      const before = pointerIn(visitor);
      const page = await visitor.get(`${raven.portal.url}/sso/return?${queryOf(vector)}`, { from: raven.wls.loginUrl });
      assert.ok(page.status >= 400 && page.status < 500, `${page.status} ${page.location}`);
      assert.equal(page.location, undefined);
      assert.deepEqual(pointerIn(visitor), before);
      assert.equal(userOf(await visitor.get(`${raven.portal.url}/start`)), 'test0001');
      assert.deepEqual(raven.portal.errors, []);
    });
  }
});

/** The portal as the vector has it: its clock, its limits, its demands. */
function portalOf({ context }: ReplyVector): Promise<Portal> {
  const { iact, aauth, timeout, skew, requiredPtags } = context;
  return startPortal({
    options: { clock: () => context.now * 1000 },
    login: ucam({
      ...ucamAt(raven.wls),
      ...(iact && { iact }),
      ...(aauth && { aauth }),
      timeoutSeconds: timeout,
      skewSeconds: skew,
      allowNotCurrent: requiredPtags.length === 0,
    }),
  });
}

/** What a client of ours makes of it: a version without tags never opens a rule about tags. */
function isGood({ response, context, expected }: ReplyVector): boolean {
  return expected.ok && (response?.startsWith('3!') || context.requiredPtags.length === 0) === true;
}

/** Where a stranger may have written what names a fault of the set-up, a page says so, and nobody is signed in. */
const FAULTS_OF_THE_SETUP = /<code>ERR_SSO_WLS_(STATUS|UNKNOWN_KEY)<\/code>/;

describe('H-6 the same reply made out to an attempt that is under way', () => {
  // We always ask for version 3; and what was seen before is another test.
  const usable = vectors.filter(
    ({ response, context }) => response !== null && context.requestVer === 3 && !context.alreadySeen,
  );
  for (const vector of usable) {
    test(`${vector.id}: ${isGood(vector) ? 'signs in' : 'is refused'}`, async (t) => {
      const portal = await portalOf(vector);
      const browser = createBrowser();
      t.after(() => Promise.all([browser.close(), portal.close()]));
      const { searchParams } = await requestOf(browser, `${portal.url}/start`, raven.wls);
      const ours = { url: searchParams.get('url') ?? '', params: searchParams.get('params') ?? '' };
      const address = `${ours.url}?${reboundQuery(vector, ours, raven.wls)}`;
      const landed = await browser.get(address, { from: raven.wls.loginUrl });
      assert.deepEqual(portal.errors, []);
      if (isGood(vector)) {
        assert.equal(landed.headers.get('location'), '/start', landed.body);
        assert.equal(userOf(await landed.settle()), vector.expected.principal);
        return;
      }
      assert.equal(landed.location, undefined);
      assert.ok(landed.status >= 400, landed.body);
      assert.ok(landed.status < 500 || FAULTS_OF_THE_SETUP.test(landed.body), landed.body);
      assert.equal(pointerIn(browser), undefined);
    });
  }
});
