import type { EventObject } from 'xstate';
import type { CasLoginContext } from '../../machines/cas-login-vocabulary.ts';
import {
  casEvents,
  casFailingAnswers,
  casInputs,
  casPeople,
  fewCasEvents,
  fewCasInputs,
  freshPrincipals,
} from '../../machines/safety-cas-alphabet.ts';
import { keepingEvents, vouchedFor as named } from '../../machines/safety-people.ts';
import type { Principal, PrincipalRef } from '../../machines/vocabulary.ts';
import { FOREIGN_EVENTS, type ModelNode } from '../support/model.ts';

export {
  casPeople as people,
  freshPrincipals,
  GRANT_OFFER,
  grantExpired,
  plainCasInput as plainInput,
  silentPrincipal,
  stalePrincipals,
  TICKET,
} from '../../machines/safety-cas-alphabet.ts';
export { ANSWERED_AT as VALIDATED_AT, SENT_AT } from '../../machines/safety-people.ts';

export const { alice, bob, otherAlice } = casPeople;

/** A person as the login server describes them in one answer. */
export const vouchedFor = (person: PrincipalRef, at: number | null, fromNewLogin: boolean | null): Principal =>
  named('cas', person, at, fromNewLogin);

export const failingAnswers = [
  ...casFailingAnswers,
  { type: 'principal.refused' },
  { type: 'principal.unchecked', detail: 'TypeError' },
] as const;

export const inputs = casInputs;
/** Everything that may arrive: what the machine declares, and what it must not react to. */
export const events: readonly EventObject[] = [...casEvents, ...FOREIGN_EVENTS];

/** Enough of both for a machine that is broken on purpose, where one wrong step is to be found and not all of them. */
export const fewInputs = fewCasInputs;
export const fewEvents: readonly EventObject[] = [
  ...fewCasEvents,
  ...casEvents.filter((event) => event.type === 'validation.succeeded' && event.principal === freshPrincipals[1]),
  ...keepingEvents(casPeople),
  ...FOREIGN_EVENTS,
];

export function contextOf(node: ModelNode): CasLoginContext {
  return node.snapshot.context as CasLoginContext;
}
