import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { bytesOf, captureFor, head } from './body-support.ts';
import { assertNotSent, upToResume } from './keep-journey.ts';
import { endSessions, keepScene, pressOn, sha256, signedIn, submit } from './keep-support.ts';

const LIMIT = 10_000;
const CAP = 3 * LIMIT;
const UPLOADS = 12;

test('PP29 many uploads at once never hold more than the cap, and nothing once they are answered', async (t) => {
  const { wire, arrived, captures } = await captureFor(t, { maxBytes: LIMIT, maxHeldBytes: CAP });
  const body = bytesOf(LIMIT);
  const held: number[] = [];
  const wires = Array.from({ length: UPLOADS }, () => wire());
  const requests = await Promise.all(
    wires.map(async (line) => {
      await line.write(head({ 'Content-Length': LIMIT }));
      return arrived();
    }),
  );
  for (const { req } of requests) req.on('data', () => held.push(captures.heldBytes));
  // All of them grow side by side, so that they meet at the cap half-way.
  for (let at = 0; at < LIMIT; at += 1000) {
    await Promise.all(wires.map((line) => line.write(body.subarray(at, at + 1000))));
  }
  const bodies = await Promise.all(requests.map(({ capture }) => capture.whole()));
  held.push(captures.heldBytes);
  assert.ok(Math.max(...held) > LIMIT && Math.max(...held) <= CAP, `${Math.max(...held)}`);
  assert.deepEqual([...new Set(bodies.map(({ kind }) => kind))].sort(), ['complete', 'noRoom']);
  for (const { bytes } of bodies) if (bytes) assert.deepEqual(bytes, body);
  await Promise.all(
    requests.map(({ res }) => new Promise((resolve) => void res.end('answered').once('close', resolve))),
  );
  assert.equal(captures.heldBytes, 0);
});

test('PP29 a form that finds no room is not kept, and there is room when the others are answered', async (t) => {
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const scene = await keepScene(t, {
    options: { keptRequests: { maxBytes: LIMIT, heldBytes: 2 * LIMIT } },
    act: async ({ path }) => void (path === '/slow' && (await gate)),
  });
  const browser = await signedIn(scene);
  const other = await signedIn(scene);
  await endSessions(browser);
  const body = { type: 'application/octet-stream', bytes: bytesOf(LIMIT) };
  // What a handler has not answered yet may have to be kept in the end.
  const slow = [submit(other, scene, '/slow', body), submit(other, scene, '/slow', body)];
  while (scene.begun.filter((one) => one === 'POST /slow').length < 2) await setImmediate();
  const refused = await submit(browser, scene, '/form', body);
  assertNotSent(await refused.settle(), 'ERR_SSO_REQUEST_NO_ROOM');
  open();
  for (const page of await Promise.all(slow)) assert.equal(page.status, 200);
  await endSessions(browser);
  assert.equal((await pressOn(await upToResume(browser, scene, '/form', body))).status, 200);
  assert.equal(scene.seen.at(-1)?.sha256, sha256(body.bytes));
});

test('PP29 what is kept in the store takes no room in memory', async (t) => {
  const scene = await keepScene(t, { options: { keptRequests: { maxBytes: LIMIT, heldBytes: 2 * LIMIT } } });
  const browser = await signedIn(scene);
  await endSessions(browser);
  const body = { type: 'application/octet-stream', bytes: bytesOf(LIMIT) };
  const sent = [];
  for (let one = 0; one < 4; one += 1) sent.push(await submit(browser, scene, `/form?${one}`, body));
  for (const page of sent) assert.equal((await pressOn(await page.settle())).status, 200);
  assert.equal(scene.seen.filter(({ sha256: digest }) => digest === sha256(body.bytes)).length, 4);
});
