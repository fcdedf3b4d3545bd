import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type FakeWls, startFakeWls } from '../../src/testing/index.ts';
import { cookieOf } from './http-client.ts';
import { ask, isSigned, logIn, type Parameters, replyOf, submit } from './wls-client.ts';

const now = Date.UTC(2026, 0, 5, 9, 3, 7, 999);
const request = { ver: '3', url: 'http://localhost:3000/return', params: 'n0nce' };
let wls: FakeWls;
let goose: FakeWls;

before(async () => {
  wls = await startFakeWls({ modulusLength: 1024, clock: () => now });
  goose = await startFakeWls({ modulusLength: 1024, style: 'ucam-wls', clock: () => now });
});

after(() => Promise.all([wls.close(), goose.close()]));

const cancel = (server: FakeWls, parameters: Parameters) => submit(server, { ...parameters, cancel: 'Cancel' });

describe('the text of a reply', () => {
  test('has 14 fields in version 3 and is signed', async () => {
    const { text } = replyOf(await logIn(wls, request, 'test0400'));
    assert.match(
      text,
      /^3!200!!20260105T090307Z![\w.-]{24}!http:\/\/localhost:3000\/return!test0400!current,x-admin!pwd!!36000!n0nce!77![\w.-]{171}_$/,
    );
    assert.equal(isSigned(text, wls.publicKey), true);
  });

  for (const ver of ['1', '2']) {
    test(`has 13 fields in version ${ver} and is signed`, async () => {
      const { text } = replyOf(await logIn(wls, { ...request, ver }));
      assert.match(
        text,
        new RegExp(`^${ver}!200!!20260105T090307Z![^!]+!http[^!]+!test0001!pwd!!36000!n0nce!77![^!]+$`),
      );
      assert.equal(isSigned(text, wls.publicKey), true);
    });
  }

  test('escapes ! and % and nothing else, and the signature covers it so', async () => {
    const params = '100%!%21 +&=;é"\u{1f426}';
    const url = 'http://localhost:3000/a%20b!c?d=%25';
    const { text, fields } = replyOf(await logIn(wls, { ...request, url, params }));
    assert.ok(text.includes('!100%25%21%2521 +&=;é"\u{1f426}!77!'), text);
    assert.ok(text.includes('!http://localhost:3000/a%2520b%21c?d=%2525!test0001!'), text);
    assert.deepEqual([fields.params, fields.url], [params, url]);
    assert.equal(isSigned(text, wls.publicKey), true);
  });

  test('has another id every time', async () => {
    const ids = await Promise.all([1, 2, 3].map(async () => replyOf(await logIn(wls, request)).fields.id));
    assert.equal(new Set(ids).size, 3);
  });

  test('has its signature in the base64 of the protocol', async () => {
    const seen = new Set<string>();
    for (let tries = 0; tries < 50; tries += 1) {
      for (const character of replyOf(await logIn(wls, request))
        .text.split('!')
        .at(-1) ?? '')
        seen.add(character);
    }
    assert.deepEqual([...seen].filter((character) => !/[A-Za-z0-9]/.test(character)).sort(), ['-', '.', '_']);
  });

  test('repeats params that were not sent as nothing', async () => {
    const { ver, url } = request;
    assert.equal(replyOf(await logIn(wls, { ver, url })).fields.params, '');
  });

  test('has no tag for somebody who is not current', async () => {
    const { fields } = replyOf(await logIn(wls, request, 'test0450'));
    assert.deepEqual([fields.status, fields.principal, fields.ptags], ['200', 'test0450', '']);
  });

  test('of a failure names nobody, and has neither tags nor life', async () => {
    const { text, fields } = replyOf(await ask(wls, { ...request, iact: 'no' }));
    const { ver, status, principal, ptags, auth, sso, life, params } = fields;
    assert.deepEqual(
      [ver, status, principal, ptags, auth, sso, life, params],
      ['3', '540', '', '', '', '', '', 'n0nce'],
    );
    assert.equal(isSigned(text, wls.publicKey), true);
  });
});

