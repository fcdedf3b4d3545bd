import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readProxyResponse } from '../../../src/protocols/cas/service-response.ts';
import { alice, json, xml, xmlSuccess } from './documents.ts';

test('a proxy ticket is read from XML and from JSON', () => {
  const expected = { kind: 'ticket', ticket: 'PT-1-x' };
  const body = xml('<cas:proxySuccess><cas:proxyTicket>\n PT-1-x \n</cas:proxyTicket></cas:proxySuccess>');
  assert.deepEqual(readProxyResponse(body), expected);
  assert.deepEqual(readProxyResponse(json({ proxySuccess: { proxyTicket: 'PT-1-x' } })), expected);
});

test('a failure of /proxy is read under both of its names', () => {
  for (const name of ['proxyFailure', 'authenticationFailure']) {
    const expected = { kind: 'failure', code: 'BAD_PGT', message: 'gone' };
    assert.deepEqual(readProxyResponse(xml(`<cas:${name} code="BAD_PGT">gone</cas:${name}>`)), expected);
    assert.deepEqual(readProxyResponse(json({ [name]: { code: 'BAD_PGT', description: 'gone' } })), expected);
  }
});

test('an answer of /proxy without exactly one plain ticket is refused', () => {
  const ticket = '<cas:proxyTicket>PT-1</cas:proxyTicket>';
  for (const inner of [
    '',
    '<cas:proxyTicket/>',
    ticket + ticket,
    '<proxyTicket>PT-1</proxyTicket>',
    ticket.replace('-', ' '),
  ]) {
    assert.equal(readProxyResponse(xml(`<cas:proxySuccess>${inner}</cas:proxySuccess>`)).kind, 'unreadable');
  }
  for (const proxyTicket of [undefined, null, '', 7, ['PT-1'], 'PT 1', 'PT-\n1']) {
    assert.equal(readProxyResponse(json({ proxySuccess: { proxyTicket } })).kind, 'unreadable');
  }
  assert.equal(readProxyResponse(xmlSuccess(alice)).kind, 'unreadable');
});

interface ProxyVector {
  readonly id: string;
  readonly kind: string;
  readonly input: { readonly body: string };
  readonly expected: {
    readonly ok: boolean;
    readonly proxyTicket?: string;
    readonly code?: string;
    readonly mode?: string;
  };
}

const vectors = JSON.parse(
  readFileSync(new URL('../../fixtures/cas.json', import.meta.url), 'utf8'),
) as readonly ProxyVector[];

for (const { id, input, expected } of vectors.filter(({ kind }) => kind === 'proxy')) {
  test(`the answer of /proxy in vector ${id} is read`, () => {
    const answer = readProxyResponse(input.body);
    if (expected.ok && expected.mode !== 'lenient')
      assert.deepEqual(answer, { kind: 'ticket', ticket: expected.proxyTicket });
    else assert.notEqual(answer.kind, 'ticket');
    if (expected.code !== undefined) assert.equal(answer.kind === 'failure' && answer.code, expected.code);
  });
}
