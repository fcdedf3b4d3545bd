import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AcceptProxyTicketsOptions, type CasOptions, campusSso, cas } from '../../src/index.ts';
import { TEST_SECRET } from '../support/portal.ts';
import { PORTAL } from '../support/proxied-calls.ts';
import { codeOf } from './support.ts';

/** What is wrong with these options, line by line; nothing if they are accepted. */
function problemsOf(accept: unknown, casOptions: Partial<CasOptions> = {}): string[] {
  const sso = campusSso({
    baseUrl: 'https://api.example.edu',
    secrets: [TEST_SECRET],
    login: cas({ serverUrl: 'https://login.example.edu/cas', ...casOptions }),
  });
  try {
    sso.acceptProxyTickets(accept as AcceptProxyTicketsOptions);
    return [];
  } catch (thrown) {
    assert.equal(codeOf(thrown), 'ERR_SSO_OPTIONS', String(thrown));
    const [head, ...lines] = (thrown as Error).message.split('\n');
    assert.equal(head, 'The options of acceptProxyTickets() are not valid:');
    return lines.map((line) => line.replace(/^- /, ''));
  }
}

const allowedChains = [[PORTAL]];

describe('acceptProxyTickets takes', () => {
  const good: readonly (readonly [string, AcceptProxyTicketsOptions, Partial<CasOptions>?])[] = [
    ['nobody', { allowedChains: [] }],
    ['one exact chain', { allowedChains }],
    ['patterns', { allowedChains: [[/^https:\/\/a\.example\/.*$/, PORTAL]] }],
    ['a function', { allowedChains: () => true }],
    ['everything', { allowedChains, service: 'imap://x', sessionSeconds: 0.5, allowDirect: true, proxyGrant: false }],
    ['a function for the service', { allowedChains, service: () => 'x' }],
    ['a grant where grants are asked for', { allowedChains, proxyGrant: true }, { proxyGrants: true }],
    ['CAS 2.0', { allowedChains }, { version: '2.0' }],
  ];
  for (const [name, accept, casOptions] of good) {
    test(name, () => assert.deepEqual(problemsOf(accept, casOptions), []));
  }
});

describe('acceptProxyTickets refuses', () => {
  const bad: readonly (readonly [string, unknown, RegExp])[] = [
    ['no options', undefined, /^allowedChains: expected a list/],
    ['null for options', null, /^allowedChains: expected a list/],
    ['options without chains', {}, /^allowedChains: expected a list/],
    ['one address for all chains', { allowedChains: PORTAL }, /^allowedChains: expected a list/],
    ['an address in place of a chain', { allowedChains: [PORTAL] }, /^allowedChains\[0\]: expected a list of proxies/],
    ['a chain without proxies', { allowedChains: [[PORTAL], []] }, /^allowedChains\[1\]: expected a list of proxies/],
    ['an address that is none', { allowedChains: [['portal']] }, /^allowedChains\[0\]\[0\]: expected an absolute/],
    ['a star', { allowedChains: [[PORTAL, 'https://*.edu/']] }, /^allowedChains\[0\]\[1\]: a star stands/],
    ['a pattern without anchors', { allowedChains: [[/portal/]] }, /anchored with \^ and \$/],
    ['a pattern with an open alternative', { allowedChains: [[/^a|b$/]] }, /an alternative lies open/],
    ['a pattern with a memory', { allowedChains: [[/^a$/g]] }, /expected no flag g/],
    ['a function that promises', { allowedChains: async () => true }, /not a promise/],
    ['an empty service', { allowedChains, service: '' }, /^service: expected the address/],
    ['a service that is no text', { allowedChains, service: new URL(PORTAL) }, /^service: expected the address/],
    ['a session of no time', { allowedChains, sessionSeconds: 0 }, /^sessionSeconds: expected a number above 0/],
    ['a session of negative time', { allowedChains, sessionSeconds: -1 }, /^sessionSeconds: expected/],
    ['a session without end', { allowedChains, sessionSeconds: Number.POSITIVE_INFINITY }, /^sessionSeconds: expected/],
    ['a session of a text', { allowedChains, sessionSeconds: '60' }, /^sessionSeconds: expected/],
    ['a grant where none are asked for', { allowedChains, proxyGrant: true }, /^proxyGrant: needs cas\(\{ proxyGrants/],
    ['a text for allowDirect, which would be a yes', { allowedChains, allowDirect: 'no' }, /^allowDirect: expected/],
    ['a number for proxyGrant', { allowedChains, proxyGrant: 0 }, /^proxyGrant: expected true or false/],
  ];
  for (const [name, accept, problem] of bad) {
    test(name, () => {
      const problems = problemsOf(accept);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', problem);
    });
  }

  for (const version of ['1.0', 'saml1.1'] as const) {
    test(`CAS ${version}, which names no proxies`, () => {
      assert.deepEqual(problemsOf({ allowedChains }, { version }), [
        'proxy tickets need cas() with version "2.0" or "3.0".',
      ]);
    });
  }

  test('all that is wrong at once', () => {
    const wrong = { allowedChains: [[], ['x']], service: '', sessionSeconds: 0, proxyGrant: true, allowDirect: 1 };
    const names = problemsOf(wrong).map((problem) => problem.split(':')[0]);
    assert.deepEqual(names.sort(), [
      'allowDirect',
      'allowedChains[0]',
      'allowedChains[1][0]',
      'proxyGrant',
      'service',
      'sessionSeconds',
    ]);
  });
});
