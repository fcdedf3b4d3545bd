import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import Keyv from 'keyv';
import type { Browser, Page } from 'playwright-core';
import { createDevelopmentCa, type FakeCas, type IssuedCertificate, startFakeCas } from '../../src/testing/index.ts';
import { openChromium } from '../support/chromium.ts';
import { type Portal, startPortal } from '../support/portal.ts';
import { heading, openProfile } from './support/chromium-profile.ts';
import {
  arrive,
  assertFiled,
  endSession,
  fillIn,
  type KeptPages,
  keptFor,
  keptPages,
  press,
} from './support/kept-pages.ts';
import { signIn, waitingIn } from './support/kept-scene.ts';
import { startTlsFront, type TlsFront } from './support/tls-front.ts';

const PORTAL = 'portal.campus.test';
const SIBLING = 'evil.campus.test';
const STRANGER = 'elsewhere.test';

let chromium: Browser;
let tls: IssuedCertificate;
let fakeCas: FakeCas;
let front: TlsFront;
let evil: TlsFront;
let portal: Portal;
let pages: KeptPages;
let url = '';
const records = new Map<string, unknown>();
const at = (host: string, { url: address }: TlsFront) => address.replace('localhost', host);

before(async () => {
  chromium = await openChromium({ flags: ['--host-resolver-rules=MAP *.test 127.0.0.1'] });
  const ca = await createDevelopmentCa();
  tls = await ca.issue({ hosts: ['localhost', PORTAL, SIBLING, STRANGER] });
  fakeCas = await startFakeCas({ tls, callbackCa: ca.certificate });
  front = await startTlsFront(tls);
  evil = await startTlsFront(tls);
  url = at(PORTAL, front);
  pages = keptPages({ loginServer: () => fakeCas.url });
  portal = await startPortal({
    mount: pages.mount,
    options: { baseUrl: url, store: new Keyv({ store: records }) },
    cas: {
      serverUrl: fakeCas.url,
      ca: ca.certificate,
      proxyGrants: true,
      proxyCallbackUrl: `${front.url}/sso/proxy-callback`,
    },
  });
  front.leadTo(portal.app.callback());
  evil.leadTo(({ url: target = '/' }, response) => {
    const quiet = target.includes('quiet');
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    if (quiet) response.setHeader('Referrer-Policy', 'no-referrer');
    response.end(`<!doctype html><title>Trap</title><link rel="icon" href="data:,"><h1>Trap</h1>
<form method="post" action="${url}/${target.includes('file') ? 'file' : 'one'}" enctype="multipart/form-data">
<input name="name" value="ATTACK"><textarea name="note">ATTACK</textarea><button>Win</button></form>`);
  });
});

after(async () => {
  await chromium?.close();
  await portal?.close();
  await front?.close();
  await evil?.close();
  await fakeCas?.close();
});

/** Somebody at the form of that name, while nothing waits. */
async function atForm(t: TestContext, name: string) {
  records.clear();
  pages.runs.length = 0;
  pages.begun.length = 0;
  const profile = await openProfile(t, chromium, url, { ignoreHTTPSErrors: true });
  await profile.page.goto(`${url}/form/${name}`);
  await signIn(profile.page, { fakeCas });
  await arrive(profile.page, 'Form');
  return profile;
}

/** Another page, which sends a form to the portal as soon as it is there. */
async function spring(page: Page, host: string, how: string): Promise<Page> {
  const trap = await page.context().newPage();
  await trap.goto(`${at(host, evil)}/${how}`);
  await press(trap, 'Win');
  return trap;
}

const TRAPS = [
  ['another site', STRANGER, ''],
  ['another site that hides its name', STRANGER, 'quiet'],
  ['a sibling on our domain', SIBLING, ''],
  ['a sibling on our domain that hides its name', SIBLING, 'quiet'],
] as const;

const REFUSED = 'This was not sent, for your safety';

for (const [who, host, how] of TRAPS) {
  test(`PP3 ${who} sends a form while the session has ended: it is neither kept nor run`, async (t) => {
    const { context, page, complaints } = await atForm(t, 'one');
    await endSession(context);
    const trap = await spring(page, host, how);
    await arrive(trap, REFUSED);
    assert.deepEqual([pages.begun, pages.runs, waitingIn(records), await keptFor(context)], [[], [], [], []]);
    assert.deepEqual(complaints, []);
  });

  test(`PP3 ${who} sends a form while the grant has expired: it is not kept, and does nothing`, async (t) => {
    const { context, page, complaints } = await atForm(t, 'file');
    fakeCas.expireGrants();
    const trap = await spring(page, host, `file-${how}`);
    // SameSite=Lax keeps the session from another site, for which the person is not signed in, but not from a sibling.
    await arrive(trap, REFUSED);
    assert.deepEqual(pages.begun, host === SIBLING ? ['/file'] : []);
    assert.deepEqual([pages.runs, waitingIn(records), await keptFor(context)], [[], [], []]);
    await trap.reload();
    assert.equal(await heading(trap), REFUSED);
    assert.deepEqual([pages.runs, waitingIn(records)], [[], []]);
    assert.deepEqual(complaints, []);
  });

  test(`PP3 ${who} sends a form while the person is at the login server: only what the person sent goes on`, async (t) => {
    const { context, page, complaints } = await atForm(t, 'one');
    await fillIn(page);
    await endSession(context);
    fakeCas.signOutEverybody();
    await press(page, 'Send');
    await arrive(page, 'Sign in');
    const [kept, waits] = [await keptFor(context), waitingIn(records)];
    assert.deepEqual([kept.length, waits.length], [1, 1]);
    const trap = await spring(page, host, how);
    await arrive(trap, 'Sign in');
    assert.deepEqual([await keptFor(context), waitingIn(records)], [kept, waits]);

    await signIn(page, { fakeCas });
    await arrive(page, 'Filed');
    await signIn(trap, { fakeCas });
    await arrive(trap, REFUSED);
    assertFiled(pages.runs[0]);
    assert.deepEqual([pages.begun, pages.runs.length, waitingIn(records)], [['/one'], 1, []]);
    assert.deepEqual(complaints, []);
  });
}

test('PP13 a page elsewhere that knows the token of what waits cannot send it', async (t) => {
  const { context, page, complaints } = await atForm(t, 'one');
  await fillIn(page);
  await endSession(context);
  // The page is held back, so that what it stands for waits.
  await context.route('**/sso/resume-1.js', (route) => route.abort());
  await press(page, 'Send');
  await arrive(page, 'You are signed in again');
  const token = await page.locator('input[type=hidden]').first().inputValue();
  for (const host of [STRANGER, SIBLING]) {
    const trap = await context.newPage();
    await trap.goto(`${at(host, evil)}/`);
    await trap.evaluate(
      `{ const form = document.forms[0]; form.enctype = 'application/x-www-form-urlencoded'; form.innerHTML = '<input name="campus-sso-resume" value="${token}"><button>Win</button>'; }`,
    );
    await press(trap, 'Win');
    await trap.waitForURL(`${url}/**`);
    assert.deepEqual(pages.runs, [], host);
    assert.equal(waitingIn(records).length, 1, host);
    await trap.close();
  }
  await press(page, 'Send it now');
  await arrive(page, 'Filed');
  assertFiled(pages.runs[0]);
  assert.equal(pages.runs.length, 1);
  assert.deepEqual(
    complaints.filter((text) => !text.includes('ERR_FAILED')),
    [],
  );
});
