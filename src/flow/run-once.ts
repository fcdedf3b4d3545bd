import { randomBytes } from 'node:crypto';
import type { AnyMachineSnapshot, EventObject } from 'xstate';
import type { PrincipalRef } from '../../machines/vocabulary.ts';
import type { Flow } from './flow.ts';
import type { FlowStep, JournalListener, PseudonymOf } from './journal.ts';
import { begin, send } from './run.ts';

/** What a flow of a single request needs. */
export interface OneRun<Scope> {
  readonly flow: Flow<Scope>;
  readonly scope: Scope;
  readonly journal: JournalListener;
  readonly clock: () => number;
  readonly pseudonymOf?: PseudonymOf | undefined;
  /** Whom the flow acts for, where its machine does not know it. */
  readonly person?: PrincipalRef | undefined;
}

/**
 * Runs a flow that lives within one request and is never stored: from its beginning, or with one event from outside, to
 * its end.
 * @throws SsoError ERR_SSO_FLOW if the machine breaks the rules; whatever a performer throws
 */
export async function runOnce<Scope>(
  { journal, clock, ...one }: OneRun<Scope>,
  input: unknown,
  event?: EventObject,
): Promise<AnyMachineSnapshot> {
  const attempt = randomBytes(9).toString('base64url');
  const run = { ...one, onStep: (step: FlowStep) => journal({ ...step, at: clock(), attempt }) };
  const first = await begin(run, input);
  return event ? send(run, first, event) : first;
}
