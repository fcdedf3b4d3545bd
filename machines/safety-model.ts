/**
 * Everything that can happen to a machine: every event, in every snapshot that can be reached, from every input. The events
 * are a list and not a function of the state, because forged, late and repeated ones are what matters.
 *
 * The search goes in breadth, so that the first way that it finds to a snapshot is a shortest one.
 */
import { type AnyMachineSnapshot, type AnyStateMachine, type EventObject, initialTransition, transition } from 'xstate';

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
  /** Whether the machine has a transition for it here, even one that does nothing. */
  readonly isTaken: boolean;
}

/** How a flow begins with one input. */
export interface ModelStart {
  readonly input: unknown;
  readonly node: ModelNode;
  readonly effects: readonly AskedEffect[];
}

/** A guard or an assignment that throws. */
export interface ModelCrash {
  readonly from: ModelNode;
  readonly event: EventObject;
  readonly reason: string;
}

/** What happened to a flow, from its beginning. */
export interface Way {
  readonly start: ModelStart;
  readonly edges: readonly ModelEdge[];
}

/** Everything that can happen to a machine, whatever arrives and in whatever order. */
export interface Model {
  readonly machine: AnyStateMachine;
  readonly starts: readonly ModelStart[];
  /** By the length of the shortest way to them. */
  readonly nodes: readonly ModelNode[];
  /** One for every event in every node. */
  readonly edges: readonly ModelEdge[];
  /** Those of them that change something or ask for something. */
  readonly steps: readonly ModelEdge[];
  readonly crashes: readonly ModelCrash[];
  /** The steps from a node. */
  stepsFrom(node: ModelNode): readonly ModelEdge[];
  /** A shortest way to a node. */
  wayTo(node: ModelNode): Way;
}

/** Snapshots that a machine may have before nobody waits for the end of the search any more. */
export const MAX_SNAPSHOTS = 20_000;

/**
 * Sends every event to every snapshot that can be reached from any of the inputs.
 * @throws RangeError if there are more snapshots than `maxSnapshots`
 */
export function explore(
  machine: AnyStateMachine,
  inputs: readonly unknown[],
  events: readonly EventObject[],
  maxSnapshots = MAX_SNAPSHOTS,
): Model {
  const nodes = new Map<string, ModelNode>();
  const cameBy = new Map<ModelNode, ModelStart | ModelEdge>();
  const steps = new Map<ModelNode, ModelEdge[]>();
  const edges: ModelEdge[] = [];
  const crashes: ModelCrash[] = [];
  const nodeOf = (snapshot: AnyMachineSnapshot): ModelNode => {
    const key = keyOf(snapshot);
    const node = nodes.get(key) ?? { key, state: stateName(snapshot.value), snapshot };
    if (!nodes.has(key) && nodes.size >= maxSnapshots) {
      throw new RangeError(
        `${machine.id} has more than ${maxSnapshots} snapshots. Does its context count, or grow with every event? The last one is in the state ${node.state}.`,
      );
    }
    nodes.set(key, node);
    return node;
  };
  const starts = inputs.map((input): ModelStart => {
    const [first, asked] = initialTransition(machine, input);
    const start = { input, node: nodeOf(first), effects: asked.map(nameAndParams) };
    if (!cameBy.has(start.node)) cameBy.set(start.node, start);
    return start;
  });
  const mayTake = knownEvents(machine);
  // A map gives what is added while one goes through it: that is the queue.
  for (const from of nodes.values()) {
    const changing: ModelEdge[] = [];
    for (const event of events) {
      try {
        const isTaken = mayTake(from.snapshot, event.type) && from.snapshot.can(event);
        const { next, effects } = isTaken ? step(machine, from.snapshot, event) : { next: from.snapshot, effects: [] };
        const edge = { from, event, to: isTaken ? nodeOf(next) : from, effects, isTaken };
        edges.push(edge);
        if (edge.to !== from || effects.length > 0) changing.push(edge);
        if (!cameBy.has(edge.to)) cameBy.set(edge.to, edge);
      } catch (error) {
        if (error instanceof RangeError && nodes.size >= maxSnapshots) throw error;
        crashes.push({ from, event, reason: error instanceof Error ? error.message : String(error) });
      }
    }
    steps.set(from, changing);
  }
  return {
    machine,
    starts,
    nodes: [...nodes.values()],
    edges,
    steps: [...steps.values()].flat(),
    crashes,
    stepsFrom: (node) => steps.get(node) ?? [],
    wayTo(node) {
      const way: ModelEdge[] = [];
      let by = cameBy.get(node)!;
      for (; 'from' in by; by = cameBy.get(by.from)!) way.unshift(by);
      return { start: by, edges: way };
    },
  };
}

/**
 * Whether a state names an event at all, itself or by a wildcard. To ask xstate takes a hundred times as long, and most events
 * are for another state.
 */
function knownEvents(machine: AnyStateMachine): (snapshot: AnyMachineSnapshot, type: string) => boolean {
  const named = new Map<string, ReadonlySet<string> | null>();
  const namedIn = (state: string) => {
    const types = [machine.root, machine.states[state]].flatMap((node) => [...(node?.transitions.keys() ?? [])]);
    return types.some((type) => type.includes('*')) ? null : new Set<string>(types);
  };
  return ({ value }, type) => {
    if (typeof value !== 'string') return true;
    if (!named.has(value)) named.set(value, namedIn(value));
    return named.get(value)?.has(type) ?? true;
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

function stateName(value: unknown): string {
  if (typeof value === 'string') return value;
  return Object.entries(value as Readonly<Record<string, unknown>>)
    .map(([key, inner]) => `${key}.${stateName(inner)}`)
    .join('+');
}
