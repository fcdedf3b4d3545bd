import { readFile } from 'node:fs/promises';
import type { Fields, Vector } from './kind.ts';

/** The vectors for Ucam-WebAuth, as they are filed: replies, signatures, and the keys that both name. */
interface UcamFile {
  /** By `kid`, and by file name for `primitives`: PEM, or the path of a PEM file from where this file is. */
  readonly keys: Readonly<Record<string, string>>;
  readonly vectors: readonly UcamVector[];
  readonly primitives: readonly Primitive[];
}

interface UcamVector {
  readonly id: string;
  readonly source: string;
  readonly category: string;
  readonly response: string | null;
  readonly rawQuery?: string;
  readonly context: Fields;
  readonly expected: Fields;
}

interface Primitive extends Fields {
  readonly id: string;
  readonly source: string;
  readonly key: string;
  readonly expected: boolean;
}

export function isUcamFile(content: unknown): content is UcamFile {
  const { keys, vectors, primitives } = (content ?? {}) as Record<string, unknown>;
  return typeof keys === 'object' && keys !== null && Array.isArray(vectors) && Array.isArray(primitives);
}

/** The vectors as a list like any other: a kind for each category of replies, and one for the signatures. */
export async function ucamVectors(content: UcamFile, file: string | URL): Promise<readonly Vector[]> {
  const pem = (text: string) => (text.startsWith('-----BEGIN') ? text : readFile(beside(file, text), 'utf8'));
  const keys: Record<string, string> = {};
  for (const [name, text] of Object.entries(content.keys)) keys[name] = await pem(text);
  for (const { key } of content.primitives) keys[key] ??= await pem(`keys/${key}`);
  return [
    ...content.vectors.map(({ id, source, category, response, rawQuery, context, expected }) => ({
      id,
      source,
      kind: `ucam:${category}`,
      input: { id, response, rawQuery, context, keys },
      expected,
    })),
    ...content.primitives.map(({ id, source, key, expected, ...input }) => ({
      id,
      source,
      kind: 'ucam:rsa',
      input: { ...input, key: keys[key] },
      expected: { verified: expected },
    })),
  ];
}

function beside(file: string | URL, path: string): string | URL {
  return file instanceof URL ? new URL(path, file) : file.replace(/[^/]*$/, path);
}
