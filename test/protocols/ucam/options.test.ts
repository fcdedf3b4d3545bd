import assert from 'node:assert/strict';
import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { campusSso, type UcamOptions, ucam, ucamPresets } from '../../../src/index.ts';
import { ucamProblems } from '../../../src/protocols/ucam/options.ts';
import { MAX_PARAMS_BYTES } from '../../../src/protocols/ucam/params.ts';

const place = { baseUrl: 'https://portal.example.edu/app', routePrefix: '/sso' };

const pemOf = (modulusLength = 2048) =>
  generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ type: 'spki', format: 'pem' }).toString();
const key = pemOf();
const fixture = JSON.parse(readFileSync(new URL('../../fixtures/ucam.json', import.meta.url), 'utf8')) as {
  readonly keys: Readonly<Record<string, string>>;
};
/** The key of the old demonstration server, whose private half is public. */
const demoKey = fixture.keys['901'] ?? '';

const good = {
  loginUrl: 'https://raven.example.edu/auth/authenticate.html',
  keys: { inline: { 2: key } },
} satisfies UcamOptions;

/** Options as somebody without a compiler may write them. */
const problems = (options: { readonly [name: string]: unknown }) =>
  ucamProblems({ ...good, ...options } as UcamOptions, place);

function assertOnly(found: readonly string[], option: string, expectation: RegExp): void {
  assert.equal(found.length, 1, found.join('\n'));
  assert.ok(found[0]?.startsWith(`ucam.${option}: `), found[0]);
  assert.match(found[0] ?? '', expectation);
}

test('a server and its key are enough', () => assert.deepEqual(ucam(good).problems(place), []));

test('every option in its place is accepted', () => {
  const all: Required<UcamOptions> = {
    ...good,
    logoutUrl: 'https://raven.example.edu/auth/logout.html',
    signers: [{ kid: '2', spki: null }],
    test: true,
    name: 'raven-2',
    label: 'Raven (staff)',
    issuer: 'https://raven.example.edu/',
    returnUrl: 'https://portal.example.edu/app/raven/return',
    allowNotCurrent: true,
    timeoutSeconds: 60,
    skewSeconds: 0,
    desc: 'Ein schöner Name',
    msg: '',
    aauth: ['pwd', 'x-card'],
    iact: 'yes',
    params: 'data',
    fail: true,
    dangerouslyAllowPlainHttpServer: true,
  };
  assert.deepEqual(ucam(all).problems(place), []);
});

describe('an address of the login server', () => {
  for (const loginUrl of [
    undefined,
    null,
    '',
    'raven.example.edu',
    '/auth',
    'ftp://raven.example.edu/',
    'javascript:x',
    7,
  ]) {
    test(`is not ${String(loginUrl) || 'an empty text'}`, () => {
      assertOnly(problems({ loginUrl }), 'loginUrl', /expected an address/);
    });
  }

  for (const option of ['loginUrl', 'logoutUrl'] as const) {
    test(`goes over https (${option})`, () => {
      assertOnly(problems({ [option]: 'http://raven.example.edu/' }), option, /expected https/);
      for (const host of ['localhost:4000', '127.0.0.1', '[::1]:80']) {
        assert.deepEqual(problems({ [option]: `http://${host}/` }), [], host);
      }
    });

    test(`goes over plain http where somebody insists (${option})`, () => {
      const insisting = { [option]: 'http://raven.example.edu/', dangerouslyAllowPlainHttpServer: true };
      assert.deepEqual(problems(insisting), []);
    });
  }

  test('may be missing for logout, and is checked where it is given', () => {
    assert.deepEqual(problems({ logoutUrl: undefined }), []);
    assertOnly(problems({ logoutUrl: '/logout' }), 'logoutUrl', /expected an address/);
  });
});

describe('an option is refused', () => {
  const half = '\ud800';
  for (const [option, values, expectation] of [
    ['issuer', ['', 'raven', 'ftp://raven.example.edu', 7], /absolute URL/],
    ['name', ['', 'Raven', 'a b', '-a', 'a/b', 'ä'], /lower-case letters/],
    ['label', ['', '  ', 7], /expected a text/],
    ['timeoutSeconds', [-1, Number.NaN, Number.POSITIVE_INFINITY, '30'], /number of seconds/],
    ['skewSeconds', [-1, Number.NaN, '5'], /number of seconds/],
    ['desc', [7, 'x'.repeat(501)], /at most 500 characters/],
    ['msg', [null, 'x'.repeat(501)], /at most 500 characters/],
    ['iact', ['', 'maybe', true], /"yes" or "no"/],
    ['aauth', ['pwd', ['pwd,x'], [''], ['a b']], /list of kinds/],
    ['params', ['x'.repeat(MAX_PARAMS_BYTES + 1), half, 7], /expected/],
    ['allowNotCurrent', ['false', 0, null], /true or false/],
    ['fail', ['no', 1], /true or false/],
    ['test', ['', 'true'], /true or false/],
  ] as const) {
    for (const value of values) {
      const shown = JSON.stringify(value)?.slice(0, 30) ?? String(value);
      test(`${option}: ${shown}`, () => assertOnly(problems({ [option]: value }), option, expectation));
    }
  }

  for (const returnUrl of [
    'https://portal.example.edu/raven',
    'https://portal.example.edu/application/raven',
    'https://portal.example.edu/app',
    'https://portal.example.edu/app/',
    'http://portal.example.edu/app/raven',
    'https://evil.example/app/raven',
    'https://portal.example.edu/app/raven?next=1',
    'https://portal.example.edu/app/raven#top',
    'https://portal.example.edu/app/../raven',
    'https://PORTAL.example.edu/app/raven',
    'https://portal.example.edu:443/app/raven',
    'https://portal.example.edu/app/:raven',
    'https://portal.example.edu/app/*raven',
    'https://portal.example.edu/app/a%20b',
    '/app/raven',
    7,
  ]) {
    test(`returnUrl: ${returnUrl}`, () => {
      assertOnly(problems({ returnUrl }), 'returnUrl', /below https:\/\/portal\.example\.edu\/app/);
    });
  }

  test('and all that is wrong is told at once', () => {
    const found = problems({ loginUrl: '', name: 'A', iact: 'x', timeoutSeconds: -1 });
    assert.deepEqual(
      found.map((problem) => problem.split(':')[0]),
      ['ucam.loginUrl', 'ucam.name', 'ucam.timeoutSeconds', 'ucam.iact'],
    );
  });
});

