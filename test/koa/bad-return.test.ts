import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { upToReturn } from '../support/portal.ts';
import {
  assertFailure,
  attemptCookies,
  comeBack,
  pairFor,
  returnUrl,
  serviceOf,
  signedInPair,
  stoppedClock,
  userOf,
  withTicket,
} from './support.ts';

const MALFORMED = { code: 'ERR_SSO_TICKET_MALFORMED', status: 400 };
const MISSING = { code: 'ERR_SSO_TICKET_MISSING', status: 400 };
const REJECTED = { code: 'ERR_SSO_TICKET_REJECTED', status: 403 };
const UNKNOWN = { code: 'ERR_SSO_ATTEMPT_UNKNOWN', status: 400 };
const FOREIGN = { code: 'ERR_SSO_ATTEMPT_FOREIGN', status: 403 };

describe('an ill-formed ticket is refused before the login server hears of it', () => {
  for (const [name, query] of [
    ['empty', 'ticket='],
    ['without a value', 'ticket'],
    ['without its prefix', 'ticket=0123456789abcdef'],
    ['a granting ticket', 'ticket=PGT-1-0123456789'],
    ['with a line break', 'ticket=ST-1-a%0D%0ASet-Cookie:x=1'],
    ['with a parameter inside', 'ticket=ST-1-a%26service=https://evil.example'],
    ['with markup', 'ticket=ST-1-%3Cscript%3Ealert(1)%3C/script%3E'],
    ['with a broken escape', 'ticket=ST-1-%E0%A4%A'],
    ['far too long', `ticket=ST-${'1'.repeat(5000)}`],
    ['there twice', 'ticket=ST-1-aaaaaaaa&ticket=ST-1-aaaaaaaa'],
    ['there twice, once in disguise', 'ticket=ST-1-aaaaaaaa&%74icket=ST-2-bbbbbbbb'],
  ] as const) {
    test(name, async (t) => {
      const pair = await pairFor(t);
      const visitor = pair.browser();
      const service = serviceOf((await visitor.get(`${pair.portal.url}/start`)).location);
      const page = await comeBack(visitor, `${service}&${query}`, pair);
      assert.equal(pair.fakeCas.counts.validate, 0);
      assert.doesNotMatch(page.body, /<script/);
      await assertFailure(page, pair, MALFORMED);
    });
  }
});

test('an ill-formed ticket leaves the attempt alone: the good one still works', async (t) => {
  const { portal, fakeCas, browser } = await pairFor(t);
  const visitor = browser();
  const address = await returnUrl(visitor, `${portal.url}/start`, fakeCas);
  await comeBack(visitor, address.replace(/ticket=.*/, 'ticket=nonsense'), { fakeCas });
  assert.equal(userOf(await (await comeBack(visitor, address, { fakeCas })).settle()), 'alice');
});

test('a return without a ticket tells that the sign-in was cancelled', async (t) => {
  const pair = await pairFor(t);
  const visitor = pair.browser();
  const service = serviceOf((await visitor.get(`${pair.portal.url}/start?a=1`)).location);
  const page = await comeBack(visitor, service, pair);
  assert.match(page.body, /returnTo=%2Fstart%3Fa%3D1/, 'where the person wanted to go is lost');
  await assertFailure(page, pair, MISSING);
});

test('a ticket that was issued for another service is refused', async (t) => {
  const pair = await pairFor(t);
  const visitor = pair.browser();
  const service = serviceOf((await visitor.get(`${pair.portal.url}/start`)).location);
  const ticket = pair.fakeCas.issueTicket('alice', 'https://evil.example/');
  await assertFailure(await comeBack(visitor, withTicket(service, ticket), pair), pair, REJECTED);
});

test('a ticket of another attempt of the same browser is refused', async (t) => {
  const pair = await pairFor(t);
  const visitor = pair.browser();
  const one = await returnUrl(visitor, `${pair.portal.url}/one`, pair.fakeCas);
  const two = serviceOf((await visitor.get(`${pair.portal.url}/two`)).location);
  const page = await comeBack(visitor, withTicket(two, new URL(one).searchParams.get('ticket') ?? ''), pair);
  await assertFailure(page, pair, REJECTED);
});

test('a ticket that nobody issued is refused', async (t) => {
  const pair = await pairFor(t);
  const visitor = pair.browser();
  const service = serviceOf((await visitor.get(`${pair.portal.url}/start`)).location);
  await assertFailure(await comeBack(visitor, withTicket(service, 'ST-1-made-up'), pair), pair, REJECTED);
});

