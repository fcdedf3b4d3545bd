/**
 * What a machine says about itself, as plain data: the one reading of a machine that every picture, table and export of this
 * package is made from. Nothing here runs the machine.
 */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { readActions, readGuard, type StatedAction } from './diagram-reading.ts';

/** What a state is to somebody who waits for the flow. */
export type StateKind =
  | 'waiting-browser'
  | 'waiting-caller'
  | 'working'
  | 'deciding'
  | 'settled'
  | 'pending'
  | 'failed'
  | 'done'
  | 'ended'
  | 'group'
  | 'plain';

/** How a transition ends for the person: told apart in every picture. */
export type TransitionOutcome = 'success' | 'failure' | 'neutral';

export interface DiagramState {
  /** The last part of the path. */
  readonly name: string;
  /** Keys from the root on, with dots; what `DiagramTransition` names states by. */
  readonly path: string;
  /** The path of the state around it; null for a state of the flow itself. */
  readonly parent: string | null;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  /** The path of the state that it begins in; null for one without states of its own. */
  readonly initial: string | null;
  readonly tags: readonly string[];
  readonly kind: StateKind;
  readonly description: string | null;
  /** Sections of a protocol, and items of OWASP ASVS. */
  readonly spec: readonly string[];
  readonly entry: readonly StatedAction[];
  readonly exit: readonly StatedAction[];
  /** Actors that run while the state lasts, by name. */
  readonly invokes: readonly string[];
}

export interface DiagramTransition {
  /** The path of the state that it leaves; '' for one of the flow itself, which counts in every state. */
  readonly from: string;
  /** The type of the event; '' for a transition that needs none (`always`). */
  readonly event: string;
  /** The question that it hangs on; null for none. */
  readonly guard: string | null;
  /** The paths of the states that it leads to: one, but for parallel states; none where the flow stays where it is. */
  readonly to: readonly string[];
  /** Whether the state is left and entered again although it leads to itself. */
  readonly reenter: boolean;
  readonly effects: readonly StatedAction[];
  /** What it changes in the context: named actions, and `context.field` for an `assign` without a name. */
  readonly contextChanges: readonly StatedAction[];
  readonly outcome: TransitionOutcome;
  readonly description: string | null;
  /** The attack or accident that it answers. */
  readonly threat: string | null;
  readonly spec: readonly string[];
}

/** One flow, as plain data that JSON can carry, in the order in which the machine declares things. */
export interface FlowDiagram {
  readonly id: string;
  readonly version: string | null;
  readonly description: string | null;
  /** The path of the state that the flow begins in; null for a machine without states, or with parallel ones. */
  readonly initial: string | null;
  readonly parallel: boolean;
  readonly states: readonly DiagramState[];
  readonly transitions: readonly DiagramTransition[];
}

/**
 * Reads a machine: its own states or those that an application added, nested ones as well. A machine without descriptions
 * and meta is read all the same; what it does not say is null or empty. The same machine gives the same diagram, always.
 */
export function flowDiagram(machine: AnyStateMachine): FlowDiagram {
  const nodes = nodesBelow(machine.root);
  const settles = nodes.some(({ tags }) => tags.includes('settled'));
  const kinds = new Map(nodes.map((node) => [pathOf(node), kindOf(node, settles)]));
  return {
    id: machine.id,
    version: machine.version ?? null,
    description: machine.root.description ?? null,
    initial: initialOf(machine.root),
    parallel: machine.root.type === 'parallel',
    states: nodes.map((node) => readState(machine, node, kinds)),
    transitions: [machine.root, ...nodes].flatMap((node) => readTransitions(machine, node, kinds)),
  };
}

type Kinds = ReadonlyMap<string, StateKind>;

function nodesBelow(node: AnyStateNode): readonly AnyStateNode[] {
  return Object.values(node.states as Record<string, AnyStateNode>).flatMap((child) => [child, ...nodesBelow(child)]);
}

