import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { initialTransition } from 'xstate';
import { MAX_RECENT_LOGINS, ucamLoginMachine, ucamLoginStates } from '../../machines/index.ts';
import {
  contextSurvivesJson,
  everythingCanEnd,
  finalStatesAbsorb,
  foreignEventsDoNothing,
  neverKept,
  restoresTheSame,
  settlesOnlyThrough,
} from '../support/invariants.ts';
import { explore, FOREIGN_EVENTS, type Invariant, outline, undocumented } from '../support/model.ts';
import { keptRequestInvariants } from './kept-request-invariants.ts';
import * as every from './login-invariants.ts';
import { withoutSource } from './login-sources.ts';
import * as ucam from './ucam-login-invariants.ts';
import { contextOf, events, failingAnswers, inputs, plainInput, REPLY } from './ucam-login-model.ts';
import { reviewedOutline } from './ucam-login-outline.ts';

const model = explore(ucamLoginMachine, inputs, events);

const holds = (name: string, invariant: Invariant) => {
  test(name, () => assert.deepEqual(invariant(model).slice(0, 1), []));
};

test('the machine starts by building the request', () => {
  const [snapshot, asked] = initialTransition(ucamLoginMachine, plainInput);
  assert.equal(snapshot.value, 'redirecting');
  assert.deepEqual(
    asked.map(({ type }) => type),
    ['redirectToLogin'],
  );
});

describe('what an auditor reads', () => {
  test('every state and every transition has a sentence, and every state a section', () => {
    assert.deepEqual(undocumented(ucamLoginMachine).filter(withoutSource(ucamLoginMachine)), []);
  });

  test('states, tags, transitions and guards are the ones that were reviewed', () => {
    assert.deepEqual(outline(ucamLoginMachine), reviewedOutline);
  });

  test('the effects are the ones that were reviewed, and each of them is asked for', () => {
    const asked = [...model.starts, ...model.edges].flatMap(({ effects }) => effects.map(({ type }) => type));
    assert.deepEqual([...new Set(asked)].sort(), [
      'admitPrincipal',
      'continueAnonymously',
      'discardRequest',
      'endSession',
      'openSession',
      'redirectToLogin',
      'resumeRequest',
      'saveRequest',
      'showFailure',
      'verifyReply',
    ]);
  });

  test('the events are the ones that were reviewed', () => {
    assert.deepEqual([...ucamLoginMachine.events].sort(), [
      'logout.requested',
      'principal.admitted',
      'principal.refused',
      'principal.unchecked',
      'redirect.issued',
      'reply.cancelled',
      'reply.failed',
      'reply.interactionNeeded',
      'reply.invalid',
      'reply.malformed',
      'reply.notCurrent',
      'reply.refused',
      'reply.unknownKey',
      'reply.verified',
      'request.discarded',
      'request.expired',
      'request.notSaved',
      'request.resumed',
      'request.saved',
      'return.reply',
      'session.opened',
    ]);
  });
});

describe('the model', () => {
  test('has every event of the machine in it, and every foreign one', () => {
    const sent = new Set(events.map(({ type }) => type));
    for (const type of ucamLoginMachine.events) assert.ok(sent.has(type), type);
    for (const { type } of FOREIGN_EVENTS) assert.ok(!new Set<string>(ucamLoginMachine.events).has(type), type);
  });

  test('reaches every state that a flow can rest in', () => {
    const reached = new Set(model.nodes.map(({ state }) => state));
    assert.deepEqual(
      Object.keys(ucamLoginStates).filter((state) => !reached.has(state)),
      ['starting', 'rejecting'],
    );
  });

  test('sends every event to every snapshot', () => {
    assert.equal(model.edges.length, model.nodes.length * events.length);
  });
});

describe('who is authenticated', () => {
  holds(
    'authenticated is entered only after a verified reply in this very attempt',
    settlesOnlyThrough('reply.verified'),
  );
  holds('authenticated is entered only by people who were admitted', ucam.onlyAdmittedPeopleAreAuthenticated);
  holds('whoever is being admitted is whom the reply names', ucam.theAdmittedAreTheOnesVouchedFor);
  holds('whoever is being admitted or authenticated is known', every.theAuthenticatedAreKnown);
  holds(
    'nobody is known where nobody is signed in',
    every.nobodyIsKnownIn(({ state }) => state !== 'loggedOut'),
  );
  holds(
    'nobody is known after a logout',
    every.nobodyIsKnownIn(({ state }) => state === 'loggedOut'),
  );
  holds('with renew a login by single sign-on is never admitted', ucam.renewIsEnforced);
  holds('with an age limit a login past it, or of unknown age, is never admitted', ucam.ageLimitIsEnforced);
  holds('the life of the session at the WLS arrives where ours is opened', ucam.lifeReachesTheSession);
});

