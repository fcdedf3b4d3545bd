import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Context } from 'koa';
import type { Json, SsoContext } from '../../src/index.ts';
import { createDevelopmentCa } from '../../src/testing/index.ts';
import { type Page, trail } from '../support/browser.ts';
import { mountProxyPages } from '../support/proxying.ts';
import { logInAtDjangoCas } from './support/django-login.ts';
import { djangoUsers } from './support/django-users.ts';
import { askForTicket, callerIn, callThrough, errorOn, recordsOf } from './support/proxy-pages.ts';
import {
  type ProxyPortal,
  type ProxyPortalSetup,
  type ProxyScene,
  signedIn,
  startProxyScene,
} from './support/proxy-scene.ts';
import { assertFailurePage, assertIsLoginForm, assertLoginForm, logIn, userOn } from './support/scene.ts';
import type { ServerCertificate } from './support/tls-front.ts';

const { alice } = djangoUsers;

let scene: ProxyScene;
/** A certificate of a CA that the server does not know. */
let unknown: ServerCertificate;

before(async () => {
  scene = await startProxyScene();
  unknown = await (await createDevelopmentCa()).issue({ hosts: ['localhost'] });
});

after(() => scene?.close());

const warnings = ({ log }: ProxyPortal): readonly string[] => log.filter((line) => line.startsWith('warn '));

const serverVisits = (page: Page): readonly string[] => trail(page).filter((step) => step.includes('/cas/login?'));

async function assertCalls(portal: ProxyPortal): Promise<void> {
  const api = await scene.api({ allowedChains: [[portal.callbackUrl]] });
  const answer = await callThrough(await signedIn(scene, portal, alice), portal, `${api.url}/`);
  assert.deepEqual(callerIn(answer).user.proxies, [portal.callbackUrl]);
}

test('a certificate with its intermediate one is good for the callback', async () => {
  const certificate = await scene.callbackCa.issue({ hosts: ['localhost'], withIntermediate: true });

  await assertCalls(await scene.proxyPortal({ certificate }));
});

test('a callback address may have parameters of its own', async () => {
  const portal = await scene.proxyPortal({ callbackPath: '/sso/proxy-callback?from=cas&flag' });
  await assertCalls(portal);

  assert.match(portal.front.calls[0] ?? '', /[?&]from=cas(?:&|$)/);
});

test('a callback at the root of the site takes deliveries, and the pages there stay', async () => {
  const portal = await scene.proxyPortal({ callbackPath: '/', cas: { proxyCallbackAtRoot: true } });
  await assertCalls(portal);

  await assertLoginForm(scene.browser(), `${portal.url}/?pgtIou=alone`);
});

/** Everything that makes the server refuse the login itself. */
const unusable: Record<string, () => Promise<ProxyPortalSetup> | ProxyPortalSetup> = {
  'has a certificate of an unknown CA': () => ({ certificate: unknown }),
  'leaves the intermediate certificate out': async () => {
    const { cert, key } = await scene.callbackCa.issue({ hosts: ['localhost'], withIntermediate: true });
    return { certificate: { cert: cert.slice(0, cert.indexOf('-----BEGIN', 1)), key } };
  },
  'has a certificate for another host': async () => ({
    certificate: await scene.callbackCa.issue({ hosts: ['portal.uni.example'] }),
  }),
  'is nowhere': () => ({ cas: { proxyCallbackUrl: 'https://localhost:1/sso/proxy-callback' } }),
  'is below an address that gets no grants': () => ({ callbackPath: '/nocallback/sso/proxy-callback' }),
  'is at an address that the server does not know': () => ({
    cas: { proxyCallbackUrl: 'https://portal.uni.example/sso/proxy-callback' },
  }),
};

for (const [what, setup] of Object.entries(unusable)) {
  test(`a callback that ${what}: the login succeeds without a grant after one more silent redirect`, async () => {
    const portal = await scene.proxyPortal(await setup());
    const browser = scene.browser();
    const page = await logIn(browser, `${portal.url}/me?a=1&flag`, alice);

    assert.equal(page.url.href, `${portal.url}/me?a=1&flag`);
    assert.equal(userOn(page).id, 'alice');
    assert.equal(serverVisits(page).length, 2, trail(page).join('\n'));
    assert.equal(recordsOf(portal, 'grant'), 0);
  });

  test(`a callback that ${what}: one warning names the callback, the code and the likely causes`, async () => {
    const portal = await scene.proxyPortal(await setup());
    const browser = await signedIn(scene, portal, alice);

    const [warning = '', ...more] = warnings(portal);
    assert.deepEqual(more, []);
    assert.match(warning, /\(INVALID_PROXY_CALLBACK\)/);
    assert.match(warning, /https:\/\/\S+\/sso\/proxy-callback /);
    for (const cause of ['certificate chain', 'cannot be reached', 'not registered']) {
      assert.ok(warning.includes(cause), warning);
    }
    const page = await askForTicket(browser, portal, 'https://localhost/mail');
    assert.equal(page.status, 403);
    const { code, message } = errorOn(page);
    assert.equal(code, 'ERR_SSO_NO_PROXY_GRANT');
    for (const cause of ['certificate chain', 'cannot be reached', 'not registered']) {
      assert.ok(message.includes(cause), message);
    }
  });
}

