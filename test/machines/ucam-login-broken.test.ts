import { describe } from 'node:test';
import { ucamLogin, ucamLoginStates } from '../../machines/index.ts';
import { neverKept, settlesOnlyThrough } from '../support/invariants.ts';
import * as every from './login-invariants.ts';
import { findsEach, reroute } from './ucam-login-breaking.ts';
import * as ucam from './ucam-login-invariants.ts';
import { REPLY } from './ucam-login-model.ts';

const { awaitingReturn, verifying, admitting, authenticated, openingSession, redirecting, loggedOut } = ucamLoginStates;
const [fresh, again, late] = verifying.on['reply.verified'];

describe('the invariants about people and replies find a machine in which', () => {
  findsEach([
    [
      'a reply that nobody verified opens a session',
      settlesOnlyThrough('reply.verified'),
      { awaitingReturn: reroute(awaitingReturn, { 'return.reply': 'authenticated' }) },
    ],
    [
      'a success of an earlier attempt opens a session',
      settlesOnlyThrough('reply.verified'),
      {
        admitting: reroute(admitting, { 'principal.unchecked': 'awaitingReturn' }),
        awaitingReturn: reroute(awaitingReturn, { 'return.reply': 'admitting' }),
      },
    ],
    [
      'a person without the tag skips the question whether they may come in',
      ucam.onlyAdmittedPeopleAreAuthenticated,
      { verifying: reroute(verifying, { 'reply.notCurrent': 'authenticated' }) },
    ],
    [
      'a cancelled login lets somebody in',
      ucam.theAdmittedAreTheOnesVouchedFor,
      { verifying: reroute(verifying, { 'reply.cancelled': 'admitting' }) },
    ],
    [
      'nobody is authenticated',
      every.theAuthenticatedAreKnown,
      { verifying: reroute(verifying, { 'reply.verified': 'admitting' }) },
    ],
    [
      'a refused person stays in the record',
      every.nobodyIsKnownIn(({ state }) => state !== 'loggedOut'),
      { admitting: reroute(admitting, { 'principal.refused': 'failed' }) },
    ],
    [
      'a logout leaves the person in the record',
      every.nobodyIsKnownIn(({ state }) => state === 'loggedOut'),
      { loggedOut: { ...loggedOut, entry: loggedOut.entry.slice(0, 2) } },
    ],
    [
      'the life of the session at the WLS is forgotten',
      ucam.lifeReachesTheSession,
      { verifying: reroute(verifying, { 'reply.verified': [{ ...fresh, actions: [] }, again, late] }) },
    ],
    [
      'the life of the session at the WLS does not reach ours',
      ucam.lifeReachesTheSession,
      {
        openingSession: {
          ...openingSession,
          entry: { type: 'openSession', params: { principal: null, grantId: null, lifeMs: null } },
        },
      },
    ],
    [
      'single sign-on does where the password was demanded',
      ucam.renewIsEnforced,
      { verifying: reroute(verifying, { 'reply.verified': { ...fresh, guard: undefined } }) },
    ],
    [
      'a login of unknown age does where a young one was demanded',
      ucam.ageLimitIsEnforced,
      { verifying: reroute(verifying, { 'reply.verified': { ...fresh, guard: undefined } }) },
    ],
    [
      'a reply is judged by what another attempt sent',
      ucam.repliesAreJudgedByTheirAttempt,
      {
        awaitingReturn: reroute(awaitingReturn, {
          'return.reply': {
            target: 'verifying',
            actions: { type: 'verifyReply', params: { reply: REPLY, url: 'u', params: 'nonce-one' } },
          },
        }),
      },
    ],
    [
      'a reply is judged without what the page demanded',
      ucam.repliesAreJudgedByTheirAttempt,
      {
        awaitingReturn: reroute(awaitingReturn, {
          'return.reply': {
            target: 'verifying',
            actions: {
              type: 'verifyReply',
              params: ({ context }: { context: { url: string; params: string } }) => ({
                reply: REPLY,
                url: context.url,
                params: context.params,
                renew: false,
                gateway: false,
              }),
            },
          },
        }),
      },
    ],
    [
      'an attempt forgets its nonce',
      ucam.departuresAreRemembered,
      { redirecting: reroute(redirecting, { 'redirect.issued': 'awaitingReturn' }) },
    ],
    [
      'a reply is verified again after a failure',
      ucam.repliesAreVerifiedOnce,
      { verifying: reroute(verifying, { 'reply.invalid': 'awaitingReturn' }) },
    ],
    [
      'a reply is verified once the login holds',
      ucam.onlyReturnsAreVerified,
      { authenticated: reroute(authenticated, { 'return.reply': awaitingReturn.on['return.reply'] }) },
    ],
    [
      'the reply is kept',
      neverKept(REPLY),
      {
        awaitingReturn: reroute(awaitingReturn, {
          'return.reply': {
            target: 'verifying',
            actions: ucamLogin.assign({ returnTo: ({ event }) => (event.type === 'return.reply' ? event.reply : '') }),
          },
        }),
      },
    ],
  ]);
});
