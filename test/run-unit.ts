/**
 * Runs tests (all, or the files that are named) while every plugin that they start also writes a journal, and then looks
 * whether `audit verify` finds these journals clean, and every change of them. Ends as the first of the two that failed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RUN_FOLDER } from './support/run-journal.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'journal-of-the-run-'));
let running: ChildProcess | undefined;
let stopped: NodeJS.Signals | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    stopped = signal;
    running?.kill(signal);
  });
}

/** Runs files with node:test in a process of its own; gives what that ended with. */
async function runTests(files: readonly string[], timeoutMs: number): Promise<number> {
  if (stopped) return 128 + constants.signals[stopped];
  const options = ['--import', 'tsx', '--test', `--test-timeout=${timeoutMs}`, '--test-reporter=spec'];
  running = spawn(process.execPath, [...options, ...files], {
    cwd: root,
    env: { ...process.env, [RUN_FOLDER]: folder },
    stdio: 'inherit',
  });
  const [code, signal] = (await once(running, 'close')) as [number | null, NodeJS.Signals | null];
  const by = stopped ?? signal;
  return by ? 128 + constants.signals[by] : (code ?? 1);
}

function allTests(): string[] {
  const names = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test', name))
    .sort();
}

try {
  const named = process.argv.slice(2);
  const code = await runTests(named.length > 0 ? named : allTests(), 120_000);
  // Not every file starts a plugin; all of them together do.
  const isWithout = named.length > 0 && readdirSync(folder).length === 0;
  if (!isWithout && !stopped) console.log('\nThe journals of this run:');
  const journals = isWithout ? 0 : await runTests(['test/journal-of-the-run.ts'], 600_000);
  process.exitCode = code || journals;
} finally {
  await rm(folder, { recursive: true, force: true });
}
