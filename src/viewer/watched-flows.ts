import { type FlowDiagram, flowDiagram } from '../../machines/diagram.ts';
import { stateAnchor } from '../../machines/flow-tables.ts';
import type { DrawFlow } from '../drawing.ts';
import type { Flow } from '../flow/flow.ts';

/** A flow that runs here. */
export interface WatchedFlow {
  /** As the journal calls it. */
  readonly name: string;
  /** Of the machine that really runs, an application's own as well. */
  readonly diagram: FlowDiagram;
  /** The picture of it, drawn when it is first asked for; null where Graphviz is not installed. Never rejects. */
  picture(): Promise<string | null>;
}

export type WatchedFlows = ReadonlyMap<string, WatchedFlow>;

export interface WatchedFlowsOptions {
  readonly flows: readonly Pick<Flow<never>, 'name' | 'machine'>[];
  readonly load: () => Promise<DrawFlow>;
  /** Hears once that there are no pictures, and why. */
  readonly warn: (message: string) => void;
}

export function createWatchedFlows({ flows, load, warn }: WatchedFlowsOptions): WatchedFlows {
  let drawing: Promise<DrawFlow | null> | undefined;
  const loadOnce = () => {
    drawing ??= load().catch((error: unknown) => {
      const { code } = Object(error) as { readonly code?: unknown };
      warn(
        `The viewer of the flows shows no pictures (${code ?? 'error'}). They need Graphviz: npm install @viz-js/viz`,
      );
      return null;
    });
    return drawing;
  };
  return new Map(
    flows.map(({ name, machine }) => {
      const diagram = flowDiagram(machine);
      let drawn: Promise<string | null> | undefined;
      const draw = async () => {
        const toSvg = await loadOnce();
        if (!toSvg) return null;
        // From the page of an attempt as well as from that of the flow: both are two folders deep.
        const linkTo = ({ path }: { readonly path: string }) =>
          `../machines/${encodeURIComponent(name)}#${stateAnchor(diagram, path)}`;
        return toSvg(diagram, { standalone: false, ids: true, linkTo });
      };
      const picture = () => {
        drawn ??= draw().catch((error: unknown) => {
          warn(`The flow ${name} could not be drawn: ${error instanceof Error ? error.name : 'error'}.`);
          return null;
        });
        return drawn;
      };
      return [name, { name, diagram, picture }];
    }),
  );
}
