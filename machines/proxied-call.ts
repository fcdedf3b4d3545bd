/**
 * One call of a service on behalf of a person: it brings a proxy ticket, and the CAS server says for whom it was issued
 * and through whose hands it went.
 *
 * Nothing is kept between two calls. The proxy ticket never rests in the context.
 */
import { assign, setup } from 'xstate';
import type { Failure, FailureCode, FlowTag, GrantOffer, Principal, StateMeta, TransitionMeta } from './vocabulary.ts';

export interface ProxiedCallInput {
  /** The service that the ticket must have been issued for, to the letter. */
  readonly service: string;
  /** Whether the call goes on to further services, and needs a proxy-granting ticket of its own for that. */
  readonly wantsGrant: boolean;
}

export interface ProxiedCallContext extends ProxiedCallInput {
  readonly principal: Principal | null;
  /** Who called on behalf of the person, the most recent proxy first; empty for the person. */
  readonly proxies: readonly string[];
  /** What came with the validated ticket, until it is claimed. */
  readonly grantOffer: GrantOffer | null;
  readonly grantId: string | null;
  readonly failure: Failure | null;
}

export type ProxiedCallEvent =
  | { readonly type: 'call.ticket'; readonly ticket: string }
  | { readonly type: 'call.withoutTicket' }
  | { readonly type: 'call.malformed' }
  | {
      readonly type: 'call.vouchedFor';
      readonly principal: Principal;
      readonly proxies: readonly string[];
      readonly grantOffer: GrantOffer | null;
    }
  | { readonly type: 'chain.refused' }
  | { readonly type: 'validation.rejected'; readonly detail: string }
  | { readonly type: 'validation.refused'; readonly detail: string }
  | { readonly type: 'validation.unreachable'; readonly detail: string }
  | { readonly type: 'validation.timedOut' }
  | { readonly type: 'validation.badStatus'; readonly detail: string }
  | { readonly type: 'validation.unreadable'; readonly detail: string }
  | { readonly type: 'grant.claimed'; readonly grantId: string }
  | { readonly type: 'grant.missing'; readonly detail: string };

/** The vocabulary of a call on somebody's behalf. */
export const proxiedCall = setup({
  types: {} as {
    input: ProxiedCallInput;
    context: ProxiedCallContext;
    events: ProxiedCallEvent;
    tags: FlowTag;
    meta: StateMeta;
    transitionMeta: TransitionMeta;
  },
  actions: {
    validateProxyTicket: (
      _,
      _params: { readonly service: string; readonly ticket: string; readonly withGrant: boolean },
    ) => {},
    claimProxyGrant: (_, _params: { readonly principal: Principal; readonly grantOffer: GrantOffer | null }) => {},
    rememberFailure: assign(({ event }, { code }: { readonly code: FailureCode }) => ({
      failure: { code, detail: 'detail' in event ? event.detail : null },
    })),
  },
  guards: {
    wantsGrant: ({ context }) => context.wantsGrant,
  },
});

const fail = (code: FailureCode) => ({ type: 'rememberFailure', params: { code } }) as const;

const receiving = proxiedCall.createStateConfig({
  description: 'A service calls. Does it bring a ticket?',
  tags: ['awaiting-caller'],
  meta: { spec: ['CAS 2.6'] },
  on: {
    'call.ticket': {
      target: 'validating',
      actions: {
        type: 'validateProxyTicket',
        params: ({ context, event }) => ({
          service: context.service,
          ticket: event.ticket,
          withGrant: context.wantsGrant,
        }),
      },
      description: 'It brings one that can be a ticket; it was taken out of the request.',
    },
    'call.withoutTicket': {
      target: 'refused',
      actions: fail('ERR_SSO_PROXY_TICKET_REQUIRED'),
      description: 'It brings none.',
    },
    'call.malformed': {
      target: 'refused',
      actions: fail('ERR_SSO_PROXY_TICKET_REJECTED'),
      description: 'It brings something that no CAS server issues; the server is not asked.',
      meta: { threat: 'A flood of made-up tickets that we pass on to the login server.' },
    },
  },
});

