import assert from 'node:assert/strict';
import { request } from 'node:http';
import { parse } from 'node:querystring';
import { describe, type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { openStore, postForm, sceneFor } from './proxy-support.ts';
import { type Mount, raw } from './support.ts';

const IOU = 'PGTIOU-1-marker';
const PGT = 'PGT-1-marker';
const DELIVERY = `pgtIou=${IOU}&pgtId=${PGT}`;

async function callbackFor(t: TestContext, mount?: Mount) {
  const kept = openStore();
  const scene = await sceneFor(t, { options: { store: kept.keyv }, ...(mount && { mount }) });
  return { portal: scene.portal, url: scene.callbackUrl, kept };
}

/** A body that comes in pieces and does not say how long it is. */
function postPieces(url: string, pieces: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const outgoing = request(url, { method: 'POST', headers, agent: false }, (incoming) => {
      incoming.resume();
      resolve(incoming.statusCode ?? 0);
    });
    outgoing.on('error', reject);
    for (const piece of pieces) outgoing.write(piece);
    outgoing.end();
  });
}

describe('a POST to the proxy callback', () => {
  test('may come in pieces', async (t) => {
    const { url, kept } = await callbackFor(t);
    assert.equal(await postPieces(url, [`pgtIou=${IOU}&pg`, `tId=${PGT}`]), 200);
    assert.equal(await kept.delivered(IOU), PGT);
  });

  test('may say the charset of its form', async (t) => {
    const { url, kept } = await callbackFor(t);
    await postForm(url, DELIVERY, { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' });
    assert.equal(await kept.delivered(IOU), PGT);
  });

  for (const type of ['text/plain', 'application/json', 'multipart/form-data; boundary=x', 'nonsense']) {
    test(`is refused if it is no form (${type})`, async (t) => {
      const { url, kept } = await callbackFor(t);
      assert.equal((await postForm(url, DELIVERY, { 'content-type': type })).status, 400);
      assert.equal(kept.count('pgtiou'), 0);
    });
  }

  test('is refused with 400 if it is larger than any delivery', async (t) => {
    const { url, kept } = await callbackFor(t);
    assert.equal((await postForm(url, `${DELIVERY}&x=${'x'.repeat(9000)}`)).status, 400);
    assert.equal(kept.count('pgtiou'), 0);
  });

  test('is refused with 400 if it turns out to be larger than any delivery', async (t) => {
    const { url, kept } = await callbackFor(t);
    assert.equal(await postPieces(url, [DELIVERY, '&x=', ...Array(9).fill('x'.repeat(1000))]), 400);
    assert.equal(kept.count('pgtiou'), 0);
  });

  test('that is cut off stores nothing, and nothing of it is told', async (t) => {
    const { portal, url, kept } = await callbackFor(t);
    const length = `${DELIVERY.length + 10}`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': length };
    const outgoing = request(url, { method: 'POST', headers, agent: false });
    outgoing.on('error', () => {});
    await new Promise((resolve) => outgoing.write(DELIVERY, resolve));
    outgoing.destroy();
    assert.equal((await raw(url)).status, 200);
    assert.equal(kept.count('pgtiou'), 0);
    assert.doesNotMatch(inspect([portal.errors, portal.log, portal.journal], { depth: 9 }), /marker/);
  });
});

/** A parser in front of our routes, which leaves what `leave` makes of the text. */
function behind(leave: (text: string) => unknown): Mount {
  return (app, sso) => {
    app.use(async (ctx, next) => {
      const chunks: Buffer[] = [];
      for await (const chunk of ctx.req) chunks.push(chunk as Buffer);
      const body = leave(Buffer.concat(chunks).toString('utf8'));
      if (body !== undefined) Object.assign(ctx.request, { body });
      await next();
    });
    app.use(sso.session(app));
    app.use(sso.routes());
  };
}

describe('behind a body parser, a POST to the proxy callback', () => {
  test('delivers', async (t) => {
    const { url, kept } = await callbackFor(t, behind(parse));
    assert.equal((await postForm(url, DELIVERY)).status, 200);
    assert.equal(await kept.delivered(IOU), PGT);
  });

  test('with an empty form is a probe', async (t) => {
    const { url, kept } = await callbackFor(t, behind(parse));
    assert.equal((await postForm(url, '')).status, 200);
    assert.equal(kept.count('pgtiou'), 0);
  });

  test('is refused if a parameter is there twice', async (t) => {
    const { url, kept } = await callbackFor(t, behind(parse));
    assert.equal((await postForm(url, `${DELIVERY}&pgtId=${PGT}-2`)).status, 400);
    assert.equal(kept.count('pgtiou'), 0);
  });

  for (const value of ['{"toString":1}', '["PGT-1",{}]', 'null', '7', '{}']) {
    test(`is refused if a value is no text (${value})`, async (t) => {
      const { url, portal, kept } = await callbackFor(t, behind(JSON.parse));
      assert.equal((await postForm(url, `{"pgtIou":"${IOU}","pgtId":${value}}`)).status, 400);
      assert.equal(kept.count('pgtiou'), 0);
      assert.deepEqual(portal.errors, []);
    });
  }

  test('delivers though the parser left the form as a text', async (t) => {
    const { url, kept } = await callbackFor(
      t,
      behind((text) => text),
    );
    assert.equal((await postForm(url, DELIVERY)).status, 200);
    assert.equal(await kept.delivered(IOU), PGT);
  });

  test('is not confirmed if the parser took the form and left nothing', async (t) => {
    const { url, kept } = await callbackFor(
      t,
      behind(() => undefined),
    );
    assert.equal((await postForm(url, DELIVERY)).status, 400);
    assert.equal(kept.count('pgtiou'), 0);
  });
});
