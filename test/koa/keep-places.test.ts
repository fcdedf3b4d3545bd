import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type TestContext, test } from 'node:test';
import Koa from 'koa';
import { cas, type Json } from '../../src/index.ts';
import { startFakeCas } from '../../src/testing/index.ts';
import { type Browser, createBrowser } from '../support/browser.ts';
import { listen, logIn, TEST_SECRET } from '../support/portal.ts';
import { startSso } from '../support/run-journal.ts';
import { codeShown, formOf, onlyHeld, recording } from './keep-safety-support.ts';
import { pressOn } from './keep-support.ts';

/** One application that is `/one` on localhost and `/two` on 127.0.0.1, where its paths come with that prefix. */
async function twoPlaces(t: TestContext) {
  const fakeCas = await startFakeCas();
  const server = createServer();
  const url = await listen(server);
  const one = `${url}/one`;
  const two = `${url.replace('localhost', '127.0.0.1')}/two`;
  const runs: string[] = [];
  const errors: unknown[] = [];
  const app = new Koa();
  app.on('error', (error) => errors.push(error));
  const sso = startSso<Json>({
    baseUrl: [one, two],
    secrets: [TEST_SECRET],
    login: cas({ serverUrl: fakeCas.url }),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
  app.use(sso.session(app));
  app.use(sso.routes());
  app.use(sso.requireLogin({ keepBody: true }));
  app.use(recording(runs));
  server.on('request', app.callback());
  const browsers: Browser[] = [];
  t.after(async () => {
    for (const browser of browsers) await browser.close();
    await sso.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await fakeCas.close();
  });
  /** Alice is signed in at an address. */
  const signedInAt = async (place: string) => {
    const browser = createBrowser();
    browsers.push(browser);
    assert.equal((await logIn(browser, `${place}/form`, fakeCas)).status, 200);
    return browser;
  };
  const interruptAt = async (browser: Browser, place: string, from = place) => {
    browser.cookies.clear(/sso-session/);
    return (await browser.send(`${place}/form`, formOf('yes'), { from: `${from}/form` })).settle();
  };
  return { one, two, runs, errors, signedInAt, interruptAt };
}

for (const which of ['one', 'two'] as const) {
  test(`PP19 an app with several addresses: what was sent to ${which} is sent to ${which} again`, async (t) => {
    const { runs, errors, signedInAt, interruptAt, ...places } = await twoPlaces(t);
    const place = places[which];
    const page = await interruptAt(await signedInAt(place), place);
    assert.ok(page.url.href.startsWith(`${place}/sso/resume/`), page.url.href);
    for (const { action } of page.forms) assert.ok(action.href.startsWith(`${place}/`), action.href);
    assert.equal((await pressOn(page)).status, 200);
    assert.deepEqual(runs, [`alice POST /${which}/form answer=yes`]);
    assert.deepEqual(errors, []);
  });
}

test('PP19 what was sent to one address is not run at another, even with its cookie', async (t) => {
  const { one, two, runs, signedInAt, interruptAt } = await twoPlaces(t);
  const browser = await signedInAt(one);
  const other = await signedInAt(two);
  const page = await interruptAt(browser, one);
  const { name, handle, id } = onlyHeld(browser);
  const value = browser.cookies.all().find((cookie) => cookie.name === name)?.value;
  other.cookies.store(new URL(two), [`${name}=${value}; path=/; httponly`]);
  const body = { bytes: Buffer.from(`campus-sso-resume=${handle}.${id}`), type: formOf('').type ?? '' };
  const told = await other.send(`${two}/form`, body, { from: `${two}/sso/resume/${handle}` });
  assert.equal(told.status, 400);
  assert.equal(codeShown(told), 'ERR_SSO_REQUEST_OTHER_TARGET');
  assert.deepEqual(runs, []);
  assert.equal((await pressOn(page)).status, 200);
});

test('PP19 a form from the page of another address of the app is not kept', async (t) => {
  const { one, two, runs, signedInAt, interruptAt } = await twoPlaces(t);
  const told = await interruptAt(await signedInAt(one), one, two);
  assert.equal(codeShown(told), 'ERR_SSO_REQUEST_NOT_OURS');
  assert.deepEqual(runs, []);
});
