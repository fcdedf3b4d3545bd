/**
 * What every login speaks of, whichever protocol it goes by: the story from a known person to the end of the session, and
 * the ends of a login that does not come so far. The states are in `login-states.ts`.
 *
 * Actions that begin with `remember` or `forget` change the context of the machine. All others are effects.
 */
import { setup } from 'xstate';
import type {
  Failure,
  FailureCode,
  FlowTag,
  NotKeptCode,
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

/** What every login is asked for. */
export interface LoginInput {
  /** Where the person wanted to go: a path on our own site. */
  readonly returnTo: string;
  /** The login server must ask for credentials again (CAS 2.1.1 `renew`, Ucam-WebAuth `iact=yes`). */
  readonly renew: boolean;
  /**
   * The login server must not ask anything (CAS 2.1.1 `gateway`, Ucam-WebAuth `iact=no`). With `renew` it is not asked at
   * all: the two exclude each other.
   */
  readonly gateway: boolean;
  /** The browser came back from a gateway login as nobody a short while ago. */
  readonly gatewayRecentlyDeclined: boolean;
  /** Credentials must have been shown within this time, in milliseconds; null for no such limit. */
  readonly maxAgeMs: number | null;
  /** Logins that this browser finished within the last minute. */
  readonly recentLogins: number;
  /** Who must come back, when a session is being renewed; null when anybody may. */
  readonly expected: PrincipalRef | null;
  /** A request with a body was interrupted, and is to be kept before the browser is sent away. */
  readonly keepRequest: boolean;
  /** What was kept in an earlier attempt; in the context, what is kept now. */
  readonly savedRequest: SavedRequestRef | null;
  /** Why what the person had sent is not kept, to be told after the login; null if nothing is lost. */
  readonly notKept: NotKeptCode | null;
}

/**
 * Events of an application's own states, by name, with what each carries. Empty; an application adds to it:
 *
 *     declare module 'koa-campus-sso/machines' {
 *       interface CustomLoginEvents { 'consent.given': { readonly at: number } }
 *     }
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is there to be merged with.
export interface CustomLoginEvents {}

/** What an application's own states remember, beside what every login does. Empty; an application adds to it likewise. */
// biome-ignore lint/suspicious/noEmptyInterface: it is there to be merged with.
export interface CustomLoginContext {}

/** One of the events that applications have declared; `never` until one does. */
export type CustomLoginEvent = {
  [Type in keyof CustomLoginEvents]: { readonly type: Type } & CustomLoginEvents[Type];
}[keyof CustomLoginEvents];

/** What every login remembers. */
export interface LoginContext extends LoginInput, Partial<CustomLoginContext> {
  /** When the browser was sent away, in milliseconds since 1970. */
  readonly redirectedAt: number | null;
  readonly principal: Principal | null;
  /** How long the login server's own session lasts at most, in milliseconds, where it says so: a cap on ours. */
  readonly lifeMs: number | null;
  /** The login that this flow opened, by the id that a session points to it with. */
  readonly loginId: string | null;
  /** The proxy-granting ticket of this login, by the id that it is stored under; null where there is none. */
  readonly grantId: string | null;
  readonly failure: Failure | null;
}

/** What can happen to every login once the person is known. */
export type LoginEvent =
  | { readonly type: 'principal.admitted' }
  | { readonly type: 'principal.refused' }
  | { readonly type: 'principal.unchecked'; readonly detail: string }
  | { readonly type: 'session.opened'; readonly loginId: string }
  | { readonly type: 'request.saved'; readonly savedRequest: SavedRequestRef }
  | { readonly type: 'request.notSaved'; readonly code: NotKeptCode }
  | { readonly type: 'request.resumed' }
  | { readonly type: 'request.discarded' }
  | { readonly type: 'request.expired' }
  | { readonly type: 'logout.requested'; readonly everywhere: boolean };

/** Where the person goes on. */
export interface Resumption {
  readonly returnTo: string;
  /** What is to be sent again; null for the page alone. Without an owner the person is asked first. */
  readonly savedRequest: SavedRequestRef | null;
  /** Why nothing is sent again although the person had sent something; null if there is nothing to tell. */
  readonly notKept: NotKeptCode | null;
}

/** The effects that every login asks for. */
export const loginEffects = {
  redirectToLogin: (_: unknown, _params: { readonly renew: boolean; readonly gateway: boolean }) => {},
  admitPrincipal: (_: unknown, _params: { readonly principal: Principal }) => {},
  openSession: (
    _: unknown,
    _params: { readonly principal: Principal; readonly grantId: string | null; readonly lifeMs: number | null },
  ) => {},
  saveRequest: (_: unknown, _params: { readonly owner: PrincipalRef | null }) => {},
  resumeRequest: (_: unknown, _params: Resumption) => {},
  discardRequest: (_: unknown, _params: { readonly savedRequest: SavedRequestRef | null }) => {},
  continueAnonymously: (_: unknown, _params: { readonly returnTo: string }) => {},
  showFailure: (
    _: unknown,
    _params: {
      readonly failure: Failure;
      readonly returnTo: string;
      readonly savedRequest: SavedRequestRef | null;
      readonly notKept: NotKeptCode | null;
    },
  ) => {},
  endSession: (
    _: unknown,
    _params: { readonly everywhere: boolean; readonly loginId: string | null; readonly grantId: string | null },
  ) => {},
};

interface Judged {
  readonly context: LoginContext;
}

interface JudgedAnswer extends Judged {
  readonly event: { readonly type: string; readonly principal?: Principal; readonly at?: number };
}

/** The questions that every login asks of its context. */
export const loginGuards = {
  loginLoops: ({ context }: Judged) => context.recentLogins >= MAX_RECENT_LOGINS,
  gatewayCoolsDown: ({ context }: Judged) => context.gateway && (context.renew || context.gatewayRecentlyDeclined),
  gatewayAsked: ({ context }: Judged) => context.gateway,
  /** Credentials were shown as lately as this attempt demanded, judged from the answer and from the attempt itself. */
  freshEnough: ({ context, event: { principal, at } }: JudgedAnswer) => {
    if (principal === undefined || at === undefined) return false;
    if (context.renew && contradictsRenew(principal, context.redirectedAt ?? at)) return false;
    const shownAt = credentialsShownAt(context, { principal, at });
    return context.maxAgeMs === null || (shownAt !== null && at - shownAt <= context.maxAgeMs);
  },
  mayAskAgain: ({ context }: Judged) => context.maxAgeMs !== null && !context.renew && !context.gateway,
  /** What was kept in an earlier attempt is not given up for it. */
  hasRequestToKeep: ({ context }: Judged) => context.keepRequest && context.savedRequest === null,
  nothingWasKept: ({ context }: Judged) => context.savedRequest === null,
  ownerUnknown: ({ context }: Judged) => (context.savedRequest?.owner ?? context.expected) === null,
  /** The person who came back is the one who was signed in before, or nobody was. */
  samePrincipal: ({ context }: Judged) => {
    const before = context.savedRequest?.owner ?? context.expected;
    return before === null || (before.issuer === context.principal?.issuer && before.id === context.principal.id);
  },
};

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
  { renew, redirectedAt }: Pick<LoginContext, 'renew' | 'redirectedAt'>,
  { principal, at }: { readonly principal: Principal; readonly at: number },
): number | null {
  const { authenticatedAt, fromNewLogin } = principal;
  // An hour that lies ahead is none: else a server with a fast clock would make every login a fresh one.
  const told = authenticatedAt !== null && authenticatedAt <= at + CLOCK_SKEW_MS ? Math.min(at, authenticatedAt) : null;
  if (renew) return told === null ? at : Math.max(told, redirectedAt ?? at);
  return told ?? (fromNewLogin ? at : null);
}

