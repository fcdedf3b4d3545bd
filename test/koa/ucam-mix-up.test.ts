import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Context, Middleware } from 'koa';
import { ucam } from '../../src/index.ts';
import { startFakeWls } from '../../src/testing/index.ts';
import { type Browser, createBrowser, type Page } from '../support/browser.ts';
import { logIn, marker, startPortal } from '../support/portal.ts';
import { logInAtWls, replyAddress, requestOf, type TwoWays, ucamAt } from '../support/raven.ts';
import { attemptCookies, type Mount, serviceOf, userOf, withTicket } from './support.ts';
import { twoWaysFor, verifications } from './ucam-support.ts';

const viaRaven = ({ portal }: TwoWays, page = '/start') =>
  `${portal.url}/sso/login?returnTo=${encodeURIComponent(page)}&via=ucam`;
const viaCas = ({ portal }: TwoWays, page = '/start') =>
  `${portal.url}/sso/login?returnTo=${encodeURIComponent(page)}&via=cas`;

/** The address that the CAS server would send the browser back to. */
async function ticketAddress(browser: Browser, both: TwoWays): Promise<string> {
  const service = serviceOf((await browser.get(viaCas(both))).location);
  return withTicket(service, both.fakeCas.issueTicket('alice', service));
}

/** The same reply or ticket at the return of the other way. */
function atTheOther(address: string, { portal }: TwoWays): string {
  const [casReturn, ravenReturn] = [`${portal.url}/sso/return`, `${portal.url}/sso/return/ucam`];
  return address.startsWith(ravenReturn)
    ? address.replace(ravenReturn, casReturn)
    : address.replace(casReturn, ravenReturn);
}

const codeIn = ({ body }: Page) => /<code>(ERR_SSO_\w+)<\/code>/.exec(body)?.[1];

test('each way has a return address of its own', async (t) => {
  const both = await twoWaysFor(t);
  const visitor = both.browser();
  const request = await requestOf(visitor, viaRaven(both), both.wls);
  assert.equal(request.searchParams.get('url'), `${both.portal.url}/sso/return/ucam`);
  assert.ok(serviceOf((await visitor.get(viaCas(both))).location).startsWith(`${both.portal.url}/sso/return?`));
});

describe('a CAS ticket at the return of Ucam-WebAuth', () => {
  test('signs nobody in, is not shown to the CAS server, and is still good where it belongs', async (t) => {
    const both = await twoWaysFor(t);
    const visitor = both.browser();
    const address = await ticketAddress(visitor, both);
    const before = attemptCookies(visitor);
    const page = await visitor.get(atTheOther(address, both), { from: both.fakeCas.url });
    assert.equal(page.status, 400);
    assert.equal(codeIn(page), 'ERR_SSO_WLS_MALFORMED');
    assert.equal(both.fakeCas.counts.validate, 0);
    assert.deepEqual(attemptCookies(visitor), before);
    assert.equal(userOf(await (await visitor.get(address, { from: both.fakeCas.url })).settle()), 'alice');
  });

  test('leaves an attempt by Ucam-WebAuth alone', async (t) => {
    const both = await twoWaysFor(t);
    const visitor = both.browser();
    const reply = await replyAddress(visitor, viaRaven(both), both.wls);
    await visitor.get(atTheOther(await ticketAddress(visitor, both), both), { from: both.fakeCas.url });
    assert.equal(userOf(await (await visitor.get(reply, { from: both.wls.loginUrl })).settle()), 'test0001');
  });
});

for (const [what, exactServiceUrl] of [
  ['the return of CAS', false],
  ['the return of CAS without an attempt in its address', true],
] as const) {
  describe(`a WLS reply at ${what}`, () => {
    test('signs nobody in, is not verified, and is still good where it belongs', async (t) => {
      const both = await twoWaysFor(t, { cas: { exactServiceUrl } });
      const visitor = both.browser();
      const address = await replyAddress(visitor, viaRaven(both), both.wls);
      const before = attemptCookies(visitor);
      const page = await visitor.get(atTheOther(address, both), { from: both.wls.loginUrl });
      assert.ok(page.status >= 400 && page.status < 500, `${page.status}`);
      assert.equal(verifications(both), 0);
      assert.deepEqual(attemptCookies(visitor), before);
      assert.equal(userOf(await (await visitor.get(address, { from: both.wls.loginUrl })).settle()), 'test0001');
    });

    test('with a ticket for the attempt beside it does neither', async (t) => {
      const both = await twoWaysFor(t, { cas: { exactServiceUrl } });
      const visitor = both.browser();
      const address = await replyAddress(visitor, viaRaven(both), both.wls);
      const nonce = attemptCookies(visitor)[0]?.slice(-22) ?? '';
      const forged = `${atTheOther(address, both)}&attempt=${nonce}&ticket=ST-1-aaaaaaaa`;
      const page = await visitor.get(forged, { from: both.fakeCas.url });
      assert.ok(page.status >= 400 && page.status < 500, `${page.status}`);
      assert.equal(both.fakeCas.counts.validate, 0);
      assert.equal(userOf(await (await visitor.get(address, { from: both.wls.loginUrl })).settle()), 'test0001');
    });
  });
}

