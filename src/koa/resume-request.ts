import type { Context } from 'koa';
import type { PrincipalRef } from '../../machines/vocabulary.ts';
import { isSsoError, type SsoErrorCode } from '../errors.ts';
import type { ClaimOutcome, SavedRequest, SavedRequestSummary } from '../storage/saved-request.ts';
import { replayBody } from './body-replay.ts';
import { showFailure } from './error-page.ts';
import { digestOf, discardRequest, markReplayed, replaysOf } from './keep-request.ts';
import { keepable } from './keepable.ts';
import { isOfCarrier } from './kept-headers.ts';
import { beginLogin, type CurrentLogin, currentLogin } from './login-handlers.ts';
import { createScope, type Interruption, UNINTERRUPTED } from './login-scope.ts';
import { externalPath } from './request.ts';
import type { KeptRequestCookie } from './request-cookies.ts';
import { sendRequestPage } from './request-page.ts';
import { sendResumePage, TOKEN_FIELD } from './resume-page.ts';
import type { Runtime } from './runtime.ts';
import { wayOfIssuer } from './ways.ts';

type NotTaken = Exclude<ClaimOutcome['kind'], 'taken'>;

const CODES: Readonly<Record<NotTaken, SsoErrorCode>> = {
  used: 'ERR_SSO_REQUEST_USED',
  discarded: 'ERR_SSO_REQUEST_DISCARDED',
  expired: 'ERR_SSO_REQUEST_EXPIRED',
  unknown: 'ERR_SSO_REQUEST_UNKNOWN',
  foreign: 'ERR_SSO_REQUEST_FOREIGN',
  otherPrincipal: 'ERR_SSO_REQUEST_OTHER_PERSON',
  otherTarget: 'ERR_SSO_REQUEST_OTHER_TARGET',
};

/** What becomes of the flow when its request is not sent again after all. */
const EVENTS: Partial<Record<NotTaken, string>> = {
  expired: 'request.expired',
  otherPrincipal: 'request.discarded',
  discarded: 'request.discarded',
};

/** Nobody sends this to a page: to learn what became of a request that is gone. */
const NOWHERE = { method: '', url: '' } as const;

const TOKEN = new RegExp(`^${TOKEN_FIELD}=([A-Za-z0-9_-]{22})\\.([A-Za-z0-9_-]{43})$`);
const TOKEN_BYTES = TOKEN_FIELD.length + '='.length + 22 + '.'.length + 43;

/**
 * Takes the small form by which a browser brings a kept request back: the request itself then takes its place, for
 * everything that is mounted behind. True if the browser was answered with a page instead.
 */
export async function takeCarrier(ctx: Context, runtime: Runtime): Promise<boolean> {
  const { options, requestCookies, savedRequests } = runtime;
  const here = externalPath(ctx, options);
  // Our own routes take the token for something else.
  if (here.startsWith(`${options.basePath}${options.routePrefix}/`)) return false;
  const token = await readToken(ctx, runtime);
  if (!token) return false;
  const answer = async (code: SsoErrorCode) => {
    await sendRequestPage(ctx, runtime, { code, returnTo: here });
    return true;
  };
  const cookie = requestCookies.find(ctx, token.handle);
  if (!cookie || cookie.id !== token.id) return answer('ERR_SSO_REQUEST_FOREIGN');
  if (token.isParsed) return answer('ERR_SSO_REQUEST_PARSED');
  const login = await currentLogin(ctx, runtime);
  const kept = await savedRequests.describe(cookie.id, cookie.secret);
  if (!login && kept) {
    // Not a redirect: the policy of the page that the form is on keeps it from leading to a login server.
    await showFailure(ctx, runtime, { code: 'ERR_SSO_LOGIN_REQUIRED', returnTo: here, request: token.handle });
    return true;
  }
  const principal = login?.record.principal ?? NOBODY;
  const expected = { method: kept?.method ?? '', url: here, principal };
  const outcome = await savedRequests.claim(cookie.id, cookie.secret, expected);
  if (outcome.kind !== 'taken') {
    options.logger.warn(`Request ${digestOf(cookie.id)} is not sent again: ${outcome.kind}`);
    await tellFlow(ctx, runtime, cookie, EVENTS[outcome.kind]);
    return answer(CODES[outcome.kind]);
  }
  await tellFlow(ctx, runtime, cookie, 'request.resumed');
  run(ctx, cookie, outcome.request);
  options.logger.info(`Request ${digestOf(cookie.id)} is sent again: ${outcome.request.body.length} bytes`);
  return false;
}

