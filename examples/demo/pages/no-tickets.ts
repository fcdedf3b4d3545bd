import { type Html, html } from './html.ts';

/** The names of two ways to sign in. */
export interface Ways {
  /** The one that somebody has taken. */
  readonly present: string;
  /** The one that has proxy tickets. */
  readonly needed: string;
}

export interface NoTicketsOptions {
  /** What cannot be done without: "see your loans". */
  readonly purpose: string;
  /** Where the button leads. */
  readonly signInAgain: string;
}

/** Tells somebody that their way to sign in knows no proxy tickets, and leads to the one that does. */
export function noTicketsCard({ present, needed }: Ways, { purpose, signInAgain }: NoTicketsOptions): Html {
  return html`<section class="card" aria-labelledby="tickets"><h2 id="tickets">${present} has no proxy tickets</h2>
<p>You signed in with <strong>${present}</strong>. It has told the portal who you are, and that is all its protocol can do: there is no ticket in it by which the portal could ask another application in your name. This is so by design, and nothing has gone wrong.</p>
<p>Sign in with <strong>${needed}</strong> to ${purpose}. You will be signed out of the portal first; ${present} itself still knows you.</p>
<form method="post" action="${signInAgain}"><button class="primary" type="submit">Sign in with ${needed}</button></form>
</section>`;
}
