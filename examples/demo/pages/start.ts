import type { User } from '../../../src/index.ts';
import { type Html, html } from './html.ts';
import { moment, nameOf } from './person.ts';

const DEEP_LINK = '/notes?week=3&course=logic&course=algebra';

type Step = readonly [title: string, text: Html];

const openPage: Step = [
  'Open a page that is yours',
  html`<a href="/me">My page</a> sends you to the login server, and the login server sends you back to it.`,
];
const choose: Step = [
  'Choose how to sign in',
  html`<a href="/me">My page</a> asks you: by CAS or with Raven? The login server sends you back to it, and this browser remembers your choice.`,
];
const signOut: Step = [
  'Sign out',
  html`The login ends here and at the login server. The next visit asks for a password.`,
];
const signOutOfTwo: Step = [
  'Sign out',
  html`With CAS the login ends here and there. Raven’s goes on, since no site can end it for you: a page says so, and links to where you can.`,
];

/** What can be tried, with a word on what happens then. */
const tour = (severalWays: boolean): readonly Step[] => [
  severalWays ? choose : openPage,
  [
    'Follow a deep link',
    html`<a href="${DEEP_LINK}">Notes of week 3 in two courses</a> arrive with the address just as it was.`,
  ],
  [
    'Use two tabs, go back',
    html`Open both links in tabs of their own before you sign in: each finds its way. Then press Back: you land on your page.`,
  ],
  [
    'Let the portal ask for you',
    html`<a href="/loans">My loans</a> are with the library, another application. It learns who you are without a password.`,
  ],
  [
    'Lose no form',
    html`Let a grant expire, then hand in <a href="/grades">grades</a>: you are signed in again, and the form goes through.`,
  ],
  severalWays ? signOutOfTwo : signOut,
];

/** What the start page depends on, besides who is looking at it. */
export interface StartOptions {
  /** There are two login servers, both of them fake ones that list their users. */
  readonly severalWays: boolean;
}

/** The page that is open to everybody. */
export function startPage(user: User | null, { severalWays }: StartOptions): Html {
  return html`<section class="hero">
${user ? welcome(user) : invitation(severalWays)}
<p class="actions"><a class="button primary" href="/me">My page</a><a class="button secondary" href="${DEEP_LINK}">Notes of week 3</a></p>
</section>
<section aria-labelledby="tour"><h2 id="tour">What to try here</h2>
<p class="soft">Open <a href="/sso/flows">Behind the scenes</a> in a second window: it draws each step of each sign-in as it happens. The terminal that runs this demo tells it in words.</p>
<ol class="tour">${tour(severalWays).map(([title, text]) => html`<li><h3>${title}</h3><p>${text}</p></li>`)}</ol>
</section>`;
}

function welcome(user: User): Html {
  return html`<h1>Welcome, <bdi>${nameOf(user)}</bdi></h1>
<p class="lead">You are signed in until ${moment(user.expiresAt)} at the latest. Every page of this portal knows you.</p>`;
}

function invitation(severalWays: boolean): Html {
  return html`<h1>One login for the whole campus</h1>
<p class="lead">This portal keeps no passwords. When you open a page that is yours, the login server says who you are.${severalWays ? ' There are two to choose from, and each lists its test users.' : ''}</p>`;
}
