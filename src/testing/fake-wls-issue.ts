import type { IssueReplyOptions } from './fake-wls-api.ts';
import { checkFailure } from './fake-wls-faults.ts';
import { failure, versionOf, type WlsSite } from './fake-wls-login.ts';
import { type FakeWlsReply, type Outcome, writeReply } from './fake-wls-reply.ts';
import { type AuthenticationRequest, judgeRequest, readQuery } from './fake-wls-request.ts';

/** What a reply is made with. */
export interface IssueSite extends Pick<WlsSite, 'habits' | 'highestVersion' | 'key' | 'now' | 'pages'> {
  /** How long a session lasts, in seconds. */
  readonly lifeSeconds: number;
}

/** Makes a reply without a browser. */
export function issueReply(site: IssueSite, options: IssueReplyOptions): FakeWlsReply {
  const { status = 200, signature, fields, clockOffsetMs = 0 } = options;
  const request = options.request === undefined ? undefined : readRequest(options.request);
  const url = options.url ?? request?.url;
  if (url === undefined) throw new TypeError('issueReply: either request or url must say where the reply goes.');
  const draft = {
    ver: options.ver ?? versionOf(site, request?.ver ?? 3, status),
    url,
    params: options.params ?? request?.params ?? '',
    outcome: outcomeOf(site, options, request),
    now: site.now() + clockOffsetMs,
  };
  const usual = site.habits.unsigned.has(status) ? 'none' : 'good';
  return writeReply(draft, site.key, site.habits, { fields, signature: signature ?? usual });
}

function outcomeOf(
  { pages, lifeSeconds }: IssueSite,
  { status = 200, msg, principal, interactive }: IssueReplyOptions,
  request: AuthenticationRequest | undefined,
): Outcome {
  if (status !== 200) {
    checkFailure(status, 'issueReply');
    return failure(status, msg);
  }
  const user = principal === undefined ? pages.users[0] : pages.users.find((one) => one.principal === principal);
  if (user === undefined) throw new TypeError(`issueReply: there is no user ${JSON.stringify(principal)}.`);
  return { status, user, interactive: interactive ?? request?.iact !== 'no', life: Math.floor(lifeSeconds) };
}

function readRequest(address: string | URL): AuthenticationRequest {
  const request = judgeRequest(readQuery(new URL(address).search.slice(1)));
  if ('why' in request) throw new TypeError(`issueReply: the server refuses this request. ${request.why}`);
  return request;
}
