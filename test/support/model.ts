import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
  type EventObject,
  initialTransition,
  transition,
} from 'xstate';
import { getAdjacencyMap } from 'xstate/graph';

/** What a step asks the engine to do. */
export interface AskedEffect {
  readonly type: string;
  readonly params: unknown;
}

/** A snapshot that can be reached. Two snapshots are the same node if their value and context are. */
export interface ModelNode {
  readonly key: string;
  readonly state: string;
  readonly snapshot: AnyMachineSnapshot;
}

/** What one event does in one node. */
export interface ModelEdge {
  readonly from: ModelNode;
  readonly event: EventObject;
  readonly to: ModelNode;
  readonly effects: readonly AskedEffect[];
}

/** How a flow begins with one input. */
export interface ModelStart {
  readonly input: unknown;
  readonly node: ModelNode;
  readonly effects: readonly AskedEffect[];
}

/** Everything that can happen to a machine, whatever arrives and in whatever order. */
export interface Model {
  readonly machine: AnyStateMachine;
  readonly starts: readonly ModelStart[];
  readonly nodes: readonly ModelNode[];
  readonly edges: readonly ModelEdge[];
  /** The events on a shortest way to a node, for the message of a broken invariant. */
  wayTo(node: ModelNode): string;
}

/** What `getAdjacencyMap` gives; its own type has branded keys, through which `Object.values` sees nothing. */
type AdjacencyRecord = Record<
  string,
  {
    readonly state: AnyMachineSnapshot;
    readonly transitions: Record<string, { readonly event: EventObject; readonly state: AnyMachineSnapshot }>;
  }
>;

/** Says what is broken, one sentence each; nothing if the invariant holds. */
export type Invariant = (model: Model) => readonly string[];

/** Events that no machine of ours may react to. */
export const FOREIGN_EVENTS: readonly EventObject[] = [
  '',
  '*',
  'no.suchEvent',
  'return',
  'return.*',
  'return.ticket.again',
  'Return.Ticket',
  'validation',
  'constructor',
  '__proto__',
  'xstate.init',
  'xstate.stop',
  'xstate.done.state.flow',
  'xstate.done.actor.validateTicket',
  'xstate.error.actor.validateTicket',
  'xstate.after.1000.flow',
].map((type) => ({ type }));

/**
 * Sends every event to every snapshot that can be reached from any of the inputs. The events are a list, not a function
 * of the state: forged, late and repeated ones are what matters.
 */
export function explore(machine: AnyStateMachine, inputs: readonly unknown[], events: readonly EventObject[]): Model {
  const nodes = new Map<string, ModelNode>();
  const edges: ModelEdge[] = [];
  const nodeOf = (snapshot: AnyMachineSnapshot): ModelNode => {
    const key = keyOf(snapshot);
    const node = nodes.get(key) ?? { key, state: String(snapshot.value), snapshot };
    nodes.set(key, node);
    return node;
  };
  const explored = new Set<string>();
  const starts = inputs.map((input) => {
    const [first, asked] = initialTransition(machine, input);
    const map = getAdjacencyMap(machine, {
      input,
      events,
      serializeState: keyOf,
      // What another input led to was looked at then.
      stopWhen: (snapshot) => explored.has(keyOf(snapshot)),
    });
    for (const { state, transitions } of Object.values(map as unknown as AdjacencyRecord)) {
      const from = nodeOf(state);
      if (explored.has(from.key)) continue;
      explored.add(from.key);
      for (const { event, state: next } of Object.values(transitions)) {
        // Most events are for another state, and a step is slow.
        const effects = state.can(event) ? step(machine, state, event).effects : [];
        edges.push({ from, event, to: nodeOf(next), effects });
      }
    }
    return { input, node: nodeOf(first), effects: asked.map(nameAndParams) };
  });
  const ways = shortestWays(starts, edges);
  return {
    machine,
    starts,
    nodes: [...nodes.values()],
    edges,
    wayTo: (node) => ways.get(node) ?? 'no way',
  };
}

