/** The logins of this package as the proof knows them. */
import type { EventObject } from 'xstate';
import * as cas from './safety-cas.ts';
import * as casAlphabet from './safety-cas-alphabet.ts';
import { onlyForTheAdmitted } from './safety-login.ts';
import { requestRules } from './safety-request-rules.ts';
import { rule, type Vocabulary } from './safety-rule.ts';
import { loginRules, secretRule } from './safety-rules.ts';
import * as ucam from './safety-ucam.ts';
import * as ucamAlphabet from './safety-ucam-alphabet.ts';

const typesOf = (events: readonly EventObject[], beginning: string) => [
  ...new Set(events.map(({ type }) => type).filter((type) => type.startsWith(beginning))),
];

const answersOfEveryLogin = {
  redirectToLogin: ['redirect.issued'],
  admitPrincipal: ['principal.admitted', 'principal.refused', 'principal.unchecked'],
  openSession: ['session.opened'],
  saveRequest: ['request.saved', 'request.notSaved'],
};

const known = (events: readonly EventObject[]) => new Set(events.map(({ type }) => type));

export const casLogin: Vocabulary = {
  speaks: ['return.ticket', 'validation.succeeded'],
  thorough: { inputs: casAlphabet.casInputs, events: casAlphabet.casEvents },
  brief: { inputs: casAlphabet.fewCasInputs, events: casAlphabet.fewCasEvents },
  rules: [
    ...loginRules(
      { vouching: 'validation.succeeded', judging: 'validateTicket' },
      {
        ...answersOfEveryLogin,
        validateTicket: typesOf(casAlphabet.casEvents, 'validation.'),
        claimProxyGrant: ['grant.claimed', 'grant.missing'],
      },
      known(casAlphabet.casEvents),
    ),
    ...requestRules,
    secretRule('ticket-not-kept', 'A ticket', casAlphabet.TICKET),
    rule(
      'offer-not-kept',
      [16],
      'What the server offers with a ticket is not stored',
      'Whoever reads the store could claim the proxy grant of somebody else.',
      cas.offersAreNotKept,
    ),
    rule(
      'service-unchanged',
      [4],
      'A ticket is validated for the address that it was asked for',
      'A ticket that was issued for another page, or another site, would count.',
      cas.ticketsAreJudgedByTheirAttempt,
    ),
    rule(
      'grant-for-the-admitted',
      [15],
      'A proxy grant is claimed only for people who were let in',
      'The site could act for people whom it does not serve.',
      onlyForTheAdmitted('claimProxyGrant', 'validation.succeeded'),
    ),
    rule(
      'own-grant',
      [15, 16],
      'A session has the proxy grant that was claimed for it, and no other',
      'Somebody would act with the rights of another.',
      cas.sessionsHaveTheirOwnGrant,
    ),
    rule(
      'required-grant',
      [15],
      'Where a login is worth nothing without a proxy grant there is none without',
      'Every later page would fail, one by one.',
      cas.requiredGrantsAreThere,
    ),
    rule(
      'dead-grant-forgotten',
      [12, 16],
      'A proxy grant that is dead leaves the record',
      'A new login would go on with the grant of the last one.',
      cas.expiredGrantsAreForgotten,
    ),
  ],
};

export const ucamLogin: Vocabulary = {
  speaks: ['return.reply', 'reply.verified'],
  thorough: { inputs: ucamAlphabet.ucamInputs, events: ucamAlphabet.ucamEvents },
  brief: { inputs: ucamAlphabet.fewUcamInputs, events: ucamAlphabet.fewUcamEvents },
  rules: [
    ...loginRules(
      { vouching: 'reply.verified', judging: 'verifyReply' },
      { ...answersOfEveryLogin, verifyReply: typesOf(ucamAlphabet.ucamEvents, 'reply.') },
      known(ucamAlphabet.ucamEvents),
    ),
    ...requestRules,
    secretRule('reply-not-kept', 'A reply', ucamAlphabet.REPLY),
    rule(
      'own-question',
      [2, 14],
      'A reply is judged by what its attempt sent and asked',
      'A reply to another site, browser or question would count.',
      ucam.repliesAreJudgedByTheirAttempt,
    ),
    rule(
      'departure-remembered',
      [14],
      'An attempt remembers the address and the nonce of its departure',
      'A reply to an earlier departure would count.',
      ucam.departuresAreRemembered,
    ),
    rule(
      'only-returns-verified',
      [2],
      'A reply is verified only when a browser has brought it back',
      'A reply would count that nobody has sent here.',
      ucam.onlyReturnsAreVerified,
    ),
    rule(
      'life-capped',
      [11],
      'The session at the login server caps ours',
      'People would be signed in here for longer than there.',
      ucam.lifeReachesTheSession,
    ),
    rule(
      'cancelled-is-told',
      [9],
      'A person who cancels comes to an end that says so',
      'A change of mind would look like an error, or the other way round.',
      ucam.cancellingIsItsOwnEnd,
    ),
    rule(
      'words-for-the-page',
      [9],
      'What the login server says is kept for the page about a failure only',
      'A text of a stranger would get into the session.',
      ucam.wordsAreForThePageOnly(ucamAlphabet.SAID),
    ),
  ],
};
