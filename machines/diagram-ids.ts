/** Ids by which the parts of a picture are found again, whichever layout it was drawn with. */
import type { DiagramTransition, FlowDiagram } from './diagram.ts';
import { arrowsOf } from './diagram-edges.ts';
import { safeId } from './diagram-words.ts';

/** The ids of one picture. They begin with the id of the flow, so that pictures of several flows share a page. */
export interface PictureIds {
  /** The black dot that the flow begins in; with a path, the one inside of a group of states. */
  start(group?: string): string;
  /** The arrow out of that dot. */
  startArrow(group?: string): string;
  state(path: string): string;
  /** Arrows are counted as `arrowsOf` has them, gatherings after all others. */
  arrow(index: number): string;
  /** The box that a gathering begins in; without an index, the one of arrows out of any state. */
  note(gathering?: number): string;
}

export function pictureIds({ id }: Pick<FlowDiagram, 'id'>): PictureIds {
  const flow = safeId(id);
  const of = (group?: string) => (group === undefined ? '' : `-${safeId(group)}`);
  return {
    start: (group) => `${flow}-start${of(group)}`,
    startArrow: (group) => `${flow}-go-start${of(group)}`,
    state: (path) => `${flow}-at-${safeId(path)}`,
    arrow: (index) => `${flow}-go-${index}`,
    note: (gathering) => `${flow}-note-${gathering ?? 'any'}`,
  };
}

/** Where a transition stands in the picture: with others at one arrow, or among the lines inside of a state. */
export interface Place {
  /** The id of the arrow, or of the state that it stays in. */
  readonly of: string;
  /** Which of the stacked labels there is its own. */
  readonly label: number;
  /** How many lines the label has. */
  readonly lines: number;
  /** The id of the box that the arrow leaves instead of a state; null for none. */
  readonly note: string | null;
}

/** Tells the labels of a picture apart. */
export const labelKey = (of: string, label: number | string): string => `${of} ${label}`;

/** The places of all transitions. One that leads to several states at once has one for each. */
export function placesOf(diagram: FlowDiagram): ReadonlyMap<DiagramTransition, readonly Place[]> {
  const ids = pictureIds(diagram);
  const { arrows, gatherings } = arrowsOf(diagram);
  const places = new Map<DiagramTransition, readonly Place[]>();
  const add = (transition: DiagramTransition, place: Place) =>
    places.set(transition, [...(places.get(transition) ?? []), place]);
  arrows.forEach(({ from, to, members, labels }, index) => {
    members.forEach((transition, label) => {
      const isInside = to === null && from !== '';
      add(transition, {
        of: isInside ? ids.state(from) : ids.arrow(index),
        label,
        lines: isInside ? 1 : labels[label]!.length,
        note: from === '' ? ids.note() : null,
      });
    });
  });
  gatherings.forEach(({ members, label }, index) => {
    const place = { of: ids.arrow(arrows.length + index), label: 0, lines: label.length, note: ids.note(index) };
    for (const transition of members) add(transition, place);
  });
  return places;
}
