import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import Keyv from 'keyv';
import { runAudit } from '../../src/cli/audit.ts';
import { fileSink, headPath } from '../../src/journal/file-sink.ts';
import type { JournalRecord } from '../../src/journal/record.ts';
import { keyvSink } from '../../src/journal/sinks.ts';
import { pseudonymsOf } from '../../src/journal/subject.ts';
import { entry, journalOf, linesOf, NODE, OLD_SECRET, realRun, runTo, SECRET } from '../journal/support.ts';

let folder = '';
let path = '';
let issuer = '';
let lines: string[] = [];
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'audit-'));
  path = join(folder, 'journal.jsonl');
  ({ issuer } = await realRun({ sinks: [fileSink(path)], node: NODE }));
  lines = await linesOf(path);
});
after(() => rm(folder, { recursive: true, force: true }));

async function audit(...args: readonly string[]) {
  let out = '';
  let errors = '';
  const code = await runAudit(args, {
    write(text) {
      out += text;
    },
    writeError(text) {
      errors += text;
    },
    env: { SSO_SECRET: SECRET, OLD: OLD_SECRET, EMPTY: '' },
  });
  return { code, out, errors };
}
const KEY = ['--secret-env', 'SSO_SECRET'];

/** The same journal with other lines, beside a head of its own. */
async function changed(name: string, put: readonly string[]): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, `${put.join('\n')}\n`);
  return file;
}

describe('audit verify', () => {
  test('finds nothing in the journal of a real run', async () => {
    const { code, out, errors } = await audit('verify', path, ...KEY);
    assert.deepEqual([code, out, errors], [0, `${lines.length} records in one file: nothing found\n`, '']);
  });

  test('names file and line of what it finds', async () => {
    const head = ['--head', headPath(path, NODE)];
    const dropped = await changed('dropped.jsonl', lines.toSpliced(3, 1));
    const { code, out } = await audit('verify', dropped, ...KEY, ...head);
    assert.equal(code, 1);
    assert.match(out, /dropped\.jsonl:4: missing: record 4 of node-1 should be before this line\n.*: 1 found\n$/);
    const cut = await changed('cut.jsonl', lines.slice(0, -2));
    assert.match((await audit('verify', cut, ...KEY, ...head)).out, /2 of the records \d+ to \d+ of node-1/);
    assert.match((await audit('verify', cut, ...KEY)).out, /note: Nothing tells where the chain of node-1 ended/);
  });

  test('reads files in the order they are named, and takes the head beside the last', async () => {
    const one = await changed('one.jsonl', lines.slice(0, 5));
    const two = await changed('two.jsonl', lines.slice(5));
    await writeFile(headPath(two, NODE), JSON.stringify({ node: NODE, seq: lines.length + 1, hash: 'x' }));
    const { code, out } = await audit('verify', one, two, ...KEY);
    assert.equal(code, 1);
    assert.match(out, new RegExp(`two.jsonl:${lines.length - 5}: missing: record ${lines.length + 1} `));
    assert.match(out, /in 2 files: 1 found/);
    assert.equal((await audit('verify', two, one, ...KEY)).code, 1);
    assert.equal((await audit('verify', two, ...KEY)).code, 1);
    await rm(headPath(two, NODE));
    assert.equal((await audit('verify', two, ...KEY, '--partial')).code, 0);
  });

  test('takes several secrets, and says what it could not check without', async () => {
    const file = join(folder, 'rotated.jsonl');
    await runTo(file, 1, { secrets: [OLD_SECRET] });
    await runTo(file, 1, { secrets: [SECRET, OLD_SECRET] });
    assert.equal((await audit('verify', file, ...KEY, '--secret-env', 'OLD')).code, 0);
    assert.match((await audit('verify', file, ...KEY)).out, /:1: unknownKey: made with the secret \S{8},/);
    const { code, out } = await audit('verify', file);
    assert.equal(code, 0);
    assert.match(out, /note: No secret was given/);
  });

  test('reads the records and the head of a Keyv, one line each', async () => {
    const keyv = new Keyv();
    const { listener, close } = journalOf([keyvSink(keyv)]);
    listener(entry());
    await close();
    const keys = ['1', '2', 'head'].map((last) => `journal:${NODE}:${last}`);
    const [one = '', two = '', end = ''] = await Promise.all(keys.map((key) => keyv.get<string>(key)));
    const head = ['--head', await changed('keyv.head', [end])];
    const { code, out } = await audit('verify', await changed('keyv.jsonl', [one, two]), ...KEY, ...head);
    assert.deepEqual([code, out], [0, '2 records in one file: nothing found\n']);
    const cut = await audit('verify', await changed('keyv-cut.jsonl', [one]), ...KEY, ...head);
    assert.match(cut.out, /:1: missing: record 2 of node-1/);
  });

  test('ends with 2 where it cannot check', async () => {
    for (const args of [
      ['verify'],
      ['verify', join(folder, 'nothing-there.jsonl')],
      ['verify', path, '--secret-env', 'EMPTY'],
      ['verify', path, '--secret', 'x'],
      ['verify', path, '--head', path],
      ['burn', path],
      ['show', path],
      ['show', path, '--user', 'alice', '--issuer', 'https://x'],
      ['show', path, '--user', 'alice', ...KEY],
      ['show', path, '--user', 'alice', '--subject', 'x'],
    ]) {
      const { code, out, errors } = await audit(...args);
      assert.deepEqual([code, out], [2, ''], args.join(' '));
      assert.notEqual(errors, '');
    }
  });

  test('explains itself', async () => {
    assert.match((await audit('--help')).out, /audit verify FILE…/);
    assert.deepEqual([(await audit('--help')).code, (await audit()).code], [0, 2]);
  });
});

