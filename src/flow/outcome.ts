import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode } from 'xstate';
import type { StepOutcome } from './journal.ts';

/** What a step came to, by the tags of the states it leads from and to. */
export function outcomeOf(before: AnyMachineSnapshot | null, after: AnyMachineSnapshot): StepOutcome {
  if (after.hasTag('failed')) return 'failure';
  // The same login does not succeed twice: a page that is shown again, or a request that was sent again, is no login.
  if (after.hasTag('settled')) return before?.hasTag('settled') ? 'waiting' : 'success';
  if (after.status === 'done') return canSettle(after.machine) ? 'ended' : 'success';
  return after.hasTag('awaiting-browser') ? 'waiting' : 'progress';
}

const known = new WeakMap<AnyStateMachine, boolean>();

/** Whether a machine has something that holds, as a login has. One that has not is over when it has got what it is for. */
function canSettle(machine: AnyStateMachine): boolean {
  let answer = known.get(machine);
  if (answer === undefined) {
    answer = hasSettled(machine.root);
    known.set(machine, answer);
  }
  return answer;
}

function hasSettled({ tags, states }: AnyStateNode): boolean {
  return tags.includes('settled') || Object.values(states).some(hasSettled);
}
