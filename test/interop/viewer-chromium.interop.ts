import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { CAS, openDemo, RAVEN } from '../examples/demo-scene.ts';
import { openChromium } from '../support/chromium.ts';
import { excessOf, heading, link, openProfile } from './support/chromium-profile.ts';

let demo: Awaited<ReturnType<typeof openDemo>>;
let chromium: Browser;
let portal = '';
let viewer = '';

before(async () => {
  demo = await openDemo();
  portal = demo.portal;
  viewer = `${portal}/sso/flows`;
  chromium = await openChromium();
});

after(async () => {
  await chromium?.close();
  await demo?.close();
});

const open = (t: TestContext, options?: BrowserContextOptions) => openProfile(t, chromium, portal, options);

async function signIn(page: Page, path: string, name = 'alice', password = 'wonderland'): Promise<void> {
  await page.goto(portal + path);
  await link(page, CAS).click();
  await page.fill('#username', name);
  await page.fill('#password', password);
  await page.click('button[type=submit]');
  await page.waitForURL(portal + path);
}

/** Comes to Raven, and goes no further. */
async function cancel(page: Page): Promise<void> {
  await page.goto(`${portal}/me`);
  await link(page, RAVEN).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  assert.equal(await heading(page), 'You cancelled the sign-in');
}

const rows = (page: Page) => page.locator('tbody tr');
const live = (page: Page) => page.getByText('Live: what happens appears here at once.').waitFor();

