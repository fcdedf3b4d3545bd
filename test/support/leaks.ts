import { createServer } from 'node:http';
import { inspect } from 'node:util';
import type { Middleware } from 'koa';
import { listen } from './portal.ts';
import type { Ending } from './proxied-calls.ts';

/** Proxy-granting tickets and their IOUs, as the fake CAS server makes them. */
const SECRET = /PGT(?:IOU)?-\d+-([0-9a-f]{40})/g;

/** The unguessable parts of all such secrets in a text. */
export function secretsIn(text: string): string[] {
  return [...text.matchAll(SECRET)].map(([, part = '']) => part);
}

/**
 * What gives a secret away: its beginning and its end, as they are, in hex, and in base64 wherever they stand in what was
 * encoded.
 */
export function needlesOf(secret: string): readonly string[] {
  return [secret.slice(0, 16), secret.slice(-16)].flatMap((piece) => {
    const inBase64 = [0, 1, 2].map((shift) => {
      const encoded = Buffer.from('x'.repeat(shift) + piece).toString('base64url');
      // What stands at the ends depends on the neighbours.
      return encoded.slice(shift === 0 ? 0 : shift + 1, Math.floor(((piece.length + shift) * 4) / 3));
    });
    return [piece, Buffer.from(piece).toString('hex'), ...inBase64];
  });
}

/** The texts that hold one of the secrets, in whatever form. */
export function leaks(texts: readonly string[], secrets: Iterable<string>): readonly string[] {
  const needles = [...secrets].flatMap(needlesOf);
  return texts.filter((text) => {
    const plain = text.toLowerCase();
    const urlSafe = text.replaceAll('+', '-').replaceAll('/', '_');
    return needles.some((needle) => plain.includes(needle) || urlSafe.includes(needle));
  });
}

/** Everything that can be seen of something thrown, or of any other object. */
export function everythingOf(value: unknown): string {
  const { message, stack, detail, cause } = Object(value) as Record<string, unknown>;
  return inspect([value, message, stack, detail, cause], { depth: null, showHidden: true, maxStringLength: null });
}

/** Writes down what a Koa app answers and what is thrown in it, when it stands in front of everything else. */
export function recorder(responses: string[], errors: string[]): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      errors.push(everythingOf(error));
      throw error;
    } finally {
      responses.push(`${ctx.status} ${JSON.stringify(ctx.response.headers)} ${everythingOf(ctx.body)}`);
    }
  };
}

/** Stands between a client and the login server, sees what they say, and can say something else. */
export interface Tap {
  readonly url: string;
  /** Every request target and every answer. */
  readonly traffic: string[];
  /** Where to pass requests on to. */
  target: string;
  /** Replaces the body of the next answer, once. */
  spoil(body: (request: URLSearchParams) => string): void;
}

export async function startTap(t: Ending): Promise<Tap> {
  let replacement: ((request: URLSearchParams) => string) | undefined;
  const traffic: string[] = [];
  const server = createServer(async (request, response) => {
    const address = new URL(tap.target + (request.url ?? ''));
    const answer = await fetch(address, { redirect: 'manual' });
    const own = await answer.text();
    const body = replacement?.(address.searchParams) ?? own;
    replacement = undefined;
    traffic.push(address.href, body);
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' }).end(body);
  });
  const tap: Tap = {
    url: await listen(server),
    traffic,
    target: '',
    spoil(body) {
      replacement = body;
    },
  };
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return tap;
}
