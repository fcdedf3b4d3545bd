import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { receiptPage } from '../../examples/demo/pages/receipt.ts';
import { createDevelopmentCa, startFakeCas } from '../../src/testing/index.ts';
import { decodeEntities } from '../support/html-form.ts';
import { FILLED, GRADES, handIn, hash, multipart, resume, SCAN, TABLE, typedIn } from './demo-grades-scene.ts';
import {
  alice,
  fillIn,
  openBrowser,
  press,
  runDemo,
  runWithServer,
  signIn,
  signInWithRaven,
  textOf,
} from './demo-scene.ts';

const EXPIRE = '/grades/expire';
const AGAIN = '/grades/sign-in-again';

/** A demo, and a browser in which somebody has it open at the form. */
async function openForm(t: TestContext, user = alice) {
  const demo = await runDemo(t);
  const browser = openBrowser(t);
  return { ...demo, browser, page: await signIn(browser, demo.portal + GRADES, user) };
}

test('the form can be handed in as it is, and everything of it arrives', async (t) => {
  const { browser, page, portal } = await openForm(t);
  assert.equal(page.url.href, portal + GRADES);
  assert.match(
    textOf(page),
    /1\. Let my grant expire .* 2\. Fill in and hand in You have handed in 0 times in this session/,
  );
  assert.match(page.body, /<a href="\/grades" aria-current="page">Grades<\/a>/);
  const typed = typedIn(page);
  assert.deepEqual(
    typed.map(([name]) => name),
    ['course', 'student', 'grade', 'student', 'grade', 'student', 'grade', 'comment'],
  );

  const receipt = await handIn(browser, page, multipart(typed));
  assert.equal(receipt.status, 200);
  const text = textOf(receipt);
  assert.match(text, /Grades handed in The portal has your grades\./);
  assert.match(text, /Students Augusta King Charles Babbage Zoë Müller-Señán Grades 1\.0 2\.3 1\.7 Comment /);
  assert.match(text, /No file came with it\. .* Sent Once no sign-in came between .* Idempotency-Key \S{22} /);
  assert.match(text, /Countersigned for alice by the library/);
});

test('duplicates, lines, a name with accents and the bytes of files arrive as they were', async (t) => {
  const { browser, page } = await openForm(t);
  const body = multipart(FILLED);
  const receipt = await handIn(browser, page, body);
  assert.equal(receipt.status, 200);
  const typed = [...receipt.body.matchAll(/<dd class="typed">(.*?)<\/dd>/gs)].map(([, value = '']) =>
    decodeEntities(value.replace(/<\/li><li>/g, '|').replace(/<\/?(ol|li)>/g, '')),
  );
  assert.deepEqual(typed, ['Algebra & “Logic”', 'Ada|Zoë|<b>Bob</b>', '1.0|1.0|', 'one\r\n\r\n  two']);
  const text = textOf(receipt);
  for (const expected of [
    `Mark sheet Prüfung "2".csv , 18 bytes SHA-256 ${hash(TABLE)}`,
    `Evidence scan.png , 70,000 bytes SHA-256 ${hash(SCAN)}`,
    `SHA-256 of the whole request body ${hash(body.bytes)} ${body.bytes.length.toLocaleString('en-GB')} bytes`,
  ]) {
    assert.ok(text.includes(expected), `${expected} in: ${text}`);
  }
});

test('the session counts the forms, and one that comes twice under the same key once', async (t) => {
  const { browser, page, portal } = await openForm(t);
  const counts: unknown[] = [];
  for (const key of [undefined, undefined, 'key-1', 'key-1', 'key-2']) {
    const receipt = await handIn(browser, page, multipart(FILLED), key ? { 'idempotency-key': key } : {});
    counts.push(/You have handed in (\d+ times?) in this session/.exec(textOf(receipt))?.[1]);
    assert.match(textOf(receipt), new RegExp(`Idempotency-Key ${key ?? '\\S{22}'} `));
  }
  assert.deepEqual(counts, ['1 time', '2 times', '3 times', '3 times', '4 times']);
  assert.match(
    textOf(await browser.get(portal + GRADES)),
    /You have handed in 4 times in this session, last for Algebra & “Logic” ?\./,
  );
});

