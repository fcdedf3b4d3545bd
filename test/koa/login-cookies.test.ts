import assert from 'node:assert/strict';
import { test } from 'node:test';
import { queryObjects } from 'node:v8';
import { logIn } from '../support/portal.ts';
import {
  attemptCookies,
  comeBack,
  cookieHeader,
  NAVIGATION,
  type Pair,
  pairFor,
  raw,
  returnUrl,
  serviceOf,
  signedInPair,
  userOf,
  withTicket,
} from './support.ts';

const PUBLIC_URL = 'https://portal.example.edu';

/** A login over a connection that a proxy has taken TLS off, header by header. */
async function logInBehindProxy({ portal, fakeCas }: Pair) {
  const begun = await raw(`${portal.url}/start`, { headers: NAVIGATION });
  const service = serviceOf(begun.headers.location);
  const { pathname, search } = new URL(withTicket(service, fakeCas.issueTicket('alice', service)));
  const cookie = cookieHeader(begun.headers['set-cookie']);
  const landed = await raw(`${portal.url}${pathname}${search}`, { headers: { ...NAVIGATION, cookie } });
  return { begun, service, landed };
}

function assertCookie(line: string | undefined, https: boolean): void {
  assert.match(line ?? '', /; path=\/(;|$)/);
  assert.match(line ?? '', /; httponly/);
  assert.match(line ?? '', /; samesite=lax/);
  assert.doesNotMatch(line ?? '', /; domain=/);
  if (https) assert.match(line ?? '', /^__Host-.*; secure/);
  else assert.doesNotMatch(line ?? '', /^__Host-|; secure/);
}

const named = (lines: readonly string[] | undefined, name: string) =>
  lines?.filter((line) => line.startsWith(name)) ?? [];

test('over http on loopback the session cookie is HttpOnly, Lax and for the host only', async (t) => {
  const { portal, fakeCas, browser } = await pairFor(t);
  const visitor = browser();
  const landed = await comeBack(visitor, await returnUrl(visitor, `${portal.url}/start`, fakeCas), { fakeCas });
  const lines = landed.headers.getSetCookie();
  const session = /^sso-session-\w+/m.exec(lines.join('\n'))?.[0];
  assert.equal(named(lines, `${session}=`).length, 1, 'one session cookie, not one that removes and one that sets');
  for (const name of [`${session}=`, `${session}.sig=`]) assertCookie(named(lines, name)[0], false);
});

test('over http on loopback the attempt cookie is HttpOnly, Lax and for the host only', async (t) => {
  const { portal, browser } = await pairFor(t);
  const lines = (await browser().get(`${portal.url}/start`)).headers.getSetCookie();
  assert.equal(lines.length, 1);
  assertCookie(named(lines, 'sso-attempt-')[0], false);
});

for (const proxy of [false, true]) {
  test(`behind a proxy that ends TLS a login works, app.proxy ${proxy ? 'on' : 'off'}`, async (t) => {
    const pair = await pairFor(t, { options: { baseUrl: PUBLIC_URL } });
    pair.portal.app.proxy = proxy;
    const { service, landed } = await logInBehindProxy(pair);
    assert.match(service, /^https:\/\/portal\.example\.edu\/sso\/return\b/);
    assert.equal(landed.status, 303, landed.body);
    const cookie = cookieHeader(landed.headers['set-cookie']);
    const page = await raw(`${pair.portal.url}/start`, { headers: { ...NAVIGATION, cookie } });
    assert.equal(userOf(page), 'alice');
    assert.deepEqual(pair.portal.errors, []);
  });
}

test('over https every cookie is Secure and has the name prefix that binds it to the host', async (t) => {
  const pair = await pairFor(t, { options: { baseUrl: PUBLIC_URL } });
  const { begun, landed } = await logInBehindProxy(pair);
  const lines = [...(begun.headers['set-cookie'] ?? []), ...(landed.headers['set-cookie'] ?? [])];
  assert.ok(lines.length >= 4);
  for (const line of lines) assertCookie(line, true);
});

