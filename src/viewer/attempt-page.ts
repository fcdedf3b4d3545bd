import type { FlowDiagram } from '../../machines/diagram.ts';
import { pictureIds } from '../../machines/diagram-ids.ts';
import { stepReader, type TracedStep } from '../../machines/diagram-steps.ts';
import { tracedPicture } from '../../machines/diagram-trace.ts';
import { filterQuery } from './filter.ts';
import type { Place, ViewerPage } from './frame.ts';
import { html, Markup } from './markup.ts';
import type { WatchedAttempt, WatchedStep } from './recent-attempts.ts';
import type { WatchedFlow } from './watched-flows.ts';
import { count, duration, meaningOf, moment, outcomeBadge, outcomeWords } from './words.ts';

export interface AttemptPageOptions extends Place {
  readonly attempt: WatchedAttempt;
  readonly flow: WatchedFlow;
}

/** One attempt: its steps, and its way over the picture of its flow. */
export async function attemptPage({ root, attempt, flow }: AttemptPageOptions): Promise<ViewerPage> {
  const { label, steps } = attempt;
  const svg = await flow.picture();
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
${beginning(attempt)}${steps.map((step, index) => stepItem(steps[index - 1], step, flow.diagram))}
</ol></section>
<section aria-labelledby="picture-title"><h2 id="picture-title">Its way through the flow</h2>
<figure id="picture" data-live>${
      svg
        ? new Markup(tracedPicture(svg, flow.diagram, numbered(attempt)).trim())
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
<div><dt>Flow</dt><dd><a href="${root}/machines/${flow}">${flow}</a></dd></div>
<div><dt>State</dt><dd><code>${last.to}</code></dd></div>
<div><dt>Person</dt><dd>${subject === null ? 'unknown' : html`<a href="${ofPerson(subject)}"><code>${subject}</code></a>`}</dd></div>
<div><dt>Began (UTC)</dt><dd>${moment(first.at)}</dd></div>
<div><dt>Last step (UTC)</dt><dd>${moment(last.at)}, ${duration(last.at - first.at)} after the first</dd></div>
</dl>`;
}

function beginning({ steps, length }: WatchedAttempt): Markup | null {
  const hints = [
    ...(steps[0].from === null ? [] : ['It began before what is shown here.']),
    ...(length === steps.length ? [] : [`${count(length - steps.length, 'step')} in the middle left out.`]),
  ];
  return hints.length === 0 ? null : html`<li class="hint">${hints.join(' ')}</li>\n`;
}

function stepItem(before: WatchedStep | undefined, step: WatchedStep, diagram: FlowDiagram): Markup {
  const { number, at, event, guard, to, effects, code, outcome } = step;
  const { at: states, transitions } = stepReader(diagram)(step);
  const begun = step.from === null ? diagram.states.find(({ path }) => path === states[0]) : undefined;
  const meaning = transitions[0]?.description ?? begun?.description ?? null;
  const words = event === 'begin' ? 'begins' : event === 'always' ? 'at once' : html`<code>${event}</code>`;
  const isNews = code !== null && code !== before?.code;
  const elements = states.map((path) => pictureIds(diagram).state(path)).join(' ');
  return html`<li id="step-${number}" class="${outcome}" data-step="${number}" data-states="${elements}">
<a href="#step-${number}"><span class="number">${number}</span> <span class="what">${words}${guard === null ? null : html` <span class="guard">when ${guard}</span>`} <span class="to">→ <strong>${to}</strong></span></span></a>
<span class="when">${moment(at)}${before ? html` <span class="gap">+${duration(at - before.at)}</span>` : null}</span>
${meaning === null ? null : html`<span class="meaning">${meaning}</span>`}${effects.length === 0 ? null : html`<span class="asks">▸ ${effects.join(', ')}</span>`}${
  isNews
    ? html`<span class="why"><span aria-hidden="true">✕</span> <code>${code}</code> ${meaningOf(code)}</span>`
    : null
}</li>
`;
}

/** The steps at the places that their numbers give them; those that are left out are unknown to every picture. */
function numbered({ steps, length }: WatchedAttempt): readonly TracedStep[] {
  const unknown: TracedStep = { from: '', event: '', guard: null, to: '', outcome: 'progress' };
  const all = Array.from({ length }, () => unknown);
  for (const step of steps) all[step.number - 1] = step;
  return all;
}
