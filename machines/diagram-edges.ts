/**
 * Which arrows a picture has. Transitions between the same two states are one arrow with their names in a stack, and an
 * event that does the same in many states is drawn once, from a note that names them: else a picture is all arrows.
 */
import type { DiagramTransition, FlowDiagram, TransitionOutcome } from './diagram.ts';
import { shortLabel } from './diagram-words.ts';

/** From how many states on the same event to the same state is drawn once. */
const GATHERED_FROM = 4;

export interface Arrow {
  readonly from: string;
  /** Null for a transition that stays where it is. */
  readonly to: string | null;
  readonly outcome: TransitionOutcome;
  /** One list of lines for each transition, in the order of the machine. */
  readonly labels: readonly (readonly string[])[];
  /** The transitions that the labels are of. */
  readonly members: readonly DiagramTransition[];
}

/** One event that does the same in many states. */
export interface Gathering {
  readonly id: string;
  readonly from: readonly string[];
  readonly to: string;
  readonly outcome: TransitionOutcome;
  readonly label: readonly string[];
  readonly members: readonly DiagramTransition[];
}

export interface Arrows {
  readonly arrows: readonly Arrow[];
  readonly gatherings: readonly Gathering[];
}

export function arrowsOf({ transitions }: Pick<FlowDiagram, 'transitions'>): Arrows {
  const gatherings = gather(transitions);
  const gathered = new Set(gatherings.flatMap(({ members }) => members));
  const arrows = new Map<string, { arrow: Arrow; labels: (readonly string[])[]; members: DiagramTransition[] }>();
  for (const transition of transitions) {
    if (gathered.has(transition)) continue;
    const { from, outcome } = transition;
    for (const to of transition.to.length === 0 ? [null] : transition.to) {
      const key = JSON.stringify([from, to, outcome]);
      const known = arrows.get(key);
      if (known) {
        known.labels.push(shortLabel(transition));
        known.members.push(transition);
      } else {
        const labels = [shortLabel(transition)];
        const members = [transition];
        arrows.set(key, { arrow: { from, to, outcome, labels, members }, labels, members });
      }
    }
  }
  return {
    arrows: [...arrows.values()].map(({ arrow }) => arrow),
    gatherings,
  };
}

function gather(transitions: readonly DiagramTransition[]): readonly Gathering[] {
  const groups = new Map<string, DiagramTransition[]>();
  for (const transition of transitions) {
    const { from, event, guard, to, outcome } = transition;
    if (event === '' || to.length !== 1 || from === '') continue;
    const key = JSON.stringify([event, guard, to, outcome]);
    groups.set(key, [...(groups.get(key) ?? []), transition]);
  }
  return [...groups.values()]
    .filter((members) => members.length >= GATHERED_FROM)
    .map((members, index) => {
      const [first] = members as [DiagramTransition];
      return {
        id: `anyOf${index + 1}`,
        from: members.map(({ from }) => from),
        to: first.to[0]!,
        outcome: first.outcome,
        label: shortLabel(first),
        members,
      };
    });
}
