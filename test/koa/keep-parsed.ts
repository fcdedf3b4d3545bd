import { readFile } from 'node:fs/promises';
import { sha256 } from './keep-support.ts';

/** A file as koa-body and multer describe it. */
export interface FileOfForm {
  readonly originalFilename?: string | null;
  readonly originalname?: string;
  readonly mimetype?: string | null;
  readonly filepath?: string;
  readonly buffer?: Buffer;
}

interface ParsedRequest {
  readonly body?: unknown;
  readonly rawBody?: unknown;
  readonly files?: unknown;
}

/** What a parser has made of a request, with the digest of each file. */
export async function reportOf({ body, rawBody, files }: ParsedRequest) {
  const found = Object.values((files ?? {}) as Record<string, FileOfForm | FileOfForm[]>).flat();
  const described = found.map(async (file) => {
    const bytes = file.buffer ?? (await readFile(file.filepath ?? ''));
    return [file.originalFilename ?? file.originalname, file.mimetype, sha256(bytes)];
  });
  // Multer makes objects without a prototype.
  // Which of two files is on the disk first is a matter of luck.
  return {
    fields: { ...Object(body) },
    rawBody,
    files: (await Promise.all(described)).sort((a, b) => (String(a) < String(b) ? -1 : 1)),
  };
}
