import assert from 'node:assert/strict';
import { test } from 'node:test';
import { samlRequest, samlRequestBody } from '../../../src/protocols/cas/saml-request.ts';
import { descendants, readXml, type XmlElement } from '../../../src/protocols/cas/xml.ts';

const request = { requestId: '_r1', issueInstant: Date.UTC(2026, 0, 1) };

function elements(body: string): readonly XmlElement[] {
  const reading = readXml(body);
  assert.equal(reading.kind, 'document');
  return [...descendants((reading as { root: XmlElement }).root)];
}

test('the body is an envelope around a SAML 1.1 request for the ticket', () => {
  const found = elements(samlRequestBody('ST-1-x.example.edu', request));
  assert.deepEqual(
    found.map(({ name }) => name),
    ['Envelope', 'Header', 'Body', 'Request', 'AssertionArtifact'],
  );
  const attributes = Object.fromEntries(found[3]?.attributes ?? []);
  assert.deepEqual(attributes, {
    MajorVersion: '1',
    MinorVersion: '1',
    RequestID: '_r1',
    IssueInstant: '2026-01-01T00:00:00.000Z',
  });
  assert.equal(found[4]?.text, 'ST-1-x.example.edu');
});

test('markup in a ticket arrives as text', () => {
  const ticket = `</samlp:AssertionArtifact><x a="1" b='2'>&amp;`;
  const found = elements(samlRequestBody(ticket, request));
  assert.equal(found.length, 5);
  assert.equal(found[4]?.text, ticket);
});

test('a character that XML cannot carry does not break the body', () => {
  assert.equal(elements(samlRequestBody('ST-\0-\uD800', request))[4]?.text, 'ST-\uFFFD-\uFFFD');
});

test('the service goes into TARGET, behind whatever query the endpoint has', () => {
  const { method, url, headers } = samlRequest('https://cas.example.edu/cas/samlValidate?realm=a%20b', {
    ...request,
    ticket: 'ST-1',
    service: 'https://app.example.edu/?a=1&b=2',
  });
  assert.equal(method, 'POST');
  assert.equal(url.search, '?realm=a%20b&TARGET=https%3A%2F%2Fapp.example.edu%2F%3Fa%3D1%26b%3D2');
  assert.equal(headers.soapaction, 'http://www.oasis-open.org/committees/security');
});
