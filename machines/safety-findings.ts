/** How invariants are written: what they forbid, and the shortest way to where it happens. */
import type { AnyStateMachine, AnyStateNode, EventObject } from 'xstate';
import type { Model, ModelEdge, ModelNode, Way } from './safety-model.ts';

/** One event of a path, and what it did. */
export interface PathStep {
  readonly event: EventObject;
  readonly from: string;
  readonly to: string;
}

/** One place where an invariant does not hold, and how a flow gets there. */
export interface Finding {
  readonly message: string;
  /** The state in which it happens. */
  readonly at: string;
  /** What the flow was begun with; undefined where no flow is needed to see it. */
  readonly input: unknown;
  /** The state that the flow begins in. */
  readonly begin: string;
  readonly path: readonly PathStep[];
}

/** Finds where something does not hold; nothing if it does. */
export type Invariant = (model: Model) => readonly Finding[];

/** What happened on the way to a finding. */
export function findingOf(way: Way, message: string): Finding {
  const { start, edges } = way;
  const path = edges.map(({ event, from, to }) => ({ event, from: from.state, to: to.state }));
  return { message, at: path.at(-1)?.to ?? start.node.state, input: start.input, begin: start.node.state, path };
}

/** A finding that is in the machine as it is written, and needs no flow. */
export function findingIn(state: string, message: string): Finding {
  return { message, at: state, input: undefined, begin: state, path: [] };
}

/** A path in words: each state, and the event that leads on from it. */
export function describePath({ begin, path }: Pick<Finding, 'begin' | 'path'>): string {
  return [begin, ...path.map(({ event, to }) => `-${event.type}-> ${to}`)].join(' ');
}

const NOT_ALLOWED = 'this may not happen';

const along = (model: Model, edge: ModelEdge): Way => {
  const { start, edges } = model.wayTo(edge.from);
  return { start, edges: [...edges, edge] };
};

/** Steps that an invariant forbids. */
export function forbid(model: Model, isForbidden: (edge: ModelEdge) => boolean, message = NOT_ALLOWED) {
  return model.steps.filter(isForbidden).map((edge) => findingOf(along(model, edge), message));
}

/** Events that an invariant forbids to have this outcome, and also to have none at all. */
export function forbidOutcomes(model: Model, isForbidden: (edge: ModelEdge) => boolean, message = NOT_ALLOWED) {
  return model.edges.filter(isForbidden).map((edge) => findingOf(along(model, edge), message));
}

/** Nodes that an invariant forbids. */
export function forbidNodes(model: Model, isForbidden: (node: ModelNode) => boolean, message = NOT_ALLOWED) {
  return model.nodes.filter(isForbidden).map((node) => findingOf(model.wayTo(node), message));
}

/** Beginnings that an invariant forbids. */
export function forbidStarts(
  model: Model,
  isForbidden: (start: Model['starts'][number]) => boolean,
  message = NOT_ALLOWED,
) {
  return model.starts.filter(isForbidden).map((start) => findingOf({ start, edges: [] }, message));
}

/** What can be reached, and how. */
export interface Reach {
  has(node: ModelNode): boolean;
  wayTo(node: ModelNode): Way;
}

interface Arrival {
  readonly by: ModelEdge | null;
  readonly isOrigin: boolean;
}

/**
 * Everything that can be reached from some nodes, or by some edges, over the edges that pass, with a shortest of the ways
 * that begin like this: what a flow could do if it may not take any other edge from there on.
 */
export function reachable(
  model: Model,
  origins: Iterable<ModelNode | ModelEdge>,
  passes: (edge: ModelEdge) => boolean,
): Reach {
  const arrivals = new Map<ModelNode, Arrival>();
  const levels: [ModelNode, Arrival][][] = [];
  const arrive = (depth: number, node: ModelNode, arrival: Arrival) => {
    levels[depth] ??= [];
    levels[depth].push([node, arrival]);
  };
  for (const origin of origins) {
    if ('from' in origin) {
      arrive(model.wayTo(origin.from).edges.length + 1, origin.to, { by: origin, isOrigin: true });
    } else {
      arrive(model.wayTo(origin).edges.length, origin, { by: null, isOrigin: true });
    }
  }
  for (let depth = 0; depth < levels.length; depth++) {
    for (const [node, arrival] of levels[depth] ?? []) {
      if (arrivals.has(node)) continue;
      arrivals.set(node, arrival);
      for (const edge of model.stepsFrom(node)) {
        if (passes(edge)) arrive(depth + 1, edge.to, { by: edge, isOrigin: false });
      }
    }
  }
  return {
    has: (node) => arrivals.has(node),
    wayTo(node) {
      const edges: ModelEdge[] = [];
      let arrival = arrivals.get(node)!;
      for (; arrival.by && !arrival.isOrigin; arrival = arrivals.get(arrival.by.from)!) edges.unshift(arrival.by);
      const before = arrival.by ? along(model, arrival.by) : model.wayTo(edges[0]?.from ?? node);
      return { start: before.start, edges: [...before.edges, ...edges] };
    },
  };
}

/** Nodes that may not be reached in some way. */
export function forbidReached(
  model: Model,
  reach: Reach,
  isForbidden: (node: ModelNode) => boolean,
  message: string,
): readonly Finding[] {
  return model.nodes
    .filter((node) => reach.has(node) && isForbidden(node))
    .map((node) => findingOf(reach.wayTo(node), message));
}

/** Edges that may not follow on what was reached in some way. */
export function forbidAfter(
  model: Model,
  reach: Reach,
  isForbidden: (edge: ModelEdge) => boolean,
  message: string,
): readonly Finding[] {
  return model.steps
    .filter((edge) => reach.has(edge.from) && isForbidden(edge))
    .map((edge) => {
      const { start, edges } = reach.wayTo(edge.from);
      return findingOf({ start, edges: [...edges, edge] }, message);
    });
}

export function groupBy<T, K>(items: readonly T[], keyOfItem: (item: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOfItem(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/** All states of a machine but its root. */
export function statesOf(machine: AnyStateMachine): readonly AnyStateNode[] {
  const below = (node: AnyStateNode): AnyStateNode[] =>
    Object.values(node.states).flatMap((child) => [child, ...below(child)]);
  return below(machine.root);
}

/** Whether two values are the same to the letter: of the same make, with the same fields, all the way down. */
export function isEqual(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every(
      (name) =>
        Object.hasOwn(other, name) &&
        isEqual((one as Readonly<Record<string, unknown>>)[name], (other as Readonly<Record<string, unknown>>)[name]),
    )
  );
}
