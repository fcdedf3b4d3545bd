import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { isSsoError } from '../../src/errors.ts';
import type { JournalEntry } from '../../src/flow/journal.ts';
import { createSiteJournal, defaultNode } from '../../src/journal/site-journal.ts';
import { pseudonymsOf } from '../../src/journal/subject.ts';
import { readJournal } from '../../src/journal-options.ts';
import { startPortal } from '../support/portal.ts';
import { entry, memorySink, OLD_SECRET, SECRET } from './support.ts';

const person = { issuer: 'https://login.example.edu/cas', id: 'alice' };

function siteJournal(journal: Parameters<typeof createSiteJournal>[0]['journal'], secrets = [SECRET, OLD_SECRET]) {
  const log: string[] = [];
  const write = (message: string) => void log.push(message);
  const logger = { debug: write, info: write, warn: write, error: write };
  return { ...createSiteJournal({ journal, secrets, clock: () => 5, logger }), log };
}

test('a function hears entries at once, and one that throws harms nobody', () => {
  const heard: JournalEntry[] = [];
  siteJournal((one) => void heard.push(one)).journal(entry());
  assert.deepEqual(heard, [entry()]);
  const { journal, log } = siteJournal(() => {
    throw new TypeError('marker');
  });
  journal(entry());
  assert.deepEqual(log, ['The journal listener threw TypeError.']);
});

test('sinks get records under the name of the host, or another', async () => {
  for (const [node, expected] of [
    [undefined, defaultNode(undefined)],
    ['portal-1', 'portal-1'],
  ] as const) {
    const { sink, records } = memorySink();
    const { journal, close } = siteJournal({ sinks: [sink], ...(node && { node }) });
    journal(entry());
    await close();
    assert.deepEqual([records.length, records[1]?.node], [2, expected]);
  }
  assert.equal(
    defaultNode(undefined),
    hostname()
      .replace(/[^\w.-]/g, '-')
      .slice(-64),
  );
  assert.match(defaultNode('3'), /-3$/);
});

test('a pseudonym is the same for one person, another for everybody else, and hangs on the first secret', () => {
  const { pseudonymOf } = siteJournal(undefined);
  assert.match(pseudonymOf(person), /^[\w-]{22}$/);
  assert.equal(pseudonymOf({ ...person }), pseudonymsOf([SECRET])(person)[0]);
  const others = [
    { ...person, id: 'bob' },
    { ...person, issuer: 'https://other.example.edu' },
  ];
  assert.equal(new Set([person, ...others].map(pseudonymOf)).size, 3);
  assert.notEqual(siteJournal(undefined, [OLD_SECRET]).pseudonymOf(person), pseudonymOf(person));
});

test('the application waits for the sinks when it closes', async () => {
  const { sink, records } = memorySink();
  const portal = await startPortal({ options: { journal: { sinks: [sink] } } });
  await portal.close();
  assert.equal(records.length, 1);
});

test('a setup that cannot work is told with all other problems', async () => {
  const { sink } = memorySink();
  const problemsOf = (value: unknown) => {
    const problems: string[] = [];
    readJournal(value, problems);
    return problems.length;
  };
  const bad: unknown[] = [null, 'x', {}, { sinks: [] }, { sinks: [{}] }, { sinks: [sink, sink] }];
  bad.push({ sinks: [{ ...sink, name: '' }] }, { sinks: [{ name: 'x' }] }, { sinks: [sink], node: 'a/b' });
  bad.push({ sinks: [sink], node: '' }, { sinks: [sink], queueSize: 0 }, { sinks: [sink], queueSize: 1.5 });
  for (const value of bad) assert.equal(problemsOf(value), 1, JSON.stringify(value));
  for (const value of [undefined, () => {}, { sinks: [sink], node: 'a.b_c-1', queueSize: 1 }]) {
    assert.equal(problemsOf(value), 0);
  }
  await assert.rejects(startPortal({ options: { journal: { sinks: [] } } }), isSsoError);
});
