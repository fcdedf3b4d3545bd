import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { failures, formatReport, readVectors, runVectors } from './runner.ts';

const folder = mkdtempSync(join(tmpdir(), 'conformance-ignore-'));
after(() => rmSync(folder, { recursive: true }));

const cases = [
  { input: { rule: '/health', path: '/health' }, expected: { ignored: true } },
  { input: { rule: '/health', path: '/health?deep=1' }, expected: { ignored: true } },
  { input: { rule: '/health', path: '/healthy' }, expected: { ignored: false } },
  { input: { rules: ['/health', '/public/'], path: '/public/logo.svg' }, expected: { ignored: true } },
  { input: { rules: ['/health', '/public/'], path: '/public' }, expected: { ignored: false } },
  { input: { rules: [], path: '/' }, expected: { ignored: false } },
  { input: { rule: '^/api/v\\d+/status$', path: '/api/v2/status' }, expected: { ignored: true } },
  { input: { rule: '^/public/', path: '/admin?x=/public/' }, expected: { ignored: false } },
  { input: { rule: '/public/', path: '/public/%2e%2e/admin' }, expected: { ignored: false } },
  { input: { rule: '\\.js$', path: '/app.js' }, expected: { ok: false, code: 'CONFIG' } },
];

async function run(vectors: readonly object[]) {
  const file = join(folder, 'ignore.json');
  writeFileSync(file, JSON.stringify(vectors));
  return runVectors(await readVectors(file), { deviations: [] });
}

const vectors = cases.map((each, index) => ({ id: `ig-${index}`, source: 'made up', kind: 'ignore', ...each }));

test('vectors of kind ignore are run against the rules of the guard', async () => {
  const report = await run(vectors);
  assert.equal(report.get('ignore')?.passed, cases.length, formatReport(report));
});

test('vectors of kind ignore that expect something else fail', async () => {
  const wrong = vectors.map(({ expected, ...others }) => ({
    ...others,
    expected: 'ok' in expected ? { ok: true } : { ignored: !expected.ignored },
  }));
  assert.equal(failures(await run(wrong)).length, cases.length);
});
