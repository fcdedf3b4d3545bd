/**
 * The states that every login has, whichever protocol it goes by: from a person whom the login server vouches for to the
 * end of the session, and the ends of a login that does not come so far.
 */
import { failWith, type LoginContext, login } from './login-vocabulary.ts';

/** What the parameters of an effect are made of. Named, so that the states fit every machine that has more than that. */
export interface Asked {
  readonly context: LoginContext;
}

export interface AskedAfter extends Asked {
  readonly event: { readonly type: string; readonly everywhere?: boolean };
}

/** What the page about a failure is made of: what was kept is still there for the next attempt. */
export const whatFailed = ({ context }: Asked) => ({
  failure: context.failure!,
  returnTo: context.returnTo,
  savedRequest: context.savedRequest,
  notKept: context.notKept,
});

/** Reasons not to send the browser away at all. */
export const beforeLeaving = [
  {
    guard: 'loginLoops',
    target: 'rejecting',
    actions: failWith('ERR_SSO_LOGIN_LOOP'),
    description: 'The browser finished several logins within a minute and still has no session: it is told so.',
    meta: { threat: 'An endless loop of redirects when cookies are blocked.' },
  },
  {
    guard: 'gatewayCoolsDown',
    target: 'declined',
    description: 'The login server was asked a short while ago, or may only be asked with a prompt: it is not asked.',
    meta: { threat: 'A loop between a public page and the login server.' },
  },
] as const;

/** What becomes of an answer that vouches for the person, but not for as fresh a login as was asked. */
export const whenNotFresh = [
  {
    guard: 'mayAskAgain',
    target: 'redirecting',
    actions: 'rememberToAskAgain',
    description: 'The login is older than this page allows, or of unknown age: credentials are asked for, once.',
    meta: { threat: 'An unattended browser with an old single sign-on session (ASVS 7.5.3).' },
  },
  {
    target: 'rejecting',
    actions: failWith('ERR_SSO_LOGIN_NOT_FRESH'),
    description: 'Credentials were demanded and the login server reports an earlier login.',
    meta: { threat: 'The visitor takes the demand out of the address in the browser (ASVS 6.8.4).' },
  },
] as const;

/** A person who signs out while a login is under way. */
export const signingOut = {
  beforeLeaving: { target: 'loggedOut', description: 'The person signs out before the browser has left.' },
  whileAway: {
    target: 'loggedOut',
    description: 'The person signs out in another tab while this one is at the login server.',
    meta: { threat: 'A login in flight that brings back a session after a logout.' },
  },
  whileChecked: {
    target: 'loggedOut',
    description: 'The person signed out while the answer of the login server was being checked.',
    meta: { threat: 'A login in flight that brings back a session after a logout.' },
  },
  fromSession: { target: 'loggedOut', description: 'The person, or the login server, ends the session.' },
} as const;

export const admitting = login.createStateConfig({
  description: 'The person is known. May they use this site? The application looks up, creates or refuses the account.',
  tags: ['awaiting-server'],
  meta: { spec: ['ASVS 6.8.1', 'ASVS 8.2.1'] },
  entry: { type: 'admitPrincipal', params: ({ context }: Asked) => ({ principal: context.principal! }) },
  on: {
    'principal.admitted': { target: 'openingSession', description: 'The application knows or accepts the person.' },
    'principal.refused': {
      target: 'rejecting',
      actions: failWith('ERR_SSO_NOT_AUTHORISED'),
      description: 'The application does not want this person. There is no way back to the login server: no loop.',
    },
    'principal.unchecked': {
      target: 'rejecting',
      actions: failWith('ERR_SSO_LOGIN_HOOK'),
      description: 'The application could not tell, so nobody is let in.',
    },
    'logout.requested': {
      target: 'loggedOut',
      description: 'The person signed out while the account was being looked up.',
      meta: { threat: 'A login in flight that brings back a session after a logout.' },
    },
  },
});

/** A state that both protocols share, with the section of one of them. */
export function citing<State extends { readonly meta: { readonly spec: readonly string[] } }>(
  section: string,
  state: State,
): State & { meta: { spec: string[] } } {
  return { ...state, meta: { spec: [section, ...state.meta.spec] } };
}

export const authenticated = login.createStateConfig({
  description: 'The login holds. The session has a new id, and the person is on the page that was asked for.',
  tags: ['settled'],
  meta: { spec: ['ASVS 7.2.4', 'ASVS 3.7.2'] },
  on: { 'logout.requested': signingOut.fromSession },
});

export const rejecting = login.createStateConfig({
  description: 'No login came of it. Does the person need to know, or does a public page go on without a login?',
  tags: ['awaiting-server'],
  meta: { spec: ['ASVS 16.5.3'] },
  always: [
    {
      guard: 'gatewayAsked',
      target: 'declined',
      description: 'Nobody asked to log in: a public page stays a page, whatever ails the login server.',
      meta: { threat: 'A login server that is down takes public pages down with it.' },
    },
    { target: 'failed', description: 'The person asked to log in, and is told why it did not work.' },
  ],
});

export const declined = login.createStateConfig({
  type: 'final',
  description: 'Nobody is known, and nobody was to be asked: the page is shown to an anonymous visitor.',
  meta: { spec: ['ASVS 7.6.2'] },
  entry: { type: 'continueAnonymously', params: ({ context }: Asked) => ({ returnTo: context.returnTo }) },
});

export const failed = login.createStateConfig({
  type: 'final',
  description: 'No login came of it. A page says why and offers the next step; an earlier session is untouched.',
  tags: ['failed'],
  meta: { spec: ['ASVS 16.5.3'] },
  entry: {
    type: 'showFailure',
    params: whatFailed,
  },
});

export const loggedOut = login.createStateConfig({
  type: 'final',
  description: 'The session, and all that belonged to it, is gone, and nothing that was under way can bring it back.',
  meta: { spec: ['ASVS 7.4.1'] },
  entry: [
    { type: 'discardRequest', params: ({ context }: Asked) => ({ savedRequest: context.savedRequest }) },
    {
      type: 'endSession',
      params: ({ context, event }: AskedAfter) => ({
        everywhere: event.everywhere ?? false,
        loginId: context.loginId,
        grantId: context.grantId,
      }),
    },
    'forgetSession',
  ],
});
