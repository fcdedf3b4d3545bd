import type { TestContext } from 'node:test';
import Keyv from 'keyv';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { type ProxyScene, startProxyScene } from '../../support/proxying.ts';
import { openProfile, type Profile } from './chromium-profile.ts';
import { arrive, type KeptPages, type KeptPagesOptions, keptPages } from './kept-pages.ts';

/** An application with forms that survive a login, at a fake CAS server. */
export interface KeptScene extends ProxyScene, Pick<KeptPages, 'runs' | 'begun'> {
  /** What waits in the store, by the kind of its records. */
  waiting(): readonly string[];
  /** The clock of the application goes forward. */
  wait(minutes: number): void;
  /** A new browser of somebody who is at the form of that name. */
  atForm(name: string, user?: string, options?: BrowserContextOptions): Promise<Profile>;
}

/** It ends with the test. */
export async function keptScene(
  t: TestContext,
  chromium: Browser,
  options: Omit<KeptPagesOptions, 'loginServer'> = {},
): Promise<KeptScene> {
  const records = new Map<string, unknown>();
  const place = { cas: '', ahead: 0 };
  const pages = keptPages({ loginServer: () => place.cas, ...options });
  const scene = await startProxyScene({
    mount: pages.mount,
    options: { store: new Keyv({ store: records }), clock: () => Date.now() + place.ahead },
  });
  t.after(() => scene.close());
  place.cas = scene.fakeCas.url;
  return {
    ...scene,
    runs: pages.runs,
    begun: pages.begun,
    waiting: () => waitingIn(records),
    wait(minutes) {
      place.ahead += minutes * 60_000;
    },
    async atForm(name, user = 'alice', browser = {}) {
      const profile = await openProfile(t, chromium, scene.portal.url, browser);
      await profile.page.goto(`${scene.portal.url}/form/${name}`);
      await signIn(profile.page, scene, user);
      await arrive(profile.page, 'Form');
      return profile;
    },
  };
}

/** The requests that wait in a store. */
export function waitingIn(records: ReadonlyMap<string, unknown>): readonly string[] {
  return [...records.keys()].filter((key) => key.startsWith('keyv:request:'));
}

/** Fills in the form of the fake CAS server. */
export async function signIn(page: Page, { fakeCas }: Pick<ProxyScene, 'fakeCas'>, name = 'alice'): Promise<void> {
  const user = fakeCas.users.find((one) => one.name === name);
  await page.fill('#username', name);
  await page.fill('#password', user?.password ?? '');
  await page.getByRole('button', { name: 'Sign in' }).click();
}
