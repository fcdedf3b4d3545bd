import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { initialTransition, transition } from 'xstate';
import { casLoginMachine, casLoginStates, MAX_RECENT_LOGINS } from '../../machines/index.ts';
import {
  contextSurvivesJson,
  everythingCanEnd,
  finalStatesAbsorb,
  foreignEventsDoNothing,
  neverKept,
  restoresTheSame,
  settlesOnlyThrough,
} from '../support/invariants.ts';
import { explore, FOREIGN_EVENTS, forbidNodes, type Invariant, outline, undocumented } from '../support/model.ts';
import * as invariants from './cas-login-invariants.ts';
import { events, grantExpired, inputs, plainInput, TICKET } from './cas-login-model.ts';
import { reviewedOutline } from './cas-login-outline.ts';
import { keptRequestInvariants } from './kept-request-invariants.ts';
import { withoutSource } from './login-sources.ts';

const model = explore(casLoginMachine, inputs, events);

const holds = (name: string, invariant: Invariant) => {
  test(name, () => assert.deepEqual(invariant(model).slice(0, 1), []));
};

test('the machine starts by building the redirect', () => {
  const [snapshot, asked] = initialTransition(casLoginMachine, plainInput);
  assert.equal(snapshot.value, 'redirecting');
  assert.deepEqual(
    asked.map(({ type }) => type),
    ['redirectToLogin'],
  );
});

describe('what an auditor reads', () => {
  test('every state and every transition has a sentence, and every state a section', () => {
    assert.deepEqual(undocumented(casLoginMachine).filter(withoutSource(casLoginMachine)), []);
  });

  test('states, tags, transitions and guards are the ones that were reviewed', () => {
    assert.deepEqual(outline(casLoginMachine), reviewedOutline);
  });

  test('the effects are the ones that were reviewed, and each of them is asked for', () => {
    const asked = [...model.starts, ...model.edges].flatMap(({ effects }) => effects.map(({ type }) => type));
    assert.deepEqual([...new Set(asked)].sort(), [
      'admitPrincipal',
      'claimProxyGrant',
      'continueAnonymously',
      'discardRequest',
      'endSession',
      'openSession',
      'redirectToLogin',
      'resumeRequest',
      'saveRequest',
      'showFailure',
      'validateTicket',
    ]);
  });

  test('the events are the ones that were reviewed', () => {
    assert.deepEqual([...casLoginMachine.events].sort(), [
      'grant.claimed',
      'grant.expired',
      'grant.missing',
      'logout.requested',
      'principal.admitted',
      'principal.refused',
      'principal.unchecked',
      'redirect.issued',
      'request.discarded',
      'request.expired',
      'request.notSaved',
      'request.resumed',
      'request.saved',
      'return.ticket',
      'return.withoutTicket',
      'session.opened',
      'validation.badStatus',
      'validation.callbackFailed',
      'validation.proxied',
      'validation.refused',
      'validation.rejected',
      'validation.succeeded',
      'validation.timedOut',
      'validation.unreachable',
      'validation.unreadable',
    ]);
  });
});

describe('the model', () => {
  test('has every event of the machine in it, and every foreign one', () => {
    const sent = new Set(events.map(({ type }) => type));
    for (const type of casLoginMachine.events) assert.ok(sent.has(type), type);
    for (const { type } of FOREIGN_EVENTS) assert.ok(!new Set<string>(casLoginMachine.events).has(type), type);
  });

  test('reaches every state that a flow can rest in', () => {
    const reached = new Set(model.nodes.map(({ state }) => state));
    assert.deepEqual(
      Object.keys(casLoginStates).filter((state) => !reached.has(state)),
      ['starting', 'rejecting'],
    );
  });

  test('sends every event to every snapshot', () => {
    assert.equal(model.edges.length, model.nodes.length * events.length);
  });
});

describe('who is authenticated', () => {
  holds(
    'authenticated is entered only after a success in this very attempt',
    settlesOnlyThrough('validation.succeeded'),
  );
  holds('authenticated is entered only by people who were admitted', invariants.onlyAdmittedPeopleAreAuthenticated);
  holds('whoever is being admitted or authenticated is known', invariants.theAuthenticatedAreKnown);
  holds(
    'nobody is known where nobody is signed in',
    invariants.nobodyIsKnownIn(({ state }) => state !== 'loggedOut'),
  );
  holds(
    'nobody is known after a logout',
    invariants.nobodyIsKnownIn(({ state }) => state === 'loggedOut'),
  );
  holds('with renew an older login is never admitted', invariants.renewIsEnforced);
  holds('with an age limit a login past it is never admitted', invariants.ageLimitIsEnforced);
});

