import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type CasVersion, casPresets } from '../../src/index.ts';
import type { Browser, Page } from '../support/browser.ts';
import type { Portal } from '../support/portal.ts';
import { djangoUsers, type TestUser } from './support/django-users.ts';
import { proxyTicket } from './support/proxy-ticket.ts';
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

const { alice, clash, oddattrs, zoe } = djangoUsers;
const VERSIONS = ['1.0', '2.0', '3.0'] as const;
const ENDPOINTS = { '1.0': 'validate', '2.0': 'serviceValidate', '3.0': 'p3/serviceValidate' } as const;

const ALICE = {
  givenName: ['Alice'],
  mail: ['alice@uni.example'],
  displayName: [alice.attributes.displayName],
  note: [alice.attributes.note],
  memberOf: alice.attributes.memberOf,
  oneOnly: ['the only one'],
  empty: [''],
  padded: ['two spaces around'],
  number: ['42'],
  active: ['True'],
};

let scene: Scene;
const portals = new Map<CasVersion, Portal>();

before(async () => {
  scene = await startScene();
  for (const version of [...VERSIONS, 'saml1.1'] as const) {
    // This server knows `service` and `ticket` only, also where it validates by SAML.
    portals.set(version, await scene.portal({ cas: { version, addressNames: 'service/ticket' } }));
  }
});

after(() => scene?.close());

function at(version: CasVersion, path: string): string {
  return (portals.get(version)?.url ?? assert.fail(version)) + path;
}

const lastLogOf = (version: CasVersion): string => portals.get(version)?.log.at(-1) ?? '';

function ticketIn(page: Page): string {
  return page.location?.searchParams.get('ticket') ?? assert.fail('no ticket');
}

/** The address that a login which begins here returns to, with a ticket of somebody's choice. */
async function returnWith(browser: Browser, url: string, ticket: string | ((service: string) => Promise<string>)) {
  const { location } = await browser.get(url);
  const parameters = location?.searchParams;
  const service = parameters?.get('TARGET') ?? parameters?.get('service') ?? assert.fail('no redirect to the server');
  const back = new URL(service);
  const parameter = parameters?.has('TARGET') ? 'SAMLart' : 'ticket';
  back.searchParams.set(parameter, typeof ticket === 'string' ? ticket : await ticket(service));
  return browser.get(back);
}

/** Signs in by SAML 1.1 with a ticket that was got beside the way of the browser, under whichever name it goes. */
async function samlLogIn(browser: Browser, url: string, user: TestUser): Promise<Page> {
  const answer = await returnWith(browser, url, async (service) => {
    const login = `${scene.cas.url}/login?${new URLSearchParams({ service })}`;
    return ticketIn(await withTicket(browser, login, user));
  });
  return answer.settle();
}

/** Somebody who is signed in at the CAS server comes by SAML 1.1. */
async function silentSamlLogIn(browser: Browser, url: string): Promise<Page> {
  const answer = await returnWith(browser, url, async (service) =>
    ticketIn(await browser.get(`${scene.cas.url}/login?${new URLSearchParams({ service })}`)),
  );
  return answer.settle();
}

