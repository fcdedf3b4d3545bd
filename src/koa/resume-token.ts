import type { Context } from 'koa';
import { replayBody } from './body-replay.ts';
import { keepable } from './keepable.ts';
import { isOfCarrier } from './kept-headers.ts';
import { siteOf } from './request.ts';
import { TOKEN_FIELD } from './resume-page.ts';
import type { Runtime } from './runtime.ts';

const TOKEN = new RegExp(`^${TOKEN_FIELD}=([A-Za-z0-9_-]{22})\\.([A-Za-z0-9_-]{43})$`);
const TOKEN_BYTES = TOKEN_FIELD.length + '='.length + 22 + '.'.length + 43;

/** What a small form of ours carries in place of a kept request. */
export interface Token {
  readonly handle: string;
  readonly id: string;
  /** A body parser in front has read it, so the kept body would never be read. */
  readonly isParsed: boolean;
  /** Nobody can tell that a page of this site sent it. */
  readonly isStrange: boolean;
}

/** The token in the body of a request. One that carries something else is left as if nobody had looked. */
export async function readToken(ctx: Context, runtime: Runtime): Promise<Token | undefined> {
  const { options, requestCookies, captures, keeping } = runtime;
  const { req } = ctx;
  if (Number(ctx.get('Content-Length')) !== TOKEN_BYTES || !ctx.is('application/x-www-form-urlencoded')) {
    return undefined;
  }
  // A browser that has lost its cookies still carries the token, and no handler may take that for a form of its own.
  if (!keeping.isWanted && requestCookies.of(ctx).length === 0) return undefined;
  // Browsers say `none` when a person brings back a tab with an answer to a form.
  const isOwn = keepable(ctx, { origin: options.origin }).keepable || siteOf(ctx, options.origin) === 'user';
  const how = { isStrange: !isOwn, isParsed: false };
  const parsed: unknown = Reflect.get(ctx.request, 'body');
  if (parsed !== undefined) {
    const value: unknown = Object(parsed)[TOKEN_FIELD];
    return tokenOf(`${TOKEN_FIELD}=${String(value)}`, { ...how, isParsed: true });
  }
  const bytes = await receive(ctx, runtime);
  const token = bytes && tokenOf(bytes.toString('latin1'), how);
  if (bytes && !token) {
    const headers = Object.entries(ctx.req.headers).flatMap(([name, value]) =>
      isOfCarrier(name) && typeof value === 'string' ? [[name, value] as const] : [],
    );
    replayBody(ctx, { method: ctx.method, headers, body: bytes });
    captures.pass(req, ctx.req);
  }
  return token;
}

function tokenOf(text: string, how: Pick<Token, 'isParsed' | 'isStrange'>): Token | undefined {
  const [, handle, id] = TOKEN.exec(text) ?? [];
  return handle === undefined || id === undefined ? undefined : { handle, id, ...how };
}

/**
 * The few bytes of a form, whether there is room to hold them or not; those that were held if somebody in front has read
 * them.
 */
async function receive({ req }: Context, { captures }: Runtime): Promise<Buffer | undefined> {
  if (req.readableDidRead || req.destroyed) return (await captures.find(req)?.whole())?.bytes;
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
