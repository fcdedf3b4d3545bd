import type { Context } from 'koa';
import type { ResolvedOptions } from '../options.ts';
import { STYLE_PATH } from './style.ts';

/** A small page of ours. All texts are plain text. */
export interface Page {
  readonly status: number;
  readonly title: string;
  readonly paragraphs: readonly string[];
  /** Shown small, for whoever is asked for help. */
  readonly reference?: string;
  readonly actions: readonly PageAction[];
  /** Where the answer to a form may redirect to beyond this site: some browsers ask `form-action` for that as well. */
  readonly formTargets?: readonly string[];
  /** `choice`: the actions are equals, one below the other. Default: the first one is what most people want. */
  readonly layout?: 'choice';
  /** Details to compare, as pairs of a label and a value. */
  readonly facts?: readonly (readonly [label: string, value: string])[];
  /** The first paragraph says what goes on at this moment, to those who listen to the page as well. */
  readonly live?: true;
  /** The path of a script of ours. The page must work without it. */
  readonly script?: string;
}

export type PageAction =
  | { readonly kind: 'link'; readonly label: string; readonly href: string }
  | {
      readonly kind: 'post';
      readonly label: string;
      readonly href: string;
      /** What the form sends along, by name. */
      readonly fields?: Readonly<Record<string, string>>;
      /** For a script to find the form by. */
      readonly id?: string;
      /** What the person fills in. */
      readonly inputs?: readonly PageInput[];
    };

/** A field that people fill in. */
export interface PageInput {
  readonly name: string;
  readonly label: string;
  readonly type: 'text' | 'password' | 'email';
  readonly autocomplete: string;
  readonly inputMode?: 'numeric';
}

/**
 * Sends a page that works under the strictest Content-Security-Policy: no inline script, no inline style, nothing from
 * elsewhere. It is never cached and never framed, and tells no other site its address.
 */
export function sendPage(ctx: Context, options: ResolvedOptions, page: Page): void {
  ctx.status = page.status;
  ctx.type = 'text/html; charset=utf-8';
  privateResponse(ctx);
  // A form on a page without a referrer is sent with `Origin: null`, which we could not tell from another site's.
  if (page.actions.some((action) => action.kind === 'post')) ctx.set('Referrer-Policy', 'same-origin');
  ctx.set(
    'Content-Security-Policy',
    `default-src 'none'; style-src 'self'; ${page.script === undefined ? '' : "script-src 'self'; "}form-action ${formAction(page)}; base-uri 'none'; frame-ancestors 'none'`,
  );
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.body = render(options, page);
}

function formAction({ formTargets = [] }: Page): string {
  return ["'self'", ...new Set(formTargets.map((target) => new URL(target).origin))].join(' ');
}

/** Headers of everything that a login passes through: not kept, and not told to others (CAS 2.2.4, ASVS 14.3.2). */
export function privateResponse(ctx: Context): void {
  ctx.set('Cache-Control', 'no-store');
  ctx.set('Referrer-Policy', 'no-referrer');
}

function render(options: ResolvedOptions, page: Page): string {
  const { basePath, routePrefix } = options;
  const actions = page.actions.map((action, index) => {
    const look = index === 0 && page.layout !== 'choice' ? 'primary' : 'secondary';
    return action.kind === 'link'
      ? `<a class="${look}" href="${escapeHtml(action.href)}">${escapeHtml(action.label)}</a>`
      : renderForm(action, look);
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${escapeHtml(page.title)}</title>
<link rel="stylesheet" href="${escapeHtml(basePath + routePrefix + STYLE_PATH)}">${page.script === undefined ? '' : `\n<script src="${escapeHtml(page.script)}" defer></script>`}
</head>
<body>
<main>
<h1>${escapeHtml(page.title)}</h1>
${page.paragraphs.map((text, index) => `<p${page.live && index === 0 ? ' role="status"' : ''}>${escapeHtml(text)}</p>`).join('\n')}
${renderFacts(page.facts)}
${actions.length > 0 ? `<div class="actions${page.layout === 'choice' ? ' choice' : ''}">${actions.join('\n')}</div>` : ''}
${page.reference ? `<p class="reference">Reference: <code>${escapeHtml(page.reference)}</code></p>` : ''}
</main>
</body>
</html>
`;
}

function renderForm(
  { label, href, fields = {}, id, inputs = [] }: PageAction & { kind: 'post' },
  look: string,
): string {
  const hidden = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  const visible = inputs.map(
    ({ name, label: text, type, autocomplete, inputMode }) =>
      `<label>${escapeHtml(text)}<input name="${escapeHtml(name)}" type="${type}" autocomplete="${autocomplete}"${inputMode === undefined ? '' : ` inputmode="${inputMode}"`} required></label>`,
  );
  const named = id === undefined ? '' : ` id="${escapeHtml(id)}"`;
  return `<form method="post" action="${escapeHtml(href)}"${named}>${hidden.join('')}${visible.join('')}<button class="${look}" type="submit">${escapeHtml(label)}</button></form>`;
}

function renderFacts(facts: Page['facts'] = []): string {
  const rows = facts.map(([label, value]) => `<div><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd></div>`);
  return rows.length > 0 ? `<dl class="facts">\n${rows.join('\n')}\n</dl>` : '';
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
