import assert from 'node:assert/strict';
import { afterEach, before, describe, test } from 'node:test';
import { createCaller } from '../../src/testing/fake-cas-callback.ts';
import { createDevelopmentCa, type FakeCas, type FakeCasOptions, startFakeCas } from '../../src/testing/index.ts';
import { type Answering, type CallbackServer, startCallback } from './callback-server.ts';
import { send } from './http-client.ts';

const service = 'http://localhost:3000/app';
const running: { close(): Promise<void> }[] = [];
let callbackCa: string;
let otherCa: string;
let tls: { key: string; cert: string };
let withIntermediate: { key: string; cert: string };

before(async () => {
  const ca = await createDevelopmentCa();
  callbackCa = ca.certificate;
  otherCa = (await createDevelopmentCa()).certificate;
  tls = await ca.issue({ hosts: ['localhost'] });
  withIntermediate = await ca.issue({ hosts: ['localhost'], withIntermediate: true });
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.close()));
});

async function startCas(options: FakeCasOptions = { callbackCa }): Promise<FakeCas> {
  const cas = await startFakeCas(options);
  running.push(cas);
  return cas;
}

async function listen(answer?: Answering, keys: typeof tls | undefined = tls): Promise<CallbackServer> {
  const server = await startCallback(answer, keys);
  running.push(server);
  return server;
}

async function validate(cas: FakeCas, pgtUrl: string, endpoint = '/p3/serviceValidate', more = {}) {
  const ticket = cas.issueTicket('alice', service);
  const { body } = await send(`${cas.url}${endpoint}?${new URLSearchParams({ service, ticket, pgtUrl, ...more })}`);
  return { body, iou: /<cas:proxyGrantingTicket>([^<]+)</.exec(body)?.[1], user: /<cas:user>([^<]+)</.exec(body)?.[1] };
}

