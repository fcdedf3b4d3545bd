/** What must hold of the machines of proxy tickets: calls on somebody's behalf, the callback, and the asking for tickets. */
import type { ProxiedCallContext } from './proxied-call.ts';
import {
  findingOf,
  forbid,
  forbidNodes,
  forbidReached,
  type Invariant,
  isEqual,
  reachable,
} from './safety-findings.ts';
import { asksFor, paramsOf } from './safety-login.ts';
import type { Model, ModelNode } from './safety-model.ts';

const callOf = (node: ModelNode) => node.snapshot.context as ProxiedCallContext;
const startsOf = (model: Model) => model.starts.map(({ node }) => node);
const hasWorked = ({ snapshot }: ModelNode) => snapshot.status === 'done' && !snapshot.hasTag('failed');

/** An end that is none of the failures is reached only by way of an event. */
export const worksOnlyThrough =
  (event: string): Invariant =>
  (model) => {
    const without = reachable(model, startsOf(model), (edge) => edge.event.type !== event);
    return forbidReached(model, without, hasWorked, `it works, without ${event}`);
  };

/** The call runs for the person of the ticket, with the whole chain that was vouched for; a refused one for nobody. */
export const callsAreForTheOneVouchedFor: Invariant = (model) => [
  ...forbid(
    model,
    ({ from, event, to }) => {
      const { principal, proxies } = callOf(to);
      if (isEqual([principal, proxies], [callOf(from).principal, callOf(from).proxies])) return false;
      const told = event as { readonly principal?: unknown; readonly proxies?: unknown };
      return event.type !== 'call.vouchedFor' || !isEqual([principal, proxies], [told.principal, told.proxies]);
    },
    'a call is for somebody, or through hands, that the answer does not name',
  ),
  ...forbidNodes(
    model,
    (node) => hasWorked(node) && (callOf(node).principal === null || callOf(node).failure !== null),
    'a call runs for nobody, or although it failed',
  ),
  ...forbidNodes(
    model,
    (node) => node.snapshot.hasTag('failed') && (callOf(node).principal !== null || callOf(node).grantId !== null),
    'a call that is refused is for somebody',
  ),
];

export const callsAreValidatedOnce: Invariant = (model) => {
  const since = reachable(
    model,
    model.steps.filter((edge) => asksFor(edge, 'validateProxyTicket')),
    () => true,
  );
  return model.steps
    .filter((edge) => since.has(edge.from) && asksFor(edge, 'validateProxyTicket'))
    .map((edge) => {
      const { start, edges } = since.wayTo(edge.from);
      return findingOf({ start, edges: [...edges, edge] }, 'a proxy ticket is validated for the second time');
    });
};

/** A grant is claimed where one is wanted, for the person of the call, and comes by the answer of the claim. */
export const callsHaveTheirOwnGrant: Invariant = (model) => [
  ...forbid(
    model,
    (edge) => {
      const { wantsGrant, principal } = callOf(edge.to);
      return paramsOf<{ readonly principal: unknown }>(edge, 'claimProxyGrant').some(
        (claimed) => !wantsGrant || principal === null || !isEqual(claimed.principal, principal),
      );
    },
    'a grant is claimed that is not wanted, or for nobody',
  ),
  ...forbid(
    model,
    ({ from, event, to }) =>
      callOf(to).grantId !== callOf(from).grantId &&
      (event.type !== 'grant.claimed' || (event as { readonly grantId?: unknown }).grantId !== callOf(to).grantId),
    'a call has a grant that was not claimed for it',
  ),
];

/** The callback is acknowledged once, and after what was delivered is durable; a probe stores nothing. */
export const deliveriesAreDurable: Invariant = (model) => {
  const acknowledges = (effects: Parameters<typeof paramsOf>[0]) =>
    paramsOf<{ readonly status: number }>(effects, 'answerCallback').some(({ status }) => status === 200);
  const stored = new Set(['callback.probed', 'grant.stored', 'grant.known']);
  const storing = reachable(
    model,
    model.steps.filter((edge) => asksFor(edge, 'storeDelivery')),
    () => true,
  );
  return [
    ...forbid(
      model,
      (edge) => acknowledges(edge) && (!stored.has(edge.event.type) || edge.to.snapshot.status !== 'done'),
      'a delivery is acknowledged that is not stored',
    ),
    ...forbid(
      model,
      (edge) => acknowledges(edge) && edge.event.type !== 'callback.probed' && !storing.has(edge.from),
      'a delivery is acknowledged that nobody was asked to store',
    ),
    ...forbid(
      model,
      (edge) => asksFor(edge, 'storeDelivery') && edge.event.type !== 'callback.delivered',
      'something is stored that was not delivered',
    ),
    ...forbid(
      model,
      (edge) =>
        edge.from.snapshot.status === 'active' &&
        edge.to.snapshot.status === 'done' &&
        paramsOf(edge, 'answerCallback').length !== 1,
      'a call has no answer, or two',
    ),
  ];
};

const DEAD_GRANT = new Set(['grant.rejected', 'grant.missing']);

/** A login is asked for, and the grant thrown away, only where the grant is gone: a missing permission is no reason. */
export const onlyDeadGrantsAreDiscarded: Invariant = (model) =>
  forbid(
    model,
    (edge) => asksFor(edge, 'discardGrant') && !DEAD_GRANT.has(edge.event.type),
    'a grant is thrown away that may be alive',
  );

/** Tickets are asked for with the grant of the login, for the service that was named; and not without a grant. */
export const ticketsAreAskedForWithTheGrant: Invariant = (model) => {
  const isWrong = (effects: Parameters<typeof paramsOf>[0], node: ModelNode) => {
    const { grantId, service } = node.snapshot.context as { readonly grantId: unknown; readonly service: unknown };
    return ['requestTicket', 'lookAgain'].some((effect) =>
      paramsOf<{ readonly grantId: unknown; readonly service: unknown }>(effects, effect).some(
        (asked) => asked.grantId === null || asked.grantId !== grantId || asked.service !== service,
      ),
    );
  };
  const message = 'a ticket is asked for without the grant of the login, or for another service';
  return [
    ...model.starts
      .filter((start) => isWrong(start, start.node))
      .map((start) => findingOf({ start, edges: [] }, message)),
    ...forbid(model, (edge) => isWrong(edge, edge.to), message),
  ];
};
