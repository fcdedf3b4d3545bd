import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { createBodyBuffer, createBodyRoom } from '../../src/koa/body-buffer.ts';
import { bytesOf, captureFor, chunked, head } from './body-support.ts';

const LIMIT = 1000;

describe('PP29 memory', () => {
  test('is taken as bytes come in and not as they are announced', async (t) => {
    const { wire, arrived, captures } = await captureFor(t);
    await wire().write(head({ 'Content-Length': 200_000 }));
    await arrived();
    assert.equal(captures.heldBytes, 0);
  });

  test('is never more than the limit of a body', async (t) => {
    const { wire, arrived, captures } = await captureFor(t, { maxBytes: 10_000 });
    await wire().write(head({ 'Content-Length': 10_000 }), bytesOf(10_000));
    await (await arrived()).capture.whole();
    assert.equal(captures.heldBytes, 10_000);
  });

  test('is never more than that though it grows', async (t) => {
    const { wire, arrived, captures } = await captureFor(t, { maxBytes: 10_000 });
    const pieces = Array(10).fill(bytesOf(1000));
    await wire().write(head({ 'Transfer-Encoding': 'chunked' }), chunked(pieces));
    assert.deepEqual((await (await arrived()).capture.whole()).bytes, Buffer.concat(pieces));
    assert.equal(captures.heldBytes, 10_000);
  });

  test('that others have taken leaves a body out, and it comes back with their end', async (t) => {
    const { wire, arrived, captures } = await captureFor(t, { maxBytes: LIMIT, maxHeldBytes: 2 * LIMIT });
    const send = async () => {
      const line = wire();
      await line.write(head({ 'Content-Length': LIMIT }), bytesOf(LIMIT));
      const { res, capture } = await arrived();
      return { line, res, capture, kind: (await capture.whole()).kind };
    };
    const first = await send();
    const second = await send();
    const third = await send();
    assert.deepEqual([first.kind, second.kind, third.kind], ['complete', 'complete', 'noRoom']);
    assert.equal(captures.heldBytes, 2 * LIMIT);
    first.capture.release();
    assert.equal((await send()).kind, 'complete');
  });

  test('is given back once, however often', async (t) => {
    const { wire, arrived, captures } = await captureFor(t);
    const line = wire();
    await line.write(head({ 'Content-Length': 2 }), 'ok');
    const { res, capture } = await arrived();
    await capture.whole();
    capture.release();
    capture.release();
    res.end('answered');
    await once(res, 'close');
    assert.equal(captures.heldBytes, 0);
    assert.deepEqual(await capture.whole(), { kind: 'unreadable' });
  });

  test('is given back when the response has ended', async (t) => {
    const { wire, arrived, captures } = await captureFor(t);
    const line = wire();
    await line.write(head({ 'Content-Length': 2 }), 'ok');
    const { res, capture } = await arrived();
    await capture.whole();
    assert.ok(captures.heldBytes > 0);
    res.end('answered');
    await once(res, 'close');
    assert.equal(captures.heldBytes, 0);
  });

  test('that was given back does not change the bytes that were handed out', async (t) => {
    const { wire, arrived } = await captureFor(t);
    await wire().write(head({ 'Content-Length': 2 }), 'ok');
    const { capture } = await arrived();
    const { bytes } = await capture.whole();
    capture.release();
    assert.equal(bytes?.toString(), 'ok');
  });

  test('of a request that is released while it comes in is not taken again', async (t) => {
    const { wire, arrived, captures } = await captureFor(t);
    const line = wire();
    await line.write(head({ 'Content-Length': 8 }), 'half');
    const { req, capture } = await arrived();
    capture.release();
    await line.write('half');
    for await (const _ of req);
    assert.equal(captures.heldBytes, 0);
  });
});

test('a buffer that was cleared is empty, and a chunk that does not fit leaves it as it was', () => {
  const room = createBodyRoom(4000);
  const buffer = createBodyBuffer(room, 2000);
  assert.equal(buffer.add(bytesOf(1500)), 'added');
  assert.equal(buffer.add(bytesOf(501)), 'tooLarge');
  assert.deepEqual(buffer.bytes(), bytesOf(1500));
  buffer.clear();
  assert.equal(buffer.bytes().length, 0);
  buffer.clear();
  assert.equal(room.heldBytes, 0);
});
