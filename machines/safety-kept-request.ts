/** What must hold of keeping the request that a login interrupts, and of the login that goes on beside it. */
import { type LoginContext, MAX_RECENT_LOGINS, type Resumption } from './login-vocabulary.ts';
import {
  forbidAfter,
  forbidNodes,
  forbidOutcomes,
  forbidStarts,
  type Invariant,
  isEqual,
  reachable,
} from './safety-findings.ts';
import * as ends from './safety-kept-request-end.ts';
import { asksFor, paramsOf } from './safety-login.ts';
import type { ModelEdge, ModelNode } from './safety-model.ts';
import { openingOf } from './safety-opening.ts';
import type { PrincipalRef } from './vocabulary.ts';

const contextOf = (node: ModelNode) => node.snapshot.context as LoginContext;

/** From one departure of the person to the next, one request is kept and no second one. */
const requestsAreSavedOnce: Invariant = (model) => {
  const begun = model.starts.filter((start) => paramsOf(start, 'saveRequest').length > 0).map(({ node }) => node);
  const saved = model.steps.filter((edge) => asksFor(edge, 'saveRequest'));
  const since = reachable(model, [...begun, ...saved], ({ event }) => event.type !== 'grant.expired');
  return forbidAfter(
    model,
    since,
    (edge) => edge.event.type !== 'grant.expired' && asksFor(edge, 'saveRequest'),
    'a request is kept for the second time',
  );
};

/** What is to be kept is kept first, for the person who was signed in: the browser leaves and the flow ends later. */
const requestsAreSavedFirst: Invariant = (model) => {
  const beginsByKeeping = (begun: Pick<ModelEdge, 'to' | 'effects'>, owner: PrincipalRef | null) =>
    begun.to.state === 'keepingRequest' && isEqual(begun.effects, [{ type: 'saveRequest', params: { owner } }]);
  return [
    ...forbidStarts(
      model,
      ({ input, node, effects }) =>
        (input as LoginContext).keepRequest &&
        !beginsByKeeping({ to: node, effects }, (input as LoginContext).expected),
    ),
    ...forbidOutcomes(model, (edge) => {
      const { keepRequest = false } = edge.event as { readonly keepRequest?: boolean };
      if (!keepRequest || edge.from.state !== 'authenticated') return false;
      const { principal } = contextOf(edge.from);
      return principal === null || !beginsByKeeping(edge, { issuer: principal.issuer, id: principal.id });
    }),
    ...forbidOutcomes(
      model,
      ({ from, event, to }) =>
        from.state === 'keepingRequest' &&
        to !== from &&
        !['request.saved', 'request.notSaved', 'logout.requested'].includes(event.type),
    ),
    ...forbidNodes(model, (node) => node.state !== 'keepingRequest' && contextOf(node).keepRequest),
  ];
};

/** What the store says of the request is on record when the browser leaves. */
const savesAreRemembered: Invariant = (model) =>
  forbidOutcomes(model, ({ from, event, to }) => {
    const {
      type,
      savedRequest = null,
      code = null,
    } = event as { type: string; savedRequest?: unknown; code?: unknown };
    if (from.state !== 'keepingRequest' || !['request.saved', 'request.notSaved'].includes(type)) return false;
    const { savedRequest: kept, notKept } = contextOf(to);
    return !isEqual([kept, notKept], [savedRequest, code]);
  });

/** Whether the request could be kept or not: the login goes on all the same, unless it loops or was just asked. */
const failedSavesStopNothing: Invariant = (model) =>
  forbidOutcomes(model, (edge) => {
    const { gateway, renew, gatewayRecentlyDeclined, recentLogins } = contextOf(edge.from);
    if (edge.from.state !== 'keepingRequest' || !edge.event.type.startsWith('request.') || edge.to === edge.from)
      return false;
    const mayStop = recentLogins >= MAX_RECENT_LOGINS || (gateway && (renew || gatewayRecentlyDeclined));
    return !mayStop && edge.to.snapshot.status !== 'active';
  });

