import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Browser, Page } from '../support/browser.ts';
import { logInAtWls, type Raven } from '../support/raven.ts';
import { cookiesFor, NAVIGATION, NOT_LOOKED_AT, raw, userOf } from './support.ts';
import { assertNobody, assertStillIn, ravenFor, signedInRaven } from './ucam-support.ts';

async function logOut(visitor: Browser, { portal }: Pick<Raven, 'portal'>, query = ''): Promise<Page> {
  return (await visitor.post(`${portal.url}/sso/logout${query}`, {}, { from: `${portal.url}/start` })).settle();
}

const linkOf = ({ body }: Page) => /<a class="primary" href="([^"]+)">([^<]+)<\/a>/.exec(body)?.slice(1);

test('a logout ends the session here and stays on this site, where a page says what goes on', async (t) => {
  const { raven, visitor } = await signedInRaven(t);
  const page = await logOut(visitor, raven);
  assert.equal(page.status, 200);
  assert.equal(page.url.href, `${raven.portal.url}/sso/logged-out?via=ucam`);
  assert.match(page.body, /<h1>You have signed out of this site<\/h1>/);
  await assertNobody(visitor, raven);
});

test('H-16 the page says that the Raven session goes on, and links the logout there, without parameters', async (t) => {
  const { raven, visitor } = await signedInRaven(t);
  const page = await logOut(visitor, raven);
  assert.match(page.body, /You are still signed in to Raven, and so to every other site that uses it/);
  assert.deepEqual(linkOf(page), [raven.wls.logoutUrl, 'Sign out of Raven']);
});

test('whoever follows that link is asked for the password at the next login', async (t) => {
  const { raven, visitor } = await signedInRaven(t);
  const page = await logOut(visitor, raven);
  await page.click(linkOf(page)?.[0] ?? '');
  const form = await (await visitor.get(`${raven.portal.url}/start`)).settle();
  assert.equal(form.url.origin, raven.wls.url);
  assert.equal(form.forms.length, 1);
});

test('whoever does not follow it is signed in again without being asked', async (t) => {
  const { raven, visitor } = await signedInRaven(t);
  await logOut(visitor, raven);
  assert.equal(userOf(await (await visitor.get(`${raven.portal.url}/start`)).settle()), 'test0001');
});

test('the page has the label of the way', async (t) => {
  const { raven, visitor } = await signedInRaven(t, { ucam: { label: 'Goose <1>', name: 'goose' } });
  const page = await logOut(visitor, raven);
  assert.equal(page.url.search, '?via=goose');
  assert.match(page.body, /You are still signed in to Goose &#60;1&#62;/);
});

test('without an address to sign out at, a page says that one is signed out of this site', async (t) => {
  const raven = await ravenFor(t);
  const { loginUrl, publicKey, kid } = raven.wls;
  const other = await ravenFor(t, {
    ucam: { loginUrl, logoutUrl: undefined as never, keys: { inline: { [kid]: publicKey } } },
  });
  const visitor = other.browser();
  await logInAtWls(visitor, `${other.portal.url}/start`, raven.wls);
  const page = await logOut(visitor, other);
  assert.equal(page.url.href, `${other.portal.url}/sso/logged-out`);
  assert.match(page.body, /<h1>You have signed out<\/h1>/);
});

test('afterLogout is where people land instead', async (t) => {
  const { raven, visitor } = await signedInRaven(t, { options: { afterLogout: '/open' } });
  assert.equal((await logOut(visitor, raven)).url.href, `${raven.portal.url}/open`);
  await assertNobody(visitor, raven);
});

test('scope=here leads to the plain page', async (t) => {
  const { raven, visitor } = await signedInRaven(t);
  const page = await logOut(visitor, raven, '?scope=here');
  assert.equal(page.url.href, `${raven.portal.url}/sso/logged-out`);
  await assertNobody(visitor, raven);
});

test('the page about a logout does not sign anybody out, whoever opens it', async (t) => {
  const { raven, visitor } = await signedInRaven(t);
  await visitor.get(`${raven.portal.url}/sso/logged-out?via=ucam`);
  await assertStillIn(visitor, raven);
});

for (const via of ['nobody', '', '__proto__', 'ucam&via=ucam', '"><script>']) {
  test(`the page about a logout is the plain one for the way ${JSON.stringify(via)}`, async (t) => {
    const { portal, browser } = await ravenFor(t);
    const page = await browser().get(`${portal.url}/sso/logged-out?via=${via}`);
    assert.equal(page.status, 200);
    assert.match(page.body, /<h1>You have signed out<\/h1>/);
    assert.doesNotMatch(page.body, /<script/);
  });
}

test('a browser that does not say where a link was is not promised more than happens', async (t) => {
  const { raven, visitor } = await signedInRaven(t);
  const headers = { accept: 'text/html', ...cookiesFor(visitor, raven.portal.url) };
  const page = await raw(`${raven.portal.url}/sso/logout`, { headers });
  assert.equal(page.status, 200);
  assert.match(page.body, /You will be signed out of this site\./);
  assert.doesNotMatch(page.body, /and of the login server/);
  await assertStillIn(visitor, raven);
});

describe('H-16 a logout that no person asks for is refused', () => {
  for (const [name, method, headers] of NOT_LOOKED_AT) {
    test(name, async (t) => {
      const { raven, visitor } = await signedInRaven(t);
      const cookies = cookiesFor(visitor, raven.portal.url);
      const answer = await raw(`${raven.portal.url}/sso/logout`, { method, headers: { ...headers, ...cookies } });
      assert.equal(answer.status, 403);
      await assertStillIn(visitor, raven);
    });
  }

  for (const method of ['GET', 'POST']) {
    test(`${method} from another site`, async (t) => {
      const { raven, visitor } = await signedInRaven(t);
      const headers = { ...NAVIGATION, ...cookiesFor(visitor, raven.portal.url), 'sec-fetch-site': 'cross-site' };
      assert.equal((await raw(`${raven.portal.url}/sso/logout`, { method, headers })).status, 403);
      await assertStillIn(visitor, raven);
    });
  }
});

test('a logout in one browser leaves the login of the same person in another', async (t) => {
  const { raven, visitor } = await signedInRaven(t);
  const other = raven.browser();
  await logInAtWls(other, `${raven.portal.url}/start`, raven.wls);
  await logOut(visitor, raven);
  await assertStillIn(other, raven);
});

test('whoever may not use the site can sign out of it, and is told where to sign out of Raven', async (t) => {
  const raven = await ravenFor(t);
  const visitor = raven.browser();
  const refused = await logInAtWls(visitor, `${raven.portal.url}/start`, raven.wls, 'test0450');
  const page = await (await refused.submit(refused.forms[0]!)).settle();
  assert.equal(page.url.origin, raven.portal.url);
  assert.deepEqual(linkOf(page), [raven.wls.logoutUrl, 'Sign out of Raven']);
});
