import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Browser, trail } from '../support/browser.ts';
import { logIn } from '../support/portal.ts';
import { FETCH, NAVIGATION, type Pair, pairFor, raw, stoppedClock, userOf } from './support.ts';

/** A browser that keeps every cookie but that of the session, after one login by hand. */
async function forgetfulBrowser(pair: Pair): Promise<Browser> {
  const visitor = pair.browser();
  await logIn(visitor, `${pair.portal.url}/start`, pair.fakeCas);
  return visitor;
}

/** Follows redirects, dropping the session cookie on the way, until there are none. */
async function wander(visitor: Browser, url: string, limit = 60) {
  visitor.cookies.clear(/^sso-session-\w+$/);
  let page = await visitor.get(url);
  for (let steps = 0; page.location && steps < limit; steps += 1) {
    page = await page.follow();
    visitor.cookies.clear(/^sso-session-\w+$/);
  }
  return page;
}

test('a browser that keeps no session cookie is told so after a few rounds', async (t) => {
  const pair = await pairFor(t);
  const visitor = await forgetfulBrowser(pair);
  pair.portal.log.length = 0;
  const page = await wander(visitor, `${pair.portal.url}/start`);
  assert.equal(page.status, 400, trail(page).join('\n'));
  assert.match(page.body, /<code>ERR_SSO_LOGIN_LOOP<\/code>/);
  assert.equal(page.location, undefined);
  assert.ok(pair.fakeCas.counts.validate <= 5, `${pair.fakeCas.counts.validate} rounds`);
  assert.equal(pair.portal.log.length, 1);
});

test('a browser that goes round in circles leaves nothing in the store and gets no attempt cookie', async (t) => {
  const pair = await pairFor(t);
  const visitor = await forgetfulBrowser(pair);
  await wander(visitor, `${pair.portal.url}/start`);
  const page = await visitor.get(`${pair.portal.url}/start`);
  assert.equal(page.status, 400);
  assert.doesNotMatch(page.headers.getSetCookie().join('\n'), /^sso-attempt-/m);
});

test('a caller that reads JSON is told of the loop in JSON', async (t) => {
  const pair = await pairFor(t);
  const visitor = await forgetfulBrowser(pair);
  await wander(visitor, `${pair.portal.url}/start`);
  const cookie = visitor.cookies.header(new URL(pair.portal.url)) ?? '';
  const headers = { ...NAVIGATION, accept: 'application/json', cookie };
  const answer = await raw(`${pair.portal.url}/start`, { headers });
  assert.equal(JSON.parse(answer.body).error.code, 'ERR_SSO_LOGIN_LOOP');
  const fetched = await raw(`${pair.portal.url}/start`, { headers: { ...FETCH, cookie } });
  assert.equal(fetched.status, 401);
});

test('the link of the loop page works at once when the browser keeps cookies again', async (t) => {
  const pair = await pairFor(t);
  const visitor = await forgetfulBrowser(pair);
  const page = await wander(visitor, `${pair.portal.url}/start`);
  const link = /<a class="primary" href="([^"]+)"/.exec(page.body)?.[1] ?? '';
  assert.equal(userOf(await (await page.click(link)).settle()), 'alice');
});

test('the loop page does not stand for ever: a minute later a login works', async (t) => {
  const clock = stoppedClock();
  const pair = await pairFor(t, { options: { clock } });
  const visitor = await forgetfulBrowser(pair);
  assert.equal((await wander(visitor, `${pair.portal.url}/start`)).status, 400);
  clock.advance(61);
  assert.equal(userOf(await logIn(visitor, `${pair.portal.url}/start`, pair.fakeCas)), 'alice');
});

test('a browser without any cookies is told so in the first round', async (t) => {
  const pair = await pairFor(t);
  const visitor = pair.browser();
  const begun = await visitor.get(`${pair.portal.url}/start`);
  visitor.cookies.clear();
  const service = new URL(begun.location ?? '').searchParams.get('service') ?? '';
  const page = await visitor.get(`${service}&ticket=${pair.fakeCas.issueTicket('alice', service)}`);
  assert.equal(page.status, 403);
  assert.match(page.body, /ERR_SSO_ATTEMPT_FOREIGN/);
});
