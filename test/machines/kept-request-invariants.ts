/** What must hold of the request that a login interrupts, whichever protocol the login goes by. */
import { isDeepStrictEqual } from 'node:util';
import { type LoginContext, MAX_RECENT_LOGINS, type Resumption } from '../../machines/login-vocabulary.ts';
import type { PrincipalRef, SavedRequestRef } from '../../machines/vocabulary.ts';
import { forbid, forbidNodes, type Invariant, type ModelEdge, type ModelNode, reachable } from '../support/model.ts';
import { asksFor, isSame } from './login-invariants.ts';

const contextOf = (node: ModelNode) => node.snapshot.context as LoginContext;
const ownerOf = ({ savedRequest, expected }: LoginContext) => savedRequest?.owner ?? expected;

const paramsOf = <Params>(edge: Pick<ModelEdge, 'effects'>, effect: string) =>
  edge.effects.filter(({ type }) => type === effect).map(({ params }) => params as Params);

const opensTheSession = ({ from, event }: ModelEdge) =>
  event.type === 'session.opened' && from.state === 'openingSession';

function destroys(edge: ModelEdge, savedRequest: SavedRequestRef): boolean {
  const discarded = paramsOf<{ readonly savedRequest: SavedRequestRef | null }>(edge, 'discardRequest');
  return discarded.length === 1 && isDeepStrictEqual(discarded[0]?.savedRequest, savedRequest);
}

/** What somebody sent goes on with that person's rights or not at all, and with nobody's unless it is asked whose it is. */
const requestsGoOnWithTheirOwner: Invariant = (model) => {
  const isAnothers = (node: ModelNode, owner: PrincipalRef | null) => {
    const { principal } = contextOf(node);
    return principal === null || (owner !== null && !isSame(owner, principal));
  };
  return [
    ...forbid(model, (edge) =>
      paramsOf<Resumption>(edge, 'resumeRequest').some(
        ({ savedRequest }) =>
          savedRequest !== null &&
          (edge.to.state !== 'resuming' ||
            !isDeepStrictEqual(savedRequest, contextOf(edge.from).savedRequest) ||
            isAnothers(edge.from, ownerOf(contextOf(edge.from)))),
      ),
    ),
    ...forbidNodes(model, (node) => node.state === 'resuming' && isAnothers(node, ownerOf(contextOf(node)))),
  ];
};

/** A request of somebody else is destroyed by the step that opens the session, and the person is told. */
const requestsOfOthersAreDestroyed: Invariant = (model) =>
  forbid(model, (edge) => {
    const { savedRequest, principal, returnTo } = contextOf(edge.from);
    const owner = ownerOf(contextOf(edge.from));
    if (!opensTheSession(edge) || !savedRequest || !owner || (principal && isSame(owner, principal))) return false;
    const notKept = 'ERR_SSO_REQUEST_OTHER_PERSON';
    return (
      edge.to.state !== 'authenticated' ||
      edge.to.key.includes(savedRequest.id) ||
      contextOf(edge.to).notKept !== notKept ||
      !destroys(edge, savedRequest) ||
      !isDeepStrictEqual(paramsOf(edge, 'resumeRequest'), [{ returnTo, savedRequest: null, notKept }])
    );
  });

/** A request of the person who comes back, or of nobody, is handed over and waits. */
const requestsAreHandedOver: Invariant = (model) =>
  forbid(model, (edge) => {
    const { savedRequest, principal, returnTo, notKept } = contextOf(edge.from);
    const owner = ownerOf(contextOf(edge.from));
    if (!opensTheSession(edge) || !savedRequest || (owner && !(principal && isSame(owner, principal)))) return false;
    return (
      edge.to.state !== 'resuming' ||
      !isDeepStrictEqual(edge.effects, [{ type: 'resumeRequest', params: { returnTo, savedRequest, notKept } }])
    );
  });

const SETTLED_BY = ['request.resumed', 'request.discarded', 'request.expired'];

