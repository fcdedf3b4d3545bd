import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type FakeWls, startFakeWls } from '../../src/testing/index.ts';
import { isSigned, readLocation, readText } from './wls-client.ts';

const now = Date.UTC(2026, 0, 5, 9, 3, 7);
const url = 'http://localhost:3000/return';
let wls: FakeWls;
let goose: FakeWls;

before(async () => {
  wls = await startFakeWls({ modulusLength: 1024, clock: () => now });
  goose = await startFakeWls({ modulusLength: 1024, style: 'ucam-wls' });
});

after(() => Promise.all([wls.close(), goose.close()]));

const asked = (parameters: Readonly<Record<string, string>>) =>
  `${wls.loginUrl}?${new URLSearchParams({ ver: '3', url, ...parameters })}`;

describe('issueReply', () => {
  test('makes a login of the first user with nothing but a url', () => {
    const { text, location } = wls.issueReply({ url });
    assert.match(
      text,
      /^3!200!!20260105T090307Z![^!]+!http:\/\/localhost:3000\/return!test0001!current!pwd!!36000!!77!/,
    );
    assert.equal(isSigned(text, wls.publicKey), true);
    assert.deepEqual([readLocation(location).landing, readLocation(location).text], [url, text]);
  });

  test('answers a request as a person would have it answered', () => {
    const request = asked({ url: `${url}?a=1`, params: 'n0nce', ver: '2' });
    for (const given of [request, new URL(request)]) {
      const { location } = wls.issueReply({ request: given, principal: 'test0002' });
      const { landing, fields } = readLocation(location);
      assert.equal(landing, `${url}?a=1`);
      const { ver, principal, params, auth } = fields;
      assert.deepEqual([ver, principal, params, auth], ['2', 'test0002', 'n0nce', 'pwd']);
    }
  });

  test('takes single sign-on where the request has iact=no, or where it is told', () => {
    const outcome = (options: Parameters<FakeWls['issueReply']>[0]) => {
      const { auth, sso } = readText(wls.issueReply(options).text);
      return [auth, sso];
    };
    assert.deepEqual(outcome({ request: asked({ iact: 'no' }) }), ['', 'pwd']);
    assert.deepEqual(outcome({ request: asked({ iact: 'no' }), interactive: true }), ['pwd', '']);
    assert.deepEqual(outcome({ request: asked({ iact: 'yes' }) }), ['pwd', '']);
    assert.deepEqual(outcome({ url, interactive: false }), ['', 'pwd']);
  });

  test('prefers what it is told to what the request says', () => {
    const options = { request: asked({ params: 'n0nce' }), url: `${url}/2`, params: 'other', ver: 1 } as const;
    const { ver, url: told, params } = readText(wls.issueReply(options).text);
    assert.deepEqual([ver, told, params], ['1', `${url}/2`, 'other']);
  });

  test('makes failures, signed and in the version of the style', () => {
    const cancelled = wls.issueReply({ url: `${url}?a=1`, params: 'n0nce', status: 410 });
    assert.match(cancelled.text, /^1!410!![^!]+![^!]+![^!]+!!!!!n0nce!77!/);
    assert.equal(readLocation(cancelled.location).landing, url);
    assert.equal(isSigned(cancelled.text, wls.publicKey), true);
    const declined = readText(wls.issueReply({ url, status: 570, msg: 'No!' }).text);
    assert.deepEqual([declined.ver, declined.status, declined.msg, declined.principal], ['3', '570', 'No!', '']);
    assert.equal(readText(wls.issueReply({ url, status: 410, ver: 3 }).text).ver, '3');
  });

  test('leaves 560 unsigned in the style of ucam-wls', () => {
    assert.equal(readText(goose.issueReply({ url, status: 560 }).text).sig, '');
    const { text } = goose.issueReply({ url, status: 560, signature: 'good' });
    assert.equal(isSigned(text, goose.publicKey), true);
    assert.equal(isSigned(goose.issueReply({ url, status: 410 }).text, goose.publicKey), true);
  });

  test('signs in every way that a client must refuse', () => {
    for (const signature of ['altered', 'other-key', 'sha-256'] as const) {
      const { text } = wls.issueReply({ url, signature });
      assert.equal(isSigned(text, wls.publicKey), false, signature);
    }
    const { kid, sig } = readText(wls.issueReply({ url, signature: 'none' }).text);
    assert.deepEqual([kid, sig], ['', '']);
  });

  test('takes any field as it is told, and signs it', () => {
    const fields = {
      principal: 'a!b%c',
      ptags: '',
      life: 'abc',
      sso: 'pwd',
      issue: 'yesterday',
      id: '123456',
      url: 'https://evil.example.org/',
      kid: '901',
    };
    const { text, location } = wls.issueReply({ url, fields });
    const { landing, fields: read } = readLocation(location);
    assert.equal(landing, url);
    for (const [name, value] of Object.entries(fields)) assert.equal(read[name], value, name);
    assert.equal(isSigned(text, wls.publicKey), true);
  });

  test('moves the clock for one reply', () => {
    assert.equal(readText(wls.issueReply({ url, clockOffsetMs: -31_000 }).text).issue, '20260105T090236Z');
  });

  test('leaves faults to the browser, and counts for no reply', () => {
    wls.misbehave('unsigned');
    const { text } = wls.issueReply({ url });
    wls.behave();
    assert.equal(isSigned(text, wls.publicKey), true);
    assert.deepEqual(wls.replies, []);
  });

  test('refuses what makes no sense', () => {
    assert.throws(() => wls.issueReply({}), /^TypeError: issueReply: either request or url/);
    assert.throws(() => wls.issueReply({ url, principal: 'mallory' }), /^TypeError: issueReply: .* no user "mallory"/);
    assert.throws(() => wls.issueReply({ url, status: 20 }), /^TypeError: issueReply: .* three digits/);
    assert.throws(() => wls.issueReply({ request: asked({ colour: 'red' }) }), /^TypeError: .*colour is unknown/);
    assert.throws(() => wls.issueReply({ request: wls.loginUrl }), /^TypeError: .*ver is missing/);
  });
});

describe('sign', () => {
  test('escapes and joins the fields of a list', () => {
    const text = wls.sign(['3', '200', 'a!b', '100%']);
    assert.match(text, /^3!200!a%21b!100%25!77![\w.-]{171}_$/);
    assert.equal(isSigned(text, wls.publicKey), true);
  });

  test('takes a text as it is', () => {
    const text = wls.sign('3!200!%41!é');
    assert.match(text, /^3!200!%41!é!77!/);
    assert.equal(isSigned(text, wls.publicKey), true);
  });

  test('signs in another way when told, under any kid', () => {
    assert.equal(isSigned(wls.sign('x', { signature: 'other-key' }), wls.publicKey), false);
    assert.equal(wls.sign('x', { signature: 'none' }), 'x!!');
    assert.equal(wls.sign('x', { signature: 'none', kid: '5' }), 'x!5!');
    const text = wls.sign('x', { kid: '12345678' });
    assert.match(text, /^x!12345678!/);
    assert.equal(isSigned(text, wls.publicKey), true);
  });
});
