import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { isSsoError } from '../../src/index.ts';
import { type Browser, trail } from '../support/browser.ts';
import type { Api } from '../support/proxying.ts';
import type { TicketRow } from './support/django-cas-server.ts';
import { djangoUsers } from './support/django-users.ts';
import { askForTicket, callerIn, callPage, callThrough, errorOn, recordsOf, ticketFor } from './support/proxy-pages.ts';
import { type ProxyPortal, type ProxyScene, signedIn, startProxyScene } from './support/proxy-scene.ts';
import { assertIsLoginForm, logIn, userOn } from './support/scene.ts';

const { alice } = djangoUsers;

let scene: ProxyScene;
let portal: ProxyPortal;
let api: Api;
/** Somebody who has just signed in as alice. */
let browser: Browser;

before(async () => {
  scene = await startProxyScene();
});

beforeEach(async () => {
  portal = await scene.proxyPortal();
  api = await scene.api({ allowedChains: [[portal.callbackUrl]] });
  browser = await signedIn(scene, portal, alice);
});

after(() => scene?.close());

const logOut = (from: Browser, scope = '') => from.post(`${portal.url}/sso/logout${scope}`, {});

/** The grants that the server keeps for the portal. */
async function grantsAtServer(): Promise<readonly TicketRow[]> {
  const rows = await scene.cas.ctl('tickets');
  return rows.filter(({ kind, service }) => kind === 'PGT' && service === portal.callbackUrl);
}

async function assertWorks(from: Browser): Promise<void> {
  assert.equal(callerIn(await callThrough(from, portal, `${api.url}/`)).user.id, 'alice');
}

async function assertExpired(from: Browser, detail: string | null): Promise<void> {
  const page = await askForTicket(from, portal, `${api.url}/`);
  assert.equal(page.status, 401);
  const error = errorOn(page);
  assert.deepEqual([error.code, error.detail], ['ERR_SSO_PROXY_GRANT_EXPIRED', detail]);
}

async function assertNoGrantForAlice(): Promise<void> {
  await assert.rejects(portal.sso.proxyGrants.forUser('alice'), (error) => {
    assert.ok(isSsoError(error));
    assert.equal(error.code, 'ERR_SSO_NO_PROXY_GRANT');
    return true;
  });
}

for (const [command, what] of [
  ['expire-pgts', 'that is too old for the server'],
  ['delete-pgts', 'that the server has forgotten'],
] as const) {
  test(`a grant ${what} is told from a refusal`, async () => {
    await ticketFor(browser, portal, `${api.url}/`);
    assert.ok((await scene.cas.ctl(command)) > 0);

    await assertExpired(browser, 'INVALID_TICKET');
  });
}

test('an expired grant is thrown away, and the server is not asked with it again', async () => {
  await scene.cas.ctl('expire-pgts');
  await assertExpired(browser, 'INVALID_TICKET');

  assert.equal(recordsOf(portal, 'grant'), 0);
  await assertNoGrantForAlice();
  await assertExpired(browser, null);
});

test('somebody whose grant expired is still signed in', async () => {
  await scene.cas.ctl('expire-pgts');
  await assertExpired(browser, 'INVALID_TICKET');

  assert.equal(userOn(await browser.get(`${portal.url}/me`)).id, 'alice');
});

test('after an expired grant a new login, without a form, brings one that works', async () => {
  await scene.cas.ctl('expire-pgts');
  await assertExpired(browser, 'INVALID_TICKET');
  await logOut(browser, '?scope=here');
  const page = await (await browser.get(`${portal.url}/me`)).settle();

  assert.equal(userOn(page).id, 'alice');
  assert.ok(trail(page).some((step) => step.includes('/cas/login?service=')));
  await assertWorks(browser);
});

test('a call of a service says that the grant expired, and the service is not called', async () => {
  await scene.cas.ctl('expire-pgts');
  const page = await callPage(browser, portal, api.url);

  assert.equal(errorOn(page).code, 'ERR_SSO_PROXY_GRANT_EXPIRED');
  assert.deepEqual(api.seen, []);
});

test('a login that the server lost keeps its grant alive there until the server cleans up', async () => {
  assert.ok((await scene.cas.ctl('drop-sessions')) > 0);
  await assertWorks(browser);
  await scene.cas.ctl('clean');

  await assertExpired(browser, 'INVALID_TICKET');
});

test('after a login that the server lost, a new one brings a grant that works', async () => {
  await scene.cas.ctl('drop-sessions');
  await scene.cas.ctl('clean');
  await assertExpired(browser, 'INVALID_TICKET');
  await logOut(browser, '?scope=here');
  assertIsLoginForm(await (await browser.get(`${portal.url}/me`)).settle());
  userOn(await logIn(browser, `${portal.url}/me`, alice));

  await assertWorks(browser);
});

test('the log-out request that the server sends to the callback when it cleans up does no harm', async () => {
  const second = scene.browser();
  await scene.cas.ctl('drop-sessions');
  userOn(await logIn(second, `${portal.url}/me`, alice));
  await scene.cas.ctl('clean');

  assert.ok(portal.front.calls.includes('POST /sso/proxy-callback'));
  await assertWorks(second);
});

test('signing out at the server ends the grant there', async () => {
  const page = await browser.get(`${scene.cas.url}/logout`);
  assert.equal(page.status, 200);

  assert.deepEqual(await grantsAtServer(), []);
  await assertExpired(browser, 'INVALID_TICKET');
});

test('signing out of the portal removes the grant here and at the server', async () => {
  assert.deepEqual([recordsOf(portal, 'grant'), (await grantsAtServer()).length], [1, 1]);
  await (await logOut(browser)).settle();

  assert.deepEqual([recordsOf(portal, 'grant'), (await grantsAtServer()).length], [0, 0]);
  await assertNoGrantForAlice();
});

test('signing out of the portal alone removes the grant here, where nobody but the server knows it any more', async () => {
  await logOut(browser, '?scope=here');

  assert.deepEqual([recordsOf(portal, 'grant'), (await grantsAtServer()).length], [0, 1]);
  await assertNoGrantForAlice();
});

test('a login that begins after signing out has a grant of its own', async () => {
  const [old] = await grantsAtServer();
  await (await logOut(browser)).settle();
  userOn(await logIn(browser, `${portal.url}/me`, alice));

  const [present, ...others] = await grantsAtServer();
  assert.ok(present && present.value !== old?.value && others.length === 0);
  await assertWorks(browser);
});

test('signing out in one browser leaves the grant of another one of the same person', async () => {
  const second = await signedIn(scene, portal, alice);
  assert.equal(recordsOf(portal, 'grant'), 2);
  await (await logOut(browser)).settle();

  assert.equal(recordsOf(portal, 'grant'), 1);
  await assertWorks(second);
  await (await portal.sso.proxyGrants.forUser('alice')).proxyTicket(`${api.url}/`);
});

test('of two logins in two tabs of one browser the later one keeps its grant, and that of the other goes', async () => {
  const tabs = scene.browser();
  const first = await tabs.get(`${portal.url}/first`);
  const second = await tabs.get(`${portal.url}/second`);
  userOn(await logIn(tabs, first.location?.href ?? '', alice));
  assert.equal(recordsOf(portal, 'grant'), 2);
  userOn(await second.settle());

  assert.deepEqual([recordsOf(portal, 'grant'), (await grantsAtServer()).length], [2, 3]);
  await assertWorks(tabs);
});
