import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { initialTransition, type SnapshotFrom, transition } from 'xstate';
import { type CasLoginEvent, type CasLoginInput, casLoginMachine, MAX_RECENT_LOGINS } from '../../machines/index.ts';
import type { Principal, PrincipalRef } from '../../machines/vocabulary.ts';
import {
  alice,
  bob,
  freshPrincipals,
  grantExpired,
  otherAlice,
  plainInput,
  SENT_AT,
  TICKET,
  VALIDATED_AT,
} from './cas-login-model.ts';
import { savedBy } from './kept-request-model.ts';

type Snapshot = SnapshotFrom<typeof casLoginMachine>;

/** Sends events one after the other, and gives what the last of them asks for. */
function send(snapshot: Snapshot, ...events: readonly CasLoginEvent[]) {
  let step: { next: Snapshot; asked: readonly unknown[] } = { next: snapshot, asked: [] };
  for (const event of events) {
    const [next, asked] = transition(casLoginMachine, step.next, event);
    step = { next, asked: asked.map(({ type, params }) => ({ type, params })) };
  }
  return step;
}

const begun = (input: Partial<CasLoginInput>): Snapshot =>
  initialTransition(casLoginMachine, { ...plainInput, ...input })[0];

/** Everything from the departure to the session of a person. */
const wayOf = ({ issuer, id }: PrincipalRef): readonly CasLoginEvent[] => {
  const principal = freshPrincipals.find((one) => one.issuer === issuer && one.id === id) as Principal;
  return [
    { type: 'redirect.issued', service: 'https://portal.example.edu/sso/return', at: SENT_AT },
    { type: 'return.ticket', ticket: TICKET },
    { type: 'validation.succeeded', principal, grantOffer: null, at: VALIDATED_AT },
    { type: 'principal.admitted' },
    { type: 'session.opened', loginId: `login-of-${id}` },
  ];
};

const saved = (owner: PrincipalRef | null): CasLoginEvent => ({ type: 'request.saved', savedRequest: savedBy(owner) });
const resume = (savedRequest: unknown, notKept: unknown, returnTo = plainInput.returnTo) => ({
  type: 'resumeRequest',
  params: { returnTo, savedRequest, notKept },
});

describe('a request that was sent by alice, whose session had ended', () => {
  const kept = () => send(begun({ keepRequest: true, expected: alice }), saved(alice)).next;

  test('is kept before the browser is sent away', () => {
    const [first, asked] = initialTransition(casLoginMachine, { ...plainInput, keepRequest: true, expected: alice });
    assert.deepEqual([first.value, asked.map(({ type }) => type)], ['keepingRequest', ['saveRequest']]);
    assert.equal(kept().value, 'redirecting');
  });

  test('is sent again when she is back', () => {
    const { next, asked } = send(kept(), ...wayOf(alice));
    assert.deepEqual([next.value, asked], ['resuming', [resume(savedBy(alice), null)]]);
    assert.equal(next.context.loginId, 'login-of-alice');
  });

  for (const [who, person] of [
    ['somebody else', bob],
    ['somebody of the same name at another login server', otherAlice],
  ] as const) {
    test(`is destroyed when ${who} comes back, who gets the page and the reason`, () => {
      const { next, asked } = send(kept(), ...wayOf(person));
      assert.deepEqual(asked, [
        { type: 'discardRequest', params: { savedRequest: savedBy(alice) } },
        resume(null, 'ERR_SSO_REQUEST_OTHER_PERSON'),
      ]);
      assert.deepEqual([next.value, next.context.savedRequest], ['authenticated', null]);
    });
  }

  test('is for whoever was expected where the store does not say whose it is', () => {
    const withoutOwner = send(begun({ keepRequest: true, expected: alice }), saved(null)).next;
    assert.equal(send(withoutOwner, ...wayOf(alice)).next.value, 'resuming');
    assert.equal(send(withoutOwner, ...wayOf(bob)).next.value, 'authenticated');
  });

  test('is for whom the store says, and not for whoever was expected', () => {
    const ofBob = send(begun({ keepRequest: true, expected: alice }), saved(bob)).next;
    assert.equal(send(ofBob, ...wayOf(alice)).next.value, 'authenticated');
    assert.equal(send(ofBob, ...wayOf(bob)).next.value, 'resuming');
  });

  test('is not lost when the login fails', () => {
    const [leaving, returning] = wayOf(alice);
    const { next, asked } = send(kept(), leaving!, returning!, { type: 'validation.timedOut' });
    const { failure, returnTo } = next.context;
    assert.deepEqual(asked, [
      { type: 'showFailure', params: { failure, returnTo, savedRequest: savedBy(alice), notKept: null } },
    ]);
  });
});

test('a request of nobody is offered to whoever signs in, and waits', () => {
  const { next, asked } = send(begun({ keepRequest: true }), saved(null), ...wayOf(bob));
  assert.deepEqual([next.value, asked], ['resuming', [resume(savedBy(null), null)]]);
  assert.equal(next.context.loginId, 'login-of-bob');
});

test('a request that could not be kept is told of after the login', () => {
  const notSaved = { type: 'request.notSaved', code: 'ERR_SSO_REQUEST_TOO_LARGE' } as const;
  const { next, asked } = send(begun({ keepRequest: true, expected: alice }), notSaved, ...wayOf(alice));
  assert.deepEqual([next.value, asked], ['authenticated', [resume(null, notSaved.code)]]);
});

describe('a login whose grant has expired', () => {
  const settled = send(begun({ renew: true, maxAgeMs: 3_600_000 }), ...wayOf(alice)).next;
  const expired = (over: object) => send(settled, { ...grantExpired, ...over });

  test('leads to the page that found out, and not to the one of the login before', () => {
    const { next } = expired({ returnTo: '/later' });
    assert.deepEqual(send(next, ...wayOf(alice)).asked, [resume(null, null, '/later')]);
  });

  test('keeps what was sent for the person who is signed in', () => {
    const { next, asked } = expired({ keepRequest: true });
    assert.equal(next.value, 'keepingRequest');
    assert.deepEqual(asked, [{ type: 'saveRequest', params: { owner: alice } }]);
  });

  test('tells after the next login why it is not kept', () => {
    const { next } = expired({ notKept: 'ERR_SSO_REQUEST_NOT_OURS' });
    assert.deepEqual(send(next, ...wayOf(alice)).asked, [resume(null, 'ERR_SSO_REQUEST_NOT_OURS')]);
  });

  test('counts as one more of the logins that may be a loop, and keeps the request all the same', () => {
    const { next } = expired({ keepRequest: true, recentLogins: MAX_RECENT_LOGINS });
    const { value, context } = send(next, saved(alice)).next;
    assert.deepEqual([value, context.failure?.code], ['failed', 'ERR_SSO_LOGIN_LOOP']);
    assert.deepEqual(context.savedRequest, savedBy(alice));
  });

  test('demands nothing that the login before it did, and knows nobody', () => {
    const { asked, next } = expired({});
    assert.deepEqual(asked, [{ type: 'redirectToLogin', params: { renew: false, gateway: false } }]);
    const { maxAgeMs, principal, redirectedAt, service } = next.context;
    assert.deepEqual([maxAgeMs, principal, redirectedAt, service], [null, null, null, null]);
  });

  test('ends its own session when the person signs out before they are back', () => {
    const { asked } = send(expired({}).next, { type: 'logout.requested', everywhere: false });
    assert.deepEqual(asked.at(-1), {
      type: 'endSession',
      params: { everywhere: false, loginId: 'login-of-alice', grantId: null },
    });
  });
});
