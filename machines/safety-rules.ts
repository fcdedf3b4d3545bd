/** The invariants by name: what each of them says, which of the 25 of the audit it keeps, and why it matters. */
import * as answers from './safety-answers.ts';
import * as departures from './safety-departures.ts';
import * as fresh from './safety-freshness.ts';
import * as generic from './safety-generic.ts';
import { flowsShareNothing } from './safety-interleaving.ts';
import * as login from './safety-login.ts';
import { nothingIsAskedOfTheSignedIn } from './safety-opening.ts';
import { rule, type SafetyRule } from './safety-rule.ts';

const { restoresTheSameIn, isAtRest } = generic;
const isSettled: Parameters<typeof restoresTheSameIn>[0] = ({ snapshot }) => snapshot.hasTag('settled');

/** What holds of every machine. */
export const genericRules: readonly SafetyRule[] = [
  rule(
    'nothing-throws',
    [9],
    'No guard and no assignment throws',
    'Whoever triggers it gets an error page at best, and a flow that is lost.',
    generic.nothingThrows,
  ),
  rule(
    'final-absorbs',
    [12],
    'A flow that is over stays over',
    'A late or repeated event would bring back a login that has ended.',
    generic.finalStatesAbsorb,
  ),
  rule(
    'foreign-ignored',
    [24],
    'An event that nobody declared does nothing',
    'A wildcard turns whatever arrives into a step of a login.',
    generic.foreignEventsDoNothing,
  ),
  rule(
    'always-an-end',
    [23, 24],
    'From everywhere there is a way to a login that holds, or to an end',
    'In a dead state people wait for something that never comes.',
    generic.everythingCanEnd,
  ),
  rule(
    'known-role',
    [23],
    'Every state says what it waits for',
    'A flow that waits for nobody knows what is never gone on with, and is kept for the wrong time.',
    generic.everyStateHasARole,
  ),
  rule(
    'no-endless-answers',
    [23],
    'Answers of effects do not go round in a circle',
    'One request would keep a server busy for ever.',
    generic.answersDoNotGoRound,
  ),
  rule(
    'failures-have-codes',
    [9],
    'Every failure has a code',
    'Nobody could tell people what happened, nor find it in the journal.',
    generic.failuresHaveACode,
  ),
  rule(
    'restores-the-same',
    [25],
    'A flow that went through the store goes on as one that did not',
    'A restart, or another node, would decide otherwise than the one that began.',
    restoresTheSameIn((node) => isAtRest(node) || isSettled(node)),
  ),
  rule(
    'survives-json',
    [25],
    'A context holds what JSON can carry',
    'What JSON drops is missing when the flow goes on, and a guard decides without it.',
    generic.contextSurvivesJson,
  ),
  rule(
    'flows-share-nothing',
    [14],
    'Two flows at a time go on as each does alone',
    'One browser, or one person, would complete, corrupt or cancel the login of another.',
    flowsShareNothing,
  ),
];

/** What is a credential is in no context, or in none that is stored. */
export const secretRule = (id: string, what: string, text: string, isMeant?: Parameters<typeof generic.neverKept>[1]) =>
  rule(
    id,
    [2, 16],
    `${what} is not kept`,
    'Whoever reads the store or a log could use it.',
    generic.neverKept(text, isMeant),
  );

