/**
 * Proves a machine: every event, in every snapshot that can be reached, from every input, and the invariants that must hold
 * of all that can happen. For the shipped machines, and for those that applications put together from them.
 *
 * A state of an application's own may stand anywhere before the session is opened, also under the name `openingSession` with
 * the shipped one behind it. From there on the story is the shipped one: whoever has a session is signed in, and no question
 * keeps them out any more. What becomes of a kept request is proven of the states `resuming` and `authenticated`.
 */
import type { AnyStateMachine, EventObject } from 'xstate';
import { describePath, type Finding, type PathStep } from './safety-findings.ts';
import { explore, MAX_SNAPSHOTS, type Model } from './safety-model.ts';
import { FOREIGN_EVENTS } from './safety-people.ts';
import { type Alphabet, rule, type SafetyRule, type Vocabulary } from './safety-rule.ts';
import { alwaysEnds, runsNothingByItself } from './safety-shape.ts';
import { vocabularyOf } from './safety-vocabularies.ts';

export interface SafetyOptions {
  /**
   * Examples of an application's own events, with what they carry. An event without one is sent as `{ type }` alone, and a
   * machine that reads a field of it may then be found at fault.
   */
  readonly samples?: readonly EventObject[];
  /**
   * Whether logins of the machine may ask for proxy grants (`cas({ proxyGrants })`); if not, its proof does not begin any that
   * does. Default `true`.
   */
  readonly proxyGrants?: boolean;
  /**
   * Whether everything is sent that the alphabet has. `false` is for the start of an application: one input for each thing that
   * a login may be asked, and three answers of a login server instead of six; the invariants are the same. Default `true`.
   */
  readonly thorough?: boolean;
  /** Snapshots after which the search gives up. Default 20 000. */
  readonly maxSnapshots?: number;
}

/** How an invariant is broken: the shortest way to where it is. */
export interface SafetyViolation {
  readonly message: string;
  /** The state in which it happens. */
  readonly at: string;
  /** What the flow was begun with; undefined where the fault is in the machine as it is written. */
  readonly input: unknown;
  /** The state that the flow begins in. */
  readonly begin: string;
  /** What happens then, one event after the other. */
  readonly path: readonly PathStep[];
}

/** One invariant, and whether it holds. */
export interface SafetyVerdict {
  /** Stable, for scripts. */
  readonly id: string;
  readonly name: string;
  /** What happens to people where it does not hold. */
  readonly why: string;
  /** Which of the 25 invariants of the audit it keeps. */
  readonly audit: readonly number[];
  readonly holds: boolean;
  readonly violation?: SafetyViolation;
}

/** What the proof of a machine found. */
export interface SafetyReport {
  /** The id of the machine. */
  readonly flow: string;
  readonly isSafe: boolean;
  /** States that a flow can be in. */
  readonly states: number;
  /** States together with what the flow remembers there. */
  readonly snapshots: number;
  /** Events that were sent, each in each snapshot. */
  readonly steps: number;
  readonly invariants: readonly SafetyVerdict[];
  /** Events of the application's own that were sent without any fields, for want of a sample. */
  readonly unsampled: readonly string[];
}

/**
 * Proves that a machine keeps the invariants, or finds the shortest way to break each.
 * @throws TypeError if the machine is not of the vocabulary of this package
 * @throws RangeError if it has more snapshots than `maxSnapshots`
 */
export function checkSafety(machine: AnyStateMachine, options: SafetyOptions = {}): SafetyReport {
  const vocabulary = vocabularyOf(machine);
  if (!vocabulary) {
    throw new TypeError(
      `${machine.id} takes none of the events of the logins of this package. Put it together from casLoginStates or ucamLoginStates.`,
    );
  }
  const written = [
    { rule: shapeRules.byItself, found: runsNothingByItself(machine) },
    { rule: shapeRules.circles, found: alwaysEnds(machine) },
  ];
  const verdicts = written.map(({ rule: one, found }) => verdictOf(one, found));
  // A machine that runs by itself, or never comes to rest, cannot be explored: the search would run with it.
  if (written.some(({ found }) => found.length > 0)) return reportOf(machine, verdicts, null, []);
  const { inputs, events, unsampled } = alphabetFor(machine, vocabulary, options);
  const model = explore(machine, inputs, events, options.maxSnapshots ?? MAX_SNAPSHOTS);
  return reportOf(
    machine,
    [...verdicts, ...vocabulary.rules.map((one) => verdictOf(one, one.check(model), inputs))],
    model,
    unsampled,
  );
}

