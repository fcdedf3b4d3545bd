import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { createMemoryKeyv } from '../../src/index.ts';
import type { Page } from '../support/browser.ts';
import { marker } from '../support/portal.ts';
import {
  carry,
  codeShown,
  formOf,
  heldBy,
  interrupt,
  linkOf,
  onlyHeld,
  sendWhenSignedOut,
  signInOn,
  titleOf,
} from './keep-safety-support.ts';
import {
  endSessions,
  expireGrants,
  FORM,
  type KeepScene,
  keepScene,
  pressOn,
  signedIn,
  submit,
} from './keep-support.ts';
import { stoppedClock } from './support.ts';

const OTHER_PERSON = 'ERR_SSO_REQUEST_OTHER_PERSON';

/** A scene, and how many requests lie in its store. */
async function counted(t: TestContext, setup: Parameters<typeof keepScene>[1] = {}) {
  const keyv = createMemoryKeyv();
  const waiting = new Set<string>();
  const { set, delete: remove } = keyv;
  keyv.set = async (key: string, value: unknown, ttl?: number) => {
    if (key.startsWith('request:')) waiting.add(key);
    return set.call(keyv, key, value, ttl);
  };
  keyv.delete = (async (key: string) => {
    if (!key.startsWith('request:')) return remove.call(keyv, key);
    const isGone = await remove.call(keyv, key);
    if (isGone) waiting.delete(key);
    return isGone;
  }) as typeof keyv.delete;
  const scene = await keepScene(t, { ...setup, options: { store: keyv, ...setup.options } });
  return { scene, waiting };
}

/** Bob is on a page that says that somebody else had sent something; it is gone, and none of it was run. */
async function assertDestroyed(told: Page, scene: KeepScene, waiting: ReadonlySet<string>): Promise<void> {
  assert.equal(codeShown(told), OTHER_PERSON, told.body);
  assert.equal(titleOf(told), 'Sent by somebody else');
  assert.equal(waiting.size, 0, 'it still lies in the store');
  assert.ok(
    scene.portal.journal.some(({ effects, to }) => effects.includes('discardRequest') && to === 'authenticated'),
  );
  const next = await told.click('/form');
  assert.equal(JSON.parse(next.body).seen.user, 'bob');
  assert.equal(JSON.parse(next.body).seen.visits, 1, 'bob got the session of alice');
  assert.deepEqual(
    scene.seen.filter(({ user }) => user === 'bob').map(({ method }) => method),
    ['GET'],
  );
}

describe('somebody else comes back', () => {
  test('PP15 after the end of a session: destroyed at once, and told', async (t) => {
    const { scene, waiting } = await counted(t);
    const browser = await signedIn(scene);
    const form = await sendWhenSignedOut(browser, scene);
    const held = onlyHeld(browser);
    assert.equal(waiting.size, 1);
    const told = await signInOn(form, scene, 'bob');
    assert.equal(told.url.pathname, '/sso/not-sent');
    await assertDestroyed(told, scene, waiting);
    assert.equal((await carry(browser, scene, held)).status, 403);
    assert.equal(scene.seen.filter(({ method }) => method === 'POST').length, 0);
  });

  test('PP15 after an expired grant: destroyed at once, and told', async (t) => {
    const { scene, waiting } = await counted(t);
    const browser = await signedIn(scene);
    assert.equal(JSON.parse((await browser.get(`${scene.portal.url}/form`)).body).seen.visits, 2);
    scene.seen.length = 0;
    expireGrants(scene);
    scene.fakeCas.signOutEverybody();
    const form = await (await submit(browser, scene, '/file')).settle();
    assert.equal(waiting.size, 1);
    await assertDestroyed(await signInOn(form, scene, 'bob'), scene, waiting);
  });

  test('PP15 after a step-up: destroyed at once, and told', async (t) => {
    const clock = stoppedClock();
    const guard = { keepBody: true, maxAge: 60 };
    const { scene, waiting } = await counted(t, { guard, options: { clock } });
    const browser = await signedIn(scene);
    clock.advance(120);
    const form = await (await submit(browser, scene, '/form')).settle();
    assert.equal(waiting.size, 1);
    assert.deepEqual(scene.begun, []);
    await assertDestroyed(await signInOn(form, scene, 'bob'), scene, waiting);
  });

  test('PP15 the same person after a step-up: it is sent', async (t) => {
    const clock = stoppedClock();
    const scene = await keepScene(t, { guard: { keepBody: true, maxAge: 60 }, options: { clock } });
    const browser = await signedIn(scene);
    clock.advance(120);
    const form = await (await submit(browser, scene, '/form')).settle();
    assert.equal((await pressOn(await signInOn(form, scene))).status, 200);
    assert.deepEqual(scene.begun, ['POST /form']);
    assert.equal(scene.seen[0]?.visits, 2, 'the session of the same person was not kept');
  });

  test('PP15 the journal and the log say so, without saying who', async (t) => {
    const names = [`first${marker()}`, `second${marker()}`] as const;
    const users = names.map((name) => ({ name, password: 'secret' }));
    const scene = await keepScene(t, { fakeCas: { users } });
    const browser = await signedIn(scene, names[0]);
    const form = await sendWhenSignedOut(browser, scene);
    const { id } = onlyHeld(browser);
    await signInOn(form, scene, names[1]);
    const last = scene.portal.journal.at(-1);
    assert.equal(last?.code, OTHER_PERSON);
    const written = JSON.stringify(scene.portal.journal) + scene.portal.log.join('\n');
    assert.match(scene.portal.log.join('\n'), /^info Request [\w-]{22} is erased$/m);
    for (const secret of [...names, id]) assert.ok(!written.includes(secret), `${secret} is written down`);
  });

  test('PP15 the other person signs in on the side: what waits is erased, the open page sends nothing', async (t) => {
    const { scene, waiting } = await counted(t);
    const browser = await signedIn(scene);
    const page = await interrupt(browser, scene);
    scene.fakeCas.signOutEverybody();
    await endSessions(browser);
    await signInOn(await (await browser.get(`${scene.portal.url}/elsewhere`)).settle(), scene, 'bob');
    assert.equal(waiting.size, 0);
    const told = await pressOn(page);
    assert.equal(told.status, 403);
    assert.equal(codeShown(told), 'ERR_SSO_REQUEST_FOREIGN');
    assert.deepEqual(scene.begun, ['GET /elsewhere']);
  });

  test('PP15 the other person has the cookie too: the request is destroyed when they open the page or press its button', async (t) => {
    for (const press of [true, false]) {
      const { scene, waiting } = await counted(t);
      const alice = await signedIn(scene);
      const bob = await signedIn(scene, 'bob');
      const page = await interrupt(alice, scene);
      const { name, handle, id } = onlyHeld(alice);
      const value = alice.cookies.all().find((cookie) => cookie.name === name)?.value;
      bob.cookies.store(new URL(scene.portal.url), [`${name}=${value}; path=/; httponly`]);
      const told = press ? await carry(bob, scene, { handle, id }) : await bob.get(page.url);
      assert.equal(told.status, 403);
      assert.equal(codeShown(told), OTHER_PERSON);
      assert.equal(waiting.size, 0, press ? 'after the button' : 'after the page');
      assert.equal(codeShown(await pressOn(page)), 'ERR_SSO_REQUEST_DISCARDED');
      assert.deepEqual(scene.begun, []);
    }
  });
});

