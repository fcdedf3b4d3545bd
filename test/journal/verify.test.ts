import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { fileSink } from '../../src/journal/file-sink.ts';
import { canonicalJson, hashOf, type JournalHead, type JournalRecord, journalKeys } from '../../src/journal/record.ts';
import { pseudonymsOf } from '../../src/journal/subject.ts';
import { verifyJournal } from '../../src/journal/verify.ts';
import { foundIn, headsOf, linesOf, NODE, numbered, OLD_SECRET, realRun, SECRET } from './support.ts';

let folder = '';
let lines: string[] = [];
let heads: ReadonlyMap<string, JournalHead> = new Map();
let run: Awaited<ReturnType<typeof realRun>>;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'journal-'));
  const path = join(folder, 'journal.jsonl');
  run = await realRun({ sinks: [fileSink(path)], node: NODE });
  lines = await linesOf(path);
  heads = await headsOf(path, NODE);
});
after(() => rm(folder, { recursive: true, force: true }));

const found = (changed: readonly string[]) => foundIn(changed, { heads });
const without = (index: number) => lines.toSpliced(index, 1);
const anyLine = () => fc.integer({ min: 0, max: lines.length - 1 });

describe('the journal of a real run', () => {
  test('is clean', () => {
    assert.equal(heads.size, 1);
    const { findings, notes, records } = verifyJournal(numbered(lines), { secrets: [SECRET], heads });
    assert.deepEqual([findings, notes, records], [[], [], lines.length]);
  });

  test('tells logins, a failure, a ticket and a logout, each once, of the right people', () => {
    const records = lines.map((line) => JSON.parse(line) as JournalRecord);
    const ends = records.filter(({ outcome }) => /success|failure|ended/.test(outcome));
    const name = (id: string) => pseudonymsOf([SECRET])({ issuer: run.issuer, id })[0]!;
    const people = new Map([name('alice'), name('bob')].map((subject, index) => [subject, ['alice', 'bob'][index]]));
    const told = ends
      .filter(({ flow }) => flow !== 'cas-callback')
      .map(({ to, outcome, code, subject }) => [to, outcome, code, subject && (people.get(subject) ?? subject)]);
    assert.deepEqual(run.statuses, { ticket: 200, failure: 403 });
    assert.deepEqual(
      told.filter(([to]) => to !== 'probed' && to !== 'stored'),
      [
        ['authenticated', 'success', null, 'alice'],
        ['issued', 'success', null, 'alice'],
        ['failed', 'failure', 'ERR_SSO_TICKET_REJECTED', null],
        ['loggedOut', 'ended', null, 'alice'],
        ['authenticated', 'success', null, 'bob'],
      ],
    );
  });

  test('counts without a hole, and goes from each state to the next', () => {
    const records = lines.map((line) => JSON.parse(line) as JournalRecord);
    assert.deepEqual(
      records.map(({ seq }) => seq),
      records.map((_, index) => index + 1),
    );
    for (const attempt of new Set(records.map((record) => record.attempt))) {
      if (attempt === '') continue;
      const steps = records.filter((record) => record.attempt === attempt);
      for (const [index, step] of steps.entries()) assert.equal(step.from, index === 0 ? null : steps[index - 1]?.to);
    }
  });

  test('holds no ticket, grant, cookie, name, page or address', () => {
    const text = lines.join('\n');
    const secrets = [...run.secrets, run.ticket, run.portalUrl, run.issuer].filter((secret) => secret.length > 7);
    for (const secret of secrets) assert.ok(!text.includes(secret), secret);
    assert.doesNotMatch(text, /marker|alice|bob|PGT-|PGTIOU-|(?<![\w-])[SP]T-\d|example\.edu|localhost/);
  });
});

