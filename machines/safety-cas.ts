/** What must hold of a login through a CAS server, beside what holds of every login. */
import type { CasLoginContext } from './cas-login-vocabulary.ts';
import { forbid, forbidNodes, type Invariant } from './safety-findings.ts';
import { isAtRest } from './safety-generic.ts';
import { asksFor, paramsOf } from './safety-login.ts';
import type { ModelEdge, ModelNode } from './safety-model.ts';

const contextOf = (node: ModelNode) => node.snapshot.context as CasLoginContext;

/** What a server offered is held for as long as it takes to claim it, and is never at rest. */
export const offersAreNotKept: Invariant = (model) =>
  forbidNodes(
    model,
    (node) => contextOf(node).grantOffer !== null && (isAtRest(node) || node.snapshot.status !== 'active'),
    'what the server offered with the ticket is stored',
  );

/** A flow has the grant that was claimed for it, and no other: it comes by the answer of the claim, and in no other way. */
export const sessionsHaveTheirOwnGrant: Invariant = (model) => {
  const claiming = new Set(model.steps.filter((edge) => asksFor(edge, 'claimProxyGrant')).map(({ to }) => to));
  const isClaimed = ({ from, event }: ModelEdge, grantId: string) =>
    claiming.has(from) &&
    event.type === 'grant.claimed' &&
    (event as { readonly grantId?: string }).grantId === grantId;
  return forbid(
    model,
    (edge) => {
      const { grantId } = contextOf(edge.to);
      const isStrange = grantId !== null && grantId !== contextOf(edge.from).grantId && !isClaimed(edge, grantId);
      const isLost = edge.event.type === 'grant.claimed' && claiming.has(edge.from) && !isClaimed(edge, grantId ?? '');
      const opened = paramsOf<{ readonly grantId: unknown }>(edge, 'openSession');
      return isStrange || isLost || opened.some((session) => session.grantId !== grantId);
    },
    'a session has another grant than the one that was claimed for it',
  );
};

export const requiredGrantsAreThere: Invariant = (model) =>
  forbid(
    model,
    (edge) =>
      asksFor(edge, 'openSession') &&
      contextOf(edge.to).proxyGrant === 'required' &&
      contextOf(edge.to).grantId === null,
    'a login that is worth nothing without a proxy grant goes on without one',
  );

/** A dead grant leaves the record with the session that it belonged to. */
export const expiredGrantsAreForgotten: Invariant = (model) =>
  forbid(
    model,
    (edge) => edge.event.type === 'grant.expired' && edge.to !== edge.from && contextOf(edge.to).grantId !== null,
    'a grant that is dead stays on record',
  );

/** The ticket is validated for the very address that the browser was sent away with (CAS 2.5.1). */
export const ticketsAreJudgedByTheirAttempt: Invariant = (model) =>
  forbid(
    model,
    (edge) =>
      paramsOf<{ readonly service: unknown; readonly renew: unknown }>(edge, 'validateTicket').some(
        ({ service, renew }) =>
          service === null || service !== contextOf(edge.from).service || renew !== contextOf(edge.from).renew,
      ),
    'a ticket is validated for another address, or another question, than it was asked for',
  );
