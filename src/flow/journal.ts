import type { PrincipalRef } from '../../machines/vocabulary.ts';

/**
 * What a step came to.
 * - `success`: the flow has got what it is for. Once for each login: when it becomes settled.
 * - `failure`: it is over without.
 * - `ended`: it is over for another reason: a logout, or a visitor who stays anonymous.
 * - `waiting`: it rests until somebody comes.
 * - `progress`: it goes on at once.
 */
export type StepOutcome = 'success' | 'failure' | 'ended' | 'waiting' | 'progress';

/** One step of a flow. Names only: no ticket, no id that opens anything, no personal data. */
export interface FlowStep {
  /** The login option whose machine took the step. */
  readonly flow: string;
  /** The state before; null when the flow began with this step. */
  readonly from: string | null;
  /** `begin` for the first step, and `always` for one that needs no event. */
  readonly event: string;
  /** The guard that let the step pass, or null. */
  readonly guard: string | null;
  readonly to: string;
  /** The code of the failure that the flow is in, or null. */
  readonly code: string | null;
  /** The effects that the step asked for, in order. */
  readonly effects: readonly string[];
  readonly outcome: StepOutcome;
  /** Whether the flow is over. */
  readonly done: boolean;
  /** Tells people apart without naming them; the same for one person on one site. Null where nobody is known. */
  readonly subject: string | null;
}

export type StepListener = (step: FlowStep) => void;

/** Makes the pseudonym of a person. */
export type PseudonymOf = (person: PrincipalRef) => string;

/** A step as the application's listener gets it. */
export interface JournalEntry extends FlowStep {
  /** When, in milliseconds since 1970. */
  readonly at: number;
  /** Tells attempts apart. A digest: it cannot be used to finish one. */
  readonly attempt: string;
}

export type JournalListener = (entry: JournalEntry) => void;
