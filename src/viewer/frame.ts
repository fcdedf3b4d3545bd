import { createHash } from 'node:crypto';
import type { Context } from 'koa';
import { privateResponse } from '../koa/page.ts';
import { html, type Markup } from './markup.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';

/** Where the pages of the viewer are, as the browser knows it. */
export interface Place {
  /** The path of the list of attempts, to which the paths of the other pages are added. */
  readonly root: string;
  /** The start page of the application. */
  readonly home: string;
}

/** A file of the viewer: its name changes with its content, so that a browser may keep it for good. */
interface OwnFile {
  readonly name: string;
  readonly type: string;
  readonly content: string;
}

const fileOf = (stem: string, end: string, type: string, content: string): OwnFile => ({
  name: `${stem}-${createHash('sha256').update(content).digest('hex').slice(0, 10)}.${end}`,
  type,
  content,
});

const style = fileOf('viewer', 'css', 'text/css', STYLE);
const script = fileOf('viewer', 'js', 'text/javascript', SCRIPT);

const FILES: ReadonlyMap<string, OwnFile> = new Map([style, script].map((file) => [file.name, file]));

/** Sends a file of the viewer; false if there is none of that name. */
export function sendFile(ctx: Context, name: string): boolean {
  const file = FILES.get(name);
  if (!file) return false;
  ctx.type = `${file.type}; charset=utf-8`;
  ctx.set('Cache-Control', 'private, max-age=31536000, immutable');
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.body = file.content;
  return true;
}

export interface ViewerPage {
  readonly status?: number;
  readonly title: string;
  /** Which of the two lists this page is. */
  readonly tab?: 'Sign-ins' | 'Flows';
  /** The label of the attempt that the page is about; null for all. Undefined for a page that does not change. */
  readonly live?: string | null;
  /** For a page with a picture, which may be as wide as the window. */
  readonly wide?: true;
  readonly content: Markup;
}

function tab(href: string, label: string, { tab: current }: ViewerPage): Markup {
  return html`<a href="${href}"${current === label ? html` aria-current="page"` : null}>${label}</a>`;
}

/** Sends a page that works under a strict policy: everything is from here, and nothing is inline. Never kept, never framed. */
export function sendViewerPage(ctx: Context, { root, home }: Place, page: ViewerPage): void {
  const { status = 200, title, live, wide, content } = page;
  const about = live === null || live === undefined ? '' : `?attempt=${encodeURIComponent(live)}`;
  ctx.status = status;
  ctx.type = 'text/html; charset=utf-8';
  privateResponse(ctx);
  // A form on a page without a referrer is sent with `Origin: null`, which could be another site's.
  ctx.set('Referrer-Policy', 'same-origin');
  ctx.set(
    'Content-Security-Policy',
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  );
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.body = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="stylesheet" href="${root}/files/${style.name}">
<script src="${root}/files/${script.name}" defer></script>
</head>
<body${wide ? html` class="wide-page"` : null}${live === undefined ? null : html` data-events="${root}/events${about}"`}>
<a class="skip" href="#content">Skip to the content</a>
<header class="bar"><nav aria-label="Viewer">${[tab(root, 'Sign-ins', page), tab(`${root}/machines`, 'Flows', page)]}<a href="${home}">To the site</a></nav>${
    live === undefined ? null : html`<p id="live" role="status">Reload the page for what is new.</p>`
  }</header>
<main id="content" tabindex="-1">
${content}
</main>
</body>
</html>
`.source;
}
