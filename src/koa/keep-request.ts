import { createHash, randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Context } from 'koa';
import type { NotKeptCode, PrincipalRef } from '../../machines/vocabulary.ts';
import { isSsoError } from '../errors.ts';
import type { Keeping } from '../protocols/protocol.ts';
import type { NotKept, SavedRequest } from '../storage/saved-request.ts';
import type { BodyNotKept } from './body-capture.ts';
import { keepable } from './keepable.ts';
import { keptHeaders } from './kept-headers.ts';
import { externalPath } from './request.ts';
import type { Runtime } from './runtime.ts';
import { readPointer } from './session.ts';

const NOT_CAPTURED: Readonly<Record<BodyNotKept, NotKeptCode>> = {
  tooLarge: 'ERR_SSO_REQUEST_TOO_LARGE',
  aborted: 'ERR_SSO_REQUEST_NOT_RECEIVED',
  tooSlow: 'ERR_SSO_REQUEST_NOT_RECEIVED',
  unreadable: 'ERR_SSO_REQUEST_NOT_RECEIVED',
  noRoom: 'ERR_SSO_REQUEST_NO_ROOM',
};

const HINT =
  'it was not held from the start: mount sso.session() or sso.keepBodies() in front of everything that waits';

const NOT_SAVED: Readonly<Record<NotKept, NotKeptCode>> = {
  badTarget: 'ERR_SSO_REQUEST_NOT_RECEIVED',
  personFull: 'ERR_SSO_REQUEST_NO_ROOM',
  strangersFull: 'ERR_SSO_REQUEST_NO_ROOM',
  siteFull: 'ERR_SSO_REQUEST_NO_ROOM',
};

/** The requests that came out of the store, with what they were there. */
const replayed = new WeakMap<Context, SavedRequest>();

const keptBy = new WeakMap<Context, string>();

/** Remembers that this is a kept request that runs now. */
export function markReplayed(ctx: Context, request: SavedRequest): void {
  replayed.set(ctx, request);
}

/** How often the request that is being answered was taken out of the store and run. */
export function replaysOf(ctx: Context): number {
  const request = replayed.get(ctx);
  return request ? request.replays + 1 : 0;
}

/** Answers whose requests have passed `sso.routes()`, by which what is kept comes back. */
const routed = new WeakSet<ServerResponse>();

export function markRouted({ res }: Context): void {
  routed.add(res);
}

export function isRouted({ res }: Context): boolean {
  return routed.has(res);
}

/**
 * Begins to hold the body of a request that a login may interrupt. To be called before anything is awaited. Nothing is
 * held as long as no guard keeps bodies.
 */
export function holdBody(ctx: Context, { keeping, captures, options }: Runtime): void {
  if (!keeping.isWanted) return;
  // A request that comes back is a POST, whatever was kept.
  const methods = [...options.keptRequests.methods, 'POST'] as const;
  if (keepable(ctx, { origin: options.origin, methods }).keepable) captures.capture(ctx.req, ctx.res);
}

/** Gives a request that may run twice the name that both runs have in common, unless its sender did. */
export function nameRequest(ctx: Context, { captures }: Runtime): void {
  if (!captures.find(ctx.req) || ctx.get('Idempotency-Key') !== '') return;
  ctx.req.headers['idempotency-key'] = randomBytes(16).toString('base64url');
}

/**
 * Keeps the request that is being answered, for its sender or for whoever confirms that it is theirs, and gives the browser
 * the secret that it opens with. Rejects for bugs alone: whatever goes wrong is told to the person, and the login goes on.
 */
