import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import Koa from 'koa';
import mount from 'koa-mount';
import type { CasOptions, Sso } from '../../src/index.ts';
import { logIn } from '../support/portal.ts';
import { assertTicket, openStore, postForm, sceneFor, signIn, startRelay } from './proxy-support.ts';
import { type Mount, raw } from './support.ts';

const IOU = 'PGTIOU-1-marker';
const PGT = 'PGT-1-marker';
const DELIVERY = `pgtIou=${IOU}&pgtId=${PGT}`;

/** An application that has a page everywhere and asks nobody to sign in. */
const openPages: Mount = (app, sso) => {
  app.use(sso.session(app));
  app.use(sso.routes());
  app.use((ctx) => {
    ctx.body = `the application at ${ctx.method} ${ctx.path}`;
  });
};

async function openScene(t: TestContext, cas: Partial<CasOptions>) {
  const kept = openStore();
  const { portal } = await sceneFor(t, { mount: openPages, cas, options: { store: kept.keyv } });
  return { url: portal.url, kept };
}

describe('the login server calls the address that it is given', () => {
  for (const callbackStyle of ['one-call', 'probe-first'] as const) {
    for (const callbackMethod of ['GET', 'POST'] as const) {
      test(`and the login has a grant (${callbackStyle}, ${callbackMethod})`, async (t) => {
        const scene = await sceneFor(t, { fakeCas: { callbackStyle, callbackMethod } });
        await assertTicket(await signIn(scene), scene.portal);
        assert.equal(scene.fakeCas.validations[0]?.pgtUrl, scene.callbackUrl);
        assert.equal(scene.fakeCas.counts.callback, callbackStyle === 'one-call' ? 1 : 2);
        assert.deepEqual(scene.portal.log, []);
      });
    }
  }

  for (const callbackMethod of ['GET', 'POST'] as const) {
    test(`with the parameters that it has of its own (${callbackMethod})`, async (t) => {
      const relay = await startRelay(t);
      const proxyCallbackUrl = `${relay.url}/sso/proxy-callback?app=portal&x=a%20b`;
      const scene = await sceneFor(t, { cas: { proxyCallbackUrl }, fakeCas: { callbackMethod } });
      relay.to(scene.portal.url);
      await assertTicket(await signIn(scene), scene.portal);
      assert.equal(scene.fakeCas.validations[0]?.pgtUrl, proxyCallbackUrl);
      assert.equal(relay.calls.length, 1);
      assert.ok(relay.calls[0]?.startsWith(`${callbackMethod} /sso/proxy-callback?app=portal&x=a%20b`), relay.calls[0]);
    });
  }

  test('at a path that the options choose', async (t) => {
    const relay = await startRelay(t);
    const scene = await sceneFor(t, { cas: { proxyCallbackUrl: `${relay.url}/pgt/in` } });
    relay.to(scene.portal.url);
    await assertTicket(await signIn(scene), scene.portal);
  });
});

describe('at the root of the site, with proxyCallbackAtRoot,', () => {
  test('the login server is asked to deliver, and the login has a grant', async (t) => {
    const scene = await sceneFor(t, { cas: { proxyCallbackAtRoot: true } });
    await assertTicket(await signIn(scene), scene.portal);
    assert.equal(scene.fakeCas.validations[0]?.pgtUrl, `${scene.portal.url}/`);
  });

  test('a delivery is taken', async (t) => {
    const { url, kept } = await openScene(t, { proxyCallbackAtRoot: true });
    assert.equal((await raw(`${url}/?${DELIVERY}`)).status, 200);
    assert.equal(await kept.delivered(IOU), PGT);
  });

  test('our own route takes deliveries as well', async (t) => {
    const { url, kept } = await openScene(t, { proxyCallbackAtRoot: true });
    assert.equal((await raw(`${url}/sso/proxy-callback?${DELIVERY}`)).status, 200);
    assert.equal(await kept.delivered(IOU), PGT);
  });

  test('the login server is asked to deliver elsewhere if the options say so, and both places take deliveries', async (t) => {
    const relay = await startRelay(t);
    const cas = { proxyCallbackAtRoot: true, proxyCallbackUrl: `${relay.url}/pgt` };
    const { url, kept } = await openScene(t, cas);
    await raw(`${url}/pgt?${DELIVERY}`);
    await raw(`${url}/?${DELIVERY}2`.replace(IOU, `${IOU}2`));
    assert.equal(await kept.delivered(IOU), PGT);
    assert.equal(await kept.delivered(`${IOU}2`), `${PGT}2`);
  });

  for (const [what, method, target] of [
    ['a call without parameters', 'GET', '/'],
    ['a HEAD', 'HEAD', `/?${DELIVERY}`],
    ['half a delivery', 'GET', `/?pgtIou=${IOU}`],
    ['a page with parameters of its own', 'GET', '/?page=1&ticket=ST-1'],
    ['a POST', 'POST', `/?${DELIVERY}`],
    ['a delivery to a page', 'GET', `/page?${DELIVERY}`],
    ['a delivery to what is no path of ours', 'GET', `//?${DELIVERY}`],
  ] as const) {
    test(`${what} goes to the application`, async (t) => {
      const { url, kept } = await openScene(t, { proxyCallbackAtRoot: true });
      const answer = await raw(url, { method, target });
      assert.equal(answer.status, 200);
      if (method !== 'HEAD') assert.match(answer.body, /^the application at/);
      assert.notEqual(answer.headers['cache-control'], 'no-store');
      assert.equal(kept.count('pgtiou'), 0);
    });
  }

  test('a form that is posted goes to the application unread', async (t) => {
    const { url, kept } = await openScene(t, { proxyCallbackAtRoot: true });
    assert.equal((await postForm(`${url}/`, DELIVERY)).body, 'the application at POST /');
    assert.equal(kept.count('pgtiou'), 0);
  });
});

