import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { initialTransition, type SnapshotFrom, transition } from 'xstate';
import { type UcamLoginEvent, type UcamLoginInput, ucamLoginMachine } from '../../machines/index.ts';
import { alice, HOUR, plainInput, REPLY, SENT_AT, singleSignOn, VERIFIED_AT, vouchedFor } from './ucam-login-model.ts';

const URL = 'https://portal.example.edu/sso/return';

type Snapshot = SnapshotFrom<typeof ucamLoginMachine>;

/** A step of the machine, with the effects it asks for. */
function send(snapshot: Snapshot, event: UcamLoginEvent) {
  const [next, asked] = transition(ucamLoginMachine, snapshot, event);
  return { next, asked: asked.map(({ type, params }) => ({ type, params })) };
}

const leave = (snapshot: Snapshot, params = 'nonce-one', at = SENT_AT) =>
  send(snapshot, { type: 'redirect.issued', url: URL, params, at }).next;

function sentAway(input: Partial<UcamLoginInput>): Snapshot {
  return leave(initialTransition(ucamLoginMachine, { ...plainInput, ...input })[0]);
}

const returned = (waiting: Snapshot) => send(waiting, { type: 'return.reply', reply: REPLY });

/** The browser comes back with a reply that vouches for alice. */
function answered(waiting: Snapshot, principal = singleSignOn, at = VERIFIED_AT) {
  return send(returned(waiting).next, { type: 'reply.verified', principal, lifeMs: null, at });
}

/** What a reply says after the password was typed: its own hour. */
const typed = (issuedAt: number) => vouchedFor(alice, issuedAt, true);

for (const [demand, input, replies] of [
  [
    'without a demand',
    {},
    [
      ['by single sign-on', singleSignOn, 'admitting'],
      ['after the password was typed', typed(VERIFIED_AT), 'admitting'],
    ],
  ],
  [
    'with renew',
    { renew: true },
    [
      ['by single sign-on', singleSignOn, 'failed'],
      ['after the password was typed', typed(VERIFIED_AT), 'admitting'],
      ['by a clock that is hours behind', typed(SENT_AT - 2 * HOUR), 'admitting'],
    ],
  ],
  [
    'with maxAge',
    { maxAgeMs: HOUR },
    [
      ['by single sign-on, whose hour nobody knows', singleSignOn, 'redirecting'],
      ['after the password was typed', typed(VERIFIED_AT), 'admitting'],
      ['after the password was typed as long ago as it may be', typed(VERIFIED_AT - HOUR), 'admitting'],
      ['after the password was typed a moment before that', typed(VERIFIED_AT - HOUR - 1), 'redirecting'],
    ],
  ],
  ['with gateway and maxAge', { gateway: true, maxAgeMs: HOUR }, [['by single sign-on', singleSignOn, 'declined']]],
] as const) {
  describe(demand, () => {
    for (const [what, principal, state] of replies) {
      test(`a reply ${what}: ${state}`, () => {
        assert.equal(answered(sentAway(input), principal).next.value, state);
      });
    }
  });
}

describe('the second question', () => {
  const asked = () => answered(sentAway({ maxAgeMs: HOUR }));
  const again = () => leave(asked().next, 'nonce-two', VERIFIED_AT);

  test('demands the password', () => {
    assert.deepEqual(asked().asked, [{ type: 'redirectToLogin', params: { renew: true, gateway: false } }]);
  });

  test('has its reply judged by its own nonce and its own demand', () => {
    assert.deepEqual(returned(again()).asked, [
      { type: 'verifyReply', params: { reply: REPLY, url: URL, params: 'nonce-two', renew: true, gateway: false } },
    ]);
  });

  test('is the last one: single sign-on is then refused', () => {
    const end = answered(again(), singleSignOn, VERIFIED_AT + 1000).next;
    assert.equal(end.value, 'failed');
    assert.equal(end.context.failure?.code, 'ERR_SSO_LOGIN_NOT_FRESH');
  });

  test('is followed by the page when the password was typed', () => {
    assert.equal(answered(again(), typed(VERIFIED_AT + 1000), VERIFIED_AT + 2000).next.value, 'admitting');
  });
});

describe('the hour that is kept', () => {
  const kept = (input: Partial<UcamLoginInput>, principal: typeof singleSignOn) =>
    answered(sentAway(input), principal).next.context.principal?.authenticatedAt;

  test('is that of the reply, when the password was typed', () => {
    assert.equal(kept({}, typed(VERIFIED_AT - 1000)), VERIFIED_AT - 1000);
  });

  test('is unknown after single sign-on', () => {
    assert.equal(kept({}, singleSignOn), null);
  });

  test('is never in the future, though the clock of the WLS may be ahead', () => {
    assert.equal(kept({}, typed(VERIFIED_AT + 4000)), VERIFIED_AT);
  });

  test('is with renew never before the browser left', () => {
    assert.equal(kept({ renew: true }, typed(SENT_AT - 4000)), SENT_AT);
  });
});
