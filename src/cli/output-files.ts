import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CommandProblem, WrongUsage } from './command.ts';
import type { Rendering } from './flow-formats.ts';

export interface PlannedFile {
  readonly path: string;
  readonly text: string;
}

/** Which files the renderings become: in a folder by their own names, or the one file that was named. */
export async function plannedFiles(renderings: readonly Rendering[], out: string): Promise<readonly PlannedFile[]> {
  const isFolder =
    /[\\/]$/.test(out) ||
    (await stat(out).then(
      (found) => found.isDirectory(),
      () => false,
    ));
  const paths = isFolder ? renderings.map(({ fileName }) => join(out, fileName)) : [out];
  if (paths.length < renderings.length) {
    throw new WrongUsage('This format is one file for each flow: choose a --flow, or end --out with a slash.');
  }
  if (new Set(paths).size < paths.length) throw new CommandProblem('Two flows would be written to the same file.');
  return renderings.map(({ text }, index) => ({ path: paths[index]!, text }));
}

/** @throws CommandProblem if a file cannot be written */
export async function writeFiles(files: readonly PlannedFile[]): Promise<void> {
  for (const { path, text } of files) {
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    } catch (cause) {
      throw new CommandProblem(`${path} cannot be written: ${messageOf(cause)}`, { cause });
    }
  }
}

/** The files that are missing or hold something else. */
export async function differences(files: readonly PlannedFile[]): Promise<readonly string[]> {
  const found = await Promise.all(files.map(({ path }) => readFile(path, 'utf8').catch(() => undefined)));
  return files.filter(({ text }, index) => found[index] !== text).map(({ path }) => path);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
