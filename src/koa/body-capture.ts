import type { IncomingMessage, ServerResponse } from 'node:http';
import { SsoError } from '../errors.ts';
import { type BodyRoom, createBodyBuffer, createBodyRoom } from './body-buffer.ts';

/** Why there is no body to keep. */
export type BodyNotKept =
  /** More bytes than `maxBytes`. */
  | 'tooLarge'
  /** The sender went away, or a handler destroyed the request before all had come. */
  | 'aborted'
  /** The rest did not come within `deadlineMs`. */
  | 'tooSlow'
  /** Too many bodies are held at this moment. */
  | 'noRoom'
  /** Somebody else had begun to read before the capture, or nobody wanted the capture any longer. */
  | 'unreadable';

export type CapturedBody =
  | { readonly kind: 'complete'; readonly bytes: Buffer }
  | { readonly kind: BodyNotKept; readonly bytes?: undefined };

/** What is kept of the body of one request while it is answered. */
export interface BodyCapture {
  /**
   * The body, once it has all been received. Call it when the request belongs to nobody else: before its handler runs or
   * after that has ended. What has not been received yet is then received as fast as it comes, whether a reader is there
   * or not; a reader that is there still gets every byte.
   */
  whole(): Promise<CapturedBody>;
  /** Forgets the body. The end of the response does so as well. */
  release(): void;
}

export interface BodyCaptureOptions {
  /** Largest body that is kept, in bytes as they are received. Default 262144 (256 KiB). */
  readonly maxBytes?: number;
  /** How long `whole()` waits for the rest of a body, in milliseconds. Default 15000. */
  readonly deadlineMs?: number;
  /**
   * Bytes held in all at one time. At least twice `maxBytes`, default 64 times. A body that finds no room
   * is not kept.
   */
  readonly maxHeldBytes?: number;
}

export interface BodyCaptures {
  /**
   * Begins to keep the body of a request. To be called in the turn in which the request comes in, before anything is
   * awaited: what has been received by then is lost. A request has one capture, however often this is called.
   */
  capture(req: IncomingMessage, res: ServerResponse): BodyCapture;
  /** The capture of a request, if there is one. */
  find(req: IncomingMessage): BodyCapture | undefined;
  /** Gives the capture of a request, if there is one, to the request that takes its place with the same body. */
  pass(from: IncomingMessage, to: IncomingMessage): void;
  /** Bytes held at this moment. */
  readonly heldBytes: number;
}

const DEFAULT_MAX_BYTES = 256 * 1024;
const DEFAULT_DEADLINE_MS = 15_000;
const DEFAULT_BODIES_AT_ONCE = 64;

/**
 * Keeps the bodies of requests while they are answered, beside whatever else reads them.
 * @throws SsoError ERR_SSO_OPTIONS
 */
export function createBodyCaptures(options: BodyCaptureOptions = {}): BodyCaptures {
  const { maxBytes = DEFAULT_MAX_BYTES, deadlineMs = DEFAULT_DEADLINE_MS } = options;
  const { maxHeldBytes = maxBytes * DEFAULT_BODIES_AT_ONCE } = options;
  for (const [name, value] of Object.entries({ maxBytes, deadlineMs, maxHeldBytes })) {
    if (Number.isInteger(value) && value > 0) continue;
    throw new SsoError('ERR_SSO_OPTIONS', { message: `${name}: expected a whole number above 0.` });
  }
  // A body that grows is in memory twice for a moment.
  if (maxHeldBytes < 2 * maxBytes) {
    throw new SsoError('ERR_SSO_OPTIONS', { message: 'maxHeldBytes: expected at least twice maxBytes.' });
  }
  const room = createBodyRoom(maxHeldBytes);
  const captures = new WeakMap<IncomingMessage, BodyCapture>();
  return {
    capture(req, res) {
      const present = captures.get(req);
      if (present) return present;
      const capture = captureBody(req, res, { room, maxBytes, deadlineMs });
      captures.set(req, capture);
      return capture;
    },
    find: (req) => captures.get(req),
    pass(from, to) {
      const capture = captures.get(from);
      if (capture) captures.set(to, capture);
    },
    get heldBytes() {
      return room.heldBytes;
    },
  };
}

