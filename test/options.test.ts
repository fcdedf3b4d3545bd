import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type CampusSsoOptions, campusSso, cas, isSsoError, type LoginProtocol } from '../src/index.ts';
import { resolveOptions } from '../src/options.ts';

const good = {
  baseUrl: 'https://portal.example.edu/app/',
  secrets: ['0123456789abcdef0123456789abcdef'],
  login: cas({ serverUrl: 'https://login.example.edu/cas' }),
} satisfies CampusSsoOptions;

/** The complaints about options, one a line; callers without a compiler can give anything. */
function complaints(options: Record<string, unknown>): readonly string[] {
  try {
    campusSso({ ...good, ...options } as CampusSsoOptions);
  } catch (error) {
    assert.ok(isSsoError(error) && error.code === 'ERR_SSO_OPTIONS', String(error));
    const [head, ...lines] = error.message.split('\n- ');
    assert.equal(head, 'The options of campusSso() are not valid:');
    return lines;
  }
  return [];
}

test('good options are accepted', () => {
  assert.deepEqual(complaints({}), []);
});

describe('an option that is wrong is named', () => {
  for (const [name, value] of [
    ['baseUrl', undefined],
    ['baseUrl', ''],
    ['baseUrl', 'portal.example.edu'],
    ['baseUrl', '/app'],
    ['baseUrl', 42],
    ['baseUrl', []],
    ['baseUrl', ['https://a.example', 'nonsense']],
    ['baseUrl', 'ftp://portal.example.edu'],
    ['baseUrl', 'javascript:alert(1)'],
    ['baseUrl', 'http://portal.example.edu'],
    ['baseUrl', 'http://127.0.0.1.evil.example'],
    ['baseUrl', 'http://localhost.evil.example'],
    ['baseUrl', 'https://user@portal.example.edu'],
    ['baseUrl', 'https://:password@portal.example.edu'],
    ['baseUrl', 'https://portal.example.edu?x=1'],
    ['baseUrl', 'https://portal.example.edu#x'],
    ['baseUrl', 'https://portal.example.edu//evil.example'],
    ['baseUrl', ['https://a.example', 'http://localhost:3000']],
    ['secrets', undefined],
    ['secrets', []],
    ['secrets', 'a text of more than thirty-two characters'],
    ['secrets[0]', ['short']],
    ['secrets[0]', [undefined]],
    ['secrets[1]', ['0123456789abcdef0123456789abcdef', 'short']],
    ['login', undefined],
    ['login', {}],
    ['login', 'cas'],
    ['store', {}],
    ['store', { get() {}, set() {} }],
    ['store', 'redis://localhost'],
    ['routePrefix', ''],
    ['routePrefix', 'sso'],
    ['routePrefix', '/'],
    ['routePrefix', '/sso/'],
    ['routePrefix', '/s so'],
    ['routePrefix', '/:id'],
    ['routePrefix', '/(.*)'],
    ['afterLogout', 'bye'],
    ['afterLogout', '//evil.example'],
    ['afterLogout', '/\\evil.example'],
    ['afterLogout', 'https://evil.example'],
    ['afterLogout', '/a\nb'],
    ['idleSeconds', 0],
    ['idleSeconds', -1],
    ['idleSeconds', Number.NaN],
    ['idleSeconds', Number.POSITIVE_INFINITY],
    ['idleSeconds', '3600'],
    ['absoluteSeconds', 0],
    ['attemptSeconds', null],
    ['storeDeadlineMs', 0],
    ['storeDeadlineMs', 3_000_000_000],
    ['onLogin', 'yes'],
    ['journal', {}],
    ['errorPage', '<h1>'],
    ['clock', 5],
    ['logger', {}],
    ['logger', { warn() {} }],
  ] as const) {
    test(`${name}: ${JSON.stringify(value) ?? value}`, () => {
      const option = name.replace(/\[\d\]$/, '');
      const lines = complaints({ [option]: value });
      assert.equal(lines.length, 1, lines.join('\n') || 'nobody complained');
      assert.ok(lines[0]?.startsWith(`${name}: `), lines[0]);
    });
  }
});

