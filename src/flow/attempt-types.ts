import type { AnyMachineSnapshot, EventObject } from 'xstate';
import type { Flow } from './flow.ts';

/** What comes of an event for a flow. */
export type AttemptOutcome =
  /**
   * It ran, and what it wants the browser to get is in the scope's reply. If the browser is sent away, `secret` is what
   * it must show when it comes back to the attempt of the scope. `context` is what the flow knows now.
   */
  | { readonly kind: 'ran'; readonly secret: string | null; readonly context: unknown }
  /** No such attempt: expired, finished, or never ours. */
  | { readonly kind: 'unknown' }
  /** The attempt belongs to another browser; `waiting` is its context if it is still open. */
  | { readonly kind: 'foreign'; readonly waiting: unknown }
  /** The attempt goes by another way to log in than the reply; it is not touched, and may still be finished. */
  | { readonly kind: 'otherWay' }
  /** The flow is not in a state in which this can happen. */
  | { readonly kind: 'impossible' };

/** The part of a scope that attempts work with: effects put the id of each new attempt there. */
export interface AttemptScope {
  attempt: string;
  /** The page that the browser was led to, if a state waits for its answer. */
  readonly route?: string | null;
  /** What the application knows of the person: it outlives a page that is shown before the session is opened. */
  account?: unknown;
}

/** What an attempt looks like to a browser that opens its page. */
export type AttemptView =
  /** It waits for this very browser, on a page of the application's own (`route`) or at the login server. */
  | { readonly kind: 'waiting'; readonly route: string | null; readonly context: unknown }
  /** Its answer was taken already, and the login of this browser came of it. */
  | { readonly kind: 'settled'; readonly context: unknown; readonly isPending: boolean }
  /** It belongs to another browser. */
  | { readonly kind: 'foreign' }
  /** No such attempt: expired, finished, or never of this way to log in. */
  | { readonly kind: 'unknown' };

/**
 * Attempts to log in: their ids, their secrets, and the order of things that keeps them safe. An event is taken only if
 * the record exists, the browser shows the secret, the machine can use the event, and this request is the one that
 * claims the record. The record is saved before anybody is told.
 *
 * Every method throws SsoError ERR_SSO_STORE when the store fails and ERR_SSO_FLOW when a machine breaks its rules.
 */
export interface Attempts<Scope extends AttemptScope> {
  /** A new id: 128 random bits, in letters that survive every address. */
  newId(): string;
  /** Begins a flow; `event` is sent at once, to a flow that begins with the browser already back. */
  start(flow: Flow<Scope>, input: unknown, scope: Scope, event?: EventObject): Promise<AttemptOutcome>;
  /** Lets a browser's return act on its attempt. */
  resume(attempt: string, from: Return, scope: Scope): Promise<AttemptOutcome>;
  /** What an attempt is to this browser; nothing is taken and nothing changes. */
  look(attempt: string, from: Omit<Return, 'event'>): Promise<AttemptView>;
  /** Tells a flow that is settled what happened to its login since; `unknown` if another request has it at this moment. */
  tell(attempt: string, event: EventObject, scope: Scope): Promise<AttemptOutcome>;
  /** Logs an attempt out: one that waits for its browser, one that is settled, or one that another request works on. */
  logOut(attempt: string, everywhere: boolean, scope: Scope): Promise<AttemptOutcome>;
}

export interface Return {
  /** The login option that the reply speaks the protocol of; an attempt of another one is not touched. */
  readonly flowName: string;
  readonly event: EventObject;
  /** What the browser showed; undefined if nothing. */
  readonly secret: string | undefined;
  /** Whether a settled flow is that of the person in this browser: the secret is gone once its attempt has ended. */
  owns?(snapshot: AnyMachineSnapshot): boolean;
}
