import { PassThrough } from 'node:stream';
import type { Context } from 'koa';
import type { RecentAttempts } from './recent-attempts.ts';

/** Tells pages that are open that there is something new to see. */
export interface LiveView {
  /** Answers a request with a stream of server-sent events: one for each change, without its contents. */
  serve(ctx: Context): void;
  /** Ends all streams and begins no more, so that a server can close. */
  close(): void;
}

export interface LiveViewOptions {
  /** How long a stream lasts, in milliseconds. The browser comes back for another, and is asked who it is again. Default 45000. */
  readonly streamMs?: number;
  /** How many streams are open at once. Default 50. */
  readonly maxStreams?: number;
}

/** Changes within this time are one event, in milliseconds: each makes every reader load a page. */
const GATHER_MS = 1000;
/** When a browser comes back after the end of a stream, in milliseconds. */
const COME_BACK_MS = 1000;

export function createLiveView(attempts: RecentAttempts, options: LiveViewOptions = {}): LiveView {
  const { streamMs = 45_000, maxStreams = 50 } = options;
  const open = new Set<() => void>();
  let isClosed = false;

  return {
    serve(ctx) {
      const { attempt } = ctx.query;
      if (isClosed || open.size >= maxStreams) {
        ctx.status = 503;
        ctx.set('Retry-After', '60');
        ctx.body = '';
        return;
      }
      const stream = new PassThrough();
      let gathering: NodeJS.Timeout | undefined;
      let number = 0;
      const tell = () => {
        gathering = undefined;
        number += 1;
        stream.write(`data: ${number}\n\n`);
      };
      const unwatch = attempts.watch((label) => {
        if (attempt === undefined || attempt === label) gathering ??= setTimeout(tell, GATHER_MS).unref();
      });
      const finish = () => {
        unwatch();
        clearTimeout(gathering);
        clearTimeout(end);
        open.delete(finish);
        stream.end();
      };
      // Also for an answer that Koa never began to send, because the reader had gone away by then.
      const end = setTimeout(finish, streamMs).unref();
      open.add(finish);
      stream.once('close', finish);
      const { onerror } = ctx;
      // A reader who goes away is no error of the application, and not worth a line in its log.
      ctx.onerror = (error: Error & { readonly code?: string }) => {
        if (error?.code !== 'ERR_STREAM_PREMATURE_CLOSE') onerror.call(ctx, error);
      };
      ctx.status = 200;
      ctx.set('Content-Type', 'text/event-stream');
      // No compression and no buffer of a proxy may hold an event back.
      ctx.set('Cache-Control', 'no-store, no-transform');
      ctx.set('X-Accel-Buffering', 'no');
      ctx.set('X-Content-Type-Options', 'nosniff');
      stream.write(`retry: ${COME_BACK_MS}\n\n`);
      ctx.body = stream;
    },

    close() {
      isClosed = true;
      for (const finish of [...open]) finish();
    },
  };
}