test('without the option, what comes to the root with both parameters goes to the application', async (t) => {
  const { url, kept } = await openScene(t, {});
  assert.equal((await raw(`${url}/?${DELIVERY}`)).body, 'the application at GET /');
  assert.equal(kept.count('pgtiou'), 0);
});

test('without proxyGrants there is no callback', async (t) => {
  const off = { proxyGrants: false, proxyGrantWaitMs: 0 };
  const { url, kept } = await openScene(t, off);
  assert.equal((await raw(`${url}/sso/proxy-callback?${DELIVERY}`)).body, 'the application at GET /sso/proxy-callback');
  assert.equal(kept.count('pgtiou'), 0);
});

/** Every page asks for a ticket. */
const askEverywhere: Mount = (app, sso) => {
  app.use(sso.routes());
  app.use(sso.requireLogin());
  app.use(async (ctx) => {
    ctx.body = { ticket: await (ctx as unknown as { sso: Sso }).sso.proxyTicket('imap') };
  });
};

const atTheTop: Mount = (app, sso) => {
  app.use(sso.session(app));
  askEverywhere(app, sso);
};

/** Below `/portal` of another application, which has the session. */
const belowMount: Mount = (app, sso) => {
  const inner = new Koa();
  askEverywhere(inner, sso);
  app.use(sso.session(app));
  app.use(mount('/portal', inner));
  app.use((ctx) => {
    ctx.body = `the outer application at ${ctx.path}`;
  });
};

for (const [how, mountPages] of [
  ['below koa-mount', belowMount],
  ['where nobody takes the path off', atTheTop],
] as const) {
  describe(`with a path in baseUrl, ${how},`, () => {
    for (const [where, options, path] of [
      ['at our own route', {}, '/portal/sso/proxy-callback'],
      ['at the root of the application', { proxyCallbackAtRoot: true }, '/portal/'],
    ] as const) {
      test(`the login server delivers ${where}`, async (t) => {
        const relay = await startRelay(t);
        const baseUrl = `${relay.url}/portal`;
        const scene = await sceneFor(t, { cas: options, options: { baseUrl }, mount: mountPages });
        relay.to(scene.portal.url);
        const browser = scene.browser();
        const page = await logIn(browser, `${baseUrl}/page`, scene.fakeCas);
        assert.match(JSON.parse(page.body).ticket, /^PT-\d/);
        assert.equal(scene.fakeCas.validations[0]?.pgtUrl, relay.url + path);
        assert.ok(relay.calls.some((call) => call.startsWith(`GET ${path}?pgtId=`)));
      });
    }
  });
}

test('below koa-mount, a delivery to the root of the host goes to the outer application', async (t) => {
  const kept = openStore();
  const relay = await startRelay(t);
  const options = { baseUrl: `${relay.url}/portal`, store: kept.keyv };
  const { portal } = await sceneFor(t, { cas: { proxyCallbackAtRoot: true }, options, mount: belowMount });
  assert.equal((await raw(`${portal.url}/?${DELIVERY}`)).body, 'the outer application at /');
  assert.equal(kept.count('pgtiou'), 0);
});
