import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { readArguments, UsageError } from '../../examples/demo/arguments.ts';
import { createTerminal } from '../../examples/demo/terminal.ts';
import { defaultFakeCasUsers, startFakeCas } from '../../src/testing/index.ts';
import { alice, DEMO, fillIn, formTo, openBrowser, openForm, press, signIn, startDemo, textOf } from './demo-scene.ts';
import { freePort, isListening, startExample } from './example.ts';

let shared: Awaited<ReturnType<typeof startDemo>>;

before(async () => {
  shared = await startDemo();
});
after(() => shared?.demo.kill());

test('a person signs in, sees what is known, and signs out; the terminal shows each step and no secret', async (t) => {
  const { demo, portal, cas } = shared;
  const browser = openBrowser(t);
  const secrets = new Set<string>();
  const remember = () => {
    // The name of the way that was chosen is on the screen, and no secret.
    for (const { name, value } of browser.cookies.all()) if (!name.startsWith('sso-way')) secrets.add(value);
  };

  const start = await browser.get(portal);
  assert.equal(start.status, 200);
  assert.match(start.body, /<a class="button primary" href="\/me">My page<\/a>/);

  const form = await openForm(browser, `${portal}/me`);
  remember();
  assert.equal(form.url.origin, new URL(cas).origin);
  const back = await form.submit(form.forms[0]!, { username: alice.name, password: alice.password });
  secrets.add(back.location?.searchParams.get('ticket') ?? '');
  const me = await back.settle();
  remember();
  assert.equal(me.url.href, `${portal}/me`);
  assert.match(
    textOf(me),
    /Hello, Alice Liddell You are alice , .+ Name displayName Alice Liddell E-mail mail alice@example\.edu/,
  );
  assert.match(me.body, /<ul><li>student<\/li><li>member<\/li><\/ul>/);
  assert.match(textOf(await browser.get(portal)), /Welcome, Alice Liddell/);

  const out = await (await me.submit(formTo(me, '/sso/logout'))).settle();
  assert.equal(out.url.href, `${portal}/sso/logged-out`);
  assert.match(textOf(out), /You have signed out/);
  assert.equal(
    (await openForm(browser, `${portal}/me`)).url.origin,
    new URL(cas).origin,
    'the login server asks again',
  );

  await demo.printed(/loggedOut/);
  const [, attempt = ''] = await demo.printed(/^ {2}\d\d:\d\d:\d\d {2}(\S{7}) {2}cas {13}· → starting {21}begin$/m);
  const steps = demo
    .output()
    .split('\n')
    .filter((line) => line.includes(attempt));
  assert.deepEqual(
    steps.map((line) => line.slice(37, 68).trimEnd()),
    [
      '· → starting',
      'starting → redirecting',
      'redirecting → awaitingReturn',
      'awaitingReturn → validating',
      'validating → admitting',
      'admitting → claimingGrant',
      'claimingGrant → openingSession',
      'openingSession → authenticated',
      'authenticated → loggedOut',
    ],
  );
  assert.ok(secrets.size >= 4, 'a ticket and cookies were seen');
  for (const secret of secrets) assert.ok(secret !== '' && !demo.output().includes(secret), 'a secret was printed');
  assert.doesNotMatch(demo.output(), /ST-|TGT-|TGC|PGT|\u001b/);
});

test('Ctrl-C ends everything at once, also with a browser connected, and reports success', async (t) => {
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    const { demo, portal, library, cas, callback, raven = '' } = await startDemo();
    t.after(() => demo.kill());
    await press(await signIn(openBrowser(t), `${portal}/loans`), '/loans');
    // Somebody who connects and says nothing, not even the first word of TLS.
    const idle = connect(Number(new URL(callback).port), '127.0.0.1').on('error', () => {});
    t.after(() => idle.destroy());
    await once(idle, 'connect');
    const listening = () => Promise.all([portal, library, cas, callback, raven].map(isListening));
    assert.deepEqual(await listening(), [true, true, true, true, true]);

    const asked = Date.now();
    demo.signal(name);
    assert.deepEqual(await demo.ended(), { code: 0, signal: null }, name);
    // Well below the time after which the demo would give up waiting.
    assert.ok(Date.now() - asked < 2000, `${name} took ${Date.now() - asked} ms`);
    assert.deepEqual(await listening(), [false, false, false, false, false]);
  }
});

test('every user of the start screen can sign in, and a deep link arrives with its query', async (t) => {
  const { demo, portal } = shared;
  for (const { name, password, attributes = {} } of defaultFakeCasUsers) {
    assert.ok(demo.output().includes(`${name.padEnd(11)}  ${password}\n`), `${name} is on the start screen`);
    const browser = openBrowser(t);
    const notes = await signIn(browser, `${portal}/notes?b=2&a=1&b=%2F+%C3%A9`, { name, password });
    assert.equal(notes.url.href, `${portal}/notes?b=2&a=1&b=%2F+%C3%A9`);
    assert.match(textOf(notes), /\/notes\?b=2&a=1&b=%2F\+%C3%A9 .* b 2 a 1 b \/ é /);

    const me = await browser.get(`${portal}/me`);
    for (const value of [name, ...Object.values(attributes).flat()]) assert.ok(textOf(me).includes(value), value);
    assert.doesNotMatch(me.body, /<co>/i, 'what came from the server is escaped');
  }
});

