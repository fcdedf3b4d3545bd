/** What `test/run-unit.ts` runs behind all other tests. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { runAudit } from '../src/cli/audit.ts';
import { type Finding, type JournalHead, type JournalLine, readHead, verifyJournal } from '../src/index.ts';
import { headPath } from '../src/journal/file-sink.ts';
import { canonicalJson, type JournalRecord } from '../src/journal/record.ts';
import { RUN_FOLDER, secretsPath, warningsPath } from './support/run-journal.ts';

/** The journal of one plugin that a test started: one chain in one file. */
interface Chain {
  readonly path: string;
  readonly node: string;
  readonly lines: readonly string[];
  /** Missing, or behind, where a process was killed before it could note the end. */
  readonly head: JournalHead | null;
  readonly secrets: readonly string[];
}

/** A journal with one change, and all that is to be found in it. */
interface Change {
  readonly chains: readonly Chain[];
  readonly lines: readonly JournalLine[];
  readonly expected: readonly Finding[];
}

const folder = process.env[RUN_FOLDER];
if (!folder) throw new Error(`${RUN_FOLDER} is not set: this belongs to npm run test:unit.`);

const chains: Chain[] = [];
const warnings: string[] = [];

before(async () => {
  const names = await readdir(folder);
  for (const name of names.filter((one) => one.endsWith('.jsonl')).sort()) {
    const path = join(folder, name);
    const node = name.replace(/\.jsonl$/, '');
    const head = await readHead(headPath(path, node));
    const text = await readFile(path, 'utf8');
    // A process was killed at its very first record.
    if (text === '') continue;
    const lines = text.replace(/\n$/, '').split('\n');
    const secrets = JSON.parse(await readFile(secretsPath(path), 'utf8')) as readonly string[];
    chains.push({ path, node, lines, head, secrets });
  }
  for (const name of names.filter((one) => one.endsWith(warningsPath('')))) {
    warnings.push(`${name}: ${await readFile(join(folder, name), 'utf8')}`);
  }
});

const isEnded = ({ head, lines }: Chain) => head?.seq === lines.length;

/** Nobody can tell what the last line of a chain was where its end was not noted. */
const isUnnoted = (chain: Chain, index: number) => index === chain.lines.length - 1 && !isEnded(chain);

const secretsOf = (of: readonly Chain[]) => [...new Set(of.flatMap(({ secrets }) => secrets))];

const numbered = ({ path }: Chain, lines: readonly string[]): JournalLine[] =>
  lines.map((text, index) => ({ file: path, line: index + 1, text }));

function found(lines: readonly JournalLine[], of: readonly Chain[]): readonly Finding[] {
  const heads = new Map(of.flatMap(({ node, head }) => (head ? [[node, head]] : [])));
  return verifyJournal(lines, { secrets: secretsOf(of), heads }).findings;
}

/** Every line of every chain, in order. */
function* everyLine() {
  let count = 0;
  for (const [position, chain] of chains.entries()) {
    for (const index of chain.lines.keys()) yield { chain, index, position, count: count++ };
  }
}
type Place = ReturnType<typeof everyLine> extends Generator<infer One> ? One : never;

/** A change of one chain, with the one thing that is to be found in it. */
const changed = (
  chain: Chain,
  lines: readonly string[],
  kind: Finding['kind'],
  line: number,
  message: string,
): Change => ({
  chains: [chain],
  lines: numbered(chain, lines),
  expected: [{ kind, file: lines.length > 0 ? chain.path : '', line, message }],
});

/** Another value for one field of a record; which, goes by the number, so that all have their turn. */
function edited({ chain, index, count }: Place): Change | undefined {
  if (isUnnoted(chain, index)) return undefined;
  const record = JSON.parse(chain.lines[index]!) as JournalRecord;
  const fields = Object.entries(record);
  const [name, value] = fields[count % fields.length]!;
  const other = typeof value === 'number' ? value + 1 : typeof value === 'boolean' ? !value : `${value ?? ''}x`;
  const put = { ...record, [name]: Array.isArray(value) ? [...value, 'x'] : other };
  const lines = chain.lines.with(index, canonicalJson(put));
  if (name !== 'key') return changed(chain, lines, 'edited', index + 1, 'not as it was written');
  return changed(chain, lines, 'unknownKey', index + 1, `made with the secret ${put.key}, which was not given`);
}

function dropped({ chain, index }: Place): Change | undefined {
  if (isUnnoted(chain, index)) return undefined;
  const lines = chain.lines.toSpliced(index, 1);
  const message = `record ${index + 1} of ${chain.node} should be before this line`;
  return changed(chain, lines, 'missing', Math.min(index + 1, lines.length), message);
}

