import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FakeCasFault } from '../../src/testing/index.ts';
import { type GuardedApi, type GuardedSetup, guardedApi, openStore, PORTAL } from '../support/proxied-calls.ts';
import type { RawAnswer } from './support.ts';

/** A refusal as a caller and an operator should meet it: a code in JSON, one clean line in the log, and no application. */
function assertRefused({ status, headers, body }: RawAnswer, { api }: GuardedApi, code: string, expected = 401) {
  assert.equal(status, expected, body);
  const { error, ...more } = JSON.parse(body);
  assert.deepEqual([error.code, Object.keys(error), more], [code, ['code', 'message'], {}]);
  assert.match(headers['content-type'] ?? '', /^application\/json/);
  assert.equal(headers['www-authenticate'], status === 401 ? `CAS realm="${api.url}"` : undefined);
  assert.equal(headers['cache-control'], 'no-store');
  assert.equal(headers['set-cookie'], undefined);
  assert.deepEqual(api.seen, []);
  assert.equal(api.log.length, 1, api.log.join('\n'));
  assert.match(api.log[0] ?? '', new RegExp(`^warn ${code}\\b`));
  assert.doesNotMatch(`${api.log}${body}${JSON.stringify([headers, api.journal])}`, /[PS]T-\d/);
}

describe('a call without a good ticket gets 401, and nothing of the application runs', () => {
  test('without any ticket', async (t) => {
    const scene = await guardedApi(t);
    assertRefused(await scene.send('/grades'), scene, 'ERR_SSO_PROXY_TICKET_REQUIRED');
    assert.equal(scene.fakeCas.counts.validate, 0);
  });

  for (const made of ['x', 'PT-', 'PT-1 2', 'PT-1/2', '<script>', `PT-${'a'.repeat(5000)}`]) {
    test(`with ${made.slice(0, 12)} in the header, which no server issues, and the server is not asked`, async (t) => {
      const scene = await guardedApi(t);
      const { status } = await scene.send('/', { headers: { authorization: `CAS ${made}` } });
      assert.deepEqual([status, scene.api.seen, scene.fakeCas.counts.validate], [401, [], 0]);
    });
  }

  test('with something else in the header, even beside a good one in the query', async (t) => {
    const scene = await guardedApi(t);
    const answer = await scene.call('/', { headers: { authorization: 'CAS !' } });
    assertRefused(answer, scene, 'ERR_SSO_PROXY_TICKET_REJECTED');
    assert.equal(scene.fakeCas.counts.validate, 0);
  });

  test('with a ticket that nobody issued, which is asked about once', async (t) => {
    const scene = await guardedApi(t);
    assertRefused(await scene.send('/?ticket=PT-1-made-up'), scene, 'ERR_SSO_PROXY_TICKET_REJECTED');
    assert.equal(scene.fakeCas.counts.validate, 1);
    assert.match(scene.api.log[0] ?? '', /INVALID_TICKET/);
  });

  test('with a ticket that was used before', async (t) => {
    const scene = await guardedApi(t);
    const ticket = scene.ticketFor('/');
    assert.equal((await scene.send(`/?ticket=${ticket}`)).status, 200);
    scene.api.seen.length = 0;
    assertRefused(await scene.send(`/?ticket=${ticket}`), scene, 'ERR_SSO_PROXY_TICKET_REJECTED');
  });

  test('with a ticket for another path of this service', async (t) => {
    const scene = await guardedApi(t);
    assertRefused(await scene.call('/grades', { service: scene.api.url }), scene, 'ERR_SSO_PROXY_TICKET_REJECTED');
    assert.match(scene.api.log[0] ?? '', /INVALID_SERVICE/);
  });

  test('with the same ticket twice at once: one call is let in', async (t) => {
    const { send, ticketFor, api } = await guardedApi(t);
    const target = `/?ticket=${ticketFor('/')}`;
    const statuses = (await Promise.all([send(target), send(target)])).map(({ status }) => status);
    assert.deepEqual([statuses.sort(), api.seen.length], [[200, 401], 1]);
  });

  test('also if it reads HTML, and whatever its method', async (t) => {
    for (const method of ['GET', 'POST', 'OPTIONS']) {
      const scene = await guardedApi(t);
      const answer = await scene.send('/', { method, headers: { accept: 'text/html' } });
      assertRefused(answer, scene, 'ERR_SSO_PROXY_TICKET_REQUIRED');
    }
  });
});

