import {
  type FlowDiagram,
  flowDot,
  flowMermaid,
  flowScxml,
  flowStately,
  flowsDocument,
  flowsPage,
  stateAnchor,
} from '../../machines/index.ts';
import { type DrawFlow, loadDrawing } from '../drawing.ts';
import { CommandProblem } from './command.ts';

/** What is written, and the name that a folder knows it by. */
export interface Rendering {
  readonly fileName: string;
  readonly text: string;
}

interface Format {
  /** Ends of file names, the usual one first. */
  readonly ends: readonly string[];
  /** Whether all flows are one file. */
  readonly isOneFile: boolean;
}

const FORMATS = {
  md: { ends: ['.md'], isOneFile: true },
  html: { ends: ['.html', '.htm'], isOneFile: true },
  svg: { ends: ['.svg'], isOneFile: false },
  mermaid: { ends: ['.mmd', '.mermaid'], isOneFile: false },
  dot: { ends: ['.dot', '.gv'], isOneFile: false },
  json: { ends: ['.json'], isOneFile: false },
  scxml: { ends: ['.scxml'], isOneFile: false },
} as const satisfies Readonly<Record<string, Format>>;

export type FormatName = keyof typeof FORMATS;

export const isFormat = (name: string): name is FormatName => Object.hasOwn(FORMATS, name);

export const isOneFile = (format: FormatName): boolean => FORMATS[format].isOneFile;

/** The format that a file name asks for; undefined if it asks for none. */
export function formatOfFile(path: string): FormatName | undefined {
  const isOf = ({ ends }: Format) => ends.some((end) => path.toLowerCase().endsWith(end));
  return (Object.keys(FORMATS) as FormatName[]).find((name) => isOf(FORMATS[name]));
}

/** The flows in one format: one text for all of them, or one for each. */
export async function renderFlows(diagrams: readonly FlowDiagram[], format: FormatName): Promise<readonly Rendering[]> {
  switch (format) {
    case 'md':
      return [{ fileName: 'FLOWS.md', text: flowsDocument(diagrams) }];
    case 'html':
      return [{ fileName: 'flows.html', text: await page(diagrams) }];
    default: {
      const write = await writerOf(format);
      const end = FORMATS[format].ends[0];
      const texts = await Promise.all(diagrams.map(write));
      return diagrams.map((diagram, index) => ({ fileName: `${fileNameOf(diagram)}${end}`, text: texts[index]! }));
    }
  }
}

async function writerOf(
  format: Exclude<FormatName, 'md' | 'html'>,
): Promise<(diagram: FlowDiagram) => string | Promise<string>> {
  switch (format) {
    case 'svg': {
      const draw = await drawing();
      return (diagram) => draw(diagram);
    }
    case 'mermaid':
      return flowMermaid;
    case 'dot':
      return (diagram) => flowDot(diagram);
    case 'json':
      return (diagram) => `${JSON.stringify(flowStately(diagram), null, 2)}\n`;
    case 'scxml':
      return flowScxml;
  }
}

async function page(diagrams: readonly FlowDiagram[]): Promise<string> {
  const draw = await drawing();
  const pictures = new Map<FlowDiagram, string>();
  for (const diagram of diagrams) {
    const linkTo = ({ path }: { readonly path: string }) => `#${stateAnchor(diagram, path)}`;
    pictures.set(diagram, await draw(diagram, { standalone: false, linkTo }));
  }
  return flowsPage(diagrams, (diagram) => pictures.get(diagram)!);
}

async function drawing(): Promise<DrawFlow> {
  try {
    return await loadDrawing();
  } catch (cause) {
    throw new CommandProblem('Pictures need Graphviz: npm install --save-dev @viz-js/viz', { cause });
  }
}

/** The id may hold what no file name can, or what leads into another folder. */
function fileNameOf({ id }: FlowDiagram): string {
  return id.replace(/[^\w-]+/g, '-').replace(/^-+|-+$/g, '') || 'flow';
}
