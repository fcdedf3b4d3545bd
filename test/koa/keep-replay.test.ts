import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertCode, INTERRUPTIONS, keptCookies, recordingScene, upToResume } from './keep-journey.ts';
import { endSessions, expireGrants, FORM, pressOn, signedIn } from './keep-support.ts';

for (const [entry, path, interrupt] of INTERRUPTIONS) {
  test(`PP21 ${entry}: the handler is told that this is a replay, since when, and which time`, async (t) => {
    const { scene, runs } = await recordingScene(t);
    const browser = await signedIn(scene);
    await interrupt(scene, browser);
    const before = Date.now();
    const page = await upToResume(browser, scene, path);
    const after = Date.now();
    await pressOn(page);
    const { id, savedAt, attempts, ...more } = runs.at(-1)?.replay ?? {};
    assert.match(String(id), /^[\w-]{22}$/);
    assert.ok(savedAt instanceof Date && before <= savedAt.getTime() && savedAt.getTime() <= after, `${savedAt}`);
    assert.equal(attempts, 1);
    assert.deepEqual(more, {});
  });

  test(`PP21 ${entry}: a key that the sender chose is kept`, async (t) => {
    const { scene, runs } = await recordingScene(t);
    const browser = await signedIn(scene);
    await interrupt(scene, browser);
    const sent = await browser.send(scene.portal.url + path, FORM, { headers: { 'idempotency-key': 'of-the-sender' } });
    await pressOn(await sent.settle());
    assert.deepEqual(new Set(runs.map(({ key }) => key)), new Set(['of-the-sender']));
  });

  test(`PP21 ${entry}: two forms have different keys and different names`, async (t) => {
    const { scene, runs } = await recordingScene(t);
    for (const _ of ['first', 'second']) {
      const browser = await signedIn(scene);
      await interrupt(scene, browser);
      await pressOn(await upToResume(browser, scene, path));
    }
    const replays = runs.filter(({ replay }) => replay !== undefined);
    assert.equal(replays.length, 2);
    assert.equal(new Set(replays.map(({ key }) => key)).size, 2);
    assert.equal(new Set(replays.map(({ replay }) => replay?.id)).size, 2);
  });

  test(`PP21 ${entry}: the name of a replay says nothing of what the cookie holds`, async (t) => {
    const { scene, runs } = await recordingScene(t);
    const browser = await signedIn(scene);
    await interrupt(scene, browser);
    const page = await upToResume(browser, scene, path);
    const [cookie] = keptCookies(browser);
    await pressOn(page);
    const id = String(runs.at(-1)?.replay?.id);
    assert.ok(cookie?.id.length === 43 && id.length === 22);
    const held = Object.values(cookie).join(' ');
    for (let at = 0; at + 6 <= id.length; at += 1) assert.ok(!held.includes(id.slice(at, at + 6)), `${id} in ${held}`);
  });
}

test('PP21 E2: both runs of the handler have the same key, and the first is no replay', async (t) => {
  const { scene, runs } = await recordingScene(t);
  const browser = await signedIn(scene);
  expireGrants(scene);
  await pressOn(await upToResume(browser, scene, '/file'));
  assert.equal(runs.length, 2);
  assert.equal(runs[0]?.replay, undefined);
  assert.match(runs[0]?.key ?? '', /^[\w-]{22}$/);
  assert.equal(runs[1]?.key, runs[0]?.key);
});

test('PP21 E1: a replay has a key though its sender chose none', async (t) => {
  const { scene, runs } = await recordingScene(t);
  const browser = await signedIn(scene);
  await endSessions(browser);
  await pressOn(await upToResume(browser, scene, '/form'));
  assert.match(runs[0]?.key ?? '', /^[\w-]{22}$/);
});

const FORGED = JSON.stringify({ id: 'mine', savedAt: 0, attempts: 9 });

test('PP21 nobody is a replay by what they write into headers, address or body', async (t) => {
  const { scene, runs } = await recordingScene(t);
  const browser = await signedIn(scene);
  const headers = { replay: FORGED, 'x-replay': FORGED, 'x-campus-sso-replay': FORGED };
  const body = { replay: FORGED, 'state[replay][id]': 'mine', '__proto__[replay]': FORGED };
  const url = `${scene.portal.url}/form?replay=${encodeURIComponent(FORGED)}`;
  const page = await browser.post(url, body, { from: `${scene.portal.url}/form`, headers });
  assert.equal(page.status, 200, page.body);
  assert.deepEqual(
    runs.map(({ replay }) => replay),
    [undefined],
  );
});

describe('PP21 a form that says it stands for a kept request', () => {
  const handle = 'h'.repeat(22);
  const token = { 'campus-sso-resume': `${handle}.${'i'.repeat(43)}` };

  test('is not run in a browser that has nothing kept', async (t) => {
    const { scene, runs } = await recordingScene(t);
    const browser = await signedIn(scene);
    const page = await browser.post(`${scene.portal.url}/form`, token, { from: `${scene.portal.url}/form` });
    assertCode(page, 403, 'ERR_SSO_REQUEST_FOREIGN');
    assert.deepEqual(runs, []);
  });

  test('is not run with a cookie that somebody made up', async (t) => {
    const { scene, runs } = await recordingScene(t);
    const browser = await signedIn(scene);
    await endSessions(browser);
    await upToResume(browser, scene, '/form');
    const prefix = keptCookies(browser)[0]?.name.slice(0, -22);
    const value = ['zzzzzz', 'i'.repeat(43), 's'.repeat(43), 'b'.repeat(22), ''].join('.');
    browser.cookies.store(new URL(scene.portal.url), [`${prefix}${handle}=${value}; Path=/`]);
    const page = await browser.post(`${scene.portal.url}/form`, token, { from: `${scene.portal.url}/form` });
    assertCode(page, 410, 'ERR_SSO_REQUEST_UNKNOWN');
    assert.deepEqual(runs, []);
  });
});