describe('the landing address', () => {
  const query = '?b=%20+&a=%2f&flag';

  test('is the whole url in versions 2 and 3', async () => {
    for (const ver of ['2', '3']) {
      const answer = await logIn(wls, { ...request, ver, url: `${request.url}${query}` });
      assert.equal(replyOf(answer).landing, `${request.url}${query}`);
      assert.match(answer.headers.location ?? '', /&flag&WLS-Response=/);
    }
  });

  test('has no query in version 1, though the field url does', async () => {
    const answer = await logIn(wls, { ...request, ver: '1', url: `${request.url}${query}#top` });
    assert.equal(replyOf(answer).landing, request.url);
    assert.equal(replyOf(answer).fields.url, `${request.url}${query}#top`);
  });

  test('has no fragment in version 1 either', async () => {
    const answer = await logIn(wls, { ...request, ver: '1', url: `${request.url}#top` });
    assert.match(answer.headers.location ?? '', /\/return\?WLS-Response=[^#]+$/);
  });

  test('keeps the fragment behind the reply', async () => {
    const answer = await logIn(wls, { ...request, url: `${request.url}#top` });
    assert.match(answer.headers.location ?? '', /\/return\?WLS-Response=[^#]+#top$/);
  });
});

describe('the version', () => {
  test('of a cancel is 1, so that the query is lost', async () => {
    const { landing, text, fields } = replyOf(await cancel(wls, { ...request, url: `${request.url}?a=1` }));
    assert.match(text, /^1!410!!20260105T090307Z![^!]+!http:\/\/localhost:3000\/return\?a=1!!!!!n0nce!77![^!]+$/);
    assert.equal(landing, request.url);
    assert.equal(fields.status, '410');
    assert.equal(isSigned(text, wls.publicKey), true);
  });

  test('is never higher than the server is told', async () => {
    const old = await startFakeWls({ modulusLength: 1024, highestVersion: 2 });
    try {
      assert.equal(replyOf(await logIn(old, request)).fields.ver, '2');
      assert.equal(replyOf(await logIn(old, { ...request, ver: '1' })).fields.ver, '1');
      assert.equal(replyOf(await ask(old, { ...request, iact: 'no' })).fields.ver, '2');
      assert.equal(replyOf(await logIn(old, request, 'test0450')).fields.status, '570');
    } finally {
      await old.close();
    }
  });

  test('below 3 is declined to somebody who is not current', async () => {
    for (const ver of ['1', '2']) {
      const { fields } = replyOf(await logIn(wls, { ...request, ver }, 'test0450'));
      assert.deepEqual([fields.ver, fields.status, fields.principal], [ver, '570', '']);
    }
    const cookie = cookieOf(await logIn(wls, request, 'test0450'));
    assert.equal(replyOf(await ask(wls, { ...request, ver: '2' }, cookie)).fields.status, '570');
  });
});

describe('the style ucam-wls', () => {
  test('redirects with 302, and has ids of six digits and a life of six hours', async () => {
    const answer = await logIn(goose, request);
    assert.equal(answer.status, 302);
    const { id, life } = replyOf(answer).fields;
    assert.match(id ?? '', /^[1-9]\d{5}$/);
    assert.equal(life, '21600');
  });

  const rebuilt: Readonly<Record<string, string>> = {
    '?a=1&b=x%20y&flag&c=': '?a=1&b=x+y',
    '?special': '',
    '?a=1;b=2': '?a=1%3Bb%3D2',
    '?a=!': '?a=%21',
    '?a=1#top': '?a=1',
  };
  for (const [sent, landed] of Object.entries(rebuilt)) {
    test(`rebuilds ${sent} and leaves the field url alone`, async () => {
      const { landing, fields } = replyOf(await logIn(goose, { ...request, url: `${request.url}${sent}` }));
      assert.equal(landing, `${request.url}${landed}`);
      assert.equal(fields.url, `${request.url}${sent}`);
    });
  }

  test('sends a space in the reply as +, and the reply is still signed', async () => {
    const answer = await logIn(goose, { ...request, params: 'a b' });
    assert.match(answer.headers.location ?? '', /%21a\+b%21/);
    assert.equal(isSigned(replyOf(answer).text, goose.publicKey), true);
  });

  test('answers a cancel in the version asked for', async () => {
    const { ver, status } = replyOf(await cancel(goose, request)).fields;
    assert.deepEqual([ver, status], ['3', '410']);
  });

  test('drops the query in version 1', async () => {
    const { landing } = replyOf(await logIn(goose, { ...request, ver: '1', url: `${request.url}?a=1` }));
    assert.equal(landing, request.url);
  });

  test('lets somebody who is not current in with an old version', async () => {
    const { ver, status, principal } = replyOf(await logIn(goose, { ...request, ver: '2' }, 'test0450')).fields;
    assert.deepEqual([ver, status, principal], ['2', '200', 'test0450']);
  });
});
