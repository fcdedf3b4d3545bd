import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CasVersion,
  casEndpoints,
  loginUrl,
  logoutUrl,
  type ValidateUrlRequest,
  validateUrl,
} from '../../../src/protocols/cas/urls.ts';

const SERVER = 'https://login.example.edu/cas';
const SERVICE = 'https://portal.example.edu/sso/return?attempt=a1';

function validation(more: Partial<ValidateUrlRequest> = {}): URL {
  return new URL(validateUrl(`${SERVER}/serviceValidate`, { service: SERVICE, ticket: 'ST-1', ...more }));
}

for (const [version, path] of [
  ['1.0', '/validate'],
  ['2.0', '/serviceValidate'],
  ['3.0', '/p3/serviceValidate'],
  ['saml1.1', '/samlValidate'],
] as const) {
  test(`version ${version} validates at ${path}`, () => {
    assert.deepEqual(casEndpoints(SERVER, version), {
      login: `${SERVER}/login`,
      logout: `${SERVER}/logout`,
      validate: SERVER + path,
      proxy: `${SERVER}/proxy`,
      proxyValidate: `${SERVER}${version === '3.0' ? '/p3' : ''}/proxyValidate`,
    });
  });
}

test('slashes at the end of a server prefix do not matter', () => {
  assert.deepEqual(casEndpoints(`${SERVER}//`, '3.0'), casEndpoints(SERVER, '3.0'));
});

test('a path given for an endpoint is one below the server prefix, with a slash in front or without', () => {
  for (const login of ['sign-in', '/sign-in']) {
    assert.equal(casEndpoints(SERVER, '3.0', { login }).login, `${SERVER}/sign-in`);
  }
});

test('a whole address given for an endpoint stands as it is, and the others stay', () => {
  const endpoints = casEndpoints(SERVER, '3.0', { validate: 'https://inner.example.edu:8443/validate?v=3' });
  assert.equal(endpoints.validate, 'https://inner.example.edu:8443/validate?v=3');
  assert.equal(endpoints.login, `${SERVER}/login`);
});

test('an override without a scheme cannot leave the server', () => {
  assert.equal(casEndpoints(SERVER, '3.0', { login: '//evil.example/login' }).login, `${SERVER}/evil.example/login`);
});

test('a service arrives at the login server letter for letter', () => {
  for (const service of [
    SERVICE,
    'https://a.example/?x=1&y=2#z',
    'https://a.example/a%20b+c',
    'https://a.example/ü/%',
  ]) {
    assert.deepEqual(new URL(loginUrl(`${SERVER}/login`, { service })).searchParams.getAll('service'), [service]);
  }
});

test('renew and gateway are left out when they are false, since a server goes by their presence', () => {
  const url = loginUrl(`${SERVER}/login`, { service: 'x', renew: false, gateway: false });
  assert.equal(url, `${SERVER}/login?service=x`);
});

test('renew, gateway and method are sent as the specification recommends', () => {
  const url = loginUrl(`${SERVER}/login`, { service: 'x', renew: true, gateway: true, method: 'POST' });
  assert.equal(url, `${SERVER}/login?service=x&renew=true&gateway=true&method=POST`);
});

test('SAML 1.1 names the service TARGET', () => {
  assert.equal(loginUrl(`${SERVER}/login`, { service: 'x', serviceParameter: 'TARGET' }), `${SERVER}/login?TARGET=x`);
});

test("a parameter of the server's own cannot bring another one along", () => {
  const { searchParams } = new URL(loginUrl(`${SERVER}/login`, { service: 'x', extra: { 'a&b': 'sv&renew=true#' } }));
  assert.deepEqual([...searchParams], Object.entries({ service: 'x', 'a&b': 'sv&renew=true#' }));
});

test('the query that an endpoint has is kept byte for byte, in front', () => {
  const url = loginUrl(`${SERVER}/login?theme=a+b%20c&flag`, { service: 'x' });
  assert.equal(url, `${SERVER}/login?theme=a+b%20c&flag&service=x`);
});

test('neither credentials nor a fragment of an endpoint reach the browser', () => {
  assert.equal(
    loginUrl('https://user:password@login.example.edu/cas/login#top', { service: 'x' }),
    `${SERVER}/login?service=x`,
  );
});

test('without parameters there is no question mark', () => {
  assert.equal(loginUrl(`${SERVER}/login?`, {}), `${SERVER}/login`);
});

for (const ticket of [
  'ST-1&service=https://evil.example/',
  'ST-1%26service%3Dhttps://evil.example/',
  'ST-1#',
  'ST-1;service=evil',
  'ST-1&renew=&pgtUrl=https://evil.example/',
  'ST-1+ ST-2',
  'ST-ü',
]) {
  test(`the ticket ${ticket} adds no parameter to a validation`, () => {
    const url = validation({ ticket });
    assert.deepEqual([...url.searchParams], Object.entries({ service: SERVICE, ticket }));
    assert.equal(url.hash, '');
  });
}

test('a service adds no parameter to a validation', () => {
  const service = 'https://a.example/?x=1&ticket=ST-2&renew=true';
  assert.deepEqual([...validation({ service }).searchParams], Object.entries({ service, ticket: 'ST-1' }));
});

test('renew, pgtUrl and format go to the validation when they are asked for', () => {
  const { searchParams } = validation({ renew: true, pgtUrl: 'https://a.example/cb?x=1', format: 'JSON' });
  assert.equal(searchParams.get('renew'), 'true');
  assert.equal(searchParams.get('pgtUrl'), 'https://a.example/cb?x=1');
  assert.equal(searchParams.get('format'), 'JSON');
});

test('a validation without renew does not name it', () => {
  assert.ok(!validation({ renew: false }).searchParams.has('renew'));
});

const wayBack: Readonly<Record<CasVersion, string>> = {
  '1.0': 'url',
  '2.0': 'url',
  '3.0': 'service',
  'saml1.1': 'service',
};
for (const [version, name] of Object.entries(wayBack)) {
  test(`the way back from a logout goes by ${name} in version ${version}`, () => {
    const url = new URL(logoutUrl(`${SERVER}/logout`, 'https://a.example/?x=1&y=2', version as CasVersion));
    assert.deepEqual([...url.searchParams], [[name, 'https://a.example/?x=1&y=2']]);
  });
}

test('a logout without a way back names none', () => {
  assert.equal(logoutUrl(`${SERVER}/logout`, null, '3.0'), `${SERVER}/logout`);
});