describe('proxy callback', () => {
  test('is probed and then delivered to over verified TLS, before the validation is answered', async () => {
    const order: string[] = [];
    const callback = await listen(() => {
      order.push('callback');
      return 200;
    });
    const cas = await startCas();
    const { iou } = await validate(cas, `https://localhost:${callback.port}/cb`);
    order.push('answer');
    assert.deepEqual(order, ['callback', 'callback', 'answer']);
    const [probe, delivery, ...more] = callback.calls;
    assert.deepEqual(more, []);
    assert.deepEqual([probe?.method, probe?.target], ['GET', '/cb']);
    assert.equal(delivery?.method, 'GET');
    assert.equal(delivery?.target, `/cb?pgtId=${delivery?.pgtId}&pgtIou=${iou}`);
    assert.match(delivery?.pgtId ?? '', /^PGT-[\w-]{40,60}$/);
    assert.match(iou ?? '', /^PGTIOU-[\w-]{40,60}$/);
    assert.equal(cas.counts.callback, 2);
    assert.equal(cas.grants, 1);
  });

  test('keeps the query that it has, byte for byte', async () => {
    const callback = await listen();
    await validate(await startCas(), `https://localhost:${callback.port}/cb?b=%7e&a=1+2#part`);
    assert.equal(callback.calls[0]?.target, '/cb?b=%7e&a=1+2');
    assert.match(callback.calls[1]?.target ?? '', /^\/cb\?b=%7e&a=1\+2&pgtId=PGT-[^&]+&pgtIou=PGTIOU-[^&]+$/);
  });

  test('is told of the grant by every XML endpoint and in JSON', async () => {
    const callback = await listen();
    const cas = await startCas();
    const pgtUrl = `https://localhost:${callback.port}/cb`;
    for (const endpoint of ['/serviceValidate', '/proxyValidate', '/p3/serviceValidate', '/p3/proxyValidate']) {
      assert.ok((await validate(cas, pgtUrl, endpoint)).iou, endpoint);
      const { body } = await validate(cas, pgtUrl, endpoint, { format: 'JSON' });
      const { proxyGrantingTicket } = JSON.parse(body).serviceResponse.authenticationSuccess;
      assert.equal(proxyGrantingTicket, callback.calls.at(-1)?.pgtIou);
    }
  });

  test('is not called by CAS 1 or SAML, nor for a ticket that is not good', async () => {
    const callback = await listen();
    const cas = await startCas();
    const pgtUrl = `https://localhost:${callback.port}/cb`;
    await validate(cas, pgtUrl, '/validate');
    await validate(cas, pgtUrl, '/serviceValidate', { ticket: 'ST-none' });
    await send(`${cas.url}/samlValidate?${new URLSearchParams({ TARGET: service, pgtUrl })}`, { body: '<x/>' });
    assert.deepEqual([callback.calls.length, cas.counts.callback, cas.grants], [0, 0, 0]);
  });

  test('one-call leaves the probe out', async () => {
    const callback = await listen();
    const cas = await startCas({ callbackCa, callbackStyle: 'one-call' });
    const { iou } = await validate(cas, `https://localhost:${callback.port}/cb`);
    assert.deepEqual(
      callback.calls.map(({ pgtIou }) => pgtIou),
      [iou],
    );
  });

  test('POST delivers in a form, after a probe that is a GET', async () => {
    const callback = await listen();
    const cas = await startCas({ callbackCa, callbackMethod: 'POST' });
    const { iou } = await validate(cas, `https://localhost:${callback.port}/cb?a=1`);
    const [probe, delivery] = callback.calls;
    assert.equal(probe?.method, 'GET');
    assert.deepEqual([delivery?.method, delivery?.target], ['POST', '/cb?a=1']);
    assert.equal(delivery?.body, `pgtId=${delivery?.pgtId}&pgtIou=${iou}`);
  });

  test('may answer the probe with any of six statuses, the delivery with 200 only', async () => {
    let probe = 200;
    let delivery = 200;
    const callback = await listen(({ pgtId }) => (pgtId === null ? probe : delivery));
    const cas = await startCas();
    const granted = async () => (await validate(cas, `https://localhost:${callback.port}/cb`)).iou !== undefined;
    for (probe of [200, 202, 204, 301, 302, 304]) assert.equal(await granted(), true, `probe ${probe}`);
    for (probe of [201, 303, 307, 401, 404, 500]) assert.equal(await granted(), false, `probe ${probe}`);
    probe = 200;
    for (delivery of [201, 202, 204, 302, 403, 500]) assert.equal(await granted(), false, `delivery ${delivery}`);
    assert.equal(cas.grants, 6);
    assert.ok(callback.calls.every(({ target }) => target.startsWith('/cb')));
  });

  test('that fails leaves a success without a grant', async () => {
    const callback = await listen(() => 404);
    const cas = await startCas();
    const { user, iou } = await validate(cas, `https://localhost:${callback.port}/cb`);
    assert.deepEqual([user, iou, cas.grants], ['alice', undefined, 0]);
  });

  test('that fails under refuse makes the validation fail, in a message with a pair that works', async () => {
    const callback = await listen(({ pgtId }) => (pgtId === null ? 200 : 500));
    const cas = await startCas({ callbackCa, callbackFailure: 'refuse' });
    const { body } = await validate(cas, `https://localhost:${callback.port}/cb`);
    assert.match(body, /authenticationFailure code="INVALID_PROXY_CALLBACK"/);
    const [, pgt = '', iou] = /pgtId=([\w-]+)&amp;pgtIou=([\w-]+)/.exec(body) ?? [];
    assert.deepEqual([pgt, iou], [callback.calls[1]?.pgtId, callback.calls[1]?.pgtIou]);
    assert.match((await send(`${cas.url}/proxy?${new URLSearchParams({ pgt, targetService: 'x' })}`)).body, /PT-/);
  });

  test('that cannot be reached, or is no web address, is a failure too', async () => {
    const cas = await startCas({ callbackFailure: 'refuse' });
    for (const pgtUrl of ['https://localhost:1/cb', 'ftp://localhost/cb', 'nonsense', 'https://']) {
      assert.match((await validate(cas, pgtUrl)).body, /INVALID_PROXY_CALLBACK/, pgtUrl);
    }
  });
});