describe('replies', () => {
  holds('are verified when a browser brings them back, and at no other time', ucam.onlyReturnsAreVerified);
  holds('are verified once for each departure', ucam.repliesAreVerifiedOnce);
  holds('are judged by what their attempt sent and asked', ucam.repliesAreJudgedByTheirAttempt);
  holds('are in no snapshot', neverKept(REPLY));
  holds('leave no words behind but for the page about a failure', ucam.wordsAreForThePageOnly);
  holds('belong to the latest departure of their attempt', ucam.departuresAreRemembered);

  test('that are opened again show the page and ask for nothing else', () => {
    const again = model.edges.filter(
      ({ event, from }) => event.type === 'return.reply' && from.snapshot.hasTag('settled'),
    );
    assert.deepEqual(new Set(again.map(({ from }) => from.state)), new Set(['authenticated', 'resuming']));
    for (const { from, to, effects } of again) {
      const { returnTo, savedRequest, notKept } = contextOf(from);
      assert.equal(to, from);
      assert.deepEqual(effects, [{ type: 'resumeRequest', params: { returnTo, savedRequest, notKept } }]);
    }
  });
});

describe('failures', () => {
  holds('every failure has a code', every.failuresHaveACode);
  holds('only a failure and a quiet one have a code', every.onlyFailuresHaveACode);
  holds('no failure opens or ends a session', every.failuresTouchNoSession);
  holds('a person who cancels comes to an end of their own, and a quiet login does not', ucam.cancellingIsItsOwnEnd);

  test('every state that waits for an answer has an exit for each failing one', () => {
    const inBothWays = (code: string) => [`declined ${code}`, `failed ${code}`];
    assert.deepEqual(every.failingExits(model, failingAnswers), {
      keepingRequest: {},
      redirecting: {},
      verifying: {
        'reply.malformed': inBothWays('ERR_SSO_WLS_MALFORMED'),
        'reply.invalid': inBothWays('ERR_SSO_WLS_INVALID'),
        'reply.unknownKey': inBothWays('ERR_SSO_WLS_UNKNOWN_KEY'),
        'reply.notCurrent': inBothWays('ERR_SSO_NOT_AUTHORISED'),
        'reply.cancelled': ['cancelled ERR_SSO_CANCELLED', 'declined without a code'],
        'reply.interactionNeeded': inBothWays('ERR_SSO_WLS_REFUSED'),
        'reply.refused': inBothWays('ERR_SSO_WLS_REFUSED'),
        'reply.failed': inBothWays('ERR_SSO_WLS_STATUS'),
      },
      admitting: {
        'principal.refused': inBothWays('ERR_SSO_NOT_AUTHORISED'),
        'principal.unchecked': inBothWays('ERR_SSO_LOGIN_HOOK'),
      },
      openingSession: {},
    });
  });
});

describe('what cannot happen', () => {
  holds('no event moves a flow that is over', finalStatesAbsorb);
  holds('unknown events, those of CAS and those of xstate do nothing anywhere', foreignEventsDoNothing);
  holds('from everywhere there is a way to a login that holds or to an end', everythingCanEnd);
});

describe('gateway and loops', () => {
  holds('the WLS is not asked quietly again right after it declined', every.gatewayCoolsDown);
  holds('the WLS is asked for what the page asked for', every.redirectAsksWhatWasAsked);
  holds('a page that asked not to prompt never prompts', every.quietLoginsStayQuiet);
  holds('a login is declined only if the WLS was asked not to prompt', every.onlyGatewayIsDeclined);
  holds('a browser that loops is sent nowhere', every.loopsAreBroken);

  test('a browser that loops is told so', () => {
    const [begun] = initialTransition(ucamLoginMachine, { ...plainInput, recentLogins: MAX_RECENT_LOGINS });
    assert.equal(begun.context.failure?.code, 'ERR_SSO_LOGIN_LOOP');
  });

  test('one login below the limit is still sent to the WLS', () => {
    const [begun] = initialTransition(ucamLoginMachine, { ...plainInput, recentLogins: MAX_RECENT_LOGINS - 1 });
    assert.equal(begun.value, 'redirecting');
  });
});

describe('logging out', () => {
  holds(
    'ends every flow, wherever it is',
    every.logoutEnds(() => true),
  );
  holds('is followed by nothing', every.nothingFollowsALogout);
});

describe('a request that a login interrupts', () => {
  for (const [name, invariant] of Object.entries(keptRequestInvariants)) holds(name, invariant);
});

describe('a snapshot that went through the store', () => {
  holds('goes on as if it had not', restoresTheSame);
  holds('lost nothing on the way', contextSurvivesJson);
});
