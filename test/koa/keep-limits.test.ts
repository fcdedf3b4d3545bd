import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { STYLE_PATH } from '../../src/koa/style.ts';
import { bytesOf, head } from './body-support.ts';
import { type KeepScene, pressOn, sha256, signedIn } from './keep-support.ts';
import {
  answerOn,
  assertTold,
  begunWith,
  E1,
  E2,
  ENTRIES,
  type Entry,
  formHeaders,
  posted,
  type Sent,
  sendBare,
  watchedScene,
  wireFor,
} from './keep-wire.ts';
import { FETCH } from './support.ts';

const LIMIT = 1000;
const LIMITS = { options: { keptRequests: { maxBytes: LIMIT } } } as const;
type Scenes = Parameters<typeof watchedScene>;

/** A scene with a small limit, and a browser whose login is gone. */
async function limited(t: Scenes[0], entry: Entry, setup: Scenes[1] = {}) {
  const scene = await watchedScene(t, { ...LIMITS, ...setup });
  const browser = await signedIn(scene);
  await entry.interrupt(scene, browser);
  const send = (sent: Partial<Sent>) =>
    sendBare(browser, `${scene.portal.url}${entry.path}`, { headers: formHeaders(scene, browser), ...sent });
  return { scene, browser, send };
}

/** What a program sends that is no browser: no more than its session, and that it reads JSON. */
const program = (cookie = '') => ({ accept: 'application/json', 'content-type': 'application/json', cookie });

