import { casLogin, casLoginStates } from '../../../machines/index.ts';
import { type Breaks, type Given, reroute } from './breaks.ts';
import { casWith } from './cas-generic.ts';

const { redirecting, awaitingReturn, validating, admitting, claimingGrant, openingSession, authenticated } =
  casLoginStates;
const { assign } = casLogin;
const [vouched] = validating.on['validation.succeeded'];
const issued = redirecting.on['redirect.issued'];
const validate = awaitingReturn.on['return.ticket'].actions;

/** A ticket that is validated with something else than its attempt was begun with. */
const validatingWith = (more: object) =>
  casWith({
    awaitingReturn: reroute(awaitingReturn, {
      'return.ticket': {
        target: 'validating',
        actions: {
          ...validate,
          params: ({ context, event }: Given) => ({
            service: context.service,
            ticket: event.ticket,
            renew: context.renew,
            withGrant: context.proxyGrant !== 'off',
            ...more,
          }),
        },
      },
    }),
  });

/** What only a login through a CAS server has: tickets and proxy grants. */
export const brokenTickets: Breaks = {
  'ticket-not-kept': {
    'it is in the address to go on to': casWith({
      awaitingReturn: reroute(awaitingReturn, {
        'return.ticket': {
          target: 'validating',
          actions: [validate, assign({ returnTo: ({ event }) => ('ticket' in event ? event.ticket : '') })],
        },
      }),
    }),
  },
  'offer-not-kept': {
    'it rests with the session': casWith({
      claimingGrant: reroute(claimingGrant, { 'grant.missing': 'openingSession' }),
    }),
    'it is in the record of a failure': casWith({
      claimingGrant: reroute(claimingGrant, { 'grant.missing': { target: 'rejecting', actions: [] } }),
    }),
    'it rests while the browser is away': casWith({
      validating: reroute(validating, { 'validation.succeeded': { ...vouched!, guard: undefined, target: 'asking' } }),
      asking: { tags: ['awaiting-browser'], on: { 'logout.requested': 'loggedOut', 'return.ticket': 'rejecting' } },
      loggedOut: {
        ...casLoginStates.loggedOut,
        entry: [...casLoginStates.loggedOut.entry, assign({ grantOffer: null })],
      },
      rejecting: { tags: ['awaiting-server'], entry: assign({ grantOffer: null }), always: 'failed' },
    }),
  },
  'service-unchanged': {
    'it is validated for another address': validatingWith({ service: 'https://portal.example.edu/' }),
    'it is validated without the demand': validatingWith({ renew: false }),
    'it is validated for no address': casWith({
      redirecting: reroute(redirecting, { 'redirect.issued': 'awaitingReturn' }),
    }),
  },
  'grant-for-the-admitted': {
    'for whoever was refused': casWith({ admitting: reroute(admitting, { 'principal.refused': 'claimingGrant' }) }),
  },
  'own-grant': {
    'it is not remembered': casWith({
      claimingGrant: reroute(claimingGrant, {
        'grant.claimed': { target: 'openingSession', actions: assign({ grantOffer: null }) },
      }),
    }),
    'there is one that nobody claimed': casWith({
      redirecting: reroute(redirecting, {
        'redirect.issued': { ...issued, actions: [issued.actions, assign({ grantId: 'grant-of-somebody' })] },
      }),
    }),
    'there is one that is told where nobody asked': casWith({
      openingSession: reroute(openingSession, {
        'grant.claimed': { actions: assign({ grantId: ({ event }) => ('grantId' in event ? event.grantId : null) }) },
      }),
    }),
    'the session has another one': casWith({
      openingSession: {
        ...openingSession,
        entry: {
          type: 'openSession',
          params: ({ context: { principal, lifeMs } }: Given) => ({ principal, lifeMs, grantId: 'grant-of-somebody' }),
        },
      },
    }),
  },
  'required-grant': {
    'a login goes on without one': casWith({
      claimingGrant: reroute(claimingGrant, {
        'grant.missing': { target: 'openingSession', actions: assign({ grantOffer: null }) },
      }),
    }),
  },
  'dead-grant-forgotten': {
    'it stays on record': casWith({
      authenticated: reroute(authenticated, {
        'grant.expired': { target: 'starting', actions: assign({ principal: null }) },
      }),
    }),
  },
};
