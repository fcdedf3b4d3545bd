import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { carry, codeShown, formOf, interrupt, onlyHeld, recording, sendWhenSignedOut } from './keep-safety-support.ts';
import { keepScene, pressOn, signedIn } from './keep-support.ts';
import { cookiesFor, NAVIGATION, raw, serviceOf } from './support.ts';

describe('the small form runs a request at its own address only', () => {
  const HOME = '/form?a=1&b=%2F';
  const others = [
    '/other',
    '/form',
    '/form?b=%2F&a=1',
    '/form?a=1&b=/',
    '/form?a=1&b=%2f',
    '/form/?a=1&b=%2F',
    '/FORM?a=1&b=%2F',
    '/form?a=1&b=%2F&c=2',
    '/%66orm?a=1&b=%2F',
  ];
  for (const path of others) {
    test(`PP19 not at ${path}`, async (t) => {
      const scene = await keepScene(t);
      const browser = await signedIn(scene);
      const page = await interrupt(browser, scene, HOME, formOf('yes'));
      const told = await carry(browser, scene, onlyHeld(browser), { path });
      assert.equal(told.status, 400, told.body);
      assert.equal(codeShown(told), 'ERR_SSO_REQUEST_OTHER_TARGET');
      assert.deepEqual(scene.begun, []);
      assert.equal((await pressOn(page)).status, 200, 'a mistake cost the person their form');
      assert.deepEqual(scene.begun, [`POST ${HOME}`]);
    });
  }

  test('PP19 nor by another method: the request keeps its own', async (t) => {
    const methods: string[] = [];
    const scene = await keepScene(t, {
      options: { keptRequests: { methods: ['PUT'] } },
      act: (ctx) => void methods.push(ctx.method),
    });
    const browser = await signedIn(scene);
    methods.length = 0;
    const page = await interrupt(browser, scene, '/form', { ...formOf('yes'), method: 'PUT' });
    assert.equal((await pressOn(page)).status, 200);
    assert.deepEqual(methods, ['PUT']);
    assert.equal(codeShown(await pressOn(page)), 'ERR_SSO_REQUEST_USED');
  });

  test('PP19 nor by an address with the name of another host in the request line', async (t) => {
    const scene = await keepScene(t);
    const browser = await signedIn(scene);
    await interrupt(browser, scene, '/form', formOf('yes'));
    const { handle, id } = onlyHeld(browser);
    const { url } = scene.portal;
    const body = `campus-sso-resume=${handle}.${id}`;
    const headers = {
      ...NAVIGATION,
      ...cookiesFor(browser, url),
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': `${body.length}`,
    };
    const answer = await raw(url, { method: 'POST', target: 'http://evil.example.com/other', headers, body });
    assert.equal(answer.status, 400);
    assert.deepEqual(scene.begun, []);
  });
});

describe('hosts that the request names', () => {
  const HOSTILE = {
    host: 'evil.example.com',
    'x-forwarded-host': 'evil.example.com',
    'x-forwarded-proto': 'https',
    forwarded: 'host=evil.example.com',
    'x-original-url': '/evil',
    'x-forwarded-prefix': '/evil',
  };

  /** A scene behind a proxy that Koa trusts, with all that a request was led to. */
  async function trusting(t: TestContext) {
    const runs: string[] = [];
    const scene = await keepScene(t, {
      mount(app, sso) {
        app.proxy = true;
        app.use(sso.session(app));
        app.use(sso.routes());
        app.use(sso.requireLogin({ keepBody: true }));
        app.use(recording(runs));
      },
    });
    return { scene, runs };
  }

  test('PP19 when it is kept: the person comes back here', async (t) => {
    const { scene, runs } = await trusting(t);
    const { url } = scene.portal;
    const browser = await signedIn(scene);
    browser.cookies.clear(/sso-session/);
    const away = await browser.send(`${url}/form`, formOf('yes'), { from: `${url}/form`, headers: HOSTILE });
    assert.equal(away.location?.origin, new URL(scene.fakeCas.url).origin);
    assert.equal(new URL(serviceOf(away.location)).origin, url);
    const page = await (await browser.get(away.location ?? '')).settle();
    assert.equal(page.forms[0]?.action.href, `${url}/form`);
    assert.ok(!page.body.includes('evil'));
    assert.equal((await pressOn(page)).status, 200);
    assert.deepEqual(runs, ['alice POST /form answer=yes']);
  });

  test('PP19 all the way back: no address on the way is of another host', async (t) => {
    const { scene, runs } = await trusting(t);
    const { url } = scene.portal;
    const browser = await signedIn(scene);
    const form = await sendWhenSignedOut(browser, scene, '/form', formOf('yes'));
    const service = serviceOf(form.url);
    const ticket = scene.fakeCas.issueTicket('alice', service);
    const back = await browser.get(`${service}&ticket=${ticket}`, { from: form, headers: HOSTILE });
    assert.equal(back.location?.origin, url);
    const page = await browser.get(back.location ?? '', { headers: HOSTILE });
    assert.equal(page.forms.length, 2, page.body);
    for (const { action } of page.forms) assert.equal(action.origin, url);
    assert.ok(!page.body.includes('evil'));
    const done = await carry(browser, scene, onlyHeld(browser), { headers: HOSTILE });
    assert.equal(done.status, 200, done.body);
    assert.deepEqual(runs, ['alice POST /form answer=yes']);
  });

  test('PP19 a path that a browser would take for a host is not kept, and leads nowhere', async (t) => {
    for (const target of ['//evil.example.com/form', '/\\evil.example.com/form', '/form#/evil']) {
      const { scene, runs } = await trusting(t);
      const { url } = scene.portal;
      const browser = await signedIn(scene);
      browser.cookies.clear(/sso-session/);
      const headers = { ...NAVIGATION, ...cookiesFor(browser, url), 'sec-fetch-site': 'same-origin', origin: url };
      const answer = await raw(url, { method: 'POST', target, headers, body: 'answer=yes' });
      assert.equal(answer.status, 303);
      browser.cookies.store(new URL(url), answer.headers['set-cookie'] ?? []);
      const told = await (await browser.get(answer.headers.location ?? '')).settle();
      assert.equal(told.url.origin, url);
      assert.equal(codeShown(told), 'ERR_SSO_REQUEST_NOT_RECEIVED', target);
      assert.ok(!/(href|action)="[^"]*evil\.example/.test(told.body), told.body);
      assert.deepEqual(runs, []);
    }
  });

  test('PP19 a form whose Origin is another name of the host is not kept', async (t) => {
    const { scene, runs } = await trusting(t);
    const browser = await signedIn(scene);
    browser.cookies.clear(/sso-session/);
    const headers = { ...HOSTILE, origin: 'http://evil.example.com' };
    const { url } = scene.portal;
    const told = await (await browser.send(`${url}/form`, formOf('yes'), { from: `${url}/form`, headers })).settle();
    assert.equal(codeShown(told), 'ERR_SSO_REQUEST_NOT_OURS');
    assert.deepEqual(runs, []);
  });
});
