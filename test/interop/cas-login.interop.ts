import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import type { Principal } from '../../machines/vocabulary.ts';
import { type Browser, type Page, trail } from '../support/browser.ts';
import type { Portal } from '../support/portal.ts';
import { djangoUsers, type TestUser } from './support/django-users.ts';
import {
  assertFailurePage,
  assertIsLoginForm,
  assertLoginForm,
  logIn,
  ownAttributes,
  type Scene,
  startScene,
  userOn,
  withTicket,
} from './support/scene.ts';

const { alice, bob, clash, oddattrs, zoe } = djangoUsers;
const PROTOTYPE_MEMBERS = Object.getOwnPropertyNames(Object.prototype);

let scene: Scene;
let portal: Portal;

before(async () => {
  scene = await startScene();
  portal = await scene.portal();
});

after(() => scene?.close());

const at = (path: string): string => portal.url + path;

/** How often a CAS server was asked about a ticket. */
const validations = (ticket: string): number => scene.cas.log().match(new RegExp(`ticket=${ticket}`, 'g'))?.length ?? 0;

function ticketIn(page: Page): string {
  const ticket = page.location?.searchParams.get('ticket');
  assert.ok(ticket);
  return ticket;
}

/** The address that this attempt returns to, without a ticket. */
async function beginAttempt(browser: Browser, path: string): Promise<URL> {
  const { location } = await browser.get(at(path));
  return new URL(location?.searchParams.get('service') ?? assert.fail('no redirect to the CAS server'));
}

/** What `onLogin` is told of somebody. */
async function principalOf(user: TestUser): Promise<Principal> {
  const known: Principal[] = [];
  const hooked = await scene.portal({ options: { onLogin: (principal) => void known.push(principal) } });
  await logIn(scene.browser(), `${hooked.url}/`, user);
  assert.equal(known.length, 1);
  return known[0] ?? assert.fail();
}

function returnWith(service: URL, ticket: string): URL {
  const url = new URL(service);
  url.searchParams.set('ticket', ticket);
  return url;
}

test('a protected page lets alice in after the form of the CAS server', async () => {
  const page = await logIn(scene.browser(), at('/protected'), alice);

  assert.equal(page.url.href, at('/protected'));
  const user = userOn(page);
  assert.deepEqual([user.id, user.issuer, user.protocol], ['alice', scene.cas.url, 'cas']);
});

test('every attribute of alice arrives as it is, once, and in a list', async () => {
  const user = userOn(await logIn(scene.browser(), at('/'), alice));

  const { padded, ...rest } = ownAttributes(user);
  assert.deepEqual(rest, {
    givenName: ['Alice'],
    mail: ['alice@uni.example'],
    displayName: [alice.attributes.displayName],
    note: [alice.attributes.note],
    memberOf: alice.attributes.memberOf,
    oneOnly: ['the only one'],
    empty: [''],
    number: ['42'],
    // What this server makes of a Python boolean.
    active: ['True'],
  });
  // White space around a value cannot be told from pretty-printing.
  assert.deepEqual(padded, ['two spaces around']);
});

test('the hour of the login is the one that the CAS server tells', async () => {
  const { attributes, authenticatedAt } = userOn(await logIn(scene.browser(), at('/'), alice));

  assert.deepEqual(attributes.isFromNewLogin, ['true']);
  assert.equal(attributes.authenticationDate?.length, 1);
  assert.equal(authenticatedAt, new Date(attributes.authenticationDate[0] ?? '').toISOString());
});

test('a name with letters beyond ASCII, spaces and markup is the id as it is', async () => {
  const user = userOn(await logIn(scene.browser(), at('/'), zoe));

  assert.equal(user.id, 'zoë r&d <x>');
  assert.deepEqual(ownAttributes(user), { mail: ['zoe@uni.example'] });
});

test('bob logs in without attributes', async () => {
  const user = userOn(await logIn(scene.browser(), at('/'), bob));

  assert.equal(user.id, 'bob');
  assert.deepEqual(ownAttributes(user), {});
});

