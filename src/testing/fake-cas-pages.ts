import { escapeMarkup } from './fake-cas-answers.ts';
import type { Answer } from './fake-cas-http.ts';
import type { FakeCasUser } from './fake-cas-users.ts';

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

/** An HTML page as an answer. The headers allow the stylesheet of this server and nothing else: no script, no image, no frame. */
export function page(status: number, html: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return {
    status,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      // No form-action: Chrome would apply it to the redirect that takes the browser back to the application.
      'Content-Security-Policy': "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
      'Referrer-Policy': 'no-referrer',
      ...headers,
    },
    body: html,
  };
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
    path,
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
    path,
    'Signed in',
    `<section class="card" aria-labelledby="title">
<h1 id="title">You are signed in as <bdi>${escapeMarkup(user.name)}</bdi></h1>
<p class="lead">Applications that use this server will let you in without asking again.</p>
${rows === '' ? '' : `<table><caption>What applications are told about you</caption><tbody>${rows}</tbody></table>`}
<div class="actions"><a class="button" href="${escapeMarkup(path)}/logout">Sign out</a></div>
</section>`,
  );
}

/** A page with one message and one way on, to the login form. */
export function messagePage(path: string, title: string, text: string, link: string): string {
  return layout(
    path,
    title,
    `<section class="card" aria-labelledby="title">
<h1 id="title">${escapeMarkup(title)}</h1>
<p class="lead">${escapeMarkup(text)}</p>
<div class="actions"><a class="button" href="${escapeMarkup(path)}/login">${escapeMarkup(link)}</a></div>
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

function layout(path: string, title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeMarkup(title)} – Example University (fake login server)</title>
<link rel="stylesheet" href="${escapeMarkup(path)}/style.css">
</head>
<body>
<header>
<svg class="crest" viewBox="0 0 32 36" width="32" height="36" aria-hidden="true" focusable="false"><path class="shield" d="M2 2h28v16c0 8-6 13-14 16C8 31 2 26 2 18z"/><path class="book" d="M7 11c4-1.500 7-1 9 1 2-2 5-2.500 9-1v11c-4-1.500-7-1-9 1-2-2-5-2.500-9-1zM16 12v11"/></svg>
<p><strong>Example University</strong> <span class="dash">–</span> <span class="purpose">fake login server for development</span></p>
</header>
<main>
${content}
</main>
</body>
</html>
`;
}
