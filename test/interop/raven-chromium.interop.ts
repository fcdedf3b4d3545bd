import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import type { Middleware } from 'koa';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { CAS, openDemo, RAVEN } from '../examples/demo-scene.ts';
import { openChromium } from '../support/chromium.ts';
import { startRaven } from '../support/raven.ts';
import { excessOf, heading, link, openProfile } from './support/chromium-profile.ts';

const NOTES = '/notes?week=3&course=logic&course=algebra';
const ALGEBRA = '/notes?course=algebra';

let demo: Awaited<ReturnType<typeof openDemo>>;
let chromium: Browser;
let portal = '';
let raven = '';

before(async () => {
  demo = await openDemo();
  ({ portal, raven = '' } = demo);
  chromium = await openChromium();
});

after(async () => {
  await chromium?.close();
  await demo?.close();
});

const open = (t: TestContext, options?: BrowserContextOptions) => openProfile(t, chromium, portal, options);

/** Fills in the form of Raven, which the browser has just come to. */
async function typePassword(page: Page, name = 'test0001', server = raven): Promise<void> {
  assert.equal(new URL(page.url()).origin, server, `at the form of Raven, not at ${page.url()}`);
  await page.fill('#userid', name);
  await page.fill('#pwd', 'test');
  await page.getByRole('button', { name: 'Log in' }).click();
}

/** Chooses Raven and signs in, up to the page that was asked for. */
async function signIn(page: Page, path = '/me', name?: string): Promise<void> {
  await page.goto(portal + path);
  await link(page, RAVEN).click();
  await typePassword(page, name);
  await page.waitForURL(portal + path);
}

const signOut = (page: Page) => page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();

/** What my page says about the login, by label. */
async function aboutLogin(page: Page): Promise<Readonly<Record<string, string>>> {
  const rows = page.getByRole('region', { name: 'About this login' }).locator('dl').first().locator('div');
  const texts = await rows.evaluateAll((divs) => divs.map((div) => [...div.children].map((cell) => cell.textContent)));
  return Object.fromEntries(texts);
}

test('a login by Raven: from the chooser to its form and back, and my page tells what is known', async (t) => {
  const { page, complaints } = await open(t);
  await page.goto(portal);
  await link(page, 'Sign in').click();
  assert.equal(await heading(page), 'How do you want to sign in?');
  assert.deepEqual(await page.locator('main a').allInnerTexts(), [CAS, RAVEN]);
  await link(page, RAVEN).click();
  await typePassword(page);
  await page.waitForURL(`${portal}/me`);

  assert.equal(await heading(page), 'Hello, test0001');
  const person = page.getByRole('region', { name: 'About you' });
  assert.deepEqual(await person.locator('dt code').allTextContents(), ['ptags']);
  const login = await aboutLogin(page);
  assert.equal(login['Way in'], 'Raven Ucam-WebAuth');
  assert.equal(login.Issuer, raven);
  assert.ok(login['Password shown']);

  await page.goBack();
  await page.waitForURL(`${portal}/me`);
  assert.equal(await heading(page), 'Hello, test0001', 'Back from my page comes to my page');
  assert.deepEqual(complaints, []);
});

test('who cancels gets a page that says so, and can sign in after all, with the page that was wanted', async (t) => {
  const { page, complaints } = await open(t);
  await page.goto(portal + NOTES);
  await link(page, RAVEN).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  assert.equal(await heading(page), 'You cancelled the sign-in');
  assert.ok(page.url().startsWith(`${portal}/sso/return/ucam`), page.url());
  assert.deepEqual(await page.locator('main a').allInnerTexts(), [
    'Sign in again',
    'Sign in another way',
    'Go to the start page',
  ]);
  await page.reload();
  assert.equal(await heading(page), 'This sign-in is no longer valid', 'a reply is good for once');

  await page.goto(portal + NOTES);
  await link(page, RAVEN).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await link(page, 'Sign in again').click();
  await typePassword(page);
  await page.waitForURL(portal + NOTES);
  assert.deepEqual(complaints, []);
});

test('who cancels can take the other way', async (t) => {
  const { page, complaints } = await open(t);
  await page.goto(`${portal}/me`);
  await link(page, RAVEN).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await link(page, 'Sign in another way').click();
  await link(page, CAS).click();
  await page.fill('#username', 'alice');
  await page.fill('#password', 'wonderland');
  await page.click('button[type=submit]');
  await page.waitForURL(`${portal}/me`);
  assert.equal((await aboutLogin(page))['Way in'], `${CAS} CAS`);
  assert.deepEqual(complaints, []);
});

test('single sign-on: Raven lets in without a password, and the chooser comes back after signing out', async (t) => {
  const { page, complaints } = await open(t);
  await signIn(page);
  await signOut(page);
  await page.goto(`${portal}/me`);
  assert.equal(await heading(page), 'How do you want to sign in?', 'the choice is forgotten');
  await link(page, RAVEN).click();
  await page.waitForURL(`${portal}/me`);
  assert.equal('Password shown' in (await aboutLogin(page)), false, 'nobody typed one');
  assert.deepEqual(complaints, []);
});

