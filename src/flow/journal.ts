/** One step of a flow. Names only: no ticket, no id that opens anything, no personal data. */
export interface FlowStep {
  /** The login option whose machine took the step. */
  readonly flow: string;
  /** The state before; null when the flow began with this step. */
  readonly from: string | null;
  readonly event: string;
  readonly to: string;
  /** The code of the failure that the flow is in, or null. */
  readonly code: string | null;
  /** The effects that the step asked for, in order. */
  readonly effects: readonly string[];
  /** Whether the flow is over. */
  readonly done: boolean;
}

export type StepListener = (step: FlowStep) => void;

/** A step as the application's listener gets it. */
export interface JournalEntry extends FlowStep {
  /** When, in milliseconds since 1970. */
  readonly at: number;
  /** Tells attempts apart. A digest: it cannot be used to finish one. */
  readonly attempt: string;
}

export type JournalListener = (entry: JournalEntry) => void;