function duplicated({ chain, index }: Place): Change {
  const lines = chain.lines.toSpliced(index, 0, chain.lines[index]!);
  const message = `the record ${index + 1} of ${chain.node} is at ${chain.path}:${index + 1}`;
  return changed(chain, lines, 'duplicate', index + 2, message);
}

/** The last line of a chain has no other behind it, and was swapped with the one before. */
function swapped({ chain, index }: Place): Change | undefined {
  const [one, other] = chain.lines.slice(index, index + 2);
  if (other === undefined) return undefined;
  const lines = chain.lines.with(index, other).with(index + 1, one!);
  const message = `record ${index + 1} of ${chain.node} stands behind record ${index + 2}`;
  return changed(chain, lines, 'reordered', index + 2, message);
}

/** In front of each line, one of the file before, which is there as well. */
function copied({ chain, index, position }: Place): Change | undefined {
  const source = chains.at(position - 1)!;
  if (source === chain) return undefined;
  const from = index % source.lines.length;
  const message = `the record ${from + 1} of ${source.node} is at ${source.path}:${from + 1}`;
  const { lines, expected } = changed(
    chain,
    chain.lines.toSpliced(index, 0, source.lines[from]!),
    'duplicate',
    index + 1,
    message,
  );
  return { chains: [source, chain], lines: [...numbered(source, source.lines), ...lines], expected };
}

const CHANGES: Readonly<Record<string, (place: Place) => Change | undefined>> = {
  edited,
  dropped,
  duplicated,
  swapped,
  copied,
};

const noteOn = (node: string) =>
  `note: Nothing tells where the chain of ${node} ended: its last records may be missing.\n`;

async function verify(paths: readonly string[], heads: readonly string[]) {
  let text = '';
  const write = (more: string) => {
    text += more;
  };
  const env = Object.fromEntries(secretsOf(chains).map((secret, index) => [`SECRET_${index}`, secret]));
  const named = (flag: string, values: readonly string[]) => values.flatMap((value) => [flag, value]);
  const args = ['verify', ...paths, ...named('--secret-env', Object.keys(env)), ...named('--head', heads)];
  const code = await runAudit(args, { write, writeError: write, env });
  return { code, text };
}

describe('the journals of the whole run', () => {
  test('are there, lost nothing and end where they say', (t) => {
    assert.notEqual(chains.length, 0);
    const records = chains.reduce((sum, { lines }) => sum + lines.length, 0);
    const longest = Math.max(...chains.map(({ lines }) => lines.length));
    t.diagnostic(
      `${records} records of ${chains.length} plugins, at most ${longest} of one, ${secretsOf(chains).length} secrets`,
    );
    assert.deepEqual(warnings, []);
    assert.deepEqual(
      chains.filter((chain) => !isEnded(chain)).map(({ path }) => path),
      [],
    );
  });

  test('are clean to audit verify, all together', async () => {
    const records = chains.reduce((sum, { lines }) => sum + lines.length, 0);
    const { code, text } = await verify(
      chains.map(({ path }) => path),
      chains.filter(({ head }) => head).map(({ path, node }) => headPath(path, node)),
    );
    const unnoted = chains.filter(({ head }) => !head).map(({ node }) => noteOn(node));
    assert.equal(text, `${unnoted.join('')}${records} records in ${chains.length} files: nothing found\n`);
    assert.equal(code, 0);
  });

  for (const [name, change] of Object.entries(CHANGES)) {
    test(`are ${name}, line by line: it is found every time, at its place, and nothing else`, (t) => {
      let count = 0;
      for (const place of everyLine()) {
        const one = change(place);
        if (!one) continue;
        count += 1;
        const findings = found(one.lines, one.chains);
        if (!isDeepStrictEqual(findings, one.expected)) assert.deepEqual(findings, one.expected);
      }
      t.diagnostic(`${count} times`);
    });
  }

  test('tell the same of a change whether one file is verified or all of them', (t) => {
    const middle = Math.floor(chains.length / 2);
    const position = chains.findIndex(({ lines }, index) => index >= middle && lines.length > 1);
    const chain = chains[position];
    if (!chain) return t.skip('nobody did anything in the second half');
    for (const change of Object.values(CHANGES)) {
      const one = change({ chain, position, index: 0, count: 0 });
      if (!one) continue;
      const { lines, expected } = one;
      const all: readonly JournalLine[] = chains.flatMap((other) =>
        other === chain ? lines.filter(({ file }) => file === chain.path) : numbered(other, other.lines),
      );
      assert.deepEqual(found(all, chains), expected);
    }
  });
});
