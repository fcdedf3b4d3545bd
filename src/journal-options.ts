import type { JournalListener } from './flow/journal.ts';
import type { JournalSink } from './journal/sinks.ts';

/** A journal whose records are chained and kept. */
export interface JournalSetup {
  /** Where the records go: `fileSink()`, `keyvSink()`, `pinoSink()`, `functionSink()`, `otelSink()`, or your own. */
  readonly sinks: readonly JournalSink[];
  /**
   * The name of this process in the journal: letters, digits, `.`, `_` and `-`. Two processes that write at the same time
   * must not share one, and a process keeps its own over restarts. Default: the name of the host, and in a cluster the
   * number of the worker, as `NODE_APP_INSTANCE` or `node:cluster` tell it.
   */
  readonly node?: string;
  /** How many records wait for a sink that is slow; more are left out, which the journal says. Default 10000. */
  readonly queueSize?: number;
}

/** A function, or where the records go. */
export type ResolvedJournal = JournalListener | JournalSetup | undefined;

/** Reads `journal`, and adds what is wrong with it to the problems. */
export function readJournal(value: unknown, problems: string[]): ResolvedJournal {
  if (value === undefined || typeof value === 'function') return value as ResolvedJournal;
  const { sinks, node, queueSize } = Object(value) as Partial<Record<keyof JournalSetup, unknown>>;
  if (!Array.isArray(sinks) || sinks.length === 0 || !sinks.every(isSink)) {
    problems.push('journal: expected a function, or { sinks: [fileSink("journal.jsonl")] } with at least one sink.');
  } else if (new Set(sinks.map(({ name }) => name)).size < sinks.length) {
    problems.push('journal.sinks: two sinks have the same name; give one of them another.');
  }
  if (node !== undefined && !(typeof node === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(node))) {
    problems.push('journal.node: expected up to 64 letters, digits, ".", "_" and "-".');
  }
  if (queueSize !== undefined && !(Number.isSafeInteger(queueSize) && Number(queueSize) > 0)) {
    problems.push('journal.queueSize: expected a whole number above 0.');
  }
  return Object.freeze({ ...(value as JournalSetup) });
}

function isSink(value: unknown): value is JournalSink {
  const { name, write } = Object(value) as Partial<Record<keyof JournalSink, unknown>>;
  return typeof name === 'string' && name !== '' && typeof write === 'function';
}
