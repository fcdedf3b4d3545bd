import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSamlResponse } from '../../../src/protocols/cas/saml-response.ts';

const start = Date.UTC(2026, 0, 1, 12, 0, 0);
const end = start + 30_000;
const service = 'https://app.example.edu/';
const expectation = { now: start + 1000, toleranceMs: 0, service };

function envelope(inner: string): string {
  return `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body>${inner}</s:Body></s:Envelope>`;
}

function response(inner: string): string {
  return envelope(
    `<p:Response xmlns:p="urn:oasis:names:tc:SAML:1.0:protocol" xmlns:a="urn:oasis:names:tc:SAML:1.0:assertion">${inner}</p:Response>`,
  );
}

const ok = '<p:Status><p:StatusCode Value="p:Success"/></p:Status>';
const subject = '<a:Subject><a:NameIdentifier> alice </a:NameIdentifier></a:Subject>';
const login = `<a:AuthenticationStatement AuthenticationMethod="urn:password" AuthenticationInstant="2026-01-01T11:00:00Z">${subject}</a:AuthenticationStatement>`;
const statement = `<a:AttributeStatement>${subject}<a:Attribute AttributeName="Last Name"><a:AttributeValue> Test </a:AttributeValue></a:Attribute></a:AttributeStatement>`;
const conditions = `<a:Conditions NotBefore="2026-01-01T12:00:00Z" NotOnOrAfter="2026-01-01T12:00:30Z"><a:AudienceRestrictionCondition><a:Audience>\n ${service} \n</a:Audience></a:AudienceRestrictionCondition></a:Conditions>`;

function assertion(inner = conditions + login + statement): string {
  return `<a:Assertion>${inner}</a:Assertion>`;
}

function outcome(body: string, changes: Partial<typeof expectation> | { service: null } = {}): string {
  const answer = readSamlResponse(body, { ...expectation, ...changes });
  return answer.kind === 'success' ? answer.user : answer.kind === 'failure' ? answer.code : answer.reason;
}

test('a success carries the user, the attributes, the method and the time of the login', () => {
  assert.deepEqual(readSamlResponse(response(ok + assertion()), expectation), {
    kind: 'success',
    user: 'alice',
    attributes: { 'Last Name': ['Test'] },
    proxyGrantingTicketIou: null,
    encryptedProxyGrantingTicket: null,
    proxies: [],
    authenticatedAt: Date.UTC(2026, 0, 1, 11),
    fromNewLogin: null,
    longTerm: null,
    authenticationMethod: 'urn:password',
  });
});

test('the statements may come in either order, and the one with attributes may be missing', () => {
  assert.equal(outcome(response(ok + assertion(statement + login + conditions))), 'alice');
  assert.equal(outcome(response(ok + assertion(conditions + login))), 'alice');
});

test('the window holds from its beginning until before its end', () => {
  const body = response(ok + assertion());
  assert.equal(outcome(body, { now: start }), 'alice');
  assert.equal(outcome(body, { now: start - 1 }), 'assertion not yet valid');
  assert.equal(outcome(body, { now: end - 1 }), 'alice');
  assert.equal(outcome(body, { now: end }), 'assertion expired');
});

test('the tolerance widens the window on both sides', () => {
  const body = response(ok + assertion());
  assert.equal(outcome(body, { now: start - 500, toleranceMs: 500 }), 'alice');
  assert.equal(outcome(body, { now: start - 501, toleranceMs: 500 }), 'assertion not yet valid');
  assert.equal(outcome(body, { now: end + 499, toleranceMs: 500 }), 'alice');
  assert.equal(outcome(body, { now: end + 500, toleranceMs: 500 }), 'assertion expired');
});

test('an assertion without both ends of a window is refused', () => {
  for (const name of ['NotBefore', 'NotOnOrAfter']) {
    const body = response(ok + assertion()).replace(new RegExp(` ${name}="[^"]*"`), '');
    assert.equal(outcome(body), 'assertion without a window');
  }
  assert.equal(outcome(response(ok + assertion(login))), 'not exactly one set of conditions');
  assert.equal(outcome(response(ok + assertion(conditions + conditions + login))), 'not exactly one set of conditions');
});