describe('what is right is accepted', () => {
  for (const [name, value] of [
    ['baseUrl', 'http://localhost:3000'],
    ['baseUrl', 'http://127.0.0.1:3000/app'],
    ['baseUrl', 'http://[::1]:3000'],
    ['baseUrl', 'http://portal.localhost'],
    ['baseUrl', ['https://a.example', 'https://b.example/app']],
    ['routePrefix', '/auth/campus_sso-2'],
    ['afterLogout', '/bye?x=1'],
    ['idleSeconds', 0.5],
    ['logger', console],
    ['store', new Map()],
  ] as const) {
    test(`${name}: ${JSON.stringify(value)}`, () => assert.deepEqual(complaints({ [name]: value }), []));
  }
});

test('everything that is wrong is listed together, the login server included', () => {
  const lines = complaints({
    baseUrl: 'http://portal.example.edu?x',
    secrets: ['short', 'short too'],
    login: cas({ serverUrl: 'http://login.example.edu', timeoutMs: -1 }),
    idleSeconds: 0,
    onLogin: 'yes',
  });
  const names = lines.map((line) => line.split(':')[0]);
  assert.deepEqual(names.sort(), [
    ...['baseUrl', 'baseUrl', 'cas.serverUrl', 'cas.timeoutMs'],
    ...['idleSeconds', 'onLogin', 'secrets[0]', 'secrets[1]'],
  ]);
});

test('a complaint never shows a secret', () => {
  const lines = complaints({ secrets: ['hunter2'], store: { password: 'hunter2' } });
  assert.equal(lines.length, 2);
  assert.doesNotMatch(lines.join(), /hunter2/);
});

for (const [name, options] of [
  ['no options', undefined],
  ['null', null],
  ['a text', 'https://portal.example.edu'],
] as const) {
  test(`${name} instead of options is a complaint like any other`, () => {
    assert.throws(
      () => campusSso(options as never),
      (error) => isSsoError(error) && error.code === 'ERR_SSO_OPTIONS',
    );
  });
}

test('a login that is only half of one is a complaint and no TypeError', () => {
  const half = { connect() {} } as unknown as LoginProtocol;
  assert.deepEqual(
    complaints({ login: half }).map((line) => line.split(':')[0]),
    ['login'],
  );
});

test('the resolved options and the lists in them cannot be changed', () => {
  const resolved = resolveOptions(good);
  assert.ok(Object.isFrozen(resolved));
  assert.ok(Object.isFrozen(resolved.secrets));
  assert.ok(Object.isFrozen(resolved.sites));
  assert.throws(() => Object.assign(resolved, { baseUrl: 'https://evil.example' }), TypeError);
});

test('options that change after the start change nothing', () => {
  const secrets = ['0123456789abcdef0123456789abcdef'];
  const options: { baseUrl: string; secrets: string[]; login: LoginProtocol } = { ...good, secrets };
  const resolved = resolveOptions(options);
  options.baseUrl = 'https://evil.example';
  secrets.length = 0;
  assert.equal(resolved.baseUrl, 'https://portal.example.edu/app');
  assert.equal(resolved.secrets.length, 1);
});

test('baseUrl is taken apart once, without a slash at its end', () => {
  const { baseUrl, origin, basePath, https } = resolveOptions({
    ...good,
    baseUrl: 'HTTPS://Portal.Example.EDU:443/app/',
  });
  assert.deepEqual(
    { baseUrl, origin, basePath, https },
    {
      baseUrl: 'https://portal.example.edu/app',
      origin: 'https://portal.example.edu',
      basePath: '/app',
      https: true,
    },
  );
});

test('the defaults are the documented ones', () => {
  const { routePrefix, idleMs, sessionMs, attemptMs, storeDeadlineMs, afterLogout } = resolveOptions(good);
  assert.deepEqual(
    { routePrefix, idleMs, sessionMs, attemptMs, storeDeadlineMs, afterLogout },
    {
      routePrefix: '/sso',
      idleMs: 3_600_000,
      sessionMs: 36_000_000,
      attemptMs: 600_000,
      storeDeadlineMs: 2000,
      afterLogout: null,
    },
  );
});
