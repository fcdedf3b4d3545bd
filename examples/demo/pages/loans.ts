import type { Asked } from '../ask-library.ts';
import type { LibraryAnswer, Loan } from '../library/answer.ts';
import { type Html, html } from './html.ts';
import { noTicketsCard, type Ways } from './no-tickets.ts';
import { type Addresses, address, troubleCard } from './trouble.ts';

/** Where the portal asks the library, with a button for it. */
export const LOANS_PAGE = '/loans';
/** Where somebody goes who needs a new grant. */
export const SIGN_IN_AGAIN = '/loans/sign-in-again';

/** The page with the button; with what came of it once it has been pressed. */
export function loansPage(addresses: Addresses, asked?: Asked): Html {
  return html`<h1>My loans</h1>
<p class="lead">The library knows what you have borrowed. This portal does not: it asks the library on your behalf, and needs no password for that.</p>
${asked === undefined ? invitation(addresses) : asked.kind === 'answered' ? answered(asked.answer, addresses) : failed(asked, addresses)}`;
}

/** The page of somebody who has signed in by a way that knows no proxy tickets. */
export function noLoansPage(ways: Ways): Html {
  return html`<h1>My loans</h1>
<p class="lead">The library knows what you have borrowed. This portal does not: it would have to ask the library on your behalf.</p>
${noTicketsCard(ways, { purpose: 'see your loans', signInAgain: SIGN_IN_AGAIN })}`;
}

function invitation({ library }: Addresses): Html {
  return html`<section class="card" aria-labelledby="ask"><h2 id="ask">Ask through the portal</h2>
<p>The portal gets a ticket from the login server, made out to you and to the library. The library has it checked there and learns who you are, and who is asking for you.</p>
<p>Without such a ticket it answers nobody. <a href="${library}">Open it yourself</a>, and it turns you away.</p>
${askForm('Ask the library on my behalf', 'primary')}
</section>`;
}

function answered({ reader, proxies, loans }: LibraryAnswer, { callback, library }: Addresses): Html {
  return html`<p class="notice" role="status">The library has answered.</p>
<div class="columns">
<section class="card" aria-labelledby="loans"><h2 id="loans">Your loans</h2>
${loans.length > 0 ? loanTable(loans) : html`<p>You have borrowed nothing at the moment.</p>`}
</section>
<section class="card" aria-labelledby="seen"><h2 id="seen">Whom the library saw</h2>
<dl class="facts">
<div><dt>Reader</dt><dd><bdi>${reader.id}</bdi></dd></div>
<div><dt>Vouched for by</dt><dd>${address(reader.issuer)}</dd></div>
<div><dt>Chain of proxies</dt><dd>${proxies.length === 1 ? proxies.map(address) : html`<ol>${proxies.map((proxy) => html`<li>${address(proxy)}</li>`)}</ol>`}</dd></div>
</dl>
</section>
</div>
<section class="card" aria-labelledby="story"><h2 id="story">What happened</h2>
<p>When you signed in, the login server called the portal at its <strong>callback</strong> ${address(callback)}, checked the certificate of that address, and left a <strong>grant</strong> there, which the portal keeps to itself for as long as you are signed in. Just now the portal showed this grant to the login server and got a <strong>ticket</strong> for ${address(library)}, good for one call. The library had the ticket checked, learnt that it is about you and came by way of the portal, and found the portal’s callback among those that may act for people.</p>
${askForm('Ask again', 'secondary')}
</section>`;
}

function failed(asked: Asked & { kind: 'failed' }, addresses: Addresses): Html {
  const signIn = html`<form method="post" action="${SIGN_IN_AGAIN}"><button class="primary" type="submit">Sign in again</button></form>`;
  return troubleCard(asked, addresses, { signIn, askAgain: askForm('Ask again', 'primary') });
}

function askForm(label: string, look: 'primary' | 'secondary'): Html {
  return html`<form method="post" action="${LOANS_PAGE}"><button class="${look}" type="submit">${label}</button></form>`;
}

function loanTable(loans: readonly Loan[]): Html {
  return html`<table>
<thead><tr><th scope="col">Book</th><th scope="col" class="narrow">Due</th></tr></thead>
<tbody>${loans.map(
    ({ title, author, due }) => html`
<tr><td><cite>${title}</cite> <span class="soft">${author}</span></td><td class="narrow"><time datetime="${due}">${DAY.format(new Date(due))}</time></td></tr>`,
  )}
</tbody>
</table>`;
}

const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