test('times without a zone are in UTC', () => {
  const body = response(ok + assertion())
    .replaceAll('00Z"', '00"')
    .replaceAll('30Z"', '30"');
  assert.equal(outcome(body), 'alice');
  assert.equal(outcome(body, { now: end }), 'assertion expired');
});

test('the audience must be the service, unless none is asked for or none is named', () => {
  const body = response(ok + assertion());
  assert.equal(outcome(body, { service: 'https://app.example.edu/other' }), 'assertion for another service');
  assert.equal(outcome(body, { service: null }), 'alice');
  assert.equal(outcome(body.replace(/<a:AudienceR.*?<\/a:AudienceR[^>]*>/s, '')), 'alice');
  assert.equal(outcome(body.replace(/<a:Audience>.*?<\/a:Audience>/s, '')), 'assertion for another service');
});

test('the status decides by the namespace of its prefix', () => {
  const withStatus = (value: string, declaration = '') =>
    response(`<p:Status ${declaration}><p:StatusCode Value="${value}"/></p:Status>${assertion()}`);
  assert.equal(outcome(withStatus('q:Success', 'xmlns:q="urn:oasis:names:tc:SAML:1.0:protocol"')), 'alice');
  assert.equal(outcome(withStatus('Success', 'xmlns="urn:oasis:names:tc:SAML:1.0:protocol"')), 'alice');
  assert.equal(outcome(withStatus('q:Success')), 'q:Success');
  assert.equal(outcome(withStatus('a:Success')), 'a:Success');
  assert.equal(outcome(withStatus('Success')), 'Success');
  assert.equal(outcome(withStatus('p:success')), 'p:success');
  assert.equal(outcome(withStatus('x:p:Success')), 'x:p:Success');
});

test('an assertion under a failure signs nobody in', () => {
  const body = response(`<p:Status><p:StatusCode Value="p:Responder"/></p:Status>${assertion()}`);
  assert.equal(outcome(body), 'p:Responder');
});

test('the text of a failure is found in the message, in the code, or in a nested code', () => {
  for (const [status, message] of [
    ['<p:StatusCode Value="p:Responder"/><p:StatusMessage> text </p:StatusMessage>', 'text'],
    ['<p:StatusCode Value="p:Responder"> text </p:StatusCode>', 'text'],
    ['<p:StatusCode Value="p:Responder"><p:StatusCode Value="p:RequestDenied"/></p:StatusCode>', 'p:RequestDenied'],
    ['<p:StatusCode Value="p:Responder"/>', ''],
  ]) {
    assert.deepEqual(readSamlResponse(response(`<p:Status>${status}</p:Status>`), expectation), {
      kind: 'failure',
      code: 'p:Responder',
      message,
    });
  }
});

test('a document about two people is about nobody', () => {
  const body = response(ok + assertion());
  assert.equal(outcome(body.replace(' alice ', 'admin')), 'not exactly one user');
});

test('two assertions are refused, also when one of them hides', () => {
  const admin = assertion().replaceAll('alice', 'admin');
  assert.equal(outcome(response(ok + assertion() + admin)), 'not exactly one assertion');
  assert.equal(outcome(response(`${ok}<x>${admin}</x>${assertion()}`)), 'not exactly one assertion');
  assert.equal(outcome(response(`${ok}<x>${admin}</x>`)), 'assertion in the wrong place');
});

test('another root, another body and another response are refused', () => {
  const body = response(ok + assertion());
  assert.equal(outcome(''), 'not XML');
  assert.equal(outcome(body.replace('schemas.xmlsoap.org', 'example.org')), 'not a SOAP envelope');
  assert.equal(outcome(envelope('<x/>')), 'not a SAML response');
  assert.equal(outcome(envelope('')), 'not exactly one response');
  assert.equal(outcome(body.replace('SAML:1.0:protocol', 'SAML:2.0:protocol')), 'not a SAML response');
  assert.equal(outcome(response(assertion())), 'not exactly one status');
  assert.equal(outcome(response(ok)), 'not exactly one assertion');
  assert.equal(outcome(response(ok + assertion(conditions + statement))), 'not exactly one authentication statement');
});
