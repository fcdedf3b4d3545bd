import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf, head } from './body-support.ts';
import { FORM, pressOn, sha256, signedIn, submit } from './keep-support.ts';
import { E1, ENTRIES, formHeaders, posted, sendBare, watchedScene, wireFor } from './keep-wire.ts';

/** As long as the form that carries a kept request. */
const CARRIER_BYTES = 'campus-sso-resume='.length + 22 + '.'.length + 43;

test('PP8 a limit below the size of the form that carries a kept request does not stop that form', async (t) => {
  const scene = await watchedScene(t, { options: { keptRequests: { maxBytes: 10 } } });
  const browser = await signedIn(scene);
  await E1.interrupt(scene, browser);
  const sent = { headers: formHeaders(scene, browser), bytes: Buffer.from('ten bytes.') };
  const page = await (await sendBare(browser, `${scene.portal.url}${E1.path}`, sent)).settle();
  await pressOn(page);
  assert.deepEqual(
    posted(scene).map(({ sha256: digest }) => digest),
    [sha256(sent.bytes)],
  );
});

test('PP29 a kept request can be sent while there is no room for other bodies', async (t) => {
  const scene = await watchedScene(t, { options: { keptRequests: { maxBytes: 1000, heldBytes: 2000 } } });
  const browser = await signedIn(scene);
  await E1.interrupt(scene, browser);
  const page = await (await submit(browser, scene, E1.path)).settle();
  const open = await wireFor(t, scene);
  const headers = { ...formHeaders(scene, browser), 'Content-Length': 1000 };
  for (let count = 0; count < 3; count += 1) await open().write(head(headers, E1.path), bytesOf(999));
  while (scene.begun.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  await pressOn(page);
  assert.deepEqual(
    posted(scene).map(({ sha256: digest }) => digest),
    [sha256(FORM.bytes)],
  );
});

for (const entry of ENTRIES) {
  for (const isWaiting of [false, true]) {
    test(`PP5 ${entry.name}: a form as long as a carrier is kept${isWaiting ? ' while another one waits' : ''}`, async (t) => {
      const scene = await watchedScene(t);
      const browser = await signedIn(scene);
      if (isWaiting) {
        await E1.interrupt(scene, browser);
        await (await submit(browser, scene, '/form/other')).settle();
      }
      await entry.interrupt(scene, browser);
      const bytes = Buffer.from('note='.padEnd(CARRIER_BYTES, 'x'));
      const page = await (await submit(browser, scene, entry.path, { ...FORM, bytes })).settle();
      await pressOn(page);
      assert.equal(posted(scene)[0]?.sha256, sha256(bytes));
    });
  }
}
