import { stateTable, transitionTable } from '../../machines/flow-tables.ts';
import { legend, markupTable } from '../../machines/flows-page.ts';
import type { Place, ViewerPage } from './frame.ts';
import { html, Markup } from './markup.ts';
import type { WatchedFlow, WatchedFlows } from './watched-flows.ts';
import { count } from './words.ts';

/** All flows that run here. */
export function flowListPage({ root }: Place, flows: WatchedFlows): ViewerPage {
  return {
    title: 'Flows',
    tab: 'Flows',
    content: html`<h1>Flows</h1>
<p class="about">The machines that run in this process, an application’s own states as well.</p>
<ul class="flows">
${[...flows.values()].map(
  ({ name, diagram }) => html`<li><h2><a href="${root}/machines/${name}">${name}</a></h2>
<p>${diagram.description}</p>
<p class="small"><code>${diagram.id}</code>${diagram.version === null ? null : `, version ${diagram.version}`}: ${count(diagram.states.length, 'state')}, ${count(diagram.transitions.length, 'transition')}</p></li>
`,
)}</ul>`,
  };
}

/** One flow: its picture, and everything that its machine says of itself. */
export async function flowPage({ root }: Place, { name, diagram, picture }: WatchedFlow): Promise<ViewerPage> {
  const svg = await picture();
  return {
    title: `${name}: the flow`,
    wide: true,
    content: html`<h1>${name}</h1>
<p class="about">${diagram.description} <a href="${root}?flow=${name}">Its latest runs</a></p>
${new Markup(legend([diagram]))}
<figure>${svg ? new Markup(svg.trim()) : html`<p class="empty">There is no picture: it needs Graphviz, <code>npm install @viz-js/viz</code>.</p>`}</figure>
${[stateTable(diagram), transitionTable(diagram)].map((table) => html`<h2>${table.title}</h2>\n${new Markup(markupTable(table))}`)}`,
  };
}
