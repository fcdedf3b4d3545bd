/**
 * What a login by Ucam-WebAuth (Raven) speaks of, beyond what every login does. The story itself is in `ucam-login.ts`.
 *
 * The signed reply passes through an event into an effect and never rests in the context.
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
import type { FailureCode, FlowTag, Principal, StateMeta, TransitionMeta } from './vocabulary.ts';

export type UcamLoginInput = LoginInput;

export interface UcamLoginContext extends LoginContext {
  /** The address that the reply must name, to the letter: the one that this attempt sent. */
  readonly url: string | null;
  /** What the reply must bring back, to the letter: the nonce of this attempt, and the application's data. */
  readonly params: string | null;
}

/** What the WLS says to the person goes with each status but success; it is text, never markup. */
interface Said {
  readonly said: string | null;
}

export type UcamLoginEvent =
  | LoginEvent
  | CustomLoginEvent
  | { readonly type: 'redirect.issued'; readonly url: string; readonly params: string; readonly at: number }
  | { readonly type: 'return.reply'; readonly reply: string }
  | {
      readonly type: 'reply.verified';
      readonly principal: Principal;
      /** How long the session at the WLS goes on, in milliseconds, where it says so. */
      readonly lifeMs: number | null;
      readonly at: number;
    }
  | { readonly type: 'reply.malformed'; readonly detail: string }
  | { readonly type: 'reply.invalid'; readonly detail: string }
  | { readonly type: 'reply.unknownKey'; readonly detail: string }
  | { readonly type: 'reply.notCurrent'; readonly detail: string }
  | ({ readonly type: 'reply.cancelled' } & Said)
  | ({ readonly type: 'reply.interactionNeeded' } & Said)
  | ({ readonly type: 'reply.refused'; readonly detail: string } & Said)
  | ({ readonly type: 'reply.failed'; readonly detail: string } & Said);

/** The vocabulary: contexts, events, effects and guards that a login by Ucam-WebAuth speaks of. */
export const ucamLogin = setup({
  types: {} as {
    input: UcamLoginInput;
    context: UcamLoginContext;
    events: UcamLoginEvent;
    tags: FlowTag;
    meta: StateMeta;
    transitionMeta: TransitionMeta;
  },
  actions: {
    ...loginEffects,
    verifyReply: (
      _,
      _params: {
        readonly reply: string;
        readonly url: string;
        readonly params: string;
        readonly renew: boolean;
        readonly gateway: boolean;
      },
    ) => {},
    rememberFailure: assign((args, params: { readonly code: FailureCode }) =>
      loginAssigners.rememberFailure(args, params),
    ),
    rememberToAskAgain: assign(loginAssigners.rememberToAskAgain),
    rememberLogin: assign(loginAssigners.rememberLogin),
    rememberRequest: assign(loginAssigners.rememberRequest),
    rememberNotKept: assign(loginAssigners.rememberNotKept),
    forgetRequest: assign(loginAssigners.forgetRequest),
    forgetSession: assign(loginAssigners.forgetSession),
  },
  guards: {
    ...loginGuards,
  },
});
