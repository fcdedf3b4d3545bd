import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type FakeCas, startFakeCas } from '../../src/testing/index.ts';
import { cookieOf, loginToken, send, signIn } from './http-client.ts';

const service = 'http://localhost:3000/app';
let cas: FakeCas;
let login: string;
/** The cookie of somebody who is signed in. */
let alice: string;

before(async () => {
  cas = await startFakeCas();
  login = `${cas.url}/login`;
  alice = cookieOf(await signIn(cas.url, 'alice', 'wonderland'));
});

after(() => cas.close());

const forService = (address: string, more = '') => `?service=${encodeURIComponent(address)}${more}`;

/** Where a signed-in browser is sent, with the ticket replaced by a star. */
async function destination(query: string): Promise<string | undefined> {
  const answer = await send(`${login}${query}`, { cookie: alice });
  assert.equal(answer.status, 303);
  return answer.headers.location?.replace(/ST-\d+-[0-9a-f]{40}/, '*');
}

describe('login form', () => {
  test('says whose server it is, where the way leads, and who can sign in', async () => {
    const page = await send(`${login}${forService(service)}`);
    assert.equal(page.status, 200);
    assert.match(page.body, /Example University/);
    assert.match(page.body, /fake login server for development/);
    assert.match(page.body, /to continue to <strong>localhost:3000<\/strong>/);
    assert.match(page.body, /<code>o&#39;neil&amp;&lt;co&gt;<\/code>/);
  });

  test('loads nothing but the stylesheet, has no inline style, and is never stored', async () => {
    const page = await send(login);
    const policy = String(page.headers['content-security-policy']);
    assert.match(policy, /^default-src 'none'; style-src 'self'/);
    assert.doesNotMatch(policy, /form-action/);
    assert.equal(page.headers['cache-control'], 'no-store');
    assert.doesNotMatch(page.body, /<script|<style| style=/);
    const sheet = await send(new URL('/cas/style.css', login).href);
    assert.match(sheet.headers['content-type'] ?? '', /^text\/css/);
  });

  test('escapes what it reflects', async () => {
    const page = await send(`${login}${forService('http://localhost/"><script>alert(1)</script>')}`);
    assert.doesNotMatch(page.body, /<script/);
  });

  test('offers to cancel, back to the service without a ticket', async () => {
    const page = await send(`${login}${forService(`${service}?a=1&b=2`)}`);
    assert.match(page.body, /<a href="http:\/\/localhost:3000\/app\?a=1&amp;b=2">Cancel<\/a>/);
  });

  test('refuses to lead to an address that is not http or https', async () => {
    const page = await send(`${login}${forService('javascript:alert(1)')}`);
    assert.equal(page.status, 400);
    assert.doesNotMatch(page.body, /javascript:/);
  });

  test('refuses two services', async () => {
    assert.equal((await send(`${login}${forService(service)}&service=x`)).status, 400);
  });
});

describe('credentials', () => {
  test('lead to the service with a ticket and start a session', async () => {
    const answer = await signIn(cas.url, 'alice', 'wonderland', forService(service));
    assert.equal(answer.status, 303);
    assert.match(answer.headers.location ?? '', /^http:\/\/localhost:3000\/app\?ticket=ST-/);
    assert.match(
      answer.headers['set-cookie']?.[0] ?? '',
      /^TGC-\d+=TGT-[0-9a-f]+; Path=\/cas; HttpOnly; SameSite=Lax$/,
    );
  });

  test('are accepted with the service in the body, as the form sends it', async () => {
    const lt = loginToken(await send(login));
    const form = { username: 'bob', password: 'builder', lt, service };
    assert.match((await send(login, { form })).headers.location ?? '', /\/app\?ticket=/);
  });

  test('are accepted from users with awkward names', async () => {
    for (const { name, password } of cas.users) {
      assert.equal((await signIn(cas.url, name, password)).status, 303, name);
    }
  });

  test('that are wrong show the form again, with a message and the name', async () => {
    const answer = await signIn(cas.url, '"><b>', 'wrong', forService(service));
    assert.equal(answer.status, 401);
    assert.match(answer.body, /role="alert">The user name or the password is wrong/);
    assert.match(answer.body, /name="username" type="text" value="&quot;&gt;&lt;b&gt;"/);
    assert.match(answer.body, /name="service" value="http:\/\/localhost:3000\/app"/);
    assert.equal(answer.headers['set-cookie'], undefined);
  });

  test('cannot be sent twice from one form', async () => {
    const lt = loginToken(await send(login));
    const form = { username: 'alice', password: 'wonderland', lt };
    assert.equal((await send(login, { form })).status, 303);
    const again = await send(login, { form });
    assert.equal(again.status, 400);
    assert.match(again.body, /has been sent before/);
  });

  test('without a service lead to a page that says who is signed in', async () => {
    const answer = await signIn(cas.url, 'zoë', 'crème-brûlée');
    assert.equal(answer.headers.location, '/cas/login');
    const page = await send(login, { cookie: cookieOf(answer) });
    assert.match(page.body, /You are signed in as <bdi>zoë<\/bdi>/);
  });

  test('of another person replace the session of the browser', async () => {
    const first = cookieOf(await signIn(cas.url, 'alice', 'wonderland'));
    const lt = loginToken(await send(`${login}?renew=true`, { cookie: first }));
    const second = await send(login, { cookie: first, form: { username: 'bob', password: 'builder', lt } });
    assert.match((await send(login, { cookie: cookieOf(second) })).body, /signed in as <bdi>bob/);
    assert.match((await send(login, { cookie: first })).body, /<form/);
  });
});

describe('single sign-on', () => {
  test('goes straight to the service', async () => {
    assert.equal(await destination(forService(service)), `${service}?ticket=*`);
  });

  test('adds the ticket to a query and before a fragment, and leaves every other byte alone', async () => {
    const cases = {
      'http://h/?a=1': 'http://h/?a=1&ticket=*',
      'http://h/?': 'http://h/?ticket=*',
      'http://h/?a&': 'http://h/?a&ticket=*',
      'http://h/#top?x': 'http://h/?ticket=*#top?x',
      'http://h/?b=%20+&a=%2f&flag#f': 'http://h/?b=%20+&a=%2f&flag&ticket=*#f',
    };
    for (const [address, expected] of Object.entries(cases)) {
      assert.equal(await destination(forService(address)), expected);
    }
  });

  test('encodes what a header cannot carry', async () => {
    assert.equal(await destination(forService('http://h/ü\r\nx: y')), 'http://h/%C3%BC%0D%0Ax:%20y?ticket=*');
  });

  test('answers TARGET with SAMLart', async () => {
    assert.equal(await destination(`?TARGET=${encodeURIComponent(service)}`), `${service}?SAMLart=*`);
  });

  test('is set aside by renew, whatever its value', async () => {
    for (const renew of ['&renew=true', '&renew=', '&renew']) {
      const page = await send(`${login}${forService(service, renew)}`, { cookie: alice });
      assert.equal(page.status, 200);
      assert.match(page.body, /type your password again/);
    }
  });

  test('is not used up by HEAD', async () => {
    const answer = await send(`${login}${forService(service)}`, { method: 'HEAD', cookie: alice });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.location, undefined);
  });

  test('with gateway and nobody signed in goes back untouched', async () => {
    const answer = await send(`${login}${forService(`${service}?a=1`, '&gateway=true')}`);
    assert.equal(answer.status, 303);
    assert.equal(answer.headers.location, `${service}?a=1`);
  });

  test('with gateway and somebody signed in brings a ticket', async () => {
    assert.equal(await destination(forService(service, '&gateway=true')), `${service}?ticket=*`);
  });

  test('ignores gateway when there is renew, or no service', async () => {
    assert.match((await send(`${login}${forService(service, '&gateway=true&renew=true')}`)).body, /<form/);
    assert.match((await send(`${login}?gateway=true`)).body, /<form/);
  });
});

describe('logout', () => {
  test('ends the session, deletes the cookie and shows a page', async () => {
    const cookie = cookieOf(await signIn(cas.url, 'alice', 'wonderland'));
    const answer = await send(`${cas.url}/logout`, { cookie });
    assert.equal(answer.status, 200);
    assert.match(answer.body, /Signed out/);
    assert.match(answer.headers['set-cookie']?.[0] ?? '', /^TGC-\d+=; .*Max-Age=0$/);
    assert.match((await send(login, { cookie })).body, /<form/);
  });

  test('goes on to service, or to the url of CAS 2', async () => {
    for (const name of ['service', 'url']) {
      const answer = await send(`${cas.url}/logout?${name}=${encodeURIComponent(service)}`);
      assert.equal(answer.status, 303);
      assert.equal(answer.headers.location, service);
    }
  });

  test('goes nowhere but to http and https', async () => {
    const answer = await send(`${cas.url}/logout?service=javascript:alert(1)`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.location, undefined);
  });
});
