import { createHash, timingSafeEqual } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type AnyMachineSnapshot, type AnyStateMachine, type EventObject, transition } from 'xstate';
import { SsoError } from '../errors.ts';
import type { AttemptOutcome, AttemptScope, Attempts } from './attempt-types.ts';
import { type Flow, stateName } from './flow.ts';
import type { FlowStore, StoredFlow } from './flow-store.ts';
import type { FlowStep, JournalListener, PseudonymOf } from './journal.ts';
import { begin, send } from './run.ts';

export interface AttemptsOptions<Scope> {
  readonly flowStore: FlowStore<Scope>;
  readonly random: (bytes: number) => Buffer;
  readonly clock: () => number;
  readonly journal: JournalListener;
  readonly pseudonymOf?: PseudonymOf;
}

const ATTEMPT_ID = /^[A-Za-z0-9_-]{22}$/;
const UNKNOWN: AttemptOutcome = { kind: 'unknown' };
/** How long a second click waits for the first one, when another process works on it; in milliseconds. */
const WAITS_MS = [50, 100, 200, 400];

export function createAttempts<Scope extends AttemptScope>(options: AttemptsOptions<Scope>): Attempts<Scope> {
  const { flowStore, random, clock, journal, pseudonymOf } = options;
  /** What this process works on, so that a second click can wait for the first. */
  const underWay = new Map<string, Promise<unknown>>();

  const newId = () => random(16).toString('base64url');

  const runContext = (id: string, flow: Flow<Scope>, scope: Scope) => ({
    flow,
    scope,
    pseudonymOf,
    onStep: (step: FlowStep) => journal({ ...step, at: clock(), attempt: digest(id).slice(0, 12) }),
  });

  /** Keeps what a run came to; a browser that is sent away gets a new secret for the new attempt. */
  const keep = async (
    id: string,
    flow: Flow<Scope>,
    snapshot: AnyMachineSnapshot,
    scope: Scope,
    binding: string,
  ): Promise<AttemptOutcome> => {
    const waits = snapshot.status === 'active' && isWaiting(snapshot);
    const secret = waits ? random(32).toString('base64url') : null;
    if (scope.attempt === '') scope.attempt = newId();
    const { route = null, account = null } = scope;
    if (route !== null && snapshot.status === 'active' && !waits) {
      throw broken(flow, `${stateName(snapshot)} leads the browser to ${route} and does not wait for its answer`);
    }
    const stored = {
      id,
      flow,
      snapshot,
      route: waits ? route : null,
      // Once the session is open, it is in the record of the login.
      account: waits ? account : null,
      binding: secret === null ? binding : digest(secret),
    };
    await flowStore.save(scope.attempt, stored);
    // A logout that came while this request held the record found nothing to end and left a mark. It marks first and
    // looks again, we save first and look then: one of the two sees the other.
    if (isSettled(snapshot) && (await flowStore.isLoggedOut(scope.attempt))) {
      await end(scope.attempt, stored, logoutRequested(false), scope);
    }
    return { kind: 'ran', secret, context: snapshot.context };
  };

  /** Takes a record and lets it end; undefined if it is not to be had. */
  const end = async (attempt: string, stored: StoredFlow<Scope>, event: EventObject, scope: Scope) => {
    const isTaken = stored.snapshot.can(event);
    // A state of the application's own that knows no logout is no reason to let the attempt live on.
    if (!isTaken && !isWaiting(stored.snapshot)) return undefined;
    if (!(await flowStore.claim(attempt, stored))) return undefined;
    if (!isTaken) return { kind: 'ran', secret: null, context: stored.snapshot.context } as const;
    const { context } = await send(runContext(stored.id, stored.flow, scope), stored.snapshot, event);
    return { kind: 'ran', secret: null, context } as const;
  };

  const step = async (attempt: string, stored: StoredFlow<Scope>, event: EventObject, scope: Scope) => {
    const { id, flow, binding } = stored;
    const run = runContext(id, flow, scope);
    if (stored.account !== null) scope.account = stored.account;
    let snapshot = await send(run, stored.snapshot, event);
    // The browser is to be sent away once more: not if the person logged out meanwhile.
    if (isWaiting(snapshot) && (await flowStore.isLoggedOut(attempt))) {
      snapshot = await send(run, snapshot, logoutRequested(false));
    }
    checkLed(flow, snapshot, attempt, scope);
    return keep(id, flow, snapshot, scope, binding);
  };

  /** Runs an event on a flow that was peeked at; undefined if another request claimed it first. */
  const act = async (attempt: string, stored: StoredFlow<Scope>, event: EventObject, scope: Scope) => {
    if (!(await flowStore.claim(attempt, stored))) return undefined;
    const work = step(attempt, stored, event, scope);
    underWay.set(attempt, work);
    try {
      return await work;
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
    newId,

    async start(flow, input, scope, event) {
      const id = newId();
      const run = runContext(id, flow, scope);
      // The browser is back already and no redirect will begin an attempt, so it has one from the start.
      if (event) scope.attempt = newId();
      const begun = scope.attempt;
      const first = await begin(run, input);
      const snapshot = event && first.status === 'active' ? await send(run, first, event) : first;
      checkLed(flow, snapshot, begun, scope);
      return keep(id, flow, snapshot, scope, '');
    },

    async resume(attempt, { flowName, event, secret, owns }, scope) {
      if (!ATTEMPT_ID.test(attempt)) return UNKNOWN;
      let stored = await flowStore.peek(attempt);
      // Only a browser that holds a secret for this attempt is worth waiting for.
      if (!stored && secret !== undefined) stored = await peekAfterWork(attempt);
      for (let tries = 0; stored && tries < 2; tries += 1) {
        if (stored.flow.name !== flowName) return { kind: 'otherWay' };
        const isOurs =
          matches(secret, stored.binding) || (!isWaiting(stored.snapshot) && (owns?.(stored.snapshot) ?? false));
        if (!isOurs) return { kind: 'foreign', waiting: isWaiting(stored.snapshot) ? stored.snapshot.context : null };
        if (!stored.snapshot.can(event)) return { kind: 'impossible' };
        scope.attempt = attempt;
        if (!isWaiting(stored.snapshot)) {
          // A settled flow only shows the page again: nothing changes, so nothing is claimed.
          const { context } = await send(runContext(stored.id, stored.flow, scope), stored.snapshot, event);
          return { kind: 'ran', secret: null, context };
        }
        const outcome = await act(attempt, stored, event, scope);
        if (outcome) return outcome;
        stored = await peekAfterWork(attempt);
      }
      return UNKNOWN;
    },

    async look(attempt, { flowName, secret, owns }) {
      if (!ATTEMPT_ID.test(attempt)) return { kind: 'unknown' };
      let stored = await flowStore.peek(attempt);
      // A second click, while the first one is being worked on.
      if (!stored && secret !== undefined) stored = await peekAfterWork(attempt);
      if (stored?.flow.name !== flowName) return { kind: 'unknown' };
      const { snapshot, binding, route } = stored;
      const { context } = snapshot;
      const holdsSecret = matches(secret, binding);
      if (isWaiting(snapshot)) return holdsSecret ? { kind: 'waiting', route, context } : { kind: 'foreign' };
      if (!holdsSecret && !owns?.(snapshot)) return { kind: 'foreign' };
      return { kind: 'settled', context, isPending: snapshot.hasTag('pending') };
    },

    async tell(attempt, event, scope) {
      if (!ATTEMPT_ID.test(attempt)) return UNKNOWN;
      const stored = await flowStore.peek(attempt);
      if (!stored || !isSettled(stored.snapshot)) return UNKNOWN;
      // A flow that stayed where it is would be written again under the id that it was claimed by.
      if (!stored.snapshot.can(event) || !leaves(stored.flow.machine, stored.snapshot, event))
        return { kind: 'impossible' };
      scope.attempt = attempt;
      return (await act(attempt, stored, event, scope)) ?? UNKNOWN;
    },

    async logOut(attempt, everywhere, scope) {
      if (!ATTEMPT_ID.test(attempt)) return UNKNOWN;
      const event = logoutRequested(everywhere);
      scope.attempt = attempt;
      const take = async () => {
        const stored = await flowStore.peek(attempt);
        return stored && end(attempt, stored, event, scope);
      };
      const outcome = await take();
      if (outcome) return outcome;
      await flowStore.markLoggedOut(attempt);
      return (await take()) ?? UNKNOWN;
    },
  };
}

function logoutRequested(everywhere: boolean): EventObject & { readonly everywhere: boolean } {
  return { type: 'logout.requested', everywhere };
}

/** A browser that is waited for was led away under a new id: a record is never written again under one that was claimed. */
function checkLed<Scope extends AttemptScope>(
  flow: Flow<Scope>,
  snapshot: AnyMachineSnapshot,
  before: string,
  scope: Scope,
): void {
  if (snapshot.status !== 'active' || !isWaiting(snapshot) || scope.attempt !== before) return;
  throw broken(flow, `${stateName(snapshot)} waits for the browser, and no effect led it anywhere`);
}

function broken<Scope>(flow: Flow<Scope>, what: string): SsoError {
  return new SsoError('ERR_SSO_FLOW', { detail: `${flow.name}: ${what}` });
}

function leaves(machine: AnyStateMachine, snapshot: AnyMachineSnapshot, event: EventObject): boolean {
  return stateName(transition(machine, snapshot, event)[0]) !== stateName(snapshot);
}

function isSettled(snapshot: AnyMachineSnapshot): boolean {
  return snapshot.hasTag('settled');
}

function isWaiting(snapshot: AnyMachineSnapshot): boolean {
  return snapshot.hasTag('awaiting-browser');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

function matches(secret: string | undefined, binding: string): boolean {
  // A flow that began with the browser already back has no secret, and so belongs to nobody who shows one.
  if (secret === undefined || binding === '') return false;
  const shown = Buffer.from(digest(secret));
  const expected = Buffer.from(binding);
  return shown.length === expected.length && timingSafeEqual(shown, expected);
}