describe('a login server that does not do its part gets the caller a code, and its ticket is sent once', () => {
  const faults: readonly (readonly [FakeCasFault, string, number])[] = [
    [{ kind: 'failure', code: 'UNAUTHORIZED_SERVICE' }, 'ERR_SSO_CAS_REFUSED', 502],
    [{ kind: 'failure', code: 'INTERNAL_ERROR' }, 'ERR_SSO_CAS_REFUSED', 502],
    ['drop-before-headers', 'ERR_SSO_CAS_UNREACHABLE', 503],
    ['drop-after-headers', 'ERR_SSO_CAS_UNREACHABLE', 503],
    ['hang', 'ERR_SSO_CAS_TIMEOUT', 504],
    ['status-500', 'ERR_SSO_CAS_BAD_STATUS', 502],
    ['status-404', 'ERR_SSO_CAS_BAD_STATUS', 502],
    ['redirect', 'ERR_SSO_CAS_BAD_STATUS', 502],
    ['html-error', 'ERR_SSO_CAS_BAD_ANSWER', 502],
    ['empty', 'ERR_SSO_CAS_BAD_ANSWER', 502],
    ['truncated', 'ERR_SSO_CAS_BAD_ANSWER', 502],
    ['huge', 'ERR_SSO_CAS_BAD_ANSWER', 502],
    ['two-outcomes', 'ERR_SSO_CAS_BAD_ANSWER', 502],
    ['two-users', 'ERR_SSO_CAS_BAD_ANSWER', 502],
    ['wrong-namespace', 'ERR_SSO_CAS_BAD_ANSWER', 502],
  ];
  for (const [fault, code, status] of faults) {
    test(`${typeof fault === 'string' ? fault : JSON.stringify(fault)}: ${status} with ${code}`, async (t) => {
      // Direct tickets too: then nothing but the fault can be why the call is refused.
      const scene = await guardedApi(t, { cas: { timeoutMs: 300 }, accept: { allowDirect: true } });
      scene.fakeCas.misbehave(fault);
      assertRefused(await scene.call('/'), scene, code, status);
      assert.deepEqual([scene.fakeCas.counts.validate, scene.fakeCas.counts.other], [1, 0]);
    });
  }

  test('a login server that is gone: 503', async (t) => {
    const scene = await guardedApi(t);
    const ticket = scene.ticketFor('/');
    await scene.fakeCas.close();
    assertRefused(await scene.send(`/?ticket=${ticket}`), scene, 'ERR_SSO_CAS_UNREACHABLE', 503);
  });
});

describe('the service that a ticket must be for', () => {
  const validatedFor = async (t: Parameters<typeof guardedApi>[0], setup: GuardedSetup, service: string) => {
    const scene = await guardedApi(t, setup);
    const answer = await scene.call('/grades?of=2026', { service });
    assert.equal(scene.fakeCas.validations[0]?.service, service);
    assert.equal(answer.status, 200, answer.body);
  };

  test('is what the option says, to the letter, whatever is called', async (t) => {
    const service = 'imap://mail.example.edu/Postfächer ?a=1&b#c';
    await validatedFor(t, { accept: { service } }, service);
  });

  test('is what the function says for the request', async (t) => {
    const service = (ctx: { readonly path: string }) => `https://api.example.edu${ctx.path}`;
    await validatedFor(t, { accept: { service } }, 'https://api.example.edu/grades');
  });

  test('is by default the address below baseUrl, also where a proxy in front takes its path off', async (t) => {
    const { api, send, ticketFor } = await guardedApi(t, { basePath: '/campus' });
    for (const path of ['/grades', '/campus/grades']) {
      const ticket = ticketFor('', { service: `${api.url}/campus/grades` });
      assert.equal((await send(`${path}?ticket=${ticket}`)).status, 200, path);
    }
  });

  test('never comes from Host, X-Forwarded-Host or an absolute request target', async (t) => {
    const trusting: GuardedSetup = {
      before(app) {
        app.proxy = true;
      },
    };
    const evil = 'evil.example';
    const lies = { host: evil, 'x-forwarded-host': evil, forwarded: `host=${evil}`, 'x-forwarded-proto': 'https' };
    for (const setup of [{}, trusting]) {
      const { call, send, fakeCas, api } = await guardedApi(t, setup);
      for (const service of [`http://${evil}/grades`, `https://${evil}/grades`]) {
        assert.equal((await call('/grades', { service, headers: lies })).status, 401);
        const ticket = fakeCas.issueTicket('alice', service, { proxies: [PORTAL] });
        assert.equal((await send(`${service}?ticket=${ticket}`)).status, 401);
      }
      assert.equal((await call('/grades', { headers: lies })).status, 200);
      assert.deepEqual([...new Set(fakeCas.validations.map(({ service }) => service))], [`${api.url}/grades`]);
    }
  });

  test('is not known when its function throws: nothing of the application runs, and no ticket is sent', async (t) => {
    const service = () => assert.fail('a fault in the function');
    const { call, api, fakeCas } = await guardedApi(t, { accept: { service } });
    assert.equal((await call('/')).status, 500);
    assert.deepEqual([api.seen, fakeCas.counts.validate], [[], 0]);
  });
});

test('a stateless guard stores nothing, sets no cookie and needs no session', async (t) => {
  const store = openStore();
  const { call, send } = await guardedApi(t, { options: { store: store.keyv } });
  const answers = [await call('/'), await call('/', { proxies: [] }), await send('/'), await send('/?ticket=PT-1-x')];
  assert.deepEqual(
    answers.map(({ status, headers }) => [status, headers['set-cookie']]),
    [200, 401, 401, 401].map((status) => [status, undefined]),
  );
  assert.deepEqual([store.records.size, store.written], [0, []]);
});
