import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { SsoRequestInit } from '../../src/index.ts';
import { guardedApi, type Received, recordingService, runnerScene } from '../support/proxied-calls.ts';

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

const TICKET = /[?&]ticket=(PT-[\w-]+)$/;
const ticketIn = ({ url }: Received) => TICKET.exec(url)?.[1];
const withoutTicket = ({ url }: Received) => url.replace(TICKET, '');

describe('a call of a service', () => {
  test('brings a ticket that is good there, and gives the answer', async (t) => {
    const { fakeCas, callbackUrl } = scene;
    const { api } = await guardedApi(t, {
      cas: { serverUrl: fakeCas.url },
      accept: { allowedChains: [[callbackUrl]] },
    });
    const answer = await get(`${api.url}/grades?of=2026`);
    const { user, url } = (await answer.json()) as { user: { id: string }; url: string };
    assert.deepEqual([answer.status, user.id, url], [200, 'alice', '/grades?of=2026']);
  });

  test('brings a ticket of its own, also beside another call of the same address', async (t) => {
    const asked = scene.fakeCas.counts.proxy;
    const { url, received } = await recordingService(t);
    await scene.run((sso) => Promise.all([sso.fetch(url), sso.fetch(url), sso.proxyTicket(`${url}/`)]));
    assert.equal(scene.fakeCas.counts.proxy - asked, 3);
    assert.equal(new Set(received.map(ticketIn)).size, 2);
  });

  for (const path of [
    '/',
    '/grades',
    '/a%20b/%C3%A4',
    '/?a=1&b=2',
    '/?a=%20b+c%2B&d=%C3%A4',
    '/?r=$&s=$$&t={}|',
    '/?a&&b=&',
    '/?q=%zz',
    '/?ticket=42&of=2026',
  ]) {
    test(`is for ${path}, every byte of it, and the service can accept it there`, async (t) => {
      const { fakeCas, callbackUrl } = scene;
      const { url, received } = await recordingService(t);
      await get(url + path);
      assert.deepEqual(received.map(withoutTicket), [path]);
      const { api } = await guardedApi(t, {
        cas: { serverUrl: fakeCas.url },
        accept: { allowedChains: [[callbackUrl]] },
      });
      assert.equal((await get(api.url + path)).status, 200);
    });
  }

  test('of an address that ends with a bare question mark is for the one without it', async (t) => {
    const { fakeCas, callbackUrl } = scene;
    const accept = { allowedChains: [[callbackUrl]] };
    const { api } = await guardedApi(t, { cas: { serverUrl: fakeCas.url }, accept });
    assert.equal((await get(`${api.url}/grades?`)).status, 200);
    assert.equal(fakeCas.validations.at(-1)?.service, `${api.url}/grades`);
  });

  test('leaves credentials and fragment out, of the call and of the name of the service', async (t) => {
    const { fakeCas } = scene;
    const { url, received } = await recordingService(t);
    await get(`${url.replace('//', '//user:secret@')}/page?a=1#part`);
    assert.deepEqual([received.map(withoutTicket), received[0]?.headers.authorization], [['/page?a=1'], undefined]);
    const judge = await guardedApi(t, {
      cas: { serverUrl: fakeCas.url },
      accept: { service: `${url}/page?a=1`, allowedChains: () => true },
    });
    assert.equal((await judge.send(`/?ticket=${ticketIn(received[0]!)}`)).status, 200);
  });

  test('is for the service that the caller names, where that is another than the address', async (t) => {
    const { fakeCas } = scene;
    const { url, received } = await recordingService(t);
    await get(`${url}/page`, { service: 'urn:example:grades' });
    const judge = await guardedApi(t, {
      cas: { serverUrl: fakeCas.url },
      accept: { service: 'urn:example:grades', allowedChains: () => true },
    });
    assert.equal((await judge.send(`/?ticket=${ticketIn(received[0]!)}`)).status, 200);
    assert.deepEqual(received.map(withoutTicket), ['/page']);
  });

  test('passes on method, headers and body', async (t) => {
    const { url, received } = await recordingService(t);
    await get(new URL(`${url}/orders`), { method: 'PUT', headers: { 'x-own': '1', cookie: 'own=1' }, body: 'text' });
    const [{ method, headers, body } = assert.fail('no call')] = received;
    assert.deepEqual([method, headers['x-own'], headers.cookie, body], ['PUT', '1', 'own=1', 'text']);
  });

  test('goes through the fetch of the options', async (t) => {
    const called: string[] = [];
    const fetch: typeof globalThis.fetch = async (input) => {
      called.push(String(input));
      return new Response('from the option');
    };
    const own = await runnerScene(t, { options: { fetch } });
    await own.signIn();
    const answer = await own.run((sso) => sso.fetch('https://api.example.edu/x?y=1'));
    assert.equal(await answer.text(), 'from the option');
    assert.equal(called.length, 1);
    assert.match(called[0] ?? '', /^https:\/\/api\.example\.edu\/x\?y=1&ticket=PT-[\w-]+$/);
  });

  for (const address of ['imap://mail.example.edu', 'file:///etc/passwd', 'data:,x', '/grades', 'grades', '', 'x y']) {
    test(`of “${address}” is a TypeError, and no ticket is asked for`, async () => {
      const asked = scene.fakeCas.counts.proxy;
      await assert.rejects(get(address), { name: 'TypeError', message: /absolute http\(s\) URL/ });
      assert.equal(scene.fakeCas.counts.proxy, asked);
    });
  }
});
