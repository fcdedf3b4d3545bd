import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BackChannelOutcome } from '../../../src/http/back-channel.ts';
import {
  type Dialect,
  loginEvent,
  validationOutcome,
  validationRequest,
} from '../../../src/protocols/cas/validation.ts';
import { alice, json, xml, xmlSuccess } from './documents.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const TICKET = 'ST-1-abcdef';
const SERVICE = 'https://portal.example.edu/sso/return?attempt=a1';
const validation = { service: SERVICE, ticket: TICKET, renew: false, pgtUrl: null };

const cas3: Dialect = {
  version: '3.0',
  endpoint: 'https://login.example.edu/cas/p3/serviceValidate',
  issuer: 'https://login.example.edu/cas',
  format: 'XML',
  samlToleranceMs: 5000,
};
const cas1: Dialect = { ...cas3, version: '1.0', endpoint: 'https://login.example.edu/cas/validate' };
const saml: Dialect = { ...cas3, version: 'saml1.1', endpoint: 'https://login.example.edu/cas/samlValidate' };

function answer(body: string, status = 200, contentType = 'application/xml'): BackChannelOutcome {
  return { kind: 'answer', status, contentType, body };
}

async function eventOf(outcome: BackChannelOutcome, dialect: Dialect = cas3, pgtUrl: string | null = null) {
  const asked = { ...validation, pgtUrl };
  return loginEvent(dialect, await validationOutcome(dialect, asked, outcome, NOW), NOW);
}

function xmlFailure(code: string, text = ''): string {
  return xml(`<cas:authenticationFailure code="${code}">${text}</cas:authenticationFailure>`);
}

function samlAnswer(status: string, assertion = ''): string {
  return `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><Response xmlns="urn:oasis:names:tc:SAML:1.0:protocol" xmlns:p="urn:oasis:names:tc:SAML:1.0:protocol"><Status><StatusCode Value="p:${status}"/></Status>${assertion}</Response></Body></Envelope>`;
}

function samlAssertion(audience = SERVICE): string {
  return `<Assertion xmlns="urn:oasis:names:tc:SAML:1.0:assertion"><Conditions NotBefore="2026-01-01T12:00:02Z" NotOnOrAfter="2026-01-01T12:00:30Z"><AudienceRestrictionCondition><Audience>${audience}</Audience></AudienceRestrictionCondition></Conditions><AuthenticationStatement AuthenticationMethod="urn:password" AuthenticationInstant="2026-01-01T11:59:00Z"><Subject><NameIdentifier>alice</NameIdentifier></Subject></AuthenticationStatement></Assertion>`;
}

const good = xmlSuccess(alice);

test('a ticket is validated by one GET with service and ticket', () => {
  const { url, method = 'GET', body } = validationRequest(cas3, validation, NOW);
  assert.equal(method, 'GET');
  assert.equal(body, undefined);
  assert.equal(url.origin + url.pathname, cas3.endpoint);
  assert.deepEqual(Object.fromEntries(url.searchParams), { service: SERVICE, ticket: TICKET });
});

test('a validation asks for JSON by name, and for XML by saying nothing', () => {
  const formatOf = (format: Dialect['format']) =>
    validationRequest({ ...cas3, format }, validation, NOW).url.searchParams.get('format');
  assert.equal(formatOf('JSON'), 'JSON');
  assert.equal(formatOf('XML'), null);
});

for (const dialect of [cas1, { ...cas3, version: '2.0' } as const, cas3, saml]) {
  test(`a validation in version ${dialect.version} demands renew where the login did`, () => {
    const request = (renew: boolean) => validationRequest(dialect, { ...validation, renew }, NOW).url.searchParams;
    assert.equal(request(true).get('renew'), 'true');
    assert.equal(request(false).get('renew'), null);
  });
}

test('a validation by SAML is a POST with the ticket in its body and the service in its address', () => {
  const { url, method, body } = validationRequest(saml, validation, NOW);
  assert.equal(method, 'POST');
  assert.equal(url.searchParams.get('TARGET'), SERVICE);
  assert.match(body ?? '', new RegExp(`<samlp:AssertionArtifact>${TICKET}</samlp:AssertionArtifact>`));
  assert.match(body ?? '', / IssueInstant="2026-01-01T12:00:00.000Z"/);
  assert.ok(!url.href.includes(TICKET));
});

