import assert from 'node:assert/strict';
import { once } from 'node:events';
import { IncomingMessage } from 'node:http';
import { describe, test } from 'node:test';
import Router from '@koa/router';
import Koa, { type Middleware } from 'koa';
import mount from 'koa-mount';
import { replayBody } from '../../src/koa/body-replay.ts';
import { appFor, appWith, bytesOf, collect, type Layer } from './body-support.ts';
import { raw } from './support.ts';

const EMPTY_FORM = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: '' };

async function answerOf(url: string, target = '/form'): Promise<Record<string, unknown>> {
  const { status, body } = await raw(url, { ...EMPTY_FORM, target });
  assert.equal(status, 200, body);
  return JSON.parse(body);
}

describe('PP6 a kept body is read', () => {
  for (const body of [Buffer.alloc(0), Buffer.from('x'), bytesOf(262_144), bytesOf(3_000_000)]) {
    test(`from the stream, ${body.length} bytes`, async (t) => {
      const { url } = await appWith(t, { body }, async (ctx) => {
        const read = await collect(ctx.req);
        ctx.body = { same: read.equals(body), ended: ctx.req.readableEnded, complete: ctx.req.complete };
      });
      assert.deepEqual(await answerOf(url), { same: true, ended: true, complete: true });
    });
  }

  test('by data events that begin later', async (t) => {
    const { url } = await appWith(t, {}, async (ctx) => {
      await new Promise((resolve) => setImmediate(resolve));
      let text = '';
      ctx.req.setEncoding('utf8').on('data', (piece) => {
        text += piece;
      });
      await once(ctx.req, 'end');
      ctx.body = { text };
    });
    assert.deepEqual(await answerOf(url), { text: 'a=1' });
  });
});

describe('PP30 a kept request', () => {
  test('is an ordinary one to everything that looks at it', async (t) => {
    const headers = [
      ['content-type', 'application/json; charset=utf-8'],
      ['accept', 'application/xml'],
    ] as const;
    const { url, errors } = await appFor(
      t,
      (ctx, next) => {
        // What Koa remembers from before must not be what it says afterwards.
        assert.deepEqual(
          [ctx.accepts('json', 'xml'), ctx.is('urlencoded'), ctx.ip],
          ['json', 'urlencoded', '127.0.0.1'],
        );
        assert.equal(ctx.URL.pathname, '/form');
        assert.deepEqual({ ...ctx.query }, { q: '1' });
        assert.equal(replayBody(ctx, { method: 'PUT', headers, body: Buffer.from('{"a":"€"}') }), 'replayed');
        return next();
      },
      (ctx) => {
        assert.ok(ctx.req instanceof IncomingMessage);
        assert.deepEqual([ctx.request.req, ctx.response.req], [ctx.req, ctx.req]);
        ctx.body = {
          accepts: ctx.accepts('json', 'xml'),
          charset: ctx.request.charset,
          ip: ctx.ip,
          is: ctx.is('json', 'urlencoded'),
          length: ctx.request.length,
          method: ctx.method,
          path: ctx.path,
          pathname: ctx.URL.pathname,
          port: ctx.req.socket.localPort === ctx.socket.localPort,
          protocol: ctx.protocol,
          query: ctx.query,
          remote: ctx.req.socket.remoteAddress,
          url: [ctx.url, ctx.originalUrl, ctx.req.url],
          version: ctx.req.httpVersion,
        };
      },
    );
    assert.deepEqual(await answerOf(url, '/form?q=1'), {
      accepts: 'xml',
      charset: 'utf-8',
      ip: '127.0.0.1',
      is: 'json',
      length: 11,
      method: 'PUT',
      path: '/form',
      pathname: '/form',
      port: true,
      protocol: 'http',
      query: { q: '1' },
      remote: '127.0.0.1',
      url: Array(3).fill('/form?q=1'),
      version: '1.1',
    });
    assert.deepEqual(errors, []);
  });

  test('has the cookies of now', async (t) => {
    const { url } = await appWith(t, { headers: [['cookie', 'sid=old']] }, (ctx) => {
      ctx.body = { sid: ctx.cookies.get('sid') };
    });
    const { body } = await raw(url, { ...EMPTY_FORM, headers: { cookie: 'sid=new' } });
    assert.deepEqual(JSON.parse(body), { sid: 'new' });
  });

  test('comes from where a trusted proxy says', async (t) => {
    const { app, url } = await appWith(t, {}, (ctx) => {
      ctx.body = { ip: ctx.ip, secure: ctx.secure, host: ctx.host };
    });
    app.proxy = true;
    const headers = { 'x-forwarded-for': '10.0.0.9', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'portal' };
    const { body } = await raw(url, { ...EMPTY_FORM, headers });
    assert.deepEqual(JSON.parse(body), { ip: '10.0.0.9', secure: true, host: 'portal' });
  });

  test('has what middleware in front put on the request of Node', async (t) => {
    const { url } = await appFor(
      t,
      (ctx, next) => {
        Object.assign(ctx.req, { id: 'r-1' });
        replayBody(ctx, { method: 'POST', headers: [], body: Buffer.from('a=1') });
        return next();
      },
      (ctx) => {
        ctx.body = { id: Reflect.get(ctx.req, 'id') };
      },
    );
    assert.deepEqual(await answerOf(url), { id: 'r-1' });
  });

  test('goes through a router below koa-mount, and the mount puts its path back', async (t) => {
    const inner = new Koa();
    const router = new Router();
    inner.use((ctx, next) => {
      replayBody(ctx, { method: 'POST', headers: [], body: Buffer.from('a=1') });
      return next();
    });
    router.post('/grades/:id', async (ctx) => {
      ctx.state.seen = { path: ctx.path, id: ctx.params.id, text: (await collect(ctx.req)).toString() };
    });
    inner.use(router.routes() as unknown as Middleware);
    const { url } = await appFor(
      t,
      async (ctx, next) => {
        await next();
        ctx.body = { ...ctx.state.seen, after: ctx.path, original: ctx.originalUrl };
      },
      mount('/portal', inner) as Layer,
    );
    assert.deepEqual(await answerOf(url, '/portal/grades/7?x=1'), {
      path: '/grades/7',
      id: '7',
      text: 'a=1',
      after: '/portal/grades/7',
      original: '/portal/grades/7?x=1',
    });
  });

  test('is not put in the place of one that a parser has read: its handler would see an empty form', async (t) => {
    for (const place of ['request', 'req'] as const) {
      const { url } = await appFor(t, (ctx) => {
        Object.assign(ctx[place], { body: {} });
        const { req } = ctx;
        const result = replayBody(ctx, { method: 'PUT', headers: [], body: Buffer.from('a=1') });
        ctx.body = { result, same: ctx.req === req, method: ctx.method };
      });
      assert.deepEqual(await answerOf(url), { result: 'alreadyParsed', same: true, method: 'POST' });
    }
  });
});