describe('failures', () => {
  holds('every failure has a code', invariants.failuresHaveACode);
  holds('only a failure and a quiet one have a code', invariants.onlyFailuresHaveACode);

  test('every state that waits for an answer has an exit for each failing one', () => {
    const inBothWays = (code: string) => [`declined ${code}`, `failed ${code}`];
    assert.deepEqual(invariants.failingExits(model), {
      keepingRequest: {},
      redirecting: {},
      validating: {
        'validation.rejected': inBothWays('ERR_SSO_TICKET_REJECTED'),
        'validation.refused': inBothWays('ERR_SSO_CAS_REFUSED'),
        'validation.callbackFailed': [...inBothWays('ERR_SSO_NO_PROXY_GRANT'), 'redirecting without a code'],
        'validation.proxied': inBothWays('ERR_SSO_PROXIED_TICKET'),
        'validation.unreachable': inBothWays('ERR_SSO_CAS_UNREACHABLE'),
        'validation.timedOut': inBothWays('ERR_SSO_CAS_TIMEOUT'),
        'validation.badStatus': inBothWays('ERR_SSO_CAS_BAD_STATUS'),
        'validation.unreadable': inBothWays('ERR_SSO_CAS_BAD_ANSWER'),
      },
      admitting: {
        'principal.refused': inBothWays('ERR_SSO_NOT_AUTHORISED'),
        'principal.unchecked': inBothWays('ERR_SSO_LOGIN_HOOK'),
      },
      openingSession: {},
      claimingGrant: {
        'grant.missing': [...inBothWays('ERR_SSO_NO_PROXY_GRANT'), 'openingSession without a code'],
      },
    });
  });
});

describe('what cannot happen', () => {
  holds('no event moves a flow that is over', finalStatesAbsorb);
  holds('unknown events and those of xstate do nothing anywhere', foreignEventsDoNothing);
  holds('from everywhere there is a way to a login that holds or to an end', everythingCanEnd);
  holds('the ticket is in no snapshot', neverKept(TICKET));
  holds('no ticket is validated twice', invariants.ticketsAreValidatedOnce);
});

describe('gateway and loops', () => {
  holds('the login server is not asked quietly again right after it declined', invariants.gatewayCoolsDown);
  holds('the login server is asked for what the page asked for', invariants.redirectAsksWhatWasAsked);
  holds('a page that asked not to prompt never prompts', invariants.quietLoginsStayQuiet);
  holds('a login is declined only if the login server was asked not to prompt', invariants.onlyGatewayIsDeclined);
  holds('a browser that loops is sent nowhere', invariants.loopsAreBroken);

  test('a browser that loops is told so, at the start and when a grant expires', () => {
    const [begun] = initialTransition(casLoginMachine, { ...plainInput, recentLogins: MAX_RECENT_LOGINS });
    const settled = model.nodes.find(({ state }) => state === 'authenticated');
    assert.ok(settled);
    const [renewed] = transition(casLoginMachine, settled.snapshot as never, {
      ...grantExpired,
      recentLogins: MAX_RECENT_LOGINS,
    });
    for (const { context } of [begun, renewed]) assert.equal(context.failure?.code, 'ERR_SSO_LOGIN_LOOP');
  });

  test('one login below the limit is still sent to the login server', () => {
    const [begun] = initialTransition(casLoginMachine, { ...plainInput, recentLogins: MAX_RECENT_LOGINS - 1 });
    assert.equal(begun.value, 'redirecting');
  });
});

describe('logging out', () => {
  holds(
    'ends every flow that is at rest',
    invariants.logoutEnds(({ snapshot }) => !snapshot.hasTag('awaiting-server')),
  );
  holds(
    'ends a flow whose request, ticket, account, grant or session is being looked after',
    invariants.logoutEnds(({ state }) =>
      ['keepingRequest', 'validating', 'admitting', 'claimingGrant', 'openingSession'].includes(state),
    ),
  );
  holds(
    'ends a flow whose redirect is being built',
    invariants.logoutEnds(({ state }) => state === 'redirecting'),
  );
  holds('is followed by nothing', invariants.nothingFollowsALogout);
});

describe('proxy grants', () => {
  holds('are asked for on behalf of people who were let in', invariants.onlyAdmittedPeopleGetGrants);
  holds('are offered, and the offer is not kept', invariants.offersAreNotKept);
  holds('belong to the session they were claimed for', invariants.sessionsHaveTheirOwnGrant);
  holds('are there where a login is worth nothing without', invariants.requiredGrantsAreThere);
  holds('end with the session', invariants.grantsEndWithTheSession);
  holds('that are dead leave the record', invariants.expiredGrantsAreForgotten);
  holds('are offered under a name that no snapshot at rest holds', (explored) =>
    forbidNodes(explored, ({ snapshot, key }) => !snapshot.hasTag('awaiting-server') && key.includes('PGTIOU-marker')),
  );

  test('are done without after the callback failed once, and the browser is sent away once more', () => {
    const edge = model.edges.find(
      ({ event, from }) =>
        event.type === 'validation.callbackFailed' &&
        from.state === 'validating' &&
        (from.snapshot.context as { proxyGrant: string }).proxyGrant === 'optional',
    );
    assert.equal(edge?.to.state, 'redirecting');
    assert.equal((edge.to.snapshot.context as { proxyGrant: string }).proxyGrant, 'off');
  });
});

describe('a request that a login interrupts', () => {
  for (const [name, invariant] of Object.entries(keptRequestInvariants)) holds(name, invariant);
});

describe('a snapshot that went through the store', () => {
  holds('goes on as if it had not', restoresTheSame);
  holds('lost nothing on the way', contextSurvivesJson);
});
