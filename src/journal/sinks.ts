import type { KeyvLike } from '../storage/store.ts';
import { toEcs } from './ecs.ts';
import { toOcsf } from './ocsf.ts';
import { canonicalJson, type JournalHead, type JournalRecord } from './record.ts';

/** Where the chain of a node ends, as a sink knows it. */
export interface SinkHead extends JournalHead {
  /** Whether something behind it was torn by a crash. */
  readonly torn?: boolean;
}

/** A place that records go to. A sink of your own needs a name and `write`. */
export interface JournalSink {
  /** Unique among the sinks of a journal. */
  readonly name: string;
  /** Takes records, in order. What it throws is tried again a few times, and then counted as lost. */
  write(records: readonly JournalRecord[]): Promise<void> | void;
  /** Where the chain of a node goes on after a restart; null if the sink has nothing of it. */
  head?(node: string): Promise<SinkHead | null> | SinkHead | null;
  close?(): Promise<void> | void;
}

/**
 * How records are written: as they are, as OCSF 3002 events, or in the Elastic Common Schema. `audit verify` and
 * `audit show` read plain records only; the place in the chain is in the other forms too, but not all that its hash covers.
 */
export type JournalFormat = 'plain' | 'ocsf' | 'ecs';

const formats: Readonly<Record<JournalFormat, (record: JournalRecord) => object>> = {
  plain: (record) => record,
  ocsf: toOcsf,
  ecs: toEcs,
};

/**
 * The form in which a sink writes records.
 * @throws TypeError if there is no such format
 */
export function formatter(format: JournalFormat = 'plain'): (record: JournalRecord) => object {
  if (!Object.hasOwn(formats, format)) throw new TypeError('format: expected plain, ocsf or ecs.');
  return formats[format];
}

export interface FunctionSinkOptions {
  /** Default `plain`. */
  readonly format?: JournalFormat;
  /** Default `function`. */
  readonly name?: string;
}

/**
 * Hands each record to a function, one after the other; a promise that it returns is waited for.
 * @throws TypeError if there is no such format
 */
export function functionSink(
  take: (record: object) => Promise<unknown> | unknown,
  { format, name = 'function' }: FunctionSinkOptions = {},
): JournalSink {
  const shape = formatter(format);
  return {
    name,
    async write(records) {
      for (const record of records) await take(shape(record));
    },
  };
}

/** The part of pino, or of a logger like it, that is needed. */
export interface InfoLogger {
  info(record: object, message: string): void;
}

/**
 * Writes each record as a line of a log at the level `info`. Failures of people are no warnings: their outcome says so.
 * @throws TypeError if there is no such format
 */
export function pinoSink(logger: InfoLogger, { format, name = 'pino' }: FunctionSinkOptions = {}): JournalSink {
  const shape = formatter(format);
  return {
    name,
    write(records) {
      for (const record of records) {
        const { flow, from, to, event } = record;
        logger.info(shape(record), `sso ${flow}: ${from ?? 'begin'} → ${to} (${event})`);
      }
    },
  };
}

export interface KeyvSinkOptions {
  /** What every key begins with. Default `journal`. */
  readonly prefix?: string;
  /** How long records are kept, in milliseconds. Default: for ever. The head of a chain is always kept. */
  readonly ttlMs?: number;
  /** Default `plain`. */
  readonly format?: JournalFormat;
}

/**
 * Keeps each record under `journal:<node>:<seq>`, and where the chain ends under `journal:<node>:head`. On another machine
 * than the application it is an anchor that somebody who rewrites the files cannot reach. Give it a Keyv of its own.
 *
 * The texts are those that `fileSink` writes: records written to a file line by line, and the end to another, are what
 * `audit verify FILE --head FILE` reads.
 * @throws TypeError if there is no such format
 */
export function keyvSink(keyv: KeyvLike, { prefix = 'journal', ttlMs, format }: KeyvSinkOptions = {}): JournalSink {
  const shape = formatter(format);
  // Otherwise a Keyv 5 answers as if there were nothing, and the chain would begin again.
  if ('throwOnErrors' in keyv) keyv.throwOnErrors = true;
  keyv.on?.('error', () => {});
  const put = async (key: string, value: string, ttl?: number) => {
    if ((await keyv.set(key, value, ttl)) === false) throw new Error('Keyv did not take a record of the journal.');
  };
  return {
    name: 'keyv',
    async write(records) {
      for (const record of records) {
        const { node, seq, hash } = record;
        await put(`${prefix}:${node}:${seq}`, canonicalJson(shape(record)), ttlMs);
        await put(`${prefix}:${node}:head`, canonicalJson({ hash, node, seq }));
      }
    },
    async head(node) {
      const stored = await keyv.get(`${prefix}:${node}:head`);
      return typeof stored === 'string' ? (JSON.parse(stored) as JournalHead) : null;
    },
  };
}
