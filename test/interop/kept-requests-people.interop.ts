import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openChromium } from '../support/chromium.ts';
import { link } from './support/chromium-profile.ts';
import { arrive, assertFiled, endSession, fillIn, keptFor, press } from './support/kept-pages.ts';
import { type KeptScene, keptScene, signIn } from './support/kept-scene.ts';

let chromium: Browser;

before(async () => {
  chromium = await openChromium();
});

after(() => chromium?.close());

test('PP14 two forms in two tabs, both interrupted: each handler gets its own form, once', async (t) => {
  const scene = await keptScene(t, chromium);
  const { context, page: first, complaints } = await scene.atForm('one');
  const second = await context.newPage();
  await second.goto(`${scene.portal.url}/form/two`);
  await fillIn(first, 'of the first\ntab');
  await fillIn(second, 'of the second\n\ntab');
  await endSession(context);
  scene.fakeCas.signOutEverybody();

  await Promise.all([press(first, 'Send'), press(second, 'Send')]);
  await Promise.all([arrive(first, 'Sign in'), arrive(second, 'Sign in')]);
  assert.equal(scene.waiting().length, 2);
  await signIn(first, scene);
  await arrive(first, 'Filed');
  assert.equal(first.url(), `${scene.portal.url}/one`);
  assert.deepEqual(
    scene.runs.map(({ path }) => path),
    ['/one'],
    'the other one waits for its own login',
  );
  await signIn(second, scene);
  await arrive(second, 'Filed');

  const [one, two, ...more] = scene.runs;
  assert.deepEqual([one?.path, two?.path, more], ['/one', '/two', []]);
  assertFiled(one, 'of the first\ntab');
  assertFiled(two, 'of the second\n\ntab');
  assert.notEqual(one.key, two.key);
  assert.deepEqual([one.replay?.attempts, two.replay?.attempts], [1, 1]);
  assert.deepEqual(scene.waiting(), []);
  assert.deepEqual(complaints, []);
});

test('PP14 who cancels at the login server and signs in after all finds the form sent', async (t) => {
  const scene = await keptScene(t, chromium);
  const { context, page, complaints } = await scene.atForm('one');
  await fillIn(page);
  await endSession(context);
  scene.fakeCas.signOutEverybody();
  await press(page, 'Send');
  await arrive(page, 'Sign in');
  await link(page, 'Cancel').click();
  await arrive(page, 'You could not be signed in');
  assert.deepEqual(scene.runs, []);

  await link(page, 'Sign in again').click();
  await signIn(page, scene);
  await arrive(page, 'Filed');
  assert.equal(page.url(), `${scene.portal.url}/one`);
  assertFiled(scene.runs[0]);
  assert.equal(scene.runs.length, 1);
  assert.deepEqual(complaints, []);
});

test('PP14 who goes Back from the login server, and on again, finds the form sent once', async (t) => {
  const scene = await keptScene(t, chromium);
  const { context, page, complaints } = await scene.atForm('file');
  await fillIn(page);
  scene.fakeCas.expireGrants();
  scene.fakeCas.signOutEverybody();
  await press(page, 'Send');
  await arrive(page, 'Sign in');
  await page.goBack();
  await arrive(page, 'Form');
  const other = await context.newPage();
  await other.goto(scene.portal.url);
  assert.deepEqual(scene.runs, []);

  await page.goForward();
  await arrive(page, 'Sign in');
  await signIn(page, scene);
  await arrive(page, 'Filed');
  assertFiled(scene.runs[0]);
  assert.equal(scene.runs.length, 1);
  assert.deepEqual(complaints, []);
});

for (const [what, name, interrupt] of [
  ['session', 'one', (scene: KeptScene) => scene.fakeCas.signOutEverybody()],
  ['grant', 'file', (scene: KeptScene) => scene.fakeCas.expireGrants()],
] as const) {
  test(`PP11 eleven minutes at the login server after the ${what} ended: the person is told, and nothing is sent`, async (t) => {
    const scene = await keptScene(t, chromium);
    const { context, page, complaints } = await scene.atForm(name);
    await fillIn(page);
    if (what === 'session') await endSession(context);
    interrupt(scene);
    scene.fakeCas.signOutEverybody();
    await press(page, 'Send');
    await arrive(page, 'Sign in');
    scene.wait(11);
    const posts: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST' && request.url().startsWith(scene.portal.url)) posts.push(request.url());
    });
    await signIn(page, scene);
    await arrive(page, 'This sign-in is no longer valid');
    await link(page, 'Sign in again').click();
    await arrive(page, 'Too late to send this');

    assert.deepEqual([scene.runs, posts], [[], []]);
    await link(page, 'Go to the start page').click();
    await arrive(page, 'Start');
    assert.deepEqual([scene.runs, posts], [[], []]);
    assert.deepEqual(complaints, []);
  });
}

test('PP15 somebody else signs in where a session ended: nothing is sent, and nothing of it is theirs', async (t) => {
  const scene = await keptScene(t, chromium);
  const { context, page, complaints } = await scene.atForm('one');
  await fillIn(page);
  await press(page, 'Send');
  await arrive(page, 'Filed');
  await page.goto(`${scene.portal.url}/form/one`);
  await fillIn(page);
  await endSession(context);
  scene.fakeCas.signOutEverybody();
  await press(page, 'Send');
  await signIn(page, scene, 'bob');

  await arrive(page, 'Sent by somebody else');
  assert.equal(scene.runs.length, 1, 'only what alice sent while she was signed in');
  assert.deepEqual(scene.waiting(), []);
  assert.deepEqual(await keptFor(context), []);
  await page.goto(`${scene.portal.url}/form/one`);
  assert.equal(await page.locator('#who').innerText(), 'bob, 0 times');
  assert.deepEqual(complaints, []);
});

test('PP15 somebody else signs in where a grant ended: nothing is sent, and they get a session of their own', async (t) => {
  const scene = await keptScene(t, chromium);
  const { context, page, complaints } = await scene.atForm('file');
  await fillIn(page);
  await press(page, 'Send');
  await arrive(page, 'Filed');
  await page.goto(`${scene.portal.url}/form/file`);
  assert.equal(await page.locator('#who').innerText(), 'alice, 1 times');
  await fillIn(page);
  scene.fakeCas.expireGrants();
  scene.fakeCas.signOutEverybody();
  await press(page, 'Send');
  await arrive(page, 'Sign in');
  await signIn(page, scene, 'bob');

  await arrive(page, 'Sent by somebody else');
  assert.equal(scene.runs.length, 1);
  assert.deepEqual(scene.begun, ['/file', '/file'], 'it began once each time, before the login');
  assert.deepEqual(scene.waiting(), []);
  assert.deepEqual(await keptFor(context), []);
  await page.goto(`${scene.portal.url}/form/file`);
  assert.equal(await page.locator('#who').innerText(), 'bob, 0 times');
  assert.deepEqual(complaints, []);
});
