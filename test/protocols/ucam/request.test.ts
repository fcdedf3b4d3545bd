import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AuthenticationRequest, loginUrl } from '../../../src/protocols/ucam/request.ts';

const LOGIN = 'https://raven.example.edu/auth/authenticate.html';
const RETURN = 'https://portal.example.edu/sso/raven/return';

function parameters(request: Partial<AuthenticationRequest>, login = LOGIN): readonly (readonly [string, string])[] {
  return [...new URL(loginUrl(login, { url: RETURN, ...request })).searchParams];
}

test('a request with nothing but a return address names the version and the address only', () => {
  assert.deepEqual(parameters({}), [
    ['ver', '3'],
    ['url', RETURN],
  ]);
});

test('everything that is asked for is sent, in the order of the specification', () => {
  const all = {
    desc: 'Grades',
    aauth: ['pwd', 'x-otp'],
    iact: 'yes',
    msg: 'Please confirm',
    params: 'A1b2C3d4E5f6G7h8I9j0Kw.eA',
    now: Date.UTC(2026, 0, 5, 6, 7, 8, 999),
    fail: true,
  } as const;
  assert.deepEqual(parameters(all), [
    ['ver', '3'],
    ['url', RETURN],
    ['desc', 'Grades'],
    ['aauth', 'pwd,x-otp'],
    ['iact', 'yes'],
    ['msg', 'Please confirm'],
    ['params', 'A1b2C3d4E5f6G7h8I9j0Kw.eA'],
    ['date', '20260105T060708Z'],
    ['fail', 'yes'],
  ]);
});

test('what is empty is left out', () => {
  const request = { desc: '', aauth: [], iact: null, msg: '', params: '', fail: false };
  assert.deepEqual(parameters(request), parameters({}));
});

test('a time that no date can be made of sends none', () => {
  for (const now of [Number.NaN, Number.POSITIVE_INFINITY, 1e17]) assert.deepEqual(parameters({ now }), parameters({}));
});

test('iact=no is sent as it is', () => assert.deepEqual(parameters({ iact: 'no' })[2], ['iact', 'no']));

test('no value adds a parameter', () => {
  const hostile = 'a&iact=no;fail=yes#x=1+2%26';
  assert.deepEqual(parameters({ params: hostile, url: `${RETURN}?${hostile}` }), [
    ['ver', '3'],
    ['url', `${RETURN}?${hostile}`],
    ['params', hostile],
  ]);
});

test('an exclamation mark does not stand in the address, since some servers join texts with it', () => {
  assert.ok(!loginUrl(LOGIN, { url: `${RETURN}/a!b`, desc: 'Hi!' }).includes('!'));
});

test('desc and msg are sent as printable ASCII', () => {
  const [, , desc, msg] = parameters({ desc: 'Übung & Klausur', msg: 'naïve' });
  assert.deepEqual(
    [desc, msg],
    [
      ['desc', '&#220;bung &amp; Klausur'],
      ['msg', 'na&#239;ve'],
    ],
  );
});

test('the query of the login URL is kept byte for byte, in front', () => {
  for (const query of ['theme=a+b%20c&flag', 'x=%7E']) {
    assert.ok(loginUrl(`${LOGIN}?${query}`, { url: RETURN }).startsWith(`${LOGIN}?${query}&ver=3&url=https%3A`));
  }
});

test('a login URL that ends in a question mark or an ampersand gets no second separator', () => {
  assert.ok(loginUrl(`${LOGIN}?`, { url: RETURN }).startsWith(`${LOGIN}?ver=3&`));
  assert.ok(loginUrl(`${LOGIN}?a=1&`, { url: RETURN }).startsWith(`${LOGIN}?a=1&ver=3&`));
});

test('a fragment of the login URL does not swallow the request', () => {
  assert.ok(loginUrl(`${LOGIN}#top`, { url: RETURN }).startsWith(`${LOGIN}?ver=3&`));
});
