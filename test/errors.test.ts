import assert from 'node:assert/strict';
import { STATUS_CODES } from 'node:http';
import { describe, test } from 'node:test';
import { explanations, isSsoError, SsoError, type SsoErrorCode } from '../src/errors.ts';

const codes = Object.keys(explanations) as SsoErrorCode[];

describe('every code has a status, a message, and an error that carries both', () => {
  for (const code of codes) {
    test(code, () => {
      const { status, message } = explanations[code];
      assert.match(code, /^ERR_SSO_[A-Z_]+$/);
      assert.ok(status >= 400 && status < 600 && STATUS_CODES[status], `${status} is no status of a failure`);
      assert.match(message, /^[A-Z].{20,}\.$/s, 'a message is at least one sentence');
      assert.doesNotMatch(message, /[<>]|ST-|undefined/);
      const error = new SsoError(code);
      assert.equal(error.code, code);
      assert.equal(error.status, status);
      assert.equal(error.message, message);
      assert.equal(error.name, 'SsoError');
      assert.ok(error instanceof Error);
    });
  }
});

describe('who is to blame', () => {
  for (const [code, status] of [
    ['ERR_SSO_TICKET_MISSING', 400],
    ['ERR_SSO_TICKET_MALFORMED', 400],
    ['ERR_SSO_ATTEMPT_UNKNOWN', 400],
    ['ERR_SSO_LOGIN_LOOP', 400],
    ['ERR_SSO_LOGIN_REQUIRED', 401],
    ['ERR_SSO_ATTEMPT_FOREIGN', 403],
    ['ERR_SSO_TICKET_REJECTED', 403],
    ['ERR_SSO_NOT_AUTHORISED', 403],
    ['ERR_SSO_CROSS_SITE_LOGOUT', 403],
    ['ERR_SSO_OPTIONS', 500],
    ['ERR_SSO_LOGIN_HOOK', 500],
    ['ERR_SSO_CAS_REFUSED', 502],
    ['ERR_SSO_CAS_BAD_STATUS', 502],
    ['ERR_SSO_CAS_BAD_ANSWER', 502],
    ['ERR_SSO_CAS_UNREACHABLE', 503],
    ['ERR_SSO_STORE', 503],
    ['ERR_SSO_CAS_TIMEOUT', 504],
    ['ERR_SSO_REQUEST_TOO_LARGE', 413],
    ['ERR_SSO_REQUEST_NOT_RECEIVED', 400],
    ['ERR_SSO_REQUEST_NO_ROOM', 503],
    ['ERR_SSO_REQUEST_NOT_STORED', 503],
    ['ERR_SSO_REQUEST_NOT_OURS', 403],
    ['ERR_SSO_REQUEST_NOBODYS', 403],
    ['ERR_SSO_REQUEST_OTHER_PERSON', 403],
    ['ERR_SSO_REQUEST_EXPIRED', 410],
    ['ERR_SSO_REQUEST_USED', 409],
    ['ERR_SSO_REQUEST_DISCARDED', 410],
    ['ERR_SSO_REQUEST_UNKNOWN', 410],
    ['ERR_SSO_REQUEST_FOREIGN', 403],
    ['ERR_SSO_REQUEST_OTHER_TARGET', 400],
    ['ERR_SSO_REQUEST_PARSED', 500],
  ] as const) {
    test(`${code} is ${status}`, () => assert.equal(explanations[code].status, status));
  }
});

test('what Koa shows to visitors does not speak to developers', () => {
  for (const code of codes.filter((each) => new SsoError(each).expose)) {
    assert.doesNotMatch(explanations[code].message, /`|\bapp\.|\(\)/, code);
  }
});

// Koa prints no error whose `expose` is set, so its developer would look at an empty terminal.
for (const code of [
  'ERR_SSO_OPTIONS',
  'ERR_SSO_SESSION_MISSING',
  'ERR_SSO_REQUEST_PARSED',
  'ERR_SSO_SEAL',
  'ERR_SSO_FLOW',
] as const) {
  test(`${code} is a fault of the site: Koa prints it and does not show it`, () => {
    assert.equal(new SsoError(code).expose, false);
  });
}

test('a cause is kept, and is there only if one was given', () => {
  const cause = new Error('underneath');
  assert.equal(new SsoError('ERR_SSO_STORE', { cause }).cause, cause);
  assert.ok(!('cause' in new SsoError('ERR_SSO_STORE')));
});

test('a message of its own replaces the standard one, and a detail is kept beside it', () => {
  const error = new SsoError('ERR_SSO_OPTIONS', { message: 'What is wrong.', detail: 'ECONNREFUSED' });
  assert.equal(error.message, 'What is wrong.');
  assert.equal(error.detail, 'ECONNREFUSED');
  assert.equal(new SsoError('ERR_SSO_OPTIONS').detail, null);
});

test('an error of another copy of the package is recognised', async () => {
  const copy = (await import(`../src/errors.ts?copy=${Date.now()}`)) as typeof import('../src/errors.ts');
  const error = new copy.SsoError('ERR_SSO_STORE');
  assert.ok(!(error instanceof SsoError));
  assert.ok(isSsoError(error));
  assert.ok(copy.isSsoError(new SsoError('ERR_SSO_STORE')));
});

describe('what is not ours is not taken for ours', () => {
  const named = (properties: object) => Object.assign(new Error('x'), { name: 'SsoError' }, properties);
  for (const [name, thrown] of [
    ['undefined', undefined],
    ['null', null],
    ['a text', 'ERR_SSO_STORE'],
    ['an error', new Error('x')],
    ['an error with one of our codes', Object.assign(new Error('x'), { code: 'ERR_SSO_STORE' })],
    ['an error with our name', named({})],
    ['an error with our name and another code', named({ code: 'ECONNREFUSED' })],
    ['an error with our name and a name of every object for a code', named({ code: 'toString' })],
    ['an error with our name and a prototype for a code', named({ code: '__proto__' })],
    ['an object that looks like one', { name: 'SsoError', code: 'ERR_SSO_STORE', message: 'x' }],
  ] as const) {
    test(name, () => assert.equal(isSsoError(thrown), false));
  }
});
