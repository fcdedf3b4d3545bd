import type { AnyMachineSnapshot, EventObject } from 'xstate';
import type { Failure, NotKeptCode, PrincipalRef } from '../../machines/vocabulary.ts';
import { SsoError } from '../errors.ts';
import { type Flow, stateName } from './flow.ts';
import type { PseudonymOf, StepListener } from './journal.ts';
import { outcomeOf } from './outcome.ts';
import { type Asked, firstTransitions, type Transition, transitionsOn } from './steps.ts';

/** What every run of a flow needs beyond the flow itself. */
export interface RunContext<Scope> {
  readonly flow: Flow<Scope>;
  readonly scope: Scope;
  readonly onStep: StepListener;
  /** Names the people of the steps; without it, nobody is named. */
  readonly pseudonymOf?: PseudonymOf | undefined;
  /** Whom the flow acts for, where its machine does not know it. */
  readonly person?: PrincipalRef | undefined;
}

/**
 * Starts a flow and performs its effects until it waits for the browser or is over.
 * @throws SsoError ERR_SSO_FLOW if the machine breaks the rules of the engine; whatever a performer throws.
 */
export async function begin<Scope>(run: RunContext<Scope>, input: unknown): Promise<AnyMachineSnapshot> {
  return settle(run, ...take(run, firstTransitions(run.flow.machine, input)));
}

/**
 * Sends one event to a flow and performs its effects until it waits for the browser or is over.
 * Ask `snapshot.can(event)` before the stored record is claimed: an event that is refused here is a fault of the caller.
 * @throws SsoError ERR_SSO_FLOW as above; whatever a performer throws.
 */
export async function send<Scope>(
  run: RunContext<Scope>,
  snapshot: AnyMachineSnapshot,
  event: EventObject,
): Promise<AnyMachineSnapshot> {
  return settle(run, ...advance(run, snapshot, event));
}

/** Performs what was asked for, in order; each answer may ask for more. */
async function settle<Scope>(
  run: RunContext<Scope>,
  first: AnyMachineSnapshot,
  asked: readonly Asked[],
): Promise<AnyMachineSnapshot> {
  let snapshot = first;
  const queue = [...asked];
  for (let ask = queue.shift(); ask; ask = queue.shift()) {
    const perform = run.flow.performers.get(ask.type);
    if (!perform) throw broken(run, `nobody performs the effect ${ask.type}`);
    const told = await perform(ask.params, run.scope);
    if (told) {
      const [next, more] = advance(run, snapshot, told);
      snapshot = next;
      queue.push(...more);
    }
  }
  if (snapshot.hasTag('awaiting-server')) throw broken(run, `no effect answered in ${stateName(snapshot)}`);
  return snapshot;
}

function advance<Scope>(
  run: RunContext<Scope>,
  snapshot: AnyMachineSnapshot,
  event: EventObject,
): [AnyMachineSnapshot, readonly Asked[]] {
  if (event.type.startsWith('xstate.') || !snapshot.can(event)) {
    throw broken(run, `${event.type} is not possible in ${stateName(snapshot)}`);
  }
  return take(run, transitionsOn(run.flow.machine, snapshot, event));
}

/** Reports each transition, in order, once all of them are known to keep the rules. */
function take<Scope>(run: RunContext<Scope>, taken: readonly Transition[]): [AnyMachineSnapshot, readonly Asked[]] {
  const asked = taken.flatMap((one) => one.asked);
  const foreign = asked.find((ask) => ask.type.startsWith('xstate.'));
  if (foreign) throw broken(run, `${foreign.type} is not allowed in a flow machine`);
  for (const one of taken) report(run, one);
  const last = taken.at(-1);
  if (!last) throw broken(run, 'no transition');
  return [last.after, asked];
}

/** Names only: a payload may hold a ticket, and a listener may write to a disk. */
function report<Scope>(run: RunContext<Scope>, { before, after, event, guard, asked }: Transition): void {
  // A step that loses the person, such as one that lets a session end, is still theirs.
  const person = personOf(after) ?? personOf(before) ?? run.person ?? null;
  run.onStep({
    flow: run.flow.name,
    from: before && stateName(before),
    event,
    guard,
    to: stateName(after),
    effects: asked.map((ask) => ask.type),
    code: failureCode(after) ?? lossCode(before, after),
    outcome: outcomeOf(before, after),
    done: after.status === 'done',
    subject: (person && run.pseudonymOf?.(person)) ?? null,
  });
}

function personOf(snapshot: AnyMachineSnapshot | null): PrincipalRef | null {
  return (snapshot?.context as { readonly principal?: PrincipalRef | null } | undefined)?.principal ?? null;
}

function failureCode(snapshot: AnyMachineSnapshot): string | null {
  const { failure } = snapshot.context as { failure?: Failure | null };
  return failure?.code ?? null;
}

/** Why something that a person had sent is lost, at the step by which it is. */
function lossCode(before: AnyMachineSnapshot | null, after: AnyMachineSnapshot): string | null {
  const codeOf = (snapshot: AnyMachineSnapshot | null) =>
    (snapshot?.context as { readonly notKept?: NotKeptCode | null } | undefined)?.notKept ?? null;
  return codeOf(before) === codeOf(after) ? null : codeOf(after);
}

function broken<Scope>(run: RunContext<Scope>, what: string): SsoError {
  return new SsoError('ERR_SSO_FLOW', { detail: `${run.flow.name}: ${what}` });
}
