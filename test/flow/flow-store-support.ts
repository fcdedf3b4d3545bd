import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import { defineFlow, type Flow } from '../../src/flow/flow.ts';
import { createFlowStore } from '../../src/flow/flow-store.ts';
import { recordingStore, type ToyScope, toyEffects, toyMachine } from './support.ts';

export const ATTEMPT = 'AAAAAAAAAAAAAAAAAAAAAA';
export const ATTEMPT_MS = 600_000;
export const SESSION_MS = 36_000_000;

export const toyFlow = defineFlow('toy', toyMachine, toyEffects);

const at = (value: string, machine: AnyStateMachine = toyMachine): AnyMachineSnapshot =>
  machine.resolveState({ value, context: { size: 7, failure: null } });

/** A store of flows, and processes beside it that know other flows. */
export function setUp(flow: Flow<ToyScope> = toyFlow) {
  const recorder = recordingStore();
  const nodeWith = (flows: readonly Flow<ToyScope>[]) =>
    createFlowStore<ToyScope>({
      store: recorder.store,
      flows: new Map(flows.map((one) => [one.name, one])),
      attemptMs: ATTEMPT_MS,
      sessionMs: SESSION_MS,
    });
  const flowStore = nodeWith([flow]);
  const save = (value: string) =>
    flowStore.save(ATTEMPT, {
      id: 'id-of-the-flow',
      flow,
      snapshot: at(value, flow.machine),
      binding: 'digest',
      route: null,
      account: null,
    });
  return { ...recorder, flowStore, save, nodeWith };
}