test('where a grant is required, a callback that the server cannot use is a failed login that says so', async () => {
  const portal = await scene.proxyPortal({ certificate: unknown, cas: { proxyGrants: 'required' } });
  const browser = scene.browser();
  const page = await logIn(browser, `${portal.url}/me`, alice);

  assertFailurePage(page, 403, 'ERR_SSO_NO_PROXY_GRANT');
  assert.equal(serverVisits(page).length, 1);
  browser.cookies.clear('django_cas_session');
  await assertLoginForm(browser, `${portal.url}/me`);
});

test('where every login asks for credentials, they are asked for twice when the callback cannot be used', async () => {
  const portal = await scene.proxyPortal({ certificate: unknown, cas: { renew: true } });
  const browser = scene.browser();
  const form = await logIn(browser, `${portal.url}/me`, alice);
  assertIsLoginForm(form);
  const fields = { username: alice.name, password: alice.password };
  const page = await (await form.submit(form.forms[0] ?? assert.fail('no form'), fields)).settle();

  assert.deepEqual(userOn(page).attributes.isFromNewLogin, ['true']);
});

test('a page for everybody knows the person in spite of a callback that cannot be used', async () => {
  const portal = await scene.proxyPortal({
    certificate: unknown,
    mount(app, sso) {
      app.use(sso.session(app));
      app.use(sso.routes());
      app.use(sso.tryLogin());
      app.use((ctx) => {
        ctx.body = { user: ctx.state.user ?? null };
      });
    },
  });
  const browser = scene.browser();
  await logInAtDjangoCas(browser, `${scene.cas.url}/login`, alice.name, alice.password);
  const page = await (await browser.get(`${portal.url}/news`)).settle();

  assert.equal(userOn(page)?.id, 'alice');
});

test('a link of the CAS server signs in in spite of a callback that cannot be used', async () => {
  const portal = await scene.proxyPortal({ certificate: unknown, cas: { allowUnsolicitedLogin: true } });
  const link = `${scene.cas.url}/login?${new URLSearchParams({ service: `${portal.url}/me?a=1&b=2` })}`;
  const page = await logIn(scene.browser(), link, alice);

  assert.equal(page.url.href, `${portal.url}/me?a=1&b=2`);
  assert.equal(userOn(page).id, 'alice');
});

test('a login with one exact return address succeeds in spite of a callback that cannot be used', async () => {
  const portal = await scene.proxyPortal({ certificate: unknown, cas: { exactServiceUrl: true } });
  const page = await logIn(scene.browser(), `${portal.url}/me?a=1`, alice);

  assert.equal(page.url.href, `${portal.url}/me?a=1`);
  assert.equal(userOn(page).id, 'alice');
});

for (const proxyGrants of [true, 'required'] as const) {
  test(`a callback that answers 404, proxyGrants ${proxyGrants}: the server offers no grant, without a word`, async () => {
    const portal = await scene.proxyPortal({ callbackPath: '/other/path', cas: { proxyGrants } });
    portal.front.leadTo((_, response) => void response.writeHead(404).end());
    const page = await logIn(scene.browser(), `${portal.url}/me`, alice);

    assert.equal(serverVisits(page).length, 1);
    if (proxyGrants === 'required') assertFailurePage(page, 403, 'ERR_SSO_NO_PROXY_GRANT');
    else assert.equal(userOn(page).id, 'alice');
    assert.match(
      portal.log[0] ?? '',
      /^warn There is no proxy grant: the login server offered none\..*\/other\/path\.$/,
    );
  });
}

test('a callback that another application answers in place of ours: the login waits, and goes on without a grant', async () => {
  const portal = await scene.proxyPortal({ cas: { proxyGrantWaitMs: 200 } });
  portal.front.leadTo((_, response) => void response.end('OK'));
  const browser = await signedIn(scene, portal, alice);

  const [warning = '', ...more] = warnings(portal);
  assert.deepEqual(more, []);
  assert.match(warning, /^warn There is no proxy grant: .* did not arrive here\./);
  assert.equal(errorOn(await askForTicket(browser, portal, 'https://localhost/mail')).code, 'ERR_SSO_NO_PROXY_GRANT');
});

/** What a service answers that calls on; the portal that calls it is in order. */
async function callChaining(certificate: ServerCertificate | null) {
  const portal = await scene.proxyPortal({ mount: mountProxyPages });
  const elsewhere = await scene.proxyPortal();
  elsewhere.front.leadTo((_, response) => void response.writeHead(404).end());
  const api = await scene.chainingApi({
    allowedChains: [[portal.callbackUrl]],
    ...(certificate ? { certificate } : { cas: { proxyCallbackUrl: elsewhere.callbackUrl } }),
    async answer(ctx) {
      ctx.body = await (ctx as unknown as Context & SsoContext<Json>).sso
        .proxyTicket('https://localhost/mail')
        .catch((error: { readonly code?: string }) => String(error.code));
    },
  });
  const answer = await callThrough(await signedIn(scene, portal, alice), portal, `${api.url}/`);
  return { answer, api };
}

test('a service that calls on refuses a call when the server cannot use its callback: the ticket is burnt', async () => {
  const { answer, api } = await callChaining(unknown);

  assert.equal(answer.status, 502, answer.body);
  assert.match(answer.body, /"ERR_SSO_CAS_REFUSED"/);
  assert.deepEqual(api.seen, []);
  assert.match(api.log.join('\n'), /ERR_SSO_CAS_REFUSED \(INVALID_PROXY_CALLBACK\)/);
});

test('a service that calls on takes a call when its callback answers 404, and has no grant for further ones', async () => {
  const { answer } = await callChaining(null);

  assert.deepEqual([answer.status, answer.body], [200, 'ERR_SSO_NO_PROXY_GRANT']);
});
