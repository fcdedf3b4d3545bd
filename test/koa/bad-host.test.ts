import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  comeBack,
  cookiesFor,
  FETCH,
  NAVIGATION,
  type Pair,
  pairFor,
  raw,
  returnUrl,
  serviceOf,
  signedInPair,
} from './support.ts';

const EVIL = 'evil.example';

/** What a client or a careless proxy can say about the address that was asked for. */
const LIES: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['Host', { host: EVIL }],
  ['Host with a port', { host: `${EVIL}:8443` }],
  ['Host with markup', { host: `${EVIL}"><script>` }],
  ['X-Forwarded-Host', { 'x-forwarded-host': EVIL }],
  ['X-Forwarded-Proto', { 'x-forwarded-proto': 'https' }],
  ['several proxies', { 'x-forwarded-host': `${EVIL}, other.example`, 'x-forwarded-proto': 'https, http' }],
  ['X-Forwarded-Prefix and -Port', { 'x-forwarded-prefix': `//${EVIL}`, 'x-forwarded-port': '666' }],
  ['Forwarded', { forwarded: `host=${EVIL};proto=https` }],
  ['X-Original-URL', { 'x-original-url': `//${EVIL}/x`, 'x-rewrite-url': `//${EVIL}/x` }],
];

for (const proxy of [false, true]) {
  describe(`lies about the host, app.proxy ${proxy ? 'on' : 'off'}`, () => {
    for (const [name, lie] of LIES) {
      test(`${name} does not change where the login server sends people back to`, async (t) => {
        const { portal } = await lyingPair(pairFor(t), proxy);
        const answer = await raw(`${portal.url}/start`, { headers: { ...NAVIGATION, ...lie } });
        assert.equal(answer.status, 303);
        const service = new URL(serviceOf(answer.headers.location));
        assert.equal(`${service.origin}${service.pathname}`, `${portal.url}/sso/return`);
        assert.ok(!JSON.stringify([answer.headers, answer.body]).includes(EVIL));
      });

      test(`${name} does not change what is validated, nor where a return leads`, async (t) => {
        const pair = await lyingPair(pairFor(t), proxy);
        const visitor = pair.browser();
        const address = await returnUrl(visitor, `${pair.portal.url}/start`, pair.fakeCas);
        const headers = { ...NAVIGATION, ...cookiesFor(visitor, address), ...lie };
        const answer = await raw(address, { headers });
        assert.equal(answer.headers.location, '/start');
        assert.equal(pair.fakeCas.validations[0]?.service, address.split('&ticket=')[0]);
      });

      test(`${name} does not change where a logout leads`, async (t) => {
        const { pair, visitor } = await signedInPair(t);
        pair.portal.app.proxy = proxy;
        const headers = { ...NAVIGATION, ...cookiesFor(visitor, pair.portal.url), ...lie };
        const answer = await raw(`${pair.portal.url}/sso/logout`, { headers });
        assert.equal(answer.status, 303);
        assert.equal(answer.headers.location, `${pair.fakeCas.url}/logout?service=${encoded(pair, '/sso/logged-out')}`);
      });

      test(`${name} does not change the addresses in pages and in JSON`, async (t) => {
        const { portal } = await lyingPair(pairFor(t), proxy);
        const json = await raw(`${portal.url}/start`, { headers: { ...FETCH, ...lie } });
        assert.equal(JSON.parse(json.body).error.loginUrl, `${portal.url}/sso/login?returnTo=%2Fstart`);
        const page = await raw(`${portal.url}/sso/return`, { headers: { ...NAVIGATION, ...lie } });
        assert.equal(page.status, 400);
        for (const answer of [json, page]) assert.ok(!JSON.stringify([answer.headers, answer.body]).includes(EVIL));
      });
    }
  });
}

for (const target of [`http://${EVIL}/start?a=1`, `HTTP://${EVIL}:80/start?a=1`, `http://user@${EVIL}/start?a=1`]) {
  test(`the absolute request target ${target} means a path of ours`, async (t) => {
    const pair = await pairFor(t);
    const visitor = pair.browser();
    const answer = await raw(pair.portal.url, { target, headers: NAVIGATION });
    assert.equal(answer.status, 303);
    const service = serviceOf(answer.headers.location);
    assert.ok(service.startsWith(`${pair.portal.url}/sso/return?`));
    visitor.cookies.store(new URL(pair.portal.url), answer.headers['set-cookie'] ?? []);
    const ticket = pair.fakeCas.issueTicket('alice', service);
    const landed = await comeBack(visitor, `${service}&ticket=${ticket}`, pair);
    assert.equal(landed.headers.get('location'), '/start?a=1');
  });
}

for (const target of [
  `//${EVIL}/x`,
  `///${EVIL}/x`,
  `/\\${EVIL}`,
  `ftp://${EVIL}/x`,
  `/..//${EVIL}`,
  `/%2e%2e//${EVIL}`,
]) {
  test(`the request target ${target} never becomes a redirect to another site`, async (t) => {
    const pair = await pairFor(t);
    const visitor = pair.browser();
    const answer = await raw(pair.portal.url, { target, headers: NAVIGATION });
    visitor.cookies.store(new URL(pair.portal.url), answer.headers['set-cookie'] ?? []);
    const service = serviceOf(answer.headers.location);
    const landed = await comeBack(visitor, `${service}&ticket=${pair.fakeCas.issueTicket('alice', service)}`, pair);
    assert.equal(landed.location?.origin, pair.portal.url);
    assert.equal(landed.status, 303);
  });
}

test('a Referer of another site is nowhere to return to after a form', async (t) => {
  const { portal } = await pairFor(t);
  const headers = { ...NAVIGATION, referer: `https://${EVIL}/form`, 'sec-fetch-site': 'cross-site' };
  const answer = await raw(`${portal.url}/send`, { method: 'POST', headers });
  assert.equal(answer.status, 303);
  assert.ok(!answer.body.includes(EVIL));
});

async function lyingPair(starting: Promise<Pair>, proxy: boolean): Promise<Pair> {
  const pair = await starting;
  pair.portal.app.proxy = proxy;
  return pair;
}

function encoded({ portal }: Pair, path: string): string {
  return encodeURIComponent(portal.url + path);
}