describe('audit show', () => {
  test('tells the story of a person, attempt by attempt, and of nobody else', async () => {
    const { code, out } = await audit('show', path, '--user', 'alice', '--issuer', `${issuer}/`, ...KEY);
    assert.equal(code, 0);
    const headings = out.split('\n').filter((line) => line !== '' && !line.startsWith(' '));
    const [alice = '', bob = ''] = ['alice', 'bob'].map((id) => pseudonymsOf([SECRET])({ issuer, id })[0]!);
    assert.equal(headings.length, 2);
    assert.match(headings[0]!, new RegExp(`^cas \\S{12}, ${alice}: it is over$`));
    assert.match(headings[1]!, /^cas\S* \S{12}, \S{22}: it worked$/);
    assert.ok(!out.includes(bob));
    assert.match(out, /\n {2}20\d\d-\S+Z {2}· → starting +begin\n/);
    assert.match(out, /validating → admitting +validation\.succeeded \[freshEnough\]/);
    assert.match(out, /openingSession → authenticated +session\.opened \[nothingWasKept\] +success/);
    assert.equal((await audit('show', path, '--subject', alice)).out, out);
  });

  test('tells one attempt, also by the beginning of its label', async () => {
    const failure = lines.map((line) => JSON.parse(line) as JournalRecord).find(({ to }) => to === 'failed')!;
    const { out } = await audit('show', path, '--attempt', failure.attempt.slice(0, 8));
    assert.match(out, /^cas \S+, somebody unknown: it failed\n/);
    assert.match(out, /failure {2}ERR_SSO_TICKET_REJECTED {2}showFailure/);
    assert.equal(out.split('\n').filter((line) => /^\S/.test(line)).length, 1);
  });

  test('takes a pseudonym that begins with a hyphen', async () => {
    assert.equal((await audit('show', path, '--subject', '-9JhT9ushKVqKYPzdSmNmy')).code, 1);
  });

  test('says so when there is nothing to tell', async () => {
    const { code, out } = await audit('show', path, '--subject', 'nobody');
    assert.deepEqual([code, out], [1, 'The journal knows nothing of that.\n']);
    assert.equal((await audit('show', path, '--attempt', '')).code, 1);
  });
});