interface Limits {
  readonly room: BodyRoom;
  readonly maxBytes: number;
  readonly deadlineMs: number;
}

function captureBody(req: IncomingMessage, res: ServerResponse, limits: Limits): BodyCapture {
  const { maxBytes, deadlineMs } = limits;
  const buffer = createBodyBuffer(limits.room, maxBytes);
  const waiting: ((body: CapturedBody) => void)[] = [];
  let outcome: CapturedBody | undefined;
  let deadline: NodeJS.Timeout | undefined;

  function settle(body: CapturedBody): void {
    if (outcome) return;
    outcome = body;
    if (body.kind !== 'complete') buffer.clear();
    clearTimeout(deadline);
    req.removeListener('pause', receiveOn);
    req.removeListener('close', giveUp);
    for (const tell of waiting.splice(0)) tell(body);
  }

  function forget(kind: BodyNotKept): void {
    settle({ kind });
    if (outcome?.kind !== 'complete') return;
    outcome = { kind };
    buffer.clear();
  }

  function receive(chunk: Uint8Array): void {
    const added = buffer.add(chunk);
    if (added !== 'added') settle({ kind: added });
  }

  /** A reader that holds the request back, such as a pipe into something full, must not hold us back. */
  function receiveOn(): void {
    process.nextTick(() => {
      if (!outcome) req.resume();
    });
  }

  /** Nothing may ever come to a request that was destroyed, but for what is in the parser already. */
  function giveUp(): void {
    setImmediate(() => settle({ kind: 'aborted' }));
  }

  function receiveRest(): void {
    req.once('close', giveUp);
    if (req.destroyed) giveUp();
    deadline = setTimeout(() => settle({ kind: 'tooSlow' }), deadlineMs);
    sendContinue(req, res);
    req.on('pause', receiveOn);
    req.resume();
  }

  if (res.closed || res.destroyed) settle({ kind: 'aborted' });
  else if (hasBegun(req)) settle({ kind: 'unreadable' });
  else if (declaredLength(req) > maxBytes) settle({ kind: 'tooLarge' });
  else {
    const push = req.push;
    // Bytes that are received pass here whoever reads them and however; no listener starts or holds up the stream.
    req.push = (chunk: Uint8Array | null, encoding?: BufferEncoding) => {
      if (!outcome) {
        if (chunk === null) settle(isCutOff(req) ? { kind: 'aborted' } : { kind: 'complete', bytes: buffer.bytes() });
        else receive(chunk);
      }
      return push.call(req, chunk, encoding);
    };
    res.once('close', () => forget('aborted'));
  }

  return {
    whole() {
      if (outcome) return Promise.resolve(outcome);
      return new Promise((resolve) => {
        if (waiting.push(resolve) === 1) receiveRest();
      });
    },
    release: () => forget('unreadable'),
  };
}

/** Whether anything was received, or read, before us. */
function hasBegun(req: IncomingMessage): boolean {
  return req.readableDidRead || req.readableLength > 0 || req.complete || req.destroyed;
}

/** HTTP/2 reports the end of a body that was cancelled as well, but only after it has closed the request. */
function isCutOff(req: IncomingMessage): boolean {
  return req.httpVersionMajor > 1 && req.complete;
}

/** The length that a request says its body has; 0 if it does not say. */
function declaredLength(req: IncomingMessage): number {
  return Number(req.headers['content-length'] ?? 0);
}

/** A server with a `checkContinue` listener leaves it to the reader to ask for the body. */
function sendContinue(req: IncomingMessage, res: ServerResponse): void {
  const isAwaited = /^100-continue$/i.test(req.headers.expect ?? '');
  if (isAwaited && !res.headersSent && Reflect.get(res, '_sent100') !== true) res.writeContinue();
}
