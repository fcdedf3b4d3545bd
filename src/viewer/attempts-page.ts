import { type AttemptFilter, filterQuery, passes } from './filter.ts';
import type { Place, ViewerPage } from './frame.ts';
import { type Content, html, type Markup } from './markup.ts';
import type { WatchedAttempt } from './recent-attempts.ts';
import type { WatchedFlows } from './watched-flows.ts';
import { count, duration, moment, outcomeBadge, outcomeWords, STEP_OUTCOMES } from './words.ts';

export interface AttemptsPageOptions extends Place {
  readonly flows: WatchedFlows;
  readonly attempts: readonly WatchedAttempt[];
  readonly filter: AttemptFilter;
  readonly minutes: number;
  readonly crowdedOut: number;
}

/** More than that nobody reads, and a page is made anew at every step of anybody. */
const MAX_ROWS = 100;

/** The attempts of the last minutes, the latest first. */
export function attemptsPage(options: AttemptsPageOptions): ViewerPage {
  const { root, attempts, filter, minutes, crowdedOut } = options;
  const shown = attempts.filter((attempt) => passes(filter, attempt));
  const hints = [
    ...(shown.length < attempts.length ? [` Of ${count(attempts.length, 'attempt')} in all.`] : []),
    ...(shown.length > MAX_ROWS ? [` The latest ${MAX_ROWS} are listed: narrow them down to see others.`] : []),
    ...(crowdedOut > 0 ? [` ${count(crowdedOut, 'attempt')} had to make room before their time.`] : []),
  ];
  return {
    title: 'Sign-ins of the last minutes',
    tab: 'Sign-ins',
    live: null,
    content: html`<h1>Sign-ins of the last ${minutes === 1 ? 'minute' : html`${minutes} minutes`}</h1>
<p class="about">Each run of a flow in this process, from the journal: sign-ins, and what services ask for on behalf of people. With several processes, an attempt may go on in another one.</p>
${filterForm(options)}
<section id="attempts" data-live aria-label="Sign-ins">
<p class="count">${tally(shown)}${hints.join(' ')}</p>
${shown.length === 0 ? nothing(attempts.length > 0, root) : table(shown.slice(0, MAX_ROWS), options)}
</section>`,
  };
}

function tally(attempts: readonly WatchedAttempt[]): Content {
  const parts = STEP_OUTCOMES.map((outcome) => ({
    outcome,
    number: attempts.filter((attempt) => attempt.outcome === outcome).length,
  })).filter(({ number }) => number > 0);
  return [
    html`<strong>${count(attempts.length, 'attempt')}</strong>`,
    ...parts.map(({ outcome, number }) => html` <span class="part">${number} ${outcomeBadge(outcome)}</span>`),
  ];
}

function nothing(isFiltered: boolean, root: string): Markup {
  return isFiltered
    ? html`<p class="empty">No attempt is like that. <a href="${root}">Show all</a></p>`
    : html`<p class="empty">Nobody has tried to sign in. Open a page that needs it in another window: each step appears here as it happens.</p>`;
}

function table(attempts: readonly WatchedAttempt[], options: AttemptsPageOptions): Markup {
  return html`<div class="wide scrolls" role="region" aria-label="Attempts, as a table" tabindex="0"><table>
<thead><tr><th scope="col">Last step (UTC)</th><th scope="col">Flow</th><th scope="col">Outcome</th><th scope="col">State</th><th scope="col">Reason</th><th scope="col">Person</th><th scope="col">Steps</th><th scope="col">Lasted</th></tr></thead>
<tbody>
${attempts.map((attempt) => row(attempt, options))}</tbody>
</table></div>`;
}

function row(attempt: WatchedAttempt, { root, filter }: AttemptsPageOptions): Markup {
  const { label, flow, outcome, code, subject, steps, length } = attempt;
  const last = steps.at(-1)!;
  const of = (part: Partial<AttemptFilter>) => `${root}${filterQuery({ ...filter, ...part })}`;
  return html`<tr id="attempt-${label}" class="${outcome}">
<td><a href="${root}/attempts/${label}">${moment(last.at)}</a></td>
<td>${flow}</td>
<td>${outcomeBadge(outcome)}</td>
<td><code>${last.to}</code></td>
<td>${code === null ? null : html`<a href="${of({ code })}"><code>${code}</code></a>`}</td>
<td>${subject === null ? html`<span class="small">unknown</span>` : html`<a href="${of({ subjects: [subject] })}"><code>${subject}</code></a>`}</td>
<td class="number">${length}</td>
<td class="number">${duration(last.at - steps[0].at)}</td>
</tr>
`;
}

function filterForm({ root, flows, attempts, filter }: AttemptsPageOptions): Markup {
  const codes = new Set(attempts.flatMap(({ steps }) => steps.flatMap(({ code }) => code ?? [])));
  if (filter.code !== null) codes.add(filter.code);
  const choice = (name: string, label: string, chosen: string | null, values: readonly (readonly [string, string])[]) =>
    html`<label>${label}<select name="${name}" id="filter-${name}"><option value="">all</option>${values.map(
      ([value, text]) => html`<option value="${value}"${value === chosen ? html` selected` : null}>${text}</option>`,
    )}</select></label>`;
  const isFiltered = filterQuery(filter) !== '';
  return html`<form class="filter" method="post" action="${root}" aria-label="Filter">
<label>Person<input name="user" id="filter-user" autocomplete="off" spellcheck="false" placeholder="${filter.subjects.length > 0 ? 'one person is chosen' : 'identifier'}"></label>
${choice(
  'outcome',
  'Outcome',
  filter.outcome,
  STEP_OUTCOMES.map((outcome) => [outcome, outcomeWords(outcome).words]),
)}
${choice(
  'code',
  'Reason',
  filter.code,
  [...codes].sort().map((code) => [code, code]),
)}
${choice(
  'flow',
  'Flow',
  filter.flow,
  [...flows.keys()].map((name) => [name, name]),
)}
${filter.subjects.map((subject) => html`<input type="hidden" name="subject" value="${subject}">`)}
<span class="buttons"><button type="submit">Filter</button>${isFiltered ? html`<a href="${root}">Show all</a>` : null}</span>
</form>`;
}
