/** The audit document: every flow as a picture that GitHub draws, with its tables and the indexes, in Markdown. */
import type { FlowDiagram } from './diagram.ts';
import { flowMermaid } from './diagram-mermaid.ts';
import { kindWords, STATE_KINDS } from './diagram-words.ts';
import { indexTables } from './flow-index.ts';
import { type CellLine, stateTable, type Table, transitionTable } from './flow-tables.ts';

const READING = `Made from the machines that run, so it says what happens. After a change: \`npm run flows\`, or
\`koa-campus-sso flows --config sso.config.js --out FLOWS.md\` for an application with machines of its own.

An arrow is an event, and in brackets the question that it hangs on. ✕ leads towards a failure, ✓ to a success.
The same event out of many states is drawn once, from a box that names them.`;

/** Markdown, the same for the same machines, byte for byte. */
export function flowsDocument(diagrams: readonly FlowDiagram[]): string {
  const kinds = STATE_KINDS.filter((kind) =>
    diagrams.some(({ states }) => states.some((state) => state.kind === kind)),
  );
  const legend = kinds.map((kind) => `${kindWords(kind).sign} ${kindWords(kind).words}`).join(' · ');
  const parts = [
    '# Flows',
    '<!-- Generated. Do not edit: a test compares this file with the machines. -->',
    READING,
    `Signs of states: ${legend}.`,
    ...diagrams.map(contents),
    ...diagrams.flatMap(oneFlow),
    ...indexTables(diagrams).flatMap((table) => [`## ${table.title}`, markdownTable(table)]),
  ];
  return `${parts.join('\n\n').replace(/^(- .*)\n\n(?=- )/gm, '$1\n')}\n`;
}

function contents({ id, description }: FlowDiagram): string {
  return `- **${escapeText(id)}**${description === null ? '' : `: ${escapeText(description)}`}`;
}

function oneFlow(diagram: FlowDiagram): readonly string[] {
  const { id, description, version } = diagram;
  const about = [description, version === null ? null : `Version ${version}.`].filter((text) => text !== null);
  return [
    `## ${escapeText(id)}`,
    ...(about.length === 0 ? [] : [escapeText(about.join(' '))]),
    `\`\`\`mermaid\n${flowMermaid(diagram)}\`\`\``,
    ...[stateTable(diagram), transitionTable(diagram)].flatMap((table) => [`### ${table.title}`, markdownTable(table)]),
  ];
}

function markdownTable({ columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(columns),
    line(columns.map(() => '---')),
    ...rows.map(({ cells }) => line(cells.map((lines) => lines.map(markdownLine).join('<br>')))),
  ].join('\n');
}

function markdownLine({ text, isName }: CellLine): string {
  return isName && /^[\w .:()[\]→-]+$/.test(text) ? `\`${text}\`` : escapeText(text);
}

/** Text that means nothing to Markdown, in a table or not. */
function escapeText(text: string): string {
  return text
    .replace(/[\u0000-\u001f\u2028\u2029]+/g, ' ')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/[\\`*_[\]|#~$@]/g, (sign) => (sign === '@' ? '&#64;' : `\\${sign}`))
    .replace(/:\/\//g, ':&#47;/');
}
