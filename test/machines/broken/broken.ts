import type { AnyStateMachine } from 'xstate';
import type { SafetyOptions } from '../../../machines/index.ts';

/** A machine that was put together from the shipped states, with one harm in it. */
export interface Broken {
  /** What somebody meant to do, and what it does to people. */
  readonly harm: string;
  readonly machine: AnyStateMachine;
  /** The invariant that must find it. */
  readonly invariant: string;
  /** The shortest way to the harm, to the letter. */
  readonly path: readonly string[];
  /** The state in which it happens. */
  readonly at: string;
  readonly options?: SafetyOptions;
}
