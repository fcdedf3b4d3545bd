import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, type TestContext, test } from 'node:test';
import Keyv from 'keyv';
import { createRequestSealers } from '../../src/storage/saved-request-seal.ts';
import { createStore } from '../../src/storage/store.ts';
import type { Browser } from '../support/browser.ts';
import { marker, TEST_SECRET } from '../support/portal.ts';
import {
  codeShown,
  formOf,
  formsOf,
  interrupt,
  linkOf,
  onlyHeld,
  redeployable,
  sendWhenSignedOut,
  signInOn,
} from './keep-safety-support.ts';
import { FORM, type KeepScene, keepScene, pressOn, signedIn } from './keep-support.ts';

const OLD = 'an old secret of the tests, long enough for all';
const NEW = 'a new secret of the tests, long enough for all';

/** A store that a thief can read. */
function openStore() {
  const records = new Map<string, unknown>();
  const keyv = new Keyv({ store: records });
  return { keyv, dump: () => JSON.stringify([...records]), records };
}

/** What a thief who has the secrets of the site as well reads of a kept request. */
function stolen(keyv: Keyv, id: string) {
  const store = createStore({ keyv: new Keyv({ store: keyv.store as Map<string, unknown> }), secrets: [TEST_SECRET] });
  return { store, read: () => store.get<{ label: string; body: string }>('request', id) };
}

describe('PP12 at rest', () => {
  test('PP12 a dump of the store holds nothing of the request, in no encoding', async (t) => {
    const name = marker();
    const texts = { body: marker(), query: marker(), header: marker(), field: marker(), file: marker() };
    const { keyv, dump } = openStore();
    const scene = await keepScene(t, {
      fakeCas: { users: [{ name, password: 'secret' }] },
      options: { store: keyv, keptRequests: { headers: ['x-note'] } },
    });
    const browser = await signedIn(scene, name);
    const part = `--edge\r\nContent-Disposition: form-data; name="${texts.field}"; filename="${texts.file}.txt"\r\n`;
    const page = await sendFrom(browser, scene, `/form?q=${texts.query}`, {
      bytes: Buffer.from(`${part}\r\n${texts.body}\r\n--edge--\r\n`),
      type: 'multipart/form-data; boundary=edge',
      note: texts.header,
    });
    const held = onlyHeld(browser);
    assert.ok((dump().match(/keyv:request:/g) ?? []).length === 1, 'nothing is kept, so this test shows nothing');
    for (const text of [name, ...Object.values(texts), held.id, held.secret]) {
      for (const form of formsOf(text)) assert.ok(!dump().includes(form), `${form} is in the store`);
    }
    await pressOn(await signInOn(page, scene, name));
    assert.equal(scene.seen[0]?.user, name);
  });

  test('PP12 the store and the secrets of the site together do not open it; the cookie does', async (t) => {
    const text = marker();
    const { keyv } = openStore();
    const scene = await keepScene(t, { options: { store: keyv } });
    const browser = await signedIn(scene);
    await interrupt(browser, scene, `/form?q=${text}`, formOf(text));
    const { id, secret } = onlyHeld(browser);
    const record = await stolen(keyv, id).read();
    assert.ok(record);
    for (const form of formsOf(text)) assert.ok(!JSON.stringify(record).includes(form));
    const sealers = createRequestSealers([TEST_SECRET]);
    const guess = sealers(randomBytes(32).toString('base64url'));
    assert.equal(guess?.openLabel(id, record.label), undefined);
    const own = sealers(secret);
    const label = own?.openLabel(id, record.label);
    assert.equal(label?.url, `/form?q=${text}`);
    assert.equal(own?.openBody(id, label, record.body)?.toString(), `answer=${text}`);
    assert.equal(own?.openBody(id, { ...label, url: '/form' }, record.body), undefined);
  });
});

describe('PP12 secrets that change meanwhile', () => {
  async function atLoginForm(t: TestContext) {
    const { keyv } = openStore();
    const scene = await redeployable(t, { secrets: [OLD], store: keyv });
    const browser = await signedIn(scene);
    return { scene, browser };
  }

  test('PP12 the old secret behind the new one: it is sent', async (t) => {
    const { scene, browser } = await atLoginForm(t);
    const form = await sendWhenSignedOut(browser, scene, '/form', formOf('yes'));
    scene.deploy({ secrets: [NEW, OLD] });
    assert.equal((await pressOn(await signInOn(form, scene))).status, 200);
    assert.deepEqual(scene.runs, ['alice POST /form answer=yes']);
  });

  test('PP12 the same between the page and its button', async (t) => {
    const { scene, browser } = await atLoginForm(t);
    const page = await interrupt(browser, scene, '/form', formOf('yes'));
    scene.deploy({ secrets: [NEW, OLD] });
    assert.equal((await pressOn(page)).status, 200);
    assert.deepEqual(scene.runs, ['alice POST /form answer=yes']);
  });

  test('PP12 the old secret is gone: the person is told, and the login works', async (t) => {
    const { scene, browser } = await atLoginForm(t);
    const form = await sendWhenSignedOut(browser, scene);
    scene.deploy({ secrets: [NEW] });
    const failure = await signInOn(form, scene);
    assert.equal(codeShown(failure), 'ERR_SSO_ATTEMPT_UNKNOWN');
    const told = await (await failure.click(linkOf(failure, 'Sign in again'))).settle();
    assert.equal(codeShown(told), 'ERR_SSO_REQUEST_UNKNOWN');
    assert.equal((await browser.get(`${scene.portal.url}/form`)).status, 200);
    assert.deepEqual(scene.runs, []);
    assert.deepEqual(scene.portal.errors, []);
  });

  test('PP12 the same between the page and its button', async (t) => {
    const { scene, browser } = await atLoginForm(t);
    const page = await interrupt(browser, scene);
    scene.deploy({ secrets: [NEW] });
    const told = await pressOn(page);
    assert.equal(told.status, 410);
    assert.equal(codeShown(told), 'ERR_SSO_REQUEST_UNKNOWN');
    const login = await (await told.click(linkOf(told, 'Go back to the page'))).settle();
    assert.equal(login.url.href, `${scene.portal.url}/form`);
    assert.equal(login.status, 200);
    assert.deepEqual(scene.runs, []);
  });
});

