import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CasOptions, casProblems } from '../../../src/protocols/cas/options.ts';
import { casPresets } from '../../../src/protocols/cas/presets.ts';
import { casEndpoints } from '../../../src/protocols/cas/urls.ts';

function endpointsOf({ serverUrl, version = '3.0', endpoints }: CasOptions) {
  return casEndpoints(serverUrl, version, endpoints);
}

test('Apereo validates below its own prefix, with attributes', () => {
  assert.deepEqual(endpointsOf(casPresets.apereo('https://login.example.edu/cas')), {
    login: 'https://login.example.edu/cas/login',
    logout: 'https://login.example.edu/cas/logout',
    validate: 'https://login.example.edu/cas/p3/serviceValidate',
    proxy: 'https://login.example.edu/cas/proxy',
    proxyValidate: 'https://login.example.edu/cas/p3/proxyValidate',
  });
});

test('Keycloak has its endpoints below the realm', () => {
  const prefix = 'https://id.example.edu/auth/realms/campus/protocol/cas';
  assert.deepEqual(endpointsOf(casPresets.keycloak('https://id.example.edu/auth', 'campus')), {
    login: `${prefix}/login`,
    logout: `${prefix}/logout`,
    validate: `${prefix}/p3/serviceValidate`,
    proxy: `${prefix}/proxy`,
    proxyValidate: `${prefix}/p3/proxyValidate`,
  });
});

test('the name of a realm cannot leave its place in the address', () => {
  const { serverUrl } = casPresets.keycloak('https://id.example.edu', 'a b/../c?d');
  assert.equal(serverUrl, 'https://id.example.edu/realms/a%20b%2F..%2Fc%3Fd/protocol/cas');
});

test('LemonLDAP::NG sends its attributes in the answer of CAS 2.0, below /cas of the portal', () => {
  const options = casPresets.lemonLdapNg('https://auth.example.edu');
  assert.equal(options.version, '2.0');
  assert.equal(endpointsOf(options).validate, 'https://auth.example.edu/cas/serviceValidate');
});

test('django-cas-server validates below its own prefix, is not asked for JSON and knows service and ticket only', () => {
  const options = casPresets.djangoCasServer('https://login.example.edu/cas');
  assert.equal(endpointsOf(options).validate, 'https://login.example.edu/cas/p3/serviceValidate');
  assert.notEqual(options.format, 'JSON');
  assert.equal(options.addressNames, 'service/ticket');
});

const presets: readonly (readonly [string, (url: string) => CasOptions])[] = [
  ['apereo', casPresets.apereo],
  ['keycloak', (url) => casPresets.keycloak(url, 'campus')],
  ['lemonLdapNg', casPresets.lemonLdapNg],
  ['djangoCasServer', casPresets.djangoCasServer],
];

for (const [name, preset] of presets) {
  test(`the preset ${name} is accepted, and a slash at the end of its address does not matter`, () => {
    assert.deepEqual(
      casProblems(preset('https://login.example.edu/x'), {
        baseUrl: 'https://portal.example.edu',
        routePrefix: '/sso',
      }),
      [],
    );
    assert.deepEqual(
      endpointsOf(preset('https://login.example.edu/x/')),
      endpointsOf(preset('https://login.example.edu/x')),
    );
  });

  test(`the preset ${name} loosens nothing`, () => {
    for (const option of Object.keys(preset('https://login.example.edu/x'))) {
      assert.ok(!/^(dangerously|allow|exactServiceUrl|ticketPattern|ca$)/.test(option), option);
    }
  });
}
