import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { bodyParser } from '@koa/bodyparser';
import multer from '@koa/multer';
import type { Context } from 'koa';
import { koaBody } from 'koa-body';
import type { Layer } from './body-support.ts';
import { multipart, PAYLOADS, type Payload } from './keep-payloads.ts';
import { pressOn, REGISTRY, sha256, signedIn } from './keep-support.ts';
import { ENTRIES, type Entry, formHeaders, sendBare, watchedScene } from './keep-wire.ts';

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
];

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const text = Buffer.from('a=1&a=2&=&submit=x&line=1%0D%0A2&plus=1+2&euro=%E2%82%AC&bad=%ff');
const BODIES: Readonly<Record<string, Pick<Payload, 'headers' | 'bytes'>>> = {
  form: { headers: FORM, bytes: text },
  gzip: { headers: { ...FORM, 'content-encoding': 'gzip' }, bytes: gzipSync(text) },
  JSON: PAYLOADS.find(({ name }) => name === 'JSON')!,
  text: { headers: { 'content-type': 'text/plain' }, bytes: Buffer.from('a=1\r\nb=2') },
  multipart: multipart('----WebKitFormBoundary7MA4YWxk'),
};

interface File {
  readonly originalFilename?: string | null;
  readonly originalname?: string;
  readonly mimetype?: string | null;
  readonly filepath?: string;
  readonly buffer?: Buffer;
}

async function describeFile(file: File): Promise<unknown> {
  const bytes = file.buffer ?? (await readFile(file.filepath ?? ''));
  return [file.originalFilename ?? file.originalname, file.mimetype, sha256(bytes)];
}

/** What an application has got of a request in the end. */
async function gotten(ctx: Context): Promise<unknown> {
  const { body, rawBody, files } = ctx.request as { body?: unknown; rawBody?: unknown; files?: unknown };
  const found = Object.values((files ?? {}) as Record<string, File | File[]>).flat();
  // Which of two files is on the disk first is a matter of luck.
  const described = (await Promise.all(found.map(describeFile))).sort((a, b) => (String(a) < String(b) ? -1 : 1));
  return structuredClone({ body: { ...Object(body) }, rawBody, files: described });
}

/** What a handler behind a parser gets of a request that nothing interrupts, and of the same one over a login. */
async function bothWays(t: TestContext, entry: Entry, parser: Layer, { headers, bytes }: (typeof BODIES)[string]) {
  const got: unknown[] = [];
  const scene = await watchedScene(t, {
    mount(app, sso) {
      app.use(sso.session(app));
      app.use(sso.routes());
      app.use(parser);
      app.use(sso.requireLogin({ keepBody: true }));
      app.use(async (ctx) => {
        if (ctx.path.startsWith('/file')) await ctx.sso.proxyTicket(REGISTRY);
        if (ctx.method === 'POST') got.push(await gotten(ctx as unknown as Context));
        ctx.body = 'done';
      });
    },
  });
  const browser = await signedIn(scene);
  const send = () =>
    sendBare(browser, `${scene.portal.url}${entry.path}`, {
      headers: { ...formHeaders(scene, browser), ...headers },
      bytes,
    });
  assert.equal((await send()).status, 200);
  await entry.interrupt(scene, browser);
  const done = await pressOn(await (await send()).settle());
  assert.equal(done.status, 200, done.body);
  return got as readonly { readonly body: object; readonly files: readonly unknown[] }[];
}

for (const entry of ENTRIES) {
  for (const [name, parserOf, kinds] of PARSERS) {
    for (const kind of kinds) {
      test(`PP30 PP6 ${entry.name}: ${name} in front of the guard reads ${kind} as if no login had come between`, async (t) => {
        const got = await bothWays(t, entry, parserOf(), BODIES[kind]!);
        assert.equal(got.length, 2);
        assert.deepEqual(got[1], got[0]);
        assert.ok(Object.keys(got[0]!.body).length > 0);
        assert.equal(got[0]!.files.length, kind === 'multipart' ? 2 : 0);
      });
    }
  }

  test(`PP5 PP30 ${entry.name}: a parser takes a boundary that is wrong for wrong after the login as well`, async (t) => {
    const failures: string[] = [];
    const tolerant: Layer = async (ctx, next) => {
      try {
        await (multer().any() as Layer)(ctx, async () => {});
      } catch (error) {
        failures.push(`${ctx.method} ${String(error)}`);
      }
      await next();
    };
    await bothWays(t, entry, tolerant, multipart('one', 'another'));
    assert.equal(failures.length, 3, failures.join('\n'));
    assert.equal(new Set(failures).size, 1, failures.join('\n'));
  });
}
