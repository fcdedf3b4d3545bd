import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { type FakeCas, startFakeCas } from '../../src/testing/index.ts';
import { type Example, freePort, startExample } from '../examples/example.ts';
import { openChromium } from '../support/chromium.ts';
import { TEST_SECRET } from '../support/portal.ts';
import { excessOf, heading, openProfile } from './support/chromium-profile.ts';

let cas: FakeCas;
let chromium: Browser;

before(async () => {
  cas = await startFakeCas();
  chromium = await openChromium();
});
after(async () => {
  await chromium?.close();
  await cas?.close();
});

/** An example, and a person who has just typed their password at the login server. */
async function arrive(t: TestContext, name: string) {
  const port = await freePort();
  const example: Example = startExample(`examples/${name}.ts`, [], {
    CAS_URL: cas.url,
    SSO_SECRET: TEST_SECRET,
    PORT: port,
  });
  t.after(() => example.kill());
  const [, url = ''] = await example.printed(/Open (http:\/\/localhost:\d+)/);
  const open = async () => {
    const profile = await openProfile(t, chromium, url);
    await profile.page.goto(url);
    await profile.page.fill('#username', 'alice');
    await profile.page.fill('#password', 'wonderland');
    await profile.page.click('button[type=submit]');
    await profile.page.waitForURL(`${url}/**`);
    return profile;
  };
  return { example, url, open, ...(await open()) };
}

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const text = (page: Page) => page.locator('body').innerText();

/** The page fits, wide and narrow, light and dark; kept as pictures where a person asks for them. */
async function look(page: Page, name: string): Promise<void> {
  const { SCREENSHOTS } = process.env;
  for (const width of [1280, 390]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme });
      assert.equal(await excessOf(page, width), 0, `${name} at ${width}`);
      if (SCREENSHOTS) await page.screenshot({ path: `${SCREENSHOTS}/${name}-${width}-${colorScheme}.png` });
    }
  }
}

test('the terms of use are accepted once', async (t) => {
  const { page, open, url, complaints } = await arrive(t, 'consent');
  assert.equal(await heading(page), 'Terms of use');
  await look(page, 'consent');
  await button(page, 'I accept').click();
  await page.waitForURL(`${url}/`);
  assert.equal(await text(page), 'Hello alice');
  assert.equal(await text((await open()).page), 'Hello alice');
  assert.deepEqual(complaints, []);
});

test('Back to the terms after they were accepted leads on', async (t) => {
  const { page, url } = await arrive(t, 'consent');
  const terms = page.url();
  await button(page, 'I accept').click();
  await page.waitForURL(`${url}/`);
  await page.goBack().catch(() => {});
  await page.goto(terms);
  assert.equal(page.url(), `${url}/`);
  assert.equal(await text(page), 'Hello alice');
});

test('a double click on a button is one answer', async (t) => {
  const { page, url, complaints } = await arrive(t, 'consent');
  await button(page, 'I accept').dblclick({ noWaitAfter: true });
  // The second click takes the first one's navigation away, which `waitForURL` would take for the end of it.
  await page.getByText('Hello alice', { exact: true }).waitFor();
  assert.equal(page.url(), `${url}/`);
  assert.deepEqual(complaints, []);
});

test('the terms that are declined let nobody in', async (t) => {
  const { page, url } = await arrive(t, 'consent');
  await button(page, 'I do not').click();
  await page.waitForURL(`${url}/sso/logged-out`);
  assert.equal(await heading(page), 'You have signed out');
});

test('a code is typed, wrongly at first', async (t) => {
  const { page, url, example, complaints } = await arrive(t, 'second-factor');
  await page.getByLabel('Code').fill('no');
  await page.keyboard.press('Enter');
  await page.getByText('That was not the code.').waitFor();
  await look(page, 'second-factor');
  const codes = [...example.output().matchAll(/The code is (\d{6})/g)].map(([, code = '']) => code);
  await page.getByLabel('Code').fill(codes.at(-1) ?? '');
  await button(page, 'Go on').click();
  await page.waitForURL(`${url}/`);
  assert.equal(await text(page), 'Hello alice');
  assert.deepEqual(complaints, []);
});

test('a role is chosen', async (t) => {
  const { page, url, complaints } = await arrive(t, 'role');
  assert.equal(await heading(page), 'Who are you today?');
  await look(page, 'role');
  await button(page, 'member').click();
  await page.waitForURL(`${url}/`);
  assert.equal(await text(page), 'Hello alice, member');
  assert.deepEqual(complaints, []);
});
