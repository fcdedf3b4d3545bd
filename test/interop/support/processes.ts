import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const cleanups = new Set<() => void>();
let watching = false;

function cleanUp(): void {
  for (const cleanup of [...cleanups].reverse()) cleanup();
  cleanups.clear();
}

/** Runs `cleanup` (which must be synchronous) when this process ends or is told to; the result forgets it again. */
export function onShutdown(cleanup: () => void): () => void {
  if (!watching) {
    watching = true;
    process.once('exit', cleanUp);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        cleanUp();
        process.kill(process.pid, signal);
      });
    }
  }
  cleanups.add(cleanup);
  return () => cleanups.delete(cleanup);
}

/** A fresh directory that is removed by `remove()`, or when this process ends. */
export function temporaryDirectory(name: string): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), `${name}-`));
  const clear = (): void => rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  const forget = onShutdown(clear);
  return {
    path,
    remove() {
      forget();
      clear();
    },
  };
}

export interface ProcessOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
}

export interface RunningProcess {
  /** What it has written so far, to both of its outputs. */
  output(): string;
  isRunning(): boolean;
  /** Waits until `look` finds something; fails when the process ends first, or after `timeoutMs`. */
  until<T>(look: () => Promise<T | undefined> | T | undefined, timeoutMs?: number): Promise<T>;
  /** Asks it to end, and after three seconds makes it. */
  stop(): Promise<void>;
}

/** Starts a server of the tests. It and its children never outlive this process, even when that is killed outright. */
export function startProcess(command: string, args: readonly string[], options: ProcessOptions): RunningProcess {
  // A file, because pipes would keep this process's event loop alive.
  const log = openSync(options.logFile, 'a');
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', command, ...args], {
    cwd: options.cwd,
    env: options.env,
    detached: true, // a group of its own, so that one signal reaches its workers too
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  let failure: Error | undefined;
  let running = true;
  const ended = new Promise<void>((resolve) => {
    const end = (error?: Error): void => {
      running = false;
      failure = error;
      resolve();
    };
    child.once('error', end);
    child.once('exit', () => end());
  });
  const signalGroup = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // the whole group is gone already
    }
  };
  const forget = onShutdown(() => signalGroup('SIGKILL'));
  const output = (): string => readFileSync(options.logFile, 'utf8');

  return {
    output,
    isRunning: () => running,
    async until(look, timeoutMs = 30_000) {
      const deadline = Date.now() + timeoutMs;
      while (running && Date.now() < deadline) {
        const found = await look();
        if (found !== undefined) return found;
        await delay(50);
      }
      const why = running
        ? `was not ready after ${timeoutMs} ms`
        : `ended too early${failure ? `: ${failure.message}` : ''}`;
      throw new Error(`${command} ${why}\n${output().slice(-3000)}`);
    },
    async stop() {
      if (running) {
        signalGroup('SIGTERM');
        await Promise.race([ended, delay(3000, undefined, { ref: true })]);
      }
      signalGroup('SIGKILL');
      await ended;
      forget();
    },
  };
}