for (const version of VERSIONS) {
  test(`CAS ${version}: a ticket is validated at /${ENDPOINTS[version]}`, async () => {
    const redirect = await withTicket(scene.browser(), at(version, '/'), alice);
    assert.equal(userOn(await redirect.settle()).id, 'alice');

    const requests = scene.cas.log().match(/"GET \/cas\/\S+/g) ?? [];
    const validations = requests.filter((request) => request.includes(`ticket=${ticketIn(redirect)}`));
    assert.equal(validations.length, 1);
    assert.ok(validations[0]?.startsWith(`"GET /cas/${ENDPOINTS[version]}?`), validations[0]);
  });

  test(`CAS ${version}: a name with letters beyond ASCII, spaces and markup is the id as it is`, async () => {
    assert.equal(userOn(await logIn(scene.browser(), at(version, '/'), zoe)).id, 'zoë r&d <x>');
  });

  test(`CAS ${version}: a used ticket is refused`, async () => {
    const redirect = await withTicket(scene.browser(), at(version, '/'), alice);
    await redirect.settle();
    const stranger = scene.browser();
    const page = await returnWith(stranger, at(version, '/'), ticketIn(redirect));

    assertFailurePage(page, 403, 'ERR_SSO_TICKET_REJECTED');
    await assertLoginForm(stranger, at(version, '/'));
  });

  test(`CAS ${version}: a ticket that was issued for another service is refused`, async () => {
    const browser = scene.browser();
    const other = `${scene.cas.url}/login?${new URLSearchParams({ service: 'http://localhost:9/other' })}`;
    const page = await returnWith(browser, at(version, '/'), ticketIn(await withTicket(browser, other, alice)));

    assertFailurePage(page, 403, 'ERR_SSO_TICKET_REJECTED');
  });

  test(`CAS ${version}: signing out ends the session here and at the CAS server, and comes back`, async () => {
    const browser = scene.browser();
    await logIn(browser, at(version, '/'), alice);
    const page = await (await browser.post(at(version, '/sso/logout'), {})).settle();

    assert.equal(page.url.href, at(version, '/sso/logged-out'));
    await assertLoginForm(browser, at(version, '/'));
  });
}

test('CAS 1.0 tells a name and nothing else', async () => {
  const user = userOn(await logIn(scene.browser(), at('1.0', '/'), alice));

  assert.deepEqual([user.id, user.attributes, user.authenticatedAt], ['alice', {}, null]);
});

test('CAS 1.0 lets people in whose attributes would break the XML', async () => {
  assert.equal(userOn(await logIn(scene.browser(), at('1.0', '/'), oddattrs)).id, 'oddattrs');
});

test('CAS 2.0 brings the same attributes as CAS 3.0 from this server', async () => {
  assert.deepEqual(ownAttributes(userOn(await logIn(scene.browser(), at('2.0', '/'), alice))), ALICE);
});

test('a server that ignores the wish for JSON is understood', async () => {
  const portal = await scene.portal({ cas: { format: 'JSON' } });

  assert.deepEqual(ownAttributes(userOn(await logIn(scene.browser(), portal.url, alice))), ALICE);
  assert.match(scene.cas.log(), /GET \/cas\/p3\/serviceValidate\?\S*format=JSON/);
});

test('the preset for this server fits it', async () => {
  const portal = await scene.portal({ cas: casPresets.djangoCasServer(`${scene.cas.url}/`) });
  const user = userOn(await logIn(scene.browser(), portal.url, alice));

  assert.equal(user.issuer, scene.cas.url);
  assert.deepEqual(ownAttributes(user), ALICE);
});

test('SAML 1.1: a protected page lets alice in after the form of the CAS server', async () => {
  const page = await logIn(scene.browser(), at('saml1.1', '/protected'), alice);

  assert.equal(page.url.href, at('saml1.1', '/protected'));
  assert.equal(userOn(page).id, 'alice');
});

test('SAML 1.1: every attribute arrives as it is', async () => {
  const user = userOn(await samlLogIn(scene.browser(), at('saml1.1', '/'), alice));

  assert.equal(user.id, 'alice');
  assert.deepEqual(ownAttributes(user), ALICE);
});

test('SAML 1.1: attribute names that are no XML names arrive as they are', async () => {
  const user = userOn(await samlLogIn(scene.browser(), at('saml1.1', '/'), oddattrs));

  assert.deepEqual(ownAttributes(user), {
    'urn:oid:2.5.4.3': ['colons'],
    '2fast': ['leading digit'],
    'has space': ['space'],
  });
});

test('SAML 1.1: a name with letters beyond ASCII, spaces and markup is the id as it is', async () => {
  assert.equal(userOn(await samlLogIn(scene.browser(), at('saml1.1', '/'), zoe)).id, 'zoë r&d <x>');
});

test('SAML 1.1: attributes named like elements of the protocol change nothing about who somebody is', async () => {
  const { id, attributes } = userOn(await samlLogIn(scene.browser(), at('saml1.1', '/'), clash));

  assert.equal(id, 'clash');
  assert.deepEqual(Object.getOwnPropertyDescriptor(attributes, '__proto__')?.value, ['p']);
  assert.deepEqual(attributes.user, ['mallory']);
});

test('SAML 1.1: a used ticket is refused, and the log quotes nothing of it', async () => {
  const redirect = await withTicket(scene.browser(), at('3.0', '/'), alice);
  await redirect.settle();
  const page = await returnWith(scene.browser(), at('saml1.1', '/'), ticketIn(redirect));

  assertFailurePage(page, 403, 'ERR_SSO_TICKET_REJECTED');
  assert.match(lastLogOf('saml1.1'), /ERR_SSO_TICKET_REJECTED \(samlp:AuthnFailed\)/);
  assert.doesNotMatch(lastLogOf('saml1.1'), /ST-/);
});

test('SAML 1.1: a ticket that was issued for another service is refused', async () => {
  const browser = scene.browser();
  const other = `${scene.cas.url}/login?${new URLSearchParams({ service: 'http://localhost:9/other' })}`;
  const page = await returnWith(browser, at('saml1.1', '/'), ticketIn(await withTicket(browser, other, alice)));

  assertFailurePage(page, 403, 'ERR_SSO_TICKET_REJECTED');
});

test('SAML 1.1: the hour of the login is that of the credentials, not that of the answer', async () => {
  const browser = scene.browser();
  await logIn(browser, at('3.0', '/'), alice);
  await scene.cas.ctl('age-sessions');
  const { attributes, authenticatedAt } = userOn(await silentSamlLogIn(browser, at('saml1.1', '/')));

  assert.deepEqual(attributes.authenticationDate, ['2001-02-03T04:05:06+00:00']);
  assert.equal(authenticatedAt, '2001-02-03T04:05:06.000Z');
});

for (const version of [...VERSIONS, 'saml1.1'] as const) {
  test(`${version === 'saml1.1' ? 'SAML 1.1' : `CAS ${version}`}: a ticket that another application got on behalf of alice lets nobody in`, async () => {
    const attacker = scene.browser();
    const url = at(version, '/protected');
    const page = await returnWith(attacker, url, (service) => proxyTicket(scene, alice, service));

    assert.ok(page.status >= 400, `answered ${page.status} with ${page.location?.href ?? 'a page'}`);
    await assertLoginForm(attacker, url);
  });
}

test('a wrong address of the server is a page of ours, not a login', async () => {
  const portal = await scene.portal({ cas: { endpoints: { validate: 'nowhere' } } });
  const browser = scene.browser();

  assertFailurePage(await logIn(browser, portal.url, alice), 502, 'ERR_SSO_CAS_BAD_STATUS');
  browser.cookies.clear('django_cas_session');
  assertIsLoginForm(await (await browser.get(portal.url)).settle());
});