/** What holds of every login. */
export function loginRules(
  { vouching, judging }: login.LoginWords,
  taken: answers.Answers,
  known: ReadonlySet<string>,
): readonly SafetyRule[] {
  return [
    rule(
      'only-after-success',
      [1],
      `A login holds only after ${vouching} in the same attempt`,
      'Anybody could be signed in as anybody.',
      login.settlesOnlyThrough(vouching),
    ),
    rule(
      'only-the-admitted',
      [1, 24],
      'A session is opened only for people whom the application has let in',
      'A shortcut past the application lets in people who have no account, or have lost it.',
      login.onlyForTheAdmitted('openSession', vouching),
    ),
    rule(
      'only-with-a-session',
      [1, 10],
      'Whoever is signed in has a session that was opened in this attempt',
      'The session of the visitor before would go on under the name of another.',
      login.settledOnlyWithASession,
    ),
    rule(
      'nothing-after-session',
      [1, 10],
      'From a session that is open the person goes on to the page, and to no state of its own',
      'A question that is asked of people who are signed in keeps nobody out: they open another page.',
      nothingIsAskedOfTheSignedIn,
    ),
    rule(
      'vouched-for',
      [5],
      'A flow is about the person whom the login server names: issuer and id, to the letter',
      'The same name at another login server is another person.',
      login.peopleAreTheOnesVouchedFor(vouching),
    ),
    rule(
      'named-in-time',
      [1, 12],
      'Nobody is named before they are vouched for, nor after the end',
      'What an earlier attempt has shown would count for a later one.',
      login.nobodyIsNamedTooEarly(vouching),
    ),
    rule(
      'signed-in-are-known',
      [1],
      'Whoever is signed in is known',
      'Pages would be shown to nobody in particular.',
      login.theSignedInAreKnown,
    ),
    rule(
      'judged-once',
      [2, 14],
      'What the login server gave is looked at once for each departure',
      'A ticket or a reply that was seen by somebody else could be used again, or settle another attempt.',
      login.judgedOnce(judging),
    ),
    rule(
      'renew-enforced',
      [8],
      'Where credentials are demanded an older login is refused',
      'The visitor takes the demand out of the address, and an unattended browser is enough.',
      fresh.renewIsEnforcedOn(vouching),
    ),
    rule(
      'age-enforced',
      [8],
      'Where a login may only be so old an older one is refused',
      'An old single sign-on session opens what asks for a fresh one.',
      fresh.ageLimitIsEnforcedOn(vouching),
    ),
    rule(
      'answers-taken',
      [9, 23],
      'Every answer that an effect may give is taken',
      'The person gets an error page where an outage should be explained.',
      answers.everyAnswerIsTaken(taken),
    ),
    rule(
      'failures-touch-no-session',
      [9],
      'A login that fails neither opens nor ends a session',
      'A failure would sign somebody in, or throw out whoever is signed in.',
      login.failuresTouchNoSession,
    ),
    rule(
      'only-failures-have-codes',
      [9],
      'A code of a failure is where something has failed, and nowhere else',
      'The journal would tell of failures that were none.',
      login.onlyFailuresHaveACode,
    ),
    rule(
      'logout-ends',
      [12],
      'A logout ends the flow wherever it is, and with it session, grant and what was kept',
      'People who have signed out would still be signed in, or be signed in again by a login in flight.',
      login.logoutEnds(),
    ),
    rule(
      'loops-broken',
      [23],
      'A browser that finishes logins without getting a session is sent away no more',
      'Blocked cookies would keep a browser going round for ever.',
      departures.loopsAreBroken,
    ),
    rule(
      'no-login-loop',
      [23],
      'No flow sends the browser away again and again without a person',
      'A refusal would lead to the login server, which sends the browser back at once.',
      answers.noLoginLoops(known),
    ),
    rule(
      'gateway-cools-down',
      [23],
      'The login server is not asked quietly again right after it declined',
      'A public page and the login server would send the browser to and fro.',
      departures.gatewayCoolsDown,
    ),
    rule(
      'quiet-stays-quiet',
      [23],
      'A page that asked not to prompt never prompts',
      'Visitors of a public page would meet a login form.',
      departures.quietLoginsStayQuiet,
    ),
    rule(
      'asks-what-was-asked',
      [8],
      'The login server is asked for what the page asked for',
      'A demand for credentials would not reach the login server.',
      departures.redirectAsksWhatWasAsked,
    ),
    rule(
      'only-gateway-declined',
      [9],
      'Only a page that asked not to prompt goes on without a login',
      'A page for people who are signed in would be shown to anybody.',
      departures.onlyGatewayIsDeclined,
    ),
  ];
}
