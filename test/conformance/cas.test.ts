import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { later, loadKinds } from './registry.ts';
import { failures, formatReport, readDeviations, readVectors, runVectors } from './runner.ts';

const vectors = await readVectors(new URL('../fixtures/cas.json', import.meta.url));
const report = await runVectors(vectors);

describe('the vectors for CAS', () => {
  for (const [kind, entry] of report) {
    test(`of kind ${kind} give what is expected`, () => {
      assert.deepEqual(entry.failed, [], formatReport(new Map([[kind, entry]])));
    });
  }

  test('are all accounted for', () => {
    const counted = [...report.values()].map((each) => each.passed + each.notYet + each.deviated + each.failed.length);
    assert.equal(
      counted.reduce((sum, each) => sum + each, 0),
      vectors.length,
    );
    assert.deepEqual(failures(report), []);
  });

  test('have kinds that are run or of later work', async () => {
    const kinds = await loadKinds();
    for (const { kind } of vectors) assert.ok(Object.hasOwn(kinds, kind) || later.has(kind), kind);
  });
});

test('there are at most twelve deviations, each with a reason and none listed twice', async () => {
  const deviations = await readDeviations();
  assert.ok(deviations.length <= 12);
  assert.equal(new Set(deviations.map(({ id }) => id)).size, deviations.length);
  for (const { id, reason } of deviations) assert.ok(reason.length > 20, id);
});
