import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type CampusSsoOptions, type CasOptions, createMemoryKeyv, type Json } from '../../src/index.ts';
import type { Browser, Page } from '../support/browser.ts';
import { logIn, upToReturn } from '../support/portal.ts';
import { attemptCookies, comeBack, type Pair, pairFor, returnUrl, stoppedClock, userOf } from './support.ts';

async function scene(
  t: TestContext,
  { cas, ...options }: Partial<CampusSsoOptions<Json>> & { readonly cas?: Partial<CasOptions> } = {},
) {
  const pair = await pairFor(t, { cas: { exactServiceUrl: true, ...cas }, options });
  return { ...pair, visitor: pair.browser(), service: `${pair.portal.url}/sso/return` };
}

/** The address that brings a good ticket back, whoever opens it. */
function returnWithTicket({ fakeCas }: Pick<Pair, 'fakeCas'>, service: string, name = 'alice'): string {
  return `${service}?ticket=${fakeCas.issueTicket(name, service)}`;
}

function cookieOf(browser: Browser): { readonly name: string; readonly value: string } {
  return browser.cookies.all().find(({ name }) => name === attemptCookies(browser)[0])!;
}

/** Refused before anybody looked at the ticket, and nobody is signed in. */
async function assertRefused(page: Page, stranger: Browser, { fakeCas, portal }: Pick<Pair, 'fakeCas' | 'portal'>) {
  assert.match(page.body, /<code>ERR_SSO_ATTEMPT_(UNKNOWN|FOREIGN)<\/code>/);
  assert.ok(page.status >= 400 && page.status < 500);
  assert.equal(fakeCas.counts.validate, 0);
  assert.equal((await stranger.get(`${portal.url}/start`)).status, 303);
}

test('the service has no query, at login and at validation', async (t) => {
  const { fakeCas, portal, visitor, service } = await scene(t);
  const sent = await visitor.get(`${portal.url}/start?a=1`);
  assert.equal(sent.location?.searchParams.get('service'), service);
  await logIn(visitor, `${portal.url}/start?a=1`, fakeCas);
  assert.equal(fakeCas.validations[0]?.service, service);
});

test('a visitor logs in and is on the page that was asked for', async (t) => {
  const { fakeCas, portal, visitor } = await scene(t);
  const page = await logIn(visitor, `${portal.url}/start?a=1`, fakeCas);
  assert.equal(page.url.href, `${portal.url}/start?a=1`);
  assert.equal(userOf(page), 'alice');
  assert.deepEqual(attemptCookies(visitor), []);
});

test('with two tabs the latest attempt is finished first, and both pages are reached', async (t) => {
  const clock = stoppedClock();
  const { fakeCas, portal, visitor } = await scene(t, { clock });
  const first = await returnUrl(visitor, `${portal.url}/one`, fakeCas);
  clock.advance(5);
  const second = await returnUrl(visitor, `${portal.url}/two`, fakeCas);
  const pages = [];
  for (const address of [first, second]) {
    pages.push(await (await comeBack(visitor, address, { fakeCas })).settle());
  }
  assert.deepEqual(
    pages.map((page) => [userOf(page), page.url.pathname]),
    [
      ['alice', '/two'],
      ['alice', '/one'],
    ],
  );
});

test('two tabs that come back at the same moment both reach a page of theirs', async (t) => {
  const { fakeCas, portal, visitor } = await scene(t);
  const addresses = [
    await returnUrl(visitor, `${portal.url}/one`, fakeCas),
    await returnUrl(visitor, `${portal.url}/two`, fakeCas),
  ];
  fakeCas.misbehave({ kind: 'slow', ms: 100 }, { times: 2 });
  const landed = await Promise.all(addresses.map((address) => comeBack(visitor, address, { fakeCas })));
  for (const page of landed) {
    const last = await page.settle();
    assert.match(last.url.pathname, /^\/(one|two)$/);
    assert.equal(userOf(last), 'alice');
  }
});

test('a later attempt that is gone from the store does not stand in the way', async (t) => {
  const [clock, store] = [stoppedClock(), createMemoryKeyv()];
  const { fakeCas, portal, visitor } = await scene(t, { clock, store });
  clock.advance(5);
  await visitor.get(`${portal.url}/gone`);
  await store.clear();
  clock.advance(-5);
  const address = await returnUrl(visitor, `${portal.url}/start`, fakeCas);
  const page = await (await comeBack(visitor, address, { fakeCas })).settle();
  assert.equal(page.url.pathname, '/start');
  assert.equal(userOf(page), 'alice');
});