test('a reply whose nonce is that of a CAS attempt leaves that attempt alone', async (t) => {
  const both = await twoWaysFor(t);
  const visitor = both.browser();
  const ticket = await ticketAddress(visitor, both);
  const params = attemptCookies(visitor)[0]?.slice(-22) ?? '';
  const { location } = both.wls.issueReply({ url: `${both.portal.url}/sso/return/ucam`, params });
  const page = await visitor.get(location, { from: both.wls.loginUrl });
  assert.equal(codeIn(page), 'ERR_SSO_ATTEMPT_UNKNOWN');
  assert.equal(verifications(both), 0);
  assert.equal(userOf(await (await visitor.get(ticket, { from: both.fakeCas.url })).settle()), 'alice');
});

test('a return of the other way leaves whoever is signed in alone', async (t) => {
  const both = await twoWaysFor(t);
  const visitor = both.browser();
  const reply = await replyAddress(visitor, viaRaven(both), both.wls);
  await logIn(visitor, viaCas(both), both.fakeCas);
  await visitor.get(atTheOther(reply, both), { from: both.wls.loginUrl });
  assert.equal(userOf(await visitor.get(`${both.portal.url}/start`)), 'alice');
});

describe('two WLSs whose keys have the same number', () => {
  async function twoServers(t: TestContext) {
    const [wls, other] = [await startFakeWls(), await startFakeWls()];
    const portal = await startPortal({ login: [ucam(ucamAt(wls)), ucam({ ...ucamAt(other), name: 'other' })] });
    const visitor = createBrowser();
    t.after(async () => {
      await visitor.close();
      for (const server of [portal, wls, other]) await server.close();
    });
    const url = `${portal.url}/sso/login?returnTo=%2Fstart&via=ucam`;
    return { wls, other, portal, visitor, request: await requestOf(visitor, url, wls) };
  }

  test('do not answer for each other', async (t) => {
    const { wls, other, portal, visitor, request } = await twoServers(t);
    const page = await visitor.get(other.issueReply({ request }).location, { from: wls.loginUrl });
    assert.equal(codeIn(page), 'ERR_SSO_WLS_INVALID');
    assert.deepEqual(portal.log, ['warn ERR_SSO_WLS_INVALID (bad-signature): answered with 400']);
  });

  test('do not answer at the return of the other, and the attempt stays good', async (t) => {
    const { wls, other, visitor, request } = await twoServers(t);
    const elsewhere = (address: string) => address.replace('/sso/return?', '/sso/return/other?');
    for (const server of [wls, other]) {
      const page = await visitor.get(elsewhere(server.issueReply({ request }).location), { from: wls.loginUrl });
      assert.equal(codeIn(page), 'ERR_SSO_ATTEMPT_UNKNOWN');
    }
    const page = await visitor.get(wls.issueReply({ request }).location, { from: wls.loginUrl });
    assert.equal(userOf(await page.settle()), 'test0001');
  });
});

describe('the same name at both servers', () => {
  /** `/note/TEXT` keeps a text in the session, every page shows it. */
  const mount: Mount = (app, sso) => {
    app.use(sso.session(app));
    app.use(sso.routes());
    app.use(sso.requireLogin() as unknown as Middleware);
    app.use((ctx: Context) => {
      const session = ctx.session as unknown as { note?: string | undefined };
      session.note = /^\/note\/(.+)$/.exec(ctx.path)?.[1] ?? session.note;
      ctx.body = { user: ctx.state.user, note: session.note ?? null };
    });
  };
  const users = [{ principal: 'alice', password: 'other' }];

  test('is two people: what the session of the first one holds is dropped', async (t) => {
    const both = await twoWaysFor(t, { mount, wls: { users } });
    const visitor = both.browser();
    const waiting = await replyAddress(visitor, viaRaven(both), both.wls, { principal: 'alice' });
    await logIn(visitor, viaCas(both), both.fakeCas);
    const note = marker();
    await visitor.get(`${both.portal.url}/note/${note}`);
    const page = await (await visitor.get(waiting, { from: both.wls.loginUrl })).settle();
    const { user, note: shown } = JSON.parse(page.body);
    assert.deepEqual([user.id, user.issuer, shown], ['alice', both.wls.url, null]);
  });

  test('is two people for onLogin', async (t) => {
    const seen: string[] = [];
    const options = { onLogin: ({ issuer, id }: { issuer: string; id: string }) => void seen.push(`${issuer} ${id}`) };
    const both = await twoWaysFor(t, { options, wls: { users } });
    await logIn(both.browser(), viaCas(both), both.fakeCas);
    await logInAtWls(both.browser(), viaRaven(both), both.wls, 'alice');
    assert.deepEqual(seen, [`${both.fakeCas.url} alice`, `${both.wls.url} alice`]);
  });

  test('does not open the page of the other again from the history', async (t) => {
    const both = await twoWaysFor(t, { mount, wls: { users } });
    const visitor = both.browser();
    const ticket = await ticketAddress(visitor, both);
    await (await visitor.get(ticket, { from: both.fakeCas.url })).settle();
    await visitor.post(`${both.portal.url}/sso/logout?scope=here`, {});
    await logInAtWls(visitor, viaRaven(both), both.wls, 'alice');
    const page = await visitor.get(ticket, { from: both.fakeCas.url });
    assert.ok(page.status >= 400, `${page.status} ${page.location}`);
    const { user } = JSON.parse((await visitor.get(`${both.portal.url}/start`)).body);
    assert.equal(user.issuer, both.wls.url);
  });
});
