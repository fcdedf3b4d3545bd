import { type JournalLine, type JournalRecord, parseRecord } from '../index.ts';

export interface StoryOf {
  /** The pseudonyms of one person. */
  readonly subjects: readonly string[];
  /** The label of one attempt, or its beginning. */
  readonly attempt: string | undefined;
}

/** Tells attempts step by step, each with all of its records; empty if there is nothing to tell. */
export function tellStory(lines: readonly JournalLine[], { subjects, attempt }: StoryOf): string {
  const byAttempt = new Map<string, JournalRecord[]>();
  for (const record of lines.flatMap(({ text }) => parseRecord(text) ?? [])) {
    if (record.attempt === '') continue;
    byAttempt.set(record.attempt, [...(byAttempt.get(record.attempt) ?? []), record]);
  }
  const isMeant = (records: readonly JournalRecord[]) =>
    attempt === undefined
      ? records.some(({ subject }) => subject !== null && subjects.includes(subject))
      : records[0]?.attempt.startsWith(attempt) === true && attempt !== '';
  return [...byAttempt.values()]
    .filter(isMeant)
    .map((records) => [...records].sort((a, b) => a.at - b.at))
    .sort(([a], [b]) => (a?.at ?? 0) - (b?.at ?? 0))
    .map(tellAttempt)
    .join('\n');
}

function tellAttempt(records: readonly JournalRecord[]): string {
  const [first] = records;
  const who = records.findLast(({ subject }) => subject !== null)?.subject ?? 'somebody unknown';
  const end = records.findLast(({ outcome }) => outcome !== 'progress')?.outcome ?? 'progress';
  const heading = `${first?.flow} ${first?.attempt}, ${who}: ${WORDS[end]}`;
  return `${[heading, ...records.map(tellStep)].join('\n')}\n`;
}

const WORDS = {
  success: 'it worked',
  failure: 'it failed',
  ended: 'it is over',
  waiting: 'it waits',
  progress: 'it broke off',
} as const;

function tellStep({ at, from, to, event, guard, effects, code, outcome }: JournalRecord): string {
  const step = `${from ?? '·'} → ${to}`;
  const why = guard === null ? event : `${event} [${guard}]`;
  const mark = outcome === 'progress' || outcome === 'waiting' ? '' : outcome;
  const rest = [mark, code, effects.join(', ')].filter(Boolean).join('  ');
  return `  ${new Date(at).toISOString()}  ${step.padEnd(32)}  ${why.padEnd(34)}  ${rest}`.trimEnd();
}