/** Opens the page of the latest attempt of a flow. */
async function openLatest(page: Page, flow: string): Promise<void> {
  await page.goto(`${viewer}?flow=${flow}`);
  await rows(page).first().getByRole('link').first().click();
  await page.waitForURL(/\/attempts\//);
}

test('one click away in the demo, and a login that fails appears in the open page by itself, with its reason', async (t) => {
  const { page, complaints } = await open(t);
  await page.goto(portal);
  await page.getByRole('navigation').getByRole('link', { name: 'Behind the scenes' }).click();
  assert.equal(await heading(page), 'Sign-ins of the last 15 minutes');
  await live(page);
  const before = await rows(page).count();
  const visitor = await open(t);
  await cancel(visitor.page);
  await rows(page).nth(before).waitFor();
  const newest = rows(page).first();
  await newest.getByText('ERR_SSO_CANCELLED').waitFor();
  assert.match(await newest.innerText(), /failed[\s\S]*cancelled/);
  assert.deepEqual([...complaints, ...visitor.complaints], []);
});

test('the page of an attempt goes on while the person does, and draws the way over the picture', async (t) => {
  const { page, complaints } = await open(t);
  const visitor = await open(t);
  await visitor.page.goto(`${portal}/me`);
  await link(visitor.page, CAS).click();
  await openLatest(page, 'cas');
  await live(page);
  const here = page.locator('.flow-picture .node.here');
  assert.match(await here.innerHTML(), /awaitingReturn/);
  await visitor.page.fill('#username', 'bob');
  await visitor.page.fill('#password', 'builder');
  await visitor.page.click('button[type=submit]');
  await visitor.page.waitForURL(`${portal}/me`);
  await page.getByRole('heading', { name: 'cas succeeded' }).waitFor();
  assert.equal(await page.title(), '✓ cas succeeded');
  assert.match(await here.innerHTML(), /authenticated/);
  assert.equal(await page.locator('.flow-picture .node.visited').count(), 8);
  assert.deepEqual(complaints, []);
});

test('a form that came through a login is told from the expired grant to the end', async (t) => {
  const { page, complaints } = await open(t);
  const visitor = await open(t);
  await signIn(visitor.page, '/grades');
  await visitor.page.getByRole('button', { name: 'Let my grant expire' }).click();
  await visitor.page.getByRole('button', { name: 'Hand in grades' }).click();
  await visitor.page.getByRole('heading', { name: 'Grades handed in' }).waitFor();
  await openLatest(page, 'cas');
  const told = await page.locator('.steps').innerText();
  assert.match(told, /grant\.expired[\s\S]*keepingRequest[\s\S]*request\.saved[\s\S]*resuming[\s\S]*request\.resumed/);
  assert.equal(await page.locator('.flow-picture .badge').getByText('19', { exact: true }).count(), 1);
  assert.deepEqual(complaints, []);
});

test('news leave the focus, the place that was scrolled to and the marked step alone', async (t) => {
  const { page, complaints } = await open(t, { viewport: { width: 1400, height: 500 } });
  const visitor = await open(t);
  await signIn(visitor.page, '/grades');
  await openLatest(page, 'cas');
  await live(page);
  await page.locator('#step-6 a').focus();
  const scrolled = await page.evaluate<number>('document.getElementById("steps").scrollTop');
  assert.ok(scrolled > 0);
  await page.evaluate('document.getElementById("steps").dataset.old = "yes"');
  await visitor.page.getByRole('button', { name: 'Let my grant expire' }).click();
  await visitor.page.getByRole('button', { name: 'Hand in grades' }).click();
  await page.locator('#step-19').waitFor();
  assert.equal(
    await page.evaluate('document.getElementById("steps").dataset.old'),
    undefined,
    'the steps are new ones',
  );
  assert.equal(await page.evaluate('document.activeElement.closest("li")?.id'), 'step-6');
  assert.equal(await page.evaluate('document.getElementById("steps").scrollTop'), scrolled);
  assert.match((await page.locator('.badge.now').getAttribute('aria-label')) ?? '', /^step 6\b/);
  assert.deepEqual(complaints, []);
});

test('a page whose stream has ended says nothing of it, and goes on', async (t) => {
  const { page, complaints } = await open(t);
  let opened = 0;
  await page.route('**/sso/flows/events*', (route) => {
    opened += 1;
    return route.fulfill({ contentType: 'text/event-stream', body: 'retry: 50\n\n' });
  });
  await page.goto(viewer);
  await live(page);
  const said: string[] = [];
  await page.exposeFunction('heard', (text: string) => said.push(text));
  await page.evaluate(
    'new MutationObserver(() => heard(document.getElementById("live").textContent)).observe(document.getElementById("live"), { childList: true, characterData: true, subtree: true })',
  );
  while (opened < 5) await page.waitForTimeout(50);
  assert.deepEqual(said, []);
  assert.deepEqual(complaints, []);
});

test('a page that nobody looks at holds no connection, and has the news when somebody does', async (t) => {
  const { page, complaints } = await open(t);
  await page.goto(viewer);
  await live(page);
  const hide = (state: string) =>
    page.evaluate(
      `Object.defineProperty(document, 'hidden', { value: ${state === 'hidden'}, configurable: true }); document.dispatchEvent(new Event('visibilitychange'))`,
    );
  const gone = page.waitForEvent('requestfailed', (request) => request.url().includes('/events'));
  await hide('hidden');
  await gone;
  const before = await rows(page).count();
  await cancel((await open(t)).page);
  const again = page.waitForRequest((request) => request.url().includes('/events'));
  await hide('visible');
  await again;
  await rows(page).nth(before).waitFor();
  assert.deepEqual(complaints, []);
});

test('a server that is away is looked for again', async (t) => {
  const { page } = await open(t);
  let isAway = true;
  await page.route('**/sso/flows/events*', (route) =>
    isAway ? route.fulfill({ status: 502, body: '' }) : route.continue(),
  );
  await page.goto(viewer);
  await page.getByText('Not live at the moment.').waitFor();
  isAway = false;
  await live(page);
});

test('the keyboard goes through the steps, and the picture shows each', async (t) => {
  const { page, complaints } = await open(t);
  await cancel((await open(t)).page);
  await openLatest(page, 'ucam');
  await page.locator('#step-1 a').focus();
  for (const number of [2, 3, 4]) {
    await page.keyboard.press('ArrowDown');
    assert.equal(await page.evaluate('document.activeElement.closest("li").id'), `step-${number}`);
    assert.equal(await page.locator('.badge.now').getAttribute('aria-label'), `step ${number}`);
    assert.equal(await page.locator('.node.now').count(), 1);
  }
  await page.keyboard.press('ArrowUp');
  assert.equal(await page.locator('.badge.now').getAttribute('aria-label'), 'step 3');
  assert.notEqual(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'none');
  await page.keyboard.press('Enter');
  assert.match(page.url(), /#step-3$/);
  await page.reload();
  assert.equal(await page.locator('.badge.now').getAttribute('aria-label'), 'step 3');
  assert.deepEqual(complaints, []);
});

test('a person is found by their identifier, which no address holds', async (t) => {
  const { page } = await open(t);
  await signIn((await open(t)).page, '/me', 'zoë', 'crème-brûlée');
  const addresses: string[] = [];
  page.on('request', (request) => addresses.push(decodeURIComponent(request.url())));
  await page.goto(viewer);
  await page.getByLabel('Person').fill('zoë');
  await page.getByRole('button', { name: 'Filter' }).click();
  await page.waitForURL(/subject=/);
  assert.ok((await rows(page).count()) >= 1);
  await page.getByLabel('Person').fill('nobody');
  await page.getByRole('button', { name: 'Filter' }).click();
  await page.getByText('No attempt is like that.').waitFor();
  assert.doesNotMatch(addresses.join('\n'), /zoë|nobody/);
});

test('everything but the news works without JavaScript', async (t) => {
  const { page, complaints } = await open(t, { javaScriptEnabled: false });
  await signIn((await open(t)).page, '/me');
  await page.goto(viewer);
  assert.equal(await page.getByRole('status').innerText(), 'Reload the page for what is new.');
  await page.getByLabel('Outcome').selectOption('succeeded');
  await page.getByRole('button', { name: 'Filter' }).click();
  await page.waitForURL(/outcome=success/);
  await rows(page).first().getByRole('link').first().click();
  assert.ok((await page.locator('.steps li').count()) > 1);
  assert.ok((await page.locator('.flow-picture .badge').count()) > 1);
  assert.deepEqual(complaints, []);
});

test('a state in the picture leads to what is said about it', async (t) => {
  const { page, complaints } = await open(t);
  await signIn((await open(t)).page, '/me');
  await openLatest(page, 'cas');
  await page.locator('.flow-picture a', { hasText: 'admitting' }).click();
  await page.waitForURL(/\/machines\/cas#casLogin--admitting$/);
  assert.equal(await page.locator('tr:target td').first().innerText(), 'admitting\n⚙ at work');
  assert.deepEqual(complaints, []);
});

test('no page is wider than a phone, in the light and in the dark', async (t) => {
  await cancel((await open(t)).page);
  await signIn((await open(t)).page, '/me');
  for (const [width, colorScheme] of [
    [320, 'light'],
    [390, 'dark'],
  ] as const) {
    const { page, complaints } = await open(t, { viewport: { width, height: 700 }, isMobile: true, colorScheme });
    for (const path of ['', '?outcome=failure', '/machines', '/machines/cas']) {
      await page.goto(viewer + path);
      assert.equal(await excessOf(page, width), 0, `${page.url()} at ${width}`);
    }
    for (const flow of ['cas', 'ucam']) {
      await openLatest(page, flow);
      assert.equal(await excessOf(page, width), 0, `${page.url()} at ${width}`);
    }
    assert.deepEqual(complaints, []);
  }
});

test('a reader who goes away leaves no line in the log', async (t) => {
  const { page } = await open(t);
  await page.goto(viewer);
  await live(page);
  const before = demo.output().length;
  await page.goto('about:blank');
  await page.goto(viewer);
  await live(page);
  assert.equal(demo.output().slice(before), '');
});