describe('PP12 records that somebody changed', () => {
  test('PP12 a changed record is not run, and the person is told', async (t) => {
    const { keyv, records } = openStore();
    const scene = await keepScene(t, { options: { store: keyv } });
    const page = await interrupt(await signedIn(scene), scene);
    const [[key, record] = ['', '']] = [...records].filter(([name]) => name.startsWith('keyv:request:'));
    const changed = String(record).replace(/(.)(.)(",?"?[^"]*"?:?[^"]*)$/, '$2$1$3');
    assert.notEqual(changed, record);
    records.set(key, changed);
    const told = await pressOn(page);
    assert.equal(told.status, 410);
    assert.equal(codeShown(told), 'ERR_SSO_REQUEST_UNKNOWN');
    assert.deepEqual(scene.begun, []);
  });

  test('PP12 who has the secrets of the site cannot put the body of one request into another', async (t) => {
    const { keyv } = openStore();
    const scene = await keepScene(t, { options: { store: keyv } });
    const [victim, thief] = [await signedIn(scene), await signedIn(scene, 'bob')];
    const page = await interrupt(victim, scene, '/form', formOf('mine'));
    await interrupt(thief, scene, '/form', formOf('evil'));
    const [one, other] = [onlyHeld(victim).id, onlyHeld(thief).id].map((id) => ({ id, ...stolen(keyv, id) }));
    const [own, foreign] = [await one?.read(), await other?.read()];
    assert.ok(one && own && foreign);
    await one.store.put('request', one.id, { label: own.label, body: foreign.body }, 60_000);
    const told = await pressOn(page);
    assert.equal(told.status, 403);
    assert.equal(codeShown(told), 'ERR_SSO_REQUEST_FOREIGN');
    assert.deepEqual(scene.begun, []);
  });

  test('PP12 a store that loses the record: the person is told, and the login works', async (t) => {
    const { keyv, records } = openStore();
    const scene = await keepScene(t, { options: { store: keyv } });
    const browser = await signedIn(scene);
    const form = await sendWhenSignedOut(browser, scene, '/form', FORM);
    for (const key of records.keys()) if (/:request(-trace)?:/.test(key)) records.delete(key);
    const told = await signInOn(form, scene);
    assert.equal(told.status, 410);
    assert.equal(codeShown(told), 'ERR_SSO_REQUEST_UNKNOWN');
    assert.equal((await browser.get(`${scene.portal.url}/form`)).status, 200);
    assert.deepEqual(scene.begun, ['GET /form']);
  });

  test('PP12 a store that loses the record before the button is pressed', async (t) => {
    const { keyv, records } = openStore();
    const scene = await keepScene(t, { options: { store: keyv } });
    const browser = await signedIn(scene);
    const page = await interrupt(browser, scene);
    for (const key of records.keys()) if (key.includes(':request:')) records.delete(key);
    const told = await pressOn(page);
    assert.equal(told.status, 410);
    assert.equal(codeShown(told), 'ERR_SSO_REQUEST_UNKNOWN');
    assert.deepEqual(scene.begun, []);
  });
});

interface Upload {
  readonly bytes: Buffer;
  readonly type: string;
  readonly note: string;
}

/** Sends a form with a header of its own when nobody is signed in any more, up to the login form. */
async function sendFrom(browser: Browser, scene: KeepScene, path: string, { bytes, type, note }: Upload) {
  scene.fakeCas.signOutEverybody();
  browser.cookies.clear(/sso-session/);
  const { url } = scene.portal;
  const from = `${url}/form`;
  return (await browser.send(url + path, { bytes, type }, { from, headers: { 'x-note': note } })).settle();
}

test('PP12 the page that sends a request again does not show what is in it', async (t) => {
  const text = marker();
  const scene = await keepScene(t);
  const page = await interrupt(await signedIn(scene), scene, '/form', formOf(text));
  assert.ok(!page.body.includes(text));
});