for (const entry of ENTRIES) {
  test(`PP8 ${entry.name}: without any limit of the application, 256 KiB are kept and no byte more`, async (t) => {
    const scene = await watchedScene(t);
    const browser = await signedIn(scene);
    await entry.interrupt(scene, browser);
    const send = async (length: number) =>
      (
        await sendBare(browser, `${scene.portal.url}${entry.path}`, {
          headers: formHeaders(scene, browser),
          bytes: bytesOf(length),
        })
      ).settle();
    await pressOn(await send(256 * 1024));
    assert.equal(posted(scene)[0]?.sha256, sha256(bytesOf(256 * 1024)));
    await entry.interrupt(scene, browser);
    await assertTold(scene, await send(256 * 1024 + 1), 'ERR_SSO_REQUEST_TOO_LARGE');
  });

  test(`PP8 ${entry.name}: of a compressed body the bytes count that were sent`, async (t) => {
    const { scene, send, browser } = await limited(t, entry);
    const bytes = gzipSync(Buffer.alloc(100_000, 'a'));
    assert.ok(bytes.length < LIMIT);
    const headers = { ...formHeaders(scene, browser), 'content-encoding': 'gzip' };
    await pressOn(await (await send({ bytes, headers })).settle());
    assert.equal(posted(scene)[0]?.sha256, sha256(bytes));
  });

  test(`PP8 ${entry.name}: the connection goes on after a body that is not waited for`, async (t) => {
    // The handler would wait for the body that never comes.
    const { scene, browser } = await limited(t, entry, { guard: { keepBody: true, freshGrant: entry === E2 } });
    const wire = (await wireFor(t, scene))();
    const large = head({ ...formHeaders(scene, browser), 'Content-Length': 300_000 }, entry.path);
    await wire.write(large);
    const answer = await answerOn(browser, scene, wire, 303);
    await wire.write(Buffer.alloc(300_000), `GET /sso${STYLE_PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await wire.until('HTTP/1.1 200 OK');
    await assertTold(scene, await answer.settle(), 'ERR_SSO_REQUEST_TOO_LARGE');
    assert.deepEqual(scene.stored, []);
  });

  for (const [name, isLeftToUs] of [
    ['', false],
    [', by a server that leaves it to its application as well', true],
  ] as const) {
    test(`PP8 ${entry.name}: who waits for 100 Continue is asked for the body once, and it is kept${name}`, async (t) => {
      const { scene, browser } = await limited(t, entry, { guard: { keepBody: true, freshGrant: entry === E2 } });
      const open = await wireFor(t, scene, (server) => {
        if (isLeftToUs) server.on('checkContinue', (req, res) => server.emit('request', req, res));
      });
      const wire = open();
      const expecting = { ...formHeaders(scene, browser), 'Content-Length': LIMIT, Expect: '100-continue' };
      await wire.write(head(expecting, entry.path));
      await wire.until('HTTP/1.1 100 Continue');
      await wire.write(bytesOf(LIMIT));
      await pressOn(await (await answerOn(browser, scene, wire, 303)).settle());
      assert.equal(posted(scene)[0]?.sha256, sha256(bytesOf(LIMIT)));
      assert.equal(wire.text.match(/100 Continue/g)?.length, 1);
    });
  }
}

test('PP8 E1: who waits for 100 Continue is not asked for a body that is too large', async (t) => {
  const { scene, browser } = await limited(t, E1);
  const open = await wireFor(t, scene, (server) => {
    server.on('checkContinue', (req, res) => server.emit('request', req, res));
  });
  const wire = open();
  const expecting = { ...formHeaders(scene, browser), 'Content-Length': LIMIT + 1, Expect: '100-continue' };
  await wire.write(head(expecting, E1.path));
  const page = await (await answerOn(browser, scene, wire, 303)).settle();
  assert.doesNotMatch(wire.text, /100 Continue/);
  await assertTold(scene, page, 'ERR_SSO_REQUEST_TOO_LARGE');
});

test('PP8 E1: a program that sends too much is told so, with 413 and no redirect', async (t) => {
  const { scene, send } = await limited(t, E1);
  const answer = await send({ bytes: bytesOf(LIMIT + 1), headers: program() });
  assert.equal(answer.status, 413);
  assert.equal(JSON.parse(answer.body).error.code, 'ERR_SSO_REQUEST_TOO_LARGE');
  assert.equal(answer.headers.location, undefined);
  assert.deepEqual(scene.stored, []);
});

test('PP8 E1: a program that sends no more than the limit has to log in', async (t) => {
  const { send } = await limited(t, E1);
  const answer = await send({ bytes: bytesOf(LIMIT), headers: program() });
  assert.equal(answer.status, 401);
  assert.equal(JSON.parse(answer.body).error.code, 'ERR_SSO_LOGIN_REQUIRED');
});

for (const [name, headersOf] of [
  ['fetch of a page', (scene: KeepScene) => ({ ...FETCH, origin: scene.portal.url })],
  ['an XHR of an old browser', () => ({ accept: 'application/json', 'x-requested-with': 'XMLHttpRequest' })],
] as const) {
  test(`PP8 E1: ${name} has to log in, whatever its size: nothing would be kept for it anyway`, async (t) => {
    const { scene, send } = await limited(t, E1);
    const answer = await send({ bytes: bytesOf(LIMIT + 1), headers: headersOf(scene) });
    assert.equal(answer.status, 401);
    assert.equal(JSON.parse(answer.body).error.code, 'ERR_SSO_LOGIN_REQUIRED');
    assert.deepEqual(scene.stored, []);
  });
}

test('PP8 without the option no program is told of a limit', async (t) => {
  const { send } = await limited(t, E1, { guard: {} });
  const answer = await send({ bytes: bytesOf(LIMIT + 1), headers: program() });
  assert.equal(answer.status, 401);
});

test('PP8 who is signed in may send as much as the application takes', async (t) => {
  const scene = await watchedScene(t, LIMITS);
  const browser = await signedIn(scene);
  const bytes = bytesOf(100 * LIMIT);
  const sent = { headers: formHeaders(scene, browser), bytes };
  assert.equal((await sendBare(browser, `${scene.portal.url}${E2.path}`, sent)).status, 200);
  assert.equal(posted(scene)[0]?.sha256, sha256(bytes));
  assert.deepEqual(begunWith(scene), [`POST ${E2.path}`]);
});

test('PP8 after a body that was too large the next one is kept', async (t) => {
  const { scene, browser, send } = await limited(t, E1);
  await (await send({ bytes: bytesOf(LIMIT + 1), chunked: true })).settle();
  await E1.interrupt(scene, browser);
  await pressOn(await (await send({ bytes: bytesOf(LIMIT) })).settle());
  assert.equal(posted(scene)[0]?.sha256, sha256(bytesOf(LIMIT)));
});
