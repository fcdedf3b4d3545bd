import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { instance } from '@viz-js/viz';
import {
  casLoginMachine,
  type FlowDiagram,
  finishSvg,
  flowDiagram,
  flowDot,
  LAYOUTS,
  PICTURE_STYLE,
  tracedPicture,
} from '../../machines/index.ts';
import { shippedMachines } from '../../src/cli/load-machines.ts';
import { textsOf } from '../support/traced-svg.ts';

const viz = await instance();

const pictureOf = (diagram: FlowDiagram, layout = 0) =>
  finishSvg(viz.renderString(flowDot(diagram, { ids: true, layout }), { format: 'svg' }), diagram, { ids: true });

describe('a picture with ids', () => {
  test('is without them what it always was', () => {
    for (const machine of shippedMachines.values()) {
      const dot = flowDot(flowDiagram(machine));
      assert.doesNotMatch(dot, /\bid=/);
      const svg = finishSvg(viz.renderString(dot, { format: 'svg' }), flowDiagram(machine));
      assert.doesNotMatch(svg, / id="| data-|badge/);
      assert.match(svg, / style="max-width:100%;height:auto"/);
    }
  });

  test('has an id for every state, and no id twice', () => {
    for (const machine of shippedMachines.values()) {
      const diagram = flowDiagram(machine);
      const ids = [...pictureOf(diagram).matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
      assert.deepEqual(ids, [...new Set(ids)]);
      for (const { path } of diagram.states) assert.ok(ids.includes(`${diagram.id}-at-${path}`), path);
      assert.ok(ids.includes(`${diagram.id}-go-start`));
    }
  });

  test('gives an arrow the same id in every layout', () => {
    const diagram = flowDiagram(casLoginMachine);
    const owners = [...Array(LAYOUTS).keys()].map((layout) =>
      textsOf(pictureOf(diagram, layout))
        .filter(({ of }) => of !== undefined)
        .map(({ of, label, text }) => `${of} ${label} ${text.trim()}`)
        .sort(),
    );
    for (const one of owners) assert.deepEqual(one, owners[0]);
  });

  test('has no style attribute, so that a strict Content-Security-Policy lets it pass', () => {
    for (const machine of shippedMachines.values()) {
      const diagram = flowDiagram(machine);
      const options = { ids: true, standalone: false };
      const begin = {
        from: null,
        event: 'begin',
        guard: null,
        to: diagram.initial ?? '',
        outcome: 'progress',
      } as const;
      const raw = viz.renderString(flowDot(diagram, { ids: true, linkTo: () => '#x' }), { format: 'svg' });
      assert.doesNotMatch(tracedPicture(finishSvg(raw, diagram, options), diagram, [begin]), /\sstyle=|<style/);
    }
  });

  test('has its style in one text for the page', () => {
    assert.ok(pictureOf(flowDiagram(casLoginMachine)).includes(PICTURE_STYLE));
  });
});
