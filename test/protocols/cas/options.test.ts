import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CasOptions, casProblems } from '../../../src/protocols/cas/options.ts';

const place = { baseUrl: 'https://portal.example.edu', routePrefix: '/sso' };
const good: CasOptions = { serverUrl: 'https://login.example.edu/cas' };

/** Options as somebody without a compiler may write them. */
function problems(options: { readonly [name: string]: unknown }): readonly string[] {
  return casProblems({ ...good, ...options } as CasOptions, place);
}

function assertOnly(found: readonly string[], option: string, expectation: RegExp): void {
  assert.equal(found.length, 1, found.join('\n'));
  assert.ok(found[0]?.startsWith(`cas.${option}: `), found[0]);
  assert.match(found[0] ?? '', expectation);
}

test('a server alone is enough', () => assert.deepEqual(casProblems(good, place), []));

test('every option in its place is accepted', () => {
  const all: CasOptions = {
    serverUrl: 'https://login.example.edu/cas',
    name: 'staff-2',
    version: 'saml1.1',
    format: 'JSON',
    endpoints: { login: 'sign-in', logout: '/out', validate: 'https://inner.example.edu/validate' },
    renew: true,
    loginParameters: { locale: 'sv' },
    addressNames: 'service/ticket',
    timeoutMs: 1,
    maxAnswerBytes: 1024,
    samlToleranceMs: 1000,
    ca: 'PEM',
    ticketPattern: /^TK\d+$/,
    exactServiceUrl: true,
    allowUnsolicitedLogin: true,
    dangerouslyAllowPlainHttpServer: true,
  };
  assert.deepEqual(casProblems(all, place), []);
});

for (const serverUrl of [
  undefined,
  null,
  '',
  'login.example.edu/cas',
  '/cas',
  'ftp://login.example.edu',
  'javascript:x',
  7,
]) {
  test(`${String(serverUrl) || 'an empty text'} is no address of a server`, () => {
    assertOnly(problems({ serverUrl }), 'serverUrl', /expected an address of the CAS server/);
  });
}

for (const [part, serverUrl] of [
  ['credentials', 'https://user:password@login.example.edu/cas'],
  ['a query', 'https://login.example.edu/cas?theme=dark'],
  ['a fragment', 'https://login.example.edu/cas#top'],
] as const) {
  test(`a server address with ${part} is refused, since paths and the issuer are made of it`, () => {
    assertOnly(problems({ serverUrl }), 'serverUrl', /without credentials, query or fragment/);
  });
}

for (const host of ['localhost', 'cas.localhost', '127.0.0.1', '127.8.9.10', '[::1]']) {
  test(`plain http is accepted on ${host}`, () => {
    assert.deepEqual(problems({ serverUrl: `http://${host}:8080/cas` }), []);
  });
}

for (const host of ['login.example.edu', 'localhost.example.edu', '127.0.0.1.example.edu', '10.0.0.1', '[::2]']) {
  test(`plain http is refused on ${host}`, () => {
    assertOnly(problems({ serverUrl: `http://${host}/cas` }), 'serverUrl', /expected https/);
  });
}

test('plain http is accepted anywhere by an option with a loud name', () => {
  const lax = { serverUrl: 'http://login.example.edu/cas', dangerouslyAllowPlainHttpServer: true };
  assert.deepEqual(problems(lax), []);
});

for (const endpoint of ['login', 'logout', 'validate']) {
  test(`plain http is refused for the endpoint ${endpoint} alone`, () => {
    const endpoints = { [endpoint]: 'http://login.example.edu/x' };
    assertOnly(problems({ endpoints }), `endpoints.${endpoint}`, /expected https/);
  });
}

test('an endpoint of another scheme is refused', () => {
  assertOnly(problems({ endpoints: { login: 'javascript:alert(1)' } }), 'endpoints.login', /expected an address/);
});

for (const name of ['', 'CAS', 'my cas', '-cas', 'cas.1', 'cas/1', 'é']) {
  test(`${name || 'nothing'} is no name for a way in`, () => {
    assertOnly(problems({ name }), 'name', /lower-case letters, digits and hyphens/);
  });
}

for (const version of ['4.0', '3', 3, '', null, 'SAML1.1', 'constructor']) {
  test(`${JSON.stringify(version)} is no version of the protocol`, () => {
    assertOnly(problems({ version }), 'version', /"1\.0", "2\.0", "3\.0" or "saml1\.1"/);
  });
}

for (const format of ['json', 'YAML', '', null]) {
  test(`${JSON.stringify(format)} is no format`, () => {
    assertOnly(problems({ format }), 'format', /"XML" or "JSON"/);
  });
}

for (const addressNames of ['service', 'TARGET', 'ticket/service', '', null]) {
  test(`${JSON.stringify(addressNames)} are no names for a service and a ticket`, () => {
    assertOnly(problems({ addressNames }), 'addressNames', /"service\/ticket" or "TARGET\/SAMLart"/);
  });
}

for (const limit of ['timeoutMs', 'maxAnswerBytes', 'samlToleranceMs']) {
  test(`${limit} must be a number above 0`, () => {
    for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '5000', null]) {
      assertOnly(problems({ [limit]: value }), limit, /expected a number above 0/);
    }
  });
}

for (const pattern of [/ST-.+/, /^ST-.+/, /ST-.+$/, '^ST-.+$']) {
  test(`${pattern} is no pattern for a whole ticket`, () => {
    assertOnly(problems({ ticketPattern: pattern }), 'ticketPattern', /anchored with \^ and \$/);
  });
}

test('a pattern may go over all characters', () => assert.deepEqual(problems({ ticketPattern: /^.+$/s }), []));

test('everything that is wrong is told at once', () => {
  const found = problems({
    serverUrl: 'nowhere',
    name: 'A',
    version: '9',
    format: 'x',
    timeoutMs: 0,
    ticketPattern: /x/,
  });
  assert.deepEqual(
    found.map((problem) => problem.split(':')[0]),
    ['cas.serverUrl', 'cas.name', 'cas.version', 'cas.format', 'cas.timeoutMs', 'cas.ticketPattern'],
  );
});
