import { type AnyStateMachine, createActor, type EventObject } from 'xstate';
import type { TracedStep } from '../../machines/index.ts';
import { stateName } from '../../src/flow/flow.ts';
import { outcomeOf } from '../../src/flow/outcome.ts';
import { firstTransitions, type Transition, transitionsOn } from '../../src/flow/steps.ts';

/** The steps that a machine takes on these events, as a journal names them. No effect is performed. */
export function takenSteps(
  machine: AnyStateMachine,
  input: object,
  events: readonly EventObject[],
): readonly TracedStep[] {
  let taken = [...firstTransitions(machine, input)];
  for (const event of events) taken = [...taken, ...transitionsOn(machine, last(taken, machine), event)];
  return taken.map(stepOf);
}

const last = (taken: readonly Transition[], machine: AnyStateMachine) =>
  taken.at(-1)?.after ?? createActor(machine).getSnapshot();

const stepOf = ({ before, after, event, guard }: Transition): TracedStep => ({
  from: before && stateName(before),
  event,
  guard,
  to: stateName(after),
  outcome: outcomeOf(before, after),
});