export async function keepRequest(ctx: Context, runtime: Runtime, owner: PrincipalRef | null): Promise<Keeping> {
  const { captures, savedRequests, requestCookies, options, keeping, logins } = runtime;
  const notKept = (code: NotKeptCode, reason: string): Keeping => {
    options.logger.warn(`${code} (${reason}): a request is not kept over a login`);
    return { kind: 'notKept', code };
  };
  const before = replayed.get(ctx);
  const login = readPointer(ctx)?.login;
  const capture = captures.find(ctx.req);
  const body = before ? ({ kind: 'complete', bytes: before.body } as const) : await capture?.whole();
  capture?.release();
  if (!body) return notKept('ERR_SSO_REQUEST_NOT_RECEIVED', HINT);
  if (body.kind !== 'complete') {
    return notKept(NOT_CAPTURED[body.kind], body.kind === 'unreadable' ? HINT : body.kind);
  }
  const handle = randomBytes(16).toString('base64url');
  const secret = randomBytes(32).toString('base64url');
  const browser = requestCookies.browserOf(ctx);
  try {
    const isSignedIn = async () => login !== undefined && (await logins.peek(login)) !== undefined;
    const wasSignedIn = await isSignedIn();
    // It was taken out for somebody who has signed out since.
    if (before && !wasSignedIn) return notKept('ERR_SSO_REQUEST_NOBODYS', 'the session has ended meanwhile');
    if (!(await keeping.isSafe())) return notKept('ERR_SSO_REQUEST_NOT_STORED', 'the store cannot give it to one only');
    const idempotencyKey = ctx.get('Idempotency-Key');
    const saved = await savedRequests.save({
      method: ctx.method,
      url: externalPath(ctx, options),
      headers: keptHeaders(ctx, options.keptRequests.headers),
      body: body.bytes,
      owner,
      browser,
      cookieSecret: secret,
      replays: replaysOf(ctx),
      ...(idempotencyKey === '' ? {} : { idempotencyKey }),
    });
    if (saved.kind === 'notKept') return notKept(NOT_SAVED[saved.reason], saved.reason);
    // A logout that came while it was being kept found nothing to erase.
    if (wasSignedIn && !(await isSignedIn())) {
      await savedRequests.discard(saved.id);
      return notKept('ERR_SSO_REQUEST_NOBODYS', 'the session has ended meanwhile');
    }
    requestCookies.issue(ctx, { handle, id: saved.id, secret, browser, attempt: '' });
    keptBy.set(ctx, handle);
    // The sender wrote it: nothing but the name of a type comes to the log.
    const [type = 'no type'] = /^[\w.+-]{1,60}\/[\w.+-]{1,60}(?=\s*(;|$))/.exec(ctx.get('Content-Type')) ?? [];
    options.logger.info(`Request ${digestOf(saved.id)} is kept over a login: ${body.bytes.length} bytes, ${type}`);
    return { kind: 'kept', savedRequest: { id: saved.id, owner } };
  } catch (error) {
    if (!isSsoError(error)) throw error;
    return notKept('ERR_SSO_REQUEST_NOT_STORED', error.detail ?? error.code);
  }
}

/** What may be told of a kept request in a log, and to the application. */
export function digestOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url').slice(0, 22);
}

/** Erases a kept request. */
export async function discardRequest({ savedRequests, options }: Runtime, id: string): Promise<void> {
  await savedRequests.discard(id);
  options.logger.info(`Request ${digestOf(id)} is erased`);
}

/** The handle of what was kept while this request was answered. */
export function keptNow(ctx: Context): string | undefined {
  return keptBy.get(ctx);
}

/**
 * Erases all that waits for this browser.
 * @throws SsoError ERR_SSO_STORE
 */
export async function erasePending(ctx: Context, { requestCookies, savedRequests }: Runtime): Promise<void> {
  const browsers = new Set(requestCookies.of(ctx).map(({ browser }) => browser));
  // Whatever the store says: without its cookie nobody opens what is left.
  requestCookies.clearAll(ctx);
  const attempts = await Promise.allSettled([...browsers].map((browser) => savedRequests.discardAll(browser)));
  const failed = attempts.find((attempt) => attempt.status === 'rejected');
  if (failed) throw failed.reason;
}

/** The same where nothing else hangs on it: nobody can open what is left, and it expires. */
export async function erasePendingSoftly(ctx: Context, runtime: Runtime): Promise<void> {
  try {
    await erasePending(ctx, runtime);
  } catch (error) {
    if (!isSsoError(error)) throw error;
    runtime.options.logger.warn(
      `${error.code} (${error.detail}): what was kept for a login could not be erased at once`,
    );
  }
}

/** The page that sends a kept request again. */
export function resumePath({ options }: Runtime, handle: string): string {
  return `${options.basePath}${options.routePrefix}/resume/${handle}`;
}

/** The page that says why what somebody had sent is not sent again. */
export function notSentPath({ options }: Runtime, code: string, returnTo: string): string {
  return `${options.basePath}${options.routePrefix}/not-sent?code=${code}&returnTo=${encodeURIComponent(returnTo)}`;
}
