import assert from 'node:assert/strict';
import { appendFile, mkdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileSink, headPath } from '../../src/journal/file-sink.ts';
import { type JournalLine, verifyJournal } from '../../src/journal/verify.ts';
import { entry, folderFor, foundIn, headsOf, journalOf, linesOf, NODE, numbered, runTo, SECRET } from './support.ts';

test('a chain goes on over restarts, in a file for its owner only', async (t) => {
  const path = join(await folderFor(t), 'journal.jsonl');
  for (let run = 0; run < 3; run += 1) assert.deepEqual(await runTo(path, 2), []);
  const lines = await linesOf(path);
  assert.equal(lines.length, 9);
  assert.deepEqual(foundIn(lines, { heads: await headsOf(path, NODE) }), []);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal((await stat(headPath(path, NODE))).mode & 0o777, 0o600);
});

test('a chain goes on without its head, from the last line', async (t) => {
  const path = join(await folderFor(t), 'journal.jsonl');
  await runTo(path, 2);
  await rm(headPath(path, NODE));
  await runTo(path, 2);
  assert.deepEqual(foundIn(await linesOf(path), { heads: await headsOf(path, NODE) }), []);
});

test('a head that a crash left behind is no matter', async (t) => {
  const path = join(await folderFor(t), 'journal.jsonl');
  await runTo(path, 2);
  const head = await readFile(headPath(path, NODE));
  await runTo(path, 2);
  await writeFile(headPath(path, NODE), head);
  assert.deepEqual(foundIn(await linesOf(path), { heads: await headsOf(path, NODE) }), []);
  await runTo(path, 2);
  assert.deepEqual(foundIn(await linesOf(path), { heads: await headsOf(path, NODE) }), []);
});

test('a head that nobody can read is as good as none', async (t) => {
  const path = join(await folderFor(t), 'journal.jsonl');
  await runTo(path, 2);
  await writeFile(headPath(path, NODE), '{"seq":');
  assert.deepEqual(await runTo(path, 1), []);
  assert.deepEqual(foundIn(await linesOf(path)), []);
});

test('the torn end of a crash stays, is told, and is no fault', async (t) => {
  const path = join(await folderFor(t), 'journal.jsonl');
  await runTo(path, 2);
  await appendFile(path, '{"at":17000000000');
  await runTo(path, 2);
  const lines = await linesOf(path);
  const { findings, notes } = verifyJournal(numbered(lines), { secrets: [SECRET], heads: await headsOf(path, NODE) });
  assert.deepEqual(findings, []);
  assert.deepEqual(notes, ['journal.jsonl:4: the torn end of a run that crashed.']);
  // Somebody who cuts a record in two cannot make the journal say that it was torn.
  assert.deepEqual(foundIn(lines.with(1, lines[1]!.slice(0, 40))), ['edited:2']);
  assert.deepEqual(foundIn([...lines.slice(0, 3), '{"at":1', ...lines.slice(3)]), ['inserted:4']);
});

test('half a line before a run that found none is a fault', async (t) => {
  const path = join(await folderFor(t), 'journal.jsonl');
  for (let run = 0; run < 2; run += 1) await runTo(path, 2);
  assert.deepEqual(foundIn((await linesOf(path)).toSpliced(3, 0, '{"at":1')), ['inserted:4']);
});

test('a last line without its end is a record all the same', async (t) => {
  const path = join(await folderFor(t), 'journal.jsonl');
  await runTo(path, 2);
  await truncate(path, (await stat(path)).size - 1);
  await runTo(path, 1);
  const lines = await linesOf(path);
  assert.deepEqual(foundIn(lines, { heads: await headsOf(path, NODE) }), []);
  assert.doesNotMatch(lines.join(), /"torn":true/);
});

