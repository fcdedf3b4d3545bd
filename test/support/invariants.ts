import { isDeepStrictEqual } from 'node:util';
import type { AnyMachineSnapshot } from 'xstate';
import {
  forbid,
  forbidNodes,
  groupBy,
  type Invariant,
  keyOf,
  type ModelEdge,
  type ModelNode,
  reachable,
  step,
} from './model.ts';

/** A final state absorbs: no event changes anything or asks for anything. */
export const finalStatesAbsorb: Invariant = (model) =>
  forbid(model, (edge) => edge.from.snapshot.status === 'done' && !isNothing(edge));

/** What the machine does not declare does nothing, wherever it arrives. */
export const foreignEventsDoNothing: Invariant = (model) => {
  const declared = new Set<string>(model.machine.events);
  return forbid(
    model,
    (edge) => !declared.has(edge.event.type) && (!isNothing(edge) || edge.from.snapshot.can(edge.event)),
  );
};

function isNothing({ from, to, effects }: ModelEdge): boolean {
  return from === to && effects.length === 0;
}

/** From everywhere there is a way to a login that holds or to an end: no dead state. */
export const everythingCanEnd: Invariant = (model) => {
  const into = groupBy(model.edges, (edge) => edge.to);
  const good = new Set(model.nodes.filter(({ snapshot }) => snapshot.status === 'done' || snapshot.hasTag('settled')));
  for (const node of good) for (const { from } of into.get(node) ?? []) good.add(from);
  return forbidNodes(model, (node) => !good.has(node));
};

/**
 * A settled state is entered only by way of one event, within one attempt. An attempt begins with the flow, whenever the
 * browser is waited for, and when a login that held is left.
 */
export const settlesOnlyThrough =
  (event: string): Invariant =>
  (model) => {
    const isSettled = (node: ModelNode) => node.snapshot.hasTag('settled');
    const beginnings = [
      ...model.starts.map(({ node }) => node),
      ...model.nodes.filter(({ snapshot }) => snapshot.hasTag('awaiting-browser')),
      ...model.edges.filter(({ from, to }) => isSettled(from) && !isSettled(to)).map(({ to }) => to),
    ];
    const without = reachable(model, beginnings, (edge) => edge.event.type !== event);
    return forbidNodes(model, (node) => isSettled(node) && without.has(node)).map((way) => `without ${event}: ${way}`);
  };

/** A snapshot that went through the store goes on exactly as the one that did not. */
export const restoresTheSame: Invariant = (model) => {
  const { machine } = model;
  const restored = new Map<ModelNode, AnyMachineSnapshot>();
  for (const node of model.nodes) {
    const { value, context } = node.snapshot;
    restored.set(node, machine.resolveState(JSON.parse(JSON.stringify({ value, context }))));
  }
  return forbid(model, ({ from, event, to, effects }) => {
    const snapshot = restored.get(from)!;
    if (!from.snapshot.can(event)) return snapshot.can(event);
    const again = step(machine, snapshot, event);
    return keyOf(again.next) !== to.key || JSON.stringify(again.effects) !== JSON.stringify(effects);
  });
};

/** A context holds what JSON can carry, and nothing that is dropped or changed on the way. */
export const contextSurvivesJson: Invariant = (model) =>
  forbidNodes(
    model,
    ({ snapshot }) => !isDeepStrictEqual(JSON.parse(JSON.stringify(snapshot.context)), snapshot.context),
  );

/** A text is in no snapshot. */
export const neverKept =
  (text: string): Invariant =>
  (model) =>
    forbidNodes(model, ({ key }) => key.includes(text));