test('the button makes the login server forget the grant, and the next form finds that out', async (t) => {
  const { browser, page, portal, output } = await openForm(t);
  const bob = openBrowser(t);
  const other = await signIn(bob, portal + GRADES, { name: 'bob', password: 'builder' });

  const notice = await press(page, EXPIRE);
  assert.equal(notice.url.href, portal + GRADES);
  assert.match(
    textOf(notice),
    /Your proxy grant has expired at the login server\. Now hand in the grades: you will be signed in again, and nothing of the form is lost\./,
  );
  assert.doesNotMatch(textOf(await browser.get(portal + GRADES)), /has expired/, 'said once');

  const body = multipart(FILLED);
  const receipt = await resume(await handIn(browser, page, body));
  assert.equal(receipt.status, 200);
  const text = textOf(receipt);
  assert.match(text, /Sent again after you signed in: kept at .* as it was, to the byte\./);
  assert.ok(text.includes(`SHA-256 of the whole request body ${hash(body.bytes)} `), text);
  assert.match(text, /handed in 1 time /);
  assert.match(output(), /grant\.expired/);
  assert.equal((await handIn(bob, other, multipart(FILLED))).status, 200, 'nobody else lost theirs');
  assert.equal((await handIn(browser, page, multipart(FILLED))).status, 200, 'the new grant works');
});

