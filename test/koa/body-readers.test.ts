import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { PassThrough, Writable } from 'node:stream';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createBodyCaptures } from '../../src/koa/body-capture.ts';
import { bytesOf, captureFor, chunked, collect, head, serverFor, wireTo } from './body-support.ts';

const BODY = bytesOf(150_000);

/** The ways in which an application may read. */
const READERS: readonly (readonly [string, (req: IncomingMessage) => Promise<Buffer>])[] = [
  ['for await', collect],
  [
    'data events',
    async (req) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => void chunks.push(chunk));
      await once(req, 'end');
      return Buffer.concat(chunks);
    },
  ],
  ['a pipe', (req) => collect(req.pipe(new PassThrough()))],
  [
    'read()',
    async (req) => {
      const chunks: Buffer[] = [];
      req.on('readable', () => {
        for (let chunk = req.read(7); chunk; chunk = req.read(7)) chunks.push(chunk);
        const rest = req.read();
        if (rest) chunks.push(rest);
      });
      await once(req, 'end');
      return Buffer.concat(chunks);
    },
  ],
];

describe('PP30 beside a capture', () => {
  for (const [name, read] of READERS) {
    test(`${name} gets every byte, and so does the capture afterwards`, async (t) => {
      const { wire, arrived } = await captureFor(t);
      const sent = wire().write(head({ 'Content-Length': BODY.length }), BODY);
      const { req, capture } = await arrived();
      assert.deepEqual(await read(req), BODY);
      assert.deepEqual((await capture.whole()).bytes, BODY);
      await sent;
    });

    test(`${name} gets every byte though the whole body is asked for in the middle`, async (t) => {
      const { wire, arrived } = await captureFor(t);
      const line = wire();
      await line.write(head({ 'Content-Length': BODY.length }), BODY.subarray(0, 10));
      const { req, capture } = await arrived();
      const reading = read(req);
      await turn();
      const whole = capture.whole();
      await line.write(BODY.subarray(10));
      assert.deepEqual(await reading, BODY);
      assert.deepEqual((await whole).bytes, BODY);
    });
  }

  test('a reader gets text that is cut in the middle of a letter', async (t) => {
    const { wire, arrived } = await captureFor(t);
    const bytes = Buffer.from('€ä');
    await wire().write(head({ 'Transfer-Encoding': 'chunked' }), chunked([...bytes].map((one) => Buffer.of(one))));
    const { req, capture } = await arrived();
    let text = '';
    for await (const piece of req.setEncoding('utf8')) text += piece;
    assert.equal(text, '€ä');
    assert.deepEqual((await capture.whole()).bytes, bytes);
  });

  test('a reader that changes what it gets in place does not change what is kept', async (t) => {
    const { wire, arrived } = await captureFor(t);
    await wire().write(head({ 'Content-Length': 6 }), 'secret');
    const { req, capture } = await arrived();
    req.on('data', (chunk: Buffer) => void chunk.fill('*'));
    await once(req, 'end');
    assert.equal((await capture.whole()).bytes?.toString(), 'secret');
  });

  test('a body is read past the limit as ever', async (t) => {
    const { wire, arrived } = await captureFor(t, { maxBytes: 1000 });
    const sent = wire().write(head({ 'Content-Length': BODY.length }), BODY);
    const { req } = await arrived();
    assert.deepEqual(await collect(req), BODY);
    await sent;
  });

  test('nothing is read as long as nobody asks', async (t) => {
    const { wire, arrived } = await captureFor(t);
    await wire().write(head({ 'Content-Length': 2 }), 'ok');
    const { req } = await arrived();
    await turn();
    assert.equal(req.readableFlowing, null);
    assert.deepEqual(await collect(req), Buffer.from('ok'));
  });

  test('a sender is held back as long as nobody reads', async (t) => {
    const { wire, arrived } = await captureFor(t);
    await wire().write(head({ 'Content-Length': 200_000 }));
    const { req } = await arrived();
    assert.equal(req.push(Buffer.alloc(10)), true);
    // By this Node knows that it must not read on from the connection.
    assert.equal(req.push(Buffer.alloc(req.readableHighWaterMark)), false);
  });
});

