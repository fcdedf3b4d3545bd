import type { Context } from 'koa';
import type { PrincipalRef } from '../../machines/vocabulary.ts';
import { isSsoError, type SsoErrorCode } from '../errors.ts';
import type { ClaimOutcome, SavedRequest, SavedRequestSummary } from '../storage/saved-request.ts';
import { replayBody } from './body-replay.ts';
import { showFailure } from './error-page.ts';
import { digestOf, discardRequest, markReplayed, replaysOf } from './keep-request.ts';
import { beginLogin, type CurrentLogin, currentLogin } from './login-handlers.ts';
import { createScope, type Interruption, UNINTERRUPTED } from './login-scope.ts';
import { externalPath } from './request.ts';
import type { KeptRequestCookie } from './request-cookies.ts';
import { sendRequestPage } from './request-page.ts';
import { sendResumePage } from './resume-page.ts';
import { readToken, type Token } from './resume-token.ts';
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

/**
 * Takes the small form by which a browser brings a kept request back: the request itself then takes its place, for
 * everything that is mounted behind. True if the browser was answered with a page instead.
 */
export async function takeCarrier(ctx: Context, runtime: Runtime): Promise<boolean> {
  const { options } = runtime;
  const here = externalPath(ctx, options);
  // Our own routes take the token for something else.
  if (here.startsWith(`${options.basePath}${options.routePrefix}/`)) return false;
  const token = await readToken(ctx, runtime);
  if (!token) return false;
  try {
    return await takeToken(ctx, runtime, token, here);
  } catch (error) {
    if (!isSsoError(error) || error.code !== 'ERR_SSO_STORE') throw error;
    await showFailure(ctx, runtime, { code: error.code, detail: error.detail, returnTo: here, request: token.handle });
    return true;
  }
}

async function takeToken(ctx: Context, runtime: Runtime, token: Token, here: string): Promise<boolean> {
  const { options, requestCookies, savedRequests } = runtime;
  const answer = async (code: SsoErrorCode) => {
    await sendRequestPage(ctx, runtime, { code, returnTo: here });
    return true;
  };
  const cookie = requestCookies.find(ctx, token.handle);
  if (!cookie || cookie.id !== token.id || token.isStrange) return answer('ERR_SSO_REQUEST_FOREIGN');
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
  if (!cookie || token?.handle !== handle || token.id !== cookie.id || token.isStrange) {
    return sendRequestPage(ctx, runtime, { code: 'ERR_SSO_REQUEST_FOREIGN' });
  }
  await discardRequest(runtime, cookie.id);
  await tellFlow(ctx, runtime, cookie, 'request.discarded');
  return sendRequestPage(ctx, runtime, { code: 'ERR_SSO_REQUEST_DISCARDED', status: 200 });
}

/** What a login is to bring back that was kept in an earlier attempt; undefined if it is not there for this browser. */
export async function interruptedBefore(
  ctx: Context,
  { requestCookies, savedRequests }: Runtime,
  handle: string,
): Promise<Interruption | undefined> {
  const cookie = requestCookies.find(ctx, handle);
  if (!cookie) return undefined;
  const kept = await savedRequests.describe(cookie.id, cookie.secret);
  if (!kept) return undefined;
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

function isSamePerson(one: PrincipalRef, other: PrincipalRef): boolean {
  return one.issuer === other.issuer && one.id === other.id;
}
