/** What must hold of every flow, whatever it is about. */
import type { AnyMachineSnapshot } from 'xstate';
import { findingOf, forbid, forbidNodes, forbidOutcomes, groupBy, type Invariant, isEqual } from './safety-findings.ts';
import { keyOf, type Model, type ModelEdge, type ModelNode, step } from './safety-model.ts';
import type { Failure } from './vocabulary.ts';

const isNothing = ({ from, to, effects }: ModelEdge) => from === to && effects.length === 0;
const isActive = ({ snapshot }: ModelNode) => snapshot.status === 'active';

/** A node that is stored while the flow waits for somebody. */
export const isAtRest = (node: ModelNode) => isActive(node) && !node.snapshot.hasTag('awaiting-server');

/** A final state absorbs: no event changes anything or asks for anything. */
export const finalStatesAbsorb: Invariant = (model) =>
  forbid(model, (edge) => edge.from.snapshot.status === 'done' && !isNothing(edge), 'a flow that is over goes on');

/** What the machine does not declare does nothing, wherever it arrives. */
export const foreignEventsDoNothing: Invariant = (model) => {
  const declared = new Set<string>(model.machine.events.filter((type) => !type.includes('*')));
  return forbidOutcomes(
    model,
    (edge) => !declared.has(edge.event.type) && edge.isTaken,
    'an event that nobody declared is taken',
  );
};

/** From everywhere there is a way to a login that holds or to an end: no dead state. */
export const everythingCanEnd: Invariant = (model) => {
  const into = groupBy(model.steps, (edge) => edge.to);
  const good = new Set(model.nodes.filter(({ snapshot }) => snapshot.status === 'done' || snapshot.hasTag('settled')));
  for (const node of good) for (const { from } of into.get(node) ?? []) good.add(from);
  return forbidNodes(model, (node) => !good.has(node), 'there is no way out of here');
};

/** Whoever waits is known to wait for something: a state without a role would be kept, and never go on. */
export const everyStateHasARole: Invariant = (model) =>
  forbidNodes(
    model,
    (node) =>
      isActive(node) &&
      !['awaiting-browser', 'awaiting-caller', 'awaiting-server', 'settled'].some((tag) => node.snapshot.hasTag(tag)),
    'the state has no tag that says what it waits for',
  );

/** A snapshot that went through the store goes on exactly as the one that did not. */
export const restoresTheSameIn =
  (isMeant: (node: ModelNode) => boolean): Invariant =>
  (model) => {
    const { machine } = model;
    const restored = new Map<ModelNode, AnyMachineSnapshot>();
    const restore = ({ snapshot: { value, context } }: ModelNode) =>
      machine.resolveState(JSON.parse(JSON.stringify({ value, context })));
    return forbid(
      model,
      ({ from, event, to, effects, isTaken }) => {
        if (!isMeant(from)) return false;
        const snapshot = restored.get(from) ?? restore(from);
        restored.set(from, snapshot);
        if (!isTaken) return false;
        const again = step(machine, snapshot, event);
        return keyOf(again.next) !== to.key || JSON.stringify(again.effects) !== JSON.stringify(effects);
      },
      'a flow that went through the store goes on otherwise',
    );
  };
export const restoresTheSame = restoresTheSameIn(() => true);

/** A context holds what JSON can carry, and nothing that is dropped or changed on the way. */
export const contextSurvivesJson: Invariant = (model) =>
  forbidNodes(
    model,
    ({ snapshot }) => !isEqual(JSON.parse(JSON.stringify(snapshot.context)), snapshot.context),
    'the context holds what JSON drops or changes (undefined, dates, bytes)',
  );

/** A text is in no snapshot, or in none of those that are meant. */
export const neverKept =
  (text: string, isMeant: (node: ModelNode) => boolean = () => true): Invariant =>
  (model) =>
    forbidNodes(model, (node) => node.key.includes(text) && isMeant(node), `the context holds ${text}`);

export const failuresHaveACode: Invariant = (model) =>
  forbidNodes(
    model,
    (node) =>
      node.snapshot.hasTag('failed') && (node.snapshot.context as { failure?: Failure | null }).failure === null,
    'a failure has no code',
  );

/** A guard or an assignment that throws is a fault of the machine, and ends the request of a person with it. */
export const nothingThrows: Invariant = (model) =>
  model.crashes.map(({ from, event, reason }) => {
    const { start, edges } = model.wayTo(from);
    return findingOf(
      { start, edges: [...edges, { from, event, to: from, effects: [], isTaken: true }] },
      `this throws: ${reason}`,
    );
  });

/** Whatever the server's side answers, it comes to an end or to somebody: no flow goes round and round by itself. */
export const answersDoNotGoRound: Invariant = (model) =>
  roundTrips(
    model,
    (edge) => edge.from.snapshot.hasTag('awaiting-server'),
    () => true,
    'this goes on for ever, without anybody',
  );

/** Closed ways over the edges that pass, one for each edge that is asked about; each with the way that leads there. */
export function roundTrips(
  model: Model,
  passes: (edge: ModelEdge) => boolean,
  isAskedAbout: (edge: ModelEdge) => boolean,
  message: string,
): ReturnType<Invariant> {
  const going = new Map(model.nodes.map((node) => [node, model.stepsFrom(node).filter(passes)]));
  const component = components(model.nodes, (node) => going.get(node)!.map(({ to }) => to));
  return [...going.values()].flat().flatMap((edge) => {
    if (!isAskedAbout(edge) || component.get(edge.from) !== component.get(edge.to)) return [];
    const { start, edges } = model.wayTo(edge.from);
    return [findingOf({ start, edges: [...edges, edge, ...wayBack(edge, going)] }, message)];
  });
}

/** A shortest way from the end of an edge to its beginning; there is one if both are in one component. */
function wayBack(edge: ModelEdge, going: ReadonlyMap<ModelNode, readonly ModelEdge[]>): readonly ModelEdge[] {
  const ways = new Map<ModelNode, readonly ModelEdge[]>([[edge.to, []]]);
  for (const [node, way] of ways) {
    if (node === edge.from) return way;
    for (const next of going.get(node)!) if (!ways.has(next.to)) ways.set(next.to, [...way, next]);
  }
  return [];
}

/** Tarjan's strongly connected components, without recursion: nodes of one component can reach one another. */
function components(
  nodes: readonly ModelNode[],
  after: (node: ModelNode) => readonly ModelNode[],
): ReadonlyMap<ModelNode, number> {
  const component = new Map<ModelNode, number>();
  const order = new Map<ModelNode, number>();
  const low = new Map<ModelNode, number>();
  const open: ModelNode[] = [];
  for (const root of nodes) {
    if (order.has(root)) continue;
    const stack = [{ node: root, next: after(root)[Symbol.iterator]() }];
    const enter = (node: ModelNode) => {
      order.set(node, order.size);
      low.set(node, order.get(node)!);
      open.push(node);
    };
    enter(root);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const { node, next } = top;
      const { value, done } = next.next();
      if (!done) {
        if (!order.has(value)) {
          enter(value);
          stack.push({ node: value, next: after(value)[Symbol.iterator]() });
        } else if (!component.has(value)) low.set(node, Math.min(low.get(node)!, order.get(value)!));
        continue;
      }
      stack.pop();
      const above = stack.at(-1)?.node;
      if (above) low.set(above, Math.min(low.get(above)!, low.get(node)!));
      if (low.get(node) !== order.get(node)) continue;
      for (let member = open.pop(); member; member = open.pop()) {
        component.set(member, order.get(node)!);
        if (member === node) break;
      }
    }
  }
  return component;
}
