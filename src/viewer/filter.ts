import type { StepOutcome } from '../flow/journal.ts';
import type { WatchedAttempt } from './recent-attempts.ts';
import { STEP_OUTCOMES } from './words.ts';

/** Which attempts somebody wants to see; what is null or empty leaves all of them. */
export interface AttemptFilter {
  readonly flow: string | null;
  readonly outcome: StepOutcome | null;
  readonly code: string | null;
  /** Pseudonyms of one person: one for each way to sign in. */
  readonly subjects: readonly string[];
}

/** A person has one for each way to sign in. */
const MAX_SUBJECTS = 20;

/** Reads the query of an address. What it does not know, it leaves out. */
export function readFilter(query: URLSearchParams): AttemptFilter {
  const outcome = query.get('outcome');
  return {
    flow: query.get('flow') || null,
    outcome: STEP_OUTCOMES.find((known) => known === outcome) ?? null,
    code: query.get('code') || null,
    subjects: query
      .getAll('subject')
      .filter((subject) => /^[\w-]{1,64}$/.test(subject))
      .slice(0, MAX_SUBJECTS),
  };
}

/** The query of an address that shows the same attempts, with `?`; empty for all of them. */
export function filterQuery({ flow, outcome, code, subjects }: AttemptFilter): string {
  const query = new URLSearchParams();
  if (flow) query.set('flow', flow);
  if (outcome) query.set('outcome', outcome);
  if (code) query.set('code', code);
  for (const subject of subjects) query.append('subject', subject);
  return query.size === 0 ? '' : `?${query}`;
}

export function passes({ flow, outcome, code, subjects }: AttemptFilter, attempt: WatchedAttempt): boolean {
  return (
    (flow === null || attempt.flow === flow) &&
    (outcome === null || attempt.outcome === outcome) &&
    (code === null || attempt.steps.some((step) => step.code === code)) &&
    (subjects.length === 0 || attempt.steps.some(({ subject }) => subject !== null && subjects.includes(subject)))
  );
}
