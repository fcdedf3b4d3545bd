import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { head } from './body-support.ts';
import { pressOn, sha256, signedIn } from './keep-support.ts';
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
  watchedScene,
  wireFor,
} from './keep-wire.ts';

type Scenes = Parameters<typeof watchedScene>;

/** A scene in which the login is found to be gone while the body is still on its way. */
async function uploading(t: Scenes[0], entry: Entry, uploadSeconds = 15) {
  const scene = await watchedScene(t, {
    guard: { keepBody: true, freshGrant: entry === E2 },
    options: { keptRequests: { uploadSeconds } },
    between(app) {
      app.use((_ctx, next) => {
        app.emit('arrived');
        return next();
      });
    },
  });
  const browser = await signedIn(scene);
  await entry.interrupt(scene, browser);
  const open = await wireFor(t, scene);
  const begin = async (length: number, text: string) => {
    const wire = open();
    await wire.write(head({ ...formHeaders(scene, browser), 'Content-Length': length }, entry.path), text);
    return wire;
  };
  return { scene, browser, begin };
}

/** Waits until the log says something. */
async function logged({ portal }: Awaited<ReturnType<typeof uploading>>['scene'], pattern: RegExp): Promise<string> {
  for (;;) {
    const line = portal.log.find((candidate) => pattern.test(candidate));
    if (line !== undefined) return line;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

for (const entry of ENTRIES) {
  test(`PP9 ${entry.name}: nothing is stored of an upload that breaks off`, async (t) => {
    const { scene, begin } = await uploading(t, entry);
    const arrived = once(scene.portal.app, 'arrived');
    const wire = await begin(1000, 'half');
    await arrived;
    wire.socket.destroy();
    const line = await logged(scene, /is not kept/);
    assert.match(line, /^warn ERR_SSO_REQUEST_NOT_RECEIVED \(aborted\)/);
    assert.deepEqual(scene.stored, []);
    assert.deepEqual(begunWith(scene), []);
  });

  test(`PP9 ${entry.name}: nothing is stored of an upload that is half closed before its end`, async (t) => {
    const { scene, begin } = await uploading(t, entry);
    (await begin(1000, 'half')).socket.end();
    await logged(scene, /ERR_SSO_REQUEST_NOT_RECEIVED/);
    assert.deepEqual(scene.stored, []);
    assert.deepEqual(begunWith(scene), []);
  });

  test(`PP9 ${entry.name}: an upload that is too slow is given up, and the person is told after the login`, async (t) => {
    const { scene, browser, begin } = await uploading(t, entry, 1);
    const wire = await begin(1000, 'half');
    const page = await (await answerOn(browser, scene, wire, 303)).settle();
    assert.deepEqual(scene.stored, []);
    assert.deepEqual(begunWith(scene), []);
    await assertTold(scene, page, 'ERR_SSO_REQUEST_NOT_RECEIVED');
  });

  test(`PP9 ${entry.name}: an upload in pieces that comes in time is kept whole`, async (t) => {
    const { scene, browser, begin } = await uploading(t, entry);
    const wire = await begin(10, 'one ');
    await wire.write('two ');
    await wire.write('10');
    await pressOn(await (await answerOn(browser, scene, wire, 303)).settle());
    assert.equal(posted(scene)[0]?.sha256, sha256(Buffer.from('one two 10')));
  });
}

test('PP9 E2: an upload that breaks off while the handler reads it is stored nowhere, and does not run again', async (t) => {
  const scene = await watchedScene(t);
  const browser = await signedIn(scene);
  await E2.interrupt(scene, browser);
  const wire = (await wireFor(t, scene))();
  await wire.write(head({ ...formHeaders(scene, browser), 'Content-Length': 1000 }, E2.path), 'half');
  while (scene.begun.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const failed = new Promise((resolve) => scene.portal.app.once('error', resolve));
  wire.socket.destroy();
  await failed;
  assert.deepEqual(scene.stored, []);
  assert.deepEqual(begunWith(scene), [`POST ${E2.path}`]);
  assert.deepEqual(posted(scene), []);
});

test('PP9 E1: an upload that breaks off leaves the browser where it was: it may send the form again', async (t) => {
  const { scene, browser, begin } = await uploading(t, E1);
  const arrived = once(scene.portal.app, 'arrived');
  const broken = await begin(1000, 'half');
  await arrived;
  broken.socket.destroy();
  await logged(scene, /is not kept/);
  const wire = await begin(4, 'full');
  await pressOn(await (await answerOn(browser, scene, wire, 303)).settle());
  assert.equal(posted(scene)[0]?.sha256, sha256(Buffer.from('full')));
});
