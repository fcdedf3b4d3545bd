import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readServiceResponse } from '../../../src/protocols/cas/service-response.ts';
import { hostileDocuments } from '../../fixtures/hostile-xml.ts';

test('there are 55 hostile documents', () => {
  assert.equal(hostileDocuments.length, 55);
});

for (const { number, name, document, right } of hostileDocuments) {
  test(`document ${number}, ${name}, is read as ${JSON.stringify(right)}`, () => {
    const answer = readServiceResponse(document);
    if (right === 'refused') assert.equal(answer.kind, 'unreadable');
    else if ('user' in right) assert.equal(answer.kind === 'success' ? answer.user : answer.kind, right.user);
    else assert.equal(answer.kind === 'failure' ? answer.code : answer.kind, right.failure);
  });
}

test('repeated elements become one list of values', () => {
  const answer = readServiceResponse(hostileDocuments[25]?.document ?? '');
  assert.deepEqual(answer.kind === 'success' && answer.attributes, { g: ['x', 'y'] });
});
