import type { JournalEntry, StepOutcome } from '../flow/journal.ts';

/** A step with its place among all steps of its attempt, counted from 1. */
export interface WatchedStep extends JournalEntry {
  readonly number: number;
}

/** One run of a flow, as far as this process has heard of it. */
export interface WatchedAttempt {
  readonly flow: string;
  /** The label of the attempt in the journal. It cannot be used to finish one. */
  readonly label: string;
  /** Grows with every step of anybody: the attempt that took one last has the highest. */
  readonly order: number;
  /** The first and the last ones, in order; the last one is where the attempt is now. */
  readonly steps: readonly [WatchedStep, ...WatchedStep[]];
  /** How many steps there were in all. */
  readonly length: number;
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
  /** How many attempts of each flow are known at most. */
  readonly maxAttempts: number;
}

/** The attempts of the last minutes: as many as memory was set aside for, and no more. */
export interface RecentAttempts {
  hear(entry: JournalEntry): void;
  /** The latest first. */
  all(): readonly WatchedAttempt[];
  find(label: string): WatchedAttempt | undefined;
  /** How many were forgotten before their time, because newer ones needed the room. */
  crowdedOut(): number;
  /** Calls back with the label of each attempt that takes a step. Returns the end of that. */
  watch(listener: (label: string) => void): () => void;
}

/** How many steps of one attempt are known; a login that is looked at again and again takes more than that. */
const MAX_STEPS = 100;
/** How it began is worth more than what came in the middle. */
const FIRST_STEPS = 20;

/** The attempts of one flow, in the order of their last steps. */
type Shelf = Map<string, WatchedAttempt>;

export function createRecentAttempts({ clock, keepMs, maxAttempts }: RecentAttemptsOptions): RecentAttempts {
  const shelves = new Map<string, Shelf>();
  const listeners = new Set<(label: string) => void>();
  let crowdedOut = 0;
  let order = 0;

  const forgetOld = () => {
    const limit = clock() - keepMs;
    for (const shelf of shelves.values()) {
      for (const [label, { steps }] of shelf) {
        if (steps.at(-1)!.at > limit) break;
        shelf.delete(label);
      }
    }
  };

  const makeRoom = (shelf: Shelf) => {
    if (shelf.size <= maxAttempts) return;
    // Anybody can begin attempts that nobody finishes: those must not push out what somebody wants to find.
    const oldest = [...shelf.values()].find(({ outcome }) => outcome === 'waiting') ?? shelf.values().next().value;
    if (oldest) shelf.delete(oldest.label);
    crowdedOut += 1;
  };

  return {
    hear(entry) {
      const { flow, attempt: label } = entry;
      const shelf: Shelf = shelves.get(flow) ?? new Map();
      shelves.set(flow, shelf);
      order += 1;
      const now = { ...withStep(shelf.get(label), entry), order };
      shelf.delete(label);
      shelf.set(label, now);
      forgetOld();
      makeRoom(shelf);
      for (const listener of listeners) listener(label);
    },

    all() {
      forgetOld();
      const attempts = [...shelves.values()].flatMap((shelf) => [...shelf.values()]);
      return attempts.sort((one, other) => other.order - one.order);
    },

    find(label) {
      forgetOld();
      return [...shelves.values()].find((shelf) => shelf.has(label))?.get(label);
    },

    crowdedOut: () => crowdedOut,

    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function withStep(before: WatchedAttempt | undefined, entry: JournalEntry): Omit<WatchedAttempt, 'order'> {
  const { flow, attempt: label, subject, code } = entry;
  const length = (before?.length ?? 0) + 1;
  const step = { ...entry, number: length };
  const steps: [WatchedStep, ...WatchedStep[]] = before ? [...before.steps, step] : [step];
  if (steps.length > MAX_STEPS) steps.splice(FIRST_STEPS, 1);
  return {
    flow,
    label,
    steps,
    length,
    subject: subject ?? before?.subject ?? null,
    outcome: soFar(before?.outcome, entry),
    code: code ?? before?.code ?? null,
  };
}

/** A login that holds waits for nothing: its page is shown again, and that is all. */
function soFar(before: StepOutcome | undefined, { outcome }: JournalEntry): StepOutcome {
  return outcome === 'waiting' && before === 'success' ? before : outcome;
}