test('attributes named like elements of the protocol change nothing about who somebody is', async () => {
  const { id, attributes } = userOn(await logIn(scene.browser(), at('/'), clash));

  assert.equal(id, 'clash');
  assert.deepEqual(attributes.user, ['mallory']);
  assert.deepEqual(attributes.proxies, ['https://evil.example/proxy']);
  assert.equal(Object.hasOwn(attributes, 'proxyGrantingTicket'), false);
});

test('attributes named like members of Object.prototype are attributes like any other', async () => {
  const { attributes } = await principalOf(clash);

  assert.deepEqual(
    ['constructor', '__proto__', 'toString'].map((name) => Object.getOwnPropertyDescriptor(attributes, name)?.value),
    [['c'], ['p'], ['t']],
  );
  assert.equal(Object.getPrototypeOf(attributes), Object.prototype);
  assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), PROTOTYPE_MEMBERS);
});

test('such attributes survive JSON and the next request', async () => {
  const browser = scene.browser();
  const first = await logIn(browser, at('/first'), clash);
  const second = await browser.get(at('/second'));

  const entries = (page: Page) => new Map(Object.entries(userOn(page).attributes));
  assert.deepEqual(entries(first).get('__proto__'), ['p']);
  assert.deepEqual(entries(second), entries(first));
  assert.equal(userOn(second).id, 'clash');
});

test('an attribute named like a fact about the login leaves that fact unknown', async () => {
  const { attributes, fromNewLogin } = await principalOf(clash);

  assert.deepEqual(attributes.isFromNewLogin, ['true', 'maybe']);
  assert.equal(fromNewLogin, null);
});

test('an answer that is not well-formed ends on a page that says so, and nobody is signed in', async () => {
  const browser = scene.browser();
  const page = await logIn(browser, at('/protected'), oddattrs);

  assertFailurePage(page, 502, 'ERR_SSO_CAS_BAD_ANSWER');
  browser.cookies.clear('django_cas_session');
  await assertLoginForm(browser, at('/protected'));
});

for (const path of [
  '/page?b=2&a=1',
  '/page?flag',
  '/page?flag=',
  '/page?a=1&a=2',
  '/page?x=%20',
  '/page?x=a+b',
  '/page?x=1;y=2',
  '/a;b/c',
  '/caf%C3%A9/%e6%9d%8e?stra%C3%9Fe=%F0%9D%93%90',
  '/page?next=https%3A%2F%2Fother.example%2F%3Fa%3D1%26b',
  '/page?ticket=ST-of-the-application',
]) {
  test(`a login comes back to ${path} byte for byte`, async () => {
    const page = await logIn(scene.browser(), at(path), bob);

    assert.equal(page.previous?.headers.get('location'), path, trail(page).join('\n'));
    assert.equal((JSON.parse(page.body) as { readonly page: string }).page, path);
  });
}

test('a login link may name a path in letters beyond ASCII', async () => {
  const page = await logIn(scene.browser(), at(`/sso/login?returnTo=${encodeURIComponent('/café?x=ü+%20')}`), bob);

  assert.equal(page.previous?.headers.get('location'), '/caf%C3%A9?x=%C3%BC+%20');
});

test('the return address opened again in the same browser leads to the page, and the ticket is not sent again', async () => {
  const browser = scene.browser();
  const redirect = await withTicket(browser, at('/protected'), alice);
  await redirect.settle();
  const page = await (await browser.get(redirect.location ?? '')).settle();

  assert.equal(page.url.href, at('/protected'));
  assert.equal(userOn(page).id, 'alice');
  assert.equal(validations(ticketIn(redirect)), 1);
});

test('the return address opened again in another browser signs nobody in', async () => {
  const redirect = await withTicket(scene.browser(), at('/protected'), alice);
  await redirect.settle();
  const stranger = scene.browser();
  await (await stranger.get(redirect.location ?? '')).settle();

  await assertLoginForm(stranger, at('/protected'));
  assert.equal(validations(ticketIn(redirect)), 1);
});

