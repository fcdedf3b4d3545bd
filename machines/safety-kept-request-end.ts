/** What must hold of the end of a request that a login interrupted: whose rights it runs with, and that it runs once. */
import type { LoginContext, Resumption } from './login-vocabulary.ts';
import { forbidNodes, forbidOutcomes, forbidStarts, type Invariant, isEqual } from './safety-findings.ts';
import { isSame, paramsOf } from './safety-login.ts';
import type { ModelEdge, ModelNode } from './safety-model.ts';
import { openingOf } from './safety-opening.ts';
import type { PrincipalRef, SavedRequestRef } from './vocabulary.ts';

const contextOf = (node: ModelNode) => node.snapshot.context as LoginContext;
const ownerOf = ({ savedRequest, expected }: LoginContext) => savedRequest?.owner ?? expected;

function destroys(edge: Pick<ModelEdge, 'effects'>, savedRequest: SavedRequestRef): boolean {
  const discarded = paramsOf<{ readonly savedRequest: SavedRequestRef | null }>(edge, 'discardRequest');
  return discarded.length === 1 && isEqual(discarded[0]?.savedRequest, savedRequest);
}

/** What somebody sent goes on with that person's rights or not at all, and with nobody's unless it is asked whose it is. */
export const requestsGoOnWithTheirOwner: Invariant = (model) => {
  const isAnothers = (node: ModelNode, owner: PrincipalRef | null) => {
    const { principal } = contextOf(node);
    return principal === null || (owner !== null && !isSame(owner, principal));
  };
  return [
    ...forbidOutcomes(model, (edge) =>
      paramsOf<Resumption>(edge, 'resumeRequest').some(
        ({ savedRequest }) =>
          savedRequest !== null &&
          (edge.to.state !== 'resuming' ||
            !isEqual(savedRequest, contextOf(edge.from).savedRequest) ||
            isAnothers(edge.from, ownerOf(contextOf(edge.from)))),
      ),
    ),
    ...forbidNodes(model, (node) => node.state === 'resuming' && isAnothers(node, ownerOf(contextOf(node)))),
  ];
};

/** A request of somebody else is destroyed by the step that opens the session, and the person is told. */
export const requestsOfOthersAreDestroyed: Invariant = (model) => {
  const { opensTheSession } = openingOf(model);
  return forbidOutcomes(model, (edge) => {
    const { savedRequest, principal, returnTo } = contextOf(edge.from);
    const owner = ownerOf(contextOf(edge.from));
    if (!opensTheSession(edge) || !savedRequest || !owner || (principal && isSame(owner, principal))) return false;
    const notKept = 'ERR_SSO_REQUEST_OTHER_PERSON';
    return (
      edge.to.state !== 'authenticated' ||
      edge.to.key.includes(savedRequest.id) ||
      contextOf(edge.to).notKept !== notKept ||
      !destroys(edge, savedRequest) ||
      !isEqual(paramsOf(edge, 'resumeRequest'), [{ returnTo, savedRequest: null, notKept }])
    );
  });
};

/** A request of the person who comes back, or of nobody, is handed over and waits. */
export const requestsAreHandedOver: Invariant = (model) => {
  const { opensTheSession } = openingOf(model);
  return forbidOutcomes(model, (edge) => {
    const { savedRequest, principal, returnTo, notKept } = contextOf(edge.from);
    const owner = ownerOf(contextOf(edge.from));
    if (!opensTheSession(edge) || !savedRequest || (owner && !(principal && isSame(owner, principal)))) return false;
    return (
      edge.to.state !== 'resuming' ||
      !isEqual(edge.effects, [{ type: 'resumeRequest', params: { returnTo, savedRequest, notKept } }])
    );
  });
};

const SETTLED_BY = ['request.resumed', 'request.discarded', 'request.expired'];

/** A request that is kept leaves the record when it is destroyed or when its end is told, and not otherwise. */
export const requestsAreNotForgotten: Invariant = (model) => [
  ...forbidStarts(model, ({ input, node, effects }) => {
    const { savedRequest } = input as LoginContext;
    if (savedRequest === null || isEqual(contextOf(node).savedRequest, savedRequest)) return false;
    return !destroys({ effects }, savedRequest);
  }),
  ...forbidOutcomes(model, (edge) => {
    const { savedRequest } = contextOf(edge.from);
    if (savedRequest === null || isEqual(contextOf(edge.to).savedRequest, savedRequest)) return false;
    const isToldOf = edge.from.state === 'resuming' && SETTLED_BY.includes(edge.event.type);
    return !isToldOf && !destroys(edge, savedRequest);
  }),
];

/** Once it has run, was thrown away, or ran out, the login is one without a request. */
export const requestsEndOnce: Invariant = (model) =>
  forbidOutcomes(
    model,
    ({ from, event, to, effects }) =>
      SETTLED_BY.includes(event.type) &&
      (from.state === 'resuming'
        ? to.state !== 'authenticated' || contextOf(to).savedRequest !== null
        : to !== from || effects.length > 0),
  );

export const requestsThatRanOutAreTold: Invariant = (model) =>
  forbidOutcomes(
    model,
    ({ from, event, to }) =>
      event.type === 'request.expired' &&
      from.state === 'resuming' &&
      contextOf(to).notKept !== 'ERR_SSO_REQUEST_EXPIRED',
  );

export const logoutsDestroyRequests: Invariant = (model) =>
  forbidOutcomes(model, (edge) => {
    const { savedRequest } = contextOf(edge.from);
    if (edge.event.type !== 'logout.requested' || edge.from.snapshot.status !== 'active') return false;
    return savedRequest !== null && (edge.to.state !== 'loggedOut' || !destroys(edge, savedRequest));
  });

export const nothingIsKeptAfterALogout: Invariant = (model) =>
  forbidNodes(model, ({ state, key }) => state === 'loggedOut' && key.includes('saved-by-'));
