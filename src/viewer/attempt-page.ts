import type { FlowDiagram } from '../../machines/diagram.ts';
import { pictureIds } from '../../machines/diagram-ids.ts';
import { tracedPicture } from '../../machines/diagram-trace.ts';
import type { JournalEntry } from '../flow/journal.ts';
import { filterQuery } from './filter.ts';
import type { Place, ViewerPage } from './frame.ts';
import { html, Markup } from './markup.ts';
import type { WatchedAttempt } from './recent-attempts.ts';
import type { WatchedFlow } from './watched-flows.ts';
import { count, duration, meaningOf, moment, outcomeBadge, outcomeWords } from './words.ts';

export interface AttemptPageOptions extends Place {
  readonly attempt: WatchedAttempt;
  /** Undefined for a flow that does not run here any more. */
  readonly flow: WatchedFlow | undefined;
}

/** One attempt: its steps, and its way over the picture of its flow. */
export async function attemptPage({ root, attempt, flow }: AttemptPageOptions): Promise<ViewerPage> {
  const { label, steps } = attempt;
  const svg = (await flow?.picture()) ?? null;
  const { sign, words } = outcomeWords(attempt.outcome);
  return {
    title: `${sign} ${attempt.flow} ${words}`,
    live: label,
    wide: true,
    content: html`<div id="summary" data-live>
<h1>${attempt.flow} ${outcomeBadge(attempt.outcome)}</h1>
${summary(root, attempt)}
</div>
<div class="story">
<section aria-labelledby="steps-title"><h2 id="steps-title">Steps</h2>
<ol id="steps" class="steps" data-live>
${beginning(attempt)}${steps.map((step, index) => stepItem(steps, index, step, flow?.diagram))}
</ol></section>
<section aria-labelledby="picture-title"><h2 id="picture-title">Its way through the flow</h2>
<figure id="picture" data-live>${
      flow && svg
        ? new Markup(tracedPicture(svg, flow.diagram, steps).trim())
        : html`<p class="empty">There is no picture: it needs Graphviz, <code>npm install @viz-js/viz</code>.</p>`
    }</figure></section>
</div>`,
  };
}

function summary(root: string, { subject, steps, code, outcome, flow }: WatchedAttempt): Markup {
  const first = steps[0];
  const last = steps.at(-1)!;
  const meaning = code === null ? null : meaningOf(code);
  const isReason = outcome === 'failure';
  const ofPerson = (chosen: string) =>
    `${root}${filterQuery({ flow: null, outcome: null, code: null, subjects: [chosen] })}`;
  return html`${code === null ? null : html`<p class="reason ${isReason ? 'bad' : ''}"><strong>${isReason ? 'Why it failed' : 'Noted'}: <code>${code}</code></strong>${meaning === null ? null : html`<span>In the words of its message: “${meaning}”</span>`}</p>`}
<dl class="facts">
<div><dt>Flow</dt><dd><a href="${root}/flows/${flow}">${flow}</a></dd></div>
<div><dt>State</dt><dd><code>${last.to}</code></dd></div>
<div><dt>Person</dt><dd>${subject === null ? 'unknown' : html`<a href="${ofPerson(subject)}"><code>${subject}</code></a>`}</dd></div>
<div><dt>Began (UTC)</dt><dd>${moment(first.at)}</dd></div>
<div><dt>Last step (UTC)</dt><dd>${moment(last.at)}, after ${duration(last.at - first.at)}</dd></div>
</dl>`;
}

function beginning({ steps, omitted }: WatchedAttempt): Markup | null {
  const hints = [
    ...(steps[0].from === null ? [] : ['It began before what is shown here.']),
    ...(omitted === 0 ? [] : [`${count(omitted, 'step')} in the middle left out.`]),
  ];
  return hints.length === 0 ? null : html`<li class="hint">${hints.join(' ')}</li>\n`;
}

function stepItem(steps: readonly JournalEntry[], index: number, step: JournalEntry, diagram: FlowDiagram | undefined) {
  const before = steps[index - 1];
  const number = index + 1;
  const { at, event, guard, to, effects, code, outcome } = step;
  const words = event === 'begin' ? 'begins' : event === 'always' ? 'at once' : html`<code>${event}</code>`;
  const meaning = diagram && meaningOfStep(diagram, step);
  const isNews = code !== null && code !== before?.code;
  return html`<li id="step-${number}" class="${outcome}" data-step="${number}" data-state="${diagram ? pictureIds(diagram).state(to) : ''}">
<a href="#step-${number}"><span class="number">${number}</span> <span class="what">${words}${guard === null ? null : html` <span class="guard">when ${guard}</span>`} <span class="to">→ <strong>${to}</strong></span></span></a>
<span class="when">${moment(at)}${before ? html` <span class="gap">+${duration(at - before.at)}</span>` : null}</span>
${meaning ? html`<span class="meaning">${meaning}</span>` : null}${effects.length === 0 ? null : html`<span class="asks">▸ ${effects.join(', ')}</span>`}${
  isNews
    ? html`<span class="why"><span aria-hidden="true">✕</span> <code>${code}</code> ${meaningOf(code)}</span>`
    : null
}</li>
`;
}

/** What the machine says of a step that was taken. */
function meaningOfStep({ states, transitions }: FlowDiagram, step: JournalEntry): string | null {
  if (step.from === null) return states.find(({ path }) => path === step.to)?.description ?? null;
  const event = step.event === 'always' ? '' : step.event;
  const taken = transitions.find(
    (one) =>
      (one.from === step.from || one.from === '') &&
      one.event === event &&
      one.guard === step.guard &&
      (one.to.length === 0 ? step.to === step.from : one.to.join('+') === step.to),
  );
  return taken?.description ?? null;
}
