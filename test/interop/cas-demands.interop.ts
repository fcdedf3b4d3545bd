import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Context } from 'koa';
import { type Browser, type Page, trail } from '../support/browser.ts';
import type { Portal, PortalSetup } from '../support/portal.ts';
import { logInAtDjangoCas } from './support/django-login.ts';
import { djangoUsers, type TestUser } from './support/django-users.ts';
import {
  assertFailurePage,
  assertIsLoginForm,
  assertLoginForm,
  logIn,
  ownAttributes,
  type Scene,
  type ShownUser,
  startScene,
  userOn,
  withTicket,
} from './support/scene.ts';

const { alice, bob } = djangoUsers;
type Mount = NonNullable<PortalSetup['mount']>;

const LONG_AGO = '2001-02-03T04:05:06.000Z';
const HOUR = 3600;

let scene: Scene;
/** An application without demands. */
let portal: Portal;
/** One that wants a recent login, except for `/account`, where any login does. */
let bank: Portal;
/** One that is open to everybody and greets those whom the CAS server knows. */
let lobby: Portal;

before(async () => {
  scene = await startScene();
  portal = await scene.portal();
  bank = await scene.portal({ mount: mountBank });
  lobby = await scene.portal({ mount: mountLobby });
});

after(() => scene?.close());

const show = (ctx: Context): void => {
  ctx.body = { page: ctx.originalUrl, user: ctx.state.user ?? null };
};

const mountBank: Mount = (app, sso) => {
  app.use(sso.session(app));
  app.use(sso.routes());
  app.use(sso.requireLogin({ maxAge: HOUR, ignore: ['/account'] }));
  app.use(sso.requireLogin());
  app.use(show);
};

const mountLobby: Mount = (app, sso) => {
  app.use(sso.session(app));
  app.use(sso.routes());
  app.use(sso.tryLogin());
  app.use(show);
};

/** Who the lobby believes is there. */
function guestOn(page: Page): ShownUser | null {
  assert.equal(page.status, 200, trail(page).join('\n'));
  return (JSON.parse(page.body) as { readonly user: ShownUser | null }).user;
}

const open = async (browser: Browser, url: string): Promise<Page> => (await browser.get(url)).settle();

const signInAtServer = (browser: Browser, user: TestUser): Promise<Page> =>
  logInAtDjangoCas(browser, `${scene.cas.url}/login`, user.name, user.password);

test('renew: the form is shown although the CAS server knows the person', async () => {
  const strict = await scene.portal({ cas: { renew: true } });
  const browser = scene.browser();
  await signInAtServer(browser, alice);
  const page = await logIn(browser, `${strict.url}/protected`, alice);

  assert.deepEqual(userOn(page).attributes.isFromNewLogin, ['true']);
});

for (const version of ['1.0', '2.0', '3.0'] as const) {
  test(`renew, CAS ${version}: a ticket that was obtained without credentials is refused`, async () => {
    const strict = await scene.portal({ cas: { renew: true, version } });
    const browser = scene.browser();
    await signInAtServer(browser, alice);
    const { location } = await browser.get(`${strict.url}/protected`);
    assert.equal(location?.searchParams.get('renew'), 'true');
    location.searchParams.delete('renew');
    const redirect = await browser.get(location);
    assert.match(redirect.location?.search ?? '', /ticket=ST-/);

    assertFailurePage(await redirect.settle(), 403, 'ERR_SSO_TICKET_REJECTED');
    await assertLoginForm(browser, `${strict.url}/protected`);
  });
}

test('renew, SAML 1.1: a ticket that was obtained without credentials is refused', async () => {
  const strict = await scene.portal({ cas: { renew: true, version: 'saml1.1' } });
  const browser = scene.browser();
  await signInAtServer(browser, alice);
  const { location } = await browser.get(`${strict.url}/protected`);
  const service = location?.searchParams.get('TARGET') ?? assert.fail('no TARGET');
  const redirect = await browser.get(`${scene.cas.url}/login?${new URLSearchParams({ service })}`);
  const ticket = redirect.location?.searchParams.get('ticket') ?? assert.fail('no ticket');
  const page = await browser.get(`${service}&SAMLart=${ticket}`);

  assertFailurePage(page, 403, 'ERR_SSO_LOGIN_NOT_FRESH');
});