/** Nobody has this name, so nothing is given to them. */
const NOBODY: PrincipalRef = { issuer: '', id: '' };

function run(ctx: Context, cookie: KeptRequestCookie, request: SavedRequest): void {
  const { method, headers, body, idempotencyKey, savedAt } = request;
  const named = [
    ...headers.filter(([name]) => name !== 'idempotency-key'),
    ['idempotency-key', idempotencyKey] as const,
  ];
  replayBody(ctx, { method, headers: named, body });
  markReplayed(ctx, request);
  ctx.state.replay = { id: digestOf(cookie.id), savedAt: new Date(savedAt), attempts: replaysOf(ctx) };
}

/** The page that sends a kept request again, or asks whether to. */
export async function showResumePage(ctx: Context, runtime: Runtime, handle: string): Promise<void> {
  const { options, requestCookies, savedRequests } = runtime;
  const cookie = requestCookies.find(ctx, handle);
  if (!cookie) return sendRequestPage(ctx, runtime, { code: 'ERR_SSO_REQUEST_FOREIGN' });
  const login = await currentLogin(ctx, runtime);
  const kept = await savedRequests.describe(cookie.id, cookie.secret);
  if (!kept) return showFate(ctx, runtime, cookie, login);
  if (!login) return logInFirst(ctx, runtime, { cookie, kept, returnTo: `${options.basePath}/` });
  const { principal } = login.record;
  if (kept.owner !== null && !isSamePerson(kept.owner, principal)) {
    await discardRequest(runtime, cookie.id);
    await tellFlow(ctx, runtime, cookie, 'request.discarded');
    return sendRequestPage(ctx, runtime, { code: 'ERR_SSO_REQUEST_OTHER_PERSON' });
  }
  sendResumePage(ctx, options, {
    action: kept.url,
    token: `${handle}.${cookie.id}`,
    origin: options.origin,
    method: kept.method,
    savedAt: kept.savedAt,
    size: kept.size,
    person: principal.id,
    confirm: kept.owner === null,
    discardPath: `${options.basePath}${options.routePrefix}/resume/${handle}/discard`,
  });
}

/** Erases a kept request, for the person who had sent it. */
export async function discardFromPage(ctx: Context, runtime: Runtime, handle: string): Promise<void> {
  const { requestCookies } = runtime;
  const token = await readToken(ctx, runtime);
  const cookie = requestCookies.find(ctx, handle);
  if (!cookie || token?.handle !== handle || token.id !== cookie.id) {
    return sendRequestPage(ctx, runtime, { code: 'ERR_SSO_REQUEST_FOREIGN' });
  }
  await discardRequest(runtime, cookie.id);
  await tellFlow(ctx, runtime, cookie, 'request.discarded');
  return sendRequestPage(ctx, runtime, { code: 'ERR_SSO_REQUEST_DISCARDED', status: 200 });
}

/** What a login is to bring back that was kept in an earlier attempt; undefined if the handle is none of this browser's. */
export async function interruptedBefore(
  ctx: Context,
  { requestCookies, savedRequests }: Runtime,
  handle: string,
): Promise<Interruption | undefined> {
  const cookie = requestCookies.find(ctx, handle);
  if (!cookie) return undefined;
  const kept = await savedRequests.describe(cookie.id, cookie.secret);
  if (!kept) return { ...UNINTERRUPTED, notKept: 'ERR_SSO_REQUEST_EXPIRED' };
  return { ...UNINTERRUPTED, expected: kept.owner, savedRequest: { id: cookie.id, owner: kept.owner } };
}

