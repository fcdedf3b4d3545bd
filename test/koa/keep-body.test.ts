import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endSessions, expireGrants, FORM, keepScene, pressOn, sha256, signedIn, submit } from './keep-support.ts';

test('E2: the POST of an expired grant reaches the handler again, byte for byte, after a silent login', async (t) => {
  const scene = await keepScene(t);
  const browser = await signedIn(scene);
  expireGrants(scene);
  const page = await (await submit(browser, scene, '/file?term=1')).settle();
  assert.equal(page.status, 200, page.body);
  assert.deepEqual(scene.begun, ['POST /file?term=1']);
  assert.equal(scene.seen.length, 0);
  const done = await pressOn(page);
  assert.equal(done.status, 200, done.body);
  assert.deepEqual(scene.begun, ['POST /file?term=1', 'POST /file?term=1']);
  const [seen] = scene.seen;
  assert.equal(seen?.sha256, sha256(FORM.bytes));
  assert.equal(seen.type, FORM.type);
  assert.equal(seen.replay?.attempts, 1);
  assert.deepEqual(scene.portal.errors, []);
});

test('E1: the POST of an ended session reaches the handler after the login', async (t) => {
  const scene = await keepScene(t);
  const browser = await signedIn(scene);
  await endSessions(browser);
  const page = await (await submit(browser, scene, '/form')).settle();
  assert.deepEqual(scene.begun, []);
  const done = await pressOn(page);
  assert.equal(done.status, 200, done.body);
  assert.equal(scene.seen[0]?.sha256, sha256(FORM.bytes));
  assert.equal(scene.seen[0]?.user, 'alice');
});
