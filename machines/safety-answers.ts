/** What must hold of the answers of effects: each is taken, and none of them keeps a browser going round. */
import { findingOf, type Invariant } from './safety-findings.ts';
import { roundTrips } from './safety-generic.ts';
import { asksFor } from './safety-login.ts';
import type { Model, ModelEdge, ModelNode } from './safety-model.ts';

/** What the performers of the shipped effects may answer, by effect. */
export type Answers = Readonly<Record<string, readonly string[]>>;

/** Every state that waits for an answer has a way out for each one that may come: also for "cannot be reached". */
export const everyAnswerIsTaken =
  (answers: Answers): Invariant =>
  (model) => {
    const waiting = new Map<ModelNode, Set<string>>();
    const note = (node: ModelNode, effects: ModelEdge['effects']) => {
      for (const { type } of effects) {
        if (!Object.hasOwn(answers, type) || node.snapshot.status !== 'active') continue;
        if (!waiting.has(node)) waiting.set(node, new Set());
        for (const answer of answers[type]!) waiting.get(node)!.add(answer);
      }
    };
    for (const { node, effects } of model.starts) note(node, effects);
    for (const { to, effects } of model.steps) note(to, effects);
    return [...waiting].flatMap(([node, expected]) => {
      const taken = new Set(model.stepsFrom(node).map(({ event }) => event.type));
      const missing = [...expected].filter((type) => !taken.has(type));
      return missing.length === 0
        ? []
        : [findingOf(model.wayTo(node), `here nothing follows on ${missing.join(', ')}`)];
    });
  };

/**
 * No browser goes round between this site and the login server for ever: where it is sent away a second time, something in
 * the flow has changed, or a person has acted.
 * @param known the events of the vocabulary; any other one in a state that waits for the browser is an act of a person
 */
export const noLoginLoops =
  (known: ReadonlySet<string>): Invariant =>
  (model: Model) => {
    const isAct = ({ event, from }: ModelEdge) =>
      event.type === 'grant.expired' || (from.snapshot.hasTag('awaiting-browser') && !known.has(event.type));
    return roundTrips(
      model,
      (edge) => !isAct(edge),
      (edge) => asksFor(edge, 'redirectToLogin'),
      'the browser is sent to the login server again and again, without a person',
    );
  };
