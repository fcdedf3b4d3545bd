import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type CampusSsoOptions, cas, functionSink, type JournalEntry, type JournalRecord } from '../../src/index.ts';
import { startFakeCas } from '../../src/testing/index.ts';
import { createBrowser } from '../support/browser.ts';
import { logIn, startPortal } from '../support/portal.ts';
import { RUN_FOLDER, secretsPath, startSso } from '../support/run-journal.ts';
import { folderFor, foundIn, headsOf, linesOf, SECRET } from './support.ts';

/** The environment of a run with journals, for the time of a test. */
async function runWithJournals(t: TestContext): Promise<string> {
  const folder = await folderFor(t);
  const before = process.env[RUN_FOLDER];
  process.env[RUN_FOLDER] = folder;
  t.after(() => {
    delete process.env[RUN_FOLDER];
    if (before !== undefined) process.env[RUN_FOLDER] = before;
  });
  return folder;
}

/** A login at an application that begins and ends with it; gives what its own listener heard. */
async function loggedIn(options: Partial<CampusSsoOptions> = {}): Promise<readonly JournalEntry[]> {
  const fakeCas = await startFakeCas();
  const portal = await startPortal({ cas: { serverUrl: fakeCas.url }, options });
  const browser = createBrowser();
  await logIn(browser, `${portal.url}/start`, fakeCas);
  await browser.close();
  const heard = [...portal.journal];
  await portal.close();
  await fakeCas.close();
  return heard;
}

/** What is in the journals of a folder, without what the journal says of itself. */
async function recordsIn(folder: string): Promise<readonly JournalRecord[]> {
  const [name = ''] = (await readdir(folder)).filter((one) => one.endsWith('.jsonl'));
  const lines = await linesOf(join(folder, name));
  const heads = await headsOf(join(folder, name), name.replace(/\.jsonl$/, ''));
  assert.equal(heads.size, 1);
  assert.deepEqual(JSON.parse(await readFile(secretsPath(join(folder, name)), 'utf8')), [SECRET]);
  assert.deepEqual(foundIn(lines, { heads }), []);
  return lines.map((line) => JSON.parse(line) as JournalRecord).slice(1);
}

const asEntry = ({ seq, node, prev, key, hash, ...entry }: JournalRecord): JournalEntry => entry;

test('in a run with journals a test hears what it always hears, and the file has it too', async (t) => {
  const folder = await runWithJournals(t);
  const heard = await loggedIn();
  assert.notEqual(heard.length, 0);
  assert.deepEqual((await recordsIn(folder)).map(asEntry), heard);
});

test('a test whose own listener throws has a journal of the run all the same', async (t) => {
  const folder = await runWithJournals(t);
  await loggedIn({
    journal() {
      throw new Error('a listener that fails');
    },
  });
  assert.equal((await recordsIn(folder)).at(-1)?.to, 'authenticated');
});

test('sinks of a test get their records, and the file has the same steps in a chain of its own', async (t) => {
  const folder = await runWithJournals(t);
  const taken: JournalRecord[] = [];
  const sink = functionSink((record) => void taken.push(record as JournalRecord));
  await loggedIn({ journal: { sinks: [sink], node: 'node-of-the-test' } });
  assert.deepEqual((await recordsIn(folder)).map(asEntry), taken.slice(1).map(asEntry));
  assert.ok(taken.every(({ node }) => node === 'node-of-the-test'));
});

test('options that are refused begin no journal', async (t) => {
  const folder = await runWithJournals(t);
  const login = cas({ serverUrl: 'https://login.example.edu/cas' });
  assert.throws(() =>
    startSso({ baseUrl: 'https://portal.example.edu', secrets: [SECRET], login, journal: { sinks: [] } }),
  );
  assert.deepEqual(await readdir(folder), []);
});

test('every plugin of a run has a journal of its own', async (t) => {
  const folder = await runWithJournals(t);
  const portals = await Promise.all([startPortal({}), startPortal({})]);
  await Promise.all(portals.map((portal) => portal.close()));
  const names = (await readdir(folder)).filter((one) => one.endsWith('.jsonl'));
  assert.equal(names.length, 2);
  assert.match(names[0]!, /^run-journal-\d+-\d+\.jsonl$/);
});
