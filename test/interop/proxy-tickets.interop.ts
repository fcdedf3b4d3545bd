import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Context } from 'koa';
import type { Json, SsoContext } from '../../src/index.ts';
import type { Browser } from '../support/browser.ts';
import type { Api } from '../support/proxying.ts';
import { djangoUsers } from './support/django-users.ts';
import {
  callDirectly,
  callerIn,
  callThrough,
  refusalIn,
  type ServiceAnswer,
  ticketFor,
  withTicketOf,
} from './support/proxy-pages.ts';
import {
  type ChainingApi,
  type ProxyPortal,
  type ProxyScene,
  signedIn,
  startProxyScene,
} from './support/proxy-scene.ts';

const { alice, bob, clash, zoe } = djangoUsers;

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

test('a login brings a grant over a callback with a certificate that the CAS server verifies', async () => {
  assert.equal(portal.front.calls.filter((call) => /^GET \/sso\/proxy-callback\?pgtId=PGT-/.test(call)).length, 1);
  assert.deepEqual(portal.log, []);
  assert.match(await ticketFor(browser, portal, `${api.url}/`), /^PT-\w{61}$/);
});

for (const [version, format] of [
  ['2.0', 'XML'],
  ['3.0', 'XML'],
  ['3.0', 'JSON'],
] as const) {
  test(`CAS ${version}, ${format}: a service that the portal calls knows the person and the portal`, async () => {
    const caller = await scene.proxyPortal({ cas: { version, format } });
    const service = await scene.api({ allowedChains: [[caller.callbackUrl]], cas: { version, format } });
    const answer = await callThrough(await signedIn(scene, caller, alice), caller, `${service.url}/grades`);

    const { user, url, authorization } = callerIn(answer);
    assert.deepEqual([user.id, user.issuer, user.proxies], ['alice', scene.cas.url, [caller.callbackUrl]]);
    assert.deepEqual([url, authorization], ['/grades', '']);
  });
}

test('a portal that is all on https needs no address for its callback', async () => {
  const secure = await scene.proxyPortal({ https: true });
  const service = await scene.api({ allowedChains: [[`${secure.url}/sso/proxy-callback`]] });
  const answer = await callThrough(await signedIn(scene, secure, alice), secure, `${service.url}/`);

  assert.equal(callerIn(answer).user.id, 'alice');
});

test('the service learns the attributes of the person, with markup and letters beyond ASCII', async () => {
  const { user } = callerIn(await callThrough(browser, portal, `${api.url}/`));

  const { displayName, note, memberOf } = user.attributes;
  assert.deepEqual(displayName, [alice.attributes.displayName]);
  assert.deepEqual(note, [alice.attributes.note]);
  assert.deepEqual(memberOf, alice.attributes.memberOf);
});

test('a name with letters beyond ASCII, spaces and markup reaches the service as it is', async () => {
  const other = await signedIn(scene, portal, zoe);

  assert.equal(callerIn(await callThrough(other, portal, `${api.url}/`)).user.id, 'zoë r&d <x>');
});

test('an attribute that is called proxies does not make the chain', async () => {
  const other = await signedIn(scene, portal, clash);
  const { user } = callerIn(await callThrough(other, portal, `${api.url}/`));

  assert.deepEqual([user.id, user.proxies], ['clash', [portal.callbackUrl]]);
  assert.deepEqual(user.attributes.proxies, ['https://evil.example/proxy']);
});

test('a service that knows people by mail address is told that in place of the name', async () => {
  assert.equal(callerIn(await callThrough(browser, portal, `${api.url}/mailuser`)).user.id, 'alice@uni.example');
});

test('a service that learns no attributes learns none from a proxy ticket either', async () => {
  const { user } = callerIn(await callThrough(browser, portal, `${api.url}/noattrs`));

  assert.equal(user.id, 'alice');
  assert.deepEqual(Object.keys(user.attributes).sort(), [
    'authenticationDate',
    'isFromNewLogin',
    'longTermAuthenticationRequestTokenUsed',
  ]);
});

