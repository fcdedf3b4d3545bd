/** How actions and guards of a machine are named in a diagram, whichever of the ways of xstate they were written in. */
import type { AnyStateMachine } from 'xstate';

/** An effect that is asked for, or a change of the context. */
export interface StatedAction {
  readonly name: string;
  readonly kind: 'effect' | 'context';
  /** Parameters that are written in the machine itself (`code: ERR_SSO_…`); null where they are computed, or none. */
  readonly params: string | null;
}

export interface StatedActions {
  readonly effects: readonly StatedAction[];
  readonly contextChanges: readonly StatedAction[];
}

/** Actions in their order, effects apart from changes of the context. */
export function readActions(machine: AnyStateMachine, actions: readonly unknown[]): StatedActions {
  const all = actions.flatMap((action) => readAction(machine, action));
  return {
    effects: all.filter(({ kind }) => kind === 'effect'),
    contextChanges: all.filter(({ kind }) => kind === 'context'),
  };
}

function readAction(machine: AnyStateMachine, action: unknown): readonly StatedAction[] {
  if (typeof action === 'function') return readInline(action);
  const name = typeof action === 'string' ? action : String(Object(action).type);
  const kind = changesContext(machine, name) ? 'context' : 'effect';
  return [{ name, kind, params: literalParams(Object(action).params) }];
}

function readInline(action: object & { readonly name: string }): readonly StatedAction[] {
  const { type, assignment } = action as { readonly type?: unknown; readonly assignment?: unknown };
  if (type !== 'xstate.assign') {
    const name = typeof type === 'string' ? type.replace(/^xstate\./, '') : nameOf(action);
    return [{ name, kind: 'effect', params: null }];
  }
  const fields = typeof assignment === 'object' && assignment !== null ? Object.keys(assignment) : [];
  const names = fields.length === 0 ? ['context'] : fields.map((field) => `context.${field}`);
  return names.map((name) => ({ name, kind: 'context', params: null }));
}

function changesContext(machine: AnyStateMachine, name: string): boolean {
  const implementation: unknown = (machine.implementations.actions as Record<string, unknown>)[name];
  // Vocabularies that share states declare these names without saying what they do.
  return Object(implementation).type === 'xstate.assign' || /^(remember|forget)(?![a-z])/.test(name);
}

function literalParams(params: unknown): string | null {
  if (typeof params !== 'object' || params === null) return null;
  const entries = Object.entries(params);
  if (entries.length === 0) return null;
  return entries
    .map(([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}

/** A guard in words: its name, `not a`, `a and b`; null for none. */
export function readGuard(guard: unknown): string | null {
  if (guard === undefined || guard === null) return null;
  if (typeof guard === 'string') return guard;
  if (typeof guard !== 'function') return String(Object(guard).type);
  const { guards } = guard as { readonly guards?: readonly unknown[] };
  if (!Array.isArray(guards)) return nameOf(guard);
  const parts = guards.map((one) => {
    const words = readGuard(one) ?? '';
    return words.includes(' ') ? `(${words})` : words;
  });
  return guard.name === 'not' ? `not ${parts.join(' ')}` : parts.join(` ${guard.name} `);
}

/** Functions written in place are named after the field that holds them, which says nothing. */
function nameOf({ name }: { readonly name: string }): string {
  return name === '' || /^(actions?|guard|entry|exit)$/.test(name) ? 'inline' : name;
}
