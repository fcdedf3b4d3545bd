import type { JournalEntry } from '../../src/index.ts';
import type { LoginServers, TestUser } from './login-servers.ts';

/** The codes that begin a style; 0 ends them all. Not `styleText`, which looks at the terminal in some versions of Node. */
const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
type Style = keyof typeof STYLES;

export interface StartScreen {
  readonly portalUrl: string;
  readonly libraryUrl: string;
  readonly callbackUrl: string;
  readonly servers: LoginServers;
}

/** What the demo writes, line by line. */
export function createTerminal(write: (text: string) => void, colour: boolean) {
  const paint = (style: Style, text: string) => (colour ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text);
  const line = (columns: readonly string[]) => write(`${`  ${columns.join('  ')}`.trimEnd()}\n`);
  const headings = ['time'.padEnd(8), 'attempt', FLOW('flow'), STEP('from → to'), EVENT('event'), 'effects'];

  const remark = (text: string) => paint('dim', `  ${text}`);
  const address = (label: string, url: string, about = '') => write(`  ${LABEL(label)}  ${url}${about}\n`);
  const people = (label: string, users: readonly TestUser[] = []) => {
    const width = Math.max(...users.map(({ name }) => name.length));
    users.forEach(({ name, password, remark: about }, index) => {
      const row = `${name.padEnd(width)}  ${paint('dim', password)}${about ? remark(about) : ''}`;
      write(`  ${LABEL(index === 0 ? label : '')}  ${row}\n`);
    });
    if (users.length > 0) write('\n');
  };

  return {
    start({ portalUrl, libraryUrl, callbackUrl, servers: { cas, casUsers, raven, ravenUsers } }: StartScreen): void {
      write(`\n  ${paint('bold', 'koa-campus-sso demo')}\n\n`);
      address('Portal', paint('cyan', portalUrl));
      address('Library', libraryUrl, remark('an API that the portal calls on your behalf'));
      address('CAS server', cas.serverUrl, casUsers ? remark('a fake one, for this demo') : '');
      address('Callback', callbackUrl, remark('where it leaves grants'));
      if (raven) address('Raven', new URL(raven.loginUrl).origin, remark('a fake one as well, by Ucam-WebAuth'));
      write('\n');
      people('CAS users', casUsers);
      people('Raven users', ravenUsers);
      write('  Open the portal in a browser. Ctrl-C ends everything.\n\n');
      line(headings.map((heading) => paint('dim', heading)));
    },

    step({ at, attempt, flow, from, to, event, effects, code }: JournalEntry): void {
      const step = STEP(`${from ?? '·'} → ${to}`);
      const outcome: Style = code ? 'red' : GOOD_ENDS.has(to) ? 'green' : 'bold';
      const rest = [effects.join(', '), code && paint('red', code)].filter(Boolean).join('  ');
      const run = paint('cyan', attempt.slice(0, 7));
      // Only CAS has flows besides the login, so the beginning of their names says nothing.
      line([paint('dim', TIME(at)), run, FLOW(flow.replace(/^cas-/, '')), paint(outcome, step), EVENT(event), rest]);
    },

    /** Something that is no step: a warning of the plugin, an error of the application. */
    note(text: string): void {
      line([paint('dim', TIME(Date.now())), paint('yellow', text.replace(/[\s\p{Cc}]+/gu, ' '))]);
    },
  };
}

export type Terminal = ReturnType<typeof createTerminal>;

/** Where a flow has got what it was for. */
const GOOD_ENDS: ReadonlySet<string> = new Set(['authenticated', 'probed', 'stored', 'issued', 'accepted']);

const LABEL = (text: string) => text.padEnd(11);
const TIME = (at: number) => new Date(at).toTimeString().slice(0, 8);
const FLOW = (text: string) => text.padEnd(14);
const STEP = (text: string) => text.padEnd(31);
const EVENT = (text: string) => text.padEnd(22);
