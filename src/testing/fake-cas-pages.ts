import type { FakeCasUser } from './fake-cas-users.ts';
import { escapeMarkup } from './fake-server-markup.ts';
import { layout, type PageFrame } from './fake-server-pages.ts';

/** What the login form shows. */
export interface LoginForm {
  /** The path of the server without a trailing slash. */
  readonly path: string;
  /** The test users to list under the form. */
  readonly users: readonly FakeCasUser[];
  /** Hidden fields: name and value. */
  readonly hidden: readonly (readonly [string, string])[];
  /** Where the browser goes afterwards: an http or https address. */
  readonly service: string | undefined;
  /** The application insists on a typed password. */
  readonly renew: boolean;
  /** The user name to start with. */
  readonly knownName?: string | undefined;
  /** Why the form is shown again. */
  readonly problem?: string;
}

/** What the pages of the server under that path have in common. */
export function casFrame(path: string): PageFrame {
  return { stylesheet: `${path}/style.css`, purpose: 'fake login server for development' };
}

/** The login form. */
export function loginPage(form: LoginForm): string {
  const { path, service, problem, knownName = '' } = form;
  const hidden = form.hidden
    .map(([name, value]) => `<input type="hidden" name="${name}" value="${escapeMarkup(value)}">`)
    .join('');
  const goal = service === undefined ? '' : ` to continue to <strong>${escapeMarkup(new URL(service).host)}</strong>`;
  const lead = form.renew
    ? `Please type your password again${goal}.`
    : service === undefined
      ? 'You will stay on this server.'
      : goal.trim();
  const nameFirst = knownName === '' ? ' autofocus' : '';
  const passwordFirst = knownName === '' ? '' : ' autofocus';
  const marked = problem === undefined ? '' : ' aria-invalid="true" aria-describedby="problem"';
  return layout(
    casFrame(path),
    'Sign in',
    `<section class="card" aria-labelledby="title">
<h1 id="title">Sign in</h1>
<p class="lead">${lead}</p>
${problem === undefined ? '' : `<p class="problem" id="problem" role="alert">${escapeMarkup(problem)}</p>`}
<form method="post" action="${escapeMarkup(path)}/login">
${hidden}
<label for="username">User name</label>
<input id="username" name="username" type="text" value="${escapeMarkup(knownName)}" autocomplete="username" autocapitalize="none" spellcheck="false" required${nameFirst}${marked}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${passwordFirst}${marked}>
<div class="actions">
<button type="submit">Sign in</button>
${service === undefined ? '' : `<a href="${escapeMarkup(service)}">Cancel</a>`}
</div>
</form>
</section>
${userTable(form.users)}`,
  );
}

/** What a signed-in visitor without an application sees. */
export function signedInPage(path: string, user: FakeCasUser): string {
  const rows = Object.entries(user.attributes ?? {})
    .map(
      ([name, values]) =>
        `<tr><th scope="row">${escapeMarkup(name)}</th><td>${values.map(escapeMarkup).join('<br>')}</td></tr>`,
    )
    .join('');
  return layout(
    casFrame(path),
    'Signed in',
    `<section class="card" aria-labelledby="title">
<h1 id="title">You are signed in as <bdi>${escapeMarkup(user.name)}</bdi></h1>
<p class="lead">Applications that use this server will let you in without asking again.</p>
${rows === '' ? '' : `<table><caption>What applications are told about you</caption><tbody>${rows}</tbody></table>`}
<div class="actions"><a class="button" href="${escapeMarkup(path)}/logout">Sign out</a></div>
</section>`,
  );
}

function userTable(users: readonly FakeCasUser[]): string {
  const rows = users
    .map(
      ({ name, password }) =>
        `<tr><td><code>${escapeMarkup(name)}</code></td><td><code>${escapeMarkup(password)}</code></td></tr>`,
    )
    .join('\n');
  return `<section class="users">
<table>
<caption>Test users</caption>
<thead><tr><th scope="col">User name</th><th scope="col">Password</th></tr></thead>
<tbody>
${rows}
</tbody>
</table>
</section>`;
}