describe('proxy callback over TLS', () => {
  async function problem(keys: typeof tls, options: FakeCasOptions, host = 'localhost'): Promise<string> {
    const callback = await listen(undefined, keys);
    const cas = await startCas({ ...options, callbackFailure: 'refuse' });
    const { body } = await validate(cas, `https://${host}:${callback.port}/cb`);
    assert.deepEqual(callback.calls, []);
    assert.match(body, /INVALID_PROXY_CALLBACK/);
    return body;
  }

  test('is accepted with its intermediate, and with one of several authorities', async () => {
    const callback = await listen(undefined, withIntermediate);
    const cas = await startCas({ callbackCa: [otherCa, callbackCa] });
    assert.ok((await validate(cas, `https://localhost:${callback.port}/cb`)).iou);
  });

  test('is refused with another authority', async () => {
    assert.match(await problem(tls, { callbackCa: otherCa }), /certificate/);
  });

  test('is refused when only Node itself is asked for trust, even if the environment asks for no check', async () => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      assert.match(await problem(tls, {}), /certificate/);
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    }
  });

  test('is refused under another host name', async () => {
    assert.match(await problem(tls, { callbackCa }, '127.0.0.1'), /IP: 127\.0\.0\.1 is not in the cert/);
  });

  test('is refused without its intermediate', async () => {
    const [leaf = ''] = withIntermediate.cert.split(/(?<=-----END CERTIFICATE-----\n)/);
    assert.match(
      await problem({ key: withIntermediate.key, cert: leaf }, { callbackCa }),
      /verify the first certificate/,
    );
  });

  test('needs authorities in PEM', async () => {
    await assert.rejects(startFakeCas({ callbackCa: 'nonsense' }), TypeError);
  });
});

describe('proxy callback over plain http', () => {
  test('is accepted on loopback', async () => {
    const callback = await startCallback();
    running.push(callback);
    const cas = await startCas();
    for (const host of ['localhost', '127.0.0.1']) {
      assert.ok((await validate(cas, `http://${host}:${callback.port}/cb`)).iou, host);
    }
  });

  test('brings silently no grant elsewhere, even under refuse', async () => {
    const cas = await startCas({ callbackFailure: 'refuse' });
    for (const pgtUrl of ['http://proxy.example.org/cb', 'http://127.0.0.1.example.org/', 'HTTP://localhost.evil/']) {
      const { user, iou } = await validate(cas, pgtUrl);
      assert.deepEqual([user, iou], ['alice', undefined], pgtUrl);
    }
    assert.equal(cas.counts.callback, 0);
  });
});

describe('a callback that does not answer', () => {
  const pair = { pgt: 'PGT-1', iou: 'PGTIOU-1' };

  test('is given up at the deadline', async () => {
    const callback = await startCallback(() => undefined);
    running.push(callback);
    const caller = createCaller({}, { signal: new AbortController().signal, onCall() {}, deadline: 30 });
    assert.match((await caller.introduce(`http://localhost:${callback.port}/`, pair)) ?? '', /more than 30 ms/);
    assert.equal(callback.calls.length, 1);
  });

  test('is hung up on when the server closes', async () => {
    const callback = await startCallback(() => undefined);
    running.push(callback);
    const cas = await startCas();
    const refused = assert.rejects(validate(cas, `http://localhost:${callback.port}/`));
    while (callback.calls.length === 0) await new Promise(setImmediate);
    const start = performance.now();
    await cas.close();
    await refused;
    while ((await callback.connections()) > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(performance.now() - start < 4000, 'it was the deadline that ended the call');
  });
});
