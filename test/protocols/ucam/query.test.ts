import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { takeReply } from '../../../src/protocols/ucam/query.ts';

function assertTaken(query: string, encoded: string): void {
  assert.deepEqual(takeReply(query), { kind: 'reply', encoded });
}

function assertRefused(query: string, reason: string): void {
  assert.deepEqual(takeReply(query), { kind: 'rejected', reason, class: 'malformed' });
}

test('a reply is decoded as form data, once', () => {
  assertTaken('WLS-Response=3!200%21a+b%20c%2Bd!%2521%25', '3!200!a b c+d!%21%');
});

test('an equals sign belongs to the reply', () => assertTaken('WLS-Response=a=b=', 'a=b='));

test('bytes of UTF-8 make characters', () => assertTaken('WLS-Response=%C3%BC%F0%9F%98%80', 'ü😀'));

test('other parameters do not matter, before or behind, even if they cannot be decoded', () => {
  assertTaken('a=%&b&WLS-Response=x&%ff=1&wls-response=y&WLS-Response%5B%5D=z', 'x');
});

test('a semicolon separates parameters like an ampersand', () => {
  assertTaken('a=1;WLS-Response=x;b=2', 'x');
  assertRefused('WLS-Response=x;WLS-Response=y', 'duplicate-response');
});

test('a name that is escaped is the same name', () => {
  assertTaken('WLS%2DResponse=x', 'x');
  assertRefused('WLS-Response=x&%57LS-Response=y', 'duplicate-response');
});

test('two replies are refused, whatever they are', () => {
  for (const query of [
    'WLS-Response=x&WLS-Response=x',
    'WLS-Response=&WLS-Response=x',
    'WLS-Response=x&WLS-Response',
  ]) {
    assertRefused(query, 'duplicate-response');
  }
});

test('no reply is told from a bad one', () => {
  for (const query of [
    '',
    'a=b',
    'WLS-Response',
    'WLS-Response=',
    'wls-response=x',
    'xWLS-Response=x',
    'WLS-Response[]=x',
  ]) {
    assertRefused(query, 'missing-response');
  }
});

test('an escape that cannot be decoded is refused', () => {
  for (const value of ['%', '%2', '%zz', '%FF', 'x%C3y', '%ED%A0%80']) {
    assertRefused(`WLS-Response=${value}`, 'bad-encoding');
  }
});

test('no query makes it throw', () => {
  const pieces = fc.array(
    fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('WLS-Response', '=', '&', ';', '%', '%2')),
  );
  fc.assert(fc.property(pieces, (parts) => ['reply', 'rejected'].includes(takeReply(parts.join('')).kind)));
});
