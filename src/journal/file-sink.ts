import { type FileHandle, open, readFile, rename, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { canonicalJson, type JournalHead, type JournalRecord, parseRecord } from './record.ts';
import { formatter, type JournalFormat, type JournalSink, type SinkHead } from './sinks.ts';

export interface FileSinkOptions {
  /** Waits after each batch until it is on the disk. Default false. */
  readonly fsync?: boolean;
  /** Default `plain`, the only one that `audit verify` reads. */
  readonly format?: JournalFormat;
  /** Default `file:` and the last part of the path. */
  readonly name?: string;
}

/** More than the longest batch that a crash can tear. */
const TAIL_BYTES = 1024 * 1024;

/** Where a file sink notes the end of the chain of a node, beside the file. */
export function headPath(path: string, node: string): string {
  return `${path}.${node}.head`;
}

/**
 * Appends records to a file, one line of JSON each; a new file is for its owner only (0600). The file may be renamed at any
 * time: the next batch begins a new one, and the chain goes on. Several nodes may share a file.
 *
 * The end of each chain is noted beside it, in `<path>.<node>.head`: without it nobody can tell that the last lines of a
 * file are gone.
 * @throws TypeError if there is no such format
 */
export function fileSink(path: string, { fsync = false, format, name }: FileSinkOptions = {}): JournalSink {
  const shape = formatter(format);
  /** What is in the file already, when the batch is tried again. */
  const written = new Map<string, number>();

  return {
    name: name ?? `file:${basename(path)}`,

    async write(records) {
      const last = records.at(-1);
      if (!last) return;
      const rest = records.filter(({ node, seq }) => seq > (written.get(node) ?? 0));
      const file = await open(path, 'a+', 0o600);
      try {
        if (rest.length > 0) await append(file, rest, shape, (record) => written.set(record.node, record.seq));
        if (fsync) await file.datasync();
      } finally {
        await file.close();
      }
      const { node, seq, hash } = last;
      await replace(headPath(path, node), `${canonicalJson({ hash, node, seq })}\n`, fsync);
    },

    async head(node) {
      const [noted, tail] = await Promise.all([readHead(headPath(path, node)), readTail(path)]);
      const lines = tail.split('\n');
      const fragment = lines.at(-1) ?? '';
      const last = lines.map(parseRecord).findLast((record) => record?.node === node);
      const torn = fragment !== '' && !isWhole(fragment);
      const heads = [noted, last].filter((one) => one !== undefined && one !== null);
      const head = heads.sort((a, b) => b.seq - a.seq)[0];
      return head ? ({ seq: head.seq, hash: head.hash, torn } satisfies SinkHead) : null;
    },
  };
}

/** One write for the whole batch, so that lines of two processes do not mix. */
async function append(
  file: FileHandle,
  records: readonly JournalRecord[],
  shape: (record: JournalRecord) => object,
  onWritten: (record: JournalRecord) => void,
): Promise<void> {
  const lines = records.map((record) => Buffer.from(`${canonicalJson(shape(record))}\n`));
  // A crash, or a full disk, may have left half a line.
  const start = Buffer.from((await endsWithNewline(file)) ? '' : '\n');
  const { bytesWritten } = await file.write(Buffer.concat([start, ...lines]));
  let end = start.length;
  for (const [index, record] of records.entries()) {
    end += lines[index]!.length;
    if (bytesWritten < end) throw new Error('The file took half a batch.');
    onWritten(record);
  }
}

async function endsWithNewline(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return true;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === 0x0a;
}

async function replace(path: string, text: string, fsync: boolean): Promise<void> {
  const next = `${path}.new`;
  await writeFile(next, text, { mode: 0o600, flush: fsync });
  await rename(next, path);
}

async function readTail(path: string): Promise<string> {
  const file = await open(path, 'r').catch(unlessMissing);
  if (!file) return '';
  try {
    const { size } = await file.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * Reads what a file sink noted of the end of a chain; null if there is no such file, or nothing of use in it.
 * @throws the error of the file system, if the file cannot be read
 */
export async function readHead(path: string): Promise<(JournalHead & { readonly node: string }) | null> {
  const text = await readFile(path, 'utf8').catch(unlessMissing);
  try {
    const { node, seq, hash } = JSON.parse(text ?? 'null') ?? {};
    return Number.isSafeInteger(seq) && typeof hash === 'string' && typeof node === 'string'
      ? { node, seq, hash }
      : null;
  } catch {
    return null;
  }
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

function isWhole(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