for (const [name, query] of [
  ['no attempt', 'ticket=ST-1-aaaaaaaa'],
  ['an attempt that never was', 'attempt=AAAAAAAAAAAAAAAAAAAAAA&ticket=ST-1-aaaaaaaa'],
  ['an attempt of another form', 'attempt=../../etc&ticket=ST-1-aaaaaaaa'],
  ['an attempt with characters of a header', 'attempt=a%0D%0Ab%3Bc%3Dd&ticket=ST-1-aaaaaaaa'],
  ['an attempt with the suffix of a settled one', 'attempt=AAAAAAAAAAAAAAAAAAAAAA%2Fsettled&ticket=ST-1-aaaaaaaa'],
  ['two attempts', 'attempt=AAAAAAAAAAAAAAAAAAAAAA&attempt=BBBBBBBBBBBBBBBBBBBBBB&ticket=ST-1-aaaaaaaa'],
] as const) {
  test(`a return with ${name} is refused`, async (t) => {
    const pair = await pairFor(t);
    const page = await comeBack(pair.browser(), `${pair.portal.url}/sso/return?${query}`, pair);
    assert.equal(pair.fakeCas.counts.validate, 0);
    await assertFailure(page, pair, UNKNOWN);
  });
}

test('a strange attempt with a cookie to match is refused like any other', async (t) => {
  const pair = await pairFor(t);
  const visitor = pair.browser();
  visitor.cookies.store(new URL(pair.portal.url), ['sso-attempt-a=b=1.secret; path=/']);
  const page = await comeBack(visitor, `${pair.portal.url}/sso/return?attempt=a%3Db&ticket=ST-1-aaaaaaaa`, pair);
  await assertFailure(page, pair, UNKNOWN);
});

test('a return without the cookie of its attempt is refused, and the attempt stays good', async (t) => {
  const pair = await pairFor(t);
  const visitor = pair.browser();
  const address = await returnUrl(visitor, `${pair.portal.url}/start`, pair.fakeCas);
  const stranger = pair.browser();
  await assertFailure(await comeBack(stranger, address, pair), pair, FOREIGN);
  assert.equal(pair.fakeCas.counts.validate, 0);
  assert.equal(userOf(await (await comeBack(visitor, address, pair)).settle()), 'alice');
});

test('a return with the cookie of another tab only is refused', async (t) => {
  const pair = await pairFor(t);
  const visitor = pair.browser();
  const address = await returnUrl(visitor, `${pair.portal.url}/one`, pair.fakeCas);
  visitor.cookies.clear();
  await returnUrl(visitor, `${pair.portal.url}/two`, pair.fakeCas);
  await assertFailure(await comeBack(visitor, address, pair), pair, FOREIGN);
});

test('a return with the secret of another tab under its own name is refused', async (t) => {
  const pair = await pairFor(t);
  const visitor = pair.browser();
  const address = await returnUrl(visitor, `${pair.portal.url}/one`, pair.fakeCas);
  const [own] = attemptCookies(visitor);
  visitor.cookies.clear();
  await returnUrl(visitor, `${pair.portal.url}/two`, pair.fakeCas);
  const other = visitor.cookies.all()[0]?.value ?? '';
  visitor.cookies.store(new URL(pair.portal.url), [`${own}=${other}; path=/`]);
  await assertFailure(await comeBack(visitor, address, pair), pair, FOREIGN);
  assert.equal(pair.fakeCas.counts.validate, 0);
});

test('login CSRF: the ticket of an attacker signs nobody in, in a browser with an attempt of its own', async (t) => {
  const pair = await pairFor(t);
  const [attacker, victim] = [pair.browser(), pair.browser()];
  const planted = await upToReturn(attacker, `${pair.portal.url}/start`, pair.fakeCas, 'bob');
  await victim.get(`${pair.portal.url}/start`);
  await assertFailure(await victim.get(planted.location ?? '', { from: 'https://evil.example/' }), pair, FOREIGN);
  assert.equal(pair.fakeCas.counts.validate, 0);
});

test('login CSRF: the ticket of an attacker does not replace the login of a victim', async (t) => {
  const { pair, visitor } = await signedInPair(t);
  const planted = await upToReturn(pair.browser(), `${pair.portal.url}/start`, pair.fakeCas, 'bob');
  const page = await visitor.get(planted.location ?? '', { from: 'https://evil.example/' });
  assert.equal(page.status, FOREIGN.status);
  assert.match(page.body, /ERR_SSO_ATTEMPT_FOREIGN/);
  assert.equal(pair.fakeCas.counts.validate, 1);
  assert.equal(userOf(await visitor.get(`${pair.portal.url}/start`)), 'alice');
});

test('an attempt that took too long is refused', async (t) => {
  const clock = stoppedClock();
  const pair = await pairFor(t, { options: { clock, attemptSeconds: 60 } });
  const visitor = pair.browser();
  const address = await returnUrl(visitor, `${pair.portal.url}/start`, pair.fakeCas);
  clock.advance(60);
  await assertFailure(await comeBack(visitor, address, pair), pair, UNKNOWN);
  assert.equal(pair.fakeCas.counts.validate, 0);
});

test('an attempt that took nearly too long is accepted', async (t) => {
  const clock = stoppedClock();
  const pair = await pairFor(t, { options: { clock, attemptSeconds: 60 } });
  const visitor = pair.browser();
  const address = await returnUrl(visitor, `${pair.portal.url}/start`, pair.fakeCas);
  clock.advance(59);
  assert.equal(userOf(await (await comeBack(visitor, address, pair)).settle()), 'alice');
});
