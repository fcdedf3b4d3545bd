import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { SsoRequestInit } from '../../src/index.ts';
import { type RecordingService, type Reply, recordingService, runnerScene } from '../support/proxied-calls.ts';

/** A portal that alice is signed in to, and that calls services for her. */
let scene: Awaited<ReturnType<typeof runnerScene>>;
const ends: (() => unknown)[] = [];
before(async () => {
  scene = await runnerScene({ after: (end) => ends.push(end) });
  assert.equal((await scene.signIn()).status, 200);
});
after(async () => {
  for (const end of ends.reverse()) await end();
});

const get = (url: string | URL, init?: SsoRequestInit) => scene.run((sso) => sso.fetch(url, init));

const to = (location: string, status = 302, cookies: readonly string[] = []): Reply => ({
  status,
  headers: { location, 'set-cookie': cookies },
});

describe('a redirect', () => {
  for (const status of [301, 302, 303, 307, 308]) {
    test(`to another origin with ${status} is what the caller gets, and nobody is called there`, async (t) => {
      const elsewhere = await recordingService(t);
      const service = await recordingService(t, () => to(`${elsewhere.url}/caught`, status));
      const answer = await get(`${service.url}/`, { headers: { cookie: 'own=1' } });
      assert.deepEqual([answer.status, answer.headers.get('location')], [status, `${elsewhere.url}/caught`]);
      assert.deepEqual([service.received.length, elsewhere.received], [1, []]);
    });

    test(`on the same origin with ${status} is followed, without the ticket`, async (t) => {
      const asked = scene.fakeCas.counts.proxy;
      const service = await recordingService(t, (path) => (path === '/a' ? to('b?c=%20d', status) : undefined));
      const answer = await get(`${service.url}/a`);
      assert.deepEqual([answer.status, await answer.text()], [200, 'this is /b']);
      assert.deepEqual([service.received[1]?.url, scene.fakeCas.counts.proxy - asked], ['/b?c=%20d', 1]);
    });
  }

  for (const [name, other] of [
    ['the same host by another name', (url: string) => url.replace('localhost', '127.0.0.1')],
    ['the same host over https', (url: string) => url.replace('http:', 'https:')],
  ] as const) {
    test(`to ${name} is not followed`, async (t) => {
      const service: RecordingService = await recordingService(t, () => to(other(service.url)));
      assert.deepEqual([(await get(service.url)).status, service.received.length], [302, 1]);
    });
  }

  test('to another origin is not followed either when it comes second', async (t) => {
    const elsewhere = await recordingService(t);
    const service = await recordingService(t, (path) =>
      to(path === '/' ? '/next' : elsewhere.url, 302, ['session=secret']),
    );
    assert.equal((await get(service.url)).headers.get('location'), elsewhere.url);
    assert.deepEqual([service.received.length, elsewhere.received], [2, []]);
  });

  test('is followed from where it was met, not from where the call began', async (t) => {
    const service = await recordingService(t, (path) => {
      if (path === '/a/one') return to('/b/two');
      return path === '/b/two' ? to('three?x=1') : undefined;
    });
    const answer = await get(`${service.url}/a/one`);
    assert.deepEqual([await answer.text(), service.received[2]?.url], ['this is /b/three', '/b/three?x=1']);
  });

  test('to the same address is followed without the ticket', async (t) => {
    let calls = 0;
    const service: RecordingService = await recordingService(t, () => {
      calls += 1;
      return calls === 1 ? to('#now-signed-in') : undefined;
    });
    assert.equal((await get(`${service.url}/page?of=1`)).status, 200);
    assert.equal(service.received[1]?.url, '/page?of=1');
  });

  test('is followed with the cookies that the service set, the latest of each, and with the caller’s own', async (t) => {
    const service = await recordingService(t, (path) => {
      if (path === '/') return to('/b', 302, ['session=1; Path=/; HttpOnly', 'seen=a=b; Secure']);
      return path === '/b' ? to('/c', 302, ['session=2']) : undefined;
    });
    await get(service.url, { headers: { cookie: 'own=1', 'x-own': 'x' } });
    assert.deepEqual(
      service.received.map(({ headers }) => [headers.cookie, headers['x-own']]),
      [
        ['own=1', 'x'],
        ['own=1; session=1; seen=a=b', 'x'],
        ['own=1; session=2; seen=a=b', 'x'],
      ],
    );
  });

  test('is followed five times at most', async (t) => {
    const service = await recordingService(t, (path) => to(`${path}x`));
    const answer = await get(`${service.url}/x`);
    assert.deepEqual([answer.status, service.received.length], [302, 6]);
    assert.equal(answer.headers.get('location'), '/xxxxxxx');
  });

  test('is followed for HEAD, and as HEAD', async (t) => {
    const service = await recordingService(t, (path) => (path === '/' ? to('/b') : undefined));
    assert.equal((await get(service.url, { method: 'HEAD' })).status, 200);
    assert.deepEqual(
      service.received.map(({ method }) => method),
      ['HEAD', 'HEAD'],
    );
  });

  for (const method of ['POST', 'PUT', 'DELETE']) {
    test(`after ${method} is not followed: nothing is sent twice`, async (t) => {
      const service = await recordingService(t, () => to('/b', 307));
      const answer = await get(service.url, { method, ...(method === 'DELETE' ? {} : { body: 'once' }) });
      assert.deepEqual([answer.status, answer.headers.get('location')], [307, '/b']);
      assert.equal(service.received.length, 1);
    });
  }

  test('is what the caller gets with redirect: manual', async (t) => {
    const service = await recordingService(t, () => to('/b'));
    const answer = await get(service.url, { redirect: 'manual' });
    assert.deepEqual([answer.status, answer.headers.get('location'), service.received.length], [302, '/b', 1]);
  });

  test('is a TypeError with redirect: error', async (t) => {
    const service = await recordingService(t, () => to('/b'));
    await assert.rejects(get(service.url, { redirect: 'error' }), { name: 'TypeError', message: /redirect/ });
    assert.equal(service.received.length, 1);
  });

  for (const [name, reply] of [
    ['nowhere', { status: 302 }],
    ['what is no address', to('http://[')],
    ['what no browser calls', to('javascript:alert(1)')],
  ] as const) {
    test(`to ${name} is what the caller gets`, async (t) => {
      const service = await recordingService(t, () => reply);
      assert.deepEqual([(await get(service.url)).status, service.received.length], [302, 1]);
    });
  }
});
