/**
 * What a CAS login adds to the states that every login has: the proxy-granting ticket, the return that is opened again, and
 * the way back to the login server when the grant has expired.
 */
import { assign } from 'xstate';
import { casLogin } from './cas-login-vocabulary.ts';
import * as kept from './kept-request-states.ts';
import { whereToGoOn } from './kept-request-states.ts';
import * as every from './login-states.ts';
import { failWith } from './login-vocabulary.ts';

export const admitting = casLogin.createStateConfig({
  ...every.admitting,
  on: {
    ...every.admitting.on,
    'principal.admitted': [
      {
        guard: 'wantsGrant',
        target: 'claimingGrant',
        description: 'The application knows or accepts the person, and calls other services for them.',
      },
      {
        ...every.admitting.on['principal.admitted'],
        actions: assign({ grantOffer: null }),
      },
    ],
  },
});

export const claimingGrant = casLogin.createStateConfig({
  description: 'The proxy-granting ticket came, or is about to come, by a call of the login server. It is waited for.',
  tags: ['awaiting-server'],
  meta: { spec: ['CAS 2.5.4', 'ASVS 15.4.2'] },
  entry: {
    type: 'claimProxyGrant',
    params: ({ context }) => ({ principal: context.principal!, grantOffer: context.grantOffer }),
  },
  on: {
    'grant.claimed': {
      target: 'openingSession',
      actions: assign({ grantId: ({ event }) => event.grantId, grantOffer: null }),
      description: 'The grant is stored, sealed, and belongs to this login alone.',
      meta: {
        threat: 'A forged delivery: only one whose name the login server told us over our own connection counts.',
      },
    },
    'grant.missing': [
      {
        guard: 'needsGrant',
        target: 'rejecting',
        actions: failWith('ERR_SSO_NO_PROXY_GRANT'),
        description: 'No grant came in time, and this site is of no use without one.',
      },
      {
        target: 'openingSession',
        actions: assign({ grantOffer: null }),
        description: 'No grant came in time. The login holds; asking for a proxy ticket will say why there is none.',
        meta: { threat: 'A callback that is broken locks everybody out.' },
      },
    ],
    'logout.requested': {
      target: 'loggedOut',
      description: 'The person signed out while the grant was waited for. It stays unclaimed, and expires.',
      meta: { threat: 'A login in flight that brings back a session after a logout.' },
    },
  },
});

/** The address of the return is opened again; nothing is validated and nothing changes. */
const openedAgain = {
  'return.ticket': {
    actions: { type: 'resumeRequest', params: whereToGoOn },
    description: 'The address of the return is opened again (back, double click): the page, and no second validation.',
    meta: { threat: 'A ticket used twice.' },
  },
  'return.withoutTicket': {
    actions: { type: 'resumeRequest', params: whereToGoOn },
    description: 'The same, with the ticket already taken out of the address.',
  },
} as const;

export const resuming = casLogin.createStateConfig({ ...kept.resuming, on: { ...kept.resuming.on, ...openedAgain } });

export const authenticated = casLogin.createStateConfig({
  ...every.citing('CAS 2.2.4', every.authenticated),
  on: {
    ...every.authenticated.on,
    ...openedAgain,
    'grant.expired': {
      target: 'starting',
      actions: assign({
        returnTo: ({ event }) => event.returnTo,
        keepRequest: ({ event }) => event.keepRequest,
        notKept: ({ event }) => event.notKept,
        recentLogins: ({ event }) => event.recentLogins,
        expected: ({ context }) => context.principal && { issuer: context.principal.issuer, id: context.principal.id },
        renew: false,
        gateway: false,
        maxAgeMs: null,
        principal: null,
        lifeMs: null,
        grantId: null,
        service: null,
        unsolicitedService: null,
        redirectedAt: null,
      }),
      description: 'The proxy grant is gone, so the person logs in again, and what they had sent is kept.',
      meta: { threat: 'The request runs later with the rights of whoever logs in: only this person may resume it.' },
    },
  },
});
