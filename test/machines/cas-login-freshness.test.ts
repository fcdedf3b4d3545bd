import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { initialTransition, type SnapshotFrom, transition } from 'xstate';
import type { CasLoginEvent, CasLoginInput } from '../../machines/index.ts';
import { CLOCK_SKEW_MS, casLoginMachine } from '../../machines/index.ts';
import { alice, plainInput, SENT_AT, TICKET, VALIDATED_AT, vouchedFor } from './cas-login-model.ts';

const MINUTE = 60_000;
const MAX_AGE = 5 * MINUTE;

type Snapshot = SnapshotFrom<typeof casLoginMachine>;

/** A step of the machine, with the effects it asks for. */
function send(snapshot: Snapshot, event: CasLoginEvent) {
  const [next, asked] = transition(casLoginMachine, snapshot, event);
  return { next, asked: asked.map(({ type, params }) => ({ type, params })) };
}

function sentAway(input: Partial<CasLoginInput>, at = SENT_AT): Snapshot {
  const [begun] = initialTransition(casLoginMachine, { ...plainInput, ...input });
  return send(begun, { type: 'redirect.issued', service: 'https://portal.example.edu/sso/return', at }).next;
}

/** The browser comes back, and the server says this of the login. */
function answered(waiting: Snapshot, told: Told, at = VALIDATED_AT): Snapshot {
  const validating = send(waiting, { type: 'return.ticket', ticket: TICKET }).next;
  assert.equal(validating.value, 'validating');
  const principal = vouchedFor(alice, told.authenticatedAt ?? null, told.fromNewLogin ?? null);
  return send(validating, { type: 'validation.succeeded', principal, grantOffer: null, at }).next;
}

interface Told {
  readonly authenticatedAt?: number;
  readonly fromNewLogin?: boolean;
}

type Case = readonly [what: string, told: Told, state: 'admitting' | 'redirecting' | 'failed'];

const cases: readonly (readonly [demand: string, input: Partial<CasLoginInput>, answers: readonly Case[]])[] = [
  [
    'without a demand',
    {},
    [
      ['nothing', {}, 'admitting'],
      ['a login of last year', { authenticatedAt: 0, fromNewLogin: false }, 'admitting'],
    ],
  ],
  [
    'with renew',
    { renew: true },
    [
      ['nothing', {}, 'admitting'],
      ['a new login', { fromNewLogin: true }, 'admitting'],
      ['a new login, by a clock that is hours behind', { fromNewLogin: true, authenticatedAt: 0 }, 'admitting'],
      ['no new login', { fromNewLogin: false }, 'failed'],
      ['no new login, a moment ago', { fromNewLogin: false, authenticatedAt: VALIDATED_AT }, 'failed'],
      ['an hour after the departure', { authenticatedAt: SENT_AT + 1 }, 'admitting'],
      ['an hour as far back as clocks differ', { authenticatedAt: SENT_AT - CLOCK_SKEW_MS }, 'admitting'],
      ['an hour farther back than clocks differ', { authenticatedAt: SENT_AT - CLOCK_SKEW_MS - 1 }, 'failed'],
    ],
  ],
  [
    'with maxAge',
    { maxAgeMs: MAX_AGE },
    [
      ['nothing', {}, 'redirecting'],
      ['a new login', { fromNewLogin: true }, 'admitting'],
      ['no new login and no hour', { fromNewLogin: false }, 'redirecting'],
      ['single sign-on of a young login', { fromNewLogin: false, authenticatedAt: VALIDATED_AT - MINUTE }, 'admitting'],
      ['a login as old as it may be', { authenticatedAt: VALIDATED_AT - MAX_AGE }, 'admitting'],
      ['a login a moment older', { authenticatedAt: VALIDATED_AT - MAX_AGE - 1 }, 'redirecting'],
      ['a new login of long ago', { fromNewLogin: true, authenticatedAt: 0 }, 'redirecting'],
    ],
  ],
  [
    'with renew and maxAge',
    { renew: true, maxAgeMs: MAX_AGE },
    [
      ['nothing', {}, 'admitting'],
      ['a new login', { fromNewLogin: true, authenticatedAt: VALIDATED_AT - 1000 }, 'admitting'],
      ['no new login', { fromNewLogin: false }, 'failed'],
      [
        'a login that is young but older than the departure',
        { authenticatedAt: SENT_AT - CLOCK_SKEW_MS - 1 },
        'failed',
      ],
    ],
  ],
];

