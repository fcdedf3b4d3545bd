import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { needPackages } from './packages.ts';
import { startProcess, temporaryDirectory } from './processes.ts';

/** A Redis of Debian of its own, that nobody else can reach and that leaves nothing behind. */
export interface Redis {
  readonly socket: string;
  /** All that it holds, keys and values, as they lie on its disk. */
  dump(): Buffer;
  close(): Promise<void>;
}

export async function startRedis(): Promise<Redis> {
  await needPackages('redis-server');
  const directory = temporaryDirectory('redis');
  const socket = join(directory.path, 'redis.sock');
  // No port, and what is in the dump must be found as it is.
  const options = ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no', '--rdbcompression', 'no'];
  const running = startProcess('redis-server', [...options, '--dir', directory.path], {
    cwd: directory.path,
    env: { PATH: process.env.PATH ?? '' },
    logFile: join(directory.path, 'redis.log'),
  });
  await running.until(() => (running.output().includes('eady to accept connections') ? true : undefined));
  return {
    socket,
    dump() {
      execFileSync('redis-cli', ['-s', socket, 'SAVE']);
      return readFileSync(join(directory.path, 'dump.rdb'));
    },
    async close() {
      await running.stop();
      directory.remove();
    },
  };
}