/** Says what became of a request that is not there any more. */
async function showFate(
  ctx: Context,
  runtime: Runtime,
  cookie: KeptRequestCookie,
  login: CurrentLogin | undefined,
): Promise<void> {
  const principal = login?.record.principal ?? NOBODY;
  const { kind } = await runtime.savedRequests.claim(cookie.id, cookie.secret, { ...NOWHERE, principal });
  if (kind === 'taken') return;
  await tellFlow(ctx, runtime, cookie, EVENTS[kind]);
  return sendRequestPage(ctx, runtime, { code: CODES[kind] });
}

interface Waiting {
  readonly cookie: KeptRequestCookie;
  readonly kept: SavedRequestSummary;
  readonly returnTo: string;
}

/** The session has ended once more: what was kept waits for the next one. */
async function logInFirst(ctx: Context, runtime: Runtime, { cookie, kept, returnTo }: Waiting): Promise<void> {
  const { owner } = kept;
  const way = owner ? wayOfIssuer(runtime, owner.issuer) : undefined;
  const interruption = { ...UNINTERRUPTED, expected: owner, savedRequest: { id: cookie.id, owner } };
  await beginLogin(ctx, runtime, { returnTo, way, interruption });
}

/** The story of a login is for the journal: that it cannot be told must not cost anybody what they had sent. */
async function tellFlow(
  ctx: Context,
  runtime: Runtime,
  cookie: KeptRequestCookie,
  type: string | undefined,
): Promise<void> {
  if (type === undefined || cookie.attempt === '') return;
  try {
    await runtime.attempts.tell(cookie.attempt, { type }, createScope(ctx, runtime, runtime.ways[0]));
  } catch (error) {
    if (!isSsoError(error)) throw error;
    runtime.options.logger.warn(`${error.code} (${error.detail}): the flow of a login did not hear of ${type}`);
  }
}

interface Token {
  readonly handle: string;
  readonly id: string;
  /** A body parser in front has read it, so the kept body would never be read. */
  readonly isParsed: boolean;
}

/** The token in the body of a request. One that carries something else is left as if nobody had looked. */
async function readToken(ctx: Context, runtime: Runtime): Promise<Token | undefined> {
  const { options, requestCookies, captures, keeping } = runtime;
  const { req } = ctx;
  if (Number(ctx.get('Content-Length')) !== TOKEN_BYTES || !ctx.is('application/x-www-form-urlencoded'))
    return undefined;
  if (!keepable(ctx, { origin: options.origin }).keepable) return undefined;
  // A browser that has lost its cookies still carries the token, and no handler may take that for a form of its own.
  if (!keeping.isWanted && requestCookies.of(ctx).length === 0) return undefined;
  const parsed: unknown = Reflect.get(ctx.request, 'body');
  if (parsed !== undefined) {
    const value: unknown = Object(parsed)[TOKEN_FIELD];
    return tokenOf(`${TOKEN_FIELD}=${String(value)}`, true);
  }
  const bytes = await receive(ctx, runtime);
  const token = bytes && tokenOf(bytes.toString('latin1'), false);
  if (bytes && !token) {
    const headers = Object.entries(ctx.req.headers).flatMap(([name, value]) =>
      isOfCarrier(name) && typeof value === 'string' ? [[name, value] as const] : [],
    );
    replayBody(ctx, { method: ctx.method, headers, body: bytes });
    captures.pass(req, ctx.req);
  }
  return token;
}

function tokenOf(text: string, isParsed: boolean): Token | undefined {
  const [, handle, id] = TOKEN.exec(text) ?? [];
  return handle === undefined || id === undefined ? undefined : { handle, id, isParsed };
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

function isSamePerson(one: PrincipalRef, other: PrincipalRef): boolean {
  return one.issuer === other.issuer && one.id === other.id;
}
