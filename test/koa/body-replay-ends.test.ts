import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, test } from 'node:test';
import type { Context } from 'koa';
import { appWith, collect, head } from './body-support.ts';

describe('PP9 the end of a connection', () => {
  test('reaches a handler that has not read its kept request', async (t) => {
    let hear = (_: unknown) => {};
    const heard = new Promise((resolve) => {
      hear = resolve;
    });
    const { app, wire, errors } = await appWith(t, {}, async (ctx) => {
      ctx.req.once('error', hear);
      ctx.respond = false;
      app.emit('handled');
    });
    const line = wire();
    const handled = once(app, 'handled');
    await line.write(head({ 'Content-Length': 0 }));
    await handled;
    line.socket.destroy();
    assert.equal(((await heard) as NodeJS.ErrnoException).code, 'ECONNRESET');
    assert.deepEqual(errors, []);
  });

  test('hurts nobody who does not listen', async (t) => {
    const { app, wire, errors } = await appWith(t, {}, async (ctx) => {
      ctx.respond = false;
      app.emit('handled', ctx);
    });
    const line = wire();
    const handled = once(app, 'handled');
    await line.write(head({ 'Content-Length': 0 }));
    const [ctx] = (await handled) as [Context];
    const closed = new Promise((resolve) => ctx.req.on('close', resolve));
    line.socket.destroy();
    await closed;
    assert.equal(ctx.req.destroyed, true);
    assert.deepEqual(errors, []);
  });

  test('is what a handler brings about that destroys its kept request', async (t) => {
    const { wire } = await appWith(t, {}, (ctx) => {
      ctx.respond = false;
      ctx.req.destroy();
    });
    const line = wire();
    const closed = once(line.socket, 'close');
    await line.write(head({ 'Content-Length': 0 }));
    await closed;
  });
});

test('a handler whose pipeline for its kept request fails can still answer', async (t) => {
  const { wire, errors } = await appWith(t, { body: Buffer.alloc(200_000) }, async (ctx) => {
    const broken = new PassThrough();
    const piped = pipeline(ctx.req, broken);
    broken.destroy(new Error('full'));
    ctx.body = await piped.catch((error: Error) => `answered ${error.message}`);
  });
  const line = wire();
  await line.write(head({ 'Content-Length': 0 }));
  await line.until('answered full');
  assert.deepEqual(errors, []);
});

test('a connection is good for the next request after a kept one, read or not', async (t) => {
  for (const read of [true, false]) {
    const { wire } = await appWith(t, {}, async (ctx) => {
      if (read) await collect(ctx.req);
      ctx.body = `answered ${ctx.path}`;
    });
    const line = wire();
    await line.write(head({ 'Content-Length': 2 }, '/1'), 't=', head({ 'Content-Length': 0 }, '/2'));
    await line.until('answered /2');
    assert.match(line.text, /answered \/1/);
  }
});
