import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Context } from 'koa';
import { chunked, head } from './body-support.ts';
import { PAYLOADS, type Payload } from './keep-payloads.ts';
import { pressOn, REGISTRY, sha256, signedIn } from './keep-support.ts';
import {
  answerOn,
  assertTold,
  begunWith,
  ENTRIES,
  type Entry,
  formHeaders,
  posted,
  sendBare,
  watchedScene,
  wireFor,
} from './keep-wire.ts';

/** What says how to read a body. */
const READING = [
  'content-type',
  'content-encoding',
  'content-language',
  'content-length',
  'transfer-encoding',
] as const;

type Reading = Readonly<Record<string, string>>;

function readingOf(ctx: Context): Reading {
  return Object.fromEntries(READING.flatMap((name) => (ctx.get(name) === '' ? [] : [[name, ctx.get(name)]])));
}

/** A scene with a limit, and a browser whose login is gone; `readings` are the headers that the handler has seen. */
async function interrupted(t: TestContext, entry: Entry, maxBytes: number) {
  const readings: Reading[] = [];
  const scene = await watchedScene(t, {
    options: { keptRequests: { maxBytes } },
    async act(ctx) {
      if (entry.name === 'E2') await ctx.sso.proxyTicket(REGISTRY);
      readings.push(readingOf(ctx));
    },
  });
  const browser = await signedIn(scene);
  await entry.interrupt(scene, browser);
  readings.length = 0;
  return { scene, browser, readings };
}

type Interrupted = Awaited<ReturnType<typeof interrupted>>;

async function send({ scene, browser }: Interrupted, { path }: Entry, { headers, bytes }: Payload, isChunked: boolean) {
  const all = { ...formHeaders(scene, browser), ...headers };
  const answer = await sendBare(browser, `${scene.portal.url}${path}`, { headers: all, bytes, chunked: isChunked });
  assert.equal(answer.status, 303, answer.body);
  return answer.settle();
}

/** A limit below the carrier of a kept request would be one for the carrier as well; see keep-limits.test.ts. */
const limitFor = ({ bytes }: Payload) => Math.max(bytes.length, 100);

for (const entry of ENTRIES) {
  describe(`PP5 PP6 PP7 ${entry.name}: what was sent reaches the handler byte for byte`, () => {
    for (const payload of PAYLOADS) {
      for (const [framing, isChunked] of [
        ['of the largest size', false],
        ['of the largest size, in chunks', true],
      ] as const) {
        test(`PP5 PP6 PP7 ${entry.name}: ${payload.name}, ${framing}`, async (t) => {
          const met = await interrupted(t, entry, limitFor(payload));
          const done = await pressOn(await send(met, entry, payload, isChunked));
          assert.equal(done.status, 200, done.body);
          const { bytes, headers } = payload;
          assert.deepEqual(
            posted(met.scene).map((seen) => [seen.sha256, seen.type, seen.url]),
            [[sha256(bytes), headers['content-type'] ?? '', entry.path]],
          );
          assert.deepEqual(met.readings, [{ ...headers, 'content-length': `${bytes.length}` }]);
        });
      }
    }
  });

  describe(`PP8 ${entry.name}: one byte more than the limit`, () => {
    for (const payload of PAYLOADS.filter(({ bytes }) => bytes.length > 0)) {
      for (const isChunked of [false, true]) {
        test(`PP8 ${entry.name}: ${payload.name}${isChunked ? ', in chunks' : ''}`, async (t) => {
          const met = await interrupted(t, entry, payload.bytes.length - 1);
          const page = await send(met, entry, payload, isChunked);
          assert.deepEqual(met.scene.stored, []);
          assert.equal(begunWith(met.scene).length, entry.begun);
          await assertTold(met.scene, page, 'ERR_SSO_REQUEST_TOO_LARGE');
        });
      }
    }
  });

  test(`PP8 ${entry.name}: what follows the length that was said is another request, and not of the body`, async (t) => {
    const { scene, browser } = await interrupted(t, entry, 1000);
    const wire = (await wireFor(t, scene))();
    const framed = (text: string) =>
      head({ ...formHeaders(scene, browser), 'Content-Length': text.length }, entry.path) + text;
    await wire.write(framed('the first of two'), framed('another'));
    const page = await (await answerOn(browser, scene, wire, 303)).settle();
    await pressOn(page);
    assert.equal(posted(scene)[0]?.sha256, sha256(Buffer.from('the first of two')));
  });

  test(`PP8 ${entry.name}: with a length and chunks as well, nothing reaches the application`, async (t) => {
    const { scene, browser } = await interrupted(t, entry, 1000);
    const wire = (await wireFor(t, scene))();
    const both = { ...formHeaders(scene, browser), 'Content-Length': 5, 'Transfer-Encoding': 'chunked' };
    await wire.write(head(both, entry.path), chunked(['longer than five']));
    await wire.until('HTTP/1.1 400 ');
    assert.deepEqual(begunWith(scene), []);
    assert.deepEqual(scene.stored, []);
  });
}
