import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openChromium } from '../support/chromium.ts';
import { openProfile } from './support/chromium-profile.ts';
import { djangoUsers, type TestUser } from './support/django-users.ts';
import {
  arrive,
  assertFiled,
  endSession,
  fillIn,
  type KeptPages,
  keptFor,
  keptPages,
  press,
} from './support/kept-pages.ts';
import { waitingIn } from './support/kept-scene.ts';
import { type ProxyPortal, type ProxyScene, startProxyScene } from './support/proxy-scene.ts';
import { type SentBodies, watchSentBodies } from './support/sent-bodies.ts';

let scene: ProxyScene;
let chromium: Browser;
let sent: SentBodies;

before(async () => {
  scene = await startProxyScene();
  sent = await watchSentBodies();
  chromium = await openChromium();
});

after(async () => {
  await chromium?.close();
  await sent?.close();
  await scene?.close();
});

async function signIn(page: Page, user: TestUser): Promise<void> {
  await page.fill('#id_username', user.name);
  await page.fill('#id_password', user.password);
  await page.locator('#login_form [type=submit]').click();
}

/** Somebody at the form of a portal, in a browser whose requests are watched. */
async function atForm(t: TestContext, name: string) {
  const pages: KeptPages = keptPages({ service: 'https://localhost/registry', loginServer: () => scene.cas.url });
  const portal: ProxyPortal = await scene.proxyPortal({ mount: pages.mount });
  const profile = await openProfile(t, chromium, portal.url, { proxy: sent.proxy, ignoreHTTPSErrors: true });
  await profile.page.goto(`${portal.url}/form/${name}`);
  await signIn(profile.page, djangoUsers.alice);
  await arrive(profile.page, 'Form');
  const posts = () => sent.posts.filter(({ url }) => url.startsWith(portal.url));
  // The form of this server asks another host for its scripts.
  const complaints = () => profile.complaints.filter((text) => text !== 'jQuery is not defined');
  return { ...profile, complaints, pages, portal, posts };
}

test('PP5 PP22 E2: a form with files goes on by itself when a real server has let the grant expire', async (t) => {
  const { context, page, pages, portal, posts, complaints } = await atForm(t, 'file');
  await fillIn(page);
  await press(page, 'Send');
  await arrive(page, 'Filed');
  await page.goto(`${portal.url}/form/file`);
  await fillIn(page);
  assert.ok((await scene.cas.ctl('expire-pgts')) > 0);
  await press(page, 'Send');
  await arrive(page, 'Filed');

  const [first, form, carrier, ...more] = posts();
  assert.ok(first && form && carrier);
  assert.deepEqual(more, []);
  assert.match(carrier.bytes.toString(), /^campus-sso-resume=/);
  const [, run, ...further] = pages.runs;
  assertFiled(run);
  assert.deepEqual(further, []);
  assert.deepEqual(
    [run.form.sha256, run.form.bytes, run.type],
    [form.sha256, form.bytes.length, form.type],
    'what Chromium sent, to the byte',
  );
  assert.deepEqual([run.user, run.replay?.attempts, run.times], ['alice', 1, 2], 'the session went on');
  assert.deepEqual(pages.begun, ['/file', '/file', '/file']);
  assert.notEqual(run.key, pages.runs[0]?.key);
  assert.deepEqual(waitingIn(portal.records), []);
  await page.reload();
  await arrive(page, 'Already sent');
  assert.equal(pages.runs.length, 2);
  assert.equal((await keptFor(context)).length, 1, 'so that it can be told that it was sent');
  assert.deepEqual(complaints(), []);
});

test('PP5 E1: a form with files goes on after a password at a real server', async (t) => {
  const { context, page, pages, portal, posts, complaints } = await atForm(t, 'one');
  await fillIn(page);
  await endSession(context);
  await scene.cas.ctl('drop-sessions');
  await press(page, 'Send');
  await page.locator('#login_form').waitFor();
  assert.equal(waitingIn(portal.records).length, 1);
  assert.deepEqual(pages.begun, []);
  await signIn(page, djangoUsers.alice);
  await arrive(page, 'Filed');

  const [form] = posts();
  const [run, ...more] = pages.runs;
  assertFiled(run);
  assert.deepEqual(more, []);
  assert.deepEqual([run.form.sha256, run.type], [form?.sha256, form?.type]);
  assert.deepEqual(waitingIn(portal.records), []);
  assert.deepEqual(complaints(), []);
});

test('PP15 E2: somebody else who signs in at a real server gets nothing of it', async (t) => {
  const { context, page, pages, portal, complaints } = await atForm(t, 'file');
  await fillIn(page);
  await scene.cas.ctl('expire-pgts');
  await scene.cas.ctl('drop-sessions');
  await press(page, 'Send');
  await page.locator('#login_form').waitFor();
  await signIn(page, djangoUsers.bob);
  await arrive(page, 'Sent by somebody else');
  assert.deepEqual([pages.runs, waitingIn(portal.records), await keptFor(context)], [[], [], []]);
  await page.goto(`${portal.url}/form/file`);
  assert.equal(await page.locator('#who').innerText(), 'bob, 0 times');
  assert.deepEqual(complaints(), []);
});