for (const [demand, input, answers] of cases) {
  describe(demand, () => {
    for (const [what, told, state] of answers) {
      test(`${what}: ${state}`, () => {
        assert.equal(answered(sentAway(input), told).value, state);
      });
    }
  });
}

describe('the second question', () => {
  const asked = () => answered(sentAway({ maxAgeMs: MAX_AGE }), {});
  const again = () =>
    send(asked(), { type: 'redirect.issued', service: 'https://portal.example.edu/two', at: VALIDATED_AT });

  test('demands credentials at login', () => {
    const validating = send(sentAway({ maxAgeMs: MAX_AGE }), { type: 'return.ticket', ticket: TICKET }).next;
    const step = send(validating, {
      type: 'validation.succeeded',
      principal: vouchedFor(alice, null, null),
      grantOffer: null,
      at: VALIDATED_AT,
    });
    assert.deepEqual(step.asked, [{ type: 'redirectToLogin', params: { renew: true, gateway: false } }]);
  });

  test('demands credentials at validation, for its own service', () => {
    const { asked: effects } = send(again().next, { type: 'return.ticket', ticket: TICKET });
    assert.deepEqual(effects, [
      {
        type: 'validateTicket',
        params: {
          service: 'https://portal.example.edu/two',
          ticket: TICKET,
          renew: true,
          withGrant: false,
        },
      },
    ]);
  });

  test('is the last one: an older login is then refused', () => {
    const end = answered(again().next, { fromNewLogin: false, authenticatedAt: 0 }, VALIDATED_AT + MINUTE);
    assert.equal(end.value, 'failed');
    assert.equal(end.context.failure?.code, 'ERR_SSO_LOGIN_NOT_FRESH');
    assert.equal(end.context.principal, null);
  });

  test('is answered by a server that tells nothing at all', () => {
    assert.equal(answered(again().next, {}, VALIDATED_AT + MINUTE).value, 'admitting');
  });

  test('keeps nobody while the browser is away', () => {
    assert.equal(again().next.context.principal, null);
  });

  test('is never asked of a public page', () => {
    const end = answered(sentAway({ gateway: true, maxAgeMs: MAX_AGE }), { authenticatedAt: 0 });
    assert.equal(end.value, 'declined');
  });
});

describe('the hour that is kept', () => {
  const kept = (input: Partial<CasLoginInput>, told: Told) =>
    answered(sentAway(input), told).context.principal?.authenticatedAt;

  test('is the one that the server tells', () => {
    assert.equal(kept({}, { authenticatedAt: SENT_AT - MINUTE }), SENT_AT - MINUTE);
  });

  test('is unknown where the server tells nothing', () => {
    assert.equal(kept({}, {}), null);
    assert.equal(kept({}, { fromNewLogin: false }), null);
  });

  test('is now where the server tells of a new login only', () => {
    assert.equal(kept({}, { fromNewLogin: true }), VALIDATED_AT);
  });

  test('is with renew never before the browser left, and never after the answer', () => {
    for (const told of [
      {},
      { fromNewLogin: true },
      { authenticatedAt: SENT_AT - MINUTE },
      { authenticatedAt: SENT_AT },
    ]) {
      const hour = kept({ renew: true }, told) ?? 0;
      assert.ok(hour >= SENT_AT && hour <= VALIDATED_AT, JSON.stringify(told));
    }
  });

  test('is never in the future, whatever the clock of the server says', () => {
    const told = { authenticatedAt: VALIDATED_AT + 60 * MINUTE, fromNewLogin: true };
    for (const input of [{}, { renew: true }, { maxAgeMs: MAX_AGE }]) {
      assert.ok((kept(input, told) ?? Infinity) <= VALIDATED_AT, JSON.stringify(input));
    }
  });
});
