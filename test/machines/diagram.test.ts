import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { instance } from '@viz-js/viz';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { type AnyStateMachine, type AnyStateNode, assign, createMachine } from 'xstate';
import type { StoreName } from '../../machines/index.ts';
import {
  type FlowDiagram,
  finishSvg,
  flowDiagram,
  flowDot,
  flowMermaid,
  flowScxml,
  flowStately,
  flowsDocument,
  flowsPage,
  type GraphvizLayout,
  LAYOUTS,
  layoutFaults,
} from '../../machines/index.ts';
import { shippedMachines } from '../../src/cli/load-machines.ts';
import { loadDrawing } from '../../src/drawing.ts';
import type { RecordKind } from '../../src/storage/store.ts';
import { outline, statesOf } from '../support/model.ts';

const viz = await instance();
const draw = await loadDrawing();
const machines = [...shippedMachines.values()];
const diagrams = machines.map(flowDiagram);

const svgOf = (diagram: FlowDiagram) => finishSvg(viz.renderString(flowDot(diagram), { format: 'svg' }), diagram);

const formats: Readonly<Record<string, (diagram: FlowDiagram) => string>> = {
  mermaid: flowMermaid,
  dot: flowDot,
  svg: svgOf,
  scxml: flowScxml,
  json: (diagram) => JSON.stringify(flowStately(diagram)),
  md: (diagram) => flowsDocument([diagram]),
  html: (diagram) => flowsPage([diagram], svgOf),
};

const nested = createMachine({
  id: 'nested',
  initial: 'outer',
  on: { reset: '.outer' },
  states: {
    outer: {
      initial: 'one',
      after: { 1000: 'done' },
      on: { skip: 'done', nothing: {} },
      states: { one: { on: { go: { target: 'two', guard: 'ready', actions: ['ring', assign({ a: 1 })] } } }, two: {} },
    },
    both: { type: 'parallel', states: { left: {}, right: {} }, on: { stop: { target: 'both', reenter: true } } },
    done: { type: 'final' },
  },
});

const HOSTILE = `x"]; <script>alert(1)</script> --> & \\ | ; : # \`q\` %% {end}\n]]> '`;
const hostile = createMachine({
  id: `id ${HOSTILE}`,
  initial: HOSTILE,
  description: HOSTILE,
  states: {
    [HOSTILE]: {
      description: HOSTILE,
      entry: [HOSTILE],
      on: { [HOSTILE]: { target: 'end', guard: HOSTILE, description: HOSTILE, meta: { threat: HOSTILE } } },
    },
    end: { type: 'final', meta: { spec: [HOSTILE] } },
  },
});