test('no other page can hand in grades or press the button', async (t) => {
  const { browser, page, portal, output } = await openForm(t);
  const foreign = { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' };
  const refused = await handIn(browser, page, multipart(FILLED), foreign);
  assert.equal(refused.status, 403);
  assert.match(textOf(refused), /This form is not ours/);
  for (const path of [EXPIRE, AGAIN]) {
    for (const from of ['http://localhost:1/', 'https://elsewhere.example/']) {
      assert.equal((await browser.post(portal + path, {}, { from })).status, 403, `${path} from ${from}`);
    }
  }
  assert.doesNotMatch(output(), /proxy-ticket/);
  const receipt = await handIn(browser, page, multipart(FILLED));
  assert.equal(receipt.status, 200, 'the grant is there still, and so is the login');
  assert.match(textOf(receipt), /handed in 1 time /);
});

test('what is too large, or no such form, is refused in words', async (t) => {
  const { browser, page } = await openForm(t);
  const large = multipart([...FILLED, ['evidence', { name: 'b', bytes: Buffer.alloc(140_000) }]]);
  const { type } = large;
  for (const [body, status, text] of [
    [large, 413, /The files are too large The form and its files may have 200 KiB together/],
    [{ type: 'application/x-www-form-urlencoded', bytes: Buffer.from('course=1') }, 400, /This form cannot be read/],
    [{ type: 'multipart/form-data', bytes: Buffer.from('x') }, 400, /This form cannot be read/],
    [{ type, bytes: large.bytes.subarray(0, 1000) }, 400, /This form cannot be read/],
    [{ type, bytes: Buffer.alloc(0) }, 400, /This form cannot be read/],
  ] as const) {
    const answer = await handIn(browser, page, body);
    assert.equal(answer.status, status, text.source);
    assert.match(textOf(answer), text);
  }
  const odd = await handIn(
    browser,
    page,
    multipart([
      ['a[b]', '1'],
      ['__proto__', '2'],
      ['constructor', '3'],
    ]),
  );
  assert.equal(odd.status, 200, 'names that mean something to a parser');
});

test('when the library cannot be asked, the form comes back as it was filled in', async (t) => {
  let allowed = true;
  const { portal, server } = await runWithServer(t, { allowTarget: () => allowed });
  const browser = openBrowser(t);
  const page = await signIn(browser, portal + GRADES);
  const texts = FILLED.filter(([, value]) => typeof value === 'string');

  server.misbehave('html-error');
  const troubled = await handIn(browser, page, multipart(FILLED));
  assert.equal(troubled.status, 502);
  assert.match(textOf(troubled), /The library could not answer .*Code: ERR_SSO_CAS_BAD_ANSWER Your form is below\. /);
  assert.match(textOf(troubled), /Nothing was handed in\. .* but for the files: please choose them again/);
  assert.deepEqual(typedIn(troubled), texts);
  allowed = false;
  const refused = await handIn(browser, troubled, multipart(texts));
  assert.match(textOf(refused), /No ticket for the library .*Code: ERR_SSO_PROXY_REFUSED/);
  assert.doesNotMatch(textOf(refused), /choose them again/);
  allowed = true;
  assert.match(textOf(await handIn(browser, refused, multipart(texts))), /handed in 1 time /);
});

test('a portal without a grant leads to a new sign-in, which comes back to the grades', async (t) => {
  const server = await startFakeCas({ callbackCa: (await createDevelopmentCa()).certificate });
  t.after(() => server.close());
  const { portal } = await runDemo(t, { cas: server.url });
  const browser = openBrowser(t);
  const troubled = await handIn(browser, await signIn(browser, portal + GRADES), multipart(FILLED));
  assert.equal(troubled.status, 502);
  assert.match(textOf(troubled), /The portal may not ask for you .*Code: ERR_SSO_NO_PROXY_GRANT/);
  assert.equal((await press(troubled, AGAIN)).url.href, portal + GRADES);
});

test('with a real CAS server the page says where a grant can be ended, and has no button for it', async (t) => {
  const { portal, server } = await runWithServer(t);
  const browser = openBrowser(t);
  const page = await signIn(browser, portal + GRADES);
  assert.match(textOf(page), /1\. Let my grant expire .* end the grant there instead, by removing/);
  assert.deepEqual(
    page.forms.map(({ action }) => action.pathname),
    ['/sso/logout', GRADES],
  );
  const stale = await (await browser.post(portal + EXPIRE, {}, { from: page })).settle();
  assert.doesNotMatch(textOf(stale), /has expired/);
  assert.equal(server.grants, 1);
  server.expireGrants();
  assert.match(textOf(await resume(await handIn(browser, page, multipart(FILLED)))), /Sent again after you signed in/);
});

test('Raven has no proxy tickets: the page says so, and leads to CAS and back', async (t) => {
  const { portal, cas } = await runDemo(t);
  const browser = openBrowser(t);
  const page = await signInWithRaven(browser, portal + GRADES);
  assert.equal(page.status, 200);
  assert.match(
    textOf(page),
    /Raven has no proxy tickets .* Sign in with Example University \(CAS\) to hand in grades\./,
  );
  assert.deepEqual(
    page.forms.map(({ action }) => action.pathname),
    ['/sso/logout', AGAIN],
  );
  const stale = await (await browser.post(portal + EXPIRE, {}, { from: page })).settle();
  assert.match(textOf(stale), /Raven has no proxy tickets/);
  const form = await press(page, AGAIN);
  assert.ok(form.url.href.startsWith(`${cas}/login`), 'at CAS, with nothing to choose');
  assert.equal((await fillIn(form)).url.href, portal + GRADES);
});

test('the receipt of a form that was sent again says when it was kept', () => {
  const replay = { id: 'r', savedAt: new Date(2026, 6, 14, 10, 32, 5), attempts: 1 };
  const form = { fields: [], files: [], bytes: 1, sha256: hash(SCAN) };
  const answer = { reader: { id: 'alice', issuer: 'https://login.example.edu/cas' }, proxies: [], loans: [] };
  const { source } = receiptPage({ form, answer, times: 1, key: 'key-1', replay });
  const text = source.replace(/<[^>]+>/g, '').replace(/\s+/g, ' ');
  assert.match(
    text,
    /Sent again after you signed in: kept at 10:32:05, and handed in just now as it was, to the byte\./,
  );
  assert.match(text, /Again, after a sign-in kept at 10:32:05, attempt 1/);
  assert.match(text, /Idempotency-Keykey-1/);
});