test('the return address opened again in another browser is refused', async () => {
  const redirect = await withTicket(scene.browser(), at('/protected'), alice);
  await redirect.settle();

  assertFailurePage(await scene.browser().get(redirect.location ?? ''), 403, 'ERR_SSO_ATTEMPT_FOREIGN');
});

test('a return address opened in another browser first is refused there, and its owner can still use it', async () => {
  const redirect = await withTicket(scene.browser(), at('/protected'), alice);
  const stranger = scene.browser();
  const page = await (await stranger.get(redirect.location ?? '')).settle();

  assertFailurePage(page, 403, 'ERR_SSO_ATTEMPT_FOREIGN');
  await assertLoginForm(stranger, at('/protected'));
  assert.equal(userOn(await redirect.settle()).id, 'alice');
});

test('a used ticket is refused in a login of another browser', async () => {
  const redirect = await withTicket(scene.browser(), at('/protected'), alice);
  await redirect.settle();
  const stranger = scene.browser();
  const service = await beginAttempt(stranger, '/protected');
  const page = await stranger.get(returnWith(service, ticketIn(redirect)));

  assertFailurePage(page, 403, 'ERR_SSO_TICKET_REJECTED');
  await assertLoginForm(stranger, at('/protected'));
});

test('a ticket that was issued for another service is refused', async () => {
  const browser = scene.browser();
  const other = `${scene.cas.url}/login?${new URLSearchParams({ service: 'http://localhost:9/other' })}`;
  const ticket = ticketIn(await withTicket(browser, other, alice));
  const service = await beginAttempt(browser, '/protected');
  const page = await browser.get(returnWith(service, ticket));

  assertFailurePage(page, 403, 'ERR_SSO_TICKET_REJECTED');
  assert.match(portal.log.at(-1) ?? '', /\(INVALID_SERVICE\)/);
});

test('a ticket that was issued for another attempt of the same browser is refused', async () => {
  const browser = scene.browser();
  const first = await withTicket(browser, at('/first'), alice);
  const service = await beginAttempt(browser, '/second');
  const page = await browser.get(returnWith(service, ticketIn(first)));

  assertFailurePage(page, 403, 'ERR_SSO_TICKET_REJECTED');
});

test('an expired ticket is refused', async () => {
  const browser = scene.browser();
  const redirect = await withTicket(browser, at('/protected'), alice);
  assert.ok((await scene.cas.ctl('expire-tickets')) > 0);
  const page = await redirect.settle();

  assertFailurePage(page, 403, 'ERR_SSO_TICKET_REJECTED');
  assert.match(portal.log.at(-1) ?? '', /\(INVALID_TICKET\)/);
  browser.cookies.clear('django_cas_session');
  await assertLoginForm(browser, at('/protected'));
});

test('after a refused ticket the page leads back to where the person wanted to go', async () => {
  const browser = scene.browser();
  const redirect = await withTicket(browser, at('/wanted?a=1&b'), alice);
  await scene.cas.ctl('expire-tickets');
  const refused = await redirect.settle();
  const [, again = ''] = /href="([^"]*\/sso\/login[^"]*)"/.exec(refused.body) ?? [];
  const page = await (await refused.click(again)).settle();

  assert.equal(page.url.href, at('/wanted?a=1&b'));
  assert.equal(userOn(page).id, 'alice');
});

test('a CAS server whose certificate is not trusted is not believed', async () => {
  const distrustful = await scene.portal({ trust: false });
  const browser = scene.browser();
  const page = await logIn(browser, `${distrustful.url}/protected`, alice);

  assertFailurePage(page, 503, 'ERR_SSO_CAS_UNREACHABLE');
  assert.match(distrustful.log.join('\n'), /ERR_SSO_CAS_UNREACHABLE \((?:UNABLE_TO_\w+|SELF_SIGNED_CERT_IN_CHAIN)\)/);
  browser.cookies.clear('django_cas_session');
  await assertLoginForm(browser, `${distrustful.url}/protected`);
});

