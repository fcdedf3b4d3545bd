/** What a login by Ucam-WebAuth may begin with, and everything that may arrive. */
import {
  ANSWERED_AT,
  askingInputs,
  fewAskingInputs,
  HOUR,
  keepingEvents,
  keepingInputs,
  loginEvents,
  type People,
  plainLogin,
  SENT_AT,
  vouchedFor,
} from './safety-people.ts';
import type { UcamLoginEvent, UcamLoginInput } from './ucam-login-vocabulary.ts';
import type { Principal } from './vocabulary.ts';

/** The one reply; no snapshot may hold it. */
export const REPLY = '3!200!!marker-of-the-model';
/** What the WLS says: only a failure may hold it. */
export const SAID = 'said-in-the-model';

const issuer = 'https://raven.example.edu';
const alice = { issuer, id: 'test0001' };
const bob = { issuer, id: 'test0002' };
/** The same name at another login server is another person. */
const otherAlice = { issuer: 'https://raven.example.org', id: 'test0001' };
export const ucamPeople: People = { alice, bob, otherAlice };

/** Replies to people who have just typed their password (`auth`). */
export const interactive: readonly Principal[] = [alice, bob, otherAlice].map((person) =>
  vouchedFor('ucam', person, ANSWERED_AT - 1000, true),
);

/** A reply by single sign-on (`sso`) does not tell when that was. */
export const singleSignOn = vouchedFor('ucam', alice, null, false);

/** What no WLS says, but a machine must not stumble over. */
const odd: readonly Principal[] = [
  vouchedFor('ucam', alice, SENT_AT - 2 * HOUR, false),
  vouchedFor('ucam', alice, SENT_AT - 2 * HOUR, null),
  vouchedFor('ucam', alice, null, null),
];

export const plainUcamInput: UcamLoginInput = plainLogin;

export const ucamInputs: readonly UcamLoginInput[] = [
  ...askingInputs(plainUcamInput),
  ...keepingInputs(plainUcamInput, ucamPeople),
];

export const ucamFailingAnswers = [
  { type: 'reply.malformed', detail: 'field-count' },
  { type: 'reply.invalid', detail: 'stale' },
  { type: 'reply.unknownKey', detail: 'unknown-kid' },
  { type: 'reply.notCurrent', detail: 'ptags' },
  { type: 'reply.cancelled', said: SAID },
  { type: 'reply.interactionNeeded', said: null },
  { type: 'reply.refused', detail: '570', said: SAID },
  { type: 'reply.failed', detail: '530', said: SAID },
] as const satisfies readonly UcamLoginEvent[];

/** Two departures, so that a reply is seen to be judged by the one that it follows. */
export const DEPARTURES = ['one', 'two'].map((nonce, index) => ({
  type: 'redirect.issued' as const,
  url: 'https://portal.example.edu/sso/return',
  params: `nonce-${nonce}`,
  at: SENT_AT + index,
}));

export const ucamEvents: readonly UcamLoginEvent[] = [
  ...DEPARTURES,
  { type: 'return.reply', reply: REPLY },
  ...[...interactive, singleSignOn, ...odd].map(
    (principal) => ({ type: 'reply.verified', principal, lifeMs: null, at: ANSWERED_AT }) as const,
  ),
  { type: 'reply.verified', principal: interactive[0]!, lifeMs: 5 * HOUR, at: ANSWERED_AT },
  ...ucamFailingAnswers,
  ...keepingEvents(ucamPeople),
  ...loginEvents,
];

/** Enough of both to see one wrong step: what runs while an application starts. */
export const fewUcamInputs: readonly UcamLoginInput[] = fewAskingInputs(plainUcamInput, ucamPeople);

const mattering: ReadonlySet<unknown> = new Set([interactive[0], interactive[2], singleSignOn]);

export const fewUcamEvents: readonly UcamLoginEvent[] = ucamEvents.filter((event) => {
  if (event.type === 'request.saved') return event.savedRequest.owner === alice;
  if (event.type === 'redirect.issued') return event === DEPARTURES[0];
  return event.type !== 'reply.verified' || mattering.has(event.principal);
});
