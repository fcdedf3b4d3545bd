/**
 * What a CAS login speaks of, beyond what every login does: its input, context, events, effects and guards. The story
 * itself is in `cas-login.ts`.
 *
 * Actions with an empty body are effects: the engine performs them, and each effect that decides something answers with
 * one event. The ticket passes through an event into an effect and never rests in the context.
 */
import { assign, setup } from 'xstate';
import {
  type CustomLoginEvent,
  type LoginContext,
  type LoginEvent,
  type LoginInput,
  loginAssigners,
  loginEffects,
  loginGuards,
} from './login-vocabulary.ts';
import type {
  FailureCode,
  FlowTag,
  GrantOffer,
  NotKeptCode,
  Principal,
  StateMeta,
  TransitionMeta,
} from './vocabulary.ts';

export interface CasLoginInput extends LoginInput {
  /** The address of a ticket that nobody here asked for, where the application accepts such; else null. */
  readonly unsolicitedService: string | null;
  /** Whether the login asks for a proxy-granting ticket, and whether it is worth anything without one (CAS 2.5.4). */
  readonly proxyGrant: 'off' | 'optional' | 'required';
}

export interface CasLoginContext extends LoginContext, CasLoginInput {
  /** The address that the ticket is issued for: the very same text goes to login and to validation (CAS 2.5.1). */
  readonly service: string | null;
  /** What came with the validated ticket, until it is claimed. */
  readonly grantOffer: GrantOffer | null;
}

export type CasLoginEvent =
  | LoginEvent
  | CustomLoginEvent
  | { readonly type: 'redirect.issued'; readonly service: string; readonly at: number }
  | { readonly type: 'return.ticket'; readonly ticket: string }
  | { readonly type: 'return.withoutTicket' }
  | {
      readonly type: 'validation.succeeded';
      readonly principal: Principal;
      readonly grantOffer: GrantOffer | null;
      readonly at: number;
    }
  | { readonly type: 'validation.rejected'; readonly detail: string }
  | { readonly type: 'validation.refused'; readonly detail: string }
  | { readonly type: 'validation.callbackFailed'; readonly detail: string }
  | { readonly type: 'validation.proxied' }
  | { readonly type: 'validation.unreachable'; readonly detail: string }
  | { readonly type: 'validation.timedOut' }
  | { readonly type: 'validation.badStatus'; readonly detail: string }
  | { readonly type: 'validation.unreadable'; readonly detail: string }
  | { readonly type: 'grant.claimed'; readonly grantId: string }
  | { readonly type: 'grant.missing'; readonly detail: string }
  | {
      readonly type: 'grant.expired';
      readonly returnTo: string;
      readonly keepRequest: boolean;
      readonly notKept: NotKeptCode | null;
      readonly recentLogins: number;
    };

/** The vocabulary: contexts, events, effects and guards that a CAS login speaks of. */
export const casLogin = setup({
  types: {} as {
    input: CasLoginInput;
    context: CasLoginContext;
    events: CasLoginEvent;
    tags: FlowTag;
    meta: StateMeta;
    transitionMeta: TransitionMeta;
  },
  actions: {
    ...loginEffects,
    validateTicket: (
      _,
      _params: {
        readonly service: string;
        readonly ticket: string;
        readonly renew: boolean;
        readonly withGrant: boolean;
      },
    ) => {},
    claimProxyGrant: (_, _params: { readonly principal: Principal; readonly grantOffer: GrantOffer | null }) => {},
    rememberFailure: assign((args, params: { readonly code: FailureCode }) => ({
      ...loginAssigners.rememberFailure(args, params),
      grantOffer: null,
    })),
    rememberToAskAgain: assign(loginAssigners.rememberToAskAgain),
    rememberLogin: assign(loginAssigners.rememberLogin),
    rememberRequest: assign(loginAssigners.rememberRequest),
    rememberNotKept: assign(loginAssigners.rememberNotKept),
    forgetRequest: assign(loginAssigners.forgetRequest),
    forgetSession: assign(() => ({ ...loginAssigners.forgetSession(), grantOffer: null })),
  },
  guards: {
    ...loginGuards,
    broughtTicket: ({ context }) => context.unsolicitedService !== null,
    wantsGrant: ({ context }) => context.proxyGrant !== 'off',
    needsGrant: ({ context }) => context.proxyGrant === 'required',
    mayGoWithoutGrant: ({ context }) => context.proxyGrant === 'optional',
  },
});
