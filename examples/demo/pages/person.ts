import type { User } from '../../../src/index.ts';
import { breakable, type Html, html } from './html.ts';

/** The name a person goes by: the one that the login server tells, else the id. */
export function nameOf(user: User): string {
  return user.attributes.displayName?.[0] ?? user.id;
}

/** Attributes about the login and not about the person: of CAS (3.0.3, 2.5.7), and of Ucam-WebAuth. */
const ABOUT_THE_LOGIN: ReadonlySet<string> = new Set([
  'authenticationDate',
  'isFromNewLogin',
  'longTermAuthenticationRequestTokenUsed',
  'auth',
  'sso',
]);

/** What the login server said, told apart into the person and the login. */
export function factsOf(user: User) {
  // Raven sends some of them without a value.
  const facts = Object.entries(user.attributes).filter(([, values]) => values.length > 0);
  return {
    person: facts.filter(([name]) => !ABOUT_THE_LOGIN.has(name)),
    login: facts.filter(([name]) => ABOUT_THE_LOGIN.has(name)),
  };
}

const LABELS: Readonly<Record<string, string>> = {
  displayName: 'Name',
  eduPersonAffiliation: 'Affiliation',
  mail: 'E-mail',
  ptags: 'Status',
  auth: 'Shown',
  sso: 'Known by',
};

/** Names and values as a list of definitions. */
export function factList(entries: readonly (readonly [name: string, values: readonly string[]])[]): Html {
  return html`<dl class="facts">${entries.map(
    ([name, values]) => html`
<div><dt>${label(name)}</dt><dd>${values.length === 1 ? values[0] : html`<ul>${values.map((value) => html`<li>${value}</li>`)}</ul>`}</dd></div>`,
  )}
</dl>`;
}

function label(name: string): Html {
  const code = html`<code>${breakable(name, /(?=[A-Z])/)}</code>`;
  return Object.hasOwn(LABELS, name) ? html`${LABELS[name]} ${code}` : code;
}

const MOMENT = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  timeZoneName: 'short',
});

/** A moment as people read it, in the time zone of this machine. */
export function moment(date: Date): Html {
  return html`<time datetime="${date.toISOString()}">${MOMENT.format(date)}</time>`;
}