test('every validation by SAML has an id of its own', () => {
  const idOf = () => /RequestID="([^"]+)"/.exec(validationRequest(saml, validation, NOW).body ?? '')?.[1];
  assert.match(idOf() ?? '', /^_[0-9a-f-]{36}$/);
  assert.notEqual(idOf(), idOf());
});

test('a success names the person, the issuer from the configuration and what the server told', async () => {
  const attributes =
    '<cas:attributes><cas:mail>a@x</cas:mail><cas:mail>b@x</cas:mail><cas:authenticationDate>2026-01-01T11:59:00Z</cas:authenticationDate><cas:isFromNewLogin>true</cas:isFromNewLogin><cas:longTermAuthenticationRequestTokenUsed>false</cas:longTermAuthenticationRequestTokenUsed></cas:attributes>';
  const event = await eventOf(answer(xmlSuccess(alice + attributes)));
  assert.ok(event.type === 'validation.succeeded');
  assert.deepEqual(event.principal.attributes.mail, ['a@x', 'b@x']);
  assert.deepEqual(
    { ...event, principal: { ...event.principal, attributes: {} } },
    {
      type: 'validation.succeeded',
      at: NOW,
      grantOffer: null,
      principal: {
        issuer: cas3.issuer,
        id: 'alice',
        protocol: 'cas',
        attributes: {},
        authenticatedAt: Date.UTC(2026, 0, 1, 11, 59),
        fromNewLogin: true,
        longTerm: false,
      },
    },
  );
});

test('a success that tells nothing about the login leaves it open', async () => {
  const event = await eventOf(answer(good));
  assert.ok(event.type === 'validation.succeeded');
  const { authenticatedAt, fromNewLogin, longTerm } = event.principal;
  assert.deepEqual(
    { authenticatedAt, fromNewLogin, longTerm },
    { authenticatedAt: null, fromNewLogin: null, longTerm: null },
  );
});

for (const [asked, format, body] of [
  ['JSON', 'JSON', json({ authenticationSuccess: { user: 'alice' } })],
  ['JSON, answered in XML,', 'JSON', good],
  ['XML, answered in JSON,', 'XML', json({ authenticationSuccess: { user: 'alice' } })],
] as const) {
  test(`a success asked for in ${asked} is understood`, async () => {
    const event = await eventOf(answer(body, 200, 'text/plain'), { ...cas3, format });
    assert.equal(event.type === 'validation.succeeded' && event.principal.id, 'alice');
  });
}

test('the yes of CAS 1.0 names somebody, without attributes', async () => {
  const event = await eventOf(answer('yes\nalice\n'), cas1);
  assert.ok(event.type === 'validation.succeeded');
  assert.equal(event.principal.id, 'alice');
  assert.deepEqual(event.principal.attributes, {});
});

test('the no of CAS 1.0 is about the ticket', async () => {
  assert.deepEqual(await eventOf(answer('no\n\n'), cas1), { type: 'validation.rejected', detail: 'INVALID_TICKET' });
});

test('the no that LemonLDAP::NG gives for an unmet renew is understood on the other endpoints', async () => {
  for (const body of ['no\n\n', 'no\r\n']) {
    assert.deepEqual(await eventOf(answer(body)), { type: 'validation.rejected', detail: 'INVALID_TICKET' });
  }
});

test('the yes of CAS 1.0 signs nobody in where another answer is due', async () => {
  for (const dialect of [cas3, saml]) {
    assert.equal((await eventOf(answer('yes\nalice\n'), dialect)).type, 'validation.unreadable', dialect.version);
  }
});

test('a document of CAS 2.0 signs nobody in where CAS 1.0 or SAML is spoken', async () => {
  for (const dialect of [cas1, saml]) {
    assert.equal((await eventOf(answer(good), dialect)).type, 'validation.unreadable', dialect.version);
  }
});

for (const code of ['INVALID_TICKET', 'INVALID_TICKET_SPEC', 'INVALID_SERVICE']) {
  test(`${code} is about the ticket`, async () => {
    assert.deepEqual(await eventOf(answer(xmlFailure(code))), { type: 'validation.rejected', detail: code });
  });
}

