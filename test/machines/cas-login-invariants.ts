import { type CasLoginInput, CLOCK_SKEW_MS, MAX_RECENT_LOGINS } from '../../machines/cas-login-vocabulary.ts';
import type { Principal, PrincipalRef, SavedRequestRef } from '../../machines/vocabulary.ts';
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
import { contextOf, failingAnswers } from './cas-login-model.ts';

const entersState = (edge: ModelEdge, state: string) => edge.to.state === state && edge.from.state !== state;
const asksFor = (edge: ModelEdge, effect: string) => edge.effects.some(({ type }) => type === effect);
const isActive = (node: ModelNode) => node.snapshot.status === 'active';
const isSame = (one: PrincipalRef, other: PrincipalRef) => one.issuer === other.issuer && one.id === other.id;

export const onlyAdmittedPeopleAreAuthenticated: Invariant = (model) =>
  forbid(
    model,
    (edge) =>
      entersState(edge, 'authenticated') &&
      (edge.from.state !== 'admitting' || edge.event.type !== 'principal.admitted') &&
      (edge.from.state !== 'claimingGrant' || !/^grant\.(claimed|missing)$/.test(edge.event.type)),
  );

/** A grant is waited for on behalf of somebody whom the application has let in. */
export const onlyAdmittedPeopleGetGrants: Invariant = (model) =>
  forbid(
    model,
    (edge) =>
      entersState(edge, 'claimingGrant') &&
      (edge.from.state !== 'admitting' || edge.event.type !== 'principal.admitted'),
  );

/** What a server offered is held for as long as it takes to claim it, and is never at rest. */
export const offersAreNotKept: Invariant = (model) =>
  forbidNodes(
    model,
    (node) => contextOf(node).grantOffer !== null && !['admitting', 'claimingGrant'].includes(node.state),
  );

/** The session points to the grant that was claimed for it, and to no other. */
export const sessionsHaveTheirOwnGrant: Invariant = (model) =>
  forbid(model, (edge) => {
    if (!entersState(edge, 'authenticated')) return false;
    const { grantId = null } = edge.event as { readonly grantId?: string };
    const opened = edge.effects.find(({ type }) => type === 'openSession')?.params as { readonly grantId: unknown };
    return opened.grantId !== grantId || contextOf(edge.to).grantId !== grantId;
  });

export const requiredGrantsAreThere: Invariant = (model) =>
  forbidNodes(
    model,
    (node) =>
      node.state === 'authenticated' && contextOf(node).proxyGrant === 'required' && contextOf(node).grantId === null,
  );

/** A logout takes the grant along. */
export const grantsEndWithTheSession: Invariant = (model) =>
  forbid(model, (edge) => {
    if (!entersState(edge, 'loggedOut')) return false;
    const ended = edge.effects.find(({ type }) => type === 'endSession')?.params as { readonly grantId: unknown };
    return ended.grantId !== contextOf(edge.from).grantId || contextOf(edge.to).grantId !== null;
  });

/** A dead grant leaves the record with the session that it belonged to. */
export const expiredGrantsAreForgotten: Invariant = (model) =>
  forbid(
    model,
    (edge) => edge.event.type === 'grant.expired' && edge.to !== edge.from && contextOf(edge.to).grantId !== null,
  );

export const theAuthenticatedAreKnown: Invariant = (model) =>
  forbidNodes(
    model,
    (node) =>
      ['admitting', 'claimingGrant', 'authenticated'].includes(node.state) && contextOf(node).principal === null,
  );

/** Where nobody is signed in nobody is named; asked of some states at a time. */
export const nobodyIsKnownIn =
  (isMeant: (node: ModelNode) => boolean): Invariant =>
  (model) =>
    forbidNodes(
      model,
      (node) =>
        isMeant(node) &&
        !['admitting', 'claimingGrant', 'authenticated'].includes(node.state) &&
        contextOf(node).principal !== null,
    );

export const failuresHaveACode: Invariant = (model) =>
  forbidNodes(model, (node) => node.state === 'failed' && contextOf(node).failure === null);

