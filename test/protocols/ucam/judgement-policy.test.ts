import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ReplyExpectation } from '../../../src/protocols/ucam/judgement.ts';
import { assertPrincipal, assertRejected, empty, judge, NONCE, type ReplyParts } from './support.ts';

describe('required tags', () => {
  const current = { requiredPtags: ['current'] } as const;

  function assertNotAuthorised(parts: ReplyParts, more: Partial<ReplyExpectation>, ptags: readonly string[]): void {
    assert.deepEqual(judge(parts, more), { kind: 'notAuthorised', reason: 'ptags', principal: 'fjc55', ptags });
  }

  test('let in who has them, among others and in any order', () => {
    assertPrincipal(judge({ ptags: 'x-admin,current' }, current));
    assertPrincipal(judge({ ptags: 'b,a' }, { requiredPtags: ['a', 'b'] }));
  });

  test('are all required', () => assertNotAuthorised({ ptags: 'a' }, { requiredPtags: ['a', 'b'] }, ['a']));

  test('tell who is not let in, for the page and the log', () => assertNotAuthorised({ ptags: '' }, current, []));

  for (const ptags of [
    'Current',
    'notcurrent',
    'x-current',
    'current2',
    ' current',
    'current ',
    'curren',
    'curr,ent',
  ]) {
    test(`are not met by "${ptags}"`, () => assertNotAuthorised({ ptags }, current, ptags.split(',')));
  }

  for (const ver of ['1', '2']) {
    test(`are not met by a success of version ${ver}, which anybody can ask for in an address`, () => {
      assertNotAuthorised({ ver }, current, []);
    });

    test(`are met in version ${ver} where the server is known to keep the rule, and only by what the rule says`, () => {
      const rule = { ptagsBelowVersion3: ['current'] };
      assertPrincipal(judge({ ver }, { ...current, ...rule }));
      assertNotAuthorised({ ver }, { requiredPtags: ['x-admin'], ...rule }, []);
    });
  }

  test('are not met in version 3 by the rule for lower versions', () => {
    assertNotAuthorised({ ptags: '' }, { ...current, ptagsBelowVersion3: ['current'] }, []);
  });

  test('come last: who does not pass the other checks is not named', () => {
    assertRejected(judge({ ptags: '' }, { ...current, iact: 'no' }), 'iact');
  });
});

describe('a failure', () => {
  const unsigned = { ...empty, kid: '', sig: '' };

  for (const status of [410, 510, 520, 530, 540, 560, 570] as const) {
    for (const ver of ['1', '2', '3'] as const) {
      test(`with status ${status} in version ${ver} is one, signed or not`, () => {
        const parts = { ver, status: `${status}`, msg: 'No%21 <b>' };
        const expected = { kind: 'status', status, message: 'No! <b>', params: NONCE, version: Number(ver) };
        assert.deepEqual(judge({ ...empty, ...parts }), { ...expected, signed: true });
        assert.deepEqual(judge({ ...unsigned, ...parts }), { ...expected, signed: false });
      });
    }
  }

  test('with a signature that does not hold is refused', () => {
    const failure = { ...empty, status: '410' };
    assertRejected(judge({ ...failure, digest: 'RSA-SHA256' }), 'bad-signature');
    assertRejected(judge({ ...failure, kid: '9', sig: 'AAAA' }), 'unknown-kid');
  });

  for (const status of ['000', '100', '201', '404', '550', '999']) {
    test(`with status ${status} is unknown`, () => {
      assertRejected(judge({ ...empty, status }), 'unknown-status');
      assertRejected(judge({ ...unsigned, status }), 'unknown-status');
    });
  }

  test('that names somebody is refused', () => {
    assertRejected(judge({ ...empty, status: '410', principal: 'fjc55' }), 'unexpected-principal');
  });

  for (const field of ['auth', 'sso', 'ptags'] as const) {
    test(`with ${field} is refused`, () => {
      assertRejected(judge({ ...empty, status: '410', [field]: 'x' }), 'unexpected-field');
    });
  }

  test('that is not of this attempt ends nothing, signed or not', () => {
    for (const parts of [empty, unsigned]) {
      const failure = { ...parts, status: '410' };
      assertRejected(judge({ ...failure, params: 'another' }), 'params');
      assertRejected(judge(failure, { params: null }), 'params');
      assertRejected(judge({ ...failure, url: 'https://evil.example/' }), 'url');
      assertRejected(judge({ ...failure, issue: '20260115T115000Z' }), 'stale');
      assertRejected(judge({ ...failure, id: '' }), 'missing-id');
    }
  });
});

test('a rejection holds nothing of the reply', () => {
  const judgement = judge({ msg: 'secret', principal: 'secret', id: 'secret', url: 'secret', params: 'secret' });
  assert.deepEqual(judgement, { kind: 'rejected', reason: 'url', class: 'invalid' });
});

test('what is no reply at all is malformed', () => {
  for (const text of ['', 'x', '3', '!!!!!!!!!!!!!', '3!200!!!!!!!!!!!', '\ud800']) {
    const judgement = judge(text);
    assert.equal(judgement.kind === 'rejected' && judgement.class, 'malformed', text);
  }
});
