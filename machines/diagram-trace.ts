/** The way that one attempt took, over the picture of its flow. */
import type { FlowDiagram } from './diagram.ts';
import { badgesOf, CAME_TO } from './diagram-badges.ts';
import { labelKey, pictureIds, placesOf } from './diagram-ids.ts';
import { stepReader, type TracedStep } from './diagram-steps.ts';

export type { TracedStep } from './diagram-steps.ts';

/** What an attempt passed, by the ids of the picture. */
export interface Trace {
  readonly visited: ReadonlySet<string>;
  readonly taken: ReadonlySet<string>;
  /** The numbers of the steps that passed an arrow without a name, by its id. */
  readonly arrows: ReadonlyMap<string, readonly number[]>;
  /** The numbers of the steps that passed a name, by `labelKey`. */
  readonly labels: ReadonlyMap<string, readonly number[]>;
  /** Where the attempt is now. */
  readonly here: ReadonlySet<string>;
  /** What the attempt came to: a login that holds is a success, however often its page is shown again. */
  readonly outcome: TracedStep['outcome'];
}

/**
 * Draws the way of an attempt over the picture of its flow: the states and arrows that it passed stand out, each arrow has a
 * badge with the numbers of its steps, counted from 1, and the last state has the sign of what the attempt came to. The rest
 * fades. A step that the picture does not know, because the machine has changed since, is left out.
 *
 * @param svg what `finishSvg` made with `ids: true`; any other text is given back as it is
 * @param diagram the one that the picture was made from
 * @param steps in their order, as the journal has them
 */
export function tracedPicture(svg: string, diagram: FlowDiagram, steps: readonly TracedStep[]): string {
  const trace = traceOf(diagram, steps);
  const { visited, taken, labels, here, outcome } = trace;
  if (![...visited].some((id) => svg.includes(`<g id="${id}" `))) return svg;
  const marked = svg
    .replace('class="flow-picture"', 'class="flow-picture traced"')
    .replace(/<g id="([^"]*)" class="[^"]*/g, (found, id: string) =>
      [
        found,
        ...(visited.has(id) ? ['visited'] : []),
        ...(taken.has(id) ? ['taken'] : []),
        ...(here.has(id) ? ['here', `here-${outcome}`] : []),
      ].join(' '),
    )
    .replace(/<text (?:class="([^"]*)" )?(?=data-of="([^"]*)" data-label="(\d+)")/g, (found, kind, of, label) =>
      labels.has(labelKey(of, label)) ? `<text class="${kind === undefined ? '' : `${kind} `}taken" ` : found,
    );
  const end = marked.lastIndexOf('</g>');
  return `${marked.slice(0, end)}<g class="badges">\n${badgesOf(marked, trace).join('')}</g>\n${marked.slice(end)}`;
}

function traceOf(diagram: FlowDiagram, steps: readonly TracedStep[]): Trace {
  const ids = pictureIds(diagram);
  const places = placesOf(diagram);
  const read = stepReader(diagram);
  const visited = new Set<string>();
  const taken = new Set<string>();
  const arrows = new Map<string, number[]>();
  const labels = new Map<string, number[]>();
  let last: readonly string[] = [];
  steps.forEach((step, index) => {
    const { at, left, reached, transitions } = read(step);
    last = at;
    for (const path of [...left, ...reached]) visited.add(ids.state(path));
    const enter = (target: string) => {
      for (const id of enteredGroups(diagram, target, reached)) taken.add(id);
    };
    if (step.from === null && diagram.initial !== null && reached.includes(diagram.initial)) {
      for (const id of [ids.start(), ids.startArrow()]) taken.add(id);
      push(arrows, ids.startArrow(), index + 1);
      enter(diagram.initial);
    }
    for (const transition of transitions) {
      transition.to.forEach(enter);
      for (const { of, label, note } of places.get(transition) ?? []) {
        taken.add(of);
        if (note !== null) visited.add(note);
        push(labels, labelKey(of, label), index + 1);
      }
    }
  });
  return {
    visited,
    taken,
    arrows,
    labels,
    here: new Set(last.map(ids.state)),
    outcome: outcomeAt(diagram, last, steps.at(-1)),
  };
}

function outcomeAt({ states }: FlowDiagram, at: readonly string[], step?: TracedStep): TracedStep['outcome'] {
  const holds = states.some(({ path, kind }) => at.includes(path) && (kind === 'settled' || kind === 'pending'));
  if (holds) return 'success';
  // A journal is read from a store: what it says is written into markup only where it is one of our own words.
  return step !== undefined && Object.hasOwn(CAME_TO, step.outcome) ? step.outcome : 'progress';
}

/** A group that is entered goes on to the state that it begins in, along an arrow of its own. */
function enteredGroups(diagram: FlowDiagram, target: string, reached: readonly string[]): readonly string[] {
  const ids = pictureIds(diagram);
  const group = diagram.states.find(({ path }) => path === target);
  if (!group) return [];
  const inside = diagram.states.filter(({ parent }) => parent === target).map(({ path }) => path);
  const next = group.type === 'parallel' ? inside : inside.filter((path) => path === group.initial);
  return [
    ...(inside.length > 0 ? [ids.start(target)] : []),
    ...(group.initial !== null && reached.includes(group.initial) ? [ids.startArrow(target)] : []),
    ...next.flatMap((path) => enteredGroups(diagram, path, reached)),
  ];
}

function push(numbers: Map<string, number[]>, key: string, number: number): void {
  numbers.set(key, [...(numbers.get(key) ?? []), number]);
}
