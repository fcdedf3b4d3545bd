import type { EventObject } from 'xstate';
import { vouchedFor as named } from '../../machines/safety-people.ts';
import {
  fewUcamEvents,
  fewUcamInputs,
  ucamEvents,
  ucamFailingAnswers,
  ucamInputs,
  ucamPeople,
} from '../../machines/safety-ucam-alphabet.ts';
import type { UcamLoginContext } from '../../machines/ucam-login-vocabulary.ts';
import type { Principal, PrincipalRef } from '../../machines/vocabulary.ts';
import { FOREIGN_EVENTS, type ModelNode } from '../support/model.ts';

export { ANSWERED_AT as VERIFIED_AT, HOUR, SENT_AT } from '../../machines/safety-people.ts';
export {
  DEPARTURES,
  interactive,
  plainUcamInput as plainInput,
  REPLY,
  SAID,
  singleSignOn,
  ucamPeople as people,
} from '../../machines/safety-ucam-alphabet.ts';

export const { alice, bob, otherAlice } = ucamPeople;

/** A person as a reply names them. */
export const vouchedFor = (person: PrincipalRef, at: number | null, fromNewLogin: boolean | null): Principal =>
  named('ucam', person, at, fromNewLogin);

export const failingAnswers = [
  ...ucamFailingAnswers,
  { type: 'principal.refused' },
  { type: 'principal.unchecked', detail: 'TypeError' },
] as const;

export const inputs = ucamInputs;
/** Everything that may arrive: what the machine declares, and what it must not react to. */
export const events: readonly EventObject[] = [...ucamEvents, ...FOREIGN_EVENTS, { type: 'validation.succeeded' }];

/** Enough of both for a machine that is broken on purpose, where one wrong step is to be found and not all of them. */
export const fewInputs = fewUcamInputs;
export const fewEvents: readonly EventObject[] = [...fewUcamEvents, ...FOREIGN_EVENTS];

export function contextOf(node: ModelNode): UcamLoginContext {
  return node.snapshot.context as UcamLoginContext;
}
