import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readServiceResponse, type SuccessAnswer } from '../../../src/protocols/cas/service-response.ts';
import { alice, json, xmlSuccess } from './documents.ts';

function success(body: string): SuccessAnswer {
  const answer = readServiceResponse(body);
  assert.equal(answer.kind, 'success', JSON.stringify(answer));
  return answer as SuccessAnswer;
}

function unreadable(body: string): void {
  assert.equal(readServiceResponse(body).kind, 'unreadable');
}

test('an encrypted PGT is told from a copy of the IOU, and neither is an attribute', () => {
  const attribute = (value: string) =>
    `<cas:attributes><cas:proxyGrantingTicket>${value}</cas:proxyGrantingTicket></cas:attributes>`;
  const encrypted = success(xmlSuccess(`${alice}${attribute(' H3wqFQ== ')}`));
  assert.equal(encrypted.encryptedProxyGrantingTicket, 'H3wqFQ==');
  assert.equal(encrypted.proxyGrantingTicketIou, null);
  assert.deepEqual(encrypted.attributes, {});
  const copied = success(
    xmlSuccess(`${alice}${attribute('PGTIOU-1')}<cas:proxyGrantingTicket>PGTIOU-1</cas:proxyGrantingTicket>`),
  );
  assert.equal(copied.encryptedProxyGrantingTicket, null);
  assert.equal(copied.proxyGrantingTicketIou, 'PGTIOU-1');
  assert.deepEqual(copied.attributes, {});
});

test('an encrypted PGT is found in every shape of attributes', () => {
  for (const body of [
    xmlSuccess(`${alice}<cas:attribute name="proxyGrantingTicket" value="H3wqFQ=="/>`),
    xmlSuccess(
      `${alice}<cas:attributes><cas:attribute><cas:name>proxyGrantingTicket</cas:name><cas:value>H3wqFQ==</cas:value></cas:attribute></cas:attributes>`,
    ),
    xmlSuccess(`${alice}<x:proxyGrantingTicket xmlns:x="urn:x">H3wqFQ==</x:proxyGrantingTicket>`),
    json({ authenticationSuccess: { user: 'alice', attributes: { proxyGrantingTicket: ['H3wqFQ=='] } } }),
  ]) {
    const answer = success(body);
    assert.equal(answer.encryptedProxyGrantingTicket, 'H3wqFQ==');
    assert.deepEqual(answer.attributes, {});
  }
});

test('two different encrypted PGTs are refused, and so are two IOUs', () => {
  unreadable(json({ authenticationSuccess: { user: 'alice', attributes: { proxyGrantingTicket: ['a', 'b'] } } }));
  const iou = '<cas:proxyGrantingTicket>PGTIOU-1</cas:proxyGrantingTicket>';
  unreadable(xmlSuccess(alice + iou + iou));
});
