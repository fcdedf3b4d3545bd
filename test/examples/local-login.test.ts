import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { type FakeCas, startFakeCas } from '../../src/testing/index.ts';
import { type Browser, createBrowser, type Page } from '../support/browser.ts';
import { logIn, TEST_SECRET } from '../support/portal.ts';
import { linkTo, openBrowser } from './demo-scene.ts';
import { type Example, freePort, startExample } from './example.ts';

const FILE = 'examples/local-login.ts';
const PASSWORD = 'a guest & a p%ssword';
let cas: FakeCas;
let example: Example;
let url: string;

before(async () => {
  cas = await startFakeCas();
  const env = { CAS_URL: cas.url, SSO_SECRET: TEST_SECRET, GUEST_PASSWORD: PASSWORD, PORT: await freePort() };
  example = startExample(FILE, [], env);
  url = (await example.printed(/Open (http:\/\/localhost:\d+)/))[1] ?? '';
});
after(async () => {
  await example?.kill();
  await cas?.close();
});

/** The form for guests, as the chooser leads to it. */
async function openForm(browser: Browser, page = `${url}/page?a=1`): Promise<Page> {
  const chooser = await (await browser.get(page)).settle();
  return chooser.click(linkTo(chooser, 'Guests'));
}

function send(form: Page, password = PASSWORD, name = 'guest'): Promise<Page> {
  return form.submit(form.forms[0]!, { name, password });
}

async function guest(t: TestContext): Promise<Browser> {
  const browser = openBrowser(t);
  await (await send(await openForm(browser))).settle();
  return browser;
}

const sessionOf = (browser: Browser) => browser.cookies.all().find(({ name }) => /^sso-session-\w+$/.test(name))?.value;

test('the chooser offers CAS, Raven and the form; a guest signs in and is on the page that was asked for', async (t) => {
  const browser = openBrowser(t);
  const chooser = await (await browser.get(`${url}/page?a=1`)).settle();
  for (const label of ['University account', 'Raven', 'Guests']) linkTo(chooser, label);
  const page = await (await send(await openForm(browser))).settle();
  assert.equal(page.url.href, `${url}/page?a=1`);
  assert.equal(page.body, 'Hello guest guest');
  assert.equal((await browser.get(`${url}/other`)).body, 'Hello guest guest');
});

test('a wrong name and a wrong password get the same answer, and no session', async (t) => {
  const browser = openBrowser(t);
  const form = await openForm(browser);
  for (const [password, name] of [
    ['wrong', 'guest'],
    [PASSWORD, 'nobody'],
    ['', ''],
  ]) {
    const refused = await send(form, password, name);
    assert.deepEqual([refused.status, refused.body], [403, 'The name or the password is wrong.']);
  }
  assert.equal((await browser.get(`${url}/`)).status, 303, 'still nobody');
});

test('no other site can sign a visitor in', async (t) => {
  const browser = openBrowser(t);
  for (const from of ['https://elsewhere.example/', 'http://localhost:1/']) {
    const page = await browser.post(`${url}/guest`, { name: 'guest', password: PASSWORD }, { from });
    assert.equal(page.status, 403, from);
  }
  const bare = await fetch(`${url}/guest`, {
    method: 'POST',
    body: new URLSearchParams({ name: 'guest', password: PASSWORD }),
  });
  assert.equal(bare.status, 403, 'a sender without a name');
  assert.equal((await browser.get(`${url}/`)).status, 303, 'still nobody');
});

test('a form that is too large is not read', async (t) => {
  const refused = await send(await openForm(openBrowser(t)), 'x'.repeat(3000));
  assert.equal(refused.status, 413);
});

test('after signing in nobody is led to another site', async (t) => {
  for (const target of [
    'https://elsewhere.example/',
    '//elsewhere.example',
    '/\\elsewhere.example',
    'https://[',
    'x:y',
  ]) {
    const browser = openBrowser(t);
    const form = await browser.get(`${url}/guest?returnTo=${encodeURIComponent(target)}`);
    const landed = (await send(form)).location;
    assert.equal(landed?.href, `${url}/`, target);
  }
  const form = await openBrowser(t).get(`${url}/guest?returnTo=${encodeURIComponent('/.//elsewhere.example')}`);
  assert.equal((await send(form)).location?.origin, url);
});

test('one person at a time: a guest and a member take each other’s place', async (t) => {
  const browser = await guest(t);
  const asGuest = sessionOf(browser);
  const member = await logIn(browser, `${url}/sso/login?returnTo=%2F&via=cas`, cas, 'alice');
  assert.equal(member.body, 'Hello alice');
  const asAlice = sessionOf(browser);
  assert.ok(asGuest && asAlice && asGuest !== asAlice);

  const cookies = browser.cookies.header(new URL(url)) ?? '';
  const again = await (await send(await browser.get(`${url}/guest`))).settle();
  assert.deepEqual([again.url.href, again.body], [`${url}/`, 'Hello guest guest']);
  const copy = createBrowser({ headers: { cookie: cookies } });
  t.after(() => copy.close());
  assert.equal((await copy.get(`${url}/`)).status, 303, 'the login of the member has ended');
});

test('signing out here ends the session of a guest', async (t) => {
  const browser = await guest(t);
  await browser.post(`${url}/sso/logout?scope=here`, {});
  assert.equal((await browser.get(`${url}/`)).status, 303);
});

test('the example says which variables it needs', async (t) => {
  const bare = startExample(FILE, [], { CAS_URL: cas.url, SSO_SECRET: TEST_SECRET });
  t.after(() => bare.kill());
  assert.deepEqual(await bare.ended(), { code: 1, signal: null });
  assert.match(bare.output(), /^Please set CAS_URL, SSO_SECRET .+ and GUEST_PASSWORD\.\n$/);
});
