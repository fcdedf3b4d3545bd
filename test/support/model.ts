import type { AnyStateMachine } from 'xstate';
import { statesOf } from '../../machines/safety-findings.ts';

export {
  type Finding,
  findingOf,
  forbid,
  forbidAfter,
  forbidNodes,
  forbidOutcomes,
  forbidReached,
  groupBy,
  type Invariant,
  reachable,
  statesOf,
} from '../../machines/safety-findings.ts';
export {
  explore,
  keyOf,
  type Model,
  type ModelEdge,
  type ModelNode,
  type ModelStart,
  step,
} from '../../machines/safety-model.ts';
export { FOREIGN_EVENTS } from '../../machines/safety-people.ts';

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
