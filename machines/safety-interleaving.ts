/** Two flows of one machine at a time: two browsers, two tabs, or two people on two nodes. */
import { type AnyMachineSnapshot, initialTransition } from 'xstate';
import { findingOf, type Invariant } from './safety-findings.ts';
import { keyOf, type Model, step, type Way } from './safety-model.ts';

/** How many ways are played, each against itself and against the next one. */
const MOST_WAYS = 12;

/**
 * Two flows share nothing. Each goes on as it does alone, whatever the other one does between its steps: a guard that
 * remembers, or an assignment that changes a context in place, is seen by the other flow.
 */
export const flowsShareNothing: Invariant = (model) => {
  const ways = farthestWays(model);
  return ways.flatMap((one, index) =>
    [one, ways[(index + 1) % ways.length]!].flatMap((other) => {
      const differs = playTogether(model, one, other);
      return differs === null ? [] : [findingOf(differs, 'another flow, in another browser, changes this one')];
    }),
  );
};

/** A longest of the shortest ways into each state: between them they take every kind of step. */
function farthestWays(model: Model): readonly Way[] {
  const farthest = new Map<string, Way>();
  for (const node of model.nodes) {
    const way = model.wayTo(node);
    if (way.edges.length >= (farthest.get(node.state)?.edges.length ?? 0)) farthest.set(node.state, way);
  }
  return [...farthest.values()].sort((one, other) => other.edges.length - one.edges.length).slice(0, MOST_WAYS);
}

/** Takes the steps of both in turns; gives the way up to the first step of one that is not as it was alone. */
function playTogether({ machine }: Model, ...ways: readonly [Way, Way]): Way | null {
  const flows = ways.map(({ start, edges }) => {
    const [snapshot] = initialTransition(machine, start.input);
    return { start, edges, snapshot: snapshot as AnyMachineSnapshot };
  });
  for (let taken = 0; taken < Math.max(...ways.map(({ edges }) => edges.length)); taken++) {
    for (const flow of flows) {
      const edge = flow.edges[taken];
      if (!edge) continue;
      const { next, effects } = step(machine, flow.snapshot, edge.event);
      flow.snapshot = next;
      if (keyOf(next) !== edge.to.key || JSON.stringify(effects) !== JSON.stringify(edge.effects)) {
        return { start: flow.start, edges: flow.edges.slice(0, taken + 1) };
      }
    }
  }
  return null;
}
