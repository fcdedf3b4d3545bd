import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ucamLogin, ucamLoginMachine, ucamLoginRoot, ucamLoginStates } from '../../machines/index.ts';
import { explore, type Invariant } from '../support/model.ts';
import { fewEvents, fewInputs } from './ucam-login-model.ts';

/** A machine that is broken on purpose: what is wrong with it, the invariant that must find it, and the states that differ. */
export type BrokenMachine = readonly [
  what: string,
  invariant: Invariant,
  states: Partial<Record<keyof typeof ucamLoginStates, object>>,
];

/** A state with some of its answers led elsewhere. */
export const reroute = (state: { readonly on: object }, on: object) => ({ ...state, on: { ...state.on, ...on } });

/** Tests that each invariant holds of the machine as it is, and finds the one that is broken. */
export function findsEach(broken: readonly BrokenMachine[]): void {
  const sound = explore(ucamLoginMachine, fewInputs, fewEvents);
  for (const [what, invariant, states] of broken) {
    test(what, () => {
      assert.deepEqual(invariant(sound), [], 'the machine as it is');
      const machine = ucamLogin.createMachine({ ...ucamLoginRoot, states: { ...ucamLoginStates, ...states } });
      assert.notDeepEqual(invariant(explore(machine, fewInputs, fewEvents)), []);
    });
  }
}