describe('the diagram of a machine', () => {
  for (const machine of machines) {
    test(`${machine.id} has every state and transition of the machine, in its order`, () => {
      const { states, transitions } = flowDiagram(machine);
      const said = Object.fromEntries(
        states.map(({ path, tags }) => {
          const own = transitions.filter(({ from }) => from === path);
          // The outline has those without an event last.
          const ordered = [...own.filter(({ event }) => event !== ''), ...own.filter(({ event }) => event === '')];
          const on = ordered.map(
            ({ event, guard, to }) =>
              `${event || 'always'}${guard === null ? '' : ` when ${guard}`} → ${to.join(', ') || 'itself'}`,
          );
          return [path, { tags: tags.join(' '), on }];
        }),
      );
      assert.deepEqual(said, outline(machine));
    });

    for (const [name, write] of Object.entries(formats)) {
      test(`${machine.id} is whole as ${name}, and twice the same`, () => {
        const diagram = flowDiagram(machine);
        const text = write(diagram);
        const names = new Set([
          ...diagram.states.map(({ path }) => path),
          ...diagram.transitions.flatMap(({ event, guard }) => [event, ...(guard === null ? [] : [guard])]),
          ...(name === 'mermaid'
            ? []
            : diagram.states
                .flatMap(({ entry }) => entry)
                .filter(({ kind }) => kind === 'effect')
                .map((one) => one.name)),
          ...(/mermaid|dot|svg/.test(name)
            ? []
            : diagram.transitions.flatMap(({ effects }) => effects.map((one) => one.name))),
        ]);
        assert.deepEqual(
          [...names].filter((one) => !text.includes(one)),
          [],
        );
        assert.equal(write(flowDiagram(machine)), text);
      });
    }

    test(`${machine.id} is drawn without a name on another or on a state, and legible on a page`, async () => {
      const svg = await draw(flowDiagram(machine));
      const [, width = '0'] = /<svg [^>]*width="(\d+)"/.exec(svg) ?? [];
      assert.ok((12 * 1000) / Math.max(1000, Number(width)) >= 11, `${width} wide`);
      const faults = [...Array(LAYOUTS).keys()].map((layout) =>
        layoutFaults(viz.renderJSON(flowDot(flowDiagram(machine), { layout })) as GraphvizLayout),
      );
      const worst = faults.map((one) => one.overlaps + one.linesOnStates + one.linesOnLabels);
      assert.equal(Math.min(...worst), 0);
    });

    test(`${machine.id} can be made again from the JSON for Stately`, () => {
      const again: AnyStateMachine = createMachine(JSON.parse(JSON.stringify(flowStately(flowDiagram(machine)))));
      assert.deepEqual(outline(again), outline(machine));
      const events = (node: AnyStateNode) => [...node.ownEvents];
      assert.deepEqual(statesOf(again).map(events), statesOf(machine).map(events));
    });
  }

  test('reads nested states, events of the root, delays, and what has no name', () => {
    const { states, transitions, initial } = flowDiagram(nested);
    assert.equal(initial, 'outer');
    assert.deepEqual(
      states.map(({ path, parent, type }) => [path, parent, type]),
      [
        ['outer', null, 'compound'],
        ['outer.one', 'outer', 'atomic'],
        ['outer.two', 'outer', 'atomic'],
        ['both', null, 'parallel'],
        ['both.left', 'both', 'atomic'],
        ['both.right', 'both', 'atomic'],
        ['done', null, 'final'],
      ],
    );
    const go = transitions.find(({ event }) => event === 'go');
    assert.deepEqual([go?.to, go?.guard], [['outer.two'], 'ready']);
    assert.deepEqual(
      go?.effects.map(({ name }) => name),
      ['ring'],
    );
    assert.deepEqual(
      go?.contextChanges.map(({ name }) => name),
      ['context.a'],
    );
    assert.deepEqual(transitions.find(({ event }) => event === 'nothing')?.to, []);
    assert.match(flowsDocument([flowDiagram(nested)]), /after 1000 ms/);
  });

  for (const [kind, machine] of Object.entries({ nested, hostile, bare: createMachine({ id: 'bare' }) })) {
    test(`a machine that is ${kind} is drawn in every format`, () => {
      const diagram = flowDiagram(machine as AnyStateMachine);
      assert.deepEqual(JSON.parse(JSON.stringify(diagram)), diagram);
      for (const write of Object.values(formats)) assert.ok(write(diagram).length > 0);
      for (const xml of [flowScxml(diagram), svgOf(diagram)]) assert.equal(XMLValidator.validate(xml), true);
      assert.doesNotMatch(flowsPage([diagram], svgOf), /<script/);
      assert.doesNotMatch(flowsDocument([diagram]), /<script/);
    });
  }

  test('no name or sentence ends a line, a label or a cell', () => {
    const diagram = flowDiagram(hostile);
    const labels = flowMermaid(diagram)
      .split('\n')
      .filter((line) => line.includes('-->') && !line.includes('[*]'));
    assert.equal(labels.length, 1);
    assert.match(labels[0]!, /^ {2}\w+ --> \w+ : [^:;"<>\\|`]*(#\d+;[^:;"<>\\|`]*)*$/);
    const rows = flowsDocument([diagram])
      .split('\n')
      .filter((line) => line.startsWith('|'));
    for (const row of rows) assert.ok([2, 3, 5, 6].includes(row.replaceAll('\\|', '').split('|').length - 2), row);
    const again = createMachine(JSON.parse(JSON.stringify(flowStately({ ...diagram, id: 'plain' }))));
    assert.deepEqual(Object.keys(again.states), Object.keys(hostile.states));
  });

  test('SCXML has a final, a target for each transition, and effects of our own namespace', () => {
    for (const diagram of diagrams) {
      const parsed = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' }).parse(flowScxml(diagram));
      assert.equal(parsed.scxml.initial, diagram.initial);
      assert.equal(parsed.scxml.version, '1.0');
      const finals = [parsed.scxml.final].flat().map((one: { readonly id: string }) => one.id);
      assert.deepEqual(
        finals,
        diagram.states.filter(({ type }) => type === 'final').map(({ path }) => path),
      );
    }
  });

  test('names the kinds of records that the store has', () => {
    const isKind = (name: StoreName): RecordKind => name;
    assert.equal(isKind('flow'), 'flow');
  });

  test('machines/FLOWS.md is up to date: else `npm run flows`', () => {
    assert.equal(readFileSync(new URL('../../machines/FLOWS.md', import.meta.url), 'utf8'), flowsDocument(diagrams));
  });
});