for (const code of [
  'INVALID_REQUEST',
  'INVALID_PROXY_CALLBACK',
  'UNAUTHORIZED_SERVICE',
  'UNAUTHORIZED_SERVICE_PROXY',
  'INTERNAL_ERROR',
  'PROXY_CALLBACK_ERROR',
  'SOMETHING_NEW_2',
  'invalid_ticket',
  'constructor',
]) {
  test(`${code} is not about the ticket, and is kept as it is`, async () => {
    assert.deepEqual(await eventOf(answer(xmlFailure(code))), { type: 'validation.refused', detail: code });
  });
}

test('a failure in JSON is a failure', async () => {
  const body = json({ authenticationFailure: { code: 'INVALID_TICKET', description: 'x' } });
  assert.deepEqual(await eventOf(answer(body)), { type: 'validation.rejected', detail: 'INVALID_TICKET' });
});

for (const [what, code] of [
  ['a ticket', TICKET],
  ['a sentence', 'ticket not known'],
  ['a code that is too long', 'A'.repeat(65)],
  ['no code', ''],
] as const) {
  test(`${what} in the place of a code is not repeated`, async () => {
    assert.deepEqual(await eventOf(answer(xmlFailure(code))), { type: 'validation.refused', detail: 'UNKNOWN_CODE' });
  });
}

test('no outcome repeats the ticket that the server quotes', async () => {
  const quoting: readonly (readonly [BackChannelOutcome, Dialect])[] = [
    [answer(xmlFailure('INVALID_TICKET', `Ticket ${TICKET} not recognized`)), cas3],
    [answer(xmlFailure('INTERNAL_ERROR', TICKET)), cas3],
    [answer(xmlFailure(TICKET, TICKET)), cas3],
    [answer(json({ authenticationFailure: { code: 'X', description: TICKET } })), cas3],
    [answer(`<html>${TICKET}</html>`), cas3],
    [answer(`<html>${TICKET}`, 500), cas3],
    [answer(`no\n${TICKET}\n`), cas1],
    [answer(`${TICKET}\n`), cas1],
    [answer(samlAnswer(TICKET)), saml],
    [answer(TICKET), saml],
  ];
  for (const [outcome, dialect] of quoting) {
    const event = await eventOf(outcome, dialect);
    assert.match(event.type, /^validation\.(rejected|refused|unreadable|badStatus)$/);
    assert.ok(!JSON.stringify(event).includes(TICKET), JSON.stringify(event));
  }
});

test('a success through a proxy is no success', async () => {
  const proxies = '<cas:proxies><cas:proxy>https://proxy.example.edu/cb</cas:proxy></cas:proxies>';
  assert.deepEqual(await eventOf(answer(xmlSuccess(alice + proxies))), { type: 'validation.proxied' });
  const body = json({ authenticationSuccess: { user: 'alice', proxies: ['https://proxy.example.edu/cb'] } });
  assert.deepEqual(await eventOf(answer(body)), { type: 'validation.proxied' });
});

for (const status of [400, 401, 403, 404, 422]) {
  test(`a failure is read in spite of status ${status}, as Keycloak sends it`, async () => {
    const event = await eventOf(answer(xmlFailure('INVALID_TICKET'), status));
    assert.deepEqual(event, { type: 'validation.rejected', detail: 'INVALID_TICKET' });
  });
}

for (const status of [199, 201, 204, 206, 301, 302, 399, 500, 502, 503, 599]) {
  test(`with status ${status} not even a failure counts`, async () => {
    const event = await eventOf(answer(xmlFailure('INVALID_TICKET'), status));
    assert.deepEqual(event, { type: 'validation.badStatus', detail: `HTTP ${status}` });
  });
}

for (const status of [199, 201, 202, 206, 302, 400, 403, 404, 499, 500, 503]) {
  test(`a success with status ${status} never signs anybody in`, async () => {
    const expected = { type: 'validation.badStatus', detail: `HTTP ${status}` };
    assert.deepEqual(await eventOf(answer(good, status)), expected);
    assert.deepEqual(await eventOf(answer('yes\nalice\n', status), cas1), expected);
    assert.deepEqual(await eventOf(answer(json({ authenticationSuccess: { user: 'alice' } }), status)), expected);
    assert.deepEqual(await eventOf(answer(samlAnswer('Success', samlAssertion()), status), saml), expected);
  });
}

