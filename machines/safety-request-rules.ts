/** The invariants of the request that a login interrupts, by name. */
import { keptRequestInvariants } from './safety-kept-request.ts';
import { rule, type SafetyRule } from './safety-rule.ts';

function kept(id: string, what: keyof typeof keptRequestInvariants, message: string, why: string): SafetyRule {
  const check = keptRequestInvariants[what];
  return rule(`request-${id}`, [19], `A kept request ${what}`, why, (model) =>
    check(model).map((finding) => ({ ...finding, message })),
  );
}

/** What holds of the request that a login interrupts. */
export const requestRules: readonly SafetyRule[] = [
  kept(
    'own-rights',
    'goes on with the rights of its owner, or of whoever says that it is theirs',
    'it goes on with the rights of somebody else',
    'What one person sent would be done in the name of another.',
  ),
  kept(
    'others-destroyed',
    'of somebody else is destroyed with the step that opens the session',
    'it is not destroyed, or nobody is told',
    'It would lie in the browser of somebody whom it does not concern.',
  ),
  kept(
    'handed-over',
    'of the person who comes back is handed over, and waits',
    'it is not handed over',
    'The person would have to write it all again.',
  ),
  kept(
    'not-forgotten',
    'is never forgotten silently',
    'the flow forgets it, and it is not destroyed',
    'It would be lost without a word, or lie in the store for ever.',
  ),
  kept('ends-once', 'ends once', 'the login still waits for it, or goes elsewhere', 'It would run twice.'),
  kept('expiry-told', 'that ran out is told of', 'nobody is told', 'The person would think that it was done.'),
  kept(
    'ends-with-logout',
    'is destroyed by a logout, wherever it comes',
    'it is still there',
    'The next person at this browser could send it.',
  ),
  kept(
    'gone-after-logout',
    'is not on record after a logout',
    'the record still names it',
    'The record of a session that has ended would lead to it.',
  ),
  kept(
    'kept-once',
    'is kept once between two departures of the person',
    'it is kept for the second time',
    'A store that fails would be asked again and again.',
  ),
  kept(
    'kept-first',
    'is kept before anything else, for the person who was signed in',
    'it is not, or it is kept for somebody else',
    'It would be lost, or belong to whoever comes.',
  ),
  kept(
    'remembered',
    'is remembered as the store says',
    'the flow remembers something else',
    'Nobody would find it again.',
  ),
  kept(
    'stops-nothing',
    'that cannot be kept does not stop the login',
    'the login ends',
    'A store that is full would keep everybody out.',
  ),
  kept(
    'loss-told',
    'that is not kept is told of',
    'the person is not told, or told something else',
    'The person would think that it was done.',
  ),
  kept(
    'waited-for',
    'is what a login waits with, and nothing else',
    'the login waits for nothing, or does not wait for it',
    'A page would wait for something that is not there.',
  ),
  kept(
    'one-session',
    'waits for one session, opened once',
    'there is no session, or a second one',
    'The session of the person would be another one than the record says.',
  ),
  kept(
    'outlives-failure',
    'outlives a failure, whose page names it',
    'the page does not name it',
    'One mistyped password would cost what was written.',
  ),
];
