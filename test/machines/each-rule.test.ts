import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AnyStateMachine } from 'xstate';
import {
  CLOCK_SKEW_MS,
  casLoginMachine,
  checkSafety,
  proxiedCallMachine,
  proxyCallbackMachine,
  proxyTicketMachine,
  ucamLoginMachine,
} from '../../machines/index.ts';
import { ANSWERED_AT, HOUR, SENT_AT } from '../../machines/safety-people.ts';
import { genericRules } from '../../machines/safety-rules.ts';
import { vocabularyOf } from '../../machines/safety-vocabularies.ts';
import type { Breaks } from './breaks/breaks.ts';
import { brokenFreshness, shownAt } from './breaks/cas-freshness.ts';
import { brokenGenerically } from './breaks/cas-generic.ts';
import { brokenLogins } from './breaks/cas-login.ts';
import { brokenRequests } from './breaks/cas-requests.ts';
import { brokenTickets } from './breaks/cas-tickets.ts';
import { brokenCallbacks, brokenCalls, brokenTicketRequests } from './breaks/proxy.ts';
import { brokenReplies } from './breaks/ucam-login.ts';

const genericIds = genericRules.map(({ id }) => id);
const idsOf = (machine: AnyStateMachine) => vocabularyOf(machine)!.rules.map(({ id }) => id);

/** Every invariant of a kind of machine, or of a kind beside what another one has, with machines that break it. */
function findsEach(machine: AnyStateMachine, ids: readonly string[], breaks: Breaks): void {
  describe(`the proof of ${machine.id}`, () => {
    test('has a broken machine for every invariant', () => {
      assert.deepEqual(Object.keys(breaks).sort(), [...ids].sort());
    });
    for (const [id, machines] of Object.entries(breaks)) {
      for (const [what, { machine: broken, samples = [] }] of Object.entries(machines)) {
        test(`finds by ${id}: ${what}`, () => {
          const { invariants } = checkSafety(broken, { thorough: false, samples });
          const verdict = invariants.find((one) => one.id === id);
          assert.equal(verdict?.holds, false);
        });
      }
    }
  });
}

const cas = casLoginMachine as AnyStateMachine;
const ucam = ucamLoginMachine as AnyStateMachine;
const own = (machine: AnyStateMachine, others: readonly string[] = genericIds) =>
  idsOf(machine).filter((id) => !others.includes(id));

findsEach(cas, ['nothing-by-itself', 'no-endless-always', ...idsOf(cas)], {
  ...brokenGenerically,
  ...brokenLogins,
  ...brokenFreshness,
  ...brokenRequests,
  ...brokenTickets,
});
// By the words of its protocol: what is the same for both is broken above.
const byWords = [
  'only-after-success',
  'only-the-admitted',
  'vouched-for',
  'named-in-time',
  'judged-once',
  'renew-enforced',
];
findsEach(
  ucam,
  [...own(ucam, idsOf(cas)), ...byWords, 'age-enforced', 'answers-taken', 'no-login-loop'],
  brokenReplies,
);
findsEach(proxiedCallMachine as AnyStateMachine, own(proxiedCallMachine as AnyStateMachine), brokenCalls);
findsEach(proxyCallbackMachine as AnyStateMachine, own(proxyCallbackMachine as AnyStateMachine), brokenCallbacks);
findsEach(proxyTicketMachine as AnyStateMachine, own(proxyTicketMachine as AnyStateMachine), brokenTicketRequests);

test('a login as old as clocks differ, or as the age that a page allows, is no fault', () => {
  const samples = [SENT_AT - CLOCK_SKEW_MS, ANSWERED_AT - HOUR].map(shownAt);
  const { invariants } = checkSafety(cas, { thorough: false, samples });
  assert.deepEqual(
    invariants.filter(({ holds }) => !holds),
    [],
  );
});

test('what holds of every machine is proven of each kind', () => {
  for (const machine of [ucam, proxiedCallMachine, proxyCallbackMachine, proxyTicketMachine]) {
    const ids = idsOf(machine as AnyStateMachine);
    assert.deepEqual(
      genericIds.filter((id) => !ids.includes(id)),
      [],
    );
  }
});

test('what holds of a login is proven of both protocols', () => {
  const ofBoth = Object.keys({ ...brokenLogins, ...brokenFreshness, ...brokenRequests });
  assert.deepEqual(
    ofBoth.filter((id) => !idsOf(ucam).includes(id)),
    [],
  );
});