test('a page that is no answer of the protocol is a bad status where it has one, and unreadable with 200', async () => {
  assert.deepEqual(await eventOf(answer('<html>down</html>', 404)), {
    type: 'validation.badStatus',
    detail: 'HTTP 404',
  });
  for (const body of ['<html>down</html>', '', 'down', '{}', `${good}${good}`]) {
    assert.equal((await eventOf(answer(body))).type, 'validation.unreadable', body);
  }
});

test('no connection is told with its reason', async () => {
  const event = await eventOf({ kind: 'unreachable', reason: 'ECONNREFUSED' });
  assert.deepEqual(event, { type: 'validation.unreachable', detail: 'ECONNREFUSED' });
});

test('an answer that is late is told as such', async () => {
  assert.deepEqual(await eventOf({ kind: 'timedOut' }), { type: 'validation.timedOut' });
});

test('an answer that could not be read is told with its reason', async () => {
  const event = await eventOf({ kind: 'unreadable', reason: 'larger than the limit' });
  assert.deepEqual(event, { type: 'validation.unreadable', detail: 'larger than the limit' });
});

test('a success by SAML names the person and when the password was typed', async () => {
  const event = await eventOf(answer(samlAnswer('Success', samlAssertion())), saml);
  assert.ok(event.type === 'validation.succeeded', JSON.stringify(event));
  assert.equal(event.principal.id, 'alice');
  assert.equal(event.principal.authenticatedAt, Date.UTC(2026, 0, 1, 11, 59));
});

test('a server by SAML may be ahead of us by the tolerance and no more', async () => {
  const ahead = answer(samlAnswer('Success', samlAssertion()));
  assert.equal((await eventOf(ahead, { ...saml, samlToleranceMs: 2000 })).type, 'validation.succeeded');
  assert.equal((await eventOf(ahead, { ...saml, samlToleranceMs: 1999 })).type, 'validation.unreadable');
});

test('an assertion for another service signs nobody in', async () => {
  const event = await eventOf(answer(samlAnswer('Success', samlAssertion('https://evil.example/'))), saml);
  assert.deepEqual(event, { type: 'validation.unreadable', detail: 'assertion for another service' });
});

for (const status of ['RequestDenied', 'Responder', 'AuthnFailed', 'VersionMismatch']) {
  test(`${status} by SAML may be about the ticket, since there is no code that says so`, async () => {
    const event = await eventOf(answer(samlAnswer(status)), saml);
    assert.equal(event.type, 'validation.rejected');
    assert.match('detail' in event ? event.detail : '', new RegExp(`(^|:)${status}$`));
  });
}

test('a proxy-granting ticket is asked for where one is wanted', () => {
  const pgtUrl = 'https://portal.example.edu/sso/proxy-callback?of=portal';
  const { searchParams } = validationRequest(cas3, { ...validation, pgtUrl }, NOW).url;
  assert.deepEqual(Object.fromEntries(searchParams), { service: SERVICE, ticket: TICKET, pgtUrl });
});

for (const code of ['INVALID_PROXY_CALLBACK', 'UNAUTHORIZED_SERVICE_PROXY', 'PROXY_CALLBACK_ERROR']) {
  test(`${code} is about the callback where a grant was asked for`, async () => {
    const event = await eventOf(answer(xmlFailure(code), 400), cas3, 'https://portal.example.edu/sso/proxy-callback');
    assert.deepEqual(event, { type: 'validation.callbackFailed', detail: code });
  });
}

test('the name that a grant was delivered under is handed on', async () => {
  const iou = '<cas:proxyGrantingTicket>PGTIOU-1-x</cas:proxyGrantingTicket>';
  const event = await eventOf(answer(xmlSuccess(alice + iou)));
  assert.ok(event.type === 'validation.succeeded');
  assert.deepEqual(event.grantOffer, { pgtIou: 'PGTIOU-1-x', encrypted: null });
});