/** A quiet login that went wrong is not told to the person, but its code is kept for the journal. */
export const onlyFailuresHaveACode: Invariant = (model) =>
  forbidNodes(model, (node) => !['failed', 'declined'].includes(node.state) && contextOf(node).failure !== null);

/** Whether an answer shows credentials that are older than the browser's departure. */
function isStale(principal: Principal, sentAt: number): boolean {
  if (principal.fromNewLogin !== null) return !principal.fromNewLogin;
  return principal.authenticatedAt !== null && principal.authenticatedAt < sentAt - CLOCK_SKEW_MS;
}

export const renewIsEnforced: Invariant = (model) =>
  forbid(model, (edge) => {
    const { renew, redirectedAt } = contextOf(edge.from);
    if (!renew || !entersState(edge, 'admitting') || edge.event.type !== 'validation.succeeded') return false;
    const { principal, at } = edge.event as unknown as { readonly principal: Principal; readonly at: number };
    return isStale(principal, redirectedAt ?? at);
  });

export const ageLimitIsEnforced: Invariant = (model) =>
  forbid(model, (edge) => {
    const { renew, maxAgeMs } = contextOf(edge.from);
    if (maxAgeMs === null || !entersState(edge, 'admitting') || edge.event.type !== 'validation.succeeded')
      return false;
    const { principal, at } = edge.event as unknown as { readonly principal: Principal; readonly at: number };
    if (renew) return false;
    return principal.authenticatedAt === null ? !principal.fromNewLogin : at - principal.authenticatedAt > maxAgeMs;
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

/** What somebody sent goes on with that person's rights or not at all. */
export const savedRequestsGoToTheirOwner: Invariant = (model) =>
  forbid(model, ({ from, effects }) =>
    effects.some(({ type, params }) => {
      const { savedRequest } = params as { readonly savedRequest?: SavedRequestRef | null };
      if (type !== 'resumeRequest' || !savedRequest) return false;
      const { principal, expected } = contextOf(from);
      const owner = savedRequest.owner ?? expected;
      return principal === null || (owner !== null && !isSame(owner, principal));
    }),
  );

/** A saved request is not forgotten: once the session is open it was resumed or destroyed. */
export const savedRequestsAreSettled: Invariant = (model) =>
  forbid(model, (edge) => {
    const { savedRequest } = contextOf(edge.from);
    if (edge.event.type !== 'session.opened' || edge.from.state !== 'authenticated' || !savedRequest) return false;
    const named = edge.effects.filter(
      ({ params }) =>
        (params as { readonly savedRequest?: SavedRequestRef | null }).savedRequest?.id === savedRequest.id,
    );
    return named.length !== 1 || contextOf(edge.to).savedRequest !== null;
  });

/** After a ticket was sent to the login server none is sent again until the browser has been sent away again. */
export const ticketsAreValidatedOnce: Invariant = (model) => {
  const validated = model.edges.filter((edge) => asksFor(edge, 'validateTicket')).map(({ to }) => to);
  const since = reachable(model, validated, (edge) => edge.event.type !== 'redirect.issued');
  return forbid(model, (edge) => since.has(edge.from) && asksFor(edge, 'validateTicket'));
};

/** A page that asked not to prompt never prompts, whatever the login server answers; a page that asks later may. */
export const quietLoginsStayQuiet: Invariant = (model) => {
  const quiet = model.starts.filter(({ input }) => isGateway(input as CasLoginInput)).map(({ node }) => node);
  const since = reachable(model, quiet, (edge) => edge.event.type !== 'grant.expired');
  return forbid(
    model,
    (edge) =>
      edge.event.type !== 'grant.expired' &&
      since.has(edge.from) &&
      edge.effects.some(({ type, params }) => type === 'redirectToLogin' && !(params as Departure).gateway),
  );
};

/** How each failing answer ends, in each state that waits for an answer. */
export function failingExits(model: Model): Record<string, Record<string, readonly string[]>> {
  const exits: Record<string, Record<string, readonly string[]>> = {};
  const types = new Set<string>(failingAnswers.map(({ type }) => type));
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
