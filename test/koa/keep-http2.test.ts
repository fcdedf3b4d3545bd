import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, connect, createServer, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Browser } from '../support/browser.ts';
import { bytesOf, collect } from './body-support.ts';
import { type KeepScene, sha256, signedIn } from './keep-support.ts';
import {
  assertTold,
  begunWith,
  E1,
  E2,
  ENTRIES,
  type Entry,
  formHeaders,
  posted,
  type WatchedScene,
  watchedScene,
} from './keep-wire.ts';
import { FETCH } from './support.ts';

const LIMIT = 20_000;

/** The scene, whose application answers over HTTP/2 as well, and a browser whose login is gone. */
async function overHttp2(t: TestContext, entry: Entry) {
  const scene = await watchedScene(t, {
    guard: { keepBody: true, freshGrant: entry === E2 },
    options: { keptRequests: { maxBytes: LIMIT } },
  });
  const callback = scene.portal.app.callback();
  const server = createServer((req, res) => void callback(req as never, res as never));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  session.on('error', () => {});
  t.after(async () => {
    session.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const browser = await signedIn(scene);
  await entry.interrupt(scene, browser);
  return { scene, browser, session };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Begins a form over HTTP/2. */
function open(session: ClientHttp2Session, path: string, headers: Readonly<Record<string, string>>) {
  const stream = session.request({ ':method': 'POST', ':path': path, ...headers });
  stream.on('error', () => {});
  return stream;
}

async function send(
  scene: KeepScene,
  browser: Browser,
  session: ClientHttp2Session,
  { path, bytes, headers = {} }: { path: string; bytes: Buffer; headers?: Record<string, string> },
): Promise<Answer> {
  const stream = open(session, path, { ...formHeaders(scene, browser), ...headers });
  stream.end(bytes);
  const [answer] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status'?: number }];
  browser.cookies.store(new URL(scene.portal.url), answer['set-cookie'] ?? []);
  return { status: answer[':status'] ?? 0, headers: answer, body: (await collect(stream)).toString() };
}

/** Goes through the login, and to the page that comes after it. */
async function onward(scene: KeepScene, browser: Browser, { headers }: Answer) {
  return (await browser.get(new URL(headers.location ?? '', scene.portal.url))).settle();
}

const OCTETS = { 'content-type': 'application/octet-stream' };

async function sendTooMuch(t: TestContext, entry: Entry): Promise<WatchedScene> {
  const { scene, browser, session } = await overHttp2(t, entry);
  const answer = await send(scene, browser, session, { path: entry.path, bytes: bytesOf(LIMIT + 1) });
  await assertTold(scene, await onward(scene, browser, answer), 'ERR_SSO_REQUEST_TOO_LARGE');
  return scene;
}

for (const entry of ENTRIES) {
  test(`PP5 ${entry.name}: over HTTP/2 a form comes back byte for byte, carried over HTTP/2 as well`, async (t) => {
    const { scene, browser, session } = await overHttp2(t, entry);
    const bytes = bytesOf(LIMIT);
    const answer = await send(scene, browser, session, { path: entry.path, bytes, headers: OCTETS });
    assert.equal(answer.status, 303, answer.body);
    const page = await onward(scene, browser, answer);
    const [form] = page.forms;
    assert.ok(form, page.body);
    const carrier = Buffer.from(new URLSearchParams(form.fields).toString());
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': `${carrier.length}`,
      referer: page.url.href,
    };
    const done = await send(scene, browser, session, { path: entry.path, bytes: carrier, headers });
    assert.equal(done.status, 200, done.body);
    assert.deepEqual(
      posted(scene).map(({ sha256: digest, type, replay }) => [digest, type, replay?.attempts]),
      [[sha256(bytes), OCTETS['content-type'], 1]],
    );
  });

  test(`PP8 ${entry.name}: over HTTP/2 nothing is stored of a body over the limit, and the person is told`, async (t) => {
    const scene = await sendTooMuch(t, entry);
    assert.deepEqual(scene.stored, []);
    assert.deepEqual(begunWith(scene), []);
  });

  test(`PP9 ${entry.name}: over HTTP/2 nothing is stored of an upload that is cancelled`, async (t) => {
    const { scene, browser, session } = await overHttp2(t, entry);
    const stream = open(session, entry.path, { ...formHeaders(scene, browser), ...OCTETS });
    stream.write('half');
    const found = logged(scene, /ERR_SSO_REQUEST_NOT_RECEIVED \(aborted\)/);
    // Cancelled once the application has the request: a ping comes back after what was sent before it.
    await new Promise((resolve) => session.ping(resolve));
    // close() would end the body in good order first, which no browser does.
    stream.destroy(new Error('cancelled'));
    await found;
    assert.deepEqual(scene.stored, []);
    assert.deepEqual(begunWith(scene), []);
  });

  for (const [name, length] of [
    ['less', 5],
    ['more', 1000],
  ] as const) {
    test(`PP8 ${entry.name}: over HTTP/2 nothing is stored of a body that is said to be ${name} than it is`, async (t) => {
      const { scene, browser, session } = await overHttp2(t, entry);
      const stream = open(session, entry.path, { ...formHeaders(scene, browser), 'content-length': `${length}` });
      stream.end('ten bytes.');
      await new Promise((resolve) => stream.once('close', resolve));
      assert.notEqual(stream.rstCode, 0);
      await logged(scene, /ERR_SSO_REQUEST_NOT_RECEIVED \(aborted\)/);
      assert.deepEqual(begunWith(scene), []);
      assert.deepEqual(scene.stored, []);
    });
  }
}

test('PP2 E1: over HTTP/2 fetch gets 401 and nothing is stored', async (t) => {
  const { scene, browser, session } = await overHttp2(t, E1);
  const answer = await send(scene, browser, session, { path: E1.path, bytes: bytesOf(10), headers: FETCH });
  assert.equal(answer.status, 401);
  assert.equal(JSON.parse(answer.body).error.code, 'ERR_SSO_LOGIN_REQUIRED');
  assert.deepEqual(scene.stored, []);
});

/** Waits until the log says something. */
async function logged({ portal }: KeepScene, pattern: RegExp): Promise<void> {
  while (!portal.log.some((line) => pattern.test(line))) await new Promise((resolve) => setTimeout(resolve, 5));
}
