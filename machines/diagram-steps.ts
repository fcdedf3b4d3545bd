/** From the steps of an attempt, as a journal names them, to the states and transitions of a diagram. */
import type { DiagramTransition, FlowDiagram } from './diagram.ts';

/** A step as the journal has it. */
export interface TracedStep {
  /** The state before; null when the flow began with this step. */
  readonly from: string | null;
  /** The type of the event; `begin` for the first step, and `always` for one that needs no event. */
  readonly event: string;
  /** The guard that let the step pass, or null. */
  readonly guard: string | null;
  readonly to: string;
  readonly outcome: 'success' | 'failure' | 'ended' | 'waiting' | 'progress';
}

/** What a diagram knows of a step; nothing, if the machine has changed since. */
export interface KnownStep {
  /** The paths of the states that it led to: more than one only where states are parallel. */
  readonly at: readonly string[];
  /** The same with the states around them, before and after the step. */
  readonly left: readonly string[];
  readonly reached: readonly string[];
  readonly transitions: readonly DiagramTransition[];
}

/** Reads steps as steps of this diagram. */
export function stepReader(diagram: FlowDiagram): (step: TracedStep) => KnownStep {
  const around = aroundOf(diagram);
  const leavesOf = (name: string) => activeStates(diagram, name);
  return (step) => {
    const [before, after] = [step.from === null ? [] : leavesOf(step.from), leavesOf(step.to)];
    const reached = [...new Set(after.flatMap(around))];
    const fitting = diagram.transitions.filter(
      (one) =>
        step.from !== null &&
        sameEvent(one.event, step.event) &&
        sameGuard(one.guard, step.guard) &&
        (one.to.length === 0 || one.to.every((path) => reached.includes(path))),
    );
    const taken = before.flatMap((leaf) => {
      const inside = [...around(leaf), ''];
      const [from] = inside.filter((path) => fitting.some((one) => one.from === path && isPossible(one, leaf, after)));
      const all = fitting.filter((one) => one.from === from && isPossible(one, leaf, after));
      return all.slice(0, 1);
    });
    return { at: after, left: [...new Set(before.flatMap(around))], reached, transitions: [...new Set(taken)] };
  };
}

/** Who stays where it is has not moved. */
const isPossible = ({ to }: DiagramTransition, leaf: string, after: readonly string[]): boolean =>
  to.length > 0 || after.includes(leaf);

/** A state, then the states around it, from the inside out. */
function aroundOf({ states }: FlowDiagram): (path: string) => readonly string[] {
  const parents = new Map(states.map(({ path, parent }) => [path, parent]));
  return (path) => {
    const all = [];
    for (let one: string | null | undefined = path; one; one = parents.get(one)) all.push(one);
    return all;
  };
}

/**
 * The innermost states of `a.x+b.y`. Of parallel states inside of another, only the first is named from the root on
 * (`outer.a.x+b.y`), so that a rest is looked up by its end, as near to the one before as can be.
 */
function activeStates({ states }: FlowDiagram, name: string): readonly string[] {
  const known = states.map(({ path }) => ({ path, plain: path.replaceAll('\\.', '.') }));
  const whole = known.find(({ plain }) => plain === name);
  if (whole) return [whole.path];
  let last = '';
  return name.split('+').flatMap((part) => {
    const wanted = part.replace(/\.$/, '');
    const found =
      known.find(({ plain }) => plain === wanted) ??
      known
        .filter(({ plain }) => wanted !== '' && plain.endsWith(`.${wanted}`))
        .sort((one, other) => sharedLength(other.path, last) - sharedLength(one.path, last))[0];
    last = found?.path ?? last;
    return found ? [found.path] : [];
  });
}

function sharedLength(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}

function sameEvent(declared: string, happened: string): boolean {
  if (declared === '' || happened === 'always') return declared === '' && happened === 'always';
  if (declared === happened || declared === '*') return true;
  return declared.endsWith('.*') && happened.startsWith(declared.slice(0, -1));
}

/** A journal has one name for guards that were put together or written in place, and those of parallel states in a row. */
function sameGuard(declared: string | null, passed: string | null): boolean {
  if (declared === passed) return true;
  if (passed === null) return false;
  if (passed.includes('+')) return declared === null || passed.split('+').some((one) => sameGuard(declared, one));
  if (passed === 'guard') return declared === 'inline';
  if (passed === 'not') return declared?.startsWith('not ') ?? false;
  return (passed === 'and' || passed === 'or') && (declared?.includes(` ${passed} `) ?? false);
}
