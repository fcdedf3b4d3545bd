import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { type FakeWls, type FakeWlsFault, startFakeWls } from '../../src/testing/index.ts';
import { cookieOf } from './http-client.ts';
import { ask, isSigned, logIn, replyOf, submit } from './wls-client.ts';

const now = Date.UTC(2026, 0, 5, 9, 3, 7);
const request = { ver: '3', url: 'http://localhost:3000/return?a=1', params: 'n0nce' };
let wls: FakeWls;
let goose: FakeWls;

before(async () => {
  wls = await startFakeWls({ modulusLength: 1024, clock: () => now });
  goose = await startFakeWls({ modulusLength: 1024, style: 'ucam-wls' });
});

afterEach(() => wls.behave());
after(() => Promise.all([wls.close(), goose.close()]));

/** The reply to a login that a fault has spoilt. */
async function spoilt(fault: FakeWlsFault) {
  wls.misbehave(fault);
  return replyOf(await logIn(wls, request));
}

describe('a signature', () => {
  test('can be missing, together with the kid', async () => {
    const { fields } = await spoilt('unsigned');
    assert.deepEqual([fields.status, fields.principal, fields.kid, fields.sig], ['200', 'test0001', '', '']);
  });

  for (const fault of ['bad-signature', 'other-key', 'sha-256'] as const) {
    test(`can be wrong: ${fault}`, async () => {
      const { text, fields } = await spoilt(fault);
      assert.deepEqual([fields.status, fields.kid], ['200', '77']);
      assert.match(fields.sig ?? '', /^[\w.-]{171}_$/);
      assert.equal(isSigned(text, wls.publicKey), false);
      assert.equal(isSigned(text, wls.publicKey, 'RSA-SHA256'), fault === 'sha-256');
    });
  }

  test('differs in one bit where it is bad', async () => {
    const { text } = await spoilt('bad-signature');
    const good = wls.sign(text.split('!').slice(0, -2).join('!')).split('!').at(-1) ?? '';
    const bytes = (sig = '') => Buffer.from(sig.replaceAll('-', '+').replaceAll('.', '/'), 'base64');
    const [a, b] = [bytes(good), bytes(text.split('!').at(-1))];
    const bits = [...a].map((byte, index) => (byte ^ (b[index] ?? 0)).toString(2).replaceAll('0', '').length);
    assert.equal(
      bits.reduce((sum, count) => sum + count, 0),
      1,
    );
  });

  test('can be right under the kid of another key', async () => {
    const { text, fields } = await spoilt('unknown-kid');
    assert.match(fields.kid ?? '', /^[1-9]\d{0,7}$/);
    assert.notEqual(fields.kid, '77');
    assert.equal(isSigned(text, wls.publicKey), true);
  });
});