test('lines that are cut off between two runs are found, since the chain goes on from the head', async (t) => {
  const path = join(await folderFor(t), 'journal.jsonl');
  await runTo(path, 5);
  await writeFile(path, `${(await linesOf(path)).slice(0, 3).join('\n')}\n`);
  await runTo(path, 1);
  assert.deepEqual(foundIn(await linesOf(path)), ['missing:4']);
});

test('a file that is renamed meanwhile is followed by another, and the chain goes through both', async (t) => {
  const folder = await folderFor(t);
  const [old, path] = [join(folder, 'journal.jsonl.1'), join(folder, 'journal.jsonl')];
  const { listener, flush, close } = journalOf([fileSink(path, { fsync: true })]);
  listener(entry(1));
  await flush();
  await rename(path, old);
  listener(entry(2));
  await close();
  const [first, second] = [await linesOf(old), await linesOf(path)];
  const both: JournalLine[] = [...numbered(first, 'one'), ...numbered(second, 'two')];
  const options = { secrets: [SECRET], heads: await headsOf(path, NODE) };
  assert.deepEqual([first.length, second.length], [2, 1]);
  assert.deepEqual(verifyJournal(both, options).findings, []);
  const [finding] = verifyJournal(both.toSpliced(1, 1), options).findings;
  assert.deepEqual([finding?.kind, finding?.file, finding?.line], ['missing', 'two', 1]);
});

test('two nodes share a file, and each has its chain', async (t) => {
  const path = join(await folderFor(t), 'journal.jsonl');
  const nodes = ['a', 'b'].map((node) => journalOf([fileSink(path)], { node }));
  for (let number = 0; number < 20; number += 1) {
    nodes[number % 2]?.listener(entry(number));
    if (number % 3 === 0) await nodes[number % 2]?.flush();
  }
  await Promise.all(nodes.map(({ close }) => close()));
  const lines = await linesOf(path);
  const heads = await headsOf(path, 'a', 'b');
  assert.deepEqual([lines.length, heads.size], [22, 2]);
  assert.deepEqual(foundIn(lines, { heads }), []);
  for (const index of lines.keys()) assert.equal(foundIn(lines.toSpliced(index, 1), { heads }).length, 1);
  const onlyA = lines.filter((line) => line.includes('"node":"a"'));
  assert.deepEqual(foundIn(onlyA, { heads }), [`missing:${onlyA.length}`]);
});

test('two processes that write under one name are found', async (t) => {
  const path = join(await folderFor(t), 'journal.jsonl');
  const both = [journalOf([fileSink(path)]), journalOf([fileSink(path)])];
  await Promise.all(both.map(({ flush }) => flush()));
  both[0]?.listener(entry(1));
  both[1]?.listener(entry(2));
  await Promise.all(both.map(({ close }) => close()));
  assert.ok(foundIn(await linesOf(path)).some((one) => one.startsWith('forked')));
});

test('a batch is not written twice when only its head could not be', async (t) => {
  const path = join(await folderFor(t), 'journal.jsonl');
  await mkdir(headPath(path, NODE));
  const { listener, flush, close, warnings } = journalOf([fileSink(path)], { retryMs: 1 });
  listener(entry(1));
  while (warnings.length < 2) await new Promise((resolve) => setTimeout(resolve, 2));
  await rm(headPath(path, NODE), { recursive: true });
  await flush();
  await close();
  assert.deepEqual(foundIn(await linesOf(path)), []);
});

test('in another format the chain goes on from the head', async (t) => {
  const path = join(await folderFor(t), 'journal.jsonl');
  for (const format of ['ocsf', 'ecs'] as const) {
    const { listener, close } = journalOf([fileSink(path, { format })]);
    listener(entry());
    await close();
  }
  const sequences = (await linesOf(path))
    .map((line) => JSON.parse(line))
    .map((one) => one.metadata?.sequence ?? one.event.sequence);
  assert.deepEqual(sequences, [1, 2, 3, 4]);
  assert.throws(() => fileSink(path, { format: 'xml' as 'ecs' }), TypeError);
});
