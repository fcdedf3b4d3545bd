/** What must hold of every login beside what `machines/safety-login.ts` demands of any: the shipped ones, state by state. */
import type { LoginContext } from '../../machines/login-vocabulary.ts';
import { failuresHaveACode } from '../../machines/safety-generic.ts';
import { forbid, forbidNodes, type Invariant, type Model, type ModelEdge, type ModelNode } from '../support/model.ts';

export {
  gatewayCoolsDown,
  loopsAreBroken,
  onlyGatewayIsDeclined,
  quietLoginsStayQuiet,
  redirectAsksWhatWasAsked,
} from '../../machines/safety-departures.ts';
export { ageLimitIsEnforcedOn, renewIsEnforcedOn } from '../../machines/safety-freshness.ts';
export {
  asksFor,
  failuresTouchNoSession,
  isSame,
  judgedOnce,
  logoutEnds,
  onlyFailuresHaveACode,
} from '../../machines/safety-login.ts';
export { failuresHaveACode };

export const entersState = (edge: ModelEdge, state: string) => edge.to.state === state && edge.from.state !== state;
const contextOf = (node: ModelNode) => node.snapshot.context as LoginContext;

/** Where somebody is named. */
const PEOPLE = ['admitting', 'claimingGrant', 'openingSession', 'resuming', 'authenticated'];

type Ways = Readonly<Record<string, RegExp>>;

/** From a session that is open a login holds, at once or after the kept request has come to its end. */
const WAYS_TO_HOLD: Readonly<Record<string, Ways>> = {
  resuming: { openingSession: /^session\.opened$/ },
  authenticated: { openingSession: /^session\.opened$/, resuming: /^request\.(resumed|discarded|expired)$/ },
};

/** A session is opened from these states only, by events that fit, and whoever is signed in has one. */
export const sessionsOpenedOnlyFrom = (ways: Ways): Invariant => {
  const known: Readonly<Record<string, Ways>> = { ...WAYS_TO_HOLD, openingSession: ways };
  return (model) =>
    forbid(model, (edge) => {
      const { state } = edge.to;
      if (!Object.hasOwn(known, state) || !entersState(edge, state)) return false;
      return !(Object.hasOwn(known[state]!, edge.from.state) && known[state]![edge.from.state]!.test(edge.event.type));
    });
};

export const theAuthenticatedAreKnown: Invariant = (model) =>
  forbidNodes(model, (node) => PEOPLE.includes(node.state) && contextOf(node).principal === null);

/** Where nobody is signed in nobody is named; asked of some states at a time. */
export const nobodyIsKnownIn =
  (isMeant: (node: ModelNode) => boolean): Invariant =>
  (model) =>
    forbidNodes(model, (node) => isMeant(node) && !PEOPLE.includes(node.state) && contextOf(node).principal !== null);

export const nothingFollowsALogout: Invariant = (model) =>
  forbid(model, (edge) => edge.from.state === 'loggedOut' && (edge.to !== edge.from || edge.effects.length > 0));

/** How each failing answer ends, in each state that waits for an answer. */
export function failingExits(
  model: Model,
  answers: readonly { readonly type: string }[],
): Record<string, Record<string, readonly string[]>> {
  const exits: Record<string, Record<string, readonly string[]>> = {};
  const types = new Set(answers.map(({ type }) => type));
  for (const { from, event, to } of model.edges) {
    if (!from.snapshot.hasTag('awaiting-server')) continue;
    exits[from.state] ??= {};
    const ends = exits[from.state]!;
    if (!types.has(event.type) || to === from) continue;
    const end = `${to.state} ${contextOf(to).failure?.code ?? 'without a code'}`;
    ends[event.type] = [...new Set([...(ends[event.type] ?? []), end])].sort();
  }
  return exits;
}