/** A dot inside of a key is written as xstate writes it in a target. */
const pathOf = (node: AnyStateNode): string => node.path.map((key) => key.replaceAll('.', '\\.')).join('.');

function initialOf(node: AnyStateNode): string | null {
  if (node.type !== 'compound' || node.config.initial === undefined) return null;
  const [first] = node.initial.target ?? [];
  return first ? pathOf(first) : null;
}

function readState(machine: AnyStateMachine, node: AnyStateNode, kinds: Kinds): DiagramState {
  const path = pathOf(node);
  return {
    name: node.key,
    path,
    parent: node.parent && node.parent !== machine.root ? pathOf(node.parent) : null,
    type: node.type,
    initial: initialOf(node),
    tags: [...node.tags],
    kind: kinds.get(path) ?? 'plain',
    description: textOr(node.description),
    spec: specOf(node.meta),
    entry: allActions(machine, node.entry),
    exit: allActions(machine, node.exit),
    invokes: node.invoke.map(({ src, id }) => (typeof src === 'string' ? src : id)),
  };
}

function allActions(machine: AnyStateMachine, actions: readonly unknown[]): readonly StatedAction[] {
  const { effects, contextChanges } = readActions(machine, actions);
  return [...contextChanges, ...effects];
}

function readTransitions(machine: AnyStateMachine, node: AnyStateNode, kinds: Kinds): readonly DiagramTransition[] {
  const always = (node.always ?? []).map((one) => ({ one, event: '' }));
  const others = [...node.transitions].flatMap(([event, all]) => all.map((one) => ({ one, event })));
  const from = node === machine.root ? '' : pathOf(node);
  return [...always, ...others].map(({ one, event }) => {
    const to = (one.target ?? []).map(pathOf);
    const { effects, contextChanges } = readActions(machine, one.actions);
    const meta = one.meta as unknown;
    return {
      from,
      event,
      guard: readGuard(one.guard),
      to,
      reenter: one.reenter && to.length > 0,
      effects,
      contextChanges,
      outcome: outcomeOf(kinds.get(from), to, contextChanges, kinds),
      description: textOr(one.description),
      threat: textOr(Object(meta).threat),
      spec: specOf(meta),
    };
  });
}

/** Where nothing can hold as a login does, a flow is over when it has got what it is for: a journal says so too. */
function kindOf(node: AnyStateNode, settles: boolean): StateKind {
  const has = (tag: string) => node.tags.includes(tag);
  if (has('failed')) return 'failed';
  if (has('pending')) return 'pending';
  if (has('settled')) return 'settled';
  if (node.type === 'final') return settles || node.parent?.parent ? 'ended' : 'done';
  if (node.type === 'compound' || node.type === 'parallel') return 'group';
  if (has('awaiting-browser')) return 'waiting-browser';
  if (has('awaiting-caller')) return 'waiting-caller';
  if (node.always?.length && node.transitions.size === 0 && node.entry.length === 0) return 'deciding';
  return has('awaiting-server') || node.invoke.length > 0 ? 'working' : 'plain';
}

function outcomeOf(
  from: StateKind | undefined,
  to: readonly string[],
  changes: readonly StatedAction[],
  kinds: Kinds,
): TransitionOutcome {
  if (to.length === 0) return 'neutral';
  const reached = to.map((path) => kinds.get(path));
  const remembersFailure = changes.some(({ name }) => name === 'rememberFailure' || name === 'context.failure');
  if (remembersFailure || reached.includes('failed')) return 'failure';
  const holds = (kind: StateKind | undefined) => kind === 'settled' || kind === 'pending';
  return reached.includes('done') || (reached.some(holds) && !holds(from)) ? 'success' : 'neutral';
}

function textOr(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function specOf(meta: unknown): readonly string[] {
  const spec: unknown = Object(meta).spec;
  return Array.isArray(spec) ? spec.filter((item) => typeof item === 'string') : [];
}