test('the pages forbid everything they do not need', async (t) => {
  const { portal, cas, raven } = shared;
  const browser = openBrowser(t);
  const policy = `default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' ${new URL(cas).origin} ${raven}; base-uri 'none'; frame-ancestors 'none'`;
  await signIn(browser, `${portal}/me`, alice);
  for (const [path, status] of [
    ['/', 200],
    ['/me', 200],
    ['/notes', 200],
    ['/loans', 200],
    ['/grades', 200],
    ['/nowhere', 404],
  ] as const) {
    const page = await browser.get(portal + path);
    assert.equal(page.status, status, path);
    assert.equal(page.headers.get('content-security-policy'), policy, path);
    assert.equal(page.headers.get('cache-control'), 'no-store', path);
    assert.match(page.body, /^<!doctype html>\n<html lang="en">/, path);
    assert.doesNotMatch(page.body, /<script|\sstyle=|\son\w+=/i, path);
  }
  assert.match((await browser.get(`${portal}/portal.css`)).headers.get('content-type') ?? '', /^text\/css/);
});

test('a server of --cas takes the place of the fake one', async (t) => {
  const other = await startFakeCas();
  t.after(() => other.close());
  const port = await freePort();
  const { demo, portal, cas, raven } = await startDemo(['--cas', other.url, '--port', port]);
  t.after(() => demo.kill());
  assert.deepEqual([portal, cas, raven], [`http://localhost:${port}`, other.url, undefined]);
  assert.doesNotMatch(demo.output(), /wonderland|test0001/);
  const form = await (await openBrowser(t).get(`${portal}/me`)).settle();
  assert.ok(form.url.href.startsWith(other.url), 'nothing to choose');
  const page = textOf(await fillIn(form));
  assert.match(page, /Hello, Alice Liddell/);
  assert.ok(page.includes(`Way in ${new URL(other.url).host} CAS Issuer ${other.url} `), page);
});

test('a failed sign-in is a line with its code', async (t) => {
  const { demo, portal } = shared;
  const browser = openBrowser(t);
  const form = await openForm(browser, `${portal}/me`);
  const service = new URL(form.forms[0]!.fields.service ?? '');
  service.searchParams.set('ticket', 'ST-never-issued');
  assert.equal((await browser.get(service)).status, 403);
  await demo.printed(/rejecting → failed {10} +always +showFailure {2}ERR_SSO_TICKET_REJECTED$/m);
  assert.doesNotMatch(demo.output(), /never-issued/);
});

test('a command line that makes no sense gets the usage and exit code 2, a bad address exit code 1', async (t) => {
  const cases: readonly (readonly [args: readonly string[], code: number, output: RegExp])[] = [
    [['--colour'], 2, /'--colour'[\s\S]*\nUsage: npm run demo -- \[options\]\n/],
    [['--cas', 'login.example.edu'], 1, /^The options of campusSso\(\) are not valid:\n- cas\.serverUrl: .+\n$/],
    [['--cas', 'https://login.example.edu/cas', '--ca', '/nowhere.pem'], 1, /^ENOENT: .+'\/nowhere\.pem'\n$/],
  ];
  for (const [args, code, output] of cases) {
    const demo = startExample(DEMO, args);
    t.after(() => demo.kill());
    assert.deepEqual(await demo.ended(), { code, signal: null }, args.join(' '));
    assert.match(demo.output(), output);
  }
});

test('the command line is read strictly', () => {
  const nothing = { cas: undefined, ca: undefined, port: 0, https: false, writeCa: undefined, help: false };
  assert.deepEqual(readArguments([]), nothing);
  assert.deepEqual(readArguments(['--port=8080', '-h']), { ...nothing, port: 8080, help: true });
  assert.deepEqual(readArguments(['--https', '--write-ca', 'ca.pem']), { ...nothing, https: true, writeCa: 'ca.pem' });
  for (const args of [
    ['now'],
    ['--cas'],
    ['--https=1'],
    ['--write-ca'],
    ['--port', '70000'],
    ['--port', '80a'],
    ['--ca', 'file.pem'],
  ]) {
    assert.throws(() => readArguments(args), UsageError, args.join(' '));
  }
});

test('colour is only for those who asked for it', () => {
  const step = { flow: 'cas', from: null, event: 'begin', guard: null, to: 'failed', outcome: 'failure' } as const;
  const entry = { ...step, at: 0, attempt: 'abcdefghijkl', subject: null };
  const write = (colour: boolean) => {
    let text = '';
    const terminal = createTerminal((more) => {
      text += more;
    }, colour);
    terminal.start({
      portalUrl: 'http://localhost:1',
      libraryUrl: 'http://localhost:2',
      callbackUrl: 'https://localhost:4',
      servers: {
        cas: { serverUrl: 'http://localhost:3', label: 'CAS' },
        casUsers: undefined,
        expireGrants: undefined,
        raven: undefined,
        ravenUsers: [{ name: 'test0450', password: 'test', remark: 'has left' }],
      },
    });
    terminal.step({ ...entry, code: 'ERR_SSO_TICKET_MISSING', effects: ['showFailure'], done: true });
    return text;
  };
  assert.match(write(true), /\u001b\[31mERR_SSO_TICKET_MISSING\u001b\[0m\n$/);
  assert.equal(write(true).replace(/\u001b\[\d+m/g, ''), write(false));
});
