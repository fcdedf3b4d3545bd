import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openChromium } from '../support/chromium.ts';
import { heading } from './support/chromium-profile.ts';
import { arrive, assertFiled, endSession, fillIn, press, until } from './support/kept-pages.ts';
import { type KeptScene, keptScene } from './support/kept-scene.ts';

let chromium: Browser;

before(async () => {
  chromium = await openChromium({ bfcache: true });
});

after(() => chromium?.close());

/** Sends the form of a name after its grant has expired. */
async function sendInterrupted(scene: KeptScene, page: Page): Promise<void> {
  await fillIn(page);
  scene.fakeCas.expireGrants();
  await press(page, 'Send');
}

test('PP18 Reload of what a resumed form led to: it was sent already, and the handler ran once', async (t) => {
  const scene = await keptScene(t, chromium);
  const { page, complaints } = await scene.atForm('file');
  await sendInterrupted(scene, page);
  await arrive(page, 'Filed');
  for (let reloads = 0; reloads < 2; reloads += 1) {
    await page.reload();
    await arrive(page, 'Already sent');
  }
  assert.equal(page.url(), `${scene.portal.url}/file`);
  assertFiled(scene.runs[0]);
  assert.equal(scene.runs.length, 1);
  assert.deepEqual(complaints, []);
});

test('PP18 Back from what a resumed form led to is the form, without a page of ours between', async (t) => {
  const scene = await keptScene(t, chromium);
  const { page, complaints } = await scene.atForm('file');
  await sendInterrupted(scene, page);
  await arrive(page, 'Filed');
  await page.goBack();
  await arrive(page, 'Form');
  // The browser has not kept the answer to a form, and asks people whether to send it anew.
  await assert.rejects(page.goForward(), /ERR_CACHE_MISS/);
  assert.equal(scene.runs.length, 1);
  assert.equal(scene.begun.length, 2);
  assert.deepEqual(complaints, []);
});

test('PP18 without JavaScript, Back to the page that sent a form says that it was sent', async (t) => {
  const scene = await keptScene(t, chromium);
  const { page, complaints } = await scene.atForm('file', 'alice', { javaScriptEnabled: false });
  await sendInterrupted(scene, page);
  await arrive(page, 'You are signed in again');
  const token = await page.locator('input[type=hidden]').first().inputValue();
  await press(page, 'Send it now');
  await arrive(page, 'Filed');
  assert.ok(!page.url().includes(token.split('.')[1] ?? ''), 'what opens it is in no address');
  await page.goBack();
  if ((await heading(page)) !== 'Already sent') {
    // The page itself, as it was: its button can do no more.
    await press(page, 'Send it now');
    await arrive(page, 'Already sent');
  }
  await page.reload();
  await arrive(page, 'Already sent');
  assert.equal(scene.runs.length, 1);
  assert.deepEqual(complaints, []);
});

test('PP18 without JavaScript, Reload of the page before its button is pressed asks again, and sends nothing', async (t) => {
  const scene = await keptScene(t, chromium);
  const { page, complaints } = await scene.atForm('file', 'alice', { javaScriptEnabled: false });
  await sendInterrupted(scene, page);
  await arrive(page, 'You are signed in again');
  await page.reload();
  await arrive(page, 'You are signed in again');
  assert.deepEqual(scene.runs, []);
  await press(page, 'Send it now');
  await arrive(page, 'Filed');
  assert.equal(scene.runs.length, 1);
  assert.deepEqual(complaints, []);
});

test('PP17 two clicks on the button: the handler runs once', async (t) => {
  const waiting: (() => void)[] = [];
  const scene = await keptScene(t, chromium, {
    act: (ctx) => (ctx.state.replay ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve()),
  });
  const { page, complaints } = await scene.atForm('file', 'alice', { javaScriptEnabled: false });
  await sendInterrupted(scene, page);
  await arrive(page, 'You are signed in again');
  const box = (await page.getByRole('button', { name: 'Send it now' }).boundingBox()) ?? assert.fail('no button');
  // By the mouse itself: Playwright would wait for the first click to lead somewhere before the second.
  const click = () => page.mouse.click(box.x + 9, box.y + 9);
  await click();
  await until(() => waiting.length > 0);
  await click();
  await arrive(page, 'Already sent');
  assert.deepEqual([waiting.length, scene.runs], [1, []], 'the second click began nothing');
  for (const goOn of waiting) goOn();
  await until(() => scene.runs.length > 0);

  assertFiled(scene.runs[0]);
  assert.deepEqual(scene.begun, ['/file', '/file']);
  assert.deepEqual(complaints, []);
});

for (const name of ['moved', 'file-moved']) {
  test(`a handler that leads on to another page (${name}) does so after a login as well`, async (t) => {
    const scene = await keptScene(t, chromium);
    const { context, page, complaints } = await scene.atForm(name);
    await fillIn(page);
    if (name === 'moved') await endSession(context);
    else scene.fakeCas.expireGrants();
    await press(page, 'Send');
    await arrive(page, 'Done');
    assert.equal(page.url(), `${scene.portal.url}/done`);
    assert.equal(await page.locator('p').innerText(), '1 in all');
    assertFiled(scene.runs[0]);
    await page.reload();
    await arrive(page, 'Done');
    await page.goBack();
    await arrive(page, 'Form');
    assert.equal(scene.runs.length, 1);
    assert.deepEqual(complaints, []);
  });
}
