import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  assertFailure,
  assertNoSecrets,
  comeBack,
  cookiesFor,
  NAVIGATION,
  NOT_LOOKED_AT,
  pairFor,
  raw,
  returnUrl,
  signedInPair,
  userOf,
} from './support.ts';

test('a finished return, opened in another browser, signs nobody in', async (t) => {
  const pair = await pairFor(t);
  const [visitor, stranger] = [pair.browser(), pair.browser()];
  const address = await returnUrl(visitor, `${pair.portal.url}/start`, pair.fakeCas);
  await comeBack(visitor, address, pair);
  const page = await comeBack(stranger, address, pair);
  assert.doesNotMatch(page.headers.getSetCookie().join('\n'), /^sso-session[-\w]*=/m);
  assert.equal((await stranger.get(`${pair.portal.url}/start`)).status, 303, 'the stranger is signed in');
  assert.equal(pair.fakeCas.counts.validate, 1);
});

test('a finished return, opened in another browser, does not tell where the person went', async (t) => {
  const pair = await pairFor(t);
  const [visitor, stranger] = [pair.browser(), pair.browser()];
  const address = await returnUrl(visitor, `${pair.portal.url}/private?invitation=secret`, pair.fakeCas);
  await comeBack(visitor, address, pair);
  const page = await comeBack(stranger, address, pair);
  assert.doesNotMatch(`${page.headers.get('location')} ${page.body}`, /private|invitation/);
});

test('a finished return, opened in another browser, is refused with a page', async (t) => {
  const pair = await pairFor(t);
  const [visitor, stranger] = [pair.browser(), pair.browser()];
  const address = await returnUrl(visitor, `${pair.portal.url}/start`, pair.fakeCas);
  await comeBack(visitor, address, pair);
  assert.equal(Math.trunc((await comeBack(stranger, address, pair)).status / 100), 4);
});

describe('a return that no person is looking at consumes nothing', () => {
  for (const [name, method, headers] of NOT_LOOKED_AT) {
    test(name, async (t) => {
      const pair = await pairFor(t);
      const visitor = pair.browser();
      const address = await returnUrl(visitor, `${pair.portal.url}/start`, pair.fakeCas);
      const steps = pair.portal.journal.length;
      const answer = await raw(address, { method, headers: { ...headers, ...cookiesFor(visitor, address) } });
      assert.equal(answer.status, 401);
      assert.equal(answer.headers['set-cookie'], undefined);
      assert.equal(answer.headers.location, undefined);
      assert.equal(pair.portal.journal.length, steps);
      assert.equal(pair.fakeCas.counts.validate, 0);
      assert.equal(userOf(await (await comeBack(visitor, address, pair)).settle()), 'alice');
    });
  }
});

for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
  test(`${method} at the address of the return consumes nothing`, async (t) => {
    const pair = await pairFor(t);
    const visitor = pair.browser();
    const address = await returnUrl(visitor, `${pair.portal.url}/start`, pair.fakeCas);
    await raw(address, { method, headers: { ...NAVIGATION, ...cookiesFor(visitor, address) } });
    assert.equal(pair.fakeCas.counts.validate, 0);
    assert.equal(userOf(await (await comeBack(visitor, address, pair)).settle()), 'alice');
  });
}

describe('a return that fails leaves the login that the browser has', () => {
  for (const [name, query] of [
    ['an ill-formed ticket', 'attempt=AAAAAAAAAAAAAAAAAAAAAA&ticket=x'],
    ['an unknown attempt', 'attempt=AAAAAAAAAAAAAAAAAAAAAA&ticket=ST-1-aaaaaaaa'],
    ['nothing at all', ''],
  ] as const) {
    test(name, async (t) => {
      const { pair, visitor } = await signedInPair(t);
      const { url, log } = pair.portal;
      const before = cookiesFor(visitor, url);
      const page = await visitor.get(`${url}/sso/return?${query}`, { from: 'https://evil.example/' });
      assert.equal(page.status, 400);
      assert.equal(log.length, 1);
      assert.deepEqual(cookiesFor(visitor, url), before);
      assert.equal(userOf(await visitor.get(`${url}/start`)), 'alice');
    });
  }
});

describe('a caller that reads JSON is told of a failed return in JSON', () => {
  for (const [query, code, status] of [
    ['attempt=AAAAAAAAAAAAAAAAAAAAAA&ticket=x', 'ERR_SSO_TICKET_MALFORMED', 400],
    ['attempt=AAAAAAAAAAAAAAAAAAAAAA&ticket=ST-1-a', 'ERR_SSO_ATTEMPT_UNKNOWN', 400],
  ] as const) {
    test(code, async (t) => {
      const pair = await pairFor(t);
      const headers = { ...NAVIGATION, accept: 'application/json' };
      const answer = await raw(`${pair.portal.url}/sso/return?${query}`, { headers });
      assert.equal(answer.status, status);
      assert.match(answer.headers['content-type'] ?? '', /^application\/json/);
      assert.equal(answer.headers['cache-control'], 'no-store');
      assert.equal(JSON.parse(answer.body).error.code, code);
      assert.equal(pair.portal.log.length, 1);
    });
  }
});

test('the journal of a failed return holds no ticket and nothing that finishes the attempt', async (t) => {
  const pair = await pairFor(t);
  const visitor = pair.browser();
  const address = await returnUrl(visitor, `${pair.portal.url}/start`, pair.fakeCas);
  const forged = `${address.split('&ticket=')[0]}&ticket=ST-99-forged-in-a-test`;
  const page = await comeBack(visitor, forged, pair);
  assert.equal(page.status, 403);
  const text = JSON.stringify(pair.portal.journal);
  assert.match(text, /ERR_SSO_TICKET_REJECTED/);
  assertNoSecrets(text, page);
});

test('a ticket that the login server refuses is gone: a second try needs a new attempt', async (t) => {
  const pair = await pairFor(t);
  const visitor = pair.browser();
  const address = await returnUrl(visitor, `${pair.portal.url}/start`, pair.fakeCas);
  await comeBack(visitor, `${address.split('&ticket=')[0]}&ticket=ST-99-forged`, pair);
  pair.portal.log.length = 0;
  await assertFailure(await comeBack(visitor, address, pair), pair, { code: 'ERR_SSO_ATTEMPT_UNKNOWN', status: 400 });
  assert.equal(pair.fakeCas.counts.validate, 1);
});
