import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { campusSso, cas, isSsoError } from '../../../src/index.ts';
import { type CasOptions, casProblems } from '../../../src/protocols/cas/options.ts';
import { callbackPathsOf, callbackUrlOf } from '../../../src/protocols/cas/proxy-options.ts';

const place = { baseUrl: 'https://portal.example.edu/app', routePrefix: '/sso' };
const server = { serverUrl: 'https://login.example.edu/cas' };

/** Options as somebody without a compiler may write them. */
function problems(options: { readonly [name: string]: unknown }, where = place): readonly string[] {
  return casProblems({ ...server, ...options } as CasOptions, where);
}

function assertOnly(found: readonly string[], option: string, expectation: RegExp): void {
  assert.equal(found.length, 1, found.join('\n'));
  assert.ok(found[0]?.startsWith(`cas.${option}: `), found[0]);
  assert.match(found[0] ?? '', expectation);
}

function pem(type: 'rsa' | 'ed25519'): string {
  const { privateKey } =
    type === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ed25519');
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

test('proxyGrants alone is enough on a site with https', () => {
  assert.deepEqual(problems({ proxyGrants: true }), []);
  assert.deepEqual(problems({ proxyGrants: 'required' }), []);
  assert.deepEqual(problems({ proxyGrants: false }), []);
});

test('every option of proxying in its place is accepted', () => {
  const all = {
    proxyGrants: 'required',
    proxyCallbackUrl: 'https://inner.example.edu/pgt?app=portal',
    proxyCallbackAtRoot: true,
    proxyGrantWaitMs: 1,
    privateKey: pem('rsa'),
    dangerouslyAllowPlainHttpProxyCallback: true,
  };
  for (const version of ['2.0', '3.0']) assert.deepEqual(problems({ ...all, version }), []);
});

describe('the callback must be https', () => {
  const plain = /^cas\.proxyCallbackUrl: expected https, got http:\/\/[^ ]+\. /;

  test('if it is named', () => {
    for (const proxyCallbackUrl of ['http://portal.example.edu/pgt', 'HTTP://portal.example.edu/pgt']) {
      assertOnly(problems({ proxyGrants: true, proxyCallbackUrl }), 'proxyCallbackUrl', plain);
    }
  });

  test('if it follows from baseUrl, even on loopback', () => {
    for (const baseUrl of ['http://localhost:3000', 'http://127.0.0.1', 'http://[::1]:3000/app']) {
      assertOnly(problems({ proxyGrants: true }, { ...place, baseUrl }), 'proxyCallbackUrl', plain);
    }
  });

  test('if it is the root of the site', () => {
    const found = problems({ proxyGrants: true, proxyCallbackAtRoot: true }, { ...place, baseUrl: 'http://localhost' });
    assertOnly(found, 'proxyCallbackUrl', plain);
  });

  const loud = { proxyGrants: true, dangerouslyAllowPlainHttpProxyCallback: true };

  test('unless it is on loopback and the loud option is given', () => {
    for (const host of ['localhost:3000', '127.0.0.1', '127.1.2.3:8080', '[::1]:3000', 'portal.localhost']) {
      assert.deepEqual(problems({ ...loud, proxyCallbackUrl: `http://${host}/pgt` }), []);
      assert.deepEqual(problems(loud, { ...place, baseUrl: `http://${host}` }), []);
    }
  });

  test('on every other host, whatever the loud option says', () => {
    for (const host of [
      'portal.example.edu',
      'localhost.example.edu',
      '127.0.0.1.example.edu',
      '10.0.0.1',
      '192.168.1.1',
      '0.0.0.0',
      '[::]',
      '[::ffff:10.0.0.1]',
    ]) {
      assertOnly(problems({ ...loud, proxyCallbackUrl: `http://${host}/pgt` }), 'proxyCallbackUrl', plain);
    }
  });
});

describe('an option of proxying that is wrong is named', () => {
  for (const [option, value, expectation] of [
    ['proxyGrants', 'sometimes', /true, false or "required"/],
    ['proxyGrants', null, /true, false or "required"/],
    ['proxyGrants', 1, /true, false or "required"/],
    ['proxyCallbackUrl', '', /expected an address/],
    ['proxyCallbackUrl', '/pgt', /expected an address/],
    ['proxyCallbackUrl', 'portal.example.edu/pgt', /expected an address/],
    ['proxyCallbackUrl', 'ftp://portal.example.edu/pgt', /expected an address/],
    ['proxyCallbackUrl', 'javascript:alert(1)', /expected an address/],
    ['proxyCallbackUrl', 42, /expected an address/],
    ['proxyCallbackUrl', 'https://user@portal.example.edu/pgt', /neither credentials nor a fragment/],
    ['proxyCallbackUrl', 'https://:secret@portal.example.edu/pgt', /neither credentials nor a fragment/],
    ['proxyCallbackUrl', 'https://portal.example.edu/pgt#top', /neither credentials nor a fragment/],
    ['proxyGrantWaitMs', 0, /a number above 0/],
    ['proxyGrantWaitMs', -1, /a number above 0/],
    ['proxyGrantWaitMs', Number.NaN, /a number above 0/],
    ['proxyGrantWaitMs', Number.POSITIVE_INFINITY, /a number above 0/],
    ['proxyGrantWaitMs', '3000', /a number above 0/],
    ['privateKey', '', /an RSA private key in PEM/],
    ['privateKey', 'MIIEvQIBADANBgkqhkiG9w0BAQEF', /an RSA private key in PEM/],
    ['privateKey', 42, /an RSA private key in PEM/],
    ['privateKey', pem('ed25519'), /an RSA private key in PEM/],
  ] as const) {
    test(`${option}: ${JSON.stringify(value).slice(0, 60)}`, () => {
      assertOnly(problems({ proxyGrants: true, [option]: value }), option, expectation);
    });
  }

  for (const version of ['1.0', 'saml1.1']) {
    for (const proxyGrants of [true, 'required']) {
      test(`proxyGrants: ${proxyGrants} with a protocol that has none (${version})`, () => {
        assertOnly(
          problems({ proxyGrants, version }),
          'proxyGrants',
          new RegExp(`CAS ${version} knows no .* "2\\.0" or "3\\.0"`),
        );
      });
    }
  }

  for (const [option, value] of [
    ['proxyCallbackUrl', 'https://portal.example.edu/pgt'],
    ['proxyCallbackUrl', ''],
    ['proxyCallbackAtRoot', true],
    ['proxyGrantWaitMs', 3000],
    ['privateKey', pem('rsa')],
  ] as const) {
    test(`${option}: ${JSON.stringify(value).slice(0, 60)} without proxyGrants`, () => {
      assertOnly(problems({ [option]: value }), option, /no effect without proxyGrants: true/);
    });
  }

  test('together with all others', () => {
    const found = problems({ proxyGrants: 'maybe', proxyGrantWaitMs: 0, privateKey: 'x', proxyCallbackUrl: '/' });
    assert.deepEqual(
      found.map((problem) => problem.split(':')[0]),
      ['cas.proxyGrants', 'cas.proxyGrantWaitMs', 'cas.privateKey', 'cas.proxyCallbackUrl'],
    );
  });
});

test('a callback over plain http is refused at start', () => {
  assert.throws(
    () =>
      campusSso({
        baseUrl: 'http://localhost:3000',
        secrets: ['0123456789abcdef0123456789abcdef'],
        login: cas({ ...server, proxyGrants: true }),
      }),
    (error) =>
      isSsoError(error) &&
      error.code === 'ERR_SSO_OPTIONS' &&
      error.message.includes('\n- cas.proxyCallbackUrl: expected https, got http://localhost:3000.'),
  );
});

test('a problem never repeats the private key', () => {
  const found = problems({ proxyGrants: true, privateKey: '-----BEGIN PRIVATE KEY-----\nmarker' });
  assert.doesNotMatch(found.join('\n'), /marker/);
});

describe('the callback', () => {
  test('is below baseUrl unless it is named', () => {
    assert.equal(callbackUrlOf({}, place), 'https://portal.example.edu/app/sso/proxy-callback');
    assert.equal(
      callbackUrlOf({}, { ...place, routePrefix: '/auth/cas' }),
      'https://portal.example.edu/app/auth/cas/proxy-callback',
    );
    assert.equal(callbackUrlOf({ proxyCallbackAtRoot: true }, place), 'https://portal.example.edu/app/');
    const proxyCallbackUrl = 'https://inner.example.edu/pgt?app=portal';
    assert.equal(callbackUrlOf({ proxyCallbackUrl, proxyCallbackAtRoot: true }, place), proxyCallbackUrl);
  });

  test('takes every call at paths of our own, and deliveries alone where the application has a page', () => {
    const paths = (options: Parameters<typeof callbackPathsOf>[0]) =>
      Object.fromEntries(callbackPathsOf(options, place).map(({ path, onlyDeliveries }) => [path, onlyDeliveries]));
    const own = { '/sso/proxy-callback': false };
    assert.deepEqual(paths({}), { ...own, '/app/sso/proxy-callback': false });
    assert.deepEqual(paths({ proxyCallbackAtRoot: true }), { ...own, '/app/': true });
    const at = (proxyCallbackUrl: string) => paths({ proxyCallbackUrl });
    assert.deepEqual(at('https://portal.example.edu/app/pgt?x=1'), { ...own, '/app/pgt': false });
    assert.deepEqual(at('https://portal.example.edu/app/'), { ...own, '/app/': true });
    assert.deepEqual(at('https://portal.example.edu'), { ...own, '/': true });
  });
});
