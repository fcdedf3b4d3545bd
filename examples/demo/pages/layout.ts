import { type Html, html } from './html.ts';
import { ICON_PATH } from './icon.ts';
import { STYLE_PATH } from './style.ts';

/** What the frame around a page shows. */
export interface Frame {
  readonly title: string;
  /** The path of the page, to mark where the visitor is. */
  readonly path: string;
  /** What to call the person who is signed in; null for nobody. */
  readonly name: string | null;
  /** Where "Sign in" leads. */
  readonly loginUrl: string;
  /** Where "Sign out" is posted to. */
  readonly logoutUrl: string;
}

type Link = readonly [path: string, label: string];

const OPEN: readonly Link[] = [
  ['/', 'Start'],
  ['/me', 'My page'],
  ['/notes', 'Notes'],
];
const SIGNED_IN: readonly Link[] = [
  ['/loans', 'My loans'],
  ['/grades', 'Grades'],
];
const VIEWER: Link = ['/sso/flows', 'Behind the scenes'];

/** A whole page of the portal. */
export function layout(frame: Frame, content: Html): string {
  const { title, path, name, loginUrl, logoutUrl } = frame;
  const navigation = [...OPEN, ...(name === null ? [] : SIGNED_IN), VIEWER];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} – Example University</title>
<link rel="icon" href="${ICON_PATH}" type="image/svg+xml">
<link rel="stylesheet" href="${STYLE_PATH}">
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<div class="bar">
<a class="brand" href="/"><img src="${ICON_PATH}" alt="" width="32" height="36"><span><strong>Example University</strong> <span class="soft">Campus portal</span></span></a>
<div class="person">${name === null ? html`<a class="button quiet" href="${loginUrl}">Sign in</a>` : html`<span class="who"><span class="soft">Signed in as</span> <bdi>${name}</bdi></span>${signOut(logoutUrl, 'quiet')}`}</div>
</div>
<nav aria-label="Main"><ul>${navigation.map(([href, label]) => html`<li><a href="${href}"${path === href ? html` aria-current="page"` : ''}>${label}</a></li>`)}</ul></nav>
</header>
<main id="content" tabindex="-1">
${content}
</main>
<footer><p>A demonstration of <code>koa-campus-sso</code>. There is no such university.</p></footer>
</body>
</html>
`.source;
}

/** The button that ends the login; a form, so that no link checker or prefetch can press it. */
export function signOut(logoutUrl: string, look: 'quiet' | 'secondary'): Html {
  return html`<form method="post" action="${logoutUrl}"><button class="${look}" type="submit">Sign out</button></form>`;
}
