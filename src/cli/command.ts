/** One command of the tool: `koa-campus-sso <name> …`. */
export interface Command {
  /** Everything that `--help` says. */
  readonly usage: string;
  /**
   * @param args what follows the name of the command
   * @returns the exit code: 0, or 1 for a finding (something is out of date, a check failed)
   * @throws CommandProblem for exit code 1, WrongUsage for exit code 2
   */
  run(args: readonly string[], terminal: Terminal): Promise<number>;
}

/** Where a command writes. */
export interface Terminal {
  out(text: string): void;
  error(text: string): void;
}

/** Something outside of the command line is wrong: a file, a module that is missing. Its message is all that is shown. */
export class CommandProblem extends Error {}

/** The command line is wrong. */
export class WrongUsage extends Error {}
