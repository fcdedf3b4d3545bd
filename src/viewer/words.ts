import { explanations } from '../errors.ts';
import type { StepOutcome } from '../flow/journal.ts';
import { html, type Markup } from './markup.ts';

interface OutcomeWords {
  /** Says it without colour. */
  readonly sign: string;
  readonly words: string;
}

const OUTCOMES: Readonly<Record<StepOutcome, OutcomeWords>> = {
  success: { sign: '✓', words: 'succeeded' },
  failure: { sign: '✕', words: 'failed' },
  waiting: { sign: '◷', words: 'waits' },
  progress: { sign: '⚙', words: 'under way' },
  ended: { sign: '■', words: 'over' },
};

/** All outcomes, those first that somebody looks for. */
export const STEP_OUTCOMES = Object.keys(OUTCOMES) as readonly StepOutcome[];

export const outcomeWords = (outcome: StepOutcome): OutcomeWords => OUTCOMES[outcome];

export function outcomeBadge(outcome: StepOutcome): Markup {
  const { sign, words } = OUTCOMES[outcome];
  return html`<span class="outcome ${outcome}"><span aria-hidden="true">${sign}</span> ${words}</span>`;
}

/** What a code means; null for one that an application made up. */
export function meaningOf(code: string): string | null {
  return Object.hasOwn(explanations, code) ? explanations[code as keyof typeof explanations].message : null;
}

/** A moment to the millisecond, as UTC: the same for everybody who looks, and as in the journal. */
export function moment(at: number): Markup {
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso}" title="${iso}">${iso.slice(11, 23)}</time>`;
}

/** How long something took: `12 ms`, `1.2 s`, `3 min 4 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A number with its noun. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
