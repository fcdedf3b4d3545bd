import type { Context, Next } from 'koa';
import type { ProxiedCallContext } from '../../machines/proxied-call.ts';
import { explanations, isSsoError, SsoError, type SsoErrorCode } from '../errors.ts';
import { runOnce } from '../flow/run-once.ts';
import type { AllowedChains, ChainPolicy, ProxyAcceptance } from '../protocols/protocol.ts';
import type { LoginRecord } from '../storage/logins.ts';
import { attachSso, markCaller, userOf } from './context.ts';
import { privateResponse } from './page.ts';
import { externalPath, rawQuery, replaceQuery } from './request.ts';
import type { Runtime, RuntimeOf } from './runtime.ts';

/** Who may call on behalf of people, and for which service. */
export interface AcceptProxyTicketsOptions {
  /**
   * The chains of proxies that may act for a person, each a list of callback addresses, the most recent first: exact URLs
   * or patterns anchored with `^` and `$`; or a function that decides. Nobody else may.
   */
  readonly allowedChains: AllowedChains;
  /**
   * The service that tickets must be for, or a function that chooses one and must not look at `Host`. Default: the
   * address of the request below `baseUrl`, without the ticket.
   */
  readonly service?: string | ((ctx: Context) => string);
  /**
   * Lets a caller that keeps cookies go on without a new ticket for this time, in seconds. Default: every call brings
   * one, and nothing is kept.
   */
  readonly sessionSeconds?: number;
  /** Accepts tickets that a person brought without any proxy. Default false. */
  readonly allowDirect?: boolean;
  /**
   * Asks for a grant with each ticket, so that `ctx.sso.proxyTicket()` can call further services. Needs `proxyGrants` in
   * `cas()`. Default false.
   */
  readonly proxyGrant?: boolean;
}

/** How long a grant lives that belongs to one call, if that call never ends; in milliseconds. */
const CALL_GRANT_MS = 10 * 60_000;

/**
 * Lets callers through that bring a proxy ticket, in `?ticket=` or in `Authorization: CAS …` (CAS 2.6). Each ticket is
 * validated at the CAS server, once. Everybody else gets 401 as JSON.
 * @throws SsoError ERR_SSO_OPTIONS
 */
export function createAcceptProxyTickets(
  runtimeOf: RuntimeOf,
  acceptance: ProxyAcceptance | null,
  options: AcceptProxyTicketsOptions,
) {
  const proxies = checked(acceptance, options);
  const { allowedChains, sessionSeconds, allowDirect = false, proxyGrant = false } = options;
  const policy: ChainPolicy = { allowedChains, allowDirect };
  const sessionMs = sessionSeconds === undefined ? null : sessionSeconds * 1000;

  return async function acceptProxyTickets(ctx: Context, next: Next): Promise<void> {
    const runtime = runtimeOf(ctx);
    attachSso(ctx, runtime);
    const record = await accept(ctx, runtime).catch((error: unknown) => {
      if (!isSsoError(error)) throw error;
      refuse(ctx, runtime, error.code, error.detail);
      return undefined;
    });
    if (!record) return;
    ctx.state.user = { ...userOf({ id: '', record }), proxies: record.proxies ?? [] };
    markCaller(ctx, record);
    try {
      await next();
    } finally {
      if (sessionMs === null && record.grantId !== null) await discard(runtime, record.grantId);
    }
  };

  /** The login of a call, or undefined if the call is answered. */
  async function accept(ctx: Context, runtime: Runtime): Promise<LoginRecord | undefined> {
    const { cookies, logins, journal, pseudonymOf, options: site } = runtime;
    const ticket = takeTicket(ctx, proxies);
    const session = ticket === null && sessionMs !== null ? cookies.callerOf(ctx) : undefined;
    const known = session === undefined ? undefined : await logins.find(session);
    // The rules of the very guard: a session that another one opened counts for no more than its chain does here.
    if (known?.proxies && proxies.allows(policy, known.proxies)) return known;

    const now = site.clock();
    const event = ticket === null ? { type: 'call.withoutTicket' } : proxies.ticketEvent(ticket);
    const scope = { ...policy, grantExpiresAt: now + (sessionMs ?? CALL_GRANT_MS) };
    const input = { service: serviceOf(ctx, runtime), wantsGrant: proxyGrant };
    const end = await runOnce({ flow: proxies.flow, scope, journal, pseudonymOf, clock: site.clock }, input, event);
    const { principal, failure, grantId, proxies: chain } = end.context as ProxiedCallContext;
    if (failure !== null || principal === null) {
      refuse(ctx, runtime, failure?.code ?? 'ERR_SSO_PROXY_TICKET_REJECTED', failure?.detail ?? null);
      return undefined;
    }
    const record: LoginRecord = {
      principal,
      account: null,
      flowId: '',
      grantId,
      proxies: chain,
      openedAt: now,
      expiresAt: now + (sessionMs ?? CALL_GRANT_MS),
    };
    if (sessionMs !== null) {
      const id = await logins.open(record).catch(async (error: unknown) => {
        if (grantId !== null) await discard(runtime, grantId);
        throw error;
      });
      cookies.issueCaller(ctx, id, sessionMs);
    }
    return record;
  }

  function serviceOf(ctx: Context, { options: site }: Runtime): string {
    const { service } = options;
    if (typeof service === 'string') return service;
    return service ? service(ctx) : site.origin + externalPath(ctx, site);
  }
}

