import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { CAS, openDemo } from '../examples/demo-scene.ts';
import { openChromium } from '../support/chromium.ts';
import { excessOf, heading, link, openProfile } from './support/chromium-profile.ts';

const NOTES = '/notes?week=3&course=logic&course=algebra';

let demo: Awaited<ReturnType<typeof openDemo>>;
let chromium: Browser;
let portal = '';
let cas = '';
let callback = '';

/** Whose pages the tests open. */
const use = (chosen: typeof demo) => {
  ({ portal, cas, callback } = chosen);
};

before(async () => {
  demo = await openDemo();
  use(demo);
  chromium = await openChromium();
});

after(async () => {
  await chromium?.close();
  await demo?.close();
});

const open = (t: TestContext, options?: BrowserContextOptions) => openProfile(t, chromium, portal, options);

/** Signs in by CAS, from the chooser or the form. */
async function signIn(page: Page, name = 'alice', password = 'wonderland'): Promise<void> {
  if (page.url().startsWith(`${portal}/sso/login`)) await link(page, CAS).click();
  assert.ok(page.url().startsWith(`${cas}/login`), `at the login form, not at ${page.url()}`);
  await page.fill('#username', name);
  await page.fill('#password', password);
  await page.click('button[type=submit]');
}

/** Presses the button on the page of the loans, and sees what the library saw. */
async function askLibrary(page: Page, reader = 'alice'): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: 'My loans' }).click();
  await page.getByRole('button', { name: 'Ask the library on my behalf' }).click();
  assert.equal(await page.getByRole('status').innerText(), 'The library has answered.');
  assert.equal(page.url(), `${portal}/loans`);
  const seen = page.getByRole('region', { name: 'Whom the library saw' });
  assert.deepEqual(await seen.locator('dd').allTextContents(), [reader, cas, callback]);
}

test('a protected page leads to the login form and back, and greets with all that is known', async (t) => {
  const { page, complaints } = await open(t);
  await page.goto(portal);
  await page.click('main >> text=My page');
  await signIn(page);

  await page.waitForURL(`${portal}/me`);
  assert.equal(await heading(page), 'Hello, Alice Liddell');
  const facts = page.getByRole('region', { name: 'About you' });
  assert.deepEqual(await facts.locator('dt code').allTextContents(), ['displayName', 'mail', 'eduPersonAffiliation']);
  assert.deepEqual(await facts.locator('dd li').allTextContents(), ['student', 'member']);
  const login = page.getByRole('region', { name: 'About this login' });
  assert.deepEqual(await login.locator('dl').first().locator('dt').allTextContents(), [
    'Way in',
    'Issuer',
    'Signed in',
    'Holds until',
    'Password shown',
  ]);
  assert.deepEqual(complaints, []);
});

test('two tabs that ask for two pages at once both get there', async (t) => {
  const { context, page: first, complaints } = await open(t);
  const second = await context.newPage();
  await Promise.all([first.goto(`${portal}/me`), second.goto(portal + NOTES)]);
  for (const tab of [first, second]) await link(tab, CAS).click();
  await signIn(first);
  await first.waitForURL(`${portal}/me`);
  await signIn(second);
  await second.waitForURL(portal + NOTES);

  assert.equal(await second.locator('.address').innerText(), NOTES);
  assert.deepEqual(await second.locator('tbody td').allTextContents(), ['3', 'logic', 'algebra']);
  await first.reload();
  assert.equal(await heading(first), 'Hello, Alice Liddell');
  assert.deepEqual(complaints, []);
});

test('Back after signing in, and the return address opened again, land on the page', async (t) => {
  const { context, page, complaints } = await open(t);
  const returns: string[] = [];
  context.on('request', (request) => {
    if (request.url().startsWith(`${portal}/sso/return`)) returns.push(request.url());
  });
  await page.goto(portal);
  await page.click('main >> text=My page');
  await signIn(page);
  await page.waitForURL(`${portal}/me`);

  await page.goBack();
  await page.waitForURL(`${portal}/me`);
  assert.equal(await heading(page), 'Hello, Alice Liddell');

  const address = returns[0] ?? '';
  assert.match(address, /[?&]ticket=ST-/);
  for (const tab of [page, await context.newPage()]) {
    await tab.goto(address);
    assert.equal(tab.url(), `${portal}/me`);
    assert.equal(await heading(tab), 'Hello, Alice Liddell');
  }
  assert.deepEqual(complaints, []);
});

test('a wrong password can be corrected', async (t) => {
  const { page, complaints } = await open(t);
  await page.goto(`${portal}/me`);
  await signIn(page, 'zoë', 'creme brulee');
  await page.getByRole('alert').waitFor();
  await signIn(page, 'zoë', 'crème-brûlée');

  await page.waitForURL(`${portal}/me`);
  assert.equal(await heading(page), 'Hello, Zoë Müller-Señán');
  assert.deepEqual(complaints, []);
});

