/** An invariant with its name, and the kinds of machines that invariants are about. */
import type { EventObject } from 'xstate';
import type { Invariant } from './safety-findings.ts';

/** One invariant of a machine. */
export interface SafetyRule {
  /** Stable, for scripts: lower-case letters and hyphens. */
  readonly id: string;
  /** What holds, in a sentence. */
  readonly name: string;
  /** What happens to people where it does not hold. */
  readonly why: string;
  /** Which of the 25 invariants of the audit it keeps. */
  readonly audit: readonly number[];
  readonly check: Invariant;
}

/** What a flow may begin with, and what may arrive. */
export interface Alphabet {
  readonly inputs: readonly unknown[];
  readonly events: readonly EventObject[];
}

/** One kind of machine. */
export interface Vocabulary {
  /** Events that no other kind takes: by one of them a machine is recognised. */
  readonly speaks: readonly string[];
  readonly thorough: Alphabet;
  /** Enough to see one wrong step, for the start of an application. */
  readonly brief: Alphabet;
  readonly rules: readonly SafetyRule[];
}

export const rule = (
  id: string,
  audit: readonly number[],
  name: string,
  why: string,
  check: Invariant,
): SafetyRule => ({ id, name, why, audit, check });
