import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isKid } from './judgement.ts';

/** A file that should hold the key of a `kid`. */
export interface KeyFile {
  readonly kid: string;
  readonly path: string;
}

/** The three ways in which clients name keys in a folder, one of them with two spellings. */
const NAMES = [/^pubkey(\d+)$/, /^(?:pubkey)?(\d+)\.crt$/, /^(\d+)$/];

/** No key has more; a file that does is something else. */
const MAX_BYTES = 65_536;

/**
 * The keys in a folder, by file name: `pubkey2` as for Apache, Perl and Python, `2.crt` or `pubkey2.crt` as for PHP, or
 * `2` as for Ruby. Everything else in the folder is left alone.
 *
 * @throws the error of the file system if the folder cannot be read
 */
export function keyFilesIn(directory: string): readonly KeyFile[] {
  return readdirSync(directory)
    .sort()
    .flatMap((name) => {
      const kid = NAMES.map((pattern) => pattern.exec(name)?.[1]).find((digits) => digits !== undefined);
      return kid !== undefined && isKid(kid) ? [{ kid, path: join(directory, name) }] : [];
    });
}

/**
 * What changes whenever a file is written, renamed over or linked to another place.
 *
 * @throws the error of the file system, also for a folder
 */
export function stampOf(path: string): string {
  const { mtimeNs, ctimeNs, size, ino, dev } = statSync(path, { bigint: true });
  return [mtimeNs, ctimeNs, size, ino, dev].join(' ');
}

/**
 * The text of a key file.
 *
 * @throws the error of the file system; also for what is no file, or is larger than 64 KiB
 */
export function readKeyFile(path: string): string {
  const stats = statSync(path);
  if (!stats.isFile()) throw new Error('not a file');
  if (stats.size > MAX_BYTES) throw new Error('larger than any key');
  return readFileSync(path, 'utf8');
}
