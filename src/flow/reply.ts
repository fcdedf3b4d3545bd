import type { Failure, NotKeptCode, PrincipalRef, SavedRequestRef } from '../../machines/vocabulary.ts';

/**
 * What a flow wants the browser to get. Effects fill it, and one function of the Koa layer applies it, last: nothing is
 * told to a browser that is not stored yet.
 */
export interface Reply {
  /** Where to go next (303). Absolute for the login server, a path for our own site. */
  redirect: string | null;
  /** What is to be sent again by the browser, before it goes on to `redirect`. */
  savedRequest: SavedRequestRef | null;
  /** Why what the person had sent is not sent again. */
  notKept: NotKeptCode | null;
  /** A failure to explain, where the person wanted to go, and what the next attempt is to bring back. */
  failure: {
    readonly failure: Failure;
    readonly returnTo: string;
    readonly savedRequest: SavedRequestRef | null;
    readonly notKept: NotKeptCode | null;
  } | null;
  /** What becomes of the session: a login to point to, or the end of the present one. */
  session:
    | { readonly kind: 'open'; readonly loginId: string; readonly principal: PrincipalRef }
    | { readonly kind: 'close' }
    | null;
  /** The session has ended: on this site only, or at the login server as well. */
  signedOut: 'here' | 'everywhere' | null;
  /** The login server knew nobody: do not ask it again for a while. */
  gatewayDeclined: boolean;
}

export function emptyReply(): Reply {
  return {
    redirect: null,
    savedRequest: null,
    notKept: null,
    failure: null,
    session: null,
    signedOut: null,
    gatewayDeclined: false,
  };
}
