import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type FakeWls, startFakeWls } from '../../src/testing/index.ts';
import { send } from './http-client.ts';
import { ask, isSigned, logIn, type Parameters, replyOf, submit } from './wls-client.ts';

const request = { ver: '3', url: 'http://localhost:3000/return?a=1', params: 'n0nce' };
let wls: FakeWls;
let goose: FakeWls;

before(async () => {
  wls = await startFakeWls({ modulusLength: 1024 });
  goose = await startFakeWls({ modulusLength: 1024, style: 'ucam-wls' });
});

after(() => Promise.all([wls.close(), goose.close()]));

const query = (text: string, server = wls) => send(`${server.loginUrl}?${text}`);
const base = String(new URLSearchParams(request));

/** Requests that a server has to refuse, by what is wrong with them. */
const flawed: Readonly<Record<string, readonly [status: string, query: string]>> = {
  'an unknown parameter': ['530', `${base}&colour=red`],
  'an unknown parameter without a value': ['530', `${base}&special`],
  'a parameter that occurs twice': ['530', `${base}&desc=a&desc=b`],
  'the version twice': ['530', `${base}&ver=3`],
  'no version': ['530', base.replace('ver=3&', '')],
  'an empty version': ['530', base.replace('ver=3', 'ver=')],
  'a version that is not a number': ['530', base.replace('ver=3', 'ver=3a')],
  'version 4': ['520', base.replace('ver=3', 'ver=4')],
  'version 0': ['520', base.replace('ver=3', 'ver=0')],
  'version 03': ['520', base.replace('ver=3', 'ver=03')],
  'desc outside of ASCII': ['530', `${base}&desc=caf%C3%A9`],
  'msg outside of ASCII': ['530', `${base}&msg=caf%C3%A9`],
  'desc with a line break': ['530', `${base}&desc=a%0Ab`],
  'an iact that is neither yes nor no': ['530', `${base}&iact=maybe`],
  'params with a control character': ['530', base.replace('n0nce', 'a%00b')],
};

describe('a request that cannot be served', () => {
  for (const [what, [status, text]] of Object.entries(flawed)) {
    test(`because of ${what} is answered with a signed ${status} in version 1`, async () => {
      const { landing, text: reply, fields } = replyOf(await query(text));
      assert.deepEqual([fields.ver, fields.status, fields.url], ['1', status, request.url]);
      assert.notEqual(fields.msg, '');
      assert.equal(landing, 'http://localhost:3000/return');
      assert.equal(isSigned(reply, wls.publicKey), true);
    });
  }

  test('is told what is wrong with it', async () => {
    const told = async (text: string) => replyOf(await query(text)).fields.msg;
    assert.equal(await told(base.replace('ver=3&', '')), 'The parameter ver is missing.');
    assert.equal(await told(`${base}&colour=red`), 'The parameter colour is unknown.');
    assert.equal(await told(`${base}&msg=%C3%A9`), 'The parameter msg holds something other than printable ASCII.');
    assert.equal(await told(base.replace('ver=3', 'ver=9')), 'Version 9 is not supported.');
    assert.match((await query('ver=3')).body, /The parameter url is missing/);
  });

  test('is refused in the same way when it comes with the form', async () => {
    const { fields } = replyOf(await submit(wls, { ...request, colour: 'red', userid: 'test0001', pwd: 'test' }));
    assert.equal(fields.status, '530');
  });

  test('is answered with a page by a server of ucam-wls', async () => {
    for (const [, text] of Object.values(flawed)) {
      const answer = await query(text, goose);
      assert.equal(answer.status, 400, text);
      assert.equal(answer.headers.location, undefined);
    }
  });

  const addresses: Readonly<Record<string, string>> = {
    'no url': 'ver=3',
    'an empty url': 'ver=3&url=',
    'a url without a host': 'ver=3&url=%2Freturn',
    'a url of another scheme': 'ver=3&url=javascript%3Aalert(1)',
    'a url that is broken': 'ver=3&url=http%3A%2F%2F%5B',
    'two urls': `${base}&url=http%3A%2F%2Fother.example.org%2F`,
  };
  for (const [what, text] of Object.entries(addresses)) {
    test(`because of ${what} is answered with a page, for it leads nowhere`, async () => {
      const answer = await query(text);
      assert.equal(answer.status, 400);
      assert.equal(answer.headers.location, undefined);
      assert.match(answer.body, /request cannot be served/);
      assert.match(answer.body, /Status 530/);
      assert.doesNotMatch(answer.body, /javascript:/);
    });
  }
});

describe('a request is served', () => {
  const served: Readonly<Record<string, string>> = {
    'with empty optional parameters': `${base}&desc=&aauth=&iact=&msg=&date=&skew=&fail=`,
    'with spaces as %20 and as +': `${base}&desc=a%20b+c`,
    'with a semicolon as separator': base.replaceAll('&', ';'),
    'in any order': 'params=n0nce&url=http%3A%2F%2Flocalhost%3A3000%2Freturn&ver=3',
    'in version 1': base.replace('ver=3', 'ver=1'),
    'with aauth that names pwd among others': `${base}&aauth=x-card,pwd`,
    'with a date and a skew that make no sense': `${base}&date=yesterday&skew=x`,
    'for an https address': base.replace('http%3A', 'https%3A'),
  };
  for (const [how, text] of Object.entries(served)) {
    test(how, async () => {
      const page = await query(text);
      assert.equal(page.status, 200);
      assert.match(page.body, /name="pwd"/);
    });
  }
});

describe('aauth', () => {
  test('with nothing that the server knows is answered with 510 in the version asked for', async () => {
    for (const aauth of ['x-card', 'PWD', 'pwd2', ',']) {
      const { ver, status, params } = replyOf(await ask(wls, { ...request, aauth })).fields;
      assert.deepEqual([ver, status, params], ['3', '510', 'n0nce'], aauth);
    }
    assert.equal(replyOf(await logIn(wls, { ...request, aauth: 'x-card' })).fields.status, '510');
  });
});

describe('fail=yes', () => {
  const failures: Readonly<Record<string, Parameters>> = {
    '510': { aauth: 'x-card' },
    '520': { ver: '9' },
    '530': { iact: 'maybe' },
    '540': { iact: 'no' },
  };
  for (const [status, more] of Object.entries(failures)) {
    test(`shows ${status} and sends nobody back`, async () => {
      const answer = await ask(wls, { ...request, ...more, fail: 'yes' });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.location, undefined);
      assert.match(answer.body, new RegExp(`Status ${status}`));
    });
  }

  test('shows that the person has cancelled', async () => {
    const answer = await submit(wls, { ...request, fail: 'yes', cancel: 'Cancel' });
    assert.equal(answer.status, 200);
    assert.match(answer.body, /Login cancelled/);
  });

  test('does not stand in the way of a login', async () => {
    assert.equal(replyOf(await logIn(wls, { ...request, fail: 'yes' })).fields.status, '200');
  });

  test('with a server of ucam-wls shows a page with status 400', async () => {
    assert.equal((await submit(goose, { ...request, fail: 'yes', cancel: 'Cancel' })).status, 400);
  });

  test('counts for nothing with any other value', async () => {
    assert.equal(replyOf(await ask(wls, { ...request, aauth: 'x-card', fail: 'no' })).fields.status, '510');
  });
});
