import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { listen } from '../support/portal.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tsx = fileURLToPath(new URL('../../node_modules/tsx/dist/cli.mjs', import.meta.url));

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program below `examples/` in a process of its own, started the way `tsx FILE` starts it. */
export interface Example {
  /** Everything it has written so far, to both of its outputs. */
  output(): string;
  /** Waits for something in its output; fails when it ends first or takes longer than thirty seconds. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  signal(name: NodeJS.Signals): void;
  ended(): Promise<Ending>;
  /** Ends it, with all that it has started, whatever it does. */
  kill(): Promise<void>;
}

export function startExample(
  file: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Example {
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(process.execPath, [tsx, file, ...args], {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a group of its own: tsx runs the program in a process below it
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = once(child, 'close').then(([code, signal]): Ending => ({ code, signal }));
  let running = true;
  void ended.then(() => {
    running = false;
  });
  return {
    output: () => output,
    async printed(pattern) {
      const deadline = Date.now() + 30_000;
      for (;;) {
        const ends = !running;
        const found = pattern.exec(output);
        if (found) return found;
        if (ends || Date.now() > deadline) throw new Error(`${file} did not print ${pattern}:\n${output}`);
        await delay(25);
      }
    },
    signal: (name) => void child.kill(name),
    ended: () => ended,
    async kill() {
      if (running && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      await ended;
    },
  };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<string> {
  const server = createServer();
  const { port } = new URL(await listen(server));
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Whether somebody listens at the port of an address. */
export async function isListening(url: string): Promise<boolean> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
