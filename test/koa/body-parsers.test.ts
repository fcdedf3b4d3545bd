import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { bodyParser } from '@koa/bodyparser';
import multer from '@koa/multer';
import type { Context, Next } from 'koa';
import { koaBody } from 'koa-body';
import { createBodyCaptures } from '../../src/koa/body-capture.ts';
import { replayBody } from '../../src/koa/body-replay.ts';
import { keptHeaders } from '../../src/koa/kept-headers.ts';
import { appFor, bytesOf } from './body-support.ts';

type Layer = (ctx: Context, next: Next) => unknown;

interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const FORM = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
const TEXT = Buffer.from('a=1&a=2&=&submit=x&line=1%0D%0A2&plus=1+2&euro=%E2%82%AC&bad=%ff');
const PICTURE = bytesOf(100_000);

function multipart(boundary = '----WebKitFormBoundary7MA4YWxk'): Sent {
  const part = (disposition: string, value: string | Uint8Array, type?: string) => [
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n`),
    Buffer.from(type ? `Content-Type: ${type}\r\n\r\n` : '\r\n'),
    Buffer.from(value),
    Buffer.from('\r\n'),
  ];
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: Buffer.concat([
      ...part('name="grade"', '1,7'),
      ...part('name="comment"', 'two\r\nlines, “€”'),
      ...part('name="picture"; filename="b\u00e4r.png"', PICTURE, 'image/png'),
      ...part('name="notes"; filename="notes.txt"', 'plain', 'text/plain'),
      Buffer.from(`--${boundary}--\r\n`),
    ]),
  };
}

interface File {
  readonly originalFilename?: string | null;
  readonly originalname?: string;
  readonly mimetype?: string | null;
  readonly filepath?: string;
  readonly buffer?: Buffer;
}

async function describeFile(file: File): Promise<unknown> {
  const bytes = file.buffer ?? (await readFile(file.filepath ?? ''));
  return [file.originalFilename ?? file.originalname, file.mimetype, bytes.length, hash(bytes)];
}

/** What an application has got in the end, with the hash of each file. */
async function report(ctx: Context): Promise<void> {
  const { body, rawBody, files } = ctx.request as { body?: unknown; rawBody?: unknown; files?: unknown };
  const found = Object.values((files ?? {}) as Record<string, File | File[]>).flat();
  ctx.body = JSON.stringify({
    body: Buffer.isBuffer(body) ? body.toString('hex') : body,
    rawBody,
    // Which of two files is on the disk first is a matter of luck.
    files: (await Promise.all(found.map(describeFile))).sort((a, b) => (String(a) < String(b) ? -1 : 1)),
  });
}

/** Reads the raw stream, as an application does that has no parser. */
const rawReader: Layer = async (ctx, next) => {
  const chunks: Buffer[] = [];
  for await (const chunk of ctx.req) chunks.push(chunk);
  Object.assign(ctx.request, { body: hash(Buffer.concat(chunks)) });
  await next();
};

const PARSERS: readonly (readonly [string, () => Layer, readonly string[]])[] = [
  [
    '@koa/bodyparser',
    () => bodyParser({ enableTypes: ['json', 'form', 'text'] }) as Layer,
    ['form', 'gzip', 'JSON', 'text'],
  ],
  [
    'koa-body',
    () => koaBody({ multipart: true, includeUnparsed: true }) as Layer,
    ['form', 'gzip', 'JSON', 'text', 'multipart'],
  ],
  ['@koa/multer', () => multer({ storage: multer.memoryStorage() }).any() as Layer, ['multipart']],
  ['the raw stream', () => rawReader, ['form', 'gzip', 'JSON', 'text', 'multipart', 'octets', 'nothing']],
];

const BODIES: Readonly<Record<string, Sent>> = {
  form: { headers: FORM, body: TEXT },
  gzip: { headers: { ...FORM, 'content-encoding': 'gzip' }, body: gzipSync(TEXT) },
  JSON: { headers: { 'content-type': 'application/json' }, body: Buffer.from('{"a":["€",null]}') },
  text: { headers: { 'content-type': 'text/plain' }, body: Buffer.from('a=1\r\nb=2') },
  multipart: multipart(),
  octets: { headers: { 'content-type': 'application/octet-stream' }, body: bytesOf(5000) },
  nothing: { headers: {}, body: Buffer.alloc(0) },
};

/**
 * An application that answers the first request as it comes, keeps what it was, and takes the second for an empty one
 * that carries it.
 */
async function answers(t: TestContext, parser: Layer, { headers, body }: Sent) {
  const captures = createBodyCaptures();
  let kept: Parameters<typeof replayBody>[1] | undefined;
  const { url } = await appFor(
    t,
    async (ctx, next) => {
      if (kept) {
        assert.equal(replayBody(ctx, kept), 'replayed');
        return next();
      }
      const capture = captures.capture(ctx.req, ctx.res);
      await next();
      const { kind, bytes } = await capture.whole();
      assert.equal(kind, 'complete');
      kept = { method: ctx.method, headers: keptHeaders(ctx), body: Buffer.from(bytes ?? '') };
    },
    parser,
    report,
  );
  const post = async (init: Sent) => {
    const answer = await fetch(`${url}/form`, {
      method: 'POST',
      headers: init.headers,
      body: new Uint8Array(init.body),
    });
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    return JSON.parse(text);
  };
  const first = await post({ headers, body });
  const second = await post({
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.alloc(0),
  });
  return { first, second };
}

for (const [name, make, kinds] of PARSERS) {
  describe(`PP30 behind a capture and a replay, ${name} reads the same both times`, () => {
    for (const kind of kinds) {
      test(`PP6 ${kind}`, async (t) => {
        const { first, second } = await answers(t, make(), BODIES[kind]!);
        assert.deepEqual(second, first);
        assert.ok(first.body !== undefined || first.files.length > 0);
      });
    }
  });
}

test('PP7 names, their order, line breaks and bytes that are no text come back as they were', async (t) => {
  const { second } = await answers(t, bodyParser() as Layer, BODIES.form!);
  assert.equal(second.rawBody, TEXT.toString());
  assert.deepEqual(second.body.a, ['1', '2']);
  assert.equal(second.body.submit, 'x');
});

test('PP6 a picture is the same file after it was kept', async (t) => {
  const { second } = await answers(t, multer().any() as Layer, multipart());
  assert.deepEqual(second.files[0].slice(1), ['image/png', PICTURE.length, hash(PICTURE)]);
  assert.deepEqual(second.body, { grade: '1,7', comment: 'two\r\nlines, “€”' });
});

test('PP5 a wrong boundary stays wrong, and the parser says so both times', async (t) => {
  const { body } = multipart('other');
  const failures: string[] = [];
  const tolerant: Layer = async (ctx, next) => {
    try {
      await (multer().any() as Layer)(ctx, async () => {});
    } catch (error) {
      failures.push(String(error));
    }
    await next();
  };
  await answers(t, tolerant, { headers: { 'content-type': 'multipart/form-data; boundary=wrong' }, body });
  assert.equal(failures.length, 2);
  assert.equal(failures[0], failures[1]);
});
