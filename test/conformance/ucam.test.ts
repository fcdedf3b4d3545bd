import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Fields, Vector } from './kind.ts';
import { outcomeOf } from './kinds/ucam.ts';
import { failures, formatReport, readVectors, runVectors } from './runner.ts';
import { readings, ucamSummary } from './ucam-readings.ts';

const fixture = new URL('../fixtures/ucam.json', import.meta.url);
const vectors = await readVectors(fixture);
const report = await runVectors(vectors, { deviations: [] });
const replies = vectors.filter(({ kind }) => kind !== 'ucam:rsa');

function vectorOf(id: string): Vector {
  const found = vectors.find((vector) => vector.id === id);
  assert.ok(found, id);
  return found;
}

describe('the vectors for Ucam-WebAuth', () => {
  for (const [kind, entry] of report) {
    test(`of kind ${kind} give what is expected`, () => {
      assert.deepEqual(entry.failed, [], formatReport(new Map([[kind, entry]])));
    });
  }

  test('are 173 replies and the primitives, all of them run in full', () => {
    assert.equal(replies.length, 173);
    const passed = [...report.values()].reduce((sum, each) => sum + each.passed, 0);
    assert.equal(passed, vectors.length);
    assert.deepEqual(failures(report), []);
    assert.match(ucamSummary(report), /173 replies: 0 wrongly accepted, 0 wrongly refused, 0 threw/);
  });

  test('that are ambiguous have a recorded reading each, which the vector allows', () => {
    const ambiguous = replies.filter(({ expected }) => expected.ambiguous === true);
    assert.deepEqual(readings.map(({ id }) => id).sort(), ambiguous.map(({ id }) => id).sort());
    for (const { id, chosen, why } of readings) {
      const { expected } = vectorOf(id);
      const allowed = [expected, ...(expected.alsoAcceptable as readonly Fields[])];
      assert.ok(
        allowed.some(({ ok, error }) => (ok === true ? 'ok' : error) === chosen),
        id,
      );
      assert.ok(why.length > 20, id);
    }
  });
});

describe('the genuine replies of the demonstration server', () => {
  const genuine = replies.filter(({ kind }) => kind === 'ucam:real');

  test('are eight', () => assert.equal(genuine.length, 8));

  for (const { id, input, expected } of genuine) {
    test(`${id} verifies with the key 901`, () => {
      const { ok, principal, error } = outcomeOf(input);
      assert.deepEqual(
        { ok, principal, error },
        { ok: expected.ok, principal: expected.principal, error: expected.error },
      );
    });

    test(`${id} does not verify when its issue time is another`, () => {
      const tampered = String(input.response).replace(/(?<=T\d{5})\d(?=Z!)/, (digit) =>
        String((Number(digit) + 1) % 10),
      );
      assert.notEqual(tampered, input.response);
      const { rawQuery: _, ...others } = input;
      assert.deepEqual(outcomeOf({ ...others, response: tampered }), { ok: false, error: 'bad-signature' });
    });
  }
});

test('a success below version 3 does not meet a required tag unless the server is known to keep the rule', () => {
  const low = replies.filter(
    ({ expected, input }) =>
      expected.ok === true &&
      /^[12]!/.test(String(input.response)) &&
      ((input.context as Fields).requiredPtags as readonly string[]).includes('current'),
  );
  assert.deepEqual(low.map(({ id }) => id).sort(), ['v1-pwd', 'v1-sso', 'v1-url-query-dropped', 'v2-current-implied']);
  for (const { input } of low) {
    const { ok, error } = outcomeOf(input, { ptagsBelowVersion3: [] });
    assert.deepEqual({ ok, error }, { ok: false, error: 'ptags' });
  }
});

test('a fault is counted as what it is', async () => {
  const { input } = vectorOf('v3-pwd');
  const run = (id: string, expected: Fields, more: Fields = {}) => ({
    ...vectorOf('v3-pwd'),
    id,
    input: { ...input, ...more },
    expected,
  });
  const faulty = await runVectors(
    [
      run('accepted', { ok: false, error: 'stale' }),
      run('refused', { ok: true }, { rawQuery: 'x=1' }),
      run('threw', { ok: true }, { response: 7 }),
      run('unread', { ok: true, ambiguous: true }),
    ],
    { deviations: [] },
  );
  assert.match(ucamSummary(faulty), /4 replies: 1 wrongly accepted, 1 wrongly refused, 1 threw/);
  assert.equal(failures(faulty).length, 4);
});

describe('a file of vectors', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ucam-vectors-'));
  after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'keys'));
  const content = JSON.parse(readFileSync(fixture, 'utf8')) as { readonly keys: Readonly<Record<string, string>> };
  const write = (keys: Readonly<Record<string, string>>) => {
    writeFileSync(join(folder, 'vectors.json'), JSON.stringify({ ...content, keys }));
    return readVectors(join(folder, 'vectors.json'));
  };

  test('may have its keys in files beside it', async () => {
    for (const [name, pem] of Object.entries(content.keys)) writeFileSync(join(folder, 'keys', name), pem);
    const kids = Object.keys(content.keys).filter((name) => /^\d+$/.test(name));
    assert.deepEqual(await write(Object.fromEntries(kids.map((kid) => [kid, `keys/${kid}`]))), vectors);
  });

  test('whose keys are missing is refused', async () => {
    await assert.rejects(write({ '901': 'keys/none' }), /vectors\.json: .*ENOENT/);
  });
});
