import type { Replay } from '../../../src/index.ts';
import type { GradesForm, UploadedFile } from '../grades/read-form.ts';
import type { LibraryAnswer } from '../library/answer.ts';
import { countOf, GRADES_PAGE } from './grades.ts';
import { breakable, type Html, html } from './html.ts';
import { address } from './trouble.ts';

export interface ReceiptOptions {
  readonly form: GradesForm;
  readonly answer: LibraryAnswer;
  /** How often grades were handed in in this session, with this time. */
  readonly times: number;
  /** The `Idempotency-Key` of the request; empty if it had none. */
  readonly key: string;
  /** Undefined for a form that was sent once. */
  readonly replay: Replay | undefined;
}

/** What has arrived, to the byte. */
export function receiptPage({ form, answer, times, key, replay }: ReceiptOptions): Html {
  const { reader } = answer;
  return html`<h1>Grades handed in</h1>
<p class="notice" role="status">${replay ? html`<strong>Sent again after you signed in:</strong> kept at ${time(replay.savedAt)}, and handed in just now as it was, to the byte.` : 'The portal has your grades.'}</p>
<div class="columns">
<section class="card" aria-labelledby="fields"><h2 id="fields">What arrived</h2>
<dl class="facts">${form.fields.map(
    ([name, values]) => html`
<div><dt>${LABELS.get(name) ?? name}</dt><dd class="typed">${values.length === 1 ? values[0] : html`<ol>${values.map((value) => html`<li>${value}</li>`)}</ol>`}</dd></div>`,
  )}${form.files.map(fileFact)}
</dl>
${form.files.length === 0 ? html`<p class="soft">No file came with it.</p>` : ''}
</section>
<section class="card" aria-labelledby="request"><h2 id="request">How it arrived</h2>
<dl class="facts">
<div><dt>Sent</dt><dd>${replay ? html`Again, after a sign-in <span class="soft">kept at ${time(replay.savedAt)}, attempt ${replay.attempts}</span>` : html`Once <span class="soft">no sign-in came between</span>`}</dd></div>
<div><dt>SHA-256 of the whole request body</dt><dd>${digest(form.sha256)} <span class="soft">${size(form.bytes)}, boundaries included</span></dd></div>
<div><dt>Idempotency-Key</dt><dd>${key === '' ? 'None' : html`<code>${key}</code>`}</dd></div>
<div><dt>Countersigned for</dt><dd><bdi>${reader.id}</bdi> <span class="soft">by the library, which trusts ${address(reader.issuer)}</span></dd></div>
<div><dt>Your session</dt><dd>You have handed in ${countOf(times)} in this session</dd></div>
</dl>
</section>
</div>
<p class="actions after"><a class="button secondary" href="${GRADES_PAGE}">Hand in more</a></p>`;
}

const LABELS: ReadonlyMap<string, string> = new Map([
  ['course', 'Course'],
  ['student', 'Students'],
  ['grade', 'Grades'],
  ['comment', 'Comment'],
  ['sheet', 'Mark sheet'],
  ['evidence', 'Evidence'],
]);

function fileFact({ field, name, bytes, sha256 }: UploadedFile): Html {
  return html`
<div><dt>${LABELS.get(field) ?? field}</dt><dd><bdi>${name}</bdi>, ${size(bytes)} <span class="soft">SHA-256 ${digest(sha256)}</span></dd></div>`;
}

/** Not as one word of 64 letters, which leaves a narrow column half empty. */
function digest(sha256: string): Html {
  return html`<code>${breakable(sha256, /(?<=^(?:.{8})+)/)}</code>`;
}

const NUMBER = new Intl.NumberFormat('en-GB');
const size = (bytes: number) => `${NUMBER.format(bytes)} ${bytes === 1 ? 'byte' : 'bytes'}`;

const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

function time(date: Date): Html {
  return html`<time datetime="${date.toISOString()}">${TIME.format(date)}</time>`;
}