function checked(acceptance: ProxyAcceptance | null, options: AcceptProxyTicketsOptions): ProxyAcceptance {
  const problems: string[] = [];
  if (!acceptance) problems.push('proxy tickets need cas() with version "2.0" or "3.0".');
  else problems.push(...acceptance.chainProblems(options?.allowedChains));
  const given = Object(options) as Partial<AcceptProxyTicketsOptions>;
  const { service, sessionSeconds, proxyGrant } = given;
  if (service !== undefined && typeof service !== 'function' && (typeof service !== 'string' || service === '')) {
    problems.push('service: expected the address of this service, or a function that gives it.');
  }
  if (sessionSeconds !== undefined && !(Number.isFinite(sessionSeconds) && sessionSeconds > 0)) {
    problems.push('sessionSeconds: expected a number above 0.');
  }
  // A text from the environment would be a yes, whatever it says.
  for (const name of ['allowDirect', 'proxyGrant'] as const) {
    if (given[name] !== undefined && typeof given[name] !== 'boolean')
      problems.push(`${name}: expected true or false.`);
  }
  if (proxyGrant && acceptance && !acceptance.givesGrants)
    problems.push('proxyGrant: needs cas({ proxyGrants: true }).');
  if (!acceptance || problems.length > 0) {
    throw new SsoError('ERR_SSO_OPTIONS', {
      message: `The options of acceptProxyTickets() are not valid:\n${problems.map((problem) => `- ${problem}`).join('\n')}`,
    });
  }
  return acceptance;
}

/** Takes the ticket out of the request, so that neither the application nor its log sees it. */
function takeTicket(ctx: Context, acceptance: ProxyAcceptance): string | null {
  const [, header] = /^CAS\s+(\S*)\s*$/i.exec(ctx.get('Authorization')) ?? [];
  if (header !== undefined) delete ctx.req.headers.authorization;
  const taken = acceptance.takeTicket(rawQuery(ctx));
  if (taken.ticket !== null) replaceQuery(ctx, taken.query);
  // A header is nothing that a link or a page can make a browser send, so it is what the caller means.
  return header ?? taken.ticket;
}

/** The call is over. What is left of it if this fails expires soon. */
async function discard({ grants, options }: Runtime, grantId: string): Promise<void> {
  try {
    await grants.remove(grantId);
  } catch {
    options.logger.warn('The proxy grant of a call could not be removed; it expires within ten minutes.');
  }
}

function refuse(ctx: Context, { options }: Runtime, code: SsoErrorCode, detail: string | null): void {
  const { message, status } = explanations[code];
  options.logger.warn(
    `${code}${detail === null ? '' : ` (${detail})`}: a call on somebody's behalf was answered with ${status}`,
  );
  ctx.status = status;
  if (status === 401) ctx.set('WWW-Authenticate', `CAS realm="${options.origin}"`);
  privateResponse(ctx);
  ctx.body = { error: { code, message } };
}