/** A request that is kept leaves the record when it is destroyed or when its end is told, and not otherwise. */
const requestsAreNotForgotten: Invariant = (model) =>
  forbid(model, (edge) => {
    const { savedRequest } = contextOf(edge.from);
    if (savedRequest === null || isDeepStrictEqual(contextOf(edge.to).savedRequest, savedRequest)) return false;
    const isToldOf = edge.from.state === 'resuming' && SETTLED_BY.includes(edge.event.type);
    return !isToldOf && !destroys(edge, savedRequest);
  });

/** Once it has run, was thrown away, or ran out, the login is one without a request. */
const requestsEndOnce: Invariant = (model) =>
  forbid(
    model,
    ({ from, event, to, effects }) =>
      SETTLED_BY.includes(event.type) &&
      (from.state === 'resuming'
        ? to.state !== 'authenticated' || contextOf(to).savedRequest !== null
        : to !== from || effects.length > 0),
  );

const requestsThatRanOutAreTold: Invariant = (model) =>
  forbid(
    model,
    ({ from, event, to }) =>
      event.type === 'request.expired' &&
      from.state === 'resuming' &&
      contextOf(to).notKept !== 'ERR_SSO_REQUEST_EXPIRED',
  );

const logoutsDestroyRequests: Invariant = (model) =>
  forbid(model, (edge) => {
    const { savedRequest } = contextOf(edge.from);
    if (edge.event.type !== 'logout.requested' || edge.from.snapshot.status !== 'active') return false;
    return savedRequest !== null && (edge.to.state !== 'loggedOut' || !destroys(edge, savedRequest));
  });

const nothingIsKeptAfterALogout: Invariant = (model) =>
  forbidNodes(model, ({ state, key }) => state === 'loggedOut' && key.includes('saved-by-'));

/** From one departure of the person to the next, one request is kept and no second one. */
const requestsAreSavedOnce: Invariant = (model) => {
  const saved = [
    ...model.starts.filter((start) => paramsOf(start, 'saveRequest').length > 0).map(({ node }) => node),
    ...model.edges.filter((edge) => asksFor(edge, 'saveRequest')).map(({ to }) => to),
  ];
  const since = reachable(model, saved, ({ event }) => event.type !== 'grant.expired');
  const isSecond = (edge: ModelEdge) => edge.event.type !== 'grant.expired' && since.has(edge.from);
  return forbid(model, (edge) => isSecond(edge) && asksFor(edge, 'saveRequest'));
};

