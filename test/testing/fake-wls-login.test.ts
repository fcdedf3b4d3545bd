import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type FakeWls, startFakeWls } from '../../src/testing/index.ts';
import { readForms } from '../support/html-form.ts';
import { cookieOf, send } from './http-client.ts';
import { ask, logIn, replyOf, submit } from './wls-client.ts';

const request = { ver: '3', url: 'http://localhost:3000/return', params: 'n0nce' };
const start = Date.UTC(2026, 0, 15, 12);
let now = start;
let wls: FakeWls;
/** The cookie of somebody who is logged in. */
let alice: string;

before(async () => {
  wls = await startFakeWls({ modulusLength: 1024, clock: () => now });
  alice = cookieOf(await logIn(wls, request));
});

after(() => wls.close());

describe('login form', () => {
  test('says whose server it is, where the way leads, and who can log in', async () => {
    const { status, body } = await ask(wls, request);
    assert.equal(status, 200);
    assert.match(body, /Example University/);
    assert.match(body, /fake Raven login server for development/);
    assert.match(body, /to continue to <strong>localhost:3000<\/strong>/);
    for (const { principal, name = '' } of wls.users) {
      assert.ok(body.includes(`<code>${principal}</code>`) && body.includes(name), principal);
    }
    assert.match(body, /Edith Clarke<br><small>not current \(“Raven for life”\)/);
    assert.match(body, /Rhys O’Neil<br><small>current, x-admin</);
  });

  test('loads nothing but the stylesheet, has no script and no inline style, and is never stored', async () => {
    const page = await ask(wls, request);
    const policy = String(page.headers['content-security-policy']);
    assert.match(policy, /^default-src 'none'; style-src 'self'/);
    assert.doesNotMatch(policy, /form-action/);
    assert.equal(page.headers['cache-control'], 'no-store');
    assert.equal(page.headers['referrer-policy'], 'no-referrer');
    assert.doesNotMatch(page.body, /<script|<style| style=/);
    const sheet = /<link rel="stylesheet" href="([^"]+)">/.exec(page.body)?.[1] ?? '';
    const answer = await send(new URL(sheet, wls.loginUrl).href);
    assert.equal(answer.status, 200);
    assert.match(answer.headers['content-type'] ?? '', /^text\/css/);
  });

  test('shows desc and msg, in which character references count and markup does not', async () => {
    const { body } = await ask(wls, {
      ...request,
      desc: 'Caf&eacute; &#38; <b>bar</b>',
      msg: 'Why? <i>So</i> &amp; so',
    });
    assert.match(body, /<dd>Caf&eacute; &#38; &lt;b&gt;bar&lt;\/b&gt;<\/dd>/);
    assert.match(body, /<dd>Why\? &lt;i&gt;So&lt;\/i&gt; &amp; so<\/dd>/);
  });

  test('says nothing about desc and msg when there are none', async () => {
    assert.doesNotMatch((await ask(wls, { ...request, desc: '', msg: '' })).body, /<dl>|<dd>/);
  });

  test('escapes what it reflects', async () => {
    const url = 'http://localhost/"><script>alert(1)</script>';
    const { body } = await ask(wls, { ver: '3', url, desc: '"><script>', params: '"><script>', msg: '<script>' });
    assert.doesNotMatch(body, /<script/);
    assert.match(body, /name="params" value="&quot;&gt;&lt;script&gt;"/);
  });

  test('carries every parameter of the request unaltered', async () => {
    const whole = {
      ...request,
      url: 'http://localhost:3000/r?a=1&b="%20',
      desc: `a "b" 'c' &amp; <d>`,
      params: 'ä!%21 +&=',
      aauth: 'x-card,pwd',
      iact: 'yes',
      date: '20260115T120000Z',
      skew: '5',
      fail: 'yes',
    };
    const page = await ask(wls, whole);
    const [form] = readForms(page.body, new URL(wls.loginUrl));
    assert.equal(form?.method, 'POST');
    assert.equal(form?.action.href, `${wls.url}/auth/authenticate2.html`);
    const { userid, pwd, ...carried } = form?.fields ?? {};
    assert.deepEqual(carried, whole);
  });

  test('is not there for HEAD to use anything up', async () => {
    const answered = wls.replies.length;
    const answer = await send(`${wls.loginUrl}?${new URLSearchParams(request)}`, { method: 'HEAD', cookie: alice });
    assert.equal(answer.status, 200);
    assert.equal(wls.replies.length, answered);
  });
});

