import { createHash, createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { JournalEntry } from '../flow/journal.ts';

/** The flow that the journal's own records name; no login option can have it. */
export const JOURNAL_FLOW = '@journal';

/** What the journal says of itself: it began to write (`journal.opened`), or had to leave records out (`journal.lost`). */
export type JournalNote = 'journal.opened' | 'journal.lost';

/**
 * An entry of the journal with its place in the chain of its node. A record whose `flow` is `@journal` is the journal's
 * own, and its `event` a {@link JournalNote}.
 */
export interface JournalRecord extends JournalEntry {
  /** Counts the records of a node from 1, over restarts as well. */
  readonly seq: number;
  /** Who wrote it: each process that writes has a name of its own. */
  readonly node: string;
  /** The `hash` of the record before it of the same node; null for the first. */
  readonly prev: string | null;
  /** Which secret made the hash; changes when a new secret is put in front. */
  readonly key: string;
  /** HMAC-SHA-256 over everything else in canonical JSON, in base64url. */
  readonly hash: string;
  /** Only in records of the journal itself: how many records were left out, and by which sink, or before all of them. */
  readonly lost?: number;
  readonly sink?: string;
  /** Only in `journal.opened`: whether the line before it is the torn end of an earlier run. */
  readonly torn?: boolean;
}

/** Where a chain goes on. */
export interface JournalHead {
  readonly seq: number;
  readonly hash: string;
}

export interface JournalKey {
  readonly id: string;
  readonly key: KeyObject;
}

/**
 * The keys of the chain, one for each secret. Derived for this purpose alone, so that nothing else that is made with the
 * secrets can be mistaken for a hash of the chain.
 */
export function journalKeys(secrets: readonly string[]): readonly JournalKey[] {
  return secrets.map((secret) => {
    const key = Buffer.from(hkdfSync('sha256', secret, '', 'koa-campus-sso/journal-chain', 32));
    const id = createHash('sha256').update('id').update(key).digest('base64url').slice(0, 8);
    return { id, key: createSecretKey(key) };
  });
}

/** JSON with sorted keys: one text for one record, wherever it was written. */
export function canonicalJson(value: unknown): string {
  // Whoever verifies a journal asks for nothing but what was sorted when it was written.
  if (isSorted(value)) return JSON.stringify(value);
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function isSorted(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isSorted);
  const entries = Object.entries(value);
  return entries.every(([name, inner], index) => (index === 0 || entries[index - 1]![0] < name) && isSorted(inner));
}

export type Unchained = Omit<JournalRecord, 'hash'>;

/** Closes a record: nothing in it can change any more without being found out. */
export function hashOf({ key }: JournalKey, record: Unchained): string {
  return createHmac('sha256', key).update(canonicalJson(record)).digest('base64url');
}

/** Whether a record is as it was written. */
export function isAuthentic(key: JournalKey, { hash, ...record }: JournalRecord): boolean {
  return hashOf(key, record) === hash;
}

/** Reads a line of a file; undefined if it is not a record, to the byte, as it is written. */
export function parseRecord(line: string): JournalRecord | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) && canonicalJson(value) === line ? value : undefined;
  } catch {
    // Not JSON, or nested deeper than anything can be written again.
    return undefined;
  }
}

function isRecord(value: unknown): value is JournalRecord {
  const record = Object(value) as Partial<Record<keyof JournalRecord, unknown>>;
  return (
    Number.isSafeInteger(record.seq) &&
    Number.isSafeInteger(record.at) &&
    (['flow', 'attempt', 'event', 'to', 'outcome', 'node', 'key', 'hash'] as const).every(
      (name) => typeof record[name] === 'string',
    ) &&
    (['from', 'guard', 'code', 'subject', 'prev'] as const).every(
      (name) => record[name] === null || typeof record[name] === 'string',
    ) &&
    Array.isArray(record.effects) &&
    record.effects.every((effect) => typeof effect === 'string')
  );
}
