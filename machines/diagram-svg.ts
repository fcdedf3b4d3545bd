/** From what Graphviz draws to a picture that fits a page: its own style, light and dark, and no fixed width. */
import type { FlowDiagram } from './diagram.ts';
import { placesOf } from './diagram-ids.ts';
import { PICTURE_STYLE, PLAIN_STYLE } from './diagram-style.ts';
import { escapeMarkup } from './diagram-words.ts';

export interface SvgOptions {
  /** For a file of its own: with its style and the paper behind it. Without, the page brings the style. Default true. */
  readonly standalone?: boolean;
  /**
   * Whether `tracedPicture` can draw on it: for what `flowDot` made with `ids` too. States have the id
   * `<flow>-at-<state>`, arrows `<flow>-go-<number>` and the first `<flow>-go-start`; the name of an arrow tells in
   * `data-of` whose it is, and in `data-label` which of its stack. Nothing has a `style` attribute then. Default false.
   */
  readonly ids?: boolean;
}

/**
 * Finishes what Graphviz made of `flowDot(diagram)`. The picture is as wide as it was laid out, and shrinks with its page.
 *
 * @param raw the SVG text of Graphviz
 */
export function finishSvg(raw: string, diagram: FlowDiagram, options: SvgOptions = {}): string {
  const { standalone = true, ids = false } = options;
  const [, width = '100', height = '100'] = /viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)"/.exec(raw) ?? [];
  const inside = raw
    .slice(raw.indexOf('<g id="graph0"'))
    .replace(/<!--[\s\S]*?-->\n?/g, '')
    .replace(ids ? / id="graph0"|(?<=<g) id="a_[^"]*"(?=><a )/g : GRAPHVIZ_IDS, '')
    .replace(/(?<=<g id=")[^"]*/g, (id) => id.replaceAll('&#45;', '-'))
    .replace(/<title>[^<]*<\/title>\n?/g, '')
    .replace(/ (font-family|font-size)="[^"]*"/g, '');
  const title = escapeMarkup(diagram.description ?? diagram.id);
  const [wide, high] = [width, height].map((length) => Math.ceil(Number(length) + 2 * MARGIN));
  const fitting = ids ? '' : ' style="max-width:100%;height:auto"';
  const head = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" class="flow-picture" role="group" aria-label="${escapeMarkup(diagram.id)}" width="${wide}" height="${high}" viewBox="${-MARGIN} ${-MARGIN} ${wide} ${high}"${fitting}>`;
  const filled = ids ? 'class="paper"' : 'style="fill:var(--paper)"';
  const paper = `<style>${ids ? PICTURE_STYLE : PLAIN_STYLE}</style>\n<rect x="${-MARGIN}" y="${-MARGIN}" width="${wide}" height="${high}" ${filled}/>\n`;
  const named = ids ? withOwners(inside, diagram) : inside;
  return `${head}\n<title>${title}</title>\n${standalone ? paper : ''}${labelsLast(named)}`;
}

const GRAPHVIZ_IDS = / id="(graph|node|edge|clust|a_node|a_edge|a_clust)[^"]*"/g;

/** Says of each line of text whose name it is part of. The lines of a state that are names are its last ones. */
function withOwners(inside: string, diagram: FlowDiagram): string {
  const owned = ownedLines(diagram);
  return inside
    .split(/(?=<g id=")/)
    .map((part) => {
      const [, id = ''] = /^<g id="([^"]*)"/.exec(part) ?? [];
      const labels = owned.get(id);
      if (!labels) return part;
      let line = labels.length - (part.match(/<text /g) ?? []).length;
      return part.replace(/<text /g, (text) => {
        const label = labels[line++];
        return label === undefined ? text : `${text}data-of="${id}" data-label="${label}" `;
      });
    })
    .join('');
}

/** By the id of an arrow or a state: for each of its lines, which label it belongs to. */
function ownedLines(diagram: FlowDiagram): ReadonlyMap<string, readonly number[]> {
  const owned = new Map<string, number[]>();
  for (const { of, label, lines } of [...placesOf(diagram).values()].flat()) {
    const known = owned.get(of) ?? [];
    if (!known.includes(label)) owned.set(of, [...known, ...Array<number>(lines).fill(label)]);
  }
  return owned;
}

/** The names of arrows are drawn after all arrows: no line goes through a name. */
function labelsLast(inside: string): string {
  const labels: string[] = [];
  const lines = inside.replace(/<g (?:id="[^"]*" )?class="edge ([\w-]+)">[\s\S]*?<\/g>\n/g, (edge, outcome: string) =>
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
