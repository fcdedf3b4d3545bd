import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { GRADES, hash, SCAN, TABLE } from '../examples/demo-grades-scene.ts';
import { alice, CAS, openDemo } from '../examples/demo-scene.ts';
import { openChromium } from '../support/chromium.ts';
import { heading, link, openProfile } from './support/chromium-profile.ts';
import { arrive, NOTE, payload, press, SCANNED, SHEET } from './support/kept-pages.ts';
import { type SentBodies, watchSentBodies } from './support/sent-bodies.ts';

let demo: Awaited<ReturnType<typeof openDemo>>;
let chromium: Browser;
let sent: SentBodies;

before(async () => {
  demo = await openDemo();
  sent = await watchSentBodies();
  chromium = await openChromium();
});

after(async () => {
  await chromium?.close();
  await sent?.close();
  await demo?.close();
});

/** Somebody at the form for grades, in a browser whose requests are watched. */
async function openGrades(t: TestContext, options: BrowserContextOptions = {}) {
  const profile = await openProfile(t, chromium, demo.portal, { proxy: sent.proxy, ...options });
  const { page } = profile;
  await page.goto(demo.portal + GRADES);
  await link(page, CAS).click();
  await page.fill('#username', alice.name);
  await page.fill('#password', alice.password);
  await page.click('button[type=submit]');
  await arrive(page, 'Grades');
  return profile;
}

/** Fills in what can go wrong: names that occur twice, lines, accents and files. */
async function fillGrades(page: Page): Promise<void> {
  await page.getByLabel('Course').fill('Algebra & “Logic”');
  for (const [row, student, grade] of [
    [1, 'Ada', '1.0'],
    [2, 'Ada', '1.0'],
    [3, '<b>Zoë</b>', '5.0'],
  ] as const) {
    await page.getByLabel(`Student ${row}`, { exact: true }).fill(student);
    await page.getByLabel(`Grade of student ${row}`).fill(grade);
  }
  await page.getByLabel('Comment').fill(NOTE);
  await page.getByLabel('Mark sheet').setInputFiles(payload(SHEET));
  await page.getByLabel('Evidence').setInputFiles(payload(SCANNED));
}

/** Makes the login server forget the grant, from another tab. */
async function expireGrant(page: Page): Promise<void> {
  const tab = await page.context().newPage();
  await tab.goto(demo.portal + GRADES);
  await press(tab, 'Let my grant expire');
  await tab.getByRole('status').waitFor();
  await tab.close();
}

const handIn = (page: Page) => press(page, 'Hand in grades');
/** What the browser sent to the page of the grades, from a point on. */
const postsSince = (start: number) => sent.posts.slice(start).filter(({ url }) => url === demo.portal + GRADES);
/** How often the library was asked with a good ticket. */
const countersigned = () => demo.output().match(/→ accepted\b/g)?.length ?? 0;

/** The receipt shows every byte of what the browser sent first. */
async function assertReceipt(page: Page, start: number, times: string): Promise<void> {
  const [form, carrier, ...more] = postsSince(start);
  assert.ok(form && carrier, 'the form, and the small one that brings it back');
  assert.deepEqual(more, []);
  assert.match(form.type, /^multipart\/form-data; boundary=/);
  assert.match(carrier.bytes.toString(), /^campus-sso-resume=[\w.-]+$/);
  const text = (await page.getByRole('main').innerText()).replace(/\s+/g, ' ').replace(/\u200b/g, '');
  for (const expected of [
    'Sent again after you signed in',
    `SHA-256 of the whole request body ${form.sha256} ${form.bytes.length.toLocaleString('en-GB')} bytes`,
    `${SHEET.name}, ${TABLE.length} bytes SHA-256 ${hash(TABLE)}`,
    `${SCANNED.name}, 70,000 bytes SHA-256 ${hash(SCAN)}`,
    `You have handed in ${times} in this session`,
  ]) {
    assert.ok(text.includes(expected), `${expected} in: ${text}`);
  }
  // The lines end as the page has them; how they were sent is in the hash of the whole.
  const typed = await page.locator('dd.typed').evaluateAll((all) => all.map((one) => one.textContent));
  assert.deepEqual(typed, ['Algebra & “Logic”', 'AdaAda<b>Zoë</b>', '1.01.05.0', NOTE]);
}

