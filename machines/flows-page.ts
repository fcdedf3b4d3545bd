/** All flows as one page that needs nothing else: no network, no script, readable from a disk and on paper. */
import type { FlowDiagram } from './diagram.ts';
import { PLAIN_STYLE } from './diagram-style.ts';
import { escapeMarkup, kindWords, STATE_KINDS, safeId } from './diagram-words.ts';
import { indexTables } from './flow-index.ts';
import { type CellLine, flowAnchor, stateTable, type Table, transitionTable } from './flow-tables.ts';
import { PAGE_STYLE } from './flows-page-style.ts';

/**
 * HTML, the same for the same machines and pictures, byte for byte.
 *
 * @param pictureOf the SVG of a flow, made with `standalone: false`, whose states link to `#` and their `stateAnchor`
 */
export function flowsPage(diagrams: readonly FlowDiagram[], pictureOf: (diagram: FlowDiagram) => string): string {
  const indexes = indexTables(diagrams);
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'">',
    '<title>Flows</title>',
    `<style>${PAGE_STYLE}${PLAIN_STYLE}</style>`,
    '</head>',
    '<body>',
    '<header>',
    '<h1>Flows</h1>',
    '<p>Made from the machines that run, so it says what happens. A state in a picture leads to what is said about it.</p>',
    '</header>',
    navigation(diagrams, indexes),
    legend(diagrams),
    '<main>',
    ...diagrams.map((diagram) => oneFlow(diagram, pictureOf(diagram))),
    ...indexes.map((table) => section(tableAnchor(table), table.title, markupTable(table))),
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

const tableAnchor = ({ title }: Table): string => `index-${safeId(title)}`;

function navigation(diagrams: readonly FlowDiagram[], indexes: readonly Table[]): string {
  const item = (anchor: string, text: string) => `<li><a href="#${anchor}">${escapeMarkup(text)}</a></li>`;
  return [
    '<nav aria-label="Contents">',
    `<ul>${diagrams.map((diagram) => item(flowAnchor(diagram), diagram.id)).join('')}</ul>`,
    `<ul>${indexes.map((table) => item(tableAnchor(table), table.title)).join('')}</ul>`,
    '</nav>',
  ].join('\n');
}

/** The words for the signs, and for the lines of arrows. */
export function legend(diagrams: readonly FlowDiagram[]): string {
  const kinds = STATE_KINDS.filter((kind) =>
    diagrams.some(({ states }) => states.some((state) => state.kind === kind)),
  );
  const words = [
    ...kinds.map((kind) => `${kindWords(kind).sign} ${kindWords(kind).words}`),
    '▸ asks for an effect',
    '↺ stays where it is',
    '✕ and a dashed arrow: towards a failure',
    '✓ and a bold arrow: to a success',
  ];
  return `<ul class="legend" aria-label="Signs">${words.map((text) => `<li>${escapeMarkup(text)}</li>`).join('')}</ul>`;
}

function oneFlow(diagram: FlowDiagram, picture: string): string {
  const { id, description, version } = diagram;
  const about = [description, version === null ? null : `Version ${version}.`].filter((text) => text !== null);
  return section(
    flowAnchor(diagram),
    id,
    [
      `<p class="about">${escapeMarkup(about.join(' '))}</p>`,
      `<figure>${picture.trim()}</figure>`,
      ...[stateTable(diagram), transitionTable(diagram)].map(
        (table) => `<h3>${escapeMarkup(table.title)}</h3>\n${markupTable(table)}`,
      ),
    ].join('\n'),
  );
}

function section(anchor: string, title: string, content: string): string {
  const heading = `${anchor}-title`;
  return `<section id="${anchor}" aria-labelledby="${heading}">\n<h2 id="${heading}">${escapeMarkup(title)}</h2>\n${content}\n</section>`;
}

export function markupTable({ title, columns, rows }: Table): string {
  const head = columns.map((column) => `<th scope="col">${escapeMarkup(column)}</th>`).join('');
  const body = rows.map(({ anchor, cells }) => {
    const id = anchor === null ? '' : ` id="${anchor}" tabindex="-1"`;
    return `<tr${id}>${cells.map((lines) => `<td>${lines.map(markupLine).join('')}</td>`).join('')}</tr>`;
  });
  return [
    `<div class="wide" role="region" aria-label="${escapeMarkup(title)}" tabindex="0">`,
    '<table>',
    `<thead><tr>${head}</tr></thead>`,
    `<tbody>\n${body.join('\n')}\n</tbody>`,
    '</table>',
    '</div>',
  ].join('\n');
}

function markupLine({ text, isName, to }: CellLine): string {
  const words = isName ? `<code>${escapeMarkup(text)}</code>` : escapeMarkup(text);
  return `<span>${to === undefined ? words : `<a href="#${to}">${words}</a>`}</span>`;
}
