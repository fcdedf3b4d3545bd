/** What must hold of a login through a CAS server. What holds of every login is in `login-invariants.ts`. */
import { forbid, type Invariant, type Model } from '../support/model.ts';
import { failingAnswers } from './cas-login-model.ts';
import * as every from './login-invariants.ts';
import { entersState } from './login-invariants.ts';

export {
  expiredGrantsAreForgotten,
  offersAreNotKept,
  requiredGrantsAreThere,
  sessionsHaveTheirOwnGrant,
} from '../../machines/safety-cas.ts';
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
/** A logout takes the grant along. */
export const grantsEndWithTheSession = every.logoutEnds();
export const failingExits = (model: Model) => every.failingExits(model, failingAnswers);

/** A grant is waited for on behalf of somebody whom the application has let in. */
export const onlyAdmittedPeopleGetGrants: Invariant = (model) =>
  forbid(
    model,
    (edge) =>
      entersState(edge, 'claimingGrant') &&
      (edge.from.state !== 'admitting' || edge.event.type !== 'principal.admitted'),
  );