/** What the actions that begin with `remember` and `forget` make of a context. Each machine puts them into `assign`. */
export const loginAssigners = {
  /** Ends an attempt: nobody is known, and the reason is kept for the page and the journal. */
  rememberFailure: (
    { event }: { readonly event: { readonly type: string } },
    { code }: { readonly code: FailureCode },
  ) => ({
    principal: null,
    failure: {
      code,
      detail: textOf(event, 'detail'),
      said: textOf(event, 'said'),
    },
  }),
  /** The next attempt demands credentials. */
  rememberToAskAgain: () => ({ renew: true, gateway: false }),
  rememberLogin: (_: unknown, { loginId }: { readonly loginId: string }) => ({ loginId }),
  /** The request is kept, for its sender or for whoever confirms that it is theirs. */
  rememberRequest: (_: unknown, { savedRequest }: { readonly savedRequest: SavedRequestRef }) => ({
    keepRequest: false,
    savedRequest,
    notKept: null,
  }),
  /** Nothing will be sent again, and the person is to know why. */
  rememberNotKept: (_: unknown, { code }: { readonly code: NotKeptCode }) => ({
    keepRequest: false,
    savedRequest: null,
    notKept: code,
  }),
  forgetRequest: () => ({ savedRequest: null }),
  forgetSession: () => ({ principal: null, loginId: null, grantId: null, keepRequest: false, savedRequest: null }),
};

function textOf(event: object, field: 'detail' | 'said'): string | null {
  const value = field in event ? (event as { readonly [name: string]: unknown })[field] : null;
  return typeof value === 'string' ? value : null;
}

/** The vocabulary that the shared states are written in. Machines have one of their own that contains it. */
export const login = setup({
  types: {} as {
    context: LoginContext;
    events: LoginEvent;
    tags: FlowTag;
    meta: StateMeta;
    transitionMeta: TransitionMeta;
  },
  actions: {
    ...loginEffects,
    rememberFailure: (_, _params: { readonly code: FailureCode }) => {},
    rememberToAskAgain: () => {},
    rememberLogin: (_, _params: { readonly loginId: string }) => {},
    rememberRequest: (_, _params: { readonly savedRequest: SavedRequestRef }) => {},
    rememberNotKept: (_, _params: { readonly code: NotKeptCode }) => {},
    forgetRequest: () => {},
    forgetSession: () => {},
  },
  guards: loginGuards,
});

/** An action that ends an attempt with a code. */
export const failWith = (code: FailureCode) => ({ type: 'rememberFailure', params: { code } }) as const;
