import { describe } from 'node:test';
import { ucamLogin, ucamLoginStates } from '../../machines/index.ts';
import {
  contextSurvivesJson,
  everythingCanEnd,
  finalStatesAbsorb,
  foreignEventsDoNothing,
} from '../support/invariants.ts';
import { forbidNodes } from '../support/model.ts';
import { keptRequestInvariants } from './kept-request-invariants.ts';
import * as every from './login-invariants.ts';
import { findsEach, reroute } from './ucam-login-breaking.ts';
import * as ucam from './ucam-login-invariants.ts';

const { awaitingReturn, verifying, admitting, starting, redirecting, rejecting, loggedOut, cancelled } =
  ucamLoginStates;
const [, again] = verifying.on['reply.verified'];
const { assign } = ucamLogin;

const startingWithout = (guard: string) => ({
  ...starting,
  always: starting.always.filter((to) => !('guard' in to) || to.guard !== guard),
});

describe('the invariants about ends and loops find a machine in which', () => {
  findsEach([
    [
      'a quiet login is asked for the password after all',
      every.quietLoginsStayQuiet,
      { verifying: reroute(verifying, { 'reply.interactionNeeded': { ...again, guard: undefined } }) },
    ],
    [
      'the WLS is asked for something else than the page asked for',
      every.redirectAsksWhatWasAsked,
      { redirecting: { ...redirecting, entry: { type: 'redirectToLogin', params: { renew: false, gateway: false } } } },
    ],
    ['the cool-down of gateway is gone', every.gatewayCoolsDown, { starting: startingWithout('gatewayCoolsDown') }],
    ['the loop breaker is gone', every.loopsAreBroken, { starting: startingWithout('loginLoops') }],
    [
      'a person who cancels counts as declined',
      every.onlyGatewayIsDeclined,
      { verifying: reroute(verifying, { 'reply.cancelled': 'declined' }) },
    ],
    [
      'a person who cancels is told of a failure',
      ucam.cancellingIsItsOwnEnd,
      { verifying: reroute(verifying, { 'reply.cancelled': verifying.on['reply.failed'] }) },
    ],
    [
      'a visitor who was asked quietly is told of a cancellation',
      ucam.cancellingIsItsOwnEnd,
      { verifying: reroute(verifying, { 'reply.cancelled': verifying.on['reply.cancelled'][1] }) },
    ],
    [
      'a public page is taken down by a failure',
      // The other way round than a person who cancels: a failure is told to somebody who was asked quietly.
      (model) => forbidNodes(model, ({ state, key }) => state === 'failed' && key.includes('"gateway":true')),
      { rejecting: { ...rejecting, always: 'failed' } },
    ],
    [
      'a failure has no code',
      every.failuresHaveACode,
      { verifying: reroute(verifying, { 'reply.malformed': 'failed' }) },
    ],
    [
      'a cancellation has no code',
      every.failuresHaveACode,
      { verifying: reroute(verifying, { 'reply.cancelled': 'cancelled' }) },
    ],
    [
      'a cancellation is not shown',
      keptRequestInvariants['outlives a failure, whose page names it'],
      { cancelled: { ...cancelled, entry: [] } },
    ],
    [
      'a login that came to nothing has a code all the same',
      every.onlyFailuresHaveACode,
      { verifying: reroute(verifying, { 'reply.failed': { ...verifying.on['reply.failed'], target: 'admitting' } }) },
    ],
    [
      'a forged failure ends a session',
      every.failuresTouchNoSession,
      {
        cancelled: {
          ...cancelled,
          entry: [cancelled.entry, { type: 'endSession', params: { everywhere: false, loginId: null, grantId: null } }],
        },
      },
    ],
    [
      'the words of the WLS end up in an address',
      ucam.wordsAreForThePageOnly,
      {
        verifying: reroute(verifying, {
          'reply.refused': {
            target: 'rejecting',
            actions: [
              verifying.on['reply.refused'].actions,
              assign({ returnTo: ({ event }) => (event.type === 'reply.refused' ? `/?${event.said}` : '/') }),
            ],
          },
        }),
      },
    ],
    [
      'a logout is forgotten while a reply is verified',
      every.logoutEnds(({ state }) => state === 'verifying'),
      { verifying: reroute(verifying, { 'logout.requested': undefined }) },
    ],
    [
      'a flow that was logged out goes on',
      finalStatesAbsorb,
      { loggedOut: { ...loggedOut, on: { 'session.opened': 'authenticated' } } },
    ],
    [
      'a wildcard takes what nobody declared',
      foreignEventsDoNothing,
      { awaitingReturn: reroute(awaitingReturn, { '*': 'failed' }) },
    ],
    ['a state has no way out', everythingCanEnd, { admitting: { ...admitting, on: {} } }],
    [
      'the context holds what JSON drops',
      contextSurvivesJson,
      {
        verifying: reroute(verifying, {
          'reply.invalid': { target: 'failed', actions: assign({ principal: () => undefined as never }) },
        }),
      },
    ],
  ]);
});
