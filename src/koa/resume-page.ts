import type { Context } from 'koa';
import type { ResolvedOptions } from '../options.ts';
import { type Page, type PageAction, sendPage } from './page.ts';

/** The field that names the kept request which a small form stands for. */
export const TOKEN_FIELD = 'campus-sso-resume';

/** Below the route prefix. The name changes with the content, so that it can be cached for good. */
export const RESUME_SCRIPT_PATH = '/resume-1.js';

/** What the script finds the form by. */
export const FORM_ID = 'campus-sso-resume-form';

/**
 * Presses the button for the person, once. Before the page has loaded in full, so that browsers put what follows in the
 * place of this page in their history; and not for people who come back to it or load it again, who could not get away.
 */
export const RESUME_SCRIPT = `document.addEventListener('DOMContentLoaded', () => {
  const visit = performance.getEntriesByType('navigation')[0];
  if (visit && visit.type !== 'navigate') return;
  const form = document.getElementById('${FORM_ID}');
  if (form) HTMLFormElement.prototype.submit.call(form);
}, { once: true });
`;

/** A request that was kept over a login, and the person to go on with it. */
export interface ResumePage {
  /** Path and query on our site that the form posts to. */
  readonly action: string;
  /** The value of the hidden field. */
  readonly token: string;
  /** Scheme, host and port of our site. */
  readonly origin: string;
  readonly method: string;
  /** When the request came, in milliseconds since 1970. */
  readonly savedAt: number;
  /** Bytes of its body. */
  readonly size: number;
  /** Who is signed in now, as the login server calls them. */
  readonly person: string;
  /** Ask before anything is sent: nobody knows who sent it. No script then. */
  readonly confirm: boolean;
  /** Path to post the same token to in order to erase the request. */
  readonly discardPath: string;
}

/**
 * Sends the page that a kept request goes on from: by itself where it is known whose it is, and else by the person, who
 * must see first what it is.
 */
export function sendResumePage(ctx: Context, options: ResolvedOptions, page: ResumePage): void {
  const { origin, action, token, confirm } = page;
  const age = describeAge(options.clock() - page.savedAt);
  const fields = { [TOKEN_FIELD]: token };
  const actions: readonly PageAction[] = [
    // With its origin: a path that begins with two slashes would name another host.
    { kind: 'post', label: confirm ? 'Send it' : 'Send it now', href: origin + action, fields, id: FORM_ID },
    { kind: 'post', label: 'Do not send it', href: page.discardPath, fields },
  ];
  const facts = [
    ['Site', new URL(origin).host],
    ['Action', `${page.method} ${action}`],
    ['Sent', `${age}, ${new Date(page.savedAt).toISOString().slice(11, 16)} UTC`],
    ['Size', describeSize(page.size)],
    ['Signed in as', page.person],
  ] as const;
  const asking: Pick<Page, 'title' | 'paragraphs' | 'live' | 'script'> = {
    title: 'Do you want to send this?',
    paragraphs: [
      `A form was sent from this browser ${age}, when nobody was signed in, so this site cannot tell whose it is. Nothing has been done with it yet.`,
      'Send it only if you filled it in yourself: it will count as yours.',
    ],
  };
  const goingOn: typeof asking = {
    title: 'You are signed in again',
    paragraphs: [
      `What you sent ${age} was kept while you signed in, and waits to be sent.`,
      'It goes on by itself. If nothing happens, press “Send it now”.',
    ],
    live: true,
    script: options.basePath + options.routePrefix + RESUME_SCRIPT_PATH,
  };
  sendPage(ctx, options, { ...(confirm ? asking : goingOn), status: 200, facts, actions });
}

function describeAge(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  // The clock of the process that kept it may be ahead.
  if (minutes < 1) return 'less than a minute ago';
  if (minutes === 1) return 'a minute ago';
  if (minutes < 120) return `${minutes} minutes ago`;
  return `${Math.floor(minutes / 60)} hours ago`;
}

function describeSize(bytes: number): string {
  if (bytes < 1000) return bytes === 1 ? '1 byte' : `${bytes} bytes`;
  if (bytes < 999_500) return `${Math.round(bytes / 1000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
