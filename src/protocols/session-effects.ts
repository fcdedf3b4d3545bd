import type { Resumption } from '../../machines/login-vocabulary.ts';
import type { Principal, PrincipalRef, SavedRequestRef } from '../../machines/vocabulary.ts';
import { isSsoError } from '../errors.ts';
import type { Logins } from '../storage/logins.ts';
import type { GrantEntry, ProxyGrants } from '../storage/proxy-grants.ts';
import type { LoginScope } from './protocol.ts';

export interface SessionEffectsOptions {
  readonly logins: Logins;
  readonly grants: ProxyGrants;
  /** How long a login may last, in milliseconds. */
  readonly sessionMs: number;
  warn(message: string): void;
}

interface OpeningSession {
  readonly principal: Principal;
  readonly grantId: string | null;
  readonly lifeMs: number | null;
}

interface EndOfSession {
  readonly everywhere: boolean;
  readonly loginId: string | null;
  readonly grantId: string | null;
}

/** The effects that are the same whichever protocol vouched for the person: all that becomes of a known principal. */
export type SessionEffects = ReturnType<typeof createSessionEffects>;

export function createSessionEffects({ logins, grants, sessionMs, warn }: SessionEffectsOptions) {
  /** That a grant can be found by its person is a convenience: the login itself does not hang on it. */
  const index = async (principal: Principal, entry: GrantEntry) => {
    try {
      await grants.index(principal, entry);
    } catch (error) {
      if (!isSsoError(error)) throw error;
      warn(`${error.code} (${error.detail}): a proxy grant cannot be found by its person, only by its session.`);
    }
  };

  return {
    async admitPrincipal({ principal }: { readonly principal: Principal }, scope: LoginScope) {
      const admission = await scope.admit(principal);
      if (admission.kind === 'refused') return { type: 'principal.refused' } as const;
      if (admission.kind === 'unchecked') return { type: 'principal.unchecked', detail: admission.detail } as const;
      scope.account = admission.account;
      return { type: 'principal.admitted' } as const;
    },

    async openSession({ principal, grantId, lifeMs }: OpeningSession, scope: LoginScope) {
      const openedAt = scope.now();
      // The login server's own session may end earlier than ours would.
      const expiresAt = openedAt + Math.min(sessionMs, lifeMs ?? sessionMs);
      const account = scope.account ?? null;
      const record = { principal, account, flowId: scope.attempt, grantId, openedAt, expiresAt };
      const loginId = await logins.open(record).catch(async (error: unknown) => {
        // Nobody will ever point to it; if the store is still out, it expires.
        if (grantId !== null) await grants.remove(grantId).catch(() => {});
        throw error;
      });
      if (grantId !== null) await index(principal, { grantId, loginId, openedAt, expiresAt });
      if (scope.loginId !== null) await logins.end(scope.loginId);
      scope.reply.session = { kind: 'open', loginId, principal };
      return { type: 'session.opened', loginId } as const;
    },

    async saveRequest({ owner }: { readonly owner: PrincipalRef | null }, scope: LoginScope) {
      const keeping = await scope.keepRequest(owner);
      return keeping.kind === 'kept'
        ? ({ type: 'request.saved', savedRequest: keeping.savedRequest } as const)
        : ({ type: 'request.notSaved', code: keeping.code } as const);
    },

    resumeRequest({ returnTo, savedRequest, notKept }: Resumption, scope: LoginScope) {
      Object.assign(scope.reply, { redirect: returnTo, savedRequest, notKept });
    },

    async discardRequest({ savedRequest }: { readonly savedRequest: SavedRequestRef | null }, scope: LoginScope) {
      if (savedRequest) await scope.discardRequest(savedRequest.id);
    },

    continueAnonymously({ returnTo }: { readonly returnTo: string }, scope: LoginScope) {
      scope.reply.gatewayDeclined = true;
      scope.reply.redirect = returnTo;
    },

    showFailure(params: NonNullable<LoginScope['reply']['failure']>, scope: LoginScope) {
      scope.reply.failure = params;
    },

    async endSession({ everywhere, loginId, grantId }: EndOfSession, scope: LoginScope) {
      if (loginId !== null) await logins.end(loginId, grantId);
      else if (grantId !== null) await grants.remove(grantId);
      // A session that this very request was to open is not known to any browser yet; it may hold a later login by now.
      scope.reply.session = scope.reply.session?.kind === 'open' ? null : { kind: 'close' };
      scope.reply.signedOut = everywhere ? 'everywhere' : 'here';
    },
  };
}