describe('credentials', () => {
  test('lead back with auth and start a session', async () => {
    const answer = await logIn(wls, request, 'test0002');
    assert.equal(answer.status, 303);
    const { landing, fields } = replyOf(answer);
    assert.equal(landing, request.url);
    const { status, principal, auth, sso, params } = fields;
    assert.deepEqual(
      { status, principal, auth, sso, params },
      {
        status: '200',
        principal: 'test0002',
        auth: 'pwd',
        sso: '',
        params: 'n0nce',
      },
    );
    assert.match(
      answer.headers['set-cookie']?.[0] ?? '',
      /^Ucam-WLS-Session-\d+=[0-9a-f]{48}; Path=\/auth; HttpOnly; SameSite=Lax$/,
    );
  });

  test('are accepted from everybody on the page, with white space around the user-id', async () => {
    for (const { principal } of wls.users) {
      assert.equal(replyOf(await logIn(wls, request, ` ${principal} `)).fields.principal, principal);
    }
  });

  test('that are wrong show the form again, with a message, the user-id and the request', async () => {
    const answer = await submit(wls, { ...request, userid: '"><b>', pwd: 'test' });
    assert.equal(answer.status, 401);
    assert.match(answer.body, /role="alert">The user-id or the password is wrong/);
    assert.match(answer.body, /name="userid" type="text" value="&quot;&gt;&lt;b&gt;"/);
    assert.match(answer.body, /name="params" value="n0nce"/);
    assert.equal(answer.headers['set-cookie'], undefined);
    assert.equal((await submit(wls, { ...request, userid: 'test0001', pwd: 'TEST' })).status, 401);
    assert.equal((await submit(wls, { ...request, userid: 'test0001' })).status, 401);
  });

  test('count from the body only', async () => {
    const query = new URLSearchParams({ userid: 'test0001', pwd: 'test' });
    const answer = await send(`${wls.url}/auth/authenticate2.html?${query}`, { form: request });
    assert.equal(answer.status, 401);
  });

  test('of another person replace the session of the browser', async () => {
    const first = cookieOf(await logIn(wls, request, 'test0001'));
    const second = cookieOf(await logIn(wls, request, 'test0002', first));
    assert.equal(replyOf(await ask(wls, request, second)).fields.principal, 'test0002');
    assert.match((await ask(wls, request, first)).body, /<form/);
  });

  test('are not looked at when the form is cancelled', async () => {
    const answer = await submit(wls, { ...request, userid: 'test0001', pwd: 'test', cancel: 'Cancel' });
    const { status, principal, auth, sso, life, params } = replyOf(answer).fields;
    assert.deepEqual([status, principal, auth, sso, life, params], ['410', '', '', '', '', 'n0nce']);
    assert.equal(answer.headers['set-cookie'], undefined);
  });
});

describe('single sign-on', () => {
  test('goes straight back, with sso instead of auth', async () => {
    const { landing, fields } = replyOf(await ask(wls, request, alice));
    const { principal, auth, sso } = fields;
    assert.equal(landing, request.url);
    assert.deepEqual([principal, auth, sso], ['test0001', '', 'pwd']);
  });

  test('is set aside by iact=yes, which asks the same person first', async () => {
    const page = await ask(wls, { ...request, iact: 'yes' }, alice);
    assert.equal(page.status, 200);
    assert.match(page.body, /type your password again/);
    assert.match(page.body, /name="userid" type="text" value="test0001"/);
    const { auth, sso } = replyOf(await logIn(wls, { ...request, iact: 'yes' }, 'test0001', alice)).fields;
    assert.deepEqual([auth, sso], ['pwd', '']);
    alice = cookieOf(await logIn(wls, request));
  });

  test('is all that iact=no accepts', async () => {
    const known = replyOf(await ask(wls, { ...request, iact: 'no' }, alice)).fields;
    assert.deepEqual([known.status, known.sso], ['200', 'pwd']);
    const unknown = replyOf(await ask(wls, { ...request, iact: 'no' })).fields;
    assert.deepEqual([unknown.status, unknown.principal, unknown.sso], ['540', '', '']);
    assert.equal(replyOf(await logIn(wls, { ...request, iact: 'no' })).fields.status, '540');
  });

  test('tells what is left of the session, and ends with it', async (t) => {
    t.after(() => {
      now = start;
    });
    const first = await logIn(wls, request);
    assert.equal(replyOf(first).fields.life, '36000');
    now = start + 1_999_500;
    assert.equal(replyOf(await ask(wls, request, cookieOf(first))).fields.life, '34000');
    now = start + 35_999_000;
    assert.equal(replyOf(await ask(wls, request, cookieOf(first))).fields.life, '1');
    now = start + 36_000_000;
    assert.match((await ask(wls, request, cookieOf(first))).body, /<form/);
  });

  test('begins anew with every typed password', async (t) => {
    t.after(() => {
      now = start;
    });
    const first = cookieOf(await logIn(wls, request));
    now = start + 10_000_000;
    assert.equal(replyOf(await logIn(wls, request, 'test0001', first)).fields.life, '36000');
  });

  test('ends for everybody at once', async () => {
    const cookies = [cookieOf(await logIn(wls, request)), cookieOf(await logIn(wls, request, 'test0002'))];
    wls.signOutEverybody();
    for (const cookie of cookies) assert.match((await ask(wls, request, cookie)).body, /<form/);
    alice = cookieOf(await logIn(wls, request));
  });
});

describe('without an application', () => {
  test('the login page says who is logged in, or that nobody is', async () => {
    assert.equal((await send(wls.url)).headers.location, '/auth/authenticate.html');
    assert.match((await send(wls.loginUrl)).body, /Nobody is logged in here/);
    const known = await send(wls.loginUrl, { cookie: alice });
    assert.match(known.body, /You are logged in as test0001/);
    assert.match(known.body, /href="\/auth\/logout.html"/);
  });
});

describe('logout', () => {
  test('ends the session, deletes the cookie and shows a page that leads nowhere', async () => {
    const cookie = cookieOf(await logIn(wls, request));
    const answer = await send(`${wls.logoutUrl}?url=http://localhost:3000/`, { cookie });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.location, undefined);
    assert.match(answer.body, /Logged out/);
    assert.doesNotMatch(answer.body, /localhost:3000/);
    assert.match(answer.headers['set-cookie']?.[0] ?? '', /^Ucam-WLS-Session-\d+=; Path=\/auth; .*Max-Age=0$/);
    assert.match((await ask(wls, request, cookie)).body, /<form/);
  });
});
