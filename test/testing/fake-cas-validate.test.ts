import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { type FakeCas, startFakeCas } from '../../src/testing/index.ts';
import { send, signIn } from './http-client.ts';

const service = 'http://localhost:3000/app?a=1&b=2';
const start = Date.UTC(2026, 0, 2, 3, 4, 5);
let now = start;
let cas: FakeCas;

before(async () => {
  cas = await startFakeCas({ clock: () => now });
});

after(() => cas.close());

function validate(endpoint: string, parameters: Record<string, string>) {
  return send(`${cas.url}${endpoint}?${new URLSearchParams(parameters)}`);
}

async function code(endpoint: string, parameters: Record<string, string>): Promise<string | undefined> {
  const answer = await validate(endpoint, parameters);
  assert.equal(answer.status, 200);
  return /authenticationFailure code="(\w+)"/.exec(answer.body)?.[1];
}

/** What a conforming reader sees of an XML answer. */
function read(xml: string) {
  assert.equal(XMLValidator.validate(xml), true);
  return new XMLParser({ removeNSPrefix: true, parseTagValue: false, htmlEntities: true }).parse(xml);
}

describe('CAS 2 and 3', () => {
  test('serviceValidate names the user and no attributes', async () => {
    const ticket = cas.issueTicket('alice', service);
    const answer = await validate('/serviceValidate', { service, ticket });
    assert.match(answer.headers['content-type'] ?? '', /xml/);
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.deepEqual(read(answer.body).serviceResponse, { authenticationSuccess: { user: 'alice' } });
  });

  test('p3/serviceValidate tells the attributes, every value on its own', async () => {
    const ticket = cas.issueTicket('alice', service, { renew: true });
    const answer = await validate('/p3/serviceValidate', { service, ticket });
    assert.deepEqual(read(answer.body).serviceResponse.authenticationSuccess.attributes, {
      authenticationDate: '2026-01-02T03:04:05.000Z',
      longTermAuthenticationRequestTokenUsed: 'false',
      isFromNewLogin: 'true',
      displayName: 'Alice Liddell',
      mail: 'alice@example.edu',
      eduPersonAffiliation: ['student', 'member'],
    });
  });

  test('awkward names and values arrive whole', async () => {
    for (const user of cas.users) {
      const ticket = cas.issueTicket(user.name, service);
      const answer = await validate('/p3/serviceValidate', { service, ticket });
      const { user: name, attributes } = read(answer.body).serviceResponse.authenticationSuccess;
      assert.equal(name, user.name);
      assert.equal(attributes.displayName, user.attributes?.displayName?.[0]);
    }
  });

  test('format=JSON answers like Apereo, with every attribute an array', async () => {
    const ticket = cas.issueTicket('bob', service);
    const answer = await validate('/p3/serviceValidate', { service, ticket, format: 'JSON' });
    assert.match(answer.headers['content-type'] ?? '', /^application\/json/);
    assert.deepEqual(JSON.parse(answer.body).serviceResponse.authenticationSuccess, {
      user: 'bob',
      attributes: {
        authenticationDate: [start / 1000],
        longTermAuthenticationRequestTokenUsed: [false],
        isFromNewLogin: [false],
        displayName: ['Bob Builder'],
        mail: ['bob@example.edu'],
        eduPersonAffiliation: ['staff', 'member'],
      },
    });
  });

  test('format=JSON is used for failures as well', async () => {
    const answer = await validate('/serviceValidate', { service, ticket: 'ST-none', format: 'json' });
    assert.equal(JSON.parse(answer.body).serviceResponse.authenticationFailure.code, 'INVALID_TICKET');
  });

  test('a format that does not exist is an invalid request', async () => {
    const ticket = cas.issueTicket('bob', service);
    assert.equal(await code('/serviceValidate', { service, ticket, format: 'YAML' }), 'INVALID_REQUEST');
  });

  test('a validation may be sent by POST', async () => {
    const ticket = cas.issueTicket('bob', service);
    const answer = await send(`${cas.url}/serviceValidate`, { form: { service, ticket } });
    assert.match(answer.body, /<cas:user>bob</);
  });

  test('a ticket is good once', async () => {
    const ticket = cas.issueTicket('alice', service);
    assert.equal(await code('/serviceValidate', { service, ticket }), undefined);
    assert.equal(await code('/serviceValidate', { service, ticket }), 'INVALID_TICKET');
  });

  test('another service is refused and burns the ticket', async () => {
    const ticket = cas.issueTicket('alice', service);
    assert.equal(await code('/serviceValidate', { service: `${service}&`, ticket }), 'INVALID_SERVICE');
    assert.equal(await code('/serviceValidate', { service, ticket }), 'INVALID_TICKET');
  });

  test('what a failure echoes is escaped', async () => {
    const ticket = cas.issueTicket('alice', service);
    const evil = '</cas:authenticationFailure><cas:authenticationSuccess>&\0';
    const answer = await validate('/serviceValidate', { service: evil, ticket });
    assert.deepEqual(Object.keys(read(answer.body).serviceResponse), ['authenticationFailure']);
  });

  test('a ticket expires with its lifetime', async () => {
    const [early, late] = [cas.issueTicket('alice', service), cas.issueTicket('alice', service)];
    now = start + 59_999;
    assert.equal(await code('/serviceValidate', { service, ticket: early }), undefined);
    now = start + 60_000;
    assert.equal(await code('/serviceValidate', { service, ticket: late }), 'INVALID_TICKET');
    now = start;
  });

  test('a missing parameter is an invalid request and burns nothing', async () => {
    const ticket = cas.issueTicket('alice', service);
    assert.equal(await code('/serviceValidate', { ticket }), 'INVALID_REQUEST');
    assert.equal(await code('/serviceValidate', { service }), 'INVALID_REQUEST');
    assert.equal(await code('/serviceValidate', { service, ticket: '' }), 'INVALID_REQUEST');
    assert.equal(await code('/serviceValidate', { service, ticket }), undefined);
  });

  test('renew accepts only a ticket for which a password was typed', async () => {
    const silent = cas.issueTicket('alice', service);
    const answer = await signIn(cas.url, 'alice', 'wonderland', `?service=${encodeURIComponent(service)}`);
    const typed = new URL(answer.headers.location ?? '').searchParams.get('ticket') ?? '';
    assert.equal(await code('/serviceValidate', { service, ticket: silent, renew: 'true' }), 'INVALID_TICKET');
    assert.equal(await code('/serviceValidate', { service, ticket: typed, renew: 'true' }), undefined);
  });
});