describe('nobody was signed in when it was sent', () => {
  const guard = { keepBody: { anonymous: true } } as const;
  const sendAnonymously = async (scene: KeepScene, path = '/form?a=1&b=<i>') => {
    const browser = scene.browser();
    return { browser, form: await (await submit(browser, scene, path, formOf('yes'))).settle() };
  };

  test('PP16 off by default: not kept, told after the login', async (t) => {
    const { scene, waiting } = await counted(t);
    const { browser, form } = await sendAnonymously(scene);
    assert.equal(waiting.size, 0);
    assert.deepEqual(heldBy(browser), []);
    const told = await signInOn(form, scene);
    assert.equal(codeShown(told), 'ERR_SSO_REQUEST_NOBODYS');
    assert.equal(told.status, 200);
    assert.deepEqual(scene.begun, []);
    assert.equal((await told.click(linkOf(told, 'Go back to the page'))).status, 200);
  });

  test('PP16 on: a page names path and host, has no script, and nothing runs before its button', async (t) => {
    const scene = await keepScene(t, { guard });
    const { form } = await sendAnonymously(scene, '/form?a=1&b=%3Ci%3E');
    const page = await signInOn(form, scene);
    assert.equal(page.status, 200);
    assert.equal(titleOf(page), 'Do you want to send this?');
    assert.match(page.body, /<dd>POST \/form\?a=1&#38;b=%3Ci%3E<\/dd>/);
    assert.ok(page.body.includes(`<dd>${new URL(scene.portal.url).host}</dd>`));
    assert.match(page.body, /<dd>alice<\/dd>/);
    assert.doesNotMatch(page.body, /<script|onload|http-equiv/i);
    assert.doesNotMatch(page.headers.get('content-security-policy') ?? '', /script-src/);
    assert.deepEqual(scene.begun, []);
    const done = await pressOn(page);
    assert.equal(done.status, 200, done.body);
    assert.deepEqual(scene.begun, ['POST /form?a=1&b=%3Ci%3E']);
    assert.equal(scene.seen[0]?.length, formOf('yes').bytes.length);
  });

  test('PP16 whoever signs in is asked; without an answer nothing is sent', async (t) => {
    const scene = await keepScene(t, { guard });
    const { browser, form } = await sendAnonymously(scene);
    const page = await signInOn(form, scene, 'bob');
    assert.match(page.body, /<dd>bob<\/dd>/);
    for (let visits = 0; visits < 3; visits += 1) await (await browser.get(page.url)).settle();
    assert.deepEqual(scene.begun, []);
  });

  test('PP16 “Do not send it” erases the request', async (t) => {
    const { scene, waiting } = await counted(t, { guard });
    const { form } = await sendAnonymously(scene);
    const page = await signInOn(form, scene);
    const [send, erase] = page.forms;
    assert.ok(send && erase);
    const told = await page.submit(erase);
    assert.equal(told.status, 200, told.body);
    assert.equal(titleOf(told), 'Erased, and not sent');
    assert.equal(waiting.size, 0);
    assert.equal(scene.portal.journal.at(-1)?.event, 'request.discarded');
    const late = await page.submit(send);
    assert.equal(late.status, 410);
    assert.equal(codeShown(late), 'ERR_SSO_REQUEST_DISCARDED');
    assert.deepEqual(scene.begun, []);
  });

  test('PP16 who was signed in here before is known, so nobody is asked', async (t) => {
    const scene = await keepScene(t, { guard });
    const page = await interrupt(await signedIn(scene), scene, '/form', FORM);
    assert.equal(titleOf(page), 'You are signed in again');
  });

  test('PP16 who signed out is forgotten: what is sent then is nobody’s', async (t) => {
    const scene = await keepScene(t);
    const browser = await signedIn(scene);
    await browser.post(`${scene.portal.url}/sso/logout?scope=here`, {}, { from: `${scene.portal.url}/form` });
    const told = await (await submit(browser, scene, '/form')).settle();
    assert.equal(codeShown(told), 'ERR_SSO_REQUEST_NOBODYS');
    assert.deepEqual(scene.begun, []);
  });
});