test('signing out ends the login here and at the login server, also for Back', async (t) => {
  const { page, complaints } = await open(t);
  await page.goto(`${portal}/me`);
  await signIn(page);
  await page.waitForURL(`${portal}/me`);
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();

  await page.waitForURL(`${portal}/sso/logged-out`);
  assert.equal(await heading(page), 'You have signed out');
  await page.goBack();
  await link(page, CAS).waitFor();
  assert.equal(await heading(page), 'How do you want to sign in?', 'Back shows nothing of the person');
  await page.goto(`${portal}/me`);
  await link(page, CAS).click();
  assert.ok(page.url().startsWith(`${cas}/login`), 'the page asks for a login');
  assert.equal(await page.locator('#password').count(), 1, 'the login server asks for a password');
  assert.deepEqual(complaints, []);
});

test('everything works without JavaScript', async (t) => {
  const { page, complaints } = await open(t, { javaScriptEnabled: false });
  await page.goto(portal + NOTES);
  await signIn(page, "o'neil&<co>", '"quotes" & <>');
  await page.waitForURL(portal + NOTES);
  await page.getByRole('navigation').getByRole('link', { name: 'My page' }).click();
  assert.equal(await heading(page), 'Hello, O\'Neil & <Co> "R&D"');
  await askLibrary(page, "o'neil&<co>");
  await page.goto(`${portal}/me`);
  await page.getByRole('region', { name: 'About this login' }).getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(`${portal}/sso/logged-out`);
  assert.deepEqual(complaints, []);
});

test('the library is asked on behalf of the person, again and again, until the person signs out', async (t) => {
  const { context, page, complaints } = await open(t);
  await page.goto(`${portal}/me`);
  await signIn(page);
  await page.waitForURL(`${portal}/me`);
  await askLibrary(page);
  assert.equal(await page.getByRole('region', { name: 'Your loans' }).locator('tbody tr').count(), 2);
  const again = page.getByRole('button', { name: 'Ask again' });
  const [answer] = await Promise.all([page.waitForResponse(`${portal}/loans`), again.click()]);
  assert.equal(answer.status(), 200, 'a grant is good for many tickets');
  const other = await context.newPage();
  await other.goto(portal);
  await other.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await other.waitForURL(`${portal}/sso/logged-out`);
  await other.goto(portal);
  assert.equal(await other.getByRole('navigation').getByText('My loans').count(), 0);
  await again.click();
  await signIn(page, 'bob', 'builder');
  await page.waitForURL(`${portal}/loans`);
  await askLibrary(page, 'bob');
  assert.deepEqual(complaints, []);
});

test('with --https everything works over HTTPS', async (t) => {
  const secure = await openDemo({ https: true });
  t.after(async () => {
    use(demo);
    await secure.close();
  });
  use(secure);
  assert.match(`${portal} ${cas} ${callback}`, /^https:\S+ https:\S+ https:\S+$/);
  const { page, complaints } = await open(t, { ignoreHTTPSErrors: true });
  await page.goto(portal + NOTES);
  await signIn(page, 'zoë', 'crème-brûlée');
  await page.waitForURL(portal + NOTES);
  await askLibrary(page, 'zoë');
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(`${portal}/sso/logged-out`);
  assert.deepEqual(complaints, []);
});

test('no page is wider than a phone, in the light and in the dark', async (t) => {
  for (const [width, colorScheme] of [
    [320, 'light'],
    [390, 'dark'],
  ] as const) {
    const { page, complaints } = await open(t, { viewport: { width, height: 700 }, isMobile: true, colorScheme });
    const fits = async () => {
      assert.equal(await excessOf(page, width), 0, `${page.url()} at ${width}`);
      assert.notEqual(await page.evaluate('getComputedStyle(document.body).backgroundColor'), 'rgba(0, 0, 0, 0)');
    };
    await page.goto(portal);
    await fits();
    await page.goto(`${portal}/me`);
    await signIn(page, "o'neil&<co>", '"quotes" & <>');
    await page.waitForURL(`${portal}/me`);
    await page.locator('summary').click();
    await fits();
    await askLibrary(page, "o'neil&<co>");
    await fits();
    for (const path of [NOTES, '/', '/loans', `/notes?${'long'.repeat(60)}=${'w'.repeat(200)}`]) {
      await page.goto(portal + path);
      await fits();
    }
    assert.deepEqual(complaints, []);
  }
});

test('the keyboard reaches the content first, and shows where it is', async (t) => {
  const { page } = await open(t);
  await page.goto(portal);
  await page.keyboard.press('Tab');
  const skip = page.getByRole('link', { name: 'Skip to the content' });
  assert.ok(await skip.evaluate((link) => link.matches(':focus-visible') && link.getBoundingClientRect().left >= 0));
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  const first = page.getByRole('main').getByRole('link').first();
  assert.ok(await first.evaluate((link) => link.matches(':focus-visible')));
  assert.notEqual(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'none');
});
