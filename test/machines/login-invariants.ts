/** What must hold of every login, whichever protocol it goes by. */
import { CLOCK_SKEW_MS, type LoginContext, MAX_RECENT_LOGINS } from '../../machines/login-vocabulary.ts';
import type { Principal, PrincipalRef } from '../../machines/vocabulary.ts';
import {
  describeEdge,
  forbid,
  forbidNodes,
  type Invariant,
  type Model,
  type ModelEdge,
  type ModelNode,
  reachable,
} from '../support/model.ts';

export const entersState = (edge: ModelEdge, state: string) => edge.to.state === state && edge.from.state !== state;
export const asksFor = (edge: ModelEdge, effect: string) => edge.effects.some(({ type }) => type === effect);
const isActive = (node: ModelNode) => node.snapshot.status === 'active';
export const isSame = (one: PrincipalRef, other: PrincipalRef) => one.issuer === other.issuer && one.id === other.id;
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

export const failuresHaveACode: Invariant = (model) =>
  forbidNodes(model, (node) => node.snapshot.hasTag('failed') && contextOf(node).failure === null);

/** A quiet login that went wrong is not told to the person, but its code is kept for the journal. */
export const onlyFailuresHaveACode: Invariant = (model) =>
  forbidNodes(
    model,
    (node) => !node.snapshot.hasTag('failed') && node.state !== 'declined' && contextOf(node).failure !== null,
  );

/** A login that comes to nothing leaves the session that there may be as it is. */
export const failuresTouchNoSession: Invariant = (model) =>
  forbid(
    model,
    (edge) =>
      edge.from !== edge.to &&
      (edge.to.snapshot.hasTag('failed') || edge.to.state === 'declined') &&
      edge.effects.some(({ type }) => type === 'openSession' || type === 'endSession'),
  );

interface Vouching {
  readonly principal: Principal;
  readonly at: number;
}

/** What an event tells of the person who is admitted by it; undefined for every other edge. */
function vouchedBy(edge: ModelEdge, event: string): Vouching | undefined {
  return entersState(edge, 'admitting') && edge.event.type === event ? (edge.event as unknown as Vouching) : undefined;
}

/** Whether an answer shows credentials that are older than the browser's departure. */
function isStale(principal: Principal, sentAt: number): boolean {
  if (principal.fromNewLogin !== null) return !principal.fromNewLogin;
  return principal.authenticatedAt !== null && principal.authenticatedAt < sentAt - CLOCK_SKEW_MS;
}

/** @param event the one by which the login server vouches for somebody */
export const renewIsEnforcedOn =
  (event: string): Invariant =>
  (model) =>
    forbid(model, (edge) => {
      const { renew, redirectedAt } = contextOf(edge.from);
      const told = vouchedBy(edge, event);
      return renew && told !== undefined && isStale(told.principal, redirectedAt ?? told.at);
    });

export const ageLimitIsEnforcedOn =
  (event: string): Invariant =>
  (model) =>
    forbid(model, (edge) => {
      const { renew, maxAgeMs } = contextOf(edge.from);
      const told = vouchedBy(edge, event);
      if (maxAgeMs === null || renew || told === undefined) return false;
      const { authenticatedAt, fromNewLogin } = told.principal;
      return authenticatedAt === null ? !fromNewLogin : told.at - authenticatedAt > maxAgeMs;
    });

interface Departure {
  readonly renew: boolean;
  readonly gateway: boolean;
}

/** Everywhere that the browser is sent to the login server. */
function departures(model: Model) {
  const begun = model.starts.map(({ node, effects }) => ({ node, effects, way: () => 'begin' }));
  const gone = model.edges.map((edge) => ({
    node: edge.to,
    effects: edge.effects,
    way: () => describeEdge(model, edge),
  }));
  return [...begun, ...gone].flatMap(({ node, effects, way }) =>
    effects
      .filter(({ type }) => type === 'redirectToLogin')
      .map(({ params }) => ({
        context: contextOf(node),
        params: params as Departure,
        way: `${way()}: ${node.key}`,
      })),
  );
}

const isGateway = ({ gateway, renew }: Departure) => gateway && !renew;

export const gatewayCoolsDown: Invariant = (model) =>
  departures(model)
    .filter(({ context }) => isGateway(context) && context.gatewayRecentlyDeclined)
    .map(({ way }) => way);

export const redirectAsksWhatWasAsked: Invariant = (model) =>
  departures(model)
    .filter(({ context, params }) => params.renew !== context.renew || params.gateway !== isGateway(context))
    .map(({ way }) => way);

export const onlyGatewayIsDeclined: Invariant = (model) =>
  forbidNodes(model, (node) => node.state === 'declined' && !contextOf(node).gateway);

export const loopsAreBroken: Invariant = (model) =>
  departures(model)
    .filter(({ context }) => context.recentLogins >= MAX_RECENT_LOGINS)
    .map(({ way }) => way);

/** A page that asked not to prompt never prompts, whatever the login server answers; a page that asks later may. */
export const quietLoginsStayQuiet: Invariant = (model) => {
  const quiet = model.starts.filter(({ input }) => isGateway(input as Departure)).map(({ node }) => node);
  const since = reachable(model, quiet, (edge) => edge.event.type !== 'grant.expired');
  return forbid(
    model,
    (edge) =>
      edge.event.type !== 'grant.expired' &&
      since.has(edge.from) &&
      edge.effects.some(({ type, params }) => type === 'redirectToLogin' && !(params as Departure).gateway),
  );
};

/**
 * What the login server gave is looked at once, and not again until the browser has been sent away again.
 * @param effect the one that looks at it
 */
export const judgedOnce =
  (effect: string): Invariant =>
  (model) => {
    const judged = model.edges.filter((edge) => asksFor(edge, effect)).map(({ to }) => to);
    const since = reachable(model, judged, (edge) => edge.event.type !== 'redirect.issued');
    return forbid(model, (edge) => since.has(edge.from) && asksFor(edge, effect));
  };

/** A logout ends the flow, in the states that are meant. */
export const logoutEnds =
  (isMeant: (node: ModelNode) => boolean): Invariant =>
  (model) =>
    forbid(
      model,
      (edge) =>
        edge.event.type === 'logout.requested' &&
        isActive(edge.from) &&
        isMeant(edge.from) &&
        (edge.to.state !== 'loggedOut' || !asksFor(edge, 'endSession')),
    );

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
