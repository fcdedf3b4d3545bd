/** What must hold of a login by Ucam-WebAuth. What holds of every login is in `login-invariants.ts`. */
import { wordsAreForThePageOnly as wordsAre } from '../../machines/safety-ucam.ts';
import { forbid, type Invariant } from '../support/model.ts';
import * as every from './login-invariants.ts';
import { entersState } from './login-invariants.ts';
import { contextOf, SAID } from './ucam-login-model.ts';

export {
  cancellingIsItsOwnEnd,
  departuresAreRemembered,
  lifeReachesTheSession,
  onlyReturnsAreVerified,
  repliesAreJudgedByTheirAttempt,
} from '../../machines/safety-ucam.ts';

export const onlyAdmittedPeopleAreAuthenticated = every.sessionsOpenedOnlyFrom({ admitting: /^principal\.admitted$/ });
export const renewIsEnforced = every.renewIsEnforcedOn('reply.verified');
export const ageLimitIsEnforced = every.ageLimitIsEnforcedOn('reply.verified');
export const repliesAreVerifiedOnce = every.judgedOnce('verifyReply');
export const wordsAreForThePageOnly = wordsAre(SAID);

/** Whoever is admitted is whom the reply names, to the letter. */
export const theAdmittedAreTheOnesVouchedFor: Invariant = (model) =>
  forbid(model, (edge) => {
    if (!entersState(edge, 'admitting')) return false;
    const { principal: told } = edge.event as { readonly principal?: { readonly issuer: string; readonly id: string } };
    const { principal } = contextOf(edge.to);
    return told === undefined || told.issuer !== principal?.issuer || told.id !== principal.id;
  });
