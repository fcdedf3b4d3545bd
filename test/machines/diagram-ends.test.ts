import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AnyStateMachine, createMachine } from 'xstate';
import { casLoginMachine, flowDiagram, flowMermaid, flowsDocument, type StateKind } from '../../machines/index.ts';
import { shippedMachines } from '../../src/cli/load-machines.ts';
import { outcomeOf } from '../../src/flow/outcome.ts';

/** What a journal says of somebody who has come to a state. */
const journalSays = (machine: AnyStateMachine, state: string) =>
  outcomeOf(null, machine.resolveState({ value: state, context: {} }));

const SAID: Partial<Record<StateKind, string>> = {
  settled: 'success',
  pending: 'success',
  done: 'success',
  failed: 'failure',
  ended: 'ended',
};

describe('the ends of a flow', () => {
  for (const machine of shippedMachines.values()) {
    test(`${machine.id} ends in its picture as it does in a journal`, () => {
      for (const { path, kind } of flowDiagram(machine).states) {
        const said = journalSays(machine, path);
        assert.equal(SAID[kind] ?? said, said, path);
        assert.equal(SAID[kind] === undefined, said === 'waiting' || said === 'progress', path);
      }
    });
  }

  test('a state that only a part of the flow ends in is no success of the flow', () => {
    const machine = createMachine({
      id: 'parts',
      initial: 'part',
      states: { part: { initial: 'end', states: { end: { type: 'final' } } }, over: { type: 'final' } },
    });
    assert.deepEqual(
      flowDiagram(machine).states.map(({ path, kind }) => [path, kind]),
      [
        ['part', 'group'],
        ['part.end', 'ended'],
        ['over', 'done'],
      ],
    );
  });

  test('the tables tell the code of every failure', () => {
    const document = flowsDocument([...shippedMachines.values()].map(flowDiagram));
    assert.doesNotMatch(document, /context\.failure/);
    assert.match(document, /rememberFailure \(code: ERR\\_SSO\\_PROXY\\_REFUSED\)/);
    assert.match(document, /rememberFailure \(code: ERR\\_SSO\\_PROXY\\_CHAIN\)/);
  });
});

describe('a picture in Mermaid', () => {
  test('says inside of a state what happens without leaving it', () => {
    const text = flowMermaid(flowDiagram(casLoginMachine));
    assert.match(text, /state "✓ authenticated<br\/>↺ return\.ticket<br\/>↺ return\.withoutTicket" as authenticated/);
    assert.doesNotMatch(text, /authenticated --> authenticated/);
  });

  test('puts states that run all at once into another, for Mermaid divides no others', () => {
    const machine = createMachine({ id: 'two', type: 'parallel', states: { left: {}, right: {} } });
    assert.match(flowMermaid(flowDiagram(machine)), / {2}state "two" as in_all \{\n[^}]*\n {4}--\n[^}]*\n {2}\}/);
  });
});
