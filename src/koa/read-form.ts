import type { Context } from 'koa';
import { readUpTo } from './read-up-to.ts';

/** Larger answers than this are none, in bytes. */
const MAX_BYTES = 64 * 1024;

/** What a small form sent, by name; nothing if it is no such form, or too large. */
export async function readForm(ctx: Context): Promise<URLSearchParams> {
  if (!ctx.is('application/x-www-form-urlencoded')) return new URLSearchParams();
  const parsed: unknown = Reflect.get(ctx.request, 'body');
  if (parsed !== undefined) return fromParsed(parsed);
  return new URLSearchParams((await readUpTo(ctx.req, MAX_BYTES))?.toString('utf8'));
}

/** A body parser of the application was here first. */
function fromParsed(parsed: unknown): URLSearchParams {
  if (typeof parsed === 'string') return new URLSearchParams(parsed);
  return new URLSearchParams(
    Object.entries(Object(parsed)).flatMap(([name, value]) =>
      [value].flat().flatMap((one) => (typeof one === 'string' ? [[name, one] as [string, string]] : [])),
    ),
  );
}
