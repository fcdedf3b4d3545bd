import type { TestContext } from 'node:test';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

export interface Profile {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the console says of the pages of a site, except that they are refusals: those are looked at. */
  readonly complaints: readonly string[];
}

/** A browser profile for the time of a test. */
export async function openProfile(
  t: TestContext,
  chromium: Browser,
  site: string,
  options: BrowserContextOptions = {},
): Promise<Profile> {
  const context = await chromium.newContext(options);
  t.after(() => context.close());
  context.setDefaultTimeout(15_000);
  const complaints: string[] = [];
  context.on('console', (message) => {
    const grave = message.type() === 'error' || message.type() === 'warning';
    const refusal = /status of 4(0[039]|1[03])/.test(message.text());
    if (grave && !refusal && message.location().url.startsWith(site)) complaints.push(message.text());
  });
  context.on('weberror', (error) => complaints.push(error.error().message));
  return { context, page: await context.newPage(), complaints };
}

/** How many pixels a page is wider than it may be. Not held against innerWidth, which grows with what is too wide. */
export async function excessOf(page: Page, width: number): Promise<number> {
  return Math.max(0, (await page.evaluate<number>('document.documentElement.scrollWidth')) - width);
}

export const heading = (page: Page) => page.locator('h1').innerText();
export const link = (page: Page, name: string) => page.getByRole('link', { name, exact: true });
