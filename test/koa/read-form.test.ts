import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import Koa from 'koa';
import { readForm } from '../../src/koa/read-form.ts';
import { head, portOf, serverFor, wireTo } from './body-support.ts';

const FORM = 'application/x-www-form-urlencoded';
const LIMIT = 64 * 1024;

/** A server that tells what it read; `parsed` is what a body parser would have left. */
async function reader(t: TestContext, parsed?: unknown) {
  const app = new Koa();
  app.use(async (ctx) => {
    if (parsed !== undefined) Reflect.set(ctx.request, 'body', parsed);
    ctx.body = [...(await readForm(ctx))];
  });
  const server = await serverFor(t, app.callback());
  const url = `http://127.0.0.1:${portOf(server)}/`;
  const read = async (body: string | ReadableStream, type = FORM) => {
    const init = { method: 'POST', headers: { 'content-type': type, connection: 'close' }, body, duplex: 'half' };
    const answer = await fetch(url, init as RequestInit);
    return (await answer.json()) as readonly (readonly [string, string])[];
  };
  return { server, read };
}

/** So many bytes in pieces, none of which is too large. */
const inPieces = (bytes: number) => {
  const pieces = `a=${'x'.repeat(bytes - 2)}`.match(/.{1,1000}/gs)!;
  return new ReadableStream({
    pull(controller) {
      const piece = pieces.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(new TextEncoder().encode(piece));
    },
  });
};

describe('a small form', () => {
  test('is read by name', async (t) => {
    const { read } = await reader(t);
    assert.deepEqual(await read('a=1&b=%C3%A4+c&a=2'), [
      ['a', '1'],
      ['b', 'ä c'],
      ['a', '2'],
    ]);
  });

  test('may have a charset in its type', async (t) => {
    const { read } = await reader(t);
    assert.deepEqual(await read('a=1', `${FORM}; charset=utf-8`), [['a', '1']]);
  });

  for (const type of ['text/plain', 'application/json', 'multipart/form-data; boundary=x']) {
    test(`is none as ${type}`, async (t) => assert.deepEqual(await (await reader(t)).read('a=1', type), []));
  }

  test('may be as large as the limit, and not a byte larger', async (t) => {
    const { read } = await reader(t);
    assert.equal((await read(`a=${'x'.repeat(LIMIT - 2)}`))[0]?.[1].length, LIMIT - 2);
    assert.deepEqual(await read(`a=${'x'.repeat(LIMIT - 1)}`), []);
  });

  test('is measured as a whole, whatever pieces it comes in', async (t) => {
    const { read } = await reader(t);
    assert.equal((await read(inPieces(LIMIT))).length, 1);
    assert.deepEqual(await read(inPieces(LIMIT + 1)), []);
  });

  test('that is far too large has an answer all the same', async (t) => {
    const { read } = await reader(t);
    assert.deepEqual(await read(inPieces(1024 * 1024)), []);
  });

  test('that is too large is answered at once, and the connection goes on with the next one', async (t) => {
    const { server } = await reader(t);
    const wire = wireTo(t, server);
    const rest = 1024 * 1024;
    await wire.write(head({ 'Content-Type': FORM, 'Content-Length': LIMIT + 1 + rest }), 'x'.repeat(LIMIT + 1));
    await wire.until('[]');
    await wire.write('x'.repeat(rest), head({ 'Content-Type': FORM, 'Content-Length': 3 }), 'a=1');
    await wire.until('[["a","1"]]');
  });

  for (const [what, parsed, expected] of [
    ['text', 'a=1&b=2', 'a=1&b=2'],
    ['an object', { a: '1', b: ['2', '3'] }, 'a=1&b=2&b=3'],
    ['no texts', { a: 1, b: { c: '2' }, d: [null, true, '4'] }, 'd=4'],
    ['nothing', null, ''],
  ] as const) {
    test(`is taken from a body parser that made ${what} of it`, async (t) => {
      const { read } = await reader(t, parsed);
      const form = await read('ignored=1');
      assert.equal(
        new URLSearchParams(form.map(([name, value]) => [name, value] as [string, string])).toString(),
        expected,
      );
    });
  }
});