test('a return without any cookie is refused, and the ticket is not used up', async (t) => {
  const all = await scene(t);
  await all.visitor.get(`${all.portal.url}/start`);
  const stranger = all.browser();
  await assertRefused(await comeBack(stranger, returnWithTicket(all, all.service, 'bob'), all), stranger, all);
});

test('a return with a made-up secret for the attempt of another browser is refused', async (t) => {
  const all = await scene(t);
  await all.visitor.get(`${all.portal.url}/start`);
  const { name, value } = cookieOf(all.visitor);
  const stranger = all.browser();
  const forged = value.replace(/\.[^.]+/, `.${'A'.repeat(43)}`);
  assert.notEqual(forged, value);
  stranger.cookies.store(new URL(all.portal.url), [`${name}=${forged}; path=/`]);
  await assertRefused(await comeBack(stranger, returnWithTicket(all, all.service, 'bob'), all), stranger, all);
});

test('an attempt that a stranger knows the name of stays good for its own browser', async (t) => {
  const all = await scene(t);
  const address = await returnUrl(all.visitor, `${all.portal.url}/start`, all.fakeCas);
  const stranger = all.browser();
  stranger.cookies.store(new URL(all.portal.url), [`${cookieOf(all.visitor).name}=x.wrong; path=/`]);
  await comeBack(stranger, address, all);
  assert.equal(userOf(await (await comeBack(all.visitor, address, all)).settle()), 'alice');
});

test('the secret of one attempt does not open another', async (t) => {
  const all = await scene(t);
  const [one, other] = [all.browser(), all.browser()];
  for (const browser of [one, other]) await browser.get(`${all.portal.url}/start`);
  const stranger = all.browser();
  const crossed = `${cookieOf(one).name}=${cookieOf(other).value}; path=/`;
  stranger.cookies.store(new URL(all.portal.url), [crossed]);
  await assertRefused(await comeBack(stranger, returnWithTicket(all, all.service), all), stranger, all);
});

test('a return whose attempt is used up is refused', async (t) => {
  const all = await scene(t);
  const landed = await upToReturn(all.visitor, `${all.portal.url}/start`, all.fakeCas);
  const { name, value } = cookieOf(all.visitor);
  await landed.follow();
  const thief = all.browser();
  thief.cookies.store(new URL(all.portal.url), [`${name}=${value}; path=/`]);
  await comeBack(thief, returnWithTicket(all, all.service, 'bob'), all);
  assert.equal(all.fakeCas.counts.validate, 1);
  assert.notEqual((await thief.get(`${all.portal.url}/start`)).status, 200);
});

test('the address of a return, opened again by whoever is signed in, is no error', async (t) => {
  const all = await scene(t);
  const landed = await upToReturn(all.visitor, `${all.portal.url}/start`, all.fakeCas);
  await landed.settle();
  const again = await (await comeBack(all.visitor, landed.location!.href, all)).settle();
  assert.equal(userOf(again), 'alice');
  assert.equal(all.fakeCas.counts.validate, 1);
});

test('a person who cancels is told so, and may try again', async (t) => {
  const all = await scene(t);
  await all.visitor.get(`${all.portal.url}/start`);
  const page = await comeBack(all.visitor, all.service, all);
  assert.match(page.body, /ERR_SSO_TICKET_MISSING/);
  assert.equal(userOf(await logIn(all.visitor, `${all.portal.url}/start`, all.fakeCas)), 'alice');
});

test('a ticket that the login server refuses does not use up the attempts of other tabs', async (t) => {
  const clock = stoppedClock();
  const all = await scene(t, { clock });
  const first = await returnUrl(all.visitor, `${all.portal.url}/one`, all.fakeCas);
  clock.advance(5);
  await all.visitor.get(`${all.portal.url}/two`);
  assert.equal((await comeBack(all.visitor, `${all.service}?ticket=ST-1-invented`, all)).status, 403);
  assert.equal(userOf(await (await comeBack(all.visitor, first, all)).settle()), 'alice');
});

test('a link of a CAS portal works beside it, when both are allowed', async (t) => {
  const all = await scene(t, { cas: { allowUnsolicitedLogin: true } });
  const page = await (await comeBack(all.visitor, returnWithTicket(all, all.service), all)).settle();
  assert.equal(page.url.href, `${all.portal.url}/`);
  assert.equal(userOf(page), 'alice');
});

test('SAML 1.1 with an exact service logs in', async (t) => {
  const { fakeCas, portal, visitor, service } = await scene(t, { cas: { version: 'saml1.1' } });
  assert.equal(userOf(await logIn(visitor, `${portal.url}/start`, fakeCas)), 'alice');
  assert.equal(fakeCas.validations[0]?.service, service);
});
