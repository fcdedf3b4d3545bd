import { createHash } from 'node:crypto';
import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode, EventObject } from 'xstate';
import type { Effects } from './effects.ts';

/** A machine together with the performers of its effects, ready to run. Its exact types were checked by `defineFlow`. */
export interface Flow<Scope> {
  /** Unique in a process: the name of the login option it belongs to. */
  readonly name: string;
  readonly machine: AnyStateMachine;
  /** Changes with the structure of the machine: states, transitions, guards and effects. */
  readonly hash: string;
  readonly performers: ReadonlyMap<string, Performer<Scope>>;
}

// biome-ignore lint/suspicious/noConfusingVoidType: see Effects.
export type Performer<Scope> = (params: unknown, scope: Scope) => Promise<EventObject | void> | EventObject | void;

/**
 * Puts a machine and its performers together.
 * @throws TypeError if a performer is not a function (for callers without a compiler).
 */
export function defineFlow<M extends AnyStateMachine, Scope>(
  name: string,
  machine: M,
  effects: Effects<M, Scope>,
): Flow<Scope> {
  const performers = new Map<string, Performer<Scope>>();
  for (const [effect, perform] of Object.entries(effects)) {
    if (typeof perform !== 'function') throw new TypeError(`The effect ${effect} of ${name} is not a function.`);
    performers.set(effect, perform as Performer<Scope>);
  }
  return { name, machine, performers, hash: structureHash(machine) };
}

/** The name of where a flow is: `validating`, or `parent.child` for nested states. */
export function stateName(snapshot: AnyMachineSnapshot): string {
  return valueName(snapshot.value);
}

function valueName(value: unknown): string {
  if (typeof value === 'string') return value;
  return Object.entries(value as Record<string, unknown>)
    .map(([key, inner]) => `${key}.${valueName(inner)}`)
    .join('+');
}

/**
 * A digest of what decides how a stored snapshot goes on. Descriptions and metadata are left out: better prose must not
 * send people back to the login server.
 */
function structureHash(machine: AnyStateMachine): string {
  const describe = (node: AnyStateNode): unknown => ({
    key: node.key,
    type: node.type,
    initial: node.initial.target.map((target) => target.id),
    tags: node.tags,
    entry: node.entry.map(actionName),
    exit: node.exit.map(actionName),
    transitions: [...node.transitions.values(), node.always ?? []].flat().map((transition) => ({
      event: transition.eventType,
      guard: actionName(transition.guard),
      target: transition.target?.map((target) => target.id) ?? [],
      actions: transition.actions.map(actionName),
    })),
    states: Object.values(node.states).map(describe),
  });
  return createHash('sha256')
    .update(JSON.stringify(describe(machine.root)))
    .digest('base64url')
    .slice(0, 22);
}

function actionName(action: unknown): string {
  if (typeof action === 'string') return action;
  if (typeof action === 'function') return 'assign';
  return String((action as { type?: unknown } | undefined)?.type ?? '');
}
