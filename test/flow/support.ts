import { setImmediate as nextTurn } from 'node:timers/promises';
import { assign, setup } from 'xstate';
import type { FlowTag } from '../../machines/vocabulary.ts';
import type { Effects } from '../../src/flow/effects.ts';
import type { FlowStep } from '../../src/flow/journal.ts';
import type { RecordKind, Store } from '../../src/storage/store.ts';

export interface StoreCall {
  readonly name: 'get' | 'put' | 'claim' | 'remove';
  readonly kind: RecordKind;
  readonly id: string;
  readonly ttlMs: number | null;
}

/** A store in memory that remembers what it was asked, and that a test can hold up. */
export function recordingStore() {
  const records = new Map<string, string>();
  const calls: StoreCall[] = [];
  const control = { before: async (_call: StoreCall): Promise<void> => {} };
  const asked = async (name: StoreCall['name'], kind: RecordKind, id: string, ttlMs: number | null = null) => {
    const call = { name, kind, id, ttlMs };
    calls.push(call);
    await nextTurn();
    await control.before(call);
    return `${kind}:${id}`;
  };
  const read = <T>(key: string): T | undefined => {
    const text = records.get(key);
    return text === undefined ? undefined : (JSON.parse(text) as T);
  };
  const store: Store = {
    get: async <T>(kind: RecordKind, id: string) => read<T>(await asked('get', kind, id)),
    async put(kind, id, value, ttlMs) {
      records.set(await asked('put', kind, id, ttlMs), JSON.stringify(value));
    },
    async claim<T>(kind: RecordKind, id: string) {
      const key = await asked('claim', kind, id);
      const record = read<T>(key);
      records.delete(key);
      return record;
    },
    async remove(kind, id) {
      records.delete(await asked('remove', kind, id));
    },
    probe: async () => 'atomic',
  };
  return { store, records, calls, control, writes: () => calls.filter(({ name }) => name !== 'get') };
}

/** A promise and the function that ends the wait for it. */
export function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** What the performers of the toy flow work with. */
export interface ToyScope {
  readonly log: string[];
}

export type ToyEvent =
  | { readonly type: 'work.begun'; readonly size: number }
  | { readonly type: 'work.done'; readonly result: string }
  | { readonly type: 'work.failed' }
  | { readonly type: 'closed' };

export const toy = setup({
  types: {} as {
    input: { readonly size: number };
    context: { readonly size: number; readonly failure: { readonly code: string } | null };
    events: ToyEvent;
    tags: FlowTag;
  },
  actions: {
    greet: () => {},
    leave: () => {},
    move: (_, _params: { readonly size: number }) => {},
    work: (_, _params: { readonly size: number }) => {},
    tidy: () => {},
    record: (_, _params: { readonly result: string }) => {},
    rest: () => {},
  },
  guards: { bigEnough: ({ context }) => context.size > 0, patient: () => true },
});

/** Waits, works, rests: every kind of place for an effect in a row. */
export const toyStates = {
  waiting: toy.createStateConfig({
    description: 'Nothing happens.',
    tags: ['awaiting-browser'],
    entry: 'greet',
    exit: 'leave',
    on: {
      'work.begun': {
        guard: 'bigEnough',
        target: 'working',
        actions: { type: 'move', params: ({ event }) => ({ size: event.size }) },
        description: 'Somebody comes.',
      },
    },
  }),
  working: toy.createStateConfig({
    tags: ['awaiting-server'],
    entry: [{ type: 'work', params: ({ context }) => ({ size: context.size }) }, 'tidy'],
    on: {
      'work.done': {
        target: 'resting',
        actions: { type: 'record', params: ({ event }) => ({ result: event.result }) },
      },
      'work.failed': { target: 'ended', actions: assign({ failure: { code: 'ERR_TOY' } }) },
    },
  }),
  resting: toy.createStateConfig({ tags: ['settled'], entry: 'rest', on: { closed: 'ended' } }),
  ended: toy.createStateConfig({ type: 'final' }),
};

export const toyRoot = {
  id: 'toy',
  version: '1',
  initial: 'waiting' as const,
  context: ({ input }: { input: { readonly size: number } }) => ({ ...input, failure: null }),
};

export const toyMachine = toy.createMachine({ ...toyRoot, states: toyStates });

/** Performers that write down what they are asked, with their params; `work` answers. */
export const toyEffects: Effects<typeof toyMachine, ToyScope> = {
  greet: (_, { log }) => void log.push('greet'),
  leave: (_, { log }) => void log.push('leave'),
  move: ({ size }, { log }) => void log.push(`move ${size}`),
  async work({ size }, { log }) {
    await nextTurn();
    log.push(`work ${size}`);
    return { type: 'work.done', result: 'well' };
  },
  tidy: (_, { log }) => void log.push('tidy'),
  record: ({ result }, { log }) => void log.push(`record ${result}`),
  rest: (_, { log }) => void log.push('rest'),
};

/** Collects steps. */
export function stepList() {
  const steps: FlowStep[] = [];
  return { steps, onStep: (step: FlowStep) => void steps.push(step) };
}
