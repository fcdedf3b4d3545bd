import type { Asked } from '../ask-library.ts';
import { breakable, type Html, html } from './html.ts';

/** Why the library could not be asked, in words. */
export interface Trouble {
  readonly title: string;
  readonly text: Html;
  /** What can be done about it on the page. */
  readonly remedy: 'signIn' | 'askAgain' | 'none';
}

/** The addresses that a trouble may have to do with. */
export interface Addresses {
  /** Where the login server delivers grants. */
  readonly callback: string;
  /** What the portal asks the library for. */
  readonly library: string;
}

/** An address in code, which may break between its parts. */
export function address(url: string): Html {
  return html`<code>${breakable(url, /(?<=[a-z\d]\/)/)}</code>`;
}

const noGrant = ({ callback }: Addresses): Trouble => ({
  title: 'The portal may not ask for you',
  text: html`<p>When you signed in, the login server left no grant with the portal. It does that by a call to ${address(callback)}, and usually one of these is the reason that there was none:</p>
<ul>
<li>The login server does not trust the certificate of that address. The authority that issued it is new at each start of this demo; <code class="option">--write-ca FILE</code> writes its certificate.</li>
<li>The login server cannot reach that address, which is on this computer.</li>
<li>The portal is not registered there as one that may act for people.</li>
</ul>
<p>The terminal has a line about it. When it is mended, sign in again.</p>`,
  remedy: 'signIn',
});

const grantEnded: Trouble = {
  title: 'The portal’s grant has ended',
  text: html`<p>The login server no longer honours the grant that it left with the portal: it has expired, or you have signed out there. When you sign in again, the portal gets a new one.</p>`,
  remedy: 'signIn',
};

const noTicket: Trouble = {
  title: 'No ticket for the library',
  text: html`<p>The login server gives this portal no tickets for the library. The portal may not act for people there, or the library is not registered. To sign in again would not help.</p>`,
  remedy: 'none',
};

const noLoginServer: Trouble = {
  title: 'The login server did not help',
  text: html`<p>The portal could not get a ticket for the library, because the login server cannot be reached or did not answer as it should. Please try again in a moment.</p>`,
  remedy: 'askAgain',
};

const noLibrary = ({ library }: Addresses): Trouble => ({
  title: 'The library cannot be reached',
  text: html`<p>The portal has a ticket, but nobody answers at ${address(library)}. Please try again in a moment.</p>`,
  remedy: 'askAgain',
});

const wrongChain = ({ callback }: Addresses): Trouble => ({
  title: 'The library does not know this portal',
  text: html`<p>The ticket was good, but the library lets nobody act for you except by way of ${address(callback)}, and the login server told of another way.</p>`,
  remedy: 'none',
});

const ticketRefused: Trouble = {
  title: 'The library did not accept the ticket',
  text: html`<p>A ticket can be used once, for a short time, and only at the address that it was issued for. Please ask again: each question gets a ticket of its own.</p>`,
  remedy: 'askAgain',
};

const libraryFailed: Trouble = {
  title: 'The library could not answer',
  text: html`<p>It took the call and did not come to an answer that the portal understands, perhaps because it could not reach the login server either. Please try again in a moment.</p>`,
  remedy: 'askAgain',
};

/** What leads out of a trouble on one page or another. */
export interface Remedies {
  readonly signIn: Html;
  readonly askAgain: Html;
}

/** What to tell somebody for whom the library could not be asked, with what can be done about it. */
export function troubleCard(asked: Asked & { kind: 'failed' }, addresses: Addresses, remedies: Remedies): Html {
  const { title, text, remedy } = troubleOf(asked, addresses);
  return html`<section class="card trouble" aria-labelledby="trouble" role="alert"><h2 id="trouble">${title}</h2>
${text}
<p class="soft">Code: <code>${asked.code}</code></p>
${remedy === 'none' ? '' : remedies[remedy]}
</section>`;
}

function troubleOf({ stage, code }: Asked & { kind: 'failed' }, addresses: Addresses): Trouble {
  if (stage === 'call') return noLibrary(addresses);
  switch (code) {
    case 'ERR_SSO_NO_PROXY_GRANT':
      return noGrant(addresses);
    case 'ERR_SSO_PROXY_GRANT_EXPIRED':
      return grantEnded;
    case 'ERR_SSO_PROXY_REFUSED':
      return noTicket;
    case 'ERR_SSO_PROXY_CHAIN':
      return wrongChain(addresses);
    case 'ERR_SSO_PROXY_TICKET_REJECTED':
      return ticketRefused;
    default:
      return stage === 'ticket' ? noLoginServer : libraryFailed;
  }
}
