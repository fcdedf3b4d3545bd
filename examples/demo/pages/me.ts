import type { User } from '../../../src/index.ts';
import { type Html, html } from './html.ts';
import { signOut } from './layout.ts';
import { factList, factsOf, moment, nameOf } from './person.ts';
import { address } from './trouble.ts';

const PROTOCOLS: Readonly<Record<User['protocol'], string>> = { cas: 'CAS', ucam: 'Ucam-WebAuth' };

export interface MyPageOptions {
  /** What the way is called that the person signed in by. */
  readonly way: string;
  /** Where "Sign out" is posted to. */
  readonly logoutUrl: string;
}

/** The page of somebody who is signed in. */
export function myPage(user: User, { way, logoutUrl }: MyPageOptions): Html {
  const { person, login } = factsOf(user);
  return html`<h1>Hello, <bdi>${nameOf(user)}</bdi></h1>
<p class="lead">You are <strong><bdi>${user.id}</bdi></strong>, and <strong>${new URL(user.issuer).host}</strong> vouches for it.</p>
<div class="columns">
<section class="card" aria-labelledby="attributes"><h2 id="attributes">About you</h2>
${person.length > 0 ? factList(person) : html`<p>The login server sent no attributes for you.</p>`}
${user.protocol === 'ucam' ? html`<p class="soft">${way} tells your user-id and your status, and nothing else about you.</p>` : ''}
</section>
<section class="card" aria-labelledby="login"><h2 id="login">About this login</h2>
<dl class="facts">
<div><dt>Way in</dt><dd>${way} <span class="soft">${PROTOCOLS[user.protocol]}</span></dd></div>
<div><dt>Issuer</dt><dd>${address(user.issuer)}</dd></div>
<div><dt>Signed in</dt><dd>${moment(user.loggedInAt)}</dd></div>
<div><dt>Holds until</dt><dd>${moment(user.expiresAt)} <span class="soft">at the latest; an hour without a visit ends it earlier</span></dd></div>
${user.authenticatedAt ? html`<div><dt>Password shown</dt><dd>${moment(user.authenticatedAt)}</dd></div>` : ''}
</dl>
${login.length > 0 ? html`<details><summary>What the server said about it</summary>${factList(login)}</details>` : ''}
${signOut(logoutUrl, 'secondary')}
</section>
</div>`;
}
