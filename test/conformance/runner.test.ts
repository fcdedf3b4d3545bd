import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compare, type Kinds, type Vector } from './kind.ts';
import { failures, formatReport, runVectors } from './runner.ts';

const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
after(() => rmSync(folder, { recursive: true }));

function vector(id: string, kind: string, expected: Record<string, unknown>): Vector {
  return { id, source: '', kind, input: { body: 'yes\nalice\n', status: 200 }, expected };
}

function command(...contents: readonly unknown[]) {
  const files = contents.map((content, index) => {
    const file = join(folder, `${index}.json`);
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return file;
  });
  const script = fileURLToPath(new URL('run.ts', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', script, ...files], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

const kinds: Kinds = {
  same: (input, expected) => compare(expected, input),
  broken: () => {
    throw new Error('out of order');
  },
  partly: () => ({ differences: [], notYet: 'the rest' }),
};

test('vectors are counted by kind, with the ids and the differences of those that fail', async () => {
  const vectors = [vector('a', 'same', { status: 200 }), vector('b', 'same', { status: 201, other: 1 })];
  const report = await runVectors(vectors, { kinds, deviations: [] });
  assert.deepEqual(report.get('same'), {
    passed: 1,
    notYet: 0,
    deviated: 0,
    failed: [{ id: 'b', differences: ['status: expected 201, got 200', 'other: expected 1, got nothing'] }],
  });
  assert.match(formatReport(report), /same +1 passed, 1 failed\n +failed: b\n/);
});

test('a kind that throws is a failed vector', async () => {
  const report = await runVectors([vector('a', 'broken', {})], { kinds, deviations: [] });
  assert.deepEqual(failures(report), [{ id: 'a', differences: ['threw out of order'] }]);
});

test('a deviation that differs is counted apart, and one that passes is an error', async () => {
  const vectors = [vector('a', 'same', { status: 201 }), vector('b', 'same', { status: 200 })];
  const deviations = ['a', 'b'].map((id) => ({ id, reason: '' }));
  const report = await runVectors(vectors, { kinds, deviations });
  assert.equal(report.get('same')?.deviated, 1);
  assert.deepEqual(
    failures(report).map(({ id }) => id),
    ['b'],
  );
});

test('a deviation that throws is a failure', async () => {
  const throwing = {
    kinds: {
      throws: () => {
        throw new Error('broken');
      },
    },
    deviations: [{ id: 'a', reason: 'on purpose' }],
  };
  const report = await runVectors([vector('a', 'throws', {})], throwing);
  assert.deepEqual(
    failures(report).map(({ id }) => id),
    ['a'],
  );
});

test('kinds without code, and vectors that can be run in part, are counted as not yet supported', async () => {
  const vectors = [vector('a', 'slo', {}), vector('b', 'sloFront', {}), vector('c', 'partly', {})];
  const report = await runVectors(vectors, { kinds, deviations: [] });
  assert.deepEqual(
    [...report.values()].map(({ notYet, passed }) => [notYet, passed]),
    [
      [1, 0],
      [1, 0],
      [1, 0],
    ],
  );
});

test('an unknown kind stops everything, also one that every object has', async () => {
  for (const kind of ['invented', 'constructor', '__proto__']) {
    await assert.rejects(runVectors([vector('a', kind, {})], { kinds, deviations: [] }), /unknown kind/);
  }
});

test('the command ends with 0 when all vectors of all files pass', () => {
  const { status, stdout } = command([vector('a', 'validate1', { ok: true, user: 'alice' })], [vector('b', 'slo', {})]);
  assert.equal(status, 0);
  assert.match(stdout, /validate1 +1 passed, 0 failed\nslo +0 passed, 0 failed, 1 not yet supported/);
});

test('the command ends with 1 and names the vectors that fail', () => {
  const { status, stdout } = command([vector('v-17', 'validate1', { ok: false })]);
  assert.equal(status, 1);
  assert.match(stdout, /failed: v-17/);
});

test('the command ends with 2 and names an unknown kind', () => {
  const { status, stderr } = command([vector('a', 'validate1', { ok: true }), vector('b', 'invented', {})]);
  assert.equal(status, 2);
  assert.match(stderr, /invented/);
});

test('the command ends with 2 for a file that holds no vectors, and without a file', () => {
  for (const content of ['{}', 'no json', [{ id: 'a' }]]) assert.equal(command(content).status, 2);
  assert.equal(command().status, 2);
});