test('PP5 PP22 E2: a form with files goes on by itself when the grant has expired, byte for byte, once', async (t) => {
  const { page, complaints } = await openGrades(t);
  await page.getByLabel('Course').fill('Logic I');
  await handIn(page);
  await arrive(page, 'Grades handed in');
  await link(page, 'Hand in more').click();
  await arrive(page, 'Grades');
  assert.match(await page.getByRole('main').innerText(), /handed in 1 time in this session, last for Logic I\./);

  await fillGrades(page);
  await expireGrant(page);
  const [start, before] = [sent.posts.length, countersigned()];
  await handIn(page);
  await arrive(page, 'Grades handed in');
  assert.equal(page.url(), demo.portal + GRADES);
  await assertReceipt(page, start, '2 times');
  assert.equal(countersigned(), before + 1, 'done once');

  await link(page, 'Hand in more').click();
  await arrive(page, 'Grades');
  assert.match(
    await page.getByRole('main').innerText(),
    /handed in 2 times in this session, last for Algebra & “Logic”/,
  );
  assert.deepEqual(complaints, []);
});

test('PP22 without JavaScript: a page says what waits, and one press of its button sends it', async (t) => {
  const { page, complaints } = await openGrades(t, { javaScriptEnabled: false });
  await fillGrades(page);
  await expireGrant(page);
  const start = sent.posts.length;
  await handIn(page);
  await arrive(page, 'You are signed in again');
  assert.equal(postsSince(start).length, 1, 'nothing is sent before the press');
  const { host } = new URL(demo.portal);
  const facts = await page.locator('dl.facts').innerText();
  assert.match(facts.replace(/\s+/g, ' '), new RegExp(`Site ${host} Action POST /grades .*Signed in as alice`));
  assert.match(await page.getByRole('status').innerText(), /was kept while you signed in/);
  await press(page, 'Send it now');

  await arrive(page, 'Grades handed in');
  await assertReceipt(page, start, '1 time');
  assert.deepEqual(complaints, []);
});

test('PP25 what waits can be erased from that page, and Back brings nothing of it back', async (t) => {
  const { page, complaints } = await openGrades(t, { javaScriptEnabled: false });
  await fillGrades(page);
  await expireGrant(page);
  const [start, before] = [sent.posts.length, countersigned()];
  await handIn(page);
  await arrive(page, 'You are signed in again');
  await press(page, 'Do not send it');
  await arrive(page, 'Erased, and not sent');
  await page.goBack();
  await arrive(page, 'Erased, and not sent');
  assert.equal(postsSince(start).length, 1);
  assert.equal(countersigned(), before);

  await page.goto(demo.portal + GRADES);
  assert.match(await page.getByRole('main').innerText(), /handed in 0 times in this session/);
  assert.deepEqual(complaints, []);
});

test('PP8 a form that is too large to be kept: the person is told after the login, and nothing is handed in', async (t) => {
  const { page, context, complaints } = await openGrades(t);
  await page.getByLabel('Evidence').setInputFiles(payload({ name: 'large.bin', bytes: Buffer.alloc(300_000, 7) }));
  await context.clearCookies({ name: /sso-session/ });
  const before = countersigned();
  await handIn(page);
  await arrive(page, 'This was too large to be kept');
  assert.equal(countersigned(), before);
  await link(page, 'Go back to the page').click();
  await arrive(page, 'Grades');
  assert.equal(await heading(page), 'Grades');
  assert.deepEqual(complaints, []);
});
