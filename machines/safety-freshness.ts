/** What must hold of the age of a login: what was demanded is enforced when the answer comes. */
import { CLOCK_SKEW_MS, type LoginContext } from './login-vocabulary.ts';
import { forbid, type Invariant } from './safety-findings.ts';
import type { ModelEdge, ModelNode } from './safety-model.ts';
import type { Principal } from './vocabulary.ts';

const contextOf = (node: ModelNode) => node.snapshot.context as LoginContext;

interface Vouching {
  readonly principal: Principal;
  readonly at: number;
}

/** What an event tells of the person whom the flow is about by it; undefined for every other edge. */
function vouchedBy(edge: ModelEdge, event: string): Vouching | undefined {
  const isAccepted = edge.event.type === event && edge.to !== edge.from && contextOf(edge.to).principal !== null;
  return isAccepted ? (edge.event as unknown as Vouching) : undefined;
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
    forbid(
      model,
      (edge) => {
        const { renew, redirectedAt } = contextOf(edge.from);
        const told = vouchedBy(edge, event);
        return renew && told !== undefined && isStale(told.principal, redirectedAt ?? told.at);
      },
      'credentials were demanded, and an older login is accepted',
    );

export const ageLimitIsEnforcedOn =
  (event: string): Invariant =>
  (model) =>
    forbid(
      model,
      (edge) => {
        const { renew, maxAgeMs } = contextOf(edge.from);
        const told = vouchedBy(edge, event);
        if (maxAgeMs === null || renew || told === undefined) return false;
        const { authenticatedAt, fromNewLogin } = told.principal;
        return authenticatedAt === null ? !fromNewLogin : told.at - authenticatedAt > maxAgeMs;
      },
      'a login past the age limit, or of unknown age, is accepted',
    );
