import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { JournalRecord } from './record.ts';
import type { JournalSink } from './sinks.ts';

export interface OutletOptions {
  readonly sink: JournalSink;
  readonly queueSize: number;
  readonly retryMs: number;
  readonly warn: (message: string) => void;
  /** Hears how many records the sink has not got, once it takes records again. */
  readonly onLost: (lost: number) => void;
}

/** The way to one sink: a queue that is as long as it may be, and no longer. */
export interface Outlet {
  put(record: JournalRecord): void;
  isBusy(): boolean;
  idle(): Promise<void>;
  /** Stops waiting between tries. */
  hurry(): void;
  /** Stops trying; whatever waits still is lost. */
  giveUp(): void;
}

const BATCH = 256;
const MAX_TRIES = 10;
const HURRIED_TRIES = 2;
const MAX_DOUBLINGS = 6;

export function createOutlet({ sink, queueSize, retryMs, warn, onLost }: OutletOptions): Outlet {
  const queue: JournalRecord[] = [];
  let lost = 0;
  let work: Promise<void> | undefined;
  let isOver = false;
  const hurry = new AbortController();

  /** Whether the sink took the batch, after as many tries as it is worth. */
  const deliver = async (batch: readonly JournalRecord[]): Promise<boolean> => {
    for (let tries = 1; !isOver; tries += 1) {
      try {
        await sink.write(batch);
        return true;
      } catch (error) {
        if (tries === 1) warn(`The sink ${sink.name} of the journal failed (${nameOf(error)}); it is tried again.`);
        // The records may be at fault, and those behind them wait.
        if (tries >= (hurry.signal.aborted ? HURRIED_TRIES : MAX_TRIES)) return false;
        const wait = retryMs * 2 ** Math.min(tries - 1, MAX_DOUBLINGS);
        await delay(wait, undefined, { signal: hurry.signal, ref: false }).catch(() => {});
      }
    }
    return false;
  };

  const drain = async () => {
    // What one request brings goes in one batch.
    await nextTurn();
    while (queue.length > 0 && !isOver) {
      const batch = queue.slice(0, BATCH);
      const isTaken = await deliver(batch);
      queue.splice(0, batch.length);
      if (!isTaken) lost += batch.length;
      else if (lost > 0) tell();
    }
    work = undefined;
  };

  const tell = () => {
    const count = lost;
    lost = 0;
    warn(`The sink ${sink.name} of the journal has not got ${count} records.`);
    onLost(count);
  };

  return {
    put(record) {
      if (isOver || queue.length >= queueSize) {
        lost += 1;
        return;
      }
      queue.push(record);
      work ??= drain();
    },
    isBusy: () => work !== undefined && !isOver,
    idle: async () => work,
    hurry: () => hurry.abort(),
    giveUp() {
      isOver = true;
      const rest = lost + queue.length;
      if (rest > 0) warn(`The journal ends, and the sink ${sink.name} has not got ${rest} records.`);
    },
  };
}

/** A name and no message: that of a foreign error may hold anything. */
export function nameOf(error: unknown): string {
  const { code } = Object(error) as { readonly code?: unknown };
  const name = error instanceof Error ? error.name : typeof error;
  return typeof code === 'string' ? `${name} ${code}` : name;
}
