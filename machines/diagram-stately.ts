/** A flow as the configuration that `createMachine` of xstate takes, and with it Stately's editor (Import, JSON). */
import type { DiagramState, DiagramTransition, FlowDiagram } from './diagram.ts';
import type { StatedAction } from './diagram-reading.ts';

interface StatelyTransition {
  readonly target?: string | readonly string[];
  readonly reenter?: true;
  readonly guard?: { readonly type: string };
  readonly actions?: readonly { readonly type: string }[];
  readonly description?: string;
  readonly meta?: { readonly threat?: string; readonly spec?: readonly string[] };
}

/** One state of the configuration, and its root. */
export interface StatelyState {
  readonly id?: string;
  readonly version?: string;
  readonly type?: 'final' | 'parallel' | 'history';
  readonly initial?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly meta?: { readonly spec: readonly string[] };
  readonly entry?: readonly { readonly type: string }[];
  readonly exit?: readonly { readonly type: string }[];
  readonly invoke?: readonly { readonly src: string; readonly id: string }[];
  readonly always?: readonly StatelyTransition[];
  readonly on?: Readonly<Record<string, readonly StatelyTransition[]>>;
  readonly states?: Readonly<Record<string, StatelyState>>;
}

/** Names only: guards, actions and actors have no implementation in it. `JSON.stringify` gives the text for the editor. */
export function flowStately(diagram: FlowDiagram): StatelyState {
  const { id, version, description, initial, parallel } = diagram;
  return {
    id,
    ...(version === null ? {} : { version }),
    ...(parallel ? { type: 'parallel' } : {}),
    ...(initial === null ? {} : { initial: nameAt(diagram, initial) }),
    ...(description === null ? {} : { description }),
    ...inside(diagram, ''),
  };
}

function inside(diagram: FlowDiagram, path: string): Pick<StatelyState, 'always' | 'on' | 'states'> {
  const own = diagram.transitions.filter(({ from }) => from === path);
  const always = own.filter(({ event }) => event === '').map((one) => transition(diagram, one));
  const events = [...new Set(own.map(({ event }) => event).filter((event) => event !== ''))];
  const on = events.map((name) => {
    const all = own.filter(({ event }) => event === name);
    return [name, all.map((one) => transition(diagram, one))] as const;
  });
  const children = diagram.states.filter(({ parent }) => (parent ?? '') === path);
  return {
    ...(always.length === 0 ? {} : { always }),
    ...(on.length === 0 ? {} : { on: Object.fromEntries(on) }),
    ...(children.length === 0
      ? {}
      : { states: Object.fromEntries(children.map((child) => [child.name, state(diagram, child)])) }),
  };
}

function state(diagram: FlowDiagram, one: DiagramState): StatelyState {
  const { type, initial, description, tags, spec, entry, exit, invokes } = one;
  return {
    ...(type === 'atomic' || type === 'compound' ? {} : { type }),
    ...(initial === null ? {} : { initial: nameAt(diagram, initial) }),
    ...(description === null ? {} : { description }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(spec.length === 0 ? {} : { meta: { spec } }),
    ...(entry.length === 0 ? {} : { entry: entry.map(action) }),
    ...(exit.length === 0 ? {} : { exit: exit.map(action) }),
    ...(invokes.length === 0 ? {} : { invoke: invokes.map((src) => ({ src, id: src })) }),
    ...inside(diagram, one.path),
  };
}

function transition(diagram: FlowDiagram, one: DiagramTransition): StatelyTransition {
  const { to, guard, contextChanges, effects, description, threat, spec, reenter } = one;
  const [first, ...others] = to.map((path) => `#${diagram.id.replaceAll('.', '\\.')}.${path}`);
  const actions = [...contextChanges, ...effects].map(action);
  return {
    ...(first === undefined ? {} : { target: others.length === 0 ? first : [first, ...others] }),
    ...(reenter ? { reenter } : {}),
    ...(guard === null ? {} : { guard: { type: guard } }),
    ...(actions.length === 0 ? {} : { actions }),
    ...(description === null ? {} : { description }),
    ...(threat === null && spec.length === 0
      ? {}
      : { meta: { ...(threat === null ? {} : { threat }), ...(spec.length === 0 ? {} : { spec }) } }),
  };
}

const action = ({ name }: StatedAction): { readonly type: string } => ({ type: name });

const nameAt = ({ states }: FlowDiagram, path: string): string =>
  states.find((state) => state.path === path)?.name ?? path;
