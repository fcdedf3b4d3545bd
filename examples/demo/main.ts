import { type DemoArguments, readArguments, USAGE, UsageError } from './arguments.ts';
import { startDemo } from './demo.ts';
import { createTerminal } from './terminal.ts';

const PATIENCE_MS = 3000;

/** The exit code, or undefined while the demo runs. */
async function main(args: readonly string[]): Promise<number | undefined> {
  let wanted: DemoArguments;
  try {
    wanted = readArguments(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    return 2;
  }
  if (wanted.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
  try {
    const demo = await startDemo(
      wanted,
      createTerminal((text) => process.stdout.write(text), colour),
    );
    // `on` and not `once`: a terminal and npm may both pass the signal on, and a second one would end us with an error.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        void demo.close();
        // When all is closed nothing keeps the process alive. Should something do so all the same, nobody waits for it.
        setTimeout(() => process.exit(0), PATIENCE_MS).unref();
      });
    }
    return undefined;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