export function step(machine: AnyStateMachine, snapshot: AnyMachineSnapshot, event: EventObject) {
  const [next, asked] = transition(machine, snapshot, event);
  return { next, effects: asked.map(nameAndParams) };
}

function nameAndParams({ type, params }: AskedEffect): AskedEffect {
  return { type, params };
}

export function keyOf(snapshot: AnyMachineSnapshot): string {
  return JSON.stringify([snapshot.value, snapshot.context]);
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

function shortestWays(starts: readonly ModelStart[], edges: readonly ModelEdge[]): Map<ModelNode, string> {
  const ways = new Map(starts.map(({ node }) => [node, node.state]));
  const out = groupBy(edges, (edge) => edge.from);
  const queue = [...ways.keys()];
  for (const node of queue) {
    for (const { event, to } of out.get(node) ?? []) {
      if (ways.has(to)) continue;
      ways.set(to, `${ways.get(node)} -${event.type}-> ${to.state}`);
      queue.push(to);
    }
  }
  return ways;
}

/** An edge in words, with the way that leads to it. */
export function describeEdge(model: Model, { from, event, to }: ModelEdge): string {
  return `${model.wayTo(from)} -${event.type}-> ${to.state} (${JSON.stringify(event)})`;
}

/** Edges that an invariant forbids, in words. */
export function forbid(model: Model, isForbidden: (edge: ModelEdge) => boolean): string[] {
  return model.edges.filter(isForbidden).map((edge) => describeEdge(model, edge));
}

/** Nodes that an invariant forbids, in words. */
export function forbidNodes(model: Model, isForbidden: (node: ModelNode) => boolean): string[] {
  return model.nodes.filter(isForbidden).map((node) => `${model.wayTo(node)}: ${node.key}`);
}

/** Everything that can be reached from some nodes over the edges that pass. */
export function reachable(
  model: Model,
  from: Iterable<ModelNode>,
  passes: (edge: ModelEdge) => boolean,
): ReadonlySet<ModelNode> {
  const out = groupBy(model.edges.filter(passes), (edge) => edge.from);
  const found = new Set(from);
  for (const node of found) for (const { to } of out.get(node) ?? []) found.add(to);
  return found;
}

/** All states of a machine but its root. */
export function statesOf(machine: AnyStateMachine): readonly AnyStateNode[] {
  const below = (node: AnyStateNode): AnyStateNode[] =>
    Object.values(node.states).flatMap((child) => [child, ...below(child)]);
  return below(machine.root);
}

/** What an auditor would miss: states and transitions without a sentence, states without a section. */
export function undocumented(machine: AnyStateMachine): readonly string[] {
  return statesOf(machine).flatMap((node) => {
    const spec = (node.meta as { readonly spec?: readonly string[] } | undefined)?.spec ?? [];
    const missing = isSentence(node.description) ? [] : [`${node.key}: description`];
    if (spec.length === 0 || !spec.every((item) => /^(CAS|WAA-WLS|ASVS) \d/.test(item)))
      missing.push(`${node.key}: spec`);
    const transitions = [...node.transitions.values()].flat().concat(node.always ?? []);
    for (const { eventType, description } of transitions) {
      if (!isSentence(description)) missing.push(`${node.key} ${eventType || 'always'}: description`);
    }
    return missing;
  });
}

function isSentence(text: string | undefined): boolean {
  return text !== undefined && /^[A-Z].{10,}[.?]$/.test(text);
}

/** What a machine consists of, to be compared with a list: an unexpected change is then seen in a review. */
export function outline(
  machine: AnyStateMachine,
): Record<string, { readonly tags: string; readonly on: readonly string[] }> {
  return Object.fromEntries(
    statesOf(machine).map((node) => {
      const transitions = [...node.transitions.values()].flat().concat(node.always ?? []);
      const on = transitions.map(({ eventType, guard, target }) => {
        const when =
          guard === undefined ? '' : ` when ${typeof guard === 'string' ? guard : String(Object(guard).type)}`;
        return `${eventType || 'always'}${when} → ${target?.map(({ key }) => key).join(', ') ?? 'itself'}`;
      });
      return [node.key, { tags: node.tags.join(' '), on }];
    }),
  );
}