describe('the keys', () => {
  const through = (options: Partial<UcamOptions>) => ucam({ ...good, ...options }).problems(place);

  test('must be there', () => {
    assert.match(through({ keys: {} }).join(), /^ucam\.keys: expected the public key/);
    assert.match(ucam({ loginUrl: good.loginUrl }).problems(place).join(), /^ucam\.keys: expected the public key/);
    assert.match(through({ keys: key as never }).join(), /^ucam\.keys: expected \{ inline, files, directory \}/);
  });

  test('are not given by number alone, as elsewhere', () => {
    assert.match(through({ keys: { 2: key } as never }).join('\n'), /ucam\.keys\.2: .*belongs into inline/);
  });

  test('are readable', () => {
    assert.match(through({ keys: { inline: { 2: 'no PEM' } } }).join(), /^ucam\.keys\.inline\.2: /);
    assert.match(through({ keys: { files: { 2: 'there/is/no/such.pem' } } }).join(), /ENOENT/);
  });

  test('have a number of the protocol', () => {
    for (const kid of ['0', '02', 'x', '123456789', '../2']) {
      assert.notDeepEqual(through({ keys: { inline: { [kid]: key } } }), [], kid);
    }
  });

  test('are not the demonstration key, whatever number it has', () => {
    for (const kid of ['2', '901']) {
      assert.match(through({ keys: { inline: { [kid]: demoKey } } }).join(), /private half is public/);
    }
  });

  test('may be the demonstration key in a test of a server of one’s own', () => {
    assert.deepEqual(through({ test: true, keys: { inline: { 901: demoKey } } }), []);
  });
});

describe('a preset', () => {
  test('of Raven brings its key along', () => assert.deepEqual(ucam(ucamPresets.raven).problems(place), []));

  for (const preset of ['ravenTest', 'goose', 'nevar'] as const) {
    test(`of ${preset} says that its key is missing`, () => {
      assert.match(ucam(ucamPresets[preset]).problems(place).join(), /^ucam\.keys: expected the public key/);
    });
  }

  const withPreset = (preset: keyof typeof ucamPresets, options: Partial<UcamOptions>) =>
    ucam({ ...ucamPresets[preset], keys: { inline: { 2: key } }, ...options }).problems(place);

  test('takes no other key than the one that is known', () => {
    assert.match(withPreset('raven', {}).join(), /not the key that this login server signs with/);
    assert.match(withPreset('nevar', {}).join(), /not the key that this login server signs with/);
  });

  test('takes no key with a number that its server does not sign with', () => {
    assert.match(withPreset('raven', { keys: { inline: { 500: key } } }).join(), /signs with kid 2 only/);
    assert.match(withPreset('goose', {}).join(), /signs with kid 500 only/);
  });

  test('of Goose takes the key that is filed under its number', () => {
    assert.deepEqual(withPreset('goose', { keys: { inline: { 500: key } } }), []);
  });

  test('of Raven takes no demonstration key, not even in a test', () => {
    const found = withPreset('raven', { test: true, keys: { inline: { 901: demoKey } } });
    assert.match(found.join('\n'), /ucam\.test: .*real people log in/);
    assert.match(found.join('\n'), /private half is public/);
  });

  test('of the test server takes the demonstration key', () => {
    assert.deepEqual(withPreset('ravenTest', { keys: { inline: { 901: demoKey } } }), []);
  });

  test('is not mixed with the logout of another server', () => {
    const { logoutUrl } = ucamPresets.ravenTest;
    assert.match(withPreset('goose', { logoutUrl, keys: { inline: { 500: key } } }).join(), /^ucam\.logoutUrl: /);
  });

  test('is not mixed with the signers of another server', () => {
    const spki = createHash('sha256')
      .update(createPublicKey(key).export({ type: 'spki', format: 'der' }))
      .digest('base64');
    const found = withPreset('raven', { signers: [{ kid: '2', spki }] });
    assert.match(found.join('\n'), /ucam\.signers: loginUrl is that of the preset raven/);
    assert.match(found.join('\n'), /not the key that this login server signs with/);
  });
});

test('campusSso() tells of all of it together with its own problems', () => {
  const options = { baseUrl: 'portal', secrets: [], login: ucam({ ...good, name: 'A', keys: {} }) };
  assert.throws(() => campusSso(options), /- baseUrl: .*\n- secrets: .*\n- ucam\.name: .*\n- ucam\.keys: /);
});
