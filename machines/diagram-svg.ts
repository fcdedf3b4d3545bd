/** From what Graphviz draws to a picture that fits a page: its own style, light and dark, and no fixed width. */
import type { FlowDiagram } from './diagram.ts';
import { escapeMarkup } from './diagram-words.ts';

/** Colours for both themes; shapes, dashes and signs say the same without them. */
export const PICTURE_STYLE = `
.flow-picture { --paper: #ffffff; --ink: #1c1c1e; --quiet: #5a5a60; --work: #35578f; --work-fill: #eef3fb; --wait: #8a6100; --wait-fill: #fff8e1; --good: #1b6e3a; --good-fill: #e6f4ea; --bad: #b3261e; --bad-fill: #fdecea; --over: #444448; --over-fill: #f1f1f2; }
@media (prefers-color-scheme: dark) {
.flow-picture { --paper: #17181b; --ink: #f0f0f2; --quiet: #b4b4bc; --work: #8fb3f0; --work-fill: #1d2a40; --wait: #e6bd5c; --wait-fill: #33290f; --good: #7fd39b; --good-fill: #14331f; --bad: #ff9a90; --bad-fill: #3d1a18; --over: #c4c4ca; --over-fill: #2a2b2f; }
}
.flow-picture text { fill: var(--ink); font: 12.5px Helvetica, Arial, 'Liberation Sans', Roboto, 'DejaVu Sans Condensed', sans-serif; }
.flow-picture .node text:first-of-type { font-weight: bold; }
.flow-picture .node text + text { font-size: 12px; }
.flow-picture .gathered text:first-of-type { font-weight: normal; font-style: italic; }
.flow-picture .labels text { fill: var(--quiet); stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; paint-order: stroke; }
.flow-picture a { text-decoration: none; }
.flow-picture a:focus-visible path, .flow-picture a:focus-visible polygon, .flow-picture a:hover path, .flow-picture a:hover polygon { stroke-width: 3.5; }
.flow-picture a:focus { outline: none; }
.flow-picture .node path, .flow-picture .node polygon { fill: var(--paper); stroke: var(--quiet); }
.flow-picture .working path { fill: var(--work-fill); stroke: var(--work); }
.flow-picture .waiting-browser polygon, .flow-picture .waiting-caller polygon { fill: var(--wait-fill); stroke: var(--wait); }
.flow-picture .settled polygon, .flow-picture .pending path { fill: var(--good-fill); stroke: var(--good); }
.flow-picture .deciding polygon { fill: var(--over-fill); stroke: var(--over); }
.flow-picture .failed polygon { fill: var(--bad-fill); stroke: var(--bad); }
.flow-picture .ended polygon { fill: var(--over-fill); stroke: var(--over); }
.flow-picture .settled polygon + polygon, .flow-picture .pending path + path { fill: none; }
.flow-picture .start ellipse { fill: var(--ink); stroke: var(--ink); }
.flow-picture .edge path { fill: none; stroke: var(--quiet); }
.flow-picture .edge polygon { fill: var(--quiet); stroke: var(--quiet); }
.flow-picture .success path { stroke: var(--good); }
.flow-picture .success polygon { fill: var(--good); stroke: var(--good); }
.flow-picture .failure path { stroke: var(--bad); }
.flow-picture .failure polygon { fill: var(--bad); stroke: var(--bad); }
.flow-picture .labels .success { fill: var(--good); }
.flow-picture .labels .failure { fill: var(--bad); }
.flow-picture .cluster path, .flow-picture .cluster polygon { fill: none; stroke: var(--quiet); }
`;

export interface SvgOptions {
  /** For a file of its own: with its style and the paper behind it. Without, the page brings the style. Default true. */
  readonly standalone?: boolean;
}

/**
 * Finishes what Graphviz made of `flowDot(diagram)`. The picture is as wide as it was laid out, and shrinks with its page.
 *
 * @param raw the SVG text of Graphviz
 */
export function finishSvg(raw: string, diagram: FlowDiagram, { standalone = true }: SvgOptions = {}): string {
  const [, width = '100', height = '100'] = /viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)"/.exec(raw) ?? [];
  const inside = raw
    .slice(raw.indexOf('<g id="graph0"'))
    .replace(/<!--[\s\S]*?-->\n?/g, '')
    .replace(/ id="(graph|node|edge|clust|a_node|a_edge|a_clust)[^"]*"/g, '')
    .replace(/<title>[^<]*<\/title>\n?/g, '')
    .replace(/ (font-family|font-size)="[^"]*"/g, '');
  const title = escapeMarkup(diagram.description ?? diagram.id);
  const [wide, high] = [width, height].map((length) => Math.ceil(Number(length) + 2 * MARGIN));
  const head = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" class="flow-picture" role="group" aria-label="${escapeMarkup(diagram.id)}" width="${wide}" height="${high}" viewBox="${-MARGIN} ${-MARGIN} ${wide} ${high}" style="max-width:100%;height:auto">`;
  const paper = `<style>${PICTURE_STYLE}</style>\n<rect x="${-MARGIN}" y="${-MARGIN}" width="${wide}" height="${high}" style="fill:var(--paper)"/>\n`;
  return `${head}\n<title>${title}</title>\n${standalone ? paper : ''}${labelsLast(inside)}`;
}

/** The names of arrows are drawn after all arrows: no line goes through a name. */
function labelsLast(inside: string): string {
  const labels: string[] = [];
  const lines = inside.replace(/<g class="edge ([\w-]+)">[\s\S]*?<\/g>\n/g, (edge, outcome: string) =>
    edge.replace(/<text [^>]*>[^<]*<\/text>\n/g, (text) => {
      labels.push(text.replace('<text ', `<text class="${outcome}" `));
      return '';
    }),
  );
  const end = lines.lastIndexOf('</g>');
  return `${lines.slice(0, end)}<g class="labels">\n${labels.join('')}</g>\n${lines.slice(end)}`;
}

/** Around the picture, in its own units. */
const MARGIN = 6;
