import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openKeyRing } from '../../../src/protocols/ucam/key-ring.ts';
import { keyPolicyOf, mixtureProblems, type UcamServer, ucamPresets } from '../../../src/protocols/ucam/presets.ts';

const presets = Object.entries(ucamPresets) as readonly (readonly [string, UcamServer])[];
const { raven, ravenTest, goose, nevar } = ucamPresets;

test('the addresses of each preset are those of its server', () => {
  assert.deepEqual(
    presets.map(([name, { loginUrl, logoutUrl }]) => [name, loginUrl, logoutUrl]),
    [
      ['raven', 'https://raven.cam.ac.uk/auth/authenticate.html', 'https://raven.cam.ac.uk/auth/logout.html'],
      [
        'ravenTest',
        'https://test.legacy.raven.cam.ac.uk/auth/authenticate.html',
        'https://test.legacy.raven.cam.ac.uk/auth/logout.html',
      ],
      ['goose', 'https://auth.srcf.net/wls/authenticate', 'https://auth.srcf.net/logout'],
      ['nevar', 'https://nevar.srcf.net/wls/authenticate', 'https://nevar.srcf.net/oidc/logout'],
    ],
  );
});

test('the kids that may sign are those of each server', () => {
  const kids = presets.map(([name, { signers }]) => [name, signers?.map(({ kid }) => kid)]);
  assert.deepEqual(Object.fromEntries(kids), {
    raven: ['2'],
    ravenTest: ['900', '901'],
    goose: ['500'],
    nevar: [null],
  });
});

test('only the test server may ever be used with the demonstration key', () => {
  for (const [name, preset] of presets) assert.equal(keyPolicyOf(preset).allowDemoKey, name === 'ravenTest', name);
});

for (const [name, preset] of presets) {
  test(`the preset ${name} mixes nothing`, () => assert.deepEqual(mixtureProblems(preset), []));

  test(`the keys of ${name} are known by its address alone`, () => {
    assert.deepEqual(keyPolicyOf({ loginUrl: preset.loginUrl }), keyPolicyOf(preset));
    assert.deepEqual(mixtureProblems({ loginUrl: preset.loginUrl }), []);
  });

  for (const [otherName, other] of presets.filter(([one]) => one !== name)) {
    test(`the login of ${name} with the keys of ${otherName} is reported, and does not take them`, () => {
      const mixed = { ...other, loginUrl: preset.loginUrl };
      assert.ok(mixtureProblems(mixed).some((problem) => problem.startsWith('ucam.signers:')));
      assert.deepEqual(keyPolicyOf(mixed), keyPolicyOf(preset));
    });

    test(`the login of ${name} with the logout of ${otherName} is reported`, () => {
      const problems = mixtureProblems({ ...preset, ...(other.logoutUrl ? { logoutUrl: other.logoutUrl } : {}) });
      assert.equal(problems.length, 1);
      assert.match(problems[0] ?? '', new RegExp(`^ucam\\.logoutUrl: .* preset ${otherName}`));
    });
  }
}

test('a server of real people cannot be made one for tests', () => {
  for (const preset of [raven, goose, nevar]) {
    assert.match(mixtureProblems({ ...preset, test: true })[0] ?? '', /^ucam\.test: /);
    assert.equal(keyPolicyOf({ ...preset, test: true }).allowDemoKey, false);
  }
});

test('another spelling of an address is the same server', () => {
  for (const loginUrl of [
    'https://RAVEN.cam.ac.uk/auth/authenticate.html',
    'https://raven.cam.ac.uk./auth/authenticate.html',
    'https://raven.cam.ac.uk:443/other?x=1',
    'http://raven.cam.ac.uk/',
  ]) {
    assert.deepEqual(keyPolicyOf({ ...ravenTest, loginUrl }), keyPolicyOf(raven), loginUrl);
  }
});

test('a server of your own may have any keys, and says itself whether it is for tests', () => {
  const own = { loginUrl: 'https://login.example.edu/wls', logoutUrl: 'https://login.example.edu/logout' };
  assert.deepEqual(mixtureProblems(own), []);
  assert.deepEqual(keyPolicyOf(own), { signers: null, allowDemoKey: false });
  assert.deepEqual(keyPolicyOf({ ...own, test: true }), { signers: null, allowDemoKey: true });
});

test('the test server may stand at another address', () => {
  const { logoutUrl: _, ...keys } = ravenTest;
  assert.deepEqual(mixtureProblems({ ...keys, loginUrl: 'http://localhost:8901/wls/authenticate' }), []);
});

test('the logout of a known server does not go with the login of an unknown one', () => {
  const { logoutUrl } = raven;
  assert.equal(mixtureProblems({ loginUrl: 'https://login.example.edu/wls', logoutUrl }).length, 1);
});

test('an address that is none is left to the check of addresses', () => {
  assert.deepEqual(mixtureProblems({ loginUrl: 'raven', logoutUrl: '' }), []);
  assert.deepEqual(keyPolicyOf({ loginUrl: '' }), { signers: null, allowDemoKey: false });
});

test('the preset raven brings the key along that its fingerprint is known of', () => {
  const policy = keyPolicyOf(raven);
  const ring = openKeyRing({ keys: raven.keys, policy, logger: { info() {}, warn() {} }, clock: Date.now });
  assert.deepEqual([ring.problems, ring.kids()], [[], ['2']]);
});
