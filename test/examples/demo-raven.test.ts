import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { defaultFakeWlsUsers } from '../../src/testing/index.ts';
import {
  amara,
  choose,
  fillIn,
  linkTo,
  openBrowser,
  press,
  RAVEN,
  runDemo,
  signIn,
  signInWithRaven,
  textOf,
} from './demo-scene.ts';

const LOANS = '/loans';
const AGAIN = '/loans/sign-in-again';

test('people choose between CAS and Raven, and my page says which it was, and who vouches', async (t) => {
  const { portal, cas, raven = '', output } = await runDemo(t);
  const browser = openBrowser(t);
  const start = await browser.get(portal);
  const chooser = await (await start.click(linkTo(start, 'Sign in'))).settle();
  assert.equal(chooser.url.pathname, '/sso/login');
  assert.match(textOf(chooser), /How do you want to sign in\? .* Example University \(CAS\) Raven $/);

  const form = await choose(chooser, RAVEN);
  assert.equal(form.url.origin, raven);
  assert.match(textOf(form), /The application calls itself the campus portal of Example University/);
  const me = await (await form.submit(form.forms[0]!, { userid: amara.name, pwd: amara.password })).settle();
  assert.equal(me.url.href, `${portal}/me`);
  const text = textOf(me);
  assert.ok(text.includes(`You are test0001 , and ${new URL(raven).host} vouches for it.`), text);
  assert.ok(text.includes(`Way in Raven Ucam-WebAuth Issuer ${raven} Signed in`), text);
  assert.match(text, /Status ptags current /);
  assert.match(text, /Shown auth pwd /);
  assert.doesNotMatch(text, /Known by/, 'what has no value is left out');
  assert.match(output(), /awaitingReturn → verifying .*\n.* ucam {12}verifying → admitting /);

  const byCas = textOf(await signIn(openBrowser(t), `${portal}/me`));
  assert.ok(byCas.includes(`Way in Example University (CAS) CAS Issuer ${cas} Signed in`), byCas);
  assert.doesNotMatch(byCas, /ptags/);
});

test('the screen lists the people of Raven, and each of them gets what it says', async (t) => {
  const { portal, output } = await runDemo(t);
  for (const { principal, password, ptags = ['current'] } of defaultFakeWlsUsers) {
    const current = ptags.includes('current');
    const line = new RegExp(`^ {2}(Raven users| {11}) {2}${principal} {2}${password}(.*)$`, 'm').exec(output());
    assert.equal(line?.[2], current ? '' : '  has left, so the portal says no', principal);
    const page = await signInWithRaven(openBrowser(t), `${portal}/notes?a=1`, { name: principal, password });
    assert.equal(page.status, current ? 200 : 403, principal);
    assert.equal(page.url.pathname, current ? '/notes' : '/sso/return/ucam', principal);
    assert.match(textOf(page), current ? /You asked for this page/ : /You may not use this site/);
  }
});

test('Raven has no proxy tickets: my loans say so, and lead to CAS and back', async (t) => {
  const { portal, cas } = await runDemo(t);
  const browser = openBrowser(t);
  const refused = await signInWithRaven(browser, portal + LOANS);
  assert.equal(refused.status, 200);
  assert.match(textOf(refused), /Raven has no proxy tickets You signed in with Raven .* nothing has gone wrong/);
  assert.deepEqual(
    refused.forms.map(({ action }) => action.pathname),
    ['/sso/logout', AGAIN],
  );
  const stale = await browser.post(portal + LOANS, {}, { from: refused });
  assert.equal(stale.status, 200, 'a button on a page of an earlier login by CAS');
  assert.match(textOf(stale), /Raven has no proxy tickets/);

  const form = await press(refused, AGAIN);
  assert.ok(form.url.href.startsWith(`${cas}/login`), 'at CAS, with nothing to choose');
  const loans = await fillIn(form);
  assert.equal(loans.url.href, portal + LOANS);
  assert.match(textOf(await press(loans, LOANS)), /The library has answered\. .* Reader alice /);
  assert.match(textOf(await browser.get(`${portal}/me`)), /You are alice /);
});

test('signing out of Raven ends with a page that says its session goes on, and where it ends', async (t) => {
  const { portal, raven = '' } = await runDemo(t);
  const browser = openBrowser(t);
  const out = await press(await signInWithRaven(browser, `${portal}/me`), '/sso/logout');
  assert.equal(out.url.href, `${portal}/sso/logged-out?via=ucam`);
  assert.match(textOf(out), /You have signed out of this site You are still signed in to Raven/);
  assert.equal(linkTo(out, 'Sign out of Raven'), `${raven}/auth/logout.html`);

  const known = await choose(await (await browser.get(`${portal}/me`)).settle(), RAVEN);
  assert.equal(known.url.href, `${portal}/me`, 'single sign-on, without a password');
  assert.match(textOf(known), /Known by sso pwd/);
  await press(known, '/sso/logout');
  await out.click(linkTo(out, 'Sign out of Raven'));
  const asked = await choose(await (await browser.get(`${portal}/me`)).settle(), RAVEN);
  assert.equal(asked.url.origin, raven, 'and now it asks');
  assert.match(asked.body, /name="pwd"/);
});

test('with --https Raven is served over HTTPS as well', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'demo-raven-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const writeCa = join(folder, 'ca.pem');
  const { portal, raven = '' } = await runDemo(t, { https: true, writeCa });
  assert.match(raven, /^https:/);
  const browser = openBrowser(t, await readFile(writeCa, 'utf8'));
  const me = await signInWithRaven(browser, `${portal}/me`);
  assert.ok(textOf(me).includes(`Issuer ${raven} `));
  const out = await press(me, '/sso/logout');
  assert.equal(linkTo(out, 'Sign out of Raven'), `${raven}/auth/logout.html`);
});

test('the browser comes back by the way it took last, until the person signs out', async (t) => {
  const { portal, raven = '' } = await runDemo(t);
  const browser = openBrowser(t);
  await signInWithRaven(browser, `${portal}/me`);
  browser.cookies.clear(/^sso-session/);
  const back = await (await browser.get(`${portal}/me`)).settle();
  assert.equal(back.url.href, `${portal}/me`, 'nothing to choose, and nothing to type');
  const crossed = new Set<string>();
  for (let page = back.previous; page; page = page.previous) crossed.add(page.url.origin);
  assert.deepEqual([...crossed].sort(), [portal, raven].sort());

  await press(back, '/sso/logout');
  assert.equal((await (await browser.get(`${portal}/me`)).settle()).url.pathname, '/sso/login');
});
