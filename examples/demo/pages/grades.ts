import type { Asked } from '../ask-library.ts';
import type { Memory } from '../grades/memory.ts';
import { type GradesForm, MAX_KIB, type NoForm, valuesOf } from '../grades/read-form.ts';
import { type Html, html } from './html.ts';
import { noTicketsCard, type Ways } from './no-tickets.ts';
import { type Addresses, troubleCard } from './trouble.ts';

/** Where grades are handed in. */
export const GRADES_PAGE = '/grades';
/** Where somebody goes who wants the grant of the portal to end. */
export const EXPIRE_GRANT = '/grades/expire';
/** Where somebody goes who needs a new one. */
export const GRADES_SIGN_IN_AGAIN = '/grades/sign-in-again';

/** What the form is filled in with. */
interface Sheet {
  readonly course: string;
  readonly rows: readonly (readonly [student: string, grade: string])[];
  readonly comment: string;
}

const SAMPLE: Sheet = {
  course: 'Logic I, summer term',
  rows: [
    ['Augusta King', '1.0'],
    ['Charles Babbage', '2.3'],
    ['Zoë Müller-Señán', '1.7'],
  ],
  comment:
    'Exercise 3 was marked twice, and the better mark counts.\nNobody was absent.\n\nThe mark sheet is the one of 14 July.',
};

export interface GradesPageOptions {
  readonly memory: Memory;
  /** Whether the portal can make the login server forget a grant. */
  readonly canExpire: boolean;
}

const HEADING = html`<h1>Grades</h1>`;
const LEAD = html`<p class="lead">A sign-in may end while somebody is still filling in a long form. On this page that costs nothing: try it in two steps.</p>`;

/** The page with the form. */
export function gradesPage({ memory, canExpire }: GradesPageOptions): Html {
  return html`${HEADING}
${LEAD}
${memory.grantExpired ? html`<p class="notice" role="status">Your proxy grant has expired at the login server. Now hand in the grades: you will be signed in again, and nothing of the form is lost.</p>` : ''}
<section class="card" aria-labelledby="expire"><h2 id="expire">1. Let my grant expire</h2>
<p>Before it takes grades, the portal has the library countersign them, and asks it on your behalf. For that it needs the grant that the login server left with it when you signed in. Grants end some time, and often at the wrong one.</p>
${canExpire ? EXPIRE : ELSEWHERE}
</section>
<section class="card" aria-labelledby="form"><h2 id="form">2. Fill in and hand in</h2>
<p>You have handed in <strong>${countOf(memory.times)}</strong> in this session${memory.course === '' ? '' : html`, last for <strong><bdi>${memory.course}</bdi></strong>`}. The portal notes that in a session of its own, which outlasts the new sign-in.</p>
${gradesForm(SAMPLE)}
</section>`;
}

const EXPIRE = html`<p>This button makes the login server forget yours, and nothing else: you stay signed in, here and there. The page loads anew, so press it <strong>before</strong> you change anything in the form.</p>
<form method="post" action="${EXPIRE_GRANT}"><button class="secondary" type="submit">Let my grant expire</button></form>`;

const ELSEWHERE = html`<p>The demo cannot do that at a CAS server that is not its own: end the grant there instead, by removing the portal’s proxy-granting ticket in the administration of the server, or by waiting until it expires.</p>`;

/** The page of somebody who has signed in by a way that knows no proxy tickets. */
export function noGradesPage(ways: Ways): Html {
  return html`${HEADING}
<p class="lead">Before it takes grades, the portal has the library countersign them, and would have to ask it on your behalf.</p>
${noTicketsCard(ways, { purpose: 'hand in grades', signInAgain: GRADES_SIGN_IN_AGAIN })}`;
}

/** Says why the library could not be asked, and gives the form back as it came. */
export function failedPage(form: GradesForm, asked: Asked & { kind: 'failed' }, addresses: Addresses): Html {
  const grades = valuesOf(form, 'grade');
  const sheet = {
    course: valuesOf(form, 'course').join(', '),
    rows: valuesOf(form, 'student').map((student, index) => [student, grades[index] ?? ''] as const),
    comment: valuesOf(form, 'comment').join('\n'),
  };
  const signIn = html`<form method="post" action="${GRADES_SIGN_IN_AGAIN}"><button class="primary" type="submit">Sign in again</button></form>`;
  const askAgain = html`<p>Your form is below.</p>`;
  return html`${HEADING}
${troubleCard(asked, addresses, { signIn, askAgain })}
<section class="card" aria-labelledby="form"><h2 id="form">Not handed in</h2>
<p>Nothing was handed in. This is what you sent${form.files.length > 0 ? ', but for the files: please choose them again' : ''}.</p>
${gradesForm(sheet)}
</section>`;
}

/** Says why there is no form to take. */
export function noFormPage(reason: NoForm): Html {
  const [title, text] =
    reason === 'tooLarge'
      ? ['The files are too large', `The form and its files may have ${MAX_KIB} KiB together. Nothing was handed in.`]
      : ['This form cannot be read', 'It did not arrive as the page sends it. Nothing was handed in.'];
  return html`<h1>${title}</h1>
<p class="lead">${text}</p>
<p class="actions"><a class="button primary" href="${GRADES_PAGE}">Back to the form</a></p>`;
}

/** How often: "2 times". */
export function countOf(times: number): string {
  return `${times} ${times === 1 ? 'time' : 'times'}`;
}

function gradesForm({ course, rows, comment }: Sheet): Html {
  return html`<form class="fields" method="post" action="${GRADES_PAGE}" enctype="multipart/form-data">
<label for="course">Course</label>
<input id="course" name="course" value="${course}" maxlength="200" required autocomplete="off">
<fieldset><legend>Grades</legend>
${rows.map(
  ([student, grade], index) => html`<div class="row">
<input name="student" value="${student}" aria-label="Student ${index + 1}" maxlength="200" required autocomplete="off">
<input name="grade" value="${grade}" aria-label="Grade of student ${index + 1}" maxlength="20" required autocomplete="off" inputmode="decimal">
</div>
`,
)}</fieldset>
<label for="comment">Comment</label>
<textarea id="comment" name="comment" rows="6" maxlength="5000">
${comment}</textarea>
<div class="files">
<div><label for="sheet">Mark sheet</label><input id="sheet" name="sheet" type="file" aria-describedby="limit"></div>
<div><label for="evidence">Evidence</label><input id="evidence" name="evidence" type="file" aria-describedby="limit"></div>
</div>
<p class="soft" id="limit">Files of any kind, if you like; ${MAX_KIB} KiB at most for the form and both files together.</p>
<button class="primary" type="submit">Hand in grades</button>
</form>`;
}
