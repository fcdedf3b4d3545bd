import {
  isAuthentic,
  JOURNAL_FLOW,
  type JournalHead,
  type JournalKey,
  type JournalRecord,
  journalKeys,
  parseRecord,
} from './record.ts';

/** A line of a journal, and where it stands. */
export interface JournalLine {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

/**
 * - `edited`: the line is not as it was written.
 * - `inserted`: the line was never written by the journal, and all records are there without it.
 * - `missing`: records are not there; the place is the line after them, or the last one.
 * - `reordered`: the line stands behind one that was written after it.
 * - `duplicate`: the line is there already.
 * - `forked`: another record has the same number: two processes wrote under one name, or the chain began again.
 * - `unknownKey`: made with a secret that was not given; nothing can be said of the line.
 */
export type FindingKind = 'edited' | 'inserted' | 'missing' | 'reordered' | 'duplicate' | 'forked' | 'unknownKey';

export interface Finding {
  readonly kind: FindingKind;
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

export interface Verification {
  /** What is wrong, in the order of the lines. None: the journal is as it was written. */
  readonly findings: readonly Finding[];
  /** What is not wrong, but worth knowing. */
  readonly notes: readonly string[];
  readonly records: number;
}

export interface VerifyOptions {
  /** The secrets of the application. Without any, only numbers and links are checked: not whether contents were changed. */
  readonly secrets?: readonly string[];
  /** Where each chain ended, by node, as something else than the lines remembers it. */
  readonly heads?: ReadonlyMap<string, JournalHead>;
  /** The lines begin in the middle of the chains. */
  readonly isPartial?: boolean;
}

/** A line, and the record that it is; undefined if it is not one as the journal wrote it. */
interface Read {
  readonly at: JournalLine;
  readonly index: number;
  readonly record: JournalRecord | undefined;
}

interface Known extends Read {
  readonly record: JournalRecord;
}

/** Records that are nowhere, and the lines between which they should be. */
interface Gap {
  readonly node: string;
  readonly first: number;
  readonly last: number;
  readonly from: number;
  readonly to: number;
  /** How many of them no changed line stands for. */
  missing: number;
}

type Report = (kind: FindingKind, index: number, message: string) => void;

/** Finds every line that was edited, dropped, inserted, repeated or moved within its chain. */
export function verifyJournal(
  lines: readonly JournalLine[],
  { secrets = [], heads = new Map(), isPartial = false }: VerifyOptions = {},
): Verification {
  const keys = new Map(journalKeys(secrets).map((key) => [key.id, key]));
  const found: (Finding & { readonly index: number })[] = [];
  const notes: string[] = [];
  const report: Report = (kind, index, message) => {
    const { file, line } = lines[Math.min(index, lines.length - 1)] ?? { file: '', line: 0 };
    found.push({ kind, file, line, message, index });
  };

  const read = lines.map((at, index) => ({ at, index, record: readLine(at, index, keys, report) }));
  const chains = new Map<string, Known[]>([...heads.keys()].map((node) => [node, []]));
  const changed: Read[] = [];
  for (const one of read) {
    const { record } = one;
    if (record) {
      const chain = chains.get(record.node);
      if (chain) chain.push({ ...one, record });
      else chains.set(record.node, [{ ...one, record }]);
    } else if (isTornEnd(one, read[one.index + 1]?.record))
      notes.push(`${place(one.at)}: the torn end of a run that crashed.`);
    else changed.push(one);
  }
  const gaps = [...chains].flatMap(([node, chain]) => {
    const head = heads.get(node);
    if (!head) notes.push(`Nothing tells where the chain of ${node} ended: its last records may be missing.`);
    return followChain(
      node,
      chain,
      { head, isPartial, end: lines.length, broken: keys.size > 0 ? 'forked' : 'edited' },
      report,
    );
  });
  for (const { index } of changed) {
    const gap = gaps.find(({ from, to, missing }) => missing > 0 && from < index && index < to);
    if (gap) gap.missing -= 1;
    report(gap ? 'edited' : 'inserted', index, gap ? 'not as it was written' : 'not written by this journal');
  }
  for (const { node, first, last, to, missing } of gaps) {
    const which = first === last ? `record ${first}` : `${missing} of the records ${first} to ${last}`;
    if (missing > 0) report('missing', to, `${which} of ${node} should be before this line`);
  }
  if (keys.size === 0)
    notes.push('No secret was given: whether the contents are as they were written was not checked.');
  found.sort((a, b) => a.index - b.index);
  const records = read.length - changed.length;
  return { findings: found.map(({ index, ...finding }) => finding), notes, records };
}

const place = ({ file, line }: JournalLine) => `${file}:${line}`;

function readLine(
  { text }: JournalLine,
  index: number,
  keys: ReadonlyMap<string, JournalKey>,
  report: Report,
): JournalRecord | undefined {
  const record = parseRecord(text);
  if (!record || keys.size === 0) return record;
  const key = keys.get(record.key);
  if (key) return isAuthentic(key, record) ? record : undefined;
  report('unknownKey', index, `made with the secret ${record.key}, which was not given`);
  return record;
}

/** Half a line, and behind it the word of the journal, which nobody can forge, that it found half a line. */
function isTornEnd({ at }: Read, next: JournalRecord | undefined): boolean {
  return next?.flow === JOURNAL_FLOW && next.torn === true && at.text.startsWith('{') && !isJson(at.text);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

interface ChainRules {
  readonly head: JournalHead | undefined;
  readonly isPartial: boolean;
  /** The position behind the last line. */
  readonly end: number;
  /** What two records are that do not fit together. */
  readonly broken: 'forked' | 'edited';
}

/** Follows one chain through the lines; gives the numbers that are nowhere. */
function followChain(
  node: string,
  chain: readonly Known[],
  { head, isPartial, end, broken }: ChainRules,
  report: Report,
): Gap[] {
  const bySeq = new Map<number, Known>();
  let furthest = 0;
  for (const one of chain) {
    const { seq, hash } = one.record;
    const first = bySeq.get(seq);
    if (first) {
      const isSame = first.record.hash === hash;
      report(
        isSame ? 'duplicate' : 'forked',
        one.index,
        `${isSame ? 'the' : 'another'} record ${seq} of ${node} is at ${place(first.at)}`,
      );
      continue;
    }
    bySeq.set(seq, one);
    if (seq < furthest) report('reordered', one.index, `record ${seq} of ${node} stands behind record ${furthest}`);
    furthest = Math.max(furthest, seq);
  }
  const gaps: Gap[] = [];
  const gap = (first: number, last: number, from: number, to: number) =>
    gaps.push({ node, first, last, from: Math.min(from, to), to: Math.max(from, to), missing: last - first + 1 });
  let before: Known | undefined;
  for (const one of [...bySeq.values()].sort((a, b) => a.record.seq - b.record.seq)) {
    const { seq, prev } = one.record;
    const expected = before ? before.record.seq + 1 : isPartial ? seq : 1;
    if (seq > expected) gap(expected, seq - 1, before?.index ?? -1, one.index);
    else if (before ? prev !== before.record.hash : seq === 1 && prev !== null) {
      report(broken, one.index, `record ${seq} of ${node} does not go on from record ${seq - 1}`);
    }
    before = one;
  }
  if (!head) return gaps;
  const last = before?.record.seq ?? 0;
  if (head.seq > last) gap(last + 1, head.seq, before?.index ?? -1, end);
  const noted = bySeq.get(head.seq);
  if (noted && noted.record.hash !== head.hash) {
    report(broken, noted.index, `record ${head.seq} of ${node} is not the one that the chain was noted to end with`);
  }
  return gaps;
}
