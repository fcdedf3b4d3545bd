import { setTimeout as delay } from 'node:timers/promises';
import type { JournalEntry, JournalListener } from '../flow/journal.ts';
import { createOutlet, nameOf } from './outlet.ts';
import { hashOf, JOURNAL_FLOW, type JournalHead, type JournalNote, type JournalRecord, journalKeys } from './record.ts';
import type { JournalSink, SinkHead } from './sinks.ts';

export interface JournalOptions {
  readonly sinks: readonly JournalSink[];
  /** The name of this process in the journal; no two that write at the same time share one. */
  readonly node: string;
  /** The first makes the hashes. */
  readonly secrets: readonly [string, ...string[]];
  readonly clock: () => number;
  /** Hears what an operator should know, without the contents of a record. */
  readonly warn: (message: string) => void;
  /** How many records wait for a sink that is slow; more are left out. Default 10000. */
  readonly queueSize?: number;
  /** How long after a failure a sink is tried again, in milliseconds; doubles up to 64 times that. Default 500. */
  readonly retryMs?: number;
  /** How long sinks have to say where the chain goes on, and to take the rest when all is over, in milliseconds. Default 5000. */
  readonly deadlineMs?: number;
}

/** A journal that chains what it hears and hands it to its sinks. */
export interface Journal {
  /** Takes an entry. Never throws and never waits. */
  readonly listener: JournalListener;
  /** Waits until the sinks have taken all that was heard so far. */
  flush(): Promise<void>;
  /** The same, for as long as the deadline, and then closes the sinks. Never rejects. */
  close(): Promise<void>;
}

const KEEP_ALIVE_MS = 60_000;

type Body = Omit<JournalRecord, 'seq' | 'node' | 'prev' | 'key' | 'hash'>;

/** Begins to write: asks the sinks where the chain of this node ends, and goes on from there. */
export function createJournal(options: JournalOptions): Journal {
  const { sinks, node, secrets, clock, warn, queueSize = 10_000, retryMs = 500, deadlineMs = 5000 } = options;
  const key = journalKeys(secrets)[0]!;
  let head: JournalHead | null | undefined;
  let isClosed = false;
  /** What is heard before it is known where the chain goes on. */
  const early: JournalEntry[] = [];
  let earlyLost = 0;

  const chain = (body: Body) => {
    const record = { ...body, seq: (head?.seq ?? 0) + 1, node, prev: head?.hash ?? null, key: key.id };
    const closed: JournalRecord = Object.freeze({ ...record, hash: hashOf(key, record) });
    head = closed;
    for (const outlet of outlets) outlet.put(closed);
  };

  const note = (event: JournalNote, about: Pick<JournalRecord, 'lost' | 'sink' | 'torn'>) => {
    const nothing = { from: null, guard: null, code: null, effects: [], done: false, subject: null } as const;
    chain({
      ...nothing,
      flow: JOURNAL_FLOW,
      attempt: '',
      event,
      to: 'open',
      outcome: 'progress',
      at: clock(),
      ...about,
    });
  };

  const outlets = sinks.map((sink) =>
    createOutlet({ sink, queueSize, retryMs, warn, onLost: (lost) => note('journal.lost', { lost, sink: sink.name }) }),
  );

  const begin = async () => {
    const found = await Promise.all(sinks.map((sink) => headOf(sink, options, deadlineMs)));
    const heads = found.filter((one) => one !== null);
    const furthest = heads.reduce<SinkHead | null>((best, one) => (one.seq > (best?.seq ?? 0) ? one : best), null);
    if (heads.some(({ seq, hash }) => seq === furthest?.seq && hash !== furthest.hash)) {
      warn(`The sinks of the journal do not agree where the chain of ${node} ends; somebody has changed one of them.`);
    }
    head = furthest && { seq: furthest.seq, hash: furthest.hash };
    note('journal.opened', { torn: heads.some(({ torn }) => torn === true) });
    // First, while there is room in every queue.
    if (earlyLost > 0) note('journal.lost', { lost: earlyLost });
    for (const entry of early.splice(0)) chain(entry);
  };
  const begun = begin();

  const drained = async () => {
    await begun;
    while (outlets.some((outlet) => outlet.isBusy())) await Promise.all(outlets.map((outlet) => outlet.idle()));
  };

  /** A sink that is down must not keep a process from ending, unless somebody waits for it. */
  const waiting = new Set<NodeJS.Timeout>();

  return {
    listener(entry) {
      if (isClosed) warn('The journal heard a step after it was closed; nobody will read of it.');
      else if (head !== undefined) chain(entry);
      else if (early.length < queueSize) early.push(entry);
      else earlyLost += 1;
    },

    async flush() {
      const alive = setInterval(() => {}, KEEP_ALIVE_MS);
      waiting.add(alive);
      await drained();
      clearInterval(alive);
    },

    async close() {
      isClosed = true;
      for (const outlet of outlets) outlet.hurry();
      await within(deadlineMs, drained());
      for (const alive of waiting) clearInterval(alive);
      for (const outlet of outlets) outlet.giveUp();
      await Promise.all(
        sinks.map((sink) =>
          within(
            deadlineMs,
            (async () => sink.close?.())().catch((error) =>
              warn(`The sink ${sink.name} was not closed: ${nameOf(error)}.`),
            ),
          ),
        ),
      );
    },
  };
}

async function headOf(sink: JournalSink, { node, warn }: JournalOptions, deadlineMs: number): Promise<SinkHead | null> {
  try {
    const late = Symbol('late');
    const found = await Promise.race([(async () => sink.head?.(node))(), delay(deadlineMs, late, { ref: false })]);
    if (typeof found !== 'symbol') return found ?? null;
    warn(`The sink ${sink.name} did not say in time where the journal goes on.`);
  } catch (error) {
    warn(`The sink ${sink.name} cannot say where the journal goes on: ${nameOf(error)}.`);
  }
  return null;
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const stop = new AbortController();
  await Promise.race([work, delay(ms, undefined, { signal: stop.signal }).catch(() => {})]);
  stop.abort();
}
