import { randomBytes } from 'node:crypto';
import type { EventObject } from 'xstate';
import type { CasLoginEvent } from '../../machines/cas-login-vocabulary.ts';
import { casLoginMachine } from '../../machines/index.ts';
import type { Principal, PrincipalRef } from '../../machines/vocabulary.ts';
import type { AttemptOutcome, Attempts } from '../../src/flow/attempt-types.ts';
import { createAttempts } from '../../src/flow/attempts.ts';
import type { Effects } from '../../src/flow/effects.ts';
import { defineFlow } from '../../src/flow/flow.ts';
import { createFlowStore } from '../../src/flow/flow-store.ts';
import type { JournalEntry } from '../../src/flow/journal.ts';
import { alice, plainInput, SENT_AT, VALIDATED_AT, vouchedFor } from '../machines/cas-login-model.ts';
import { savedBy } from '../machines/kept-request-model.ts';
import { recordingStore } from './support.ts';

/** What the performers of these tests work with: one for each request. */
export interface RequestScope {
  attempt: string;
  /** The effects that were performed for this request. */
  readonly performed: string[];
  page: string | null;
}

export const freshAlice = vouchedFor(alice, VALIDATED_AT - 1000, true);
const succeeded = (principal: Principal = freshAlice): CasLoginEvent => ({
  type: 'validation.succeeded',
  principal,
  grantOffer: null,
  at: VALIDATED_AT,
});

/** What a test decides: how the login server answers and the store of requests, and how long it takes. */
export interface LoginServer {
  keep: (owner: PrincipalRef | null) => Promise<CasLoginEvent> | CasLoginEvent;
  answer: () => Promise<CasLoginEvent> | CasLoginEvent;
  readonly validated: string[];
}

/** Processes that share a store and a login server, each with an `Attempts` of its own. */
export function setUp() {
  const recorder = recordingStore();
  const journal: JournalEntry[] = [];
  const server: LoginServer = {
    keep: (owner) => ({ type: 'request.saved', savedRequest: savedBy(owner) }),
    answer: () => succeeded(),
    validated: [],
  };

  const process = () => {
    const performed = (name: string, scope: RequestScope) => void scope.performed.push(name);
    let attempts: Attempts<RequestScope>;
    const effects: Effects<typeof casLoginMachine, RequestScope> = {
      redirectToLogin(_, scope) {
        performed('redirectToLogin', scope);
        scope.attempt = attempts.newId();
        return {
          type: 'redirect.issued',
          service: `https://portal.example.edu/return?attempt=${scope.attempt}`,
          at: SENT_AT,
        };
      },
      validateTicket({ ticket }, scope) {
        performed('validateTicket', scope);
        server.validated.push(ticket);
        return server.answer();
      },
      admitPrincipal(_, scope) {
        performed('admitPrincipal', scope);
        return { type: 'principal.admitted' };
      },
      claimProxyGrant(_, scope) {
        performed('claimProxyGrant', scope);
        return { type: 'grant.claimed', grantId: 'grant-1' };
      },
      openSession(_, scope) {
        performed('openSession', scope);
        return { type: 'session.opened', loginId: 'login-of-the-flow' };
      },
      saveRequest({ owner }, scope) {
        performed('saveRequest', scope);
        return server.keep(owner);
      },
      resumeRequest({ returnTo }, scope) {
        performed('resumeRequest', scope);
        scope.page = returnTo;
      },
      discardRequest: (_, scope) => performed('discardRequest', scope),
      continueAnonymously: (_, scope) => performed('continueAnonymously', scope),
      showFailure: (_, scope) => performed('showFailure', scope),
      endSession: (_, scope) => performed('endSession', scope),
    };
    const flow = defineFlow('cas', casLoginMachine, effects);
    const flowStore = createFlowStore<RequestScope>({
      store: recorder.store,
      flows: new Map([[flow.name, flow]]),
      attemptMs: 600_000,
      sessionMs: 36_000_000,
    });
    attempts = createAttempts<RequestScope>({
      flowStore,
      random: randomBytes,
      clock: () => VALIDATED_AT,
      journal: (entry) => void journal.push(entry),
    });
    return { attempts, flow, flowStore };
  };

  const here = process();
  return {
    ...recorder,
    ...here,
    journal,
    server,
    process,
    /** Sends a browser away and gives what it takes along. */
    async begin(input: unknown = plainInput) {
      const scope = newScope();
      const outcome = await here.attempts.start(here.flow, input, scope);
      if (outcome.kind !== 'ran' || outcome.secret === null) throw new Error('the browser was not sent away');
      return { attempt: scope.attempt, secret: outcome.secret, scope };
    },
    /** Lets a browser through a whole login. */
    async logIn(input: unknown = plainInput) {
      const begun = await this.begin(input);
      const outcome = await here.attempts.resume(begun.attempt, returning(begun.secret), newScope());
      if (outcome.kind !== 'ran') throw new Error('the browser was not let in');
      return begun.attempt;
    },
  };
}

export function newScope(): RequestScope {
  return { attempt: '', performed: [], page: null };
}

export const withTicket = (ticket = 'ST-1'): EventObject & { readonly ticket: string } => ({
  type: 'return.ticket',
  ticket,
});

/** What a return looks like: of the right login option and from a browser where nobody is signed in, unless told. */
export function returning(
  secret: string | undefined,
  event: EventObject = withTicket(),
  { flowName = 'cas', isOwner = false } = {},
) {
  return { flowName, event, secret, owns: () => isOwner };
}

/** What a browser gets that is sent away; null if it is not. */
export const secretOf = (outcome: AttemptOutcome) =>
  outcome.kind === 'ran' ? outcome.secret : `none: ${outcome.kind}`;

/** The kind of an outcome, for messages that a person can read. */
export const kindOf = ({ kind }: AttemptOutcome) => kind;