const validating = proxiedCall.createStateConfig({
  description: 'The CAS server is asked, once, whom the ticket was issued for and who had it issued.',
  tags: ['awaiting-server'],
  meta: { spec: ['CAS 2.6.1', 'CAS 2.6.2', 'ASVS 6.8.3'] },
  on: {
    'call.vouchedFor': [
      {
        guard: 'wantsGrant',
        target: 'claimingGrant',
        actions: assign({
          principal: ({ event }) => event.principal,
          proxies: ({ event }) => event.proxies,
          grantOffer: ({ event }) => event.grantOffer,
        }),
        description: 'Every proxy of the chain may act for people here, and this service goes on to others.',
      },
      {
        target: 'accepted',
        actions: assign({ principal: ({ event }) => event.principal, proxies: ({ event }) => event.proxies }),
        description: 'Every proxy of the chain may act for people here.',
      },
    ],
    'chain.refused': {
      target: 'refused',
      actions: fail('ERR_SSO_PROXY_CHAIN'),
      description: 'The ticket is good, but it came through hands that may not act for people here.',
      meta: { threat: 'Any service of the campus that calls us with the rights of its visitors (CVE-2012-1104).' },
    },
    'validation.rejected': {
      target: 'refused',
      actions: fail('ERR_SSO_PROXY_TICKET_REJECTED'),
      description: 'The ticket is unknown, used, expired, or was issued for another service.',
    },
    'validation.refused': {
      target: 'refused',
      actions: fail('ERR_SSO_CAS_REFUSED'),
      description: 'The CAS server refuses for a reason that is not the ticket.',
    },
    'validation.unreachable': {
      target: 'refused',
      actions: fail('ERR_SSO_CAS_UNREACHABLE'),
      description: 'No connection, or a certificate that is not trusted.',
    },
    'validation.timedOut': {
      target: 'refused',
      actions: fail('ERR_SSO_CAS_TIMEOUT'),
      description: 'No complete answer within the deadline. The ticket may be burnt, so it is not sent again.',
    },
    'validation.badStatus': {
      target: 'refused',
      actions: fail('ERR_SSO_CAS_BAD_STATUS'),
      description: 'An HTTP status that no validation answer has; redirects are not followed.',
    },
    'validation.unreadable': {
      target: 'refused',
      actions: fail('ERR_SSO_CAS_BAD_ANSWER'),
      description: 'An answer that is not exactly one outcome of the protocol, or too large.',
    },
  },
});

const claimingGrant = proxiedCall.createStateConfig({
  description:
    'The proxy-granting ticket for the services behind this one came, or is about to come. It is waited for.',
  tags: ['awaiting-server'],
  meta: { spec: ['CAS 2.5.4', 'CAS 2.6.1'] },
  entry: {
    type: 'claimProxyGrant',
    params: ({ context }) => ({ principal: context.principal!, grantOffer: context.grantOffer }),
  },
  on: {
    'grant.claimed': {
      target: 'accepted',
      actions: assign({ grantId: ({ event }) => event.grantId, grantOffer: null }),
      description: 'The grant is stored, sealed, and belongs to this call alone.',
    },
    'grant.missing': {
      target: 'accepted',
      actions: assign({ grantOffer: null }),
      description:
        'No grant came in time. The call holds; asking for a further proxy ticket will say why there is none.',
    },
  },
});

const accepted = proxiedCall.createStateConfig({
  type: 'final',
  description: 'The call runs for the person.',
  meta: { spec: ['CAS 2.6.2'] },
});

const refused = proxiedCall.createStateConfig({
  type: 'final',
  description: 'The call is answered with a code, and nothing of the application runs.',
  tags: ['failed'],
  meta: { spec: ['CAS 2.6.3', 'ASVS 16.5.3'] },
});

/** The states, for machines that add to them or reroute them. */
export const proxiedCallStates = { receiving, validating, claimingGrant, accepted, refused };

/** Everything of the machine but its states. */
export const proxiedCallRoot = {
  id: 'proxiedCall',
  version: '1',
  initial: 'receiving' as const,
  description: 'A service calls on behalf of a person.',
  // The engine may call this without an input; the result is then thrown away.
  context: ({ input }: { input: ProxiedCallInput }): ProxiedCallContext => ({
    ...input,
    principal: null,
    proxies: [],
    grantOffer: null,
    grantId: null,
    failure: null,
  }),
};

/** The machine that runs unless the application brings its own. */
export const proxiedCallMachine = proxiedCall.createMachine({ ...proxiedCallRoot, states: proxiedCallStates });
