import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { authenticationProblem } from '../../../src/protocols/ucam/policy.ts';

const ASKED = ['yes', 'no', null] as const;

/**
 * For `iact` yes, no and empty: whether it will do where only `pwd` is accepted, and where `tst` is, too. The table of
 * python-ucam-webauth (tests/test_response.py), which has no default for `aauth` and so takes any kind in the second.
 */
const table: readonly (readonly [auth: string, sso: readonly string[], pwd: string, any: string])[] = [
  ['', ['pwd'], '-++', '-++'],
  ['', ['tst'], '---', '-++'],
  ['', ['pwd', 'tst'], '-++', '-++'],
  ['pwd', [], '+-+', '+-+'],
  ['pwd', ['pwd'], '+-+', '+-+'],
  ['pwd', ['tst'], '+-+', '+-+'],
  ['pwd', ['pwd', 'tst'], '+-+', '+-+'],
  ['tst', [], '---', '+-+'],
  ['tst', ['pwd'], '--+', '+-+'],
  ['tst', ['tst'], '---', '+-+'],
  ['tst', ['pwd', 'tst'], '--+', '+-+'],
];

for (const [auth, sso, pwd, any] of table) {
  describe(`auth=${auth} sso=${sso.join(',')}`, () => {
    for (const [index, iact] of ASKED.entries()) {
      for (const [aauth, outcomes] of [
        [['pwd'], pwd],
        [['pwd', 'tst'], any],
        [[], pwd],
      ] as const) {
        const expected = outcomes[index] === '+';
        test(`${expected ? 'does' : 'does not do'} for iact=${iact ?? ''} aauth=${aauth.join(',')}`, () => {
          assert.equal(authenticationProblem({ iact, aauth }, { auth, sso }) === null, expected);
        });
      }
    }
  });
}

test('an interaction that was demanded and did not happen is told from one of the wrong kind', () => {
  const asked = { iact: 'yes', aauth: [] } as const;
  assert.equal(authenticationProblem(asked, { auth: '', sso: ['pwd'] }), 'iact');
  assert.equal(authenticationProblem(asked, { auth: 'x-card', sso: ['pwd'] }), 'aauth');
});

test('kinds of authentication are compared whole and by case', () => {
  for (const auth of ['PWD', 'pwd2', 'pw', ' pwd']) {
    assert.equal(authenticationProblem({ iact: null, aauth: [] }, { auth, sso: [] }), 'aauth');
  }
});

test('a kind that is not among those that are asked for will not do, not even a password', () => {
  assert.equal(authenticationProblem({ iact: null, aauth: ['x-otp'] }, { auth: 'pwd', sso: ['pwd'] }), 'aauth');
});

test('an empty kind among those that are accepted lets nobody in without authentication', () => {
  assert.equal(authenticationProblem({ iact: null, aauth: [''] }, { auth: '', sso: [] }), 'aauth');
});