for (const path of [
  '/grades?b=2&a=1',
  '/grades?flag',
  '/grades?flag=',
  '/grades?a=1&a=2',
  '/grades?x=%20',
  '/grades?x=a+b;y=2',
  '/a;b/caf%C3%A9/%e6%9d%8e?stra%C3%9Fe=%F0%9D%93%90',
  '/grades?next=https%3A%2F%2Fother.example%2F%3Fa%3D1%26b',
]) {
  test(`a ticket for ${path} is good at that very address, and the service sees it byte for byte`, async () => {
    assert.equal(callerIn(await callThrough(browser, portal, api.url + path)).url, path);
  });
}

test('a ticket may come in the header, and the application does not see it', async () => {
  const ticket = await ticketFor(browser, portal, `${api.url}/grades`);
  const answer = await callDirectly(`${api.url}/grades`, { authorization: `CAS ${ticket}` });

  const { user, url, authorization } = callerIn(answer);
  assert.deepEqual([user.id, url, authorization], ['alice', '/grades', '']);
});

test('a service may be known to the CAS server by another address than the one that is called', async () => {
  const service = 'https://localhost/campus/mail';
  const mail = await scene.api({ allowedChains: [[portal.callbackUrl]], accept: { service } });
  const ticket = await ticketFor(browser, portal, service);

  assert.equal(callerIn(await callDirectly(withTicketOf(`${mail.url}/inbox`, ticket))).user.id, 'alice');
});

test('work outside of a request of the person calls services too', async () => {
  await signedIn(scene, portal, bob);
  const grant = await portal.sso.proxyGrants.forUser('bob');
  const response = await grant.fetch(`${api.url}/nightly`);

  assert.equal(callerIn({ status: response.status, body: await response.text() }).user.id, 'bob');
});

test('two browsers of one person have two grants, and both work', async () => {
  const grants = async () => (await scene.cas.ctl('tickets')).filter(({ kind }) => kind === 'PGT').length;
  const before = await grants();
  const second = await signedIn(scene, portal, alice);

  for (const one of [browser, second, browser]) {
    assert.equal(callerIn(await callThrough(one, portal, `${api.url}/`)).user.id, 'alice');
  }
  assert.equal(await grants(), before + 1);
});

/** A service behind a service: the portal calls `middle` at any address, and that calls `last`. */
async function chain(allowedChains: (callbackOfMiddle: string) => string[][]) {
  const address = { last: '' };
  const middle = await scene.chainingApi({
    allowedChains: [[portal.callbackUrl]],
    async answer(ctx) {
      const answer = await (ctx as unknown as Context & SsoContext<Json>).sso.fetch(`${address.last}/deep?a=1`);
      const further: ServiceAnswer = { status: answer.status, body: await answer.text() };
      ctx.body = { user: ctx.state.user, further };
    },
  });
  const last = await scene.api({ allowedChains: allowedChains(middle.callbackUrl) });
  address.last = last.url;
  return { middle, last };
}

async function throughChain({ middle }: { readonly middle: ChainingApi }) {
  const answer = await callThrough(browser, portal, `${middle.url}/`);
  assert.equal(answer.status, 200, answer.body);
  return JSON.parse(answer.body) as { readonly user: unknown; readonly further: ServiceAnswer };
}

test('a service that was called calls a second one for the person', async () => {
  const services = await chain((middle) => [[middle]]);
  const { user, url } = callerIn((await throughChain(services)).further);

  assert.deepEqual([user.id, url], ['alice', '/deep?a=1']);
});

test('this server names the last proxy of a chain only, so the second service does not see the portal', async () => {
  const services = await chain((middle) => [[middle]]);
  const { further } = await throughChain(services);

  assert.deepEqual(callerIn(further).user.proxies, [services.middle.callbackUrl]);
});

test('a second service that asks for the whole chain refuses what this server tells of it', async () => {
  const services = await chain((middle) => [[middle, portal.callbackUrl]]);
  const { further } = await throughChain(services);

  assert.equal(refusalIn(further), 'ERR_SSO_PROXY_CHAIN');
  assert.deepEqual(services.last.seen, []);
});

test('a second service that lets the portal in does not let others in whom the portal calls', async () => {
  const services = await chain(() => [[portal.callbackUrl]]);

  assert.equal(refusalIn((await throughChain(services)).further), 'ERR_SSO_PROXY_CHAIN');
});
