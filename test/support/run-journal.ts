import { appendFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type CampusSso, type CampusSsoOptions, campusSso, type JournalEntry, type Json } from '../../src/index.ts';
import { fileSink } from '../../src/journal/file-sink.ts';
import { createJournal } from '../../src/journal/journal.ts';
import { JOURNAL_FLOW, type JournalRecord } from '../../src/journal/record.ts';
import { functionSink } from '../../src/journal/sinks.ts';

/** The variable of the environment that names the folder of the journals of a run; without it there are none. */
export const RUN_FOLDER = 'SSO_TEST_JOURNAL';

/** What stands beside a journal, for those who verify it: its secrets, which are of tests only, and its complaints. */
export const secretsPath = (path: string) => `${path}.secrets`;
export const warningsPath = (path: string) => `${path}.warnings`;

/** A journal of the run, beside whatever journal a test has itself. */
export interface RunJournal {
  readonly listener: (entry: JournalEntry) => void;
  close(): Promise<void>;
}

type Chaining = Pick<CampusSsoOptions<Json>, 'secrets' | 'clock'>;

let journals = 0;

/** Begins a journal in a file of its own, if the run has journals. */
export function openRunJournal({ secrets, clock = Date.now }: Chaining): RunJournal | undefined {
  const folder = process.env[RUN_FOLDER];
  if (!folder) return undefined;
  journals += 1;
  const test = basename(process.argv[1] ?? '', '.ts').replace(/[^A-Za-z0-9._-]/g, '-');
  const node = `${test.replace(/\.test$/, '').slice(0, 40)}-${process.pid}-${journals}`;
  const path = join(folder, `${node}.jsonl`);
  writeFileSync(secretsPath(path), JSON.stringify(secrets));
  return createJournal({
    sinks: [fileSink(path)],
    node,
    secrets: secrets as readonly [string, ...string[]],
    clock,
    // At once: the process may end before anything else is done.
    warn: (message) => appendFileSync(warningsPath(path), `${message}\n`),
  });
}

/** The plugin for tests. In a run that has journals its steps are told to one of them too, which the test does not notice. */
export function startSso<Account extends Json = null>(options: CampusSsoOptions<Account>): CampusSso<Account> {
  if (!process.env[RUN_FOLDER]) return campusSso(options);
  let opened: RunJournal | undefined;
  const sso = campusSso({ ...options, journal: andAlso(options.journal, (entry) => opened?.listener(entry)) });
  // Only now: options that are refused begin no journal.
  opened = openRunJournal(options as Chaining);
  return {
    ...sso,
    async close() {
      await sso.close();
      await opened?.close();
    },
  };
}

type JournalOption = NonNullable<CampusSsoOptions['journal']>;

function andAlso(own: JournalOption | undefined, tell: (entry: JournalEntry) => void): JournalOption {
  if (typeof own !== 'object') {
    return (entry) => {
      tell(entry);
      own?.(entry);
    };
  }
  // The plugin has to find these wanting, as it would without us.
  if (!Array.isArray(own?.sinks) || own.sinks.length === 0) return own;
  const copy = functionSink((record) => stripped(record as JournalRecord, tell), { name: 'journal of the run' });
  return { ...own, sinks: [...own.sinks, copy] };
}

/** A record as the entry that it was. */
function stripped(record: JournalRecord, tell: (entry: JournalEntry) => void): void {
  const { seq, node, prev, key, hash, ...entry } = record;
  if (entry.flow !== JOURNAL_FLOW) tell(entry);
}