describe('in the journal of a real run', () => {
  test('every dropped line is found, with the line behind it, and the last as well', () => {
    for (const index of lines.keys()) {
      const changed = without(index);
      assert.deepEqual(found(changed), [`missing:${Math.min(index + 1, changed.length)}`]);
    }
  });

  test('every line that stands there twice is found, wherever the second one is', () => {
    for (const index of lines.keys()) {
      assert.deepEqual(found(lines.toSpliced(index + 1, 0, lines[index]!)), [`duplicate:${index + 2}`]);
      assert.deepEqual(found([...lines, lines[index]!]), [`duplicate:${lines.length + 1}`]);
    }
  });

  test('every swap is found', () => {
    fc.assert(
      fc.property(anyLine(), anyLine(), (one, other) => {
        fc.pre(one < other);
        const changed = lines.with(one, lines[other]!).with(other, lines[one]!);
        const expected = changed.flatMap((_, index) =>
          index > one && index <= other ? [`reordered:${index + 1}`] : [],
        );
        assert.deepEqual(found(changed), expected);
      }),
    );
  });

  test('every edit of a character is found, with its line', () => {
    const text = fc.string({ minLength: 0, maxLength: 3 }).filter((value) => !value.includes('\n'));
    fc.assert(
      fc.property(anyLine(), fc.nat(), fc.nat({ max: 3 }), text, (index, where, length, put) => {
        const line = lines[index]!;
        const start = where % line.length;
        const changed = line.slice(0, start) + put + line.slice(start + length);
        fc.pre(changed !== line);
        const kinds = found(lines.with(index, changed)).map((one) => one.replace('unknownKey', 'edited'));
        assert.deepEqual(kinds, [`edited:${index + 1}`]);
      }),
      { numRuns: 1000 },
    );
  });

  test('every edit of a field is found, with its line, however well it is written', () => {
    for (const [index, line] of lines.entries()) {
      const record = JSON.parse(line) as Record<string, unknown>;
      for (const [name, value] of Object.entries(record)) {
        const other = typeof value === 'number' ? value + 1 : typeof value === 'boolean' ? !value : `${value ?? ''}x`;
        const put = Array.isArray(value) ? [...value, 'x'] : other;
        const changed = lines.with(index, canonicalJson({ ...record, [name]: put }));
        assert.deepEqual(
          found(changed).map((one) => one.replace('unknownKey', 'edited')),
          [`edited:${index + 1}`],
          name,
        );
      }
    }
  });

  test('the same record in other words is found: spaces, order, keys that stand there twice', () => {
    const [line = ''] = lines.slice(3);
    const { at, ...rest } = JSON.parse(line);
    const others = [`${line} `, ` ${line}`, JSON.stringify({ ...rest, at }), `{"at":1,${line.slice(1)}`, `${line}\r`];
    for (const other of others) assert.deepEqual(found(lines.with(3, other)), ['edited:4'], other);
  });

  test('a line is found that is nested deeper than anything that can be written again', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    assert.deepEqual(found(lines.with(3, `${lines[3]!.slice(0, -1)},"z":${deep}}`)), ['edited:4']);
  });

  test('a line that somebody made up is found, whatever it is', () => {
    const forged = canonicalJson({ ...JSON.parse(lines[4]!), to: 'authenticated' });
    fc.assert(
      fc.property(anyLine(), fc.constantFrom('', '{}', 'null', '{"seq":1', '[]', forged), (index, line) => {
        assert.deepEqual(found(lines.toSpliced(index, 0, line)), [`inserted:${index + 1}`]);
      }),
    );
  });

  test('a line that was made up does not stand for one that is missing elsewhere', () => {
    assert.deepEqual(found([...without(2), '{}']), ['missing:3', `inserted:${lines.length}`]);
    assert.deepEqual(found(['{}', ...without(2)]), ['inserted:1', 'missing:4']);
  });

  test('a chain that was made anew with another secret is found', () => {
    const [key] = journalKeys([OLD_SECRET]);
    let prev: string | null = null;
    const forged = lines.map((line) => {
      const { hash: _, ...record } = { ...JSON.parse(line), prev } as JournalRecord;
      const hash = hashOf(key!, record);
      prev = hash;
      return canonicalJson({ ...record, hash });
    });
    assert.equal(found(forged).filter((one) => one.startsWith('edited')).length, lines.length);
  });

  test('without the secret, links and numbers are checked, and it is said that contents are not', () => {
    const check = (changed: readonly string[]) => verifyJournal(numbered(changed), { heads });
    assert.deepEqual(check(lines).findings, []);
    assert.match(check(lines).notes.join(), /No secret was given/);
    assert.deepEqual(foundIn(without(5), { heads, secrets: [] }), ['missing:6']);
    const record = JSON.parse(lines[5]!) as JournalRecord;
    const other = canonicalJson({ ...record, hash: `${record.hash.slice(1)}x` });
    assert.deepEqual(foundIn(lines.with(5, other), { heads, secrets: [] }), ['edited:7']);
    assert.deepEqual(foundIn(lines.with(5, canonicalJson({ ...record, to: 'x' })), { heads, secrets: [] }), []);
  });

  test('the last lines that are gone are found by the head only, and it is said when there is none', () => {
    const cut = lines.slice(0, -3);
    const { findings, notes } = verifyJournal(numbered(cut), { secrets: [SECRET] });
    assert.deepEqual(findings, []);
    assert.match(notes.join(), /its last records may be missing/);
    assert.deepEqual(found(cut), [`missing:${cut.length}`]);
    assert.deepEqual(found([]), ['missing:0']);
  });

  test('a part of it is missing its beginning, unless it is said to be a part', () => {
    assert.deepEqual(found(lines.slice(4)), ['missing:1']);
    assert.deepEqual(foundIn(lines.slice(4), { heads, isPartial: true }), []);
  });

  test('a head that is of another chain is found', () => {
    const { seq } = heads.get(NODE)!;
    const other = new Map([[NODE, { seq, hash: 'other' }]]);
    assert.deepEqual(foundIn(lines, { heads: other }), [`forked:${lines.length}`]);
  });
});
