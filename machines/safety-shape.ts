/** What can be seen in a machine as it is written, before any event is sent. */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { type Finding, findingIn, groupBy, statesOf } from './safety-findings.ts';

/** Built-in actions of xstate that run something by themselves, or would run it again after a restart. */
const FORBIDDEN_ACTIONS = /^xstate\.(?!assign$)/;

const allStates = (machine: AnyStateMachine) => [machine.root, ...statesOf(machine)];
const transitionsOf = (node: AnyStateNode) => [...node.transitions.values()].flat().concat(node.always ?? []);
const actionsOf = (node: AnyStateNode): readonly unknown[] => [
  ...node.entry,
  ...node.exit,
  ...transitionsOf(node).flatMap(({ actions }) => actions),
];

/** What an action is by its implementation: `xstate.assign`, or undefined where it only has a name. */
function makeOf(machine: AnyStateMachine, action: unknown): string | undefined {
  const named = typeof action === 'string' ? action : (action as { readonly type?: string }).type;
  const made = typeof action === 'function' ? action : machine.implementations.actions[named ?? ''];
  return (made as { readonly type?: string } | undefined)?.type;
}

function nameOf(action: unknown): string {
  if (typeof action === 'function') return action.name || 'a function without a name';
  return typeof action === 'string' ? action : String((action as { readonly type?: unknown }).type);
}

/** The effects that a machine asks for: its actions but those that change the context. */
export function effectsOf(machine: AnyStateMachine): readonly string[] {
  const actions = allStates(machine).flatMap(actionsOf);
  return [...new Set(actions.filter((action) => makeOf(machine, action) === undefined).map(nameOf))].sort();
}

/** Things that run by themselves: the engine stores a flow and forgets it, and nothing would be there to run them. */
export function runsNothingByItself(machine: AnyStateMachine): readonly Finding[] {
  return allStates(machine).flatMap((node) => {
    const found: string[] = [];
    if (node.invoke.length > 0) found.push('it invokes an actor');
    if (node.after.length > 0) found.push('it has a delayed transition (after)');
    if (node.type === 'history') found.push('it is a history state, which a restored flow does not remember');
    if (node.type === 'parallel') found.push('it is parallel: a flow is in one state at a time');
    for (const action of actionsOf(node)) {
      const made = makeOf(machine, action);
      if (FORBIDDEN_ACTIONS.test(made ?? nameOf(action))) found.push(`its action is ${made ?? nameOf(action)}`);
      else if (typeof action === 'function' && made === undefined) {
        found.push(`its action ${nameOf(action)} is a function that runs while the machine decides`);
      }
    }
    return found.map((what) => findingIn(node.key, what));
  });
}

/**
 * Transitions without an event that lead round in a circle. It is looked for in the text of the machine, whatever the guards
 * say: a flow that gets into one never comes out, and neither would the proof.
 */
export function alwaysEnds(machine: AnyStateMachine): readonly Finding[] {
  const next = groupBy(
    statesOf(machine).flatMap((node) =>
      (node.always ?? []).flatMap(({ target }) =>
        (target ?? [node]).map((to) => ({ from: node, to: to as AnyStateNode })),
      ),
    ),
    ({ from }) => from,
  );
  for (const start of next.keys()) {
    const ways = new Map<AnyStateNode, readonly AnyStateNode[]>([[start, [start]]]);
    for (const [node, way] of ways) {
      for (const { to } of next.get(node) ?? []) {
        if (to === start) return [circle([...way, to])];
        if (!ways.has(to)) ways.set(to, [...way, to]);
      }
    }
  }
  return [];
}

function circle(states: readonly AnyStateNode[]): Finding {
  const path = states
    .slice(1)
    .map((to, index) => ({ event: { type: 'always' }, from: states[index]!.key, to: to.key }));
  const begin = states[0]!.key;
  return { message: 'transitions without an event go round in a circle', at: begin, input: undefined, begin, path };
}
