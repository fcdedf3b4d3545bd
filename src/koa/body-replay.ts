import { IncomingMessage } from 'node:http';
import type { Context } from 'koa';
import { type HeaderPairs, isOfCarrier, mayBeRestored } from './kept-headers.ts';

/** A request that was kept. */
export interface ReplayableRequest {
  readonly method: string;
  /** As `keptHeaders()` gave them. */
  readonly headers: HeaderPairs;
  /** As it was received, compressed if it was. */
  readonly body: Uint8Array;
}

/** What was made of the carrier itself. */
const OF_CARRIER = ['body', 'rawBody', 'file', 'files', '_body', '_parsedUrl'] as const;

/**
 * Puts a kept request in the place of the one that carries it: its method, its body and its own headers, with the
 * cookies, the address and the connection of the carrier. Everything behind sees an ordinary request.
 *
 * @returns `alreadyParsed`, and changes nothing, if a body parser in front has read the carrier: it would not read again,
 * and a handler would take the empty form for the kept one
 */
export function replayBody(ctx: Context, kept: ReplayableRequest): 'replayed' | 'alreadyParsed' {
  const carrier = ctx.req;
  if (isParsed(ctx)) return 'alreadyParsed';
  const message = new ReplayedMessage(carrier, kept.method);
  setHeaders(message, carrier, [
    ...kept.headers.filter(([name]) => mayBeRestored(ctx, name)),
    ['content-length', `${kept.body.length}`],
  ]);
  message.receive(kept.body);
  ctx.req = message;
  ctx.request.req = message;
  ctx.response.req = message;
  // Koa keeps what it once made of the carrier's headers.
  Reflect.deleteProperty(ctx.request, '_accept');
  ctx.res.once('close', () => {
    if (ctx.res.writableFinished || message.readableEnded) return;
    message.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
  });
  return 'replayed';
}

/** Whether a body parser has read the request already. */
function isParsed(ctx: Context): boolean {
  return [ctx.request, ctx.req].some((place) => Reflect.get(place, 'body') !== undefined);
}

/** A request whose body does not come from its connection. */
class ReplayedMessage extends IncomingMessage {
  constructor(carrier: IncomingMessage, method: string) {
    super(carrier.socket);
    this.method = method;
    // A mount may have taken its path off.
    this.url = carrier.url ?? '/';
    this.httpVersion = carrier.httpVersion;
    this.httpVersionMajor = carrier.httpVersionMajor;
    this.httpVersionMinor = carrier.httpVersionMinor;
    // What middleware in front has put there for those behind, such as a logger.
    for (const key of Object.keys(carrier)) {
      if (!(key in this) && !OF_CARRIER.some((name) => name === key)) Reflect.set(this, key, Reflect.get(carrier, key));
    }
  }

  /** With its end pushed already, nobody will ask for more from the connection, which is the carrier's. */
  receive(body: Uint8Array): void {
    this.push(body);
    this.complete = true;
    this.push(null);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.readableEnded) {
      this.aborted = true;
      this.emit('aborted');
      // Leaving a `for await` takes the connection off first, so that the request can still be answered.
      this.socket?.destroy();
    }
    // As for any request: nobody has to listen for its errors.
    process.nextTick(callback, this.listenerCount('error') === 0 ? null : error);
  }
}

function setHeaders(message: IncomingMessage, carrier: IncomingMessage, restored: HeaderPairs): void {
  const names = new Set(restored.map(([name]) => name));
  const isReplaced = (name: string) => isOfCarrier(name) || names.has(name);
  message.headers = {
    ...Object.fromEntries(Object.entries(carrier.headers).filter(([name]) => !isReplaced(name))),
    ...Object.fromEntries(restored),
  };
  const live = pairsOf(carrier.rawHeaders).filter(([name]) => !isReplaced(name.toLowerCase()));
  const pairs = [...live, ...restored];
  message.rawHeaders = pairs.flat();
  const valuesOf = (name: string) => pairs.flatMap(([other, value]) => (other.toLowerCase() === name ? [value] : []));
  message.headersDistinct = Object.fromEntries(
    [...new Set(pairs.map(([name]) => name.toLowerCase()))].map((name) => [name, valuesOf(name)]),
  );
}

function pairsOf(rawHeaders: readonly string[]): HeaderPairs {
  return rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? '']] : []));
}
