/**
 * What a CAS login speaks of: its input, context, events, effects and guards. The story itself is in `cas-login.ts`.
 *
 * Actions with an empty body are effects: the engine performs them, and each effect that decides something answers with
 * one event. The ticket passes through an event into an effect and never rests in the context.
 */
import { setup } from 'xstate';
import type {
  Failure,
  FailureCode,
  FlowTag,
  GrantOffer,
  Principal,
  PrincipalRef,
  SavedRequestRef,
  StateMeta,
  TransitionMeta,
} from './vocabulary.ts';

/** Logins within one minute, without a person being asked in between, after which a browser is told that it loops. */
export const MAX_RECENT_LOGINS = 4;

/** How far the clocks of the login server and of this site may be apart, in milliseconds. */
export const CLOCK_SKEW_MS = 5 * 60_000;

export interface CasLoginInput {
  /** Where the person wanted to go: a path on our own site. */
  readonly returnTo: string;
  /** The login server must ask for credentials again (CAS 2.1.1). */
  readonly renew: boolean;
  /** The login server must not ask anything (CAS 2.1.1). With `renew` it is not asked at all: the two exclude each other. */
  readonly gateway: boolean;
  /** The browser came back without a ticket from a gateway login a short while ago. */
  readonly gatewayRecentlyDeclined: boolean;
  /** Credentials must have been shown within this time, in milliseconds; null for no such limit. */
  readonly maxAgeMs: number | null;
  /** Logins that this browser finished within the last minute. */
  readonly recentLogins: number;
  /** Who must come back, when a session is being renewed; null when anybody may. */
  readonly expected: PrincipalRef | null;
  readonly savedRequest: SavedRequestRef | null;
  /** The address of a ticket that nobody here asked for, where the application accepts such; else null. */
  readonly unsolicitedService: string | null;
  /** Whether the login asks for a proxy-granting ticket, and whether it is worth anything without one (CAS 2.5.4). */
  readonly proxyGrant: 'off' | 'optional' | 'required';
}

export interface CasLoginContext extends CasLoginInput {
  /** The address that the ticket is issued for: the very same text goes to login and to validation (CAS 2.5.1). */
  readonly service: string | null;
  /** When the browser was sent away, in milliseconds since 1970. */
  readonly redirectedAt: number | null;
  readonly principal: Principal | null;
  /** What came with the validated ticket, until it is claimed. */
  readonly grantOffer: GrantOffer | null;
  /** The proxy-granting ticket of this login, by the id that it is stored under. */
  readonly grantId: string | null;
  /** The login that this flow opened, by the id that a session points to it with. */
  readonly loginId: string | null;
  readonly failure: Failure | null;
}

export type CasLoginEvent =
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
  | { readonly type: 'principal.admitted' }
  | { readonly type: 'principal.refused' }
  | { readonly type: 'principal.unchecked'; readonly detail: string }
  | { readonly type: 'grant.claimed'; readonly grantId: string }
  | { readonly type: 'grant.missing'; readonly detail: string }
  | { readonly type: 'session.opened'; readonly loginId: string }
  | {
      readonly type: 'grant.expired';
      readonly savedRequest: SavedRequestRef | null;
      readonly recentLogins: number;
    }
  | { readonly type: 'logout.requested'; readonly everywhere: boolean };

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
    redirectToLogin: (_, _params: { readonly renew: boolean; readonly gateway: boolean }) => {},
    validateTicket: (
      _,
      _params: {
        readonly service: string;
        readonly ticket: string;
        readonly renew: boolean;
        readonly withGrant: boolean;
      },
    ) => {},
    admitPrincipal: (_, _params: { readonly principal: Principal }) => {},
    claimProxyGrant: (_, _params: { readonly principal: Principal; readonly grantOffer: GrantOffer | null }) => {},
    openSession: (_, _params: { readonly principal: Principal; readonly grantId: string | null }) => {},
    resumeRequest: (_, _params: { readonly returnTo: string; readonly savedRequest: SavedRequestRef | null }) => {},
    discardRequest: (_, _params: { readonly savedRequest: SavedRequestRef | null }) => {},
    continueAnonymously: (_, _params: { readonly returnTo: string }) => {},
    showFailure: (_, _params: { readonly failure: Failure; readonly returnTo: string }) => {},
    endSession: (
      _,
      _params: { readonly everywhere: boolean; readonly loginId: string | null; readonly grantId: string | null },
    ) => {},
  },
  guards: {
    loginLoops: ({ context }) => context.recentLogins >= MAX_RECENT_LOGINS,
    gatewayCoolsDown: ({ context }) => context.gateway && (context.renew || context.gatewayRecentlyDeclined),
    gatewayAsked: ({ context }) => context.gateway,
    broughtTicket: ({ context }) => context.unsolicitedService !== null,
    wantsGrant: ({ context }) => context.proxyGrant !== 'off',
    needsGrant: ({ context }) => context.proxyGrant === 'required',
    mayGoWithoutGrant: ({ context }) => context.proxyGrant === 'optional',
    mayAskAgain: ({ context }) => context.maxAgeMs !== null && !context.renew && !context.gateway,
    /** Credentials were shown as lately as this attempt demanded, judged from the answer and from the attempt itself. */
    freshEnough: ({ context, event }) => {
      if (event.type !== 'validation.succeeded') return false;
      if (context.renew && contradictsRenew(event.principal, context.redirectedAt ?? event.at)) return false;
      const shownAt = credentialsShownAt(context, event);
      return context.maxAgeMs === null || (shownAt !== null && event.at - shownAt <= context.maxAgeMs);
    },
    /** The person who came back is the one who was signed in before, or nobody was. */
    samePrincipal: ({ context }) => {
      const before = context.savedRequest?.owner ?? context.expected;
      return before === null || (before.issuer === context.principal?.issuer && before.id === context.principal.id);
    },
  },
});

type Success = Extract<CasLoginEvent, { type: 'validation.succeeded' }>;

/** The server says itself that it did not ask for credentials, or did so long before the browser left. */
function contradictsRenew({ fromNewLogin, authenticatedAt }: Principal, redirectedAt: number): boolean {
  return fromNewLogin === null
    ? authenticatedAt !== null && authenticatedAt < redirectedAt - CLOCK_SKEW_MS
    : !fromNewLogin;
}

/**
 * When the person showed credentials, in milliseconds since 1970, or null if nobody knows. With `renew` it was after the
 * browser left, whatever the server says of the hour; a server that speaks of a new login but not of the hour means now.
 */
export function credentialsShownAt(
  { renew, redirectedAt }: Pick<CasLoginContext, 'renew' | 'redirectedAt'>,
  { principal, at }: Success,
): number | null {
  const { authenticatedAt, fromNewLogin } = principal;
  // An hour that lies ahead is none: else a server with a fast clock would make every login a fresh one.
  const told = authenticatedAt !== null && authenticatedAt <= at + CLOCK_SKEW_MS ? Math.min(at, authenticatedAt) : null;
  if (renew) return told === null ? at : Math.max(told, redirectedAt ?? at);
  return told ?? (fromNewLogin ? at : null);
}

/** Ends an attempt: nobody is known, and the reason is kept for the page and the journal. */
export const fail = (code: FailureCode) =>
  casLogin.assign({
    principal: null,
    grantOffer: null,
    failure: ({ event }) => ({ code, detail: 'detail' in event ? event.detail : null }),
  });
