import { escapeMarkup } from './fake-server-markup.ts';
import { layout, messagePage, type PageFrame } from './fake-server-pages.ts';
import type { AuthenticationRequest } from './fake-wls-request.ts';
import { type FakeWlsUser, isCurrent, ptagsOf } from './fake-wls-users.ts';

/** Where the pages lead, and what they have in common. */
export interface WlsPages {
  readonly frame: PageFrame;
  /** Where the form is sent. */
  readonly formPath: string;
  readonly logoutPath: string;
  /** The test users to list under the form. */
  readonly users: readonly FakeWlsUser[];
}

/** What a login form shows besides the request. */
export interface FormState {
  /** The user-id to start with. */
  readonly knownName?: string | undefined;
  /** Why the form is shown again. */
  readonly problem?: string;
}

const failureTitles: Readonly<Record<number, string>> = {
  410: 'Login cancelled',
  540: 'You are not logged in',
  560: 'This application may not use the server',
  570: 'Login declined',
};

/** The login form. */
export function loginPage(pages: WlsPages, request: AuthenticationRequest, { knownName = '', problem }: FormState) {
  const hidden = request.parameters
    .map(([name, value]) => `<input type="hidden" name="${name}" value="${escapeMarkup(value)}">`)
    .join('');
  const goal = `to continue to <strong>${escapeMarkup(new URL(request.url).host)}</strong>`;
  const isKnown = knownName !== '';
  const marked = problem === undefined ? '' : ' aria-invalid="true" aria-describedby="problem"';
  return layout(
    pages.frame,
    'Log in',
    `<section class="card" aria-labelledby="title">
<h1 id="title">Log in</h1>
<p class="lead">${request.iact === 'yes' ? `Please type your password again ${goal}.` : goal}</p>
${told(request)}
${problem === undefined ? '' : `<p class="problem" id="problem" role="alert">${escapeMarkup(problem)}</p>`}
<form method="post" action="${escapeMarkup(pages.formPath)}">
${hidden}
<label for="userid">User-id</label>
<input id="userid" name="userid" type="text" value="${escapeMarkup(knownName)}" autocomplete="username" autocapitalize="none" spellcheck="false" required${isKnown ? '' : ' autofocus'}${marked}>
<label for="pwd">Password</label>
<input id="pwd" name="pwd" type="password" autocomplete="current-password" required${isKnown ? ' autofocus' : ''}${marked}>
<div class="actions">
<button type="submit">Log in</button>
<button type="submit" class="quiet" name="cancel" value="Cancel" formnovalidate>Cancel</button>
</div>
</form>
</section>
${userTable(pages.users)}`,
  );
}

/** What a visitor sees whom no application has sent. */
export function homePage(pages: WlsPages, user: FakeWlsUser | undefined): string {
  if (user === undefined) {
    const text =
      'Nobody is logged in here. Open the application that you want to use: it will send you to this server.';
    return messagePage(pages.frame, 'Web login server', text);
  }
  const text = 'Applications that use this server will let you in without asking again.';
  return messagePage(pages.frame, `You are logged in as ${user.principal}`, text, {
    href: pages.logoutPath,
    text: 'Log out',
  });
}

/** What is left after logging out: the protocol knows no way back to an application. */
export function loggedOutPage(pages: WlsPages): string {
  const text =
    'You are logged out of this server. Applications that you used may still know you until you log out there.';
  return messagePage(pages.frame, 'Logged out', text);
}

/** A failure that the application does not get to see. */
export function failurePage(pages: WlsPages, status: number, text: string): string {
  const title = failureTitles[status] ?? 'The application’s request cannot be served';
  return messagePage(pages.frame, title, `${text} (Status ${status})`);
}

// `desc` and `msg` may hold character references, so the protocol leaves `&` alone (1.2). They stay out of attributes.
function told({ desc, msg }: AuthenticationRequest): string {
  const shown = (text: string) => text.replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const rows = [
    ['The application calls itself', desc],
    ['It says', msg],
  ]
    .filter(([, text]) => text !== '')
    .map(([label, text = '']) => `<dt>${label}</dt><dd>${shown(text)}</dd>`);
  return rows.length === 0 ? '' : `<dl>${rows.join('')}</dl>`;
}

function userTable(users: readonly FakeWlsUser[]): string {
  const rows = users
    .map((user) => {
      const standing = isCurrent(user) ? escapeMarkup(ptagsOf(user).join(', ')) : 'not current (“Raven for life”)';
      const name = user.name === undefined ? '' : `${escapeMarkup(user.name)}<br>`;
      return `<tr><td><code>${escapeMarkup(user.principal)}</code></td><td><code>${escapeMarkup(user.password)}</code></td><td>${name}<small>${standing}</small></td></tr>`;
    })
    .join('\n');
  return `<section class="users">
<table>
<caption>Test users</caption>
<thead><tr><th scope="col">User-id</th><th scope="col">Password</th><th scope="col">Person</th></tr></thead>
<tbody>
${rows}
</tbody>
</table>
</section>`;
}
