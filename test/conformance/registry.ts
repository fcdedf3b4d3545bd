import { readdir } from 'node:fs/promises';
import type { Kinds } from './kind.ts';

/**
 * Kinds of features that are still to come: single logout, tickets that are JWTs. Adding a file to
 * `kinds/` is all it takes for a kind to be run.
 */
export const later: ReadonlySet<string> = new Set(['slo', 'sloFront', 'jwtTicket']);

/** Every kind that has code: the `kinds` of each file in `kinds/`. */
export async function loadKinds(): Promise<Kinds> {
  const folder = new URL('kinds/', import.meta.url);
  const files = (await readdir(folder)).filter((file) => /\.[jt]s$/.test(file)).sort();
  const all: Record<string, Kinds[string]> = {};
  for (const file of files) {
    const { kinds } = (await import(new URL(file, folder).href)) as { kinds: Kinds };
    for (const [name, kind] of Object.entries(kinds)) {
      if (Object.hasOwn(all, name)) throw new Error(`two files run vectors of kind ${name}; the second is ${file}`);
      all[name] = kind;
    }
  }
  return all;
}
