import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { JournalEntry } from '../../src/flow/journal.ts';
import { fileSink, headPath, readHead } from '../../src/journal/file-sink.ts';
import { createJournal, type JournalOptions } from '../../src/journal/journal.ts';
import type { JournalHead, JournalRecord } from '../../src/journal/record.ts';
import type { JournalSink } from '../../src/journal/sinks.ts';
import { type JournalLine, type VerifyOptions, verifyJournal } from '../../src/journal/verify.ts';
import type { CampusSsoOptions } from '../../src/options.ts';
import { logIn, TEST_SECRET } from '../support/portal.ts';
import { startProxyScene } from '../support/proxying.ts';

export const SECRET = TEST_SECRET;
export const OLD_SECRET = 'an older secret of the tests, long enough for all';
export const NODE = 'node-1';

/** A step of a login that nobody took. */
export const entry = (number = 0): JournalEntry => ({
  flow: 'cas',
  at: 1_700_000_000_000 + number,
  attempt: 'attempt-label',
  from: 'validating',
  event: 'validation.succeeded',
  guard: 'freshEnough',
  to: 'admitting',
  code: null,
  effects: ['admitPrincipal'],
  outcome: 'progress',
  done: false,
  subject: 'pseudonym',
});

export async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'journal-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A journal with what most tests do not care about, and the warnings that it gave. */
export function journalOf(sinks: readonly JournalSink[], options: Partial<JournalOptions> = {}) {
  const warnings: string[] = [];
  const journal = createJournal({
    sinks,
    node: NODE,
    secrets: [SECRET],
    clock: () => 1_700_000_000_000,
    warn: (message) => void warnings.push(message),
    retryMs: 5,
    deadlineMs: 500,
    ...options,
  });
  return { ...journal, warnings };
}

/** A sink that remembers, and that a test can break or hold up. */
export function memorySink(name = 'memory') {
  const records: JournalRecord[] = [];
  const control = { before: async (_records: readonly JournalRecord[]): Promise<void> => {} };
  const sink: JournalSink = {
    name,
    async write(batch) {
      await control.before(batch);
      records.push(...batch);
    },
  };
  return { sink, records, control };
}

/** Writes some entries to a file, from begin to end of one process. */
export async function runTo(path: string, count: number, options: Partial<JournalOptions> = {}): Promise<string[]> {
  const journal = journalOf([fileSink(path)], options);
  for (let number = 1; number <= count; number += 1) journal.listener(entry(number));
  await journal.close();
  return journal.warnings;
}

export const numbered = (lines: readonly string[], file = 'journal.jsonl'): JournalLine[] =>
  lines.map((text, index) => ({ file, line: index + 1, text }));

export async function linesOf(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).trimEnd().split('\n');
}

export async function headsOf(path: string, ...nodes: readonly string[]): Promise<Map<string, JournalHead>> {
  const heads = await Promise.all(nodes.map((node) => readHead(headPath(path, node))));
  return new Map(heads.flatMap((head) => (head ? [[head.node, head]] : [])));
}

/** What is found in lines, as `kind:line`. */
export function foundIn(lines: readonly string[], options: VerifyOptions = {}): string[] {
  const { findings } = verifyJournal(numbered(lines), { secrets: [SECRET], ...options });
  return findings.map(({ kind, line }) => `${kind}:${line}`);
}

/** Logins, a failure, a refusal, tickets and a logout of a real application with a real journal. */
export async function realRun(journal: CampusSsoOptions['journal']) {
  const scene = await startProxyScene({ options: { journal: journal! } });
  try {
    const { fakeCas, portal } = scene;
    const alice = scene.browser();
    await logIn(alice, `${portal.url}/start`, fakeCas);
    const ticket = await alice.get(`${portal.url}/ticket?for=${encodeURIComponent('https://api.example.edu/marker')}`);
    await alice.get(`${portal.url}/open`);
    const stranger = scene.browser();
    const service = new URL((await stranger.get(`${portal.url}/marker-page`)).location!).searchParams.get('service')!;
    const failure = await stranger.get(`${service}&ticket=ST-marker-forged`, { from: `${fakeCas.url}/login` });
    const out = await alice.get(`${portal.url}/sso/logout`);
    const form = out.forms[0];
    if (form) await out.submit(form);
    const bob = scene.browser();
    await logIn(bob, `${portal.url}/start`, fakeCas, 'bob');
    return {
      issuer: fakeCas.url,
      statuses: { ticket: ticket.status, failure: failure.status },
      secrets: [...alice.cookies.all(), ...bob.cookies.all()].map(({ value }) => value),
      ticket: JSON.parse(ticket.body).ticket as string,
      portalUrl: portal.url,
    };
  } finally {
    await scene.close();
  }
}
