import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { casLogin, casLoginMachine, casLoginRoot, casLoginStates } from '../../machines/index.ts';
import {
  contextSurvivesJson,
  everythingCanEnd,
  finalStatesAbsorb,
  foreignEventsDoNothing,
  neverKept,
  settlesOnlyThrough,
} from '../support/invariants.ts';
import { explore, forbidNodes, type Invariant } from '../support/model.ts';
import * as invariants from './cas-login-invariants.ts';
import { fewEvents, fewInputs, TICKET } from './cas-login-model.ts';

describe('the invariants find a machine', () => {
  const { awaitingReturn, validating, admitting, claimingGrant, authenticated, starting, rejecting, loggedOut } =
    casLoginStates;
  const build = (states: Partial<Record<keyof typeof casLoginStates, object>>) =>
    casLogin.createMachine({ ...casLoginRoot, states: { ...casLoginStates, ...states } });

  const broken: readonly [string, Invariant, Parameters<typeof build>[0]][] = [
    [
      'a ticket that nobody validated opens a session',
      settlesOnlyThrough('validation.succeeded'),
      { awaitingReturn: { ...awaitingReturn, on: { ...awaitingReturn.on, 'return.ticket': 'authenticated' } } },
    ],
    [
      'a success of an earlier attempt opens a session',
      settlesOnlyThrough('validation.succeeded'),
      {
        admitting: { ...admitting, on: { ...admitting.on, 'principal.unchecked': 'awaitingReturn' } },
        awaitingReturn: { ...awaitingReturn, on: { ...awaitingReturn.on, 'return.ticket': 'admitting' } },
      },
    ],
    [
      'a success skips the question whether the person may come in',
      invariants.onlyAdmittedPeopleAreAuthenticated,
      { validating: { ...validating, on: { ...validating.on, 'validation.rejected': 'authenticated' } } },
    ],
    [
      'nobody is authenticated',
      invariants.theAuthenticatedAreKnown,
      { validating: { ...validating, on: { ...validating.on, 'validation.succeeded': 'admitting' } } },
    ],
    [
      'an expired grant leaves the person in the record',
      invariants.nobodyIsKnownIn(({ state }) => state !== 'loggedOut'),
      { authenticated: { ...authenticated, on: { ...authenticated.on, 'grant.expired': 'redirecting' } } },
    ],
    [
      'a failure has no code',
      invariants.failuresHaveACode,
      { validating: { ...validating, on: { ...validating.on, 'validation.timedOut': 'failed' } } },
    ],
    [
      'freshness is not checked',
      invariants.renewIsEnforced,
      {
        validating: {
          ...validating,
          on: {
            ...validating.on,
            'validation.succeeded': validating.on['validation.succeeded'].map((to) => ({ ...to, guard: undefined })),
          },
        },
      },
    ],
    [
      'the cool-down of gateway is gone',
      invariants.gatewayCoolsDown,
      {
        starting: {
          ...starting,
          always: starting.always.filter((to) => !('guard' in to) || to.guard !== 'gatewayCoolsDown'),
        },
      },
    ],
    [
      'the loop breaker is gone',
      invariants.loopsAreBroken,
      {
        starting: {
          ...starting,
          always: starting.always.filter((to) => !('guard' in to) || to.guard !== 'loginLoops'),
        },
      },
    ],
    [
      'a person who cancels counts as declined',
      invariants.onlyGatewayIsDeclined,
      { awaitingReturn: { ...awaitingReturn, on: { ...awaitingReturn.on, 'return.withoutTicket': 'declined' } } },
    ],
    [
      'a public page is taken down by a failure',
      // The other way round than a person who cancels: nobody is declined any more.
      (model) =>
        model.nodes.some(({ state }) => state === 'declined')
          ? []
          : forbidNodes(model, () => true, 'nobody is declined'),
      {
        starting: {
          ...starting,
          always: starting.always.filter((to) => !('guard' in to) || to.guard !== 'gatewayCoolsDown'),
        },
        rejecting: { ...rejecting, always: 'failed' },
      },
    ],
    [
      'a logout is forgotten during validation',
      invariants.logoutEnds(({ state }) => state === 'validating'),
      { validating: { ...validating, on: { ...validating.on, 'logout.requested': undefined } } },
    ],
    [
      'a flow that was logged out goes on',
      finalStatesAbsorb,
      { loggedOut: { ...casLoginStates.loggedOut, type: 'final', on: { 'session.opened': 'authenticated' } } },
    ],
    [
      'a wildcard takes what nobody declared',
      foreignEventsDoNothing,
      { awaitingReturn: { ...awaitingReturn, on: { ...awaitingReturn.on, '*': 'failed' } } },
    ],
    [
      'a logout leaves the grant behind',
      invariants.grantsEndWithTheSession,
      {
        authenticated: { ...authenticated, on: { ...authenticated.on, 'logout.requested': 'loggedOut' } },
        loggedOut: {
          ...loggedOut,
          entry: { type: 'endSession', params: { everywhere: false, loginId: null, grantId: null } },
        },
      },
    ],
    [
      'what the server offered is kept with the session',
      invariants.offersAreNotKept,
      { claimingGrant: { ...claimingGrant, on: { ...claimingGrant.on, 'grant.missing': 'openingSession' } } },
    ],
    [
      'a session has no pointer to its grant',
      invariants.sessionsHaveTheirOwnGrant,
      { claimingGrant: { ...claimingGrant, on: { ...claimingGrant.on, 'grant.claimed': 'openingSession' } } },
    ],
    [
      'a grant is claimed for somebody whom nobody let in',
      invariants.onlyAdmittedPeopleGetGrants,
      { admitting: { ...admitting, on: { ...admitting.on, 'principal.refused': 'claimingGrant' } } },
    ],
    ['a state has no way out', everythingCanEnd, { admitting: { ...admitting, on: {} } }],
    [
      'the ticket is kept',
      neverKept(TICKET),
      {
        awaitingReturn: {
          ...awaitingReturn,
          on: {
            ...awaitingReturn.on,
            'return.ticket': {
              target: 'validating',
              actions: casLogin.assign({
                returnTo: ({ event }) => (event.type === 'return.ticket' ? event.ticket : ''),
              }),
            },
          },
        },
      },
    ],
    [
      'a ticket is validated again after a time-out',
      invariants.ticketsAreValidatedOnce,
      { validating: { ...validating, on: { ...validating.on, 'validation.timedOut': 'awaitingReturn' } } },
    ],
    [
      'the context holds what JSON drops',
      contextSurvivesJson,
      {
        awaitingReturn: {
          ...awaitingReturn,
          on: {
            ...awaitingReturn.on,
            'return.withoutTicket': {
              target: 'failed',
              actions: casLogin.assign({ principal: () => undefined as never }),
            },
          },
        },
      },
    ],
  ];

  const sound = explore(casLoginMachine, fewInputs, fewEvents);
  for (const [name, invariant, states] of broken) {
    test(name, () => {
      assert.deepEqual(invariant(sound), [], 'the machine as it is');
      const shortcut = explore(build(states), fewInputs, fewEvents);
      assert.notDeepEqual(invariant(shortcut), []);
    });
  }
});
