import type { Answer } from './fake-server-http.ts';
import { escapeMarkup } from './fake-server-markup.ts';

/** What all pages of one server have in common. */
export interface PageFrame {
  /** The address of the stylesheet. */
  readonly stylesheet: string;
  /** What the server is for, under the name of the university. */
  readonly purpose: string;
  /** Tells two servers of one demo apart by the colour of the banner. Default: blue. */
  readonly colour?: 'plum';
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

/** A page with one message and, if there is one, a way on. */
export function messagePage(
  frame: PageFrame,
  title: string,
  text: string,
  link?: { readonly href: string; readonly text: string },
): string {
  const way = link && `<a class="button" href="${escapeMarkup(link.href)}">${escapeMarkup(link.text)}</a>`;
  return layout(
    frame,
    title,
    `<section class="card" aria-labelledby="title">
<h1 id="title">${escapeMarkup(title)}</h1>
<p class="lead">${escapeMarkup(text)}</p>
${way === undefined ? '' : `<div class="actions">${way}</div>`}
</section>`,
  );
}

/** A whole page around `content`, which is HTML. */
export function layout({ stylesheet, purpose, colour }: PageFrame, title: string, content: string): string {
  return `<!doctype html>
<html lang="en"${colour === undefined ? '' : ` class="${colour}"`}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeMarkup(title)} – Example University (fake login server)</title>
<link rel="stylesheet" href="${escapeMarkup(stylesheet)}">
</head>
<body>
<header>
<svg class="crest" viewBox="0 0 32 36" width="32" height="36" aria-hidden="true" focusable="false"><path class="shield" d="M2 2h28v16c0 8-6 13-14 16C8 31 2 26 2 18z"/><path class="book" d="M7 11c4-1.500 7-1 9 1 2-2 5-2.500 9-1v11c-4-1.500-7-1-9 1-2-2-5-2.500-9-1zM16 12v11"/></svg>
<p><strong>Example University</strong> <span class="dash">–</span> <span class="purpose">${escapeMarkup(purpose)}</span></p>
</header>
<main>
${content}
</main>
</body>
</html>
`;
}
