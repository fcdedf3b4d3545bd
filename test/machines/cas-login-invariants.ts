/** What must hold of a login through a CAS server. What holds of every login is in `login-invariants.ts`. */
import { forbid, forbidNodes, type Invariant, type Model } from '../support/model.ts';
import { contextOf, failingAnswers } from './cas-login-model.ts';
import * as every from './login-invariants.ts';
import { entersState } from './login-invariants.ts';

export {
  failuresHaveACode,
  gatewayCoolsDown,
  logoutEnds,
  loopsAreBroken,
  nobodyIsKnownIn,
  nothingFollowsALogout,
  onlyFailuresHaveACode,
  onlyGatewayIsDeclined,
  quietLoginsStayQuiet,
  redirectAsksWhatWasAsked,
  theAuthenticatedAreKnown,
} from './login-invariants.ts';

export const onlyAdmittedPeopleAreAuthenticated = every.sessionsOpenedOnlyFrom({
  admitting: /^principal\.admitted$/,
  claimingGrant: /^grant\.(claimed|missing)$/,
});
export const renewIsEnforced = every.renewIsEnforcedOn('validation.succeeded');
export const ageLimitIsEnforced = every.ageLimitIsEnforcedOn('validation.succeeded');
export const ticketsAreValidatedOnce = every.judgedOnce('validateTicket');
export const failingExits = (model: Model) => every.failingExits(model, failingAnswers);

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
    if (!entersState(edge, 'openingSession')) return false;
    const { grantId = null } = edge.event as { readonly grantId?: string };
    const opened = edge.effects.find(({ type }) => type === 'openSession')?.params as { readonly grantId: unknown };
    return opened.grantId !== grantId || contextOf(edge.to).grantId !== grantId;
  });

export const requiredGrantsAreThere: Invariant = (model) =>
  forbidNodes(
    model,
    (node) =>
      ['openingSession', 'resuming', 'authenticated'].includes(node.state) &&
      contextOf(node).proxyGrant === 'required' &&
      contextOf(node).grantId === null,
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
