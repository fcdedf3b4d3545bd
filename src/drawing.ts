import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FlowDiagram } from '../machines/diagram.ts';
import { type DotOptions, flowDot, LAYOUTS } from '../machines/diagram-dot.ts';
import { type GraphvizLayout, layoutCost, layoutFaults } from '../machines/diagram-layout.ts';
import { finishSvg, type SvgOptions } from '../machines/diagram-svg.ts';

/** Draws a flow as SVG. Takes some tenths of a second, in slices: other requests are answered between them. */
export type DrawFlow = (diagram: FlowDiagram, options?: DotOptions & SvgOptions) => Promise<string>;

/**
 * Loads Graphviz, which applications that draw nothing need not install.
 * @throws whatever the import throws if `@viz-js/viz` is not installed
 */
export async function loadDrawing(): Promise<DrawFlow> {
  const { instance } = await import('@viz-js/viz');
  const viz = await instance();
  return async (diagram, options = {}) => {
    const costs: number[] = [];
    for (let layout = 0; layout < LAYOUTS; layout += 1) {
      await nextTurn();
      const laidOut = viz.renderJSON(flowDot(diagram, { ...options, layout })) as GraphvizLayout;
      await nextTurn();
      costs.push(layoutCost(layoutFaults(laidOut)));
    }
    // The layout with the fewest faults; of equal ones, the first.
    const best = costs.indexOf(Math.min(...costs));
    await nextTurn();
    return finishSvg(
      viz.renderString(flowDot(diagram, { ...options, layout: best }), { format: 'svg' }),
      diagram,
      options,
    );
  };
}