test('maxAge: a recent login at the CAS server is enough', async () => {
  const browser = scene.browser();
  await signInAtServer(browser, alice);

  assert.equal(userOn(await open(browser, `${bank.url}/transfer`)).id, 'alice');
});

test('maxAge: an old login at the CAS server leads to the form, and then to the page', async () => {
  const browser = scene.browser();
  await signInAtServer(browser, alice);
  await scene.cas.ctl('age-sessions');
  const page = await logIn(browser, `${bank.url}/transfer?to=bob`, alice);

  assert.equal(page.url.href, `${bank.url}/transfer?to=bob`);
  const user = userOn(page);
  assert.deepEqual(user.attributes.isFromNewLogin, ['true']);
  assert.notEqual(user.authenticatedAt, LONG_AGO);
});

test('maxAge: somebody who is signed in here since long shows credentials again where that is demanded', async () => {
  const browser = scene.browser();
  await signInAtServer(browser, alice);
  await scene.cas.ctl('age-sessions');
  const user = userOn(await open(browser, `${bank.url}/account`));
  assert.equal(user.authenticatedAt, LONG_AGO);

  assertIsLoginForm(await open(browser, `${bank.url}/transfer`));
  assert.equal(userOn(await browser.get(`${bank.url}/account`)).authenticatedAt, LONG_AGO);
  assert.equal(userOn(await logIn(browser, `${bank.url}/transfer`, alice)).id, 'alice');
});

test('maxAge: leaving `renew` out of the address on the way to the form gains nothing', async () => {
  const browser = scene.browser();
  await signInAtServer(browser, alice);
  await scene.cas.ctl('age-sessions');
  const form = await open(browser, `${bank.url}/transfer`);
  assert.equal(form.url.searchParams.get('renew'), 'true');
  const address = new URL(form.url);
  address.searchParams.delete('renew');
  const page = await open(browser, address.href);

  assertFailurePage(page, 403, 'ERR_SSO_TICKET_REJECTED');
});

test('maxAge, CAS 1.0: since the server does not tell the hour, the form is shown once', async () => {
  const old = await scene.portal({ cas: { version: '1.0' }, mount: mountBank });
  const browser = scene.browser();
  await signInAtServer(browser, alice);
  await logIn(browser, `${old.url}/transfer`, alice);

  assert.equal(userOn(await browser.get(`${old.url}/transfer`)).id, 'alice');
});

test('gateway: a visitor whom nobody knows sees the page at once and unchanged', async () => {
  const page = await open(scene.browser(), `${lobby.url}/news?a=1&flag&x=%20`);

  assert.equal(guestOn(page), null);
  assert.equal(page.url.href, `${lobby.url}/news?a=1&flag&x=%20`);
  assert.ok(
    trail(page).some((step) => step.includes('gateway=true')),
    'the CAS server was not asked',
  );
});

test('gateway: somebody whom the CAS server knows is signed in without a form', async () => {
  const browser = scene.browser();
  await signInAtServer(browser, alice);
  const page = await open(browser, `${lobby.url}/news`);

  assert.equal(guestOn(page)?.id, 'alice');
  assert.ok(page.previous, 'there was no redirect');
});

test('gateway: the CAS server is not asked again for the next page', async () => {
  const browser = scene.browser();
  await open(browser, `${lobby.url}/news`);
  const next = await browser.get(`${lobby.url}/other`);

  assert.equal(next.status, 200);
  assert.equal(guestOn(next), null);
});