test('signing out ends the session here and at the CAS server', async () => {
  const browser = scene.browser();
  await logIn(browser, at('/protected'), alice);
  const page = await (await browser.post(at('/sso/logout'), {})).settle();

  assert.equal(page.url.href, at('/sso/logged-out'), trail(page).join('\n'));
  assert.equal(page.status, 200);
  assert.ok(trail(page).some((step) => step.includes('/cas/logout?service=')));
  await assertLoginForm(browser, at('/protected'));
});

test('signing out here only leaves the session at the CAS server, which signs the person in silently', async () => {
  const browser = scene.browser();
  await logIn(browser, at('/protected'), alice);
  const left = await (await browser.post(at('/sso/logout?scope=here'), {})).settle();

  assert.deepEqual(
    trail(left).filter((step) => step.includes('/cas/')),
    [],
  );
  const open = await browser.get(at('/protected'));
  assert.equal(open.status, 303, 'still signed in');
  assert.equal(userOn(await open.settle()).id, 'alice');
});

test('a second portal is entered without a form', async () => {
  const browser = scene.browser();
  await logIn(browser, at('/protected'), alice);
  const second = await scene.portal();
  const page = await (await browser.get(`${second.url}/protected`)).settle();

  assert.equal(page.url.href, `${second.url}/protected`);
  const user = userOn(page);
  assert.equal(user.id, 'alice');
  assert.deepEqual(user.attributes.isFromNewLogin, ['false']);
});

test('a wrong password stays at the CAS server, and the next try gets in', async () => {
  const browser = scene.browser();
  const form = await (await browser.get(at('/protected'))).settle();
  assertIsLoginForm(form);
  const wrong = await form.submit(form.forms[0] ?? assert.fail('no form'), { username: 'alice', password: 'wrong' });
  assertIsLoginForm(wrong);

  assert.equal(userOn(await logIn(browser, at('/protected'), alice)).id, 'alice');
});

test('a CAS server that has gone away is a page with 503, and nobody is signed in', async () => {
  const other = await startScene();
  try {
    const lonely = await other.portal();
    const browser = other.browser();
    const redirect = await withTicket(browser, `${lonely.url}/protected`, alice);
    await other.cas.close();
    const page = await redirect.settle();

    assertFailurePage(page, 503, 'ERR_SSO_CAS_UNREACHABLE');
    assert.match(lonely.log.join('\n'), /ERR_SSO_CAS_UNREACHABLE \(ECONNREFUSED\)/);
    assert.equal((await browser.get(`${lonely.url}/protected`)).status, 303);
  } finally {
    await other.close();
  }
});

test('journal and log hold no ticket, no cookie and no password', async () => {
  const browser = scene.browser();
  const redirect = await withTicket(browser, at('/protected?secret=query'), zoe);
  await redirect.settle();
  await scene.browser().get(redirect.location ?? '');
  const service = await beginAttempt(scene.browser(), '/protected');
  await browser.get(returnWith(service, ticketIn(redirect)));
  await (await browser.post(at('/sso/logout'), {})).settle();

  const written = inspect(
    scene.portals.map(({ journal, log, errors }) => ({ journal, log, errors })),
    { depth: null, maxArrayLength: null, maxStringLength: null },
  );
  assert.ok(written.includes('authenticated') && written.includes('loggedOut'), 'the journal is empty');
  assert.ok(written.includes('ERR_SSO_'), 'the log is empty');
  assert.doesNotMatch(written, /(?:[SP]T|PGT|PGTIOU)-[A-Za-z0-9]{20}/);
  assert.deepEqual(
    scene.secrets().filter((secret) => written.includes(secret)),
    [],
  );
  assert.ok(!written.includes('zoë') && !written.includes('secret=query'), 'names and queries are personal data');
  assert.deepEqual(
    scene.portals.flatMap(({ errors }) => errors),
    [],
  );
});
