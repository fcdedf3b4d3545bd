import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logIn } from '../support/portal.ts';
import { comeBack, cookiesFor, NAVIGATION, pairFor, raw, returnUrl, stoppedClock } from './support.ts';
import { keyvs, WatchedAdapter } from './watched-store.ts';

const makeKeyv = keyvs[0]![1];

async function watched(t: Parameters<typeof pairFor>[0], options = {}) {
  const adapter = new WatchedAdapter();
  const pair = await pairFor(t, { options: { store: makeKeyv(adapter), ...options } });
  const visitor = pair.browser();
  await logIn(visitor, `${pair.portal.url}/start`, pair.fakeCas);
  adapter.forget();
  return { adapter, pair, visitor };
}

test('a request of somebody who is signed in reads the store once, writes nothing and asks no server', async (t) => {
  const { adapter, pair, visitor } = await watched(t);
  const before = { ...pair.fakeCas.counts };
  assert.equal((await visitor.get(`${pair.portal.url}/page`)).status, 200);
  assert.deepEqual(adapter.log, ['get login']);
  assert.deepEqual({ ...pair.fakeCas.counts }, before);
});

test('a request of somebody who is signed in sets no cookie', async (t) => {
  const { pair, visitor } = await watched(t);
  assert.deepEqual((await visitor.get(`${pair.portal.url}/page`)).headers.getSetCookie(), []);
});

test('activity is written down now and then, not on every request', async (t) => {
  const clock = stoppedClock();
  const { adapter, pair, visitor } = await watched(t, { clock, idleSeconds: 1000 });
  for (let count = 0; count < 20; count += 1) {
    clock.advance(10);
    await visitor.get(`${pair.portal.url}/page`);
  }
  assert.equal(adapter.log.filter((call) => call === 'get login').length, 20);
  assert.equal(adapter.log.filter((call) => call.startsWith('set')).length, 2);
});

test('a page that is open to everybody makes no store call, signed in or not', async (t) => {
  const { adapter, pair, visitor } = await watched(t);
  await visitor.get(`${pair.portal.url}/open`);
  await pair.browser().get(`${pair.portal.url}/open`);
  assert.deepEqual(adapter.log, []);
});

test('the stylesheet and the page after a logout make no store call', async (t) => {
  const { adapter, pair, visitor } = await watched(t);
  await visitor.get(`${pair.portal.url}/sso/style-4.css`);
  await visitor.get(`${pair.portal.url}/sso/logged-out`);
  assert.deepEqual(adapter.log, []);
});

test('a request of nobody that begins a login writes once', async (t) => {
  const { adapter, pair } = await watched(t);
  await pair.browser().get(`${pair.portal.url}/page`);
  assert.deepEqual(adapter.log, ['set flow']);
});

test('a whole login makes at most 7 store calls and exactly one validation call', async (t) => {
  const { adapter, pair } = await watched(t);
  const before = pair.fakeCas.counts.validate;
  const visitor = pair.browser();
  await comeBack(visitor, await returnUrl(visitor, `${pair.portal.url}/page`, pair.fakeCas), pair);
  assert.ok(adapter.log.length <= 7, adapter.log.join(', '));
  assert.equal(pair.fakeCas.counts.validate - before, 1);
});

test('a return without the cookie of its attempt reads, and never writes or takes', async (t) => {
  const { adapter, pair } = await watched(t);
  const address = await returnUrl(pair.browser(), `${pair.portal.url}/page`, pair.fakeCas);
  adapter.forget();
  await comeBack(pair.browser(), address, pair);
  assert.ok(adapter.log.length <= 2 && adapter.log.every((call) => call === 'get flow'), adapter.log.join(', '));
});

test('an ill-formed attempt or ticket makes no store call', async (t) => {
  const { adapter, pair } = await watched(t);
  for (const query of ['', 'attempt=x&ticket=ST-1-a', 'attempt=AAAAAAAAAAAAAAAAAAAAAA&ticket=x']) {
    await raw(`${pair.portal.url}/sso/return?${query}`, { headers: NAVIGATION });
  }
  assert.deepEqual(adapter.log, []);
});

test('a stranger with a made-up attempt and a made-up cookie for it makes few store calls', async (t) => {
  const { adapter, pair } = await watched(t);
  const attempt = 'A'.repeat(22);
  const headers = { ...NAVIGATION, cookie: `sso-attempt-${attempt}=1.${'a'.repeat(43)}` };
  const answer = await raw(`${pair.portal.url}/sso/return?attempt=${attempt}&ticket=ST-1-a`, { headers });
  assert.equal(answer.status, 400);
  assert.ok(adapter.log.length <= 7, `${adapter.log.length} calls`);
});

test('made-up attempt cookies make few store calls where only a cookie tells the attempt', async (t) => {
  const adapter = new WatchedAdapter();
  const pair = await pairFor(t, { cas: { exactServiceUrl: true }, options: { store: makeKeyv(adapter) } });
  const cookie = [...'ABCDEFGH'].map((letter) => `sso-attempt-${letter.repeat(22)}=1.x`).join('; ');
  const headers = { ...NAVIGATION, cookie };
  const answer = await raw(`${pair.portal.url}/sso/return?ticket=ST-1-a`, { headers });
  assert.equal(answer.status, 400);
  assert.ok(adapter.log.length <= 32, `${adapter.log.length} calls`);
});

test('a logout of nobody with made-up attempt cookies writes nothing', async (t) => {
  const { adapter, pair } = await watched(t);
  const cookie = [...'ABCDEFGH'].map((letter) => `sso-attempt-${letter.repeat(22)}=1.x`).join('; ');
  const headers = { ...NAVIGATION, 'sec-fetch-site': 'same-origin', cookie };
  const answer = await raw(`${pair.portal.url}/sso/logout`, { method: 'POST', headers });
  assert.equal(answer.status, 303);
  assert.deepEqual(
    adapter.log.filter((call) => !call.startsWith('get')),
    [],
  );
});

test('a logout in another tab takes few store calls', async (t) => {
  const { adapter, pair, visitor } = await watched(t);
  const headers = { ...NAVIGATION, 'sec-fetch-site': 'same-origin', ...cookiesFor(visitor, pair.portal.url) };
  await raw(`${pair.portal.url}/sso/logout`, { method: 'POST', headers });
  assert.ok(adapter.log.length <= 8, adapter.log.join(', '));
});
