import { type Command, CommandProblem, type Terminal, WrongUsage } from './command.ts';

interface Entry {
  /** In one line, for the list of commands. */
  readonly summary: string;
  /** Each command is a file of its own, read only when it is asked for. */
  load(): Promise<Command>;
}

/** What the tool can do; a further command is a file beside this one and an entry here. */
const COMMANDS: ReadonlyMap<string, Entry> = new Map([
  ['flows', { summary: 'Draws and documents the flows.', load: async () => (await import('./flows.ts')).flows }],
  [
    'audit',
    { summary: 'Verifies a journal, and tells what is in it.', load: async () => (await import('./audit.ts')).audit },
  ],
]);

/**
 * Runs one command of the tool.
 * @param args the command line without the interpreter and the script
 * @returns the exit code: 0, 1 for a problem or a finding, 2 for a wrong command line
 */
export async function runTool(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h') {
    terminal.out(usage());
    return name === undefined ? 2 : 0;
  }
  const entry = COMMANDS.get(name);
  if (!entry) {
    terminal.error(`There is no command ${JSON.stringify(name)}.\n\n${usage()}`);
    return 2;
  }
  const command = await entry.load();
  if (rest.includes('--help') || rest.includes('-h')) {
    terminal.out(command.usage);
    return 0;
  }
  try {
    return await command.run(rest, terminal);
  } catch (error) {
    if (error instanceof WrongUsage) {
      terminal.error(`${error.message}\n\n${command.usage}`);
      return 2;
    }
    if (!(error instanceof CommandProblem)) throw error;
    terminal.error(`${error.message}\n`);
    return 1;
  }
}

function usage(): string {
  const list = [...COMMANDS].map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`);
  return `Usage: koa-campus-sso <command> [options]\n\n${list.join('\n')}\n\nkoa-campus-sso <command> --help says more.\n`;
}
