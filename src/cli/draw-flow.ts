import {
  type DotOptions,
  type FlowDiagram,
  finishSvg,
  flowDot,
  type GraphvizLayout,
  LAYOUTS,
  layoutCost,
  layoutFaults,
  type SvgOptions,
} from '../../machines/index.ts';
import { CommandProblem } from './command.ts';

/** Draws a flow as SVG. */
export type DrawFlow = (diagram: FlowDiagram, options?: DotOptions & SvgOptions) => string;

/**
 * Loads Graphviz, which applications that draw nothing need not install.
 * @throws CommandProblem if `@viz-js/viz` is not installed
 */
export async function loadDrawing(): Promise<DrawFlow> {
  const { instance } = await import('@viz-js/viz').catch((cause: unknown) => {
    throw new CommandProblem('Pictures need Graphviz: npm install --save-dev @viz-js/viz', { cause });
  });
  const viz = await instance();
  return (diagram, options = {}) => {
    const best = bestLayout((layout) => viz.renderJSON(flowDot(diagram, { layout })) as GraphvizLayout);
    return finishSvg(
      viz.renderString(flowDot(diagram, { ...options, layout: best }), { format: 'svg' }),
      diagram,
      options,
    );
  };
}

/** The layout with the fewest faults; of equal ones, the first. */
function bestLayout(layOut: (layout: number) => GraphvizLayout): number {
  const costs = Array.from({ length: LAYOUTS }, (_, layout) => layoutCost(layoutFaults(layOut(layout))));
  return costs.indexOf(Math.min(...costs));
}
