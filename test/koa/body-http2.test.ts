import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type ClientHttp2Stream,
  connect,
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { bodyParser } from '@koa/bodyparser';
import Koa from 'koa';
import { type CapturedBody, createBodyCaptures } from '../../src/koa/body-capture.ts';
import { replayBody } from '../../src/koa/body-replay.ts';
import { bytesOf } from './body-support.ts';

type Listener = (req: Http2ServerRequest, res: Http2ServerResponse) => void;

async function http2For(t: TestContext, listener: Listener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  session.on('error', () => {});
  t.after(async () => {
    session.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    post(body: Uint8Array, headers: Record<string, string> = {}) {
      const stream = session.request({ ':method': 'POST', ':path': '/form', ...headers });
      stream.on('error', () => {});
      stream.end(body);
      return stream;
    },
    open: () => session.request({ ':method': 'POST', ':path': '/form' }).on('error', () => {}),
  };
}

/** The types of Node keep the two versions apart, though Koa serves both. */
const asHttp1 = (req: Http2ServerRequest, res: Http2ServerResponse) =>
  [req as unknown as IncomingMessage, res as unknown as ServerResponse] as const;

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

for (const [name, maxBytes, kind] of [
  ['is kept', 200_000, 'complete'],
  ['over the limit is not', 199_999, 'tooLarge'],
] as const) {
  test(`PP8 over HTTP/2 a body ${name}`, async (t) => {
    const captures = createBodyCaptures({ maxBytes });
    let captured: CapturedBody | undefined;
    const { post } = await http2For(t, async (req, res) => {
      captured = await captures.capture(...asHttp1(req, res)).whole();
      res.end('answered');
    });
    assert.equal(await textOf(post(bytesOf(200_000))), 'answered');
    assert.equal(captured?.kind, kind);
    if (kind === 'complete') assert.deepEqual(captured?.bytes, bytesOf(200_000));
  });
}

test('PP30 over HTTP/2 a reader gets every byte as well', async (t) => {
  const captures = createBodyCaptures();
  let captured: CapturedBody | undefined;
  const { post } = await http2For(t, async (req, res) => {
    const capture = captures.capture(...asHttp1(req, res));
    const read = await textOf(req);
    captured = await capture.whole();
    res.end(read);
  });
  assert.equal(await textOf(post(Buffer.from('x'.repeat(100_000)))), 'x'.repeat(100_000));
  assert.equal(captured?.bytes?.toString(), 'x'.repeat(100_000));
});

for (const [name, cut] of [
  ['is cancelled', (stream: ClientHttp2Stream) => void stream.destroy(new Error('cancelled'))],
  ['is cut off with its connection', (stream: ClientHttp2Stream) => void stream.session?.destroy()],
] as const)
  test(`PP9 over HTTP/2 nothing is kept of a body that ${name}`, async (t) => {
    const captures = createBodyCaptures();
    let whole: Promise<CapturedBody> | undefined;
    let arrive = () => {};
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const { open } = await http2For(t, (req, res) => {
      whole = captures.capture(...asHttp1(req, res)).whole();
      req.once('data', arrive);
    });
    const stream = open();
    stream.write('half');
    await arrived;
    cut(stream);
    assert.deepEqual(await whole, { kind: 'aborted' });
    assert.equal(captures.heldBytes, 0);
  });

test('over HTTP/2 a kept form is read in place of the empty one', async (t) => {
  const app = new Koa();
  app.use((ctx, next) => {
    const headers = [['content-type', 'application/x-www-form-urlencoded']] as const;
    replayBody(ctx, { method: 'POST', headers, body: Buffer.from('a=1&a=2') });
    return next();
  });
  app.use(bodyParser());
  app.use((ctx) => {
    ctx.body = { body: ctx.request.body, host: ctx.host, ip: ctx.ip, path: ctx.path };
  });
  const { post } = await http2For(t, app.callback() as unknown as Listener);
  const stream = post(Buffer.alloc(0), { ':authority': 'portal.example.edu' });
  await once(stream, 'response');
  assert.deepEqual(JSON.parse(await textOf(stream)), {
    body: { a: ['1', '2'] },
    host: 'portal.example.edu',
    ip: '127.0.0.1',
    path: '/form',
  });
});

test('over HTTP/2 a kept form is read though the carrier is not over', async (t) => {
  const app = new Koa();
  const errors: unknown[] = [];
  app.on('error', (error) => void errors.push(error));
  app.use(async (ctx) => {
    replayBody(ctx, { method: 'POST', headers: [], body: Buffer.from('a=1') });
    ctx.body = await textOf(ctx.req);
  });
  const { open } = await http2For(t, app.callback() as unknown as Listener);
  const stream = open();
  stream.write('more is to come');
  assert.equal(await textOf(stream), 'a=1');
  assert.deepEqual(errors, []);
});

test('over HTTP/2 a handler may destroy a kept form', async (t) => {
  const app = new Koa();
  app.silent = true;
  app.use(async (ctx) => {
    replayBody(ctx, { method: 'POST', headers: [], body: Buffer.from('a=1') });
    ctx.req.destroy();
    await once(ctx.res, 'close');
  });
  const { post } = await http2For(t, app.callback() as unknown as Listener);
  await once(post(Buffer.alloc(0)), 'close');
});