test('over https a logout behind a proxy works and removes the session cookie', async (t) => {
  const pair = await pairFor(t, { options: { baseUrl: PUBLIC_URL } });
  const { landed } = await logInBehindProxy(pair);
  const cookie = cookieHeader(landed.headers['set-cookie']);
  const headers = { ...NAVIGATION, 'sec-fetch-site': 'same-origin', cookie };
  const out = await raw(`${pair.portal.url}/sso/logout`, { method: 'POST', headers });
  assert.equal(out.status, 303, out.body);
  const line = named(out.headers['set-cookie'], '__Host-sso-session-')[0];
  assert.match(line ?? '', /^__Host-sso-session-\w+=; .*expires=Thu, 01 Jan 1970.*; secure/);
});

test('the attempt cookie is gone after the return', async (t) => {
  const { visitor } = await signedInPair(t);
  assert.deepEqual(attemptCookies(visitor), []);
});

test('a browser never keeps more than 8 attempt cookies, and the newest one works', async (t) => {
  const { portal, fakeCas, browser } = await pairFor(t);
  const visitor = browser();
  let newest = '';
  for (let tab = 0; tab < 12; tab += 1) {
    newest = await returnUrl(visitor, `${portal.url}/tab${tab}`, fakeCas);
    assert.ok(attemptCookies(visitor).length <= 8);
  }
  assert.equal(attemptCookies(visitor).length, 8);
  const page = await (await comeBack(visitor, newest, { fakeCas })).settle();
  assert.equal(page.url.pathname, '/tab11');
});

test('the attempts that were begun first lose their cookies first', async (t) => {
  const clock = { now: Date.now() };
  const { portal, browser } = await pairFor(t, { options: { clock: () => clock.now } });
  const visitor = browser();
  const begun: string[] = [];
  for (let tab = 0; tab < 10; tab += 1) {
    const service = serviceOf((await visitor.get(`${portal.url}/tab${tab}`)).location);
    begun.push(new URL(service).searchParams.get('attempt') ?? '');
    clock.now += 1000;
  }
  const kept = attemptCookies(visitor).map((name) => name.slice(-22));
  assert.deepEqual([...kept].sort(), begun.slice(2).sort());
});

test('a browser with very many attempt cookies gets an answer with a header of ordinary size', async (t) => {
  const { portal } = await pairFor(t);
  const cookie = Array.from({ length: 100 }, (_, number) => `sso-attempt-${number}=1.x`).join('; ');
  const answer = await raw(`${portal.url}/start`, { headers: { ...NAVIGATION, cookie } });
  assert.equal(answer.status, 303);
  // Reverse proxies give up on a header of 4 or 8 KiB, and the visitor would see their error page.
  const size = JSON.stringify(answer.headers).length;
  assert.ok(size < 4096, `${size} characters`);
});

test('a cookie of another application with a strange name or value disturbs nothing', async (t) => {
  const { portal, fakeCas, browser } = await pairFor(t);
  const visitor = browser();
  const strange = [
    'sso-attempt-=x',
    'sso-attempt-%0d=1',
    'sso-recent=NaN.NaN',
    'sso-recent=-9.9e99',
    'sso-session=e30',
  ];
  visitor.cookies.store(
    new URL(portal.url),
    strange.map((pair) => `${pair}; path=/`),
  );
  assert.equal(userOf(await logIn(visitor, `${portal.url}/start`, fakeCas)), 'alice');
  assert.deepEqual(portal.errors, []);
});

// The module `cookies` keeps a regular expression for every cookie name that it was ever asked for.
const livingPatterns = () => queryObjects(RegExp, { format: 'count' });

test('made-up attempts leave nothing behind in the memory of the process', async (t) => {
  const { portal } = await pairFor(t);
  const headers = { ...NAVIGATION, cookie: 'a=b' };
  const askFor = (attempt: string) =>
    raw(portal.url, { target: `/sso/return?attempt=${attempt}&ticket=ST-1`, headers });
  await askFor('first');
  const before = livingPatterns();
  for (let count = 0; count < 30; count += 1) await askFor(`${count}`.padEnd(2000, 'a'));
  assert.ok(livingPatterns() - before < 30, 'each of them is remembered for ever');
});

test('logins leave nothing behind in the memory of the process', async (t) => {
  const { portal, fakeCas, browser } = await pairFor(t);
  await logIn(browser(), `${portal.url}/start`, fakeCas);
  const before = livingPatterns();
  for (let count = 0; count < 20; count += 1) {
    const visitor = browser();
    await comeBack(visitor, await returnUrl(visitor, `${portal.url}/start`, fakeCas), { fakeCas });
  }
  assert.ok(livingPatterns() - before < 20, 'each of them is remembered for ever');
});
