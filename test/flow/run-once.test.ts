import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineFlow } from '../../src/flow/flow.ts';
import type { JournalEntry } from '../../src/flow/journal.ts';
import { runOnce } from '../../src/flow/run-once.ts';
import { type ToyScope, toy, toyEffects, toyMachine, toyRoot, toyStates } from './support.ts';

const BEGUN = { type: 'work.begun', size: 9 };

function oneRun(machine = toyMachine) {
  const entries: JournalEntry[] = [];
  const scope: ToyScope = { log: [] };
  const flow = defineFlow('toy', machine, toyEffects);
  return { run: { flow, scope, journal: (entry: JournalEntry) => void entries.push(entry), clock: () => 7 }, entries };
}

test('a flow of one request runs from its beginning to where it rests', async () => {
  const machine = toy.createMachine({ ...toyRoot, initial: 'working', states: toyStates });
  const { run } = oneRun(machine as typeof toyMachine);
  assert.equal((await runOnce(run, { size: 3 })).value, 'resting');
});

test('a flow of one request takes the one event that the request brings', async () => {
  const { run } = oneRun();
  assert.equal((await runOnce(run, { size: 3 }, BEGUN)).value, 'resting');
  assert.deepEqual(run.scope.log, ['greet', 'leave', 'move 9', 'work 3', 'tidy', 'record well', 'rest']);
});

test('a flow of one request has one entry for each transition, all with one label', async () => {
  const { run, entries } = oneRun();
  await runOnce(run, { size: 3 }, BEGUN);
  assert.deepEqual(
    entries.map(({ event, at }) => [event, at]),
    [
      ['begin', 7],
      ['work.begun', 7],
      ['work.done', 7],
    ],
  );
  assert.equal(new Set(entries.map(({ attempt }) => attempt)).size, 1);
});

test('two runs of a flow have two labels', async () => {
  const one = oneRun();
  const two = oneRun();
  await runOnce(one.run, { size: 3 });
  await runOnce(two.run, { size: 3 });
  assert.notEqual(one.entries[0]?.attempt, two.entries[0]?.attempt);
});
