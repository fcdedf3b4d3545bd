import { createHash, timingSafeEqual } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { AnyMachineSnapshot, EventObject } from 'xstate';
import type { Flow } from './flow.ts';
import type { FlowStore, StoredFlow } from './flow-store.ts';
import type { FlowStep, JournalListener } from './journal.ts';
import { begin, send } from './run.ts';

/** What comes of an event for a stored flow. */
export type AttemptOutcome =
  /** It ran, and what it wants the browser to get is in the scope's reply. */
  | 'ran'
  /** No such attempt: expired, finished, or never ours. */
  | 'unknown'
  /** The attempt belongs to another browser. */
  | 'foreign'
  /** The attempt is not in a state in which this can happen. */
  | 'impossible';

export interface AttemptsOptions<Scope> {
  readonly flowStore: FlowStore<Scope>;
  readonly random: (bytes: number) => Buffer;
  readonly clock: () => number;
  readonly journal: JournalListener;
}

/**
 * Attempts to log in: their ids, their secrets, and the order of things that keeps them safe. An event is taken only if
 * the record exists, the browser shows the secret, the machine can use the event, and this request is the one that
 * claims the record. The record is saved before anybody is told.
 */
export interface Attempts<Scope> {
  /** A new id: 128 random bits, in letters that survive every address. */
  newId(): string;
  /**
   * Begins a flow under an id. Returns the secret to give to the browser, or null if the flow is over already.
   * @throws SsoError ERR_SSO_STORE, ERR_SSO_FLOW
   */
  start(attempt: string, flow: Flow<Scope>, input: unknown, scope: Scope): Promise<string | null>;
  /**
   * Lets a browser's return act on its attempt.
   * @throws SsoError ERR_SSO_STORE, ERR_SSO_FLOW
   */
  resume(attempt: string, from: Return, scope: Scope): Promise<AttemptOutcome>;
  /**
   * Logs an attempt out: one that waits for its browser, one that is settled, or one that another request works on.
   * @throws SsoError ERR_SSO_STORE, ERR_SSO_FLOW
   */
  logOut(attempt: string, everywhere: boolean, scope: Scope): Promise<AttemptOutcome>;
  /**
   * Whether somebody logged the attempt out while another request worked on it.
   * @throws SsoError ERR_SSO_STORE
   */
  isLoggedOut(attempt: string): Promise<boolean>;
}

export interface Return {
  /** The login option that the reply speaks the protocol of; an attempt of another one is not touched. */
  readonly flowName: string;
  readonly event: EventObject;
  /** What the browser showed; undefined if nothing. */
  readonly secret: string | undefined;
}

const ATTEMPT_ID = /^[A-Za-z0-9_-]{22}$/;
/** How long a second click waits for the first one, when another process works on it; in milliseconds. */
const WAITS_MS = [50, 100, 200, 400, 800];

export function createAttempts<Scope>(options: AttemptsOptions<Scope>): Attempts<Scope> {
  const { flowStore, random, clock, journal } = options;
  /** What this process works on, so that a second click can wait for the first. */
  const underWay = new Map<string, Promise<unknown>>();

  const runContext = (attempt: string, flow: Flow<Scope>, scope: Scope) => ({
    flow,
    scope,
    onStep: (step: FlowStep) => journal({ ...step, at: clock(), attempt: digest(attempt).slice(0, 12) }),
  });

  const step = async (attempt: string, stored: StoredFlow<Scope>, event: EventObject, scope: Scope) => {
    const snapshot = await send(runContext(attempt, stored.flow, scope), stored.snapshot, event);
    await flowStore.save(attempt, { ...stored, snapshot });
  };

  /** Runs an event on a flow that was peeked at; false if another request claimed it first. */
  const act = async (attempt: string, stored: StoredFlow<Scope>, event: EventObject, scope: Scope) => {
    if (!(await flowStore.claim(attempt, stored))) return false;
    const work = step(attempt, stored, event, scope);
    underWay.set(attempt, work);
    try {
      await work;
      return true;
    } finally {
      underWay.delete(attempt);
    }
  };

  /** Waits for whoever works on the attempt, here or in another process, and looks again. */
  const peekAfterWork = async (attempt: string): Promise<StoredFlow<Scope> | undefined> => {
    await underWay.get(attempt)?.catch(() => {});
    let found = await flowStore.peek(attempt);
    for (const ms of WAITS_MS) {
      if (found && !isWaiting(found.snapshot)) return found;
      await delay(ms);
      found = await flowStore.peek(attempt);
    }
    return found;
  };

  return {
    newId: () => random(16).toString('base64url'),

    async start(attempt, flow, input, scope) {
      const secret = random(32).toString('base64url');
      const snapshot = await begin(runContext(attempt, flow, scope), input);
      await flowStore.save(attempt, { flow, snapshot, binding: digest(secret) });
      return snapshot.status === 'active' ? secret : null;
    },

    async resume(attempt, { flowName, event, secret }, scope) {
      if (!ATTEMPT_ID.test(attempt)) return 'unknown';
      let stored = await flowStore.peek(attempt);
      // Only a browser that holds a secret for this attempt is worth waiting for.
      if (!stored && secret !== undefined) stored = await peekAfterWork(attempt);
      for (let tries = 0; stored && tries < 2; tries += 1) {
        if (stored.flow.name !== flowName) return 'unknown';
        if (isWaiting(stored.snapshot) && !matches(secret, stored.binding)) return 'foreign';
        if (!stored.snapshot.can(event)) return 'impossible';
        if (!isWaiting(stored.snapshot)) {
          // A settled flow only shows the page again: nothing changes, so nothing is claimed.
          await send(runContext(attempt, stored.flow, scope), stored.snapshot, event);
          return 'ran';
        }
        if (await act(attempt, stored, event, scope)) return 'ran';
        stored = await peekAfterWork(attempt);
      }
      return 'unknown';
    },

    async logOut(attempt, everywhere, scope) {
      if (!ATTEMPT_ID.test(attempt)) return 'unknown';
      const event = { type: 'logout.requested', everywhere };
      const stored = await flowStore.peek(attempt);
      if (stored?.snapshot.can(event) && (await act(attempt, stored, event, scope))) return 'ran';
      await flowStore.markLoggedOut(attempt);
      return 'unknown';
    },

    isLoggedOut: (attempt) => flowStore.isLoggedOut(attempt),
  };
}

function isWaiting(snapshot: AnyMachineSnapshot): boolean {
  return snapshot.hasTag('awaiting-browser');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

function matches(secret: string | undefined, binding: string): boolean {
  return secret !== undefined && timingSafeEqual(Buffer.from(digest(secret)), Buffer.from(binding));
}
