import assert from 'node:assert/strict';
import { test } from 'node:test';
import { casLogin, casLoginMachine, casLoginRoot, casLoginStates } from '../../machines/index.ts';
import { explore, FOREIGN_EVENTS } from '../support/model.ts';
import { fewEvents, grantExpired, people, plainInput } from './cas-login-model.ts';
import { keptRequestInvariants } from './kept-request-invariants.ts';
import { keepingInputs } from './kept-request-model.ts';

/** A machine that is broken on purpose: what is wrong with it, and the states that differ. */
export interface BrokenMachine {
  readonly what: string;
  readonly states: Partial<Record<keyof typeof casLoginStates, object>>;
}

type Name = keyof typeof keptRequestInvariants;

/** The invariants about how a request is kept and how the login goes on beside it; all others are about its end. */
export type AboutKeeping =
  | 'is kept once between two departures of the person'
  | 'is kept before anything else, for the person who was signed in'
  | 'is remembered as the store says'
  | 'that cannot be kept does not stop the login'
  | 'that is not kept is told of'
  | 'is what a login waits with, and nothing else'
  | 'waits for one session, opened once'
  | 'outlives a failure, whose page names it';
export type AboutItsEnd = Exclude<Name, AboutKeeping>;

const { openingSession } = casLoginStates;
const opened = openingSession.on['session.opened'];

/** What the machine does when the session is open: nothing was kept, nobody's, the sender's, somebody else's. */
export const [nothingKept, ownerUnknown, samePerson, otherPerson] = [opened[0]!, opened[1]!, opened[2]!, opened[3]!];
export const [discard, , rememberLogin, goOn] = otherPerson.actions;

/** A state with some of its answers led elsewhere. */
export const reroute = (state: { readonly on: object }, on: object) => ({ ...state, on: { ...state.on, ...on } });
export const opening = (...ways: readonly object[]) => reroute(openingSession, { 'session.opened': ways });
export const withRequest = (savedRequest: unknown) => ({
  type: 'resumeRequest',
  params: { returnTo: plainInput.returnTo, savedRequest, notKept: null },
});

const inputs = [plainInput, ...keepingInputs(plainInput, people)];
const foreign = new Set(FOREIGN_EVENTS.map(({ type }) => type));
const events = [...fewEvents, { ...grantExpired, keepRequest: true }].filter(
  ({ type }) => !foreign.has(type) && (!type.startsWith('validation.') || type === 'validation.succeeded'),
);

/** Tests that each invariant holds of the machine as it is, and finds those that are broken. */
export function findsEach<Some extends Name>(broken: Readonly<Record<Some, readonly BrokenMachine[]>>): void {
  const sound = explore(casLoginMachine, inputs, events);
  for (const [name, machines] of Object.entries(broken) as [Some, readonly BrokenMachine[]][]) {
    const invariant = keptRequestInvariants[name];
    for (const { what, states } of machines) {
      test(`${name}: ${what}`, () => {
        assert.deepEqual(invariant(sound), [], 'the machine as it is');
        const machine = casLogin.createMachine({ ...casLoginRoot, states: { ...casLoginStates, ...states } });
        assert.notDeepEqual(invariant(explore(machine, inputs, events)), []);
      });
    }
  }
}
