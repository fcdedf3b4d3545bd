import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type EventObject,
  getInitialMicrosteps,
  getMicrosteps,
  setup,
} from 'xstate';

/** An action that xstate hands back for us to perform. */
export interface Asked {
  readonly type: string;
  readonly params: unknown;
}

/** One transition: what it led to, what it asks for, and the guard that let it pass. */
export interface Transition {
  readonly before: AnyMachineSnapshot | null;
  readonly after: AnyMachineSnapshot;
  readonly event: string;
  readonly guard: string | null;
  readonly asked: readonly Asked[];
}

/** What a transition without an event is called; no event of a machine has this name. */
const ALWAYS = 'always';

/** The transitions by which a flow begins: into its first state, and from there those that need no event. */
export function firstTransitions(machine: AnyStateMachine, input: unknown): readonly Transition[] {
  const steps = getInitialMicrosteps(machine, input) as readonly Microstep[];
  return chain(machine, null, { type: 'xstate.init', input } as EventObject, steps, 'begin', null);
}

/** The transitions that an event causes: its own, and after it those that need no event. */
export function transitionsOn(
  machine: AnyStateMachine,
  snapshot: AnyMachineSnapshot,
  event: EventObject,
): readonly Transition[] {
  const guard = guardOf(machine, snapshot, event);
  return chain(machine, snapshot, event, getMicrosteps(machine, snapshot, event), event.type, guard);
}

type Microstep = readonly [AnyMachineSnapshot, readonly Asked[]];

function chain(
  machine: AnyStateMachine,
  start: AnyMachineSnapshot | null,
  cause: EventObject,
  steps: readonly Microstep[],
  event: string,
  guard: string | null,
): readonly Transition[] {
  let before = start;
  return steps.map(([after, asked], index) => {
    const one =
      before === null || index === 0
        ? { before, after, asked, event, guard }
        : { before, after, asked, event: ALWAYS, guard: guardOfAlways(machine, before, cause) };
    before = after;
    return one;
  });
}

/** The names of the guards of the transitions that are taken: of one, unless states are parallel. */
function guardOf(machine: AnyStateMachine, snapshot: AnyMachineSnapshot, event: EventObject): string | null {
  const names = machine.getTransitionData(snapshot, event).map(({ guard }) => guardName(guard));
  return names.filter((name) => name !== null).join('+') || null;
}

function guardName(guard: unknown): string | null {
  if (guard === undefined) return null;
  if (typeof guard === 'string') return guard;
  const { type, name } = guard as { readonly type?: unknown; readonly name?: string };
  return typeof type === 'string' ? type : name || 'guard';
}

/**
 * xstate tells which transition it takes for an event, but not which of those without one. A twin of the machine that has
 * them as transitions of whatever event comes lets xstate itself judge the guards, in the same order and with the same
 * context and event.
 */
function guardOfAlways(machine: AnyStateMachine, before: AnyMachineSnapshot, event: EventObject): string | null {
  const twin = twins.get(machine) ?? makeTwin(machine);
  twins.set(machine, twin);
  return guardOf(twin, twin.resolveState({ value: before.value, context: before.context } as never), event);
}

function makeTwin(machine: AnyStateMachine): AnyStateMachine {
  const { guards } = machine.implementations;
  return setup({ guards: guards as never }).createMachine(
    twinOf(machine.config as StateConfig) as never,
  ) as unknown as AnyStateMachine;
}

const twins = new WeakMap<AnyStateMachine, AnyStateMachine>();

interface StateConfig {
  readonly type?: string;
  readonly initial?: unknown;
  readonly states?: Readonly<Record<string, StateConfig>>;
  readonly always?: unknown;
}

function twinOf({ type, initial, states, always }: StateConfig): object {
  const guards = (always === undefined ? [] : [always].flat()).map((one) => ({
    guard: (one as { readonly guard?: unknown } | undefined)?.guard,
  }));
  return {
    ...(type && { type }),
    ...(typeof initial === 'string' && { initial }),
    ...(states && { states: Object.fromEntries(Object.entries(states).map(([key, state]) => [key, twinOf(state)])) }),
    ...(guards.length > 0 && { on: { '*': guards } }),
  };
}
