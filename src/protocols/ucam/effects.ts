import type { ucamLoginMachine } from '../../../machines/ucam-login.ts';
import type { UcamLoginEvent } from '../../../machines/ucam-login-vocabulary.ts';
import type { Effects } from '../../flow/effects.ts';
import type { LoginScope } from '../protocol.ts';
import type { SessionEffects } from '../session-effects.ts';
import { judgeReply, type ReplyFailure, type ReplySuccess } from './judgement.ts';
import type { KeyRing } from './key-ring.ts';
import { writeParams } from './params.ts';
import type { Rejection } from './rejection.ts';
import { type AuthenticationRequest, type Interaction, loginUrl } from './request.ts';

export type UcamEffects = Effects<typeof ucamLoginMachine, LoginScope>;

export interface UcamEffectsOptions {
  readonly loginUrl: string;
  readonly issuer: string;
  readonly keyRing: Pick<KeyRing, 'find'>;
  readonly sessionEffects: SessionEffects;
  /** What every request says. */
  readonly request: Pick<AuthenticationRequest, 'desc' | 'msg' | 'aauth' | 'fail'>;
  /** What every request asks unless the page asks for something else. */
  readonly iact: Interaction | null;
  /** The application's part of `params`. */
  readonly data: string;
  /** Where the WLS sends people back to; null for the address that the plugin gives. */
  readonly returnUrl: string | null;
  readonly requiredPtags: readonly string[];
  readonly timeoutMs: number;
  readonly skewMs: number;
}

/** A session at the WLS that ends this instant still lets the person see the page that they signed in for. */
const SHORTEST_LIFE_MS = 60_000;

/** How the effects of a login by Ucam-WebAuth are performed. */
export function createUcamEffects(options: UcamEffectsOptions): UcamEffects {
  const { issuer, keyRing, sessionEffects, request, data, requiredPtags, timeoutMs, skewMs } = options;
  const { aauth = [] } = request;
  const iactOf = ({ renew, gateway }: { readonly renew: boolean; readonly gateway: boolean }) =>
    renew ? 'yes' : gateway ? 'no' : options.iact;

  return {
    ...sessionEffects,

    redirectToLogin(asked, scope) {
      const { attempt, returnUrl } = scope.beginAttempt();
      const url = options.returnUrl ?? returnUrl;
      const written = writeParams(attempt, data);
      if (written.kind === 'problem') throw new TypeError(written.problem);
      const { text: params } = written;
      const at = scope.now();
      // Whoever is asked quietly must come back in any case: the page that they wanted needs no login.
      const fail = (request.fail ?? false) && !asked.gateway;
      const iact = iactOf(asked);
      scope.reply.redirect = loginUrl(options.loginUrl, { ...request, fail, url, params, iact, now: at });
      return { type: 'redirect.issued', url, params, at };
    },

    verifyReply({ reply, url, params, ...asked }, scope) {
      const now = scope.now();
      const expected = { url, params, iact: iactOf(asked), aauth, requiredPtags, now, timeoutMs, skewMs };
      const judgement = judgeReply(reply, expected, keyRing.find);
      switch (judgement.kind) {
        case 'success':
          return verified(judgement, issuer, now);
        case 'notAuthorised':
          return { type: 'reply.notCurrent', detail: judgement.reason };
        case 'status':
          return statusEvent(judgement);
        case 'rejected':
          return rejectionEvent(judgement);
      }
    },
  };
}

function verified(reply: ReplySuccess, issuer: string, now: number): UcamLoginEvent {
  const { principal: id, ptags, auth, sso, data, issuedAt, lifeSeconds } = reply;
  return {
    type: 'reply.verified',
    principal: {
      issuer,
      id,
      protocol: 'ucam',
      attributes: { ptags, auth: auth === null ? [] : [auth], sso, ...(data === null ? {} : { params: [data] }) },
      // Only a reply to somebody who has just typed a password says when that was.
      authenticatedAt: auth === null ? null : issuedAt,
      fromNewLogin: auth !== null,
      longTerm: null,
    },
    lifeMs: lifeSeconds === null ? null : Math.max(lifeSeconds * 1000, SHORTEST_LIFE_MS),
    at: now,
  };
}

/** A failure may be unsigned, and anybody's: it ends this attempt, and its words are shown as words. */
function statusEvent({ status, message }: ReplyFailure): UcamLoginEvent {
  const said = message === '' ? null : message.slice(0, 500);
  switch (status) {
    case 410:
      return { type: 'reply.cancelled', said };
    case 540:
      return { type: 'reply.interactionNeeded', said };
    case 560:
    case 570:
      return { type: 'reply.refused', detail: String(status), said };
    default:
      return { type: 'reply.failed', detail: String(status), said };
  }
}

function rejectionEvent({ reason, class: kind }: Rejection): UcamLoginEvent {
  switch (kind) {
    case 'malformed':
      return { type: 'reply.malformed', detail: reason };
    case 'unknown-key':
      return { type: 'reply.unknownKey', detail: reason };
    case 'invalid':
      return { type: 'reply.invalid', detail: reason };
  }
}
