import type { Failure, Principal, SavedRequestRef } from '../../machines/vocabulary.ts';
import type { Logins } from '../storage/logins.ts';
import type { Store } from '../storage/store.ts';
import type { LoginScope } from './protocol.ts';

export interface SessionEffectsOptions {
  readonly logins: Logins;
  readonly store: Store;
  /** How long a login may last, in milliseconds. */
  readonly sessionMs: number;
}

/** The effects that are the same whichever protocol vouched for the person: all that becomes of a known principal. */
export type SessionEffects = ReturnType<typeof createSessionEffects>;

export function createSessionEffects({ logins, store, sessionMs }: SessionEffectsOptions) {
  return {
    async admitPrincipal({ principal }: { readonly principal: Principal }, scope: LoginScope) {
      const admission = await scope.admit(principal);
      if (admission.kind === 'refused') return { type: 'principal.refused' } as const;
      if (admission.kind === 'unchecked') return { type: 'principal.unchecked', detail: admission.detail } as const;
      scope.account = admission.account;
      return { type: 'principal.admitted' } as const;
    },

    async openSession({ principal }: { readonly principal: Principal }, scope: LoginScope) {
      const now = scope.now();
      const loginId = await logins.open({
        principal,
        account: scope.account ?? null,
        flowId: scope.attempt,
        openedAt: now,
        expiresAt: now + sessionMs,
      });
      if (scope.loginId !== null) await logins.end(scope.loginId);
      scope.reply.session = { kind: 'open', loginId, principal };
      return { type: 'session.opened', loginId } as const;
    },

    resumeRequest(
      params: { readonly returnTo: string; readonly savedRequest: SavedRequestRef | null },
      scope: LoginScope,
    ) {
      scope.reply.redirect = params.returnTo;
    },

    async discardRequest({ savedRequest }: { readonly savedRequest: SavedRequestRef | null }) {
      if (savedRequest) await store.remove('request', savedRequest.id);
    },

    continueAnonymously({ returnTo }: { readonly returnTo: string }, scope: LoginScope) {
      scope.reply.gatewayDeclined = true;
      scope.reply.redirect = returnTo;
    },

    showFailure(params: { readonly failure: Failure; readonly returnTo: string }, scope: LoginScope) {
      scope.reply.failure = params;
    },

    async endSession(
      { everywhere, loginId }: { readonly everywhere: boolean; readonly loginId: string | null },
      scope: LoginScope,
    ) {
      if (loginId !== null) await logins.end(loginId);
      // A session that this very request was to open is not known to any browser yet; it may hold a later login by now.
      scope.reply.session = scope.reply.session?.kind === 'open' ? null : { kind: 'close' };
      scope.reply.signedOut = everywhere ? 'everywhere' : 'here';
    },
  };
}