/** What is to be kept is kept first, for the person who was signed in: the browser leaves and the flow ends later. */
const requestsAreSavedFirst: Invariant = (model) => {
  const beginsByKeeping = (begun: Pick<ModelEdge, 'to' | 'effects'>, owner: PrincipalRef | null) =>
    begun.to.state === 'keepingRequest' &&
    isDeepStrictEqual(begun.effects, [{ type: 'saveRequest', params: { owner } }]);
  return [
    ...model.starts
      .filter(({ input }) => (input as LoginContext).keepRequest)
      .filter(({ input, node, effects }) => !beginsByKeeping({ to: node, effects }, (input as LoginContext).expected))
      .map(({ node }) => `begin: ${node.key}`),
    ...forbid(model, (edge) => {
      const { keepRequest = false } = edge.event as { readonly keepRequest?: boolean };
      if (!keepRequest || edge.from.state !== 'authenticated') return false;
      const { issuer, id } = contextOf(edge.from).principal!;
      return !beginsByKeeping(edge, { issuer, id });
    }),
    ...forbid(
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
  forbid(model, ({ from, event, to }) => {
    const {
      type,
      savedRequest = null,
      code = null,
    } = event as { type: string; savedRequest?: unknown; code?: unknown };
    if (from.state !== 'keepingRequest' || !['request.saved', 'request.notSaved'].includes(type)) return false;
    const { savedRequest: kept, notKept } = contextOf(to);
    return !isDeepStrictEqual([kept, notKept], [savedRequest, code]);
  });

/** Whether the request could be kept or not: the browser is sent away all the same, unless it loops or was just asked. */
const failedSavesStopNothing: Invariant = (model) =>
  forbid(model, (edge) => {
    const { gateway, renew, gatewayRecentlyDeclined, recentLogins } = contextOf(edge.from);
    if (edge.from.state !== 'keepingRequest' || !edge.event.type.startsWith('request.') || edge.to === edge.from)
      return false;
    const mayStop = recentLogins >= MAX_RECENT_LOGINS || (gateway && (renew || gatewayRecentlyDeclined));
    return !mayStop && (edge.to.state !== 'redirecting' || !asksFor(edge, 'redirectToLogin'));
  });

/** Wherever the person goes on, they hear why something is not sent again; and nothing but a new request ends that. */
const whatIsNotKeptIsTold: Invariant = (model) => [
  ...forbid(model, (edge) =>
    paramsOf<Resumption>(edge, 'resumeRequest').some(({ notKept }) => notKept !== contextOf(edge.to).notKept),
  ),
  ...forbid(
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
  const opened = model.edges.filter((edge) => asksFor(edge, 'openSession')).map(({ to }) => to);
  const since = reachable(model, opened, (edge) => !asksFor(edge, 'admitPrincipal'));
  const isLogin = (edge: ModelEdge) => edge.to.state === 'openingSession' && edge.from.state !== 'openingSession';
  return forbid(
    model,
    (edge) =>
      paramsOf(edge, 'openSession').length !== (isLogin(edge) ? 1 : 0) ||
      (asksFor(edge, 'openSession') && since.has(edge.from)) ||
      (opensTheSession(edge) &&
        (paramsOf(edge, 'resumeRequest').length !== 1 ||
          contextOf(edge.to).loginId !== (edge.event as { readonly loginId?: string }).loginId)),
  );
};

/** A login that fails leaves the request for the next attempt, and the page about it names it. */
const failuresNameTheRequest: Invariant = (model) => {
  const shows = ({ to, effects }: Pick<ModelEdge, 'to' | 'effects'>) => {
    const { failure, returnTo, savedRequest, notKept } = contextOf(to);
    return isDeepStrictEqual(paramsOf({ effects }, 'showFailure'), [{ failure, returnTo, savedRequest, notKept }]);
  };
  const isFailed = (node: ModelNode) => node.snapshot.hasTag('failed');
  return [
    ...model.starts
      .filter(({ node, effects }) => isFailed(node) && !shows({ to: node, effects }))
      .map(({ node }) => `begin: ${node.key}`),
    ...forbid(model, (edge) => isFailed(edge.to) && edge.to !== edge.from && !shows(edge)),
  ];
};

export const keptRequestInvariants = {
  'goes on with the rights of its owner, or of whoever says that it is theirs': requestsGoOnWithTheirOwner,
  'of somebody else is destroyed with the step that opens the session': requestsOfOthersAreDestroyed,
  'of the person who comes back is handed over, and waits': requestsAreHandedOver,
  'is never forgotten silently': requestsAreNotForgotten,
  'ends once': requestsEndOnce,
  'that ran out is told of': requestsThatRanOutAreTold,
  'is destroyed by a logout, wherever it comes': logoutsDestroyRequests,
  'is not on record after a logout': nothingIsKeptAfterALogout,
  'is kept once between two departures of the person': requestsAreSavedOnce,
  'is kept before anything else, for the person who was signed in': requestsAreSavedFirst,
  'is remembered as the store says': savesAreRemembered,
  'that cannot be kept does not stop the login': failedSavesStopNothing,
  'that is not kept is told of': whatIsNotKeptIsTold,
  'is what a login waits with, and nothing else': onlyRequestsAreWaitedFor,
  'waits for one session, opened once': sessionsAreOpenedOnce,
  'outlives a failure, whose page names it': failuresNameTheRequest,
} satisfies Readonly<Record<string, Invariant>>;