describe('PP30 a reader that has stopped', () => {
  test('by a pipe into something full does not stop the capture, and gets every byte in the end', async (t) => {
    const { wire, arrived } = await captureFor(t);
    const sent = wire().write(head({ 'Content-Length': BODY.length }), BODY);
    const { req, capture } = await arrived();
    const taken: Buffer[] = [];
    let open = () => {};
    const isOpen = new Promise<void>((resolve) => {
      open = resolve;
    });
    const full = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _encoding, done) {
        taken.push(chunk);
        void isOpen.then(() => done());
      },
    });
    req.pipe(full);
    assert.deepEqual((await capture.whole()).bytes, BODY);
    open();
    await once(full, 'finish');
    assert.deepEqual(Buffer.concat(taken), BODY);
    await sent;
  });

  test('by pause() does not stop the capture', async (t) => {
    const { wire, arrived } = await captureFor(t);
    const sent = wire().write(head({ 'Content-Length': BODY.length }), BODY);
    const { req, capture } = await arrived();
    req.once('data', () => void req.pause());
    await once(req, 'data');
    assert.deepEqual((await capture.whole()).bytes, BODY);
    await sent;
  });

  test('in the middle of for await has destroyed the request, which can still be answered', async (t) => {
    const { wire, arrived, captures } = await captureFor(t);
    const line = wire();
    await line.write(head({ 'Content-Length': 10 }), 'half');
    const { req, res, capture } = await arrived();
    for await (const _ of req) break;
    assert.deepEqual(await capture.whole(), { kind: 'aborted' });
    assert.equal(captures.heldBytes, 0);
    res.end('answered');
    await line.until('answered');
  });

  test('in the middle of for await, long before anybody asked, has destroyed it as well', async (t) => {
    const { wire, arrived } = await captureFor(t);
    await wire().write(head({ 'Content-Length': 10 }), 'half');
    const { req, capture } = await arrived();
    for await (const _ of req) break;
    await turn();
    assert.equal(req.closed, true);
    assert.deepEqual(await capture.whole(), { kind: 'aborted' });
  });

  test('in the middle of for await while the whole body is waited for, lets nobody wait in vain', async (t) => {
    const { wire, arrived } = await captureFor(t);
    await wire().write(head({ 'Content-Length': 10 }), 'half');
    const { req, capture } = await arrived();
    const whole = capture.whole();
    for await (const _ of req) break;
    assert.deepEqual(await whole, { kind: 'aborted' });
  });

  test('in the middle of for await, after all had come, takes nothing from the capture', async (t) => {
    const { wire, arrived } = await captureFor(t);
    await wire().write(head({ 'Content-Length': 4 }), 'half');
    const { req, capture } = await arrived();
    for await (const _ of req) break;
    assert.equal((await capture.whole()).bytes?.toString(), 'half');
  });
});

describe('a capture that begins late', () => {
  for (const [name, before] of [
    ['has not been read', async (req: IncomingMessage) => void (await once(req, 'readable'))],
    ['has been read', collect],
    ['is being read', async (req: IncomingMessage) => void (await once(req, 'data'))],
  ] as const) {
    test(`knows that it missed something of a body that ${name}`, async (t) => {
      const captures = createBodyCaptures();
      const server = await serverFor(t, async (req, res) => {
        await before(req);
        res.end((await captures.capture(req, res).whole()).kind);
      });
      const line = wireTo(t, server);
      await line.write(head({ 'Content-Length': 8 }), 'all of it'.slice(0, 8));
      await line.until('unreadable');
    });
  }

  test('but before the first byte has missed nothing', async (t) => {
    const captures = createBodyCaptures();
    const server = await serverFor(t, async (req, res) => {
      await turn();
      server.emit('late');
      res.end((await captures.capture(req, res).whole()).bytes?.toString());
    });
    const line = wireTo(t, server);
    const late = once(server, 'late');
    await line.write(head({ 'Content-Length': 9 }));
    await late;
    await line.write('all of it');
    await line.until('all of it');
  });
});
