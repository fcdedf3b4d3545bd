import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { createDevelopmentCa, startFakeCas } from '../../src/testing/index.ts';
import {
  alice,
  chooseCas,
  fileFor,
  fillIn,
  openBrowser,
  openForm,
  press,
  runDemo,
  runWithServer,
  signIn,
  textOf,
} from './demo-scene.ts';

const LOANS = '/loans';
const AGAIN = '/loans/sign-in-again';

test('the library is asked on somebody’s behalf, and the page shows whom and whose way it saw', async (t) => {
  const demo = await runDemo(t);
  const browser = openBrowser(t);
  const ask = await signIn(browser, demo.portal + LOANS);
  assert.match(textOf(ask), /Ask the library on my behalf/);
  const answer = await press(ask, LOANS);

  assert.equal(answer.status, 200);
  assert.match(
    textOf(answer),
    /The library has answered\. Your loans Book Due On the Connexion of the Physical Sciences Mary Somerville \d+ \w+ \d{4} /,
  );
  const seen = `Whom the library saw Reader alice Vouched for by ${demo.cas} Chain of proxies ${demo.callback} What happened`;
  assert.ok(textOf(answer).includes(seen), textOf(answer));
  assert.match(demo.callback, /^https:/);
  for (const word of ['callback', 'grant', 'ticket']) assert.match(answer.body, new RegExp(`<strong>${word}</strong>`));

  const steps = demo
    .output()
    .split('\n')
    .flatMap((line) => /^ {2}\S+ {2}\S{7} {2}(\S+) +\S+ → (\S+)/.exec(line)?.slice(1, 3).join(' ') ?? []);
  const ends = steps.filter((step) => /probed|stored|claimingGrant|issued|accepted$/.test(step));
  assert.deepEqual(ends, [
    'proxy-callback probed',
    'proxy-callback stored',
    'cas claimingGrant',
    'proxy-ticket issued',
    'proxied-call accepted',
  ]);
  assert.doesNotMatch(demo.output() + answer.body, /PGT|PT-|ST-/);

  const again = await press(answer, LOANS);
  assert.equal(again.status, 200, 'the grant is good for more than one ticket');
});

test('the attributes of a person reach the library, and somebody without loans is told so', async (t) => {
  const { portal } = await runDemo(t);
  const daysUntilDue = async (user: typeof alice) => {
    const page = await press(await signIn(openBrowser(t), portal + LOANS, user), LOANS);
    assert.equal(page.status, 200);
    if (!page.body.includes('<time')) assert.match(textOf(page), /You have borrowed nothing at the moment/);
    return [...page.body.matchAll(/<time datetime="([^"]+)"/g)].map(
      ([, day = '']) => (Date.parse(day) - Date.now()) / 86_400_000,
    );
  };
  const student = await daysUntilDue(alice);
  const staff = await daysUntilDue({ name: 'bob', password: 'builder' });
  assert.deepEqual([student.length, staff.length], [2, 3]);
  assert.ok(Math.max(...student) <= 14 && Math.max(...staff) > 14, `${student} and ${staff} days`);
  assert.deepEqual(await daysUntilDue({ name: 'zoë', password: 'crème-brûlée' }), []);
});

test('a callback whose certificate is of another authority gets no grant: the sign-in goes on, and the page says why', async (t) => {
  const server = await startFakeCas({ callbackCa: (await createDevelopmentCa()).certificate });
  t.after(() => server.close());
  const demo = await runDemo(t, { cas: server.url });
  const ask = await signIn(openBrowser(t), demo.portal + LOANS);
  assert.equal(ask.url.href, demo.portal + LOANS);
  assert.deepEqual([server.counts.callback, server.grants], [1, 0], 'it called, and saw the certificate');

  const page = await press(ask, LOANS);
  assert.equal(page.status, 502);
  const text = textOf(page);
  assert.match(text, /The portal may not ask for you .* does not trust the certificate .*Code: ERR_SSO_NO_PROXY_GRANT/);
  assert.ok(text.includes(demo.callback), 'the address in question');
  assert.match(demo.output(), /There is no proxy grant: .* certificate chain/);
  assert.equal(server.counts.proxy, 0);
  assert.equal((await press(page, AGAIN)).url.href, demo.portal + LOANS);
});

test('a grant that has ended is replaced by signing in again, without a password', async (t) => {
  const { portal, server } = await runWithServer(t);
  const browser = openBrowser(t);
  const ask = await signIn(browser, portal + LOANS);
  server.expireGrants();
  const ended = await press(ask, LOANS);
  assert.equal(ended.status, 502);
  assert.match(textOf(ended), /The portal’s grant has ended .*Code: ERR_SSO_PROXY_GRANT_EXPIRED/);

  const back = await press(ended, AGAIN);
  assert.equal(back.url.href, portal + LOANS);
  assert.match(textOf(await press(back, LOANS)), /The library has answered/);
});