test('gateway: after a visit without a name the person can still sign in', async () => {
  const browser = scene.browser();
  await open(browser, `${lobby.url}/news`);
  const page = await logIn(browser, `${lobby.url}/sso/login?returnTo=%2Fnews`, alice);

  assert.equal(guestOn(page)?.id, 'alice');
});

test('gateway: somebody who may not use the service is a visitor without a name', async () => {
  const exclusive = await scene.portalBelow('/onlyalice', { mount: mountLobby });
  const browser = scene.browser();
  await signInAtServer(browser, bob);

  assert.equal(guestOn(await open(browser, `${exclusive.url}/news`)), null);
});

test('a service for alice only lets alice in', async () => {
  const exclusive = await scene.portalBelow('/onlyalice');
  const page = await logIn(scene.browser(), `${exclusive.url}/protected?a=1`, alice);

  assert.equal(page.url.href, `${exclusive.url}/protected?a=1`);
  assert.equal(userOn(page).id, 'alice');
});

test('a service for alice only keeps bob at the CAS server', async () => {
  const exclusive = await scene.portalBelow('/onlyalice');
  const browser = scene.browser();
  const page = await logInAtDjangoCas(browser, `${exclusive.url}/protected`, bob.name, bob.password);

  assert.equal(page.status, 200);
  assert.equal(page.url.origin, new URL(scene.cas.url).origin);
  assert.match(page.body, /Username not allowed/);
  assert.equal((await browser.get(`${exclusive.url}/protected`)).status, 303);
});

test('a service that knows people by mail address gets that as the id', async () => {
  const mailers = await scene.portalBelow('/mailuser');
  const user = userOn(await logIn(scene.browser(), `${mailers.url}/`, alice));

  assert.equal(user.id, 'alice@uni.example');
  assert.deepEqual(user.attributes.mail, ['alice@uni.example']);
});

test('a service that learns no attributes still learns when and how somebody signed in', async () => {
  const discreet = await scene.portalBelow('/noattrs');
  const user = userOn(await logIn(scene.browser(), `${discreet.url}/`, alice));

  assert.equal(user.id, 'alice');
  assert.deepEqual(ownAttributes(user), {});
  assert.deepEqual(user.attributes.isFromNewLogin, ['true']);
});

test('signing out of a site below a path comes back to that path', async () => {
  const discreet = await scene.portalBelow('/noattrs');
  const browser = scene.browser();
  await logIn(browser, `${discreet.url}/`, alice);
  const page = await (await browser.post(`${discreet.url}/sso/logout`, {})).settle();

  assert.equal(page.url.href, `${discreet.url}/sso/logged-out`);
  await assertLoginForm(browser, `${discreet.url}/`);
});

test('one exact return address is enough for a login', async () => {
  const exact = await scene.portal({ cas: { exactServiceUrl: true } });
  const redirect = await withTicket(scene.browser(), `${exact.url}/protected?a=1`, alice);

  assert.match(redirect.location?.href ?? '', /\/sso\/return\?ticket=ST-\w+$/);
  assert.equal(userOn(await redirect.settle()).id, 'alice');
});

test('a link of the CAS server signs nobody in unless the application accepts such links', async () => {
  const browser = scene.browser();
  const link = `${scene.cas.url}/login?${new URLSearchParams({ service: `${portal.url}/protected` })}`;
  const page = await (await withTicket(browser, link, alice)).follow();

  assert.equal(page.status, 303);
  assert.match(page.location?.href ?? '', /\/cas\/login\?service=/);
});

test('a link of the CAS server signs in where the application accepts such links', async () => {
  const welcoming = await scene.portal({ cas: { allowUnsolicitedLogin: true } });
  const link = `${scene.cas.url}/login?${new URLSearchParams({ service: `${welcoming.url}/protected?a=1&b=2` })}`;
  const page = await logIn(scene.browser(), link, alice);

  assert.equal(page.url.href, `${welcoming.url}/protected?a=1&b=2`);
  assert.equal(userOn(page).id, 'alice');
});
