import { createHash } from 'node:crypto';
import { finished } from 'node:stream/promises';
import multer from '@koa/multer';
import type { Context } from 'koa';
import { fieldsOf } from '../library/answer.ts';

/** What a form and its files may have together. */
export const MAX_KIB = 200;

export interface UploadedFile {
  readonly field: string;
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A form as it arrived. */
export interface GradesForm {
  /** In the order of the form, the values of one name together. */
  readonly fields: readonly (readonly [name: string, values: readonly string[]])[];
  readonly files: readonly UploadedFile[];
  /** Of the whole body, boundaries and all. */
  readonly bytes: number;
  readonly sha256: string;
}

/** Why there is no form. */
export type NoForm = 'tooLarge' | 'unreadable';

const maxBytes = MAX_KIB * 1024;
const parse = multer({
  storage: multer.memoryStorage(),
  limits: { fileSize: maxBytes, files: 10, parts: 100 },
  defParamCharset: 'utf8',
}).any();

/** Reads a form with files. */
export async function readForm(ctx: Context): Promise<GradesForm | NoForm> {
  // All browsers tell the length of a form.
  if ((ctx.request.length ?? Number.POSITIVE_INFINITY) > maxBytes) return 'tooLarge';
  const whole = createHash('sha256');
  let bytes = 0;
  // Beside the parser, which begins to read in the same turn: neither misses a byte.
  ctx.req.on('data', (chunk: Buffer) => {
    whole.update(chunk);
    bytes += chunk.length;
  });
  try {
    await parse(ctx, async () => {});
  } catch (error) {
    // Who has gone away cannot be told anything.
    if (ctx.req.destroyed && !ctx.req.complete) throw error;
    return 'unreadable';
  }
  // The parser is done at the last boundary, and something may come after it.
  await finished(ctx.req);
  const { body, files } = ctx.request as { readonly body?: unknown; readonly files?: unknown };
  if (body === undefined || !Array.isArray(files)) return 'unreadable';
  return {
    fields: Object.entries(fieldsOf(body)).map(([name, value]) => [name, textsOf(value)]),
    files: files.flatMap(describe),
    bytes,
    sha256: whole.digest('hex'),
  };
}

/** The values of a field of that name. */
export function valuesOf({ fields }: GradesForm, wanted: string): readonly string[] {
  return fields.flatMap(([name, values]) => (name === wanted ? values : []));
}

function textsOf(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');
}

function describe(file: unknown): readonly UploadedFile[] {
  const { fieldname, originalname, buffer } = fieldsOf(file);
  if (!Buffer.isBuffer(buffer)) return [];
  const sha256 = createHash('sha256').update(buffer).digest('hex');
  return [{ field: String(fieldname), name: String(originalname), bytes: buffer.length, sha256 }];
}
