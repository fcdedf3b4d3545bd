import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { cas, ucam } from '../../src/index.ts';
import { startFakeCas, startFakeWls } from '../../src/testing/index.ts';
import { createBrowser } from '../support/browser.ts';
import { startPortal } from '../support/portal.ts';
import { ucamAt } from '../support/raven.ts';
import { attemptCookies, comeBack, userOf } from './support.ts';

/** A portal with both protocols, where the service of CAS is an exact address and a cookie alone tells the attempt. */
async function twoWays(t: TestContext, exactServiceUrl: boolean) {
  const [fakeCas, wls] = await Promise.all([startFakeCas(), startFakeWls()]);
  const login = [cas({ serverUrl: fakeCas.url, exactServiceUrl }), ucam(ucamAt(wls))];
  const portal = await startPortal({ login });
  const browser = createBrowser();
  t.after(async () => {
    await browser.close();
    await portal.close();
    await Promise.all([fakeCas.close(), wls.close()]);
  });
  const begin = async (via: string) =>
    (await browser.get(`${portal.url}/sso/login?returnTo=%2Fme&via=${via}`)).location;
  return { fakeCas, wls, portal, browser, begin };
}

describe('an attempt by one way', () => {
  test('is not ended by a return of the other one that a cookie alone tells the attempt of', async (t) => {
    const { fakeCas, wls, portal, browser, begin } = await twoWays(t, true);
    const raven = await begin('ucam');
    assert.equal(attemptCookies(browser).length, 1);
    const page = await comeBack(browser, `${portal.url}/sso/return?ticket=ST-made-up`, { fakeCas });
    assert.equal(page.status, 400, page.body);
    assert.equal(attemptCookies(browser).length, 1, 'the secret of the attempt was taken away');
    const { location } = wls.issueReply({ request: String(raven), principal: 'test0001' });
    assert.equal(userOf(await (await browser.get(location, { from: wls.loginUrl })).settle()), 'test0001');
  });

  test('is not ended by a return of the other one that names it', async (t) => {
    const { fakeCas, wls, portal, browser, begin } = await twoWays(t, false);
    const raven = await begin('ucam');
    const attempt = new URL(String(raven)).searchParams.get('params');
    const page = await comeBack(browser, `${portal.url}/sso/return?attempt=${attempt}&ticket=ST-made-up`, { fakeCas });
    assert.equal(page.status, 400, page.body);
    assert.deepEqual(fakeCas.validations, [], 'the ticket was taken for an attempt of the other way');
    const { location } = wls.issueReply({ request: String(raven), principal: 'test0001' });
    assert.equal(userOf(await (await browser.get(location, { from: wls.loginUrl })).settle()), 'test0001');
  });

  test('is finished while one by the other way is open, and that one afterwards', async (t) => {
    const { fakeCas, wls, browser, begin } = await twoWays(t, false);
    const [campus, raven] = [await begin('cas'), await begin('ucam')];
    const { location } = wls.issueReply({ request: String(raven), principal: 'test0001' });
    assert.equal(userOf(await (await browser.get(location, { from: wls.loginUrl })).settle()), 'test0001');
    const service = new URL(String(campus)).searchParams.get('service') ?? '';
    const back = await comeBack(browser, `${service}&ticket=${fakeCas.issueTicket('alice', service)}`, { fakeCas });
    assert.equal(userOf(await back.settle()), 'alice');
  });
});
