import type { AnyStateMachine, EventObject } from 'xstate';

/** Machines with one harm each: by the invariant that must find it, and by what is wrong. */
export type Breaks = Readonly<Record<string, Readonly<Record<string, Break>>>>;

export interface Break {
  readonly machine: AnyStateMachine;
  /** Events of the machine's own, with what they carry. */
  readonly samples?: readonly EventObject[];
}

interface Reaction {
  readonly on: object;
}

/** A state with some of its answers led elsewhere. */
export const reroute = (state: Reaction, on: object) => ({ ...state, on: { ...state.on, ...on } });

/** A guard or the parameters of an effect as an application without a compiler writes them. */
export interface Given {
  readonly context: Readonly<Record<string, unknown>>;
  readonly event: Readonly<Record<string, unknown>>;
}
