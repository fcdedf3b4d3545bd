import { breakable, type Html, html } from './html.ts';

/** A page deep in the portal, which shows that the address survived the sign-in. */
export function notesPage(address: string): Html {
  const query = [...new URL(address, 'http://localhost').searchParams];
  const table = html`<table>
<caption>What the address asks for, in its order</caption>
<thead><tr><th scope="col">Name</th><th scope="col">Value</th></tr></thead>
<tbody>${query.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody>
</table>`;
  return html`<h1>Notes</h1>
<p class="lead">You asked for this page, and you got it with every letter of its address:</p>
<p class="address"><code>${breakable(address, /(?<=[?&])/)}</code></p>
<section class="card">${query.length > 0 ? table : html`<p>This address has no query. Sign out, then <a href="/notes?b=2&amp;a=1">open one that has</a>.</p>`}</section>`;
}

export function missingPage(): Html {
  return html`<h1>There is no such page</h1>
<p class="lead">The address may be old, or mistyped.</p>
<p class="actions"><a class="button primary" href="/">Go to the start page</a></p>`;
}

export function strangeFormPage(): Html {
  return html`<h1>This form is not ours</h1>
<p class="lead">Another page asked the portal to do something in your name. Nothing was done.</p>
<p class="actions"><a class="button primary" href="/">Go to the start page</a></p>`;
}
