import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type BodyCaptureOptions, createBodyCaptures } from '../../src/koa/body-capture.ts';
import { bytesOf, captureFor, chunked, head } from './body-support.ts';
import { codeOf } from './support.ts';

const LIMIT = 1000;

/** The ways to frame a body, and how many bytes are written at a time. */
const FRAMINGS: readonly (readonly [string, (bytes: Buffer) => readonly (string | Uint8Array)[]])[] = [
  ['with its length', (bytes) => [head({ 'Content-Length': bytes.length }), bytes]],
  [
    'in one chunk',
    (bytes) => [head({ 'Transfer-Encoding': 'chunked' }), chunked([bytes].filter(({ length }) => length))],
  ],
  [
    'in chunks of a byte',
    (bytes) => [head({ 'Transfer-Encoding': 'chunked' }), chunked([...bytes].map((one) => Buffer.of(one)))],
  ],
];

describe('PP5 a body is captured byte for byte', () => {
  for (const [framing, frame] of FRAMINGS) {
    for (const [name, bytes] of [
      ['every value of a byte', bytesOf(512)],
      ['invalid UTF-8', Buffer.from([0xc3, 0x28, 0xff, 0xfe, 0x00])],
      ['CR, LF, plus, empty and double names', Buffer.from('a=1%0D%0A&a=2+3\r\n&submit=&=')],
      ['gzip', gzipSync('name=value')],
      ['nothing', Buffer.alloc(0)],
    ] as const) {
      test(`${name}, ${framing}`, async (t) => {
        const { wire, arrived } = await captureFor(t);
        await wire().write(...frame(bytes));
        assert.deepEqual(await (await arrived()).capture.whole(), { kind: 'complete', bytes });
      });
    }
  }

  test('without any header about a body it is empty', async (t) => {
    const { wire, arrived } = await captureFor(t);
    await wire().write(head());
    assert.deepEqual(await (await arrived()).capture.whole(), { kind: 'complete', bytes: Buffer.alloc(0) });
  });

  test('trailers are no part of it', async (t) => {
    const { wire, arrived } = await captureFor(t);
    await wire().write(head({ 'Transfer-Encoding': 'chunked', Trailer: 'X-Sum' }), '2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n');
    const { req, capture } = await arrived();
    assert.deepEqual(await capture.whole(), { kind: 'complete', bytes: Buffer.from('ab') });
    assert.equal(req.rawTrailers.length, 2);
  });

  test('two requests that were sent at once keep their own', async (t) => {
    const { wire, arrived } = await captureFor(t);
    const line = wire();
    await line.write(`${head({ 'Content-Length': 5 }, '/1')}first${head({ 'Content-Length': 6 }, '/2')}second`);
    const one = await arrived();
    assert.equal((await one.capture.whole()).bytes?.toString(), 'first');
    one.res.end('answered 1');
    const two = await arrived();
    assert.equal(two.req.url, '/2');
    assert.equal((await two.capture.whole()).bytes?.toString(), 'second');
    two.res.end('answered 2');
    await line.until('answered 2');
  });
});

describe('PP8 the limit counts bytes as they are received', () => {
  for (const [framing, frame] of FRAMINGS) {
    test(`the limit itself is kept, ${framing}`, async (t) => {
      const { wire, arrived } = await captureFor(t, { maxBytes: LIMIT });
      await wire().write(...frame(bytesOf(LIMIT)));
      assert.deepEqual((await (await arrived()).capture.whole()).bytes, bytesOf(LIMIT));
    });

    test(`one byte more is not, ${framing}, and leaves no byte in memory`, async (t) => {
      const { wire, arrived, captures } = await captureFor(t, { maxBytes: LIMIT });
      await wire().write(...frame(bytesOf(LIMIT + 1)));
      assert.deepEqual(await (await arrived()).capture.whole(), { kind: 'tooLarge' });
      assert.equal(captures.heldBytes, 0);
    });
  }

  test('what says that it is too large is not waited for', async (t) => {
    const { wire, arrived } = await captureFor(t, { maxBytes: LIMIT });
    await wire().write(head({ 'Content-Length': LIMIT + 1 }));
    assert.deepEqual(await (await arrived()).capture.whole(), { kind: 'tooLarge' });
  });

  test('what turns out to be too large is not waited for', async (t) => {
    const { wire, arrived } = await captureFor(t, { maxBytes: LIMIT });
    await wire().write(head({ 'Transfer-Encoding': 'chunked' }), `3e9\r\n${'x'.repeat(1001)}`);
    assert.deepEqual(await (await arrived()).capture.whole(), { kind: 'tooLarge' });
  });

  test('the connection is good for another request after one that was too large', async (t) => {
    const { wire, arrived } = await captureFor(t, { maxBytes: LIMIT });
    const line = wire();
    await line.write(head({ 'Content-Length': 300_000 }));
    const { res, capture } = await arrived();
    assert.equal((await capture.whole()).kind, 'tooLarge');
    res.end('answered 1');
    await line.until('answered 1');
    await line.write(bytesOf(300_000), head({ 'Content-Length': 2 }), 'ok');
    assert.equal((await (await arrived()).capture.whole()).bytes?.toString(), 'ok');
  });
});