/**
 * Throws where a machine is not safe; the message has each invariant that is broken and the shortest way to break it.
 * @throws TypeError if the machine is unsafe, or not of the vocabulary of this package
 * @throws RangeError if it has more snapshots than `maxSnapshots`
 */
export function assertSafe(machine: AnyStateMachine, options: SafetyOptions = {}): void {
  const report = checkSafety(machine, options);
  if (report.isSafe) return;
  throw new TypeError(`${report.flow} is not safe.\n${violationsOf(report).join('\n')}`);
}

/** What is wrong with a machine, one sentence for each invariant that it breaks, with the shortest way to break it. */
export function violationsOf({ invariants, unsampled }: SafetyReport): readonly string[] {
  const hint = unsampled.length === 0 ? '' : ` (${unsampled.join(', ')} had no sample, and was sent without fields)`;
  return invariants.flatMap(({ id, name, violation }) =>
    violation ? [`${id}: ${name}; but ${violation.message}: ${describePath(violation)}${hint}`] : [],
  );
}

const shapeRules = {
  byItself: rule(
    'nothing-by-itself',
    [24, 25],
    'Nothing in the machine runs by itself',
    'A flow is stored and forgotten between two requests: a timer or an actor would be lost, or started twice.',
    () => [],
  ),
  circles: rule(
    'no-endless-always',
    [23],
    'Transitions without an event come to an end',
    'The process would stand still.',
    () => [],
  ),
};

/** Of two ways of one length the one counts that begins with what comes first in the alphabet: what is usual is in front. */
function isPlainer(one: Finding, best: Finding, inputs: readonly unknown[]): boolean {
  if (one.path.length !== best.path.length) return one.path.length < best.path.length;
  return inputs.indexOf(one.input) < inputs.indexOf(best.input);
}

function verdictOf(
  { id, name, why, audit }: SafetyRule,
  found: readonly Finding[],
  inputs: readonly unknown[] = [],
): SafetyVerdict {
  const [first, ...others] = found;
  if (!first) return { id, name, why, audit, holds: true };
  const violation = others.reduce((best, one) => (isPlainer(one, best, inputs) ? one : best), first);
  return { id, name, why, audit, holds: false, violation };
}

function reportOf(
  machine: AnyStateMachine,
  invariants: readonly SafetyVerdict[],
  model: Model | null,
  unsampled: readonly string[],
): SafetyReport {
  return {
    flow: machine.id,
    isSafe: invariants.every(({ holds }) => holds),
    states: new Set(model?.nodes.map(({ state }) => state)).size,
    snapshots: model?.nodes.length ?? 0,
    steps: model?.edges.length ?? 0,
    invariants,
    unsampled,
  };
}

function alphabetFor(
  machine: AnyStateMachine,
  vocabulary: Vocabulary,
  { samples = [], proxyGrants = true, thorough = true }: SafetyOptions,
): Alphabet & { readonly unsampled: readonly string[] } {
  const { inputs, events } = thorough ? vocabulary.thorough : vocabulary.brief;
  const known = new Set([...events, ...samples].map(({ type }) => type));
  const others: readonly string[] = machine.events.filter((type: string) => !known.has(type));
  const asksForGrants = (input: unknown) =>
    ((input as { proxyGrant?: string } | undefined)?.proxyGrant ?? 'off') !== 'off';
  return {
    inputs: inputs.filter((input) => proxyGrants || !asksForGrants(input)),
    // A wildcard is sent under its own name, which it takes: nothing else that is sent may be of its family.
    events: [...events, ...samples, ...others.map((type) => ({ type })), ...FOREIGN_EVENTS],
    unsampled: others.filter((type) => !type.includes('*')),
  };
}