/** Wherever the person goes on, they hear why something is not sent again; and nothing but a new request ends that. */
const whatIsNotKeptIsTold: Invariant = (model) => [
  ...forbidOutcomes(model, (edge) =>
    paramsOf<Resumption>(edge, 'resumeRequest').some(({ notKept }) => notKept !== contextOf(edge.to).notKept),
  ),
  ...forbidOutcomes(
    model,
    ({ from, event, to }) =>
      contextOf(from).notKept !== null &&
      contextOf(to).notKept === null &&
      !['request.saved', 'grant.expired'].includes(event.type),
  ),
];

const onlyRequestsAreWaitedFor: Invariant = (model) => [
  ...forbidNodes(model, (node) => node.state === 'resuming' && contextOf(node).savedRequest === null),
  ...forbidNodes(model, (node) => node.state === 'authenticated' && contextOf(node).savedRequest !== null),
];

/** Each login opens one session, and the person goes on from there. */
const sessionsAreOpenedOnce: Invariant = (model) => {
  const opened = model.steps.filter((edge) => asksFor(edge, 'openSession'));
  const since = reachable(model, opened, (edge) => !asksFor(edge, 'admitPrincipal'));
  const { isLogin, opensTheSession } = openingOf(model);
  return forbidOutcomes(
    model,
    (edge) =>
      paramsOf(edge, 'openSession').length !== (isLogin(edge) ? 1 : 0) ||
      (asksFor(edge, 'openSession') && since.has(edge.from)) ||
      (edge.event.type === 'session.opened' && edge.to !== edge.from && !opensTheSession(edge)) ||
      (opensTheSession(edge) &&
        (paramsOf(edge, 'resumeRequest').length !== 1 ||
          contextOf(edge.to).loginId !== (edge.event as { readonly loginId?: string }).loginId)),
  );
};

/** A login that fails leaves the request for the next attempt, and the page about it names it. */
const failuresNameTheRequest: Invariant = (model) => {
  const shows = ({ to, effects }: Pick<ModelEdge, 'to' | 'effects'>) => {
    const { failure, returnTo, savedRequest, notKept } = contextOf(to);
    return isEqual(paramsOf({ effects }, 'showFailure'), [{ failure, returnTo, savedRequest, notKept }]);
  };
  const isFailed = (node: ModelNode) => node.snapshot.hasTag('failed');
  return [
    ...forbidStarts(model, ({ node, effects }) => isFailed(node) && !shows({ to: node, effects })),
    ...forbidOutcomes(model, (edge) => isFailed(edge.to) && edge.to !== edge.from && !shows(edge)),
  ];
};

export const keptRequestInvariants = {
  'goes on with the rights of its owner, or of whoever says that it is theirs': ends.requestsGoOnWithTheirOwner,
  'of somebody else is destroyed with the step that opens the session': ends.requestsOfOthersAreDestroyed,
  'of the person who comes back is handed over, and waits': ends.requestsAreHandedOver,
  'is never forgotten silently': ends.requestsAreNotForgotten,
  'ends once': ends.requestsEndOnce,
  'that ran out is told of': ends.requestsThatRanOutAreTold,
  'is destroyed by a logout, wherever it comes': ends.logoutsDestroyRequests,
  'is not on record after a logout': ends.nothingIsKeptAfterALogout,
  'is kept once between two departures of the person': requestsAreSavedOnce,
  'is kept before anything else, for the person who was signed in': requestsAreSavedFirst,
  'is remembered as the store says': savesAreRemembered,
  'that cannot be kept does not stop the login': failedSavesStopNothing,
  'that is not kept is told of': whatIsNotKeptIsTold,
  'is what a login waits with, and nothing else': onlyRequestsAreWaitedFor,
  'waits for one session, opened once': sessionsAreOpenedOnce,
  'outlives a failure, whose page names it': failuresNameTheRequest,
} satisfies Readonly<Record<string, Invariant>>;