test('every way that a call can fail is explained', async (t) => {
  let allowed = true;
  const { portal, server } = await runWithServer(t, { allowTarget: () => allowed });
  const ask = await signIn(openBrowser(t), portal + LOANS);
  const cases: readonly (readonly [spoil: () => void, text: RegExp, again: boolean])[] = [
    [
      () => server.misbehave('drop-before-headers', { endpoint: 'proxy' }),
      /The login server did not help .*Code: ERR_SSO_CAS_UNREACHABLE/,
      true,
    ],
    [() => server.misbehave('proxied'), /The library does not know this portal .*Code: ERR_SSO_PROXY_CHAIN/, false],
    [
      () => server.misbehave({ kind: 'failure', code: 'INVALID_TICKET' }),
      /did not accept the ticket .*Code: ERR_SSO_PROXY_TICKET_REJECTED/,
      true,
    ],
    [() => server.misbehave('html-error'), /The library could not answer .*Code: ERR_SSO_CAS_BAD_ANSWER/, true],
    [
      () => {
        allowed = false;
      },
      /No ticket for the library .*Code: ERR_SSO_PROXY_REFUSED/,
      false,
    ],
  ];
  for (const [spoil, text, again] of cases) {
    spoil();
    const page = await press(ask, LOANS);
    assert.equal(page.status, 502, text.source);
    assert.match(textOf(page), text);
    assert.equal(
      page.forms.some(({ action }) => action.pathname === LOANS),
      again,
      text.source,
    );
    assert.equal(
      page.forms.some(({ action }) => action.pathname === AGAIN),
      false,
      text.source,
    );
  }
  allowed = true;
  assert.match(textOf(await press(ask, LOANS)), /The library has answered/, 'and all is well again');
});

test('no other page can press the buttons', async (t) => {
  const { portal, server } = await runWithServer(t);
  const browser = openBrowser(t);
  const ask = await signIn(browser, portal + LOANS);
  for (const path of [LOANS, AGAIN]) {
    for (const from of ['http://localhost:1/', 'https://elsewhere.example/']) {
      const page = await browser.post(portal + path, {}, { from });
      assert.equal(page.status, 403, `${path} from ${from}`);
      assert.match(textOf(page), /This form is not ours/);
    }
    for (const headers of [{ origin: 'null' }, {}, { origin: 'http://localhost:1' }]) {
      const sent = await fetch(portal + path, { method: 'POST', headers, redirect: 'manual' });
      assert.equal(sent.status, 403, 'an old browser');
    }
  }
  assert.equal(server.counts.proxy, 0);
  assert.equal((await browser.get(portal + LOANS)).status, 200, 'and nobody was signed out');
  assert.equal((await press(ask, LOANS)).status, 200);
});

test('a login that ended meanwhile is asked for when the button is pressed', async (t) => {
  const { portal } = await runDemo(t);
  const browser = openBrowser(t);
  const ask = await signIn(browser, portal + LOANS);
  await press(ask, '/sso/logout');
  const headers = { referer: portal + LOANS };
  const form = await chooseCas(await (await browser.post(portal + LOANS, {}, { from: ask, headers })).settle());
  assert.match(textOf(await fillIn(form)), /Ask the library on my behalf/);
});

test('with --https every page is served over HTTPS, and all works alike', async (t) => {
  const writeCa = await fileFor(t);
  const { portal, library, cas, callback } = await runDemo(t, { https: true, writeCa });
  for (const address of [portal, library, cas, callback]) assert.match(address, /^https:/);
  assert.equal(callback, `${portal}/sso/proxy-callback`);
  const browser = openBrowser(t, await readFile(writeCa, 'utf8'));
  const answer = await press(await signIn(browser, portal + LOANS), LOANS);
  assert.ok(textOf(answer).includes(`Chain of proxies ${callback}`), textOf(answer));
  assert.ok(browser.cookies.all().some(({ name }) => name.startsWith('__Host-sso-session')));
  assert.match(textOf(await press(answer, '/sso/logout')), /You have signed out/);
  assert.ok((await openForm(browser, portal + LOANS)).url.href.startsWith(cas), 'and asks again');
});

test('the library answers nobody else', async (t) => {
  const { library, server } = await runWithServer(t);
  const codeOf = async (response: Response) => ((await response.json()) as { error: { code: string } }).error.code;
  const bare = await fetch(library + LOANS);
  assert.equal(bare.status, 401);
  assert.equal(await codeOf(bare), 'ERR_SSO_PROXY_TICKET_REQUIRED');
  for (const proxies of [[], ['https://localhost:1/sso/proxy-callback']]) {
    const ticket = server.issueTicket('alice', library + LOANS, { proxies });
    assert.equal(await codeOf(await fetch(`${library + LOANS}?ticket=${ticket}`)), 'ERR_SSO_PROXY_CHAIN');
  }
});

test('the port of the callback has nothing but the callback', async (t) => {
  const writeCa = await fileFor(t);
  const { portal, callback } = await runDemo(t, { writeCa });
  assert.notEqual(new URL(callback).port, new URL(portal).port);
  const browser = openBrowser(t, await readFile(writeCa, 'utf8'));
  assert.equal((await browser.get(callback)).status, 200);
  for (const path of ['/', LOANS, '/sso/login', '/sso/logout']) {
    assert.equal((await browser.get(new URL(path, callback))).status, 404, path);
  }
});