describe('PP8 a request that waits for 100 Continue', () => {
  const expecting = (length: number) => head({ 'Content-Length': length, Expect: '100-continue' });

  test('gets it once', async (t) => {
    const { wire, arrived } = await captureFor(t);
    const line = wire();
    await line.write(expecting(2));
    const { res, capture } = await arrived();
    const whole = capture.whole();
    await line.until('100 Continue');
    await line.write('ok');
    assert.equal((await whole).bytes?.toString(), 'ok');
    res.end('answered');
    assert.equal((await line.until('answered')).match(/100 Continue/g)?.length, 1);
  });

  test('gets it from the capture where the server leaves that to its application', async (t) => {
    const { server, wire, arrived } = await captureFor(t);
    server.on('checkContinue', (req, res) => server.emit('request', req, res));
    const line = wire();
    await line.write(expecting(2));
    const { res, capture } = await arrived();
    const whole = capture.whole();
    await line.until('100 Continue');
    await line.write('ok');
    assert.equal((await whole).bytes?.toString(), 'ok');
    res.end('answered');
    assert.equal((await line.until('answered')).match(/100 Continue/g)?.length, 1);
  });

  test('is not asked for a body that would be too large', async (t) => {
    const { server, wire, arrived } = await captureFor(t, { maxBytes: LIMIT });
    server.on('checkContinue', (req, res) => server.emit('request', req, res));
    const line = wire();
    await line.write(expecting(LIMIT + 1));
    const { res, capture } = await arrived();
    assert.equal((await capture.whole()).kind, 'tooLarge');
    res.end('answered');
    assert.doesNotMatch(await line.until('answered'), /100 Continue/);
  });
});

describe('PP9 nothing is kept of a body', () => {
  test('that is cut off', async (t) => {
    const { wire, arrived, captures } = await captureFor(t);
    const line = wire();
    await line.write(head({ 'Content-Length': 10 }), 'half');
    const { capture } = await arrived();
    const whole = capture.whole();
    line.socket.destroy();
    assert.deepEqual(await whole, { kind: 'aborted' });
    assert.equal(captures.heldBytes, 0);
  });

  test('that is cut off in the middle of a chunk', async (t) => {
    const { wire, arrived } = await captureFor(t);
    const line = wire();
    await line.write(head({ 'Transfer-Encoding': 'chunked' }), 'a\r\nhalf');
    const { capture } = await arrived();
    const whole = capture.whole();
    line.socket.end();
    assert.deepEqual(await whole, { kind: 'aborted' });
  });

  test('that was cut off before anybody asked', async (t) => {
    const { wire, arrived, captures } = await captureFor(t);
    const line = wire();
    await line.write(head({ 'Content-Length': 10 }), 'half');
    const { res, capture } = await arrived();
    line.socket.destroy();
    await once(res, 'close');
    assert.deepEqual(await capture.whole(), { kind: 'aborted' });
    assert.equal(captures.heldBytes, 0);
  });

  test('that does not come in time', async (t) => {
    const { wire, arrived, captures } = await captureFor(t, { deadlineMs: 1 });
    await wire().write(head({ 'Content-Length': 10 }), 'half');
    assert.deepEqual(await (await arrived()).capture.whole(), { kind: 'tooSlow' });
    assert.equal(captures.heldBytes, 0);
  });

  test('that comes after the time was over, and the connection lives on', async (t) => {
    const { wire, arrived } = await captureFor(t, { deadlineMs: 1 });
    const line = wire();
    await line.write(head({ 'Content-Length': 8 }), 'half');
    const { res, capture } = await arrived();
    assert.equal((await capture.whole()).kind, 'tooSlow');
    await line.write('half');
    res.end('answered 1');
    await line.until('answered 1');
    assert.equal((await capture.whole()).kind, 'tooSlow');
    await line.write(head({ 'Content-Length': 2 }), 'ok');
    assert.equal((await (await arrived()).capture.whole()).bytes?.toString(), 'ok');
  });
});

test('a request has one capture, which can be found', async (t) => {
  const { wire, arrived, captures } = await captureFor(t);
  await wire().write(head());
  const { req, res, capture } = await arrived();
  assert.equal(captures.capture(req, res), capture);
  assert.equal(captures.find(req), capture);
});

test('everybody who asks is told the same', async (t) => {
  const { wire, arrived } = await captureFor(t);
  const line = wire();
  await line.write(head({ 'Content-Length': 4 }), 'ha');
  const { capture } = await arrived();
  const asked = [capture.whole(), capture.whole()];
  await line.write('lf');
  assert.deepEqual(
    (await Promise.all([...asked, capture.whole()])).map(({ bytes }) => bytes?.toString()),
    ['half', 'half', 'half'],
  );
});

for (const options of [
  { maxBytes: 0 },
  { maxBytes: 1.5 },
  { deadlineMs: Number.NaN },
  { maxHeldBytes: -1 },
  { maxBytes: 1000, maxHeldBytes: 1999 },
] as BodyCaptureOptions[]) {
  test(`${JSON.stringify(options)} is refused`, () => {
    assert.throws(
      () => createBodyCaptures(options),
      (thrown) => codeOf(thrown) === 'ERR_SSO_OPTIONS',
    );
  });
}
