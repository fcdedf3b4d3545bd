import type { Context } from 'koa';
import { explanations, type SsoErrorCode } from '../errors.ts';
import type { ErrorPage } from '../options.ts';
import type { RequestCode } from '../request-errors.ts';
import { type PageAction, privateResponse, sendPage } from './page.ts';
import { wantsJson } from './request.ts';
import { localTarget } from './return-to.ts';
import type { Runtime } from './runtime.ts';

/** What became of a request that was to be kept over a login. */
export interface ShownRequest {
  readonly code: SsoErrorCode;
  /** The page to go on with: a path on this site. Default: the start page. */
  readonly returnTo?: string | undefined;
  /** Default: the status of the code. With 200 it is no failure: the person asked for it. */
  readonly status?: number;
}

const TITLES: Readonly<Record<RequestCode, string>> = {
  ERR_SSO_REQUEST_TOO_LARGE: 'This was too large to be kept',
  ERR_SSO_REQUEST_NOT_RECEIVED: 'This did not arrive',
  ERR_SSO_REQUEST_NO_ROOM: 'This was not kept',
  ERR_SSO_REQUEST_NOT_STORED: 'This could not be kept',
  ERR_SSO_REQUEST_NOT_OURS: 'This was not sent, for your safety',
  ERR_SSO_REQUEST_NOBODYS: 'This was not kept',
  ERR_SSO_REQUEST_OTHER_PERSON: 'Sent by somebody else',
  ERR_SSO_REQUEST_EXPIRED: 'Too late to send this',
  ERR_SSO_REQUEST_USED: 'Already sent',
  ERR_SSO_REQUEST_DISCARDED: 'Erased, and not sent',
  ERR_SSO_REQUEST_UNKNOWN: 'Nothing is waiting to be sent',
  ERR_SSO_REQUEST_FOREIGN: 'This belongs to another browser',
  ERR_SSO_REQUEST_OTHER_TARGET: 'This belongs to another page',
  ERR_SSO_REQUEST_PARSED: 'This could not be sent',
};

/** For the log, where the message speaks to visitors alone. */
const DETAILS: Partial<Record<SsoErrorCode, string>> = {
  ERR_SSO_REQUEST_PARSED: 'a body parser is mounted in front of sso.routes(): mount it behind',
};

/**
 * Says why a request is not sent (again), and where to go on. The application's own `errorPage` comes before the default
 * one; callers that read JSON get JSON.
 */
export async function sendRequestPage(ctx: Context, runtime: Runtime, shown: ShownRequest): Promise<void> {
  const { options } = runtime;
  const { code } = shown;
  const { message, status: usual } = explanations[code];
  const status = shown.status ?? usual;
  const start = `${options.basePath}/`;
  const back = localTarget(shown.returnTo, options.baseUrl) ?? start;
  if (status !== 200) {
    const detail = DETAILS[code];
    const line = `${code}${detail ? ` (${detail})` : ''}: answered with ${status}`;
    if (status >= 500) options.logger.error(line);
    else options.logger.warn(line);
  }

  const title = Object.hasOwn(TITLES, code) ? TITLES[code as RequestCode] : 'This was not sent';
  const page: ErrorPage = { code, status, title, message, retryUrl: back, messages: [] };
  ctx.status = status;
  privateResponse(ctx);
  if (options.errorPage) return options.errorPage(page, ctx);
  if (wantsJson(ctx)) {
    ctx.body = { error: { code, message } };
    return;
  }
  const wayBack: readonly PageAction[] =
    back === start ? [] : [{ kind: 'link', label: 'Go back to the page', href: back }];
  sendPage(ctx, options, {
    status,
    title,
    paragraphs: [message],
    ...(status === 200 ? {} : { reference: code }),
    actions: [...wayBack, { kind: 'link', label: 'Go to the start page', href: start }],
  });
}