describe('a signed reply', () => {
  test('can be for another application, and comes to this one', async () => {
    const { landing, text, fields } = await spoilt('wrong-url');
    assert.equal(landing, request.url);
    assert.match(fields.url ?? '', /^https:\/\/another-application\.example\.org\//);
    assert.equal(isSigned(text, wls.publicKey), true);
  });

  test('can have params that nobody sent', async () => {
    const { text, fields } = await spoilt('wrong-params');
    assert.ok(fields.params !== '' && fields.params !== request.params);
    assert.equal(isSigned(text, wls.publicKey), true);
  });

  test('can have no tags', async () => {
    const { text, fields } = await spoilt('no-ptags');
    assert.deepEqual([fields.ver, fields.ptags, fields.principal], ['3', '', 'test0001']);
    assert.equal(isSigned(text, wls.publicKey), true);
  });

  test('can be issued in the future or in the past', async () => {
    assert.equal((await spoilt({ kind: 'clock', ms: 120_000 })).fields.issue, '20260105T090507Z');
    const { text, fields } = await spoilt({ kind: 'clock', ms: -60_000 });
    assert.equal(fields.issue, '20260105T090207Z');
    assert.equal(isSigned(text, wls.publicKey), true);
  });

  const odd = {
    status: '0200',
    msg: '<b>!</b>',
    issue: '20260231T000000Z',
    id: '',
    principal: 'mallory\u0000',
    ptags: 'notcurrent',
    auth: 'x-card',
    sso: 'pwd,x-card',
    life: '-1',
  } as const;
  for (const [name, value] of Object.entries(odd)) {
    test(`can have any ${name}`, async () => {
      const { text, fields } = await spoilt({ kind: 'fields', fields: { [name]: value } });
      assert.equal(fields[name], value);
      assert.equal(isSigned(text, wls.publicKey), true);
    });
  }

  test('can have a lower version, and then the fields and the address of that version', async () => {
    const second = await spoilt({ kind: 'fields', fields: { ver: '2' } });
    assert.deepEqual([second.fields.ver, second.fields.auth, second.landing], ['2', 'pwd', request.url]);
    const first = await spoilt({ kind: 'fields', fields: { ver: '1' } });
    assert.deepEqual(
      [first.fields.ver, first.fields.auth, first.landing],
      ['1', 'pwd', 'http://localhost:3000/return'],
    );
    assert.equal(isSigned(first.text, wls.publicKey), true);
  });

  test('can have any kid and sig', async () => {
    const { text } = await spoilt({ kind: 'fields', fields: { kid: '../77', sig: 'AAAA' } });
    assert.match(text, /!n0nce!\.\.\/77!AAAA$/);
  });
});

describe('a reply', () => {
  test('can be any text', async () => {
    wls.misbehave({ kind: 'raw', text: 'a b!%zz' });
    const { location = '' } = (await logIn(wls, request)).headers;
    assert.equal(new URL(location).searchParams.get('WLS-Response'), 'a b!%zz');
  });

  test('can be missing', async () => {
    wls.misbehave('no-response');
    assert.equal((await logIn(wls, request)).headers.location, request.url);
  });

  test('can be there twice', async () => {
    wls.misbehave('two-responses');
    const { location = '' } = (await logIn(wls, request)).headers;
    const [one, two, ...more] = new URL(location).searchParams.getAll('WLS-Response');
    assert.ok(one !== undefined && one === two && more.length === 0);
    assert.equal(isSigned(one, wls.publicKey), true);
  });
});

describe('a status', () => {
  for (const status of [410, 510, 520, 530, 540, 550, 560, 570, 999]) {
    test(`of ${status} comes at once, names nobody and is signed`, async () => {
      wls.misbehave({ kind: 'status', status });
      const { text, fields } = replyOf(await ask(wls, request));
      assert.deepEqual([fields.status, fields.principal, fields.params], [String(status), '', 'n0nce']);
      assert.equal(fields.ver, [410, 520, 530].includes(status) ? '1' : '3');
      assert.equal(isSigned(text, wls.publicKey), true);
    });
  }

  test('can be unsigned, with a message and a version of its own', async () => {
    wls.misbehave({ kind: 'status', status: 570, msg: '<i>no!', ver: 2, signed: false });
    const { ver, status, msg, kid, sig } = replyOf(await ask(wls, request)).fields;
    assert.deepEqual([ver, status, msg, kid, sig], ['2', '570', '<i>no!', '', '']);
  });

  test('comes in place of single sign-on, and of a login whose form was shown before', async () => {
    const cookie = cookieOf(await logIn(wls, request));
    wls.misbehave({ kind: 'status', status: 560 }, { times: 2 });
    assert.equal(replyOf(await ask(wls, request, cookie)).fields.status, '560');
    const { status, principal } = replyOf(await logIn(wls, request)).fields;
    assert.deepEqual([status, principal], ['560', '']);
  });

  test('of 560 is not signed by a server of ucam-wls, unless told', async () => {
    goose.misbehave({ kind: 'status', status: 560 });
    const unsigned = replyOf(await ask(goose, request)).fields;
    assert.deepEqual([unsigned.status, unsigned.kid, unsigned.sig], ['560', '', '']);
    goose.misbehave({ kind: 'status', status: 560, signed: true });
    assert.equal(isSigned(replyOf(await ask(goose, request)).text, goose.publicKey), true);
    goose.misbehave({ kind: 'status', status: 570 });
    assert.equal(isSigned(replyOf(await ask(goose, request)).text, goose.publicKey), true);
  });

  test('is shown where the request says fail=yes', async () => {
    wls.misbehave({ kind: 'status', status: 560 });
    const answer = await ask(wls, { ...request, fail: 'yes' });
    assert.equal(answer.status, 200);
    assert.match(answer.body, /Status 560/);
    assert.equal(replyOf(await logIn(wls, { ...request, fail: 'yes' })).fields.status, '200');
  });
});

describe('misbehave', () => {
  test('spoils one reply, and a form is none', async () => {
    wls.misbehave('unsigned');
    await ask(wls, request);
    await submit(wls, { ...request, userid: 'test0001', pwd: 'wrong' });
    assert.equal(replyOf(await logIn(wls, request)).fields.sig, '');
    assert.notEqual(replyOf(await logIn(wls, request)).fields.sig, '');
  });

  test('spoils a failure as well', async () => {
    wls.misbehave('wrong-params');
    const { status, params } = replyOf(await ask(wls, { ...request, iact: 'no' })).fields;
    assert.equal(status, '540');
    assert.notEqual(params, request.params);
  });

  test('happens as often as told, one fault after the other', async () => {
    wls.misbehave('unsigned', { times: 2 });
    wls.misbehave({ kind: 'fields', fields: { life: '7' } });
    const seen: unknown[] = [];
    for (let logins = 0; logins < 4; logins += 1) {
      const { sig, life } = replyOf(await logIn(wls, request)).fields;
      seen.push([sig === '', life]);
    }
    assert.deepEqual(seen, [
      [true, '36000'],
      [true, '36000'],
      [false, '7'],
      [false, '36000'],
    ]);
  });

  test('goes on for ever, until it is told to behave', async () => {
    wls.misbehave('unsigned', { times: Infinity });
    for (let logins = 0; logins < 3; logins += 1) assert.equal(replyOf(await logIn(wls, request)).fields.sig, '');
    wls.behave();
    assert.notEqual(replyOf(await logIn(wls, request)).fields.sig, '');
  });

  test('refuses what makes no sense', () => {
    assert.throws(() => wls.misbehave('toString' as 'unsigned'), TypeError);
    for (const status of [200, 99, 1000, 410.5, Number.NaN]) {
      assert.throws(() => wls.misbehave({ kind: 'status', status }), TypeError, String(status));
    }
    assert.throws(() => wls.misbehave({ kind: 'clock', ms: Number.NaN }), TypeError);
    for (const times of [0, 1.5, -1, Number.NaN]) {
      assert.throws(() => wls.misbehave('unsigned', { times }), TypeError, String(times));
    }
  });
});