test('a browser remembers the way that worked, `via` takes another one, and an empty one asks', async (t) => {
  const { context, page, complaints } = await open(t);
  await signIn(page);
  await context.clearCookies({ name: /^sso-session/ });
  const hosts = new Set<string>();
  page.on('request', (request) => void hosts.add(new URL(request.url()).origin));
  await page.goto(portal + ALGEBRA);
  assert.equal(page.url(), portal + ALGEBRA, 'there and back by itself');
  assert.deepEqual([...hosts].sort(), [portal, raven].sort());

  await context.clearCookies({ name: /^sso-session/ });
  await page.goto(`${portal}/sso/login?returnTo=%2Fme&via=cas`);
  assert.ok(page.url().startsWith(`${demo.cas}/login`), page.url());
  for (const via of ['', 'nothing']) {
    await page.goto(`${portal}/sso/login?returnTo=%2Fme&via=${via}`);
    assert.equal(await heading(page), 'How do you want to sign in?', via);
  }
  await link(page, RAVEN).click();
  await page.waitForURL(`${portal}/me`);
  assert.deepEqual(complaints, []);
});

test('signing out leads to a page that says Raven goes on, and its link ends Raven', async (t) => {
  const { page, complaints } = await open(t);
  await signIn(page);
  await signOut(page);
  assert.equal(await heading(page), 'You have signed out of this site');
  assert.match(await page.locator('main').innerText(), /You are still signed in to Raven/);
  await link(page, 'Sign out of Raven').click();
  assert.equal(page.url(), `${raven}/auth/logout.html`);
  assert.equal(await heading(page), 'Logged out');
  await page.goto(`${portal}/me`);
  await link(page, RAVEN).click();
  assert.equal(await page.locator('#pwd').count(), 1, 'Raven asks for the password');
  assert.deepEqual(complaints, []);
});

test('my loans explain that Raven has no tickets, and lead to CAS and to the loans', async (t) => {
  const { page, complaints } = await open(t);
  await signIn(page, '/loans');
  await page.getByRole('heading', { name: 'Raven has no proxy tickets' }).waitFor();
  await page.getByRole('button', { name: `Sign in with ${CAS}` }).click();
  await page.fill('#username', 'alice');
  await page.fill('#password', 'wonderland');
  await page.click('button[type=submit]');
  await page.waitForURL(`${portal}/loans`);
  await page.getByRole('button', { name: 'Ask the library on my behalf' }).click();
  assert.equal(await page.getByRole('status').innerText(), 'The library has answered.');
  assert.deepEqual(complaints, []);
});

test('a page that wants a fresh password asks for it with the login at hand, and is then there', async (t) => {
  const small = await startRaven({
    mount(app, sso) {
      const [members, fresh] = [sso.requireLogin(), sso.requireLogin({ maxAge: 2 })] as unknown as Middleware[];
      app.use(sso.session(app)).use(sso.routes());
      app.use((ctx, next) => (ctx.path === '/marks' ? fresh : members)!(ctx, next));
      app.use((ctx) => {
        ctx.type = 'text/html';
        ctx.body = `<!doctype html><link rel="icon" href="data:,"><title>x</title><h1>${ctx.path} of ${ctx.state.user.id}</h1>`;
      });
    },
  });
  t.after(() => small.close());
  const { page, complaints } = await openProfile(t, chromium, small.portal.url);
  await page.goto(`${small.portal.url}/start`);
  await typePassword(page, 'test0002', small.wls.url);
  assert.equal(await heading(page), '/start of test0002');
  await page.goto(`${small.portal.url}/marks`);
  assert.equal(await heading(page), '/marks of test0002', 'the password was typed a moment ago');

  await page.waitForTimeout(3200);
  await page.goto(`${small.portal.url}/start`);
  assert.equal(await heading(page), '/start of test0002', 'good enough for other pages');
  await page.goto(`${small.portal.url}/marks`);
  assert.match(await page.locator('.lead').innerText(), /Please type your password again/);
  assert.equal(new URL(page.url()).searchParams.get('iact'), 'yes');
  await page.getByRole('button', { name: 'Cancel' }).click();
  assert.equal(await heading(page), 'You cancelled the sign-in');
  await page.goto(`${small.portal.url}/start`);
  assert.equal(await heading(page), '/start of test0002', 'still signed in');

  await page.goto(`${small.portal.url}/marks`);
  await typePassword(page, 'test0002', small.wls.url);
  await page.waitForURL(`${small.portal.url}/marks`);
  assert.equal(await heading(page), '/marks of test0002');
  assert.deepEqual(complaints, []);
});

test('no page is wider than a phone, in the light and in the dark', async (t) => {
  for (const [width, colorScheme] of [
    [320, 'light'],
    [390, 'dark'],
  ] as const) {
    const { page } = await open(t, { viewport: { width, height: 700 }, isMobile: true, colorScheme });
    const fits = async () => assert.equal(await excessOf(page, width), 0, `${page.url()} at ${width}`);
    await page.goto(`${portal}/me`);
    await fits();
    await link(page, RAVEN).click();
    await fits();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await fits();
    await signIn(page, '/loans');
    await fits();
    await page.goto(`${portal}/me`);
    await page.locator('summary').click();
    await fits();
    await signOut(page);
    assert.equal(await heading(page), 'You have signed out of this site');
    await fits();
  }
});
