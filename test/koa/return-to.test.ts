import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { localTarget } from '../../src/koa/return-to.ts';

const APP = 'https://app.example.org';

describe('targets on another site, or that browsers would take there, are refused', () => {
  for (const [base, target] of [
    ['https://a.com', 'https://b.com'],
    ['https://a.com', 'https://a.com.fake'],
    ['https://a.com', 'http://a.com'],
    ['https://a.com', 'http://b.a.com'],
    ['https://a.com', 'https://b.a.com'],
    ['https://a.com', '//a.com.fake'],
    ['https://a.com', '//b.com'],
    ['https://sub.a.com', '//a.com'],
    ['https://a.com', 'https://a.com:8443/'],
    ['http://localhost:3000', 'http://localhost:3001/'],
    [APP, 'http:www.evil.example'],
    [APP, 'https:///evil.example'],
    [APP, 'https:/evil.example'],
    [APP, 'https:evil.example'],
    [APP, 'https:\\\\evil.example'],
    [APP, '//evil.example'],
    [APP, '///evil.example'],
    [APP, '////evil.example'],
    [APP, '/\\evil.example'],
    [APP, '\\\\evil.example'],
    [APP, '\\/evil.example'],
    [APP, '/\t/evil.example'],
    [APP, '/\n/evil.example'],
    [APP, '/\r/evil.example'],
    [APP, '\t//evil.example'],
    [APP, ' //evil.example'],
    [APP, '\u0000//evil.example'],
    [APP, '\u00a0//evil.example'],
    [APP, '/ok\r\nSet-Cookie:x=1'],
    [APP, '/ok\u0085x'],
    [APP, 'https://app.example.org@evil.example/'],
    [APP, 'https://user@app.example.org/'],
    [APP, 'https://:password@app.example.org/'],
    [APP, 'https://app.example.org\\@evil.example/'],
    [APP, 'https://app.example.org.'],
    [APP, 'javascript:alert(1)'],
    [APP, 'JaVaScRiPt:alert(1)'],
    [APP, 'java\nscript:alert(1)'],
    [APP, 'data:text/html,x'],
    [APP, 'blob:https://app.example.org/x'],
    [APP, 'ftp://app.example.org/'],
    [APP, '/..//evil.example'],
    [APP, '/a/..//evil.example'],
    [APP, '/%2e%2e//evil.example'],
    [APP, '/%2E./.%2e//evil.example'],
    [APP, '/.//evil.example'],
    [APP, 'https://app.example.org//evil.example'],
    [APP, 'https://app.example.org/a/..//evil.example'],
    [APP, '//app.example.org//evil.example'],
    [APP, 'relative/path'],
    [APP, '../up'],
    [APP, '?query'],
    [APP, '#fragment'],
    [APP, ''],
    [APP, 'https://app.example.org:99999/'],
    [APP, 'https://[::1/'],
    [APP, `/${'a'.repeat(5000)}`],
  ] as const) {
    test(`${JSON.stringify(target).slice(0, 60)} from ${base}`, () => {
      assert.equal(localTarget(target, base), undefined);
    });
  }

  for (const [name, target] of [
    ['undefined', undefined],
    ['null', null],
    ['a list', ['/a', '/b']],
    ['an object with a text', { toString: () => '/a' }],
    ['a number', 5],
  ] as const) {
    test(name, () => assert.equal(localTarget(target, APP), undefined));
  }
});

describe('targets on this site are kept', () => {
  for (const [base, target, expected] of [
    ['http://a.com', '//a.com', '/'],
    ['https://a.com', '//a.com', '/'],
    ['https://a.com', '//a.com/path', '/path'],
    ['https://a.com', '/path', '/path'],
    ['https://a.com', '/', '/'],
    ['https://a.com', 'https://a.com', '/'],
    ['https://a.com', 'https://a.com:443/x', '/x'],
    ['https://a.com', 'HTTPS://A.com/x', '/x'],
    ['https://a.com/path', 'https://a.com/path/folder', '/path/folder'],
    [APP, '/?b=2&a=1', '/?b=2&a=1'],
    [APP, '/x?flag', '/x?flag'],
    [APP, '/x?a=1&a=2', '/x?a=1&a=2'],
    [APP, '/a%20b?c=%20+', '/a%20b?c=%20+'],
    [APP, '/%2F%2Fevil.example', '/%2F%2Fevil.example'],
    [APP, '/%5C%5Cevil.example', '/%5C%5Cevil.example'],
    [APP, '/a//b', '/a//b'],
    [APP, '/x?next=https://evil.example', '/x?next=https://evil.example'],
    [APP, '/x?next=//evil.example', '/x?next=//evil.example'],
    [APP, '/x#part', '/x#part'],
    [APP, '/zoë?q=ελένη', '/zoë?q=ελένη'],
    [APP, '/a/../b', '/b'],
    [APP, '/a/%2e%2e/b', '/b'],
    [APP, '/a/.', '/a/'],
    [APP, '/@evil.example', '/@evil.example'],
    [APP, '/javascript:alert(1)', '/javascript:alert(1)'],
    [APP, "/x?a='b'&v=1%2e5", "/x?a='b'&v=1%2e5"],
    [APP, "/x?file=../a&b='c'", "/x?file=../a&b='c'"],
  ] as const) {
    test(`${target} from ${base}`, () => assert.equal(localTarget(target, base), expected));
  }
});

describe('nothing leads out of the path of baseUrl', () => {
  for (const target of [
    'https://a.com',
    'https://a.com/fa-ke',
    '/fa-ke',
    '/',
    '/other',
    '/fa/../other',
    '/fa/%2e%2e/other',
    '/fa/./../other',
    '/FA/x',
    '//a.com/other',
    '/fa%2f../other',
  ]) {
    test(`${target} is refused below /fa`, () => assert.equal(localTarget(target, 'https://a.com/fa'), undefined));
  }

  for (const [target, expected] of [
    ['/fa', '/fa'],
    ['/fa/', '/fa/'],
    ['/fa?x=1', '/fa?x=1'],
    ['/fa/x/../y', '/fa/y'],
    ['/fa//x', '/fa//x'],
  ] as const) {
    test(`${target} is kept below /fa`, () => assert.equal(localTarget(target, 'https://a.com/fa'), expected));
  }
});
