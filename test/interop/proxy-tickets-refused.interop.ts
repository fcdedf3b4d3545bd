import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from '../support/browser.ts';
import type { Api } from '../support/proxying.ts';
import { djangoUsers } from './support/django-users.ts';
import {
  askForTicket,
  callDirectly,
  callerIn,
  callThrough,
  errorOn,
  refusalIn,
  returnWith,
  ticketFor,
  withTicketOf,
} from './support/proxy-pages.ts';
import { type ProxyPortal, type ProxyScene, signedIn, startProxyScene } from './support/proxy-scene.ts';
import { assertFailurePage, assertLoginForm, withTicket } from './support/scene.ts';

const { alice, bob } = djangoUsers;

let scene: ProxyScene;
let portal: ProxyPortal;
/** A service that lets the portal act for people. */
let api: Api;
/** Somebody who is signed in to the portal as alice. */
let browser: Browser;

before(async () => {
  scene = await startProxyScene();
  portal = await scene.proxyPortal();
  api = await scene.api({ allowedChains: [[portal.callbackUrl]] });
  browser = await signedIn(scene, portal, alice);
});

after(() => scene?.close());

for (const [target, why] of [
  ['/noproxy', 'that takes no proxy tickets'],
  ['imap://mail.uni.example', 'that the CAS server does not know'],
] as const) {
  test(`a ticket to a service ${why} is refused, with the code of the server`, async () => {
    const service = target.startsWith('/') ? api.url + target : target;
    const page = await askForTicket(browser, portal, service);

    assert.equal(page.status, 502);
    const { code, detail, message } = errorOn(page);
    assert.deepEqual([code, detail], ['ERR_SSO_PROXY_REFUSED', 'UNAUTHORIZED_SERVICE']);
    assert.match(message, /\(UNAUTHORIZED_SERVICE\)$/);
  });
}

test('a ticket to a service that the person may not use is refused with another code', async () => {
  const page = await askForTicket(await signedIn(scene, portal, bob), portal, `${api.url}/onlyalice`);
  const { code, detail } = errorOn(page);

  assert.deepEqual([code, detail], ['ERR_SSO_PROXY_REFUSED', 'UNAUTHORIZED_USER']);
  assert.equal(callerIn(await callThrough(browser, portal, `${api.url}/onlyalice`)).user.id, 'alice');
});

test('a refused target leaves the grant as it is', async () => {
  await askForTicket(browser, portal, `${api.url}/noproxy`);

  assert.equal(callerIn(await callThrough(browser, portal, `${api.url}/`)).user.id, 'alice');
});

test('a portal below an address that takes no proxy tickets can have them for other services', async () => {
  const below = await scene.proxyPortal({ callbackPath: '/noproxy/sso/proxy-callback' });
  const service = await scene.api({ allowedChains: [[below.callbackUrl]] });
  const answer = await callThrough(await signedIn(scene, below, alice), below, `${service.url}/`);

  assert.equal(callerIn(answer).user.id, 'alice');
});

test('a proxy ticket is accepted once', async () => {
  const address = withTicketOf(`${api.url}/once`, await ticketFor(browser, portal, `${api.url}/once`));
  assert.equal(callerIn(await callDirectly(address)).user.id, 'alice');

  assert.equal(refusalIn(await callDirectly(address)), 'ERR_SSO_PROXY_TICKET_REJECTED');
  assert.equal(api.seen.filter((url) => url === '/once').length, 1);
  assert.match(api.log.at(-1) ?? '', /^warn ERR_SSO_PROXY_TICKET_REJECTED \(INVALID_TICKET\)/);
});

test('of two calls at once with one ticket only one is let through', async () => {
  const address = withTicketOf(`${api.url}/race`, await ticketFor(browser, portal, `${api.url}/race`));
  const statuses = (await Promise.all([callDirectly(address), callDirectly(address)])).map(({ status }) => status);

  assert.deepEqual(statuses.sort(), [200, 401]);
});

test('a proxy ticket for one address is not accepted at another, and is of no use after that', async () => {
  const ticket = await ticketFor(browser, portal, `${api.url}/grades`);

  assert.equal(
    refusalIn(await callDirectly(withTicketOf(`${api.url}/salaries`, ticket))),
    'ERR_SSO_PROXY_TICKET_REJECTED',
  );
  assert.match(api.log.at(-1) ?? '', /\(INVALID_SERVICE\)/);
  assert.equal(
    refusalIn(await callDirectly(withTicketOf(`${api.url}/grades`, ticket))),
    'ERR_SSO_PROXY_TICKET_REJECTED',
  );
});

