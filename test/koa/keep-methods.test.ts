import assert from 'node:assert/strict';
import { test } from 'node:test';
import { campusSso, cas } from '../../src/index.ts';
import { TEST_SECRET } from '../support/portal.ts';
import { FORM, type KeepScene, pressOn, sha256, signedIn } from './keep-support.ts';
import {
  type Answer,
  begunWith,
  E1,
  ENTRIES,
  formHeaders,
  posted,
  sendBare,
  watchedScene,
  wireFor,
} from './keep-wire.ts';
import { codeOf } from './support.ts';

const METHODS = ['PUT', 'PATCH', 'DELETE'] as const;

for (const entry of ENTRIES) {
  for (const method of METHODS) {
    test(`PP4 ${entry.name}: ${method} is not kept unless the application names it`, async (t) => {
      const scene = await watchedScene(t);
      const browser = await signedIn(scene);
      await entry.interrupt(scene, browser);
      const headers = formHeaders(scene, browser);
      const sent = { method, headers, bytes: FORM.bytes };
      await assertLeft(entry, await sendBare(browser, `${scene.portal.url}${entry.path}`, sent), scene);
      assert.equal(begunWith(scene).length, entry.begun);
      assert.deepEqual(scene.stored, []);
    });

    test(`PP4 ${entry.name}: ${method} comes back as ${method} where it is named, byte for byte`, async (t) => {
      const scene = await watchedScene(t, { options: { keptRequests: { methods: [...METHODS] } } });
      const browser = await signedIn(scene);
      await entry.interrupt(scene, browser);
      const headers = { ...formHeaders(scene, browser), 'content-type': 'application/octet-stream' };
      const sent = { method, headers, bytes: FORM.bytes };
      const page = await (await sendBare(browser, `${scene.portal.url}${entry.path}`, sent)).settle();
      const done = await pressOn(page);
      assert.equal(done.status, 200, done.body);
      assert.deepEqual(
        posted(scene).map(({ method: seen, sha256: digest, url }) => [seen, digest, url]),
        [[method, sha256(FORM.bytes), entry.path]],
      );
    });
  }

  for (const method of ['HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'GET']) {
    test(`PP4 ${entry.name}: ${method} is never kept`, async (t) => {
      const scene = await watchedScene(t, { options: { keptRequests: { methods: [...METHODS, 'POST'] } } });
      const browser = await signedIn(scene);
      await entry.interrupt(scene, browser);
      const answer = await sendBare(browser, `${scene.portal.url}${entry.path}`, {
        method,
        headers: formHeaders(scene, browser),
      });
      assert.ok(answer.status === 401 || answer.status === 303, `${answer.status} ${answer.body}`);
      assert.deepEqual(scene.stored, []);
      assert.ok(browser.cookies.all().every(({ name }) => !name.includes('request')));
    });
  }

  test(`PP4 ${entry.name}: what wants to change to another protocol is never kept`, async (t) => {
    const scene = await watchedScene(t);
    const browser = await signedIn(scene);
    await entry.interrupt(scene, browser);
    const headers = { ...formHeaders(scene, browser), connection: 'upgrade', upgrade: 'websocket' };
    const answer = await sendBare(browser, `${scene.portal.url}${entry.path}`, { headers, bytes: FORM.bytes });
    await assertLeft(entry, answer, scene);
    assert.deepEqual(scene.stored, []);
  });
}

/** A login leads on by GET; a handler that has begun hears that the grant is gone, since nobody else could be told. */
async function assertLeft(entry: (typeof ENTRIES)[number], answer: Answer, { portal }: KeepScene): Promise<void> {
  if (entry === E1) {
    const page = await answer.settle();
    assert.equal(`${page.status} ${page.method} ${page.url}`, `200 GET ${portal.url}/form`);
    return;
  }
  assert.equal(answer.status, 401);
  assert.deepEqual(portal.errors.map(codeOf), ['ERR_SSO_PROXY_GRANT_EXPIRED']);
}

test('PP4 CONNECT does not reach the application', async (t) => {
  const scene = await watchedScene(t);
  const wire = (await wireFor(t, scene))();
  await wire.write('CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await new Promise((resolve) => wire.socket.once('close', resolve));
  assert.equal(wire.text, '');
  assert.deepEqual(scene.stored, []);
});

test('PP4 where only another method is named, a POST is not kept', async (t) => {
  const scene = await watchedScene(t, { options: { keptRequests: { methods: ['PUT'] } } });
  const browser = await signedIn(scene);
  await E1.interrupt(scene, browser);
  const sent = { headers: formHeaders(scene, browser), bytes: FORM.bytes };
  const page = await (await sendBare(browser, `${scene.portal.url}${E1.path}`, sent)).settle();
  assert.equal(`${page.method} ${page.url}`, `GET ${scene.portal.url}/form`);
  assert.deepEqual(scene.stored, []);
});

for (const method of ['GET', 'HEAD', 'OPTIONS', 'CONNECT', 'TRACE', 'post']) {
  test(`PP4 ${method} cannot be named`, () => {
    const methods = [method] as unknown as ['POST'];
    assert.throws(
      () =>
        campusSso({
          baseUrl: 'https://portal.example.edu',
          secrets: [TEST_SECRET],
          login: cas({ serverUrl: 'https://login.example.edu/cas' }),
          keptRequests: { methods },
        }),
      (thrown) => codeOf(thrown) === 'ERR_SSO_OPTIONS' && /keptRequests\.methods/.test(String(thrown)),
    );
  });
}
