import type { AnyMachineSnapshot, AnyStateNode, StateValue } from 'xstate';
import type { RecordKind, Store } from '../storage/store.ts';
import type { Flow } from './flow.ts';

/** What lies in the store. `hash`, `machine` and `version` tell whether a snapshot may still be acted upon. */
interface Envelope {
  readonly id: string;
  readonly flow: string;
  readonly machine: string;
  readonly version: string | null;
  readonly hash: string;
  readonly binding: string;
  readonly route: string | null;
  readonly account: unknown;
  readonly snapshot: { readonly value: unknown; readonly context: unknown };
}

/** A flow at rest. */
export interface StoredFlow<Scope> {
  /** Stays the same through all attempts of the flow. Known to nobody outside. */
  readonly id: string;
  readonly flow: Flow<Scope>;
  readonly snapshot: AnyMachineSnapshot;
  /** Digest of the secret that the browser of this attempt must show. */
  readonly binding: string;
  /** The page of the application's own that the flow waits on, by name. */
  readonly route: string | null;
  /** What the application knows of the person, while such a page is shown. */
  readonly account: unknown;
}

export interface FlowStoreOptions<Scope> {
  readonly store: Store;
  /** The flows that may be restored, by name. */
  readonly flows: ReadonlyMap<string, Flow<Scope>>;
  /** How long a browser may take to come back, in milliseconds. */
  readonly attemptMs: number;
  /** How long a login may last, in milliseconds. */
  readonly sessionMs: number;
}

/**
 * Flows at rest, by the id of their attempt.
 *
 * A record is never written again under an id that was claimed (a slow second claimant could take the new one away), so
 * a flow that waits for the browser, the same flow with a kept request that waits to be sent again, and the same flow once
 * it is settled for good are three records.
 */
export interface FlowStore<Scope> {
  /** Keeps a flow for as long as its tags say; one that is over is not kept. Throws SsoError ERR_SSO_STORE. */
  save(attempt: string, stored: StoredFlow<Scope>): Promise<void>;
  /** Looks without taking; undefined for what is unknown, expired, or of another machine, version or structure. */
  peek(attempt: string): Promise<StoredFlow<Scope> | undefined>;
  /** Takes a flow that was peeked at; false if another request was first. */
  claim(attempt: string, stored: StoredFlow<Scope>): Promise<boolean>;
  /** Remembers that the person logged out while this attempt was in the hands of another request. */
  markLoggedOut(attempt: string): Promise<void>;
  isLoggedOut(attempt: string): Promise<boolean>;
}

export function createFlowStore<Scope>(options: FlowStoreOptions<Scope>): FlowStore<Scope> {
  const { store, flows, attemptMs, sessionMs } = options;

  const restore = (envelope: Envelope | undefined): StoredFlow<Scope> | undefined => {
    const flow = envelope && flows.get(envelope.flow);
    if (!flow || !sameMachine(flow, envelope)) return undefined;
    const snapshot = resolve(flow, envelope.snapshot);
    const { id, binding, route = null, account = null } = envelope;
    return snapshot && { id, flow, snapshot, binding, route, account };
  };

  return {
    async save(attempt, { id, flow, snapshot, binding, route, account }) {
      if (snapshot.status !== 'active') return;
      const envelope: Envelope = {
        id,
        flow: flow.name,
        machine: flow.machine.id,
        version: flow.machine.version ?? null,
        hash: flow.hash,
        binding,
        route,
        account,
        snapshot: { value: snapshot.value, context: snapshot.context },
      };
      const ttl = isSettled(snapshot) ? sessionMs : attemptMs;
      await store.put(kindOf(snapshot), attempt, envelope, ttl);
    },
    async peek(attempt) {
      return (
        restore(await store.get<Envelope>('flow', attempt)) ??
        restore(await store.get<Envelope>('settled-flow', attempt)) ??
        restore(await store.get<Envelope>('pending-flow', attempt))
      );
    },
    async claim(attempt, { snapshot }) {
      return (await store.claim(kindOf(snapshot), attempt)) !== undefined;
    },
    markLoggedOut: (attempt) => store.put('logged-out', attempt, true, attemptMs),
    isLoggedOut: async (attempt) => (await store.get('logged-out', attempt)) !== undefined,
  };
}

/** Records of their own kinds: a flood of attempts that nobody finishes must not push out those that were. */
function kindOf(snapshot: AnyMachineSnapshot): RecordKind {
  if (!isSettled(snapshot)) return 'flow';
  return snapshot.hasTag('pending') ? 'pending-flow' : 'settled-flow';
}

function isSettled(snapshot: AnyMachineSnapshot): boolean {
  return snapshot.hasTag('settled');
}

function sameMachine<Scope>(flow: Flow<Scope>, envelope: Envelope): boolean {
  return (
    envelope.machine === flow.machine.id &&
    envelope.version === (flow.machine.version ?? null) &&
    envelope.hash === flow.hash
  );
}

/** `resolveState` throws on an unknown state but takes `constructor` for the initial one, so names are looked up first. */
function resolve<Scope>(flow: Flow<Scope>, stored: Envelope['snapshot']): AnyMachineSnapshot | undefined {
  try {
    if (!hasState(flow.machine.root, stored.value)) return undefined;
    return flow.machine.resolveState({ value: stored.value as StateValue, context: stored.context });
  } catch {
    return undefined;
  }
}

function hasState(node: AnyStateNode, value: unknown): boolean {
  if (typeof value === 'string') {
    return node.type === 'compound' && Object.hasOwn(node.states, value) && node.states[value]?.type === 'atomic';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  const expected = node.type === 'parallel' ? Object.keys(node.states).length : 1;
  return (
    entries.length === expected &&
    entries.every(([key, inner]) => {
      const child = Object.hasOwn(node.states, key) ? node.states[key] : undefined;
      return child !== undefined && hasState(child, inner);
    })
  );
}