test('a proxy ticket that is too old is refused', async () => {
  const ticket = await ticketFor(browser, portal, `${api.url}/`);
  assert.ok((await scene.cas.ctl('expire-tickets')) > 0);

  assert.equal(refusalIn(await callDirectly(withTicketOf(`${api.url}/`, ticket))), 'ERR_SSO_PROXY_TICKET_REJECTED');
});

test('a call without a ticket is refused', async () => {
  assert.equal(refusalIn(await callDirectly(`${api.url}/`)), 'ERR_SSO_PROXY_TICKET_REQUIRED');
});

test('a portal that is not among the allowed chains is refused, and its ticket is of no use after that', async () => {
  const picky = await scene.api({ allowedChains: [['https://other.example/sso/proxy-callback']] });
  const ticket = await ticketFor(browser, portal, `${picky.url}/`);

  assert.equal(refusalIn(await callDirectly(withTicketOf(`${picky.url}/`, ticket))), 'ERR_SSO_PROXY_CHAIN');
  assert.equal(refusalIn(await callDirectly(withTicketOf(`${picky.url}/`, ticket))), 'ERR_SSO_PROXY_TICKET_REJECTED');
  assert.deepEqual(picky.seen, []);
});

test('a portal whose address begins like an allowed one is refused', async () => {
  const picky = await scene.api({ allowedChains: [[portal.callbackUrl.slice(0, -1)], [/^https:\/\/localhost$/]] });

  assert.equal(refusalIn(await callThrough(browser, portal, `${picky.url}/`)), 'ERR_SSO_PROXY_CHAIN');
});

/** A ticket that the person brings without any proxy. */
async function ownTicket(service: string): Promise<string> {
  const login = `${scene.cas.url}/login?${new URLSearchParams({ service })}`;
  const { location } = await withTicket(scene.browser(), login, alice);
  return location?.searchParams.get('ticket') ?? assert.fail('no ticket');
}

test('a ticket that people bring themselves is refused where only services may call', async () => {
  const address = `${api.url}/`;

  assert.equal(refusalIn(await callDirectly(withTicketOf(address, await ownTicket(address)))), 'ERR_SSO_PROXY_CHAIN');
});

test('a ticket that people bring themselves is accepted where that is allowed, and has no proxies', async () => {
  const open = await scene.api({ allowedChains: [], accept: { allowDirect: true } });
  const answer = await callDirectly(withTicketOf(`${open.url}/`, await ownTicket(`${open.url}/`)));

  const { user } = callerIn(answer);
  assert.deepEqual([user.id, user.proxies], ['alice', []]);
});

test('a service that does not trust the certificate of the CAS server believes no ticket', async () => {
  const distrustful = await scene.api({
    allowedChains: [[portal.callbackUrl]],
    cas: { ca: scene.callbackCa.certificate },
  });
  const { status, body } = await callThrough(browser, portal, `${distrustful.url}/`);

  assert.equal(status, 503);
  assert.match(body, /"ERR_SSO_CAS_UNREACHABLE"/);
  assert.deepEqual(distrustful.seen, []);
});

test('a proxy ticket for the return address of a login signs nobody in: this server does not know it there', async () => {
  const stranger = scene.browser();
  const other = await scene.portal();
  const page = await returnWith(stranger, `${other.url}/protected`, (service) => ticketFor(browser, portal, service));

  assertFailurePage(page, 403, 'ERR_SSO_TICKET_REJECTED');
  assert.match(other.log.at(-1) ?? '', /\(INVALID_TICKET\)/);
  await assertLoginForm(stranger, `${other.url}/protected`);
});

test('a login that asks where proxy tickets are good sees the proxy, and signs nobody in', async () => {
  const stranger = scene.browser();
  const other = await scene.portal({ cas: { endpoints: { validate: 'p3/proxyValidate' } } });
  const page = await returnWith(stranger, `${other.url}/protected`, (service) => ticketFor(browser, portal, service));

  assertFailurePage(page, 403, 'ERR_SSO_PROXIED_TICKET');
  assert.ok(other.journal.some(({ event }) => event === 'validation.proxied'));
  await assertLoginForm(stranger, `${other.url}/protected`);
});

test('a login by CAS 1.0, where answers name no proxies, does not even ask about a proxy ticket', async () => {
  const stranger = scene.browser();
  const other = await scene.portal({ cas: { version: '1.0' } });
  let ticket = '';
  const page = await returnWith(stranger, `${other.url}/protected`, async (service) => {
    ticket = await ticketFor(browser, portal, service);
    return ticket;
  });

  assertFailurePage(page, 403, 'ERR_SSO_PROXIED_TICKET');
  const row = (await scene.cas.ctl('tickets')).find(({ value }) => value === ticket);
  assert.equal(row?.used, false);
  await assertLoginForm(stranger, `${other.url}/protected`);
});