describe('proxy tickets', () => {
  const proxies = ['https://b.example/cb', 'https://a.example/cb?x=1&y=2'];

  test('are refused where only service tickets belong', async () => {
    for (const endpoint of ['/serviceValidate', '/p3/serviceValidate']) {
      const ticket = cas.issueTicket('alice', service, { proxies });
      assert.match(ticket, /^PT-/);
      assert.equal(await code(endpoint, { service, ticket }), 'INVALID_TICKET');
    }
  });

  test('are accepted at proxyValidate, which lists the latest proxy first', async () => {
    for (const endpoint of ['/proxyValidate', '/p3/proxyValidate']) {
      const ticket = cas.issueTicket('alice', service, { proxies });
      const answer = await validate(endpoint, { service, ticket });
      assert.deepEqual(read(answer.body).serviceResponse.authenticationSuccess.proxies.proxy, proxies);
    }
  });

  test('list their proxies in JSON in the same order', async () => {
    const ticket = cas.issueTicket('alice', service, { proxies });
    const answer = await validate('/proxyValidate', { service, ticket, format: 'JSON' });
    assert.deepEqual(JSON.parse(answer.body).serviceResponse.authenticationSuccess, { user: 'alice', proxies });
  });

  test('share proxyValidate with service tickets, which have no proxies', async () => {
    const ticket = cas.issueTicket('alice', service);
    const answer = await validate('/proxyValidate', { service, ticket });
    assert.deepEqual(read(answer.body).serviceResponse.authenticationSuccess, { user: 'alice' });
  });
});

describe('CAS 1', () => {
  test('says yes and the user, then no', async () => {
    const ticket = cas.issueTicket('zoë', service);
    assert.equal((await validate('/validate', { service, ticket })).body, 'yes\nzoë\n');
    assert.equal((await validate('/validate', { service, ticket })).body, 'no\n\n');
  });

  test('says no to a proxy ticket', async () => {
    const ticket = cas.issueTicket('alice', service, { proxies: ['https://a.example/cb'] });
    assert.equal((await validate('/validate', { service, ticket })).body, 'no\n\n');
  });
});

describe('SAML 1.1', () => {
  const ask = (ticket: string) =>
    send(`${cas.url}/samlValidate?${new URLSearchParams({ TARGET: service })}`, {
      headers: { 'content-type': 'text/xml', soapaction: 'http://www.oasis-open.org/committees/security' },
      body: `<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body><samlp:Request xmlns:samlp="urn:oasis:names:tc:SAML:1.0:protocol" MajorVersion="1" MinorVersion="1" RequestID="_r1" IssueInstant="2026-01-02T03:04:05Z"><samlp:AssertionArtifact>${ticket}</samlp:AssertionArtifact></samlp:Request></SOAP-ENV:Body></SOAP-ENV:Envelope>`,
    });

  test('answers with an assertion for the service, good for 30 seconds', async () => {
    const answer = await ask(cas.issueTicket("o'neil&<co>", service));
    const response = read(answer.body).Envelope.Body.Response;
    assert.equal(response.Assertion.AuthenticationStatement.Subject.NameIdentifier, "o'neil&<co>");
    assert.equal(response.Assertion.Conditions.AudienceRestrictionCondition.Audience, service);
    assert.match(answer.body, /<saml1p:StatusCode Value="saml1p:Success"\/>/);
    assert.match(answer.body, / InResponseTo="_r1"/);
    assert.match(answer.body, /NotBefore="2026-01-02T03:04:05.000Z" NotOnOrAfter="2026-01-02T03:04:35.000Z"/);
    assert.match(answer.body, /AttributeName="displayName"/);
  });

  test('refuses a used ticket', async () => {
    const ticket = cas.issueTicket('alice', service);
    await ask(ticket);
    const { body } = await ask(ticket);
    assert.match(body, /<saml1p:StatusCode Value="saml1p:RequestDenied"\/>/);
    assert.match(body, /<saml1p:StatusMessage>INVALID_TICKET: /);
    assert.doesNotMatch(body, /Assertion/);
  });
});
