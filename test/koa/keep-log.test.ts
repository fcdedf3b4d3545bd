import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Browser } from '../support/browser.ts';
import { marker } from '../support/portal.ts';
import { fillIn, type KeptCookie, keptCookies, openShelf, upToResume } from './keep-journey.ts';
import { endSessions, FORM, type KeepScene, keepScene, pressOn, signedIn, submit } from './keep-support.ts';
import { stoppedClock } from './support.ts';

const FIELD = marker();
const VALUE = marker();
const BODY = { type: `${FORM.type}; charset=utf-8`, bytes: Buffer.from(`${FIELD}=${VALUE}&note=${VALUE}`) };

async function start(t: TestContext) {
  const clock = stoppedClock();
  const store = openShelf();
  const scene = await keepScene(t, {
    options: { store, clock, keptRequests: { maxBytes: 1000 } },
    fakeCas: { clock },
  });
  const browser = await signedIn(scene);
  await endSessions(browser);
  scene.portal.log.length = 0;
  scene.portal.journal.length = 0;
  return { clock, store, scene, browser };
}

/** What must not come to light of a request, whole or in its beginning. */
function secretsOf(cookies: readonly KeptCookie[]): readonly string[] {
  const parts = cookies.flatMap(({ handle, id, secret, browser, attempt }) => [handle, id, secret, browser, attempt]);
  return [FIELD, VALUE, ...parts.filter((part) => part !== '').map((part) => part.slice(0, 8))];
}

function assertSilent({ portal }: KeepScene, cookies: readonly KeptCookie[]): void {
  const told = `${portal.log.join('\n')}\n${JSON.stringify(portal.journal)}`;
  assert.ok(cookies.length > 0 && portal.log.length > 0 && portal.journal.length > 0);
  for (const secret of secretsOf(cookies)) assert.ok(!told.includes(secret), `${secret} in ${told}`);
}

type Ending = (started: Awaited<ReturnType<typeof start>>) => Promise<KeptCookie[]>;

async function kept({ scene, browser }: { readonly scene: KeepScene; readonly browser: Browser }) {
  const page = await upToResume(browser, scene, '/form', BODY);
  return { page, cookies: [...keptCookies(browser)] };
}

const ENDINGS: Readonly<Record<string, Ending>> = {
  async 'is sent again, and then once more'(started) {
    const { page, cookies } = await kept(started);
    assert.equal((await pressOn(page)).status, 200);
    assert.equal((await pressOn(page)).status, 409);
    return cookies;
  },
  async 'is discarded'(started) {
    const { page, cookies } = await kept(started);
    const form = page.forms[1];
    assert.ok(form);
    assert.equal((await page.submit(form)).status, 200);
    return cookies;
  },
  async 'comes too late'(started) {
    const { page, cookies } = await kept(started);
    started.clock.advance(601);
    assert.equal((await pressOn(page)).status, 410);
    return cookies;
  },
  async 'meets somebody else'({ scene, browser }) {
    scene.fakeCas.signOutEverybody();
    const form = await (await submit(browser, scene, '/form', BODY)).settle();
    const cookies = [...keptCookies(browser)];
    await fillIn(form, scene, 'bob');
    return cookies;
  },
  async 'cannot be stored'({ store, scene, browser }) {
    const { cookies } = await kept({ scene, browser });
    await endSessions(browser);
    store.fail('throws', 'set request');
    await (await submit(browser, scene, '/form', BODY)).settle();
    return cookies;
  },
  async 'is too large'({ scene, browser }) {
    const { cookies } = await kept({ scene, browser });
    await endSessions(browser);
    const bytes = Buffer.concat([BODY.bytes, Buffer.alloc(1000, 'x')]);
    await (await submit(browser, scene, '/form', { ...BODY, bytes })).settle();
    return cookies;
  },
};

for (const [name, end] of Object.entries(ENDINGS)) {
  test(`PP26 log and journal hold nothing of a form that ${name}, and no id or secret`, async (t) => {
    const started = await start(t);
    assertSilent(started.scene, await end(started));
  });
}

test('PP26 the log tells size, type and digest of what is kept, and the digest again when it runs', async (t) => {
  const started = await start(t);
  const { page } = await kept(started);
  await pressOn(page);
  const { scene } = started;
  const { id } = scene.seen[0]?.replay ?? {};
  assert.match(id ?? '', /^[\w-]{22}$/);
  const size = `${BODY.bytes.length} bytes`;
  const lines = scene.portal.log.filter((line) => line.includes(id ?? ''));
  assert.deepEqual(lines, [
    `info Request ${id} is kept over a login: ${size}, application/x-www-form-urlencoded`,
    `info Request ${id} is sent again: ${size}`,
  ]);
});

test('PP26 a Content-Type that is no name of a type does not come to the log', async (t) => {
  const scene = await keepScene(t);
  const browser = await signedIn(scene);
  await endSessions(browser);
  await submit(browser, scene, '/form', { type: `text/${VALUE} signed in as admin`, bytes: FORM.bytes });
  const lines = scene.portal.log.filter((line) => line.includes('is kept over a login'));
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /bytes, no type$/);
});

test('PP26 the log tells of a form that was erased, by its digest', async (t) => {
  const started = await start(t);
  await ENDINGS['is discarded']?.(started);
  const digests = started.scene.portal.log.flatMap((line) => / Request ([\w-]{22}) is /.exec(line)?.[1] ?? []);
  assert.equal(digests.length, 2);
  assert.equal(new Set(digests).size, 1);
  assert.ok(started.scene.portal.log.includes(`info Request ${digests[0]} is erased`));
});

describe('PP26 the journal tells, in the story of its login, that a request', () => {
  const STORIES: readonly (readonly [string, string, string])[] = [
    ['was resumed', 'request.resumed', 'is sent again, and then once more'],
    ['was discarded', 'request.discarded', 'is discarded'],
    ['expired', 'request.expired', 'comes too late'],
  ];
  for (const [name, event, ending] of STORIES) {
    test(name, async (t) => {
      const started = await start(t);
      await ENDINGS[ending]?.(started);
      const { journal } = started.scene.portal;
      const last = journal.filter((entry) => entry.event === event);
      assert.equal(last.length, 1);
      const story = journal.filter(({ attempt }) => attempt === last[0]?.attempt).map((entry) => entry.event);
      for (const earlier of ['request.saved', 'return.ticket', 'session.opened', event]) {
        assert.equal(story.filter((one) => one === earlier).length, 1, `${earlier} in ${story}`);
      }
      assert.equal(story.at(-1), event);
    });
  }

  test('was not kept', async (t) => {
    const started = await start(t);
    started.store.fail('throws', 'set request');
    await (await submit(started.browser, started.scene, '/form', BODY)).settle();
    const events = started.scene.portal.journal.map(({ event }) => event);
    assert.ok(events.includes('request.notSaved') && !events.includes('request.saved'), `${events}`);
  });
});
