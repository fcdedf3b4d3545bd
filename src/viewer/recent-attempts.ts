import type { JournalEntry, StepOutcome } from '../flow/journal.ts';

/** One run of a flow, as far as this process has heard of it. */
export interface WatchedAttempt {
  readonly flow: string;
  /** The label of the attempt in the journal. It cannot be used to finish one. */
  readonly label: string;
  /** In order, the last one being where it is now. */
  readonly steps: readonly [JournalEntry, ...JournalEntry[]];
  /** How many steps are left out, after the first ones. */
  readonly omitted: number;
  /** The pseudonym of the person; null where nobody is known. */
  readonly subject: string | null;
  /** What it has come to so far. */
  readonly outcome: StepOutcome;
  /** Why it failed, or why something that a person had sent is lost; null for neither. */
  readonly code: string | null;
}

export interface RecentAttemptsOptions {
  readonly clock: () => number;
  /** How long an attempt is known after its last step, in milliseconds. */
  readonly keepMs: number;
  /** How many attempts are known at most; those that were quiet for longest make room. */
  readonly maxAttempts: number;
}

/** The attempts of the last minutes: as many as memory was set aside for, and no more. */
export interface RecentAttempts {
  hear(entry: JournalEntry): void;
  /** The latest first. */
  all(): readonly WatchedAttempt[];
  find(label: string): WatchedAttempt | undefined;
  /** Calls back with the label of each attempt that takes a step. Returns the end of that. */
  watch(listener: (label: string) => void): () => void;
}

/** How many steps of one attempt are known; a login that is looked at again and again takes more than that. */
const MAX_STEPS = 100;
/** How it began is worth more than what came in the middle. */
const FIRST_STEPS = 20;

interface Known {
  readonly steps: [JournalEntry, ...JournalEntry[]];
  omitted: number;
}

export function createRecentAttempts({ clock, keepMs, maxAttempts }: RecentAttemptsOptions): RecentAttempts {
  /** In the order of their last steps. */
  const known = new Map<string, Known>();
  const listeners = new Set<(label: string) => void>();

  const forgetOld = () => {
    const limit = clock() - keepMs;
    for (const [label, { steps }] of known) {
      if (steps.at(-1)!.at > limit && known.size <= maxAttempts) return;
      known.delete(label);
    }
  };

  return {
    hear(entry) {
      const { attempt: label } = entry;
      const before = known.get(label);
      known.delete(label);
      if (before) before.steps.push(entry);
      const now: Known = before ?? { steps: [entry], omitted: 0 };
      if (now.steps.length > MAX_STEPS) {
        now.steps.splice(FIRST_STEPS, 1);
        now.omitted += 1;
      }
      known.set(label, now);
      forgetOld();
      for (const listener of listeners) listener(label);
    },

    all() {
      forgetOld();
      return [...known].map(([label, one]) => summary(label, one)).reverse();
    },

    find(label) {
      forgetOld();
      const one = known.get(label);
      return one && summary(label, one);
    },

    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function summary(label: string, { steps, omitted }: Known): WatchedAttempt {
  const last = steps.at(-1)!;
  const lost = steps.findLast(({ code }) => code !== null);
  return {
    flow: last.flow,
    label,
    steps: [...steps],
    omitted,
    subject: steps.findLast(({ subject }) => subject !== null)?.subject ?? null,
    outcome: steps.reduce<StepOutcome>(soFar, 'progress'),
    code: last.code ?? lost?.code ?? null,
  };
}

/** A login that holds waits for nothing: its page is shown again, and that is all. */
function soFar(before: StepOutcome, { outcome }: JournalEntry): StepOutcome {
  return outcome === 'waiting' && before === 'success' ? before : outcome;
}
