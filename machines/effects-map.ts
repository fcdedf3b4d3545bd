/**
 * Where each effect of the shipped machines goes: which trust boundary it crosses, and which records of the store it reads,
 * writes or takes away. The pictures and tables are annotated with it.
 */
import type { FlowDiagram } from './diagram.ts';

/** Whom an effect deals with. Everything but the store lies beyond a trust boundary. */
export type Actor = 'browser' | 'login-server' | 'application' | 'store';

/** The kinds of records that the store holds. */
export type StoreName =
  | 'flow'
  | 'settled-flow'
  | 'pending-flow'
  | 'logged-out'
  | 'request'
  | 'request-index'
  | 'request-trace'
  | 'pgtiou'
  | 'grant'
  | 'user-grants'
  | 'login'
  | 'login-seen'
  | 'ticket-login';

export interface EffectNote {
  readonly crosses: readonly Actor[];
  readonly stores: readonly StoreName[];
  readonly sentence: string;
}

const note = (crosses: readonly Actor[], stores: readonly StoreName[], sentence: string): EffectNote => ({
  crosses,
  stores,
  sentence,
});

const KNOWN: ReadonlyMap<string, EffectNote> = new Map([
  [
    'saveRequest',
    note(
      ['browser', 'store'],
      ['request', 'request-index', 'request-trace'],
      'Seals what the person had sent and stores it; the browser gets the secret that it opens with.',
    ),
  ],
  [
    'redirectToLogin',
    note(
      ['browser'],
      [],
      'Sends the browser to the login server, with a cookie that binds the answer to this browser.',
    ),
  ],
  [
    'validateTicket',
    note(['login-server'], [], 'Asks the login server over our own TLS connection whom the ticket was issued to.'),
  ],
  [
    'verifyReply',
    note(['browser'], [], 'Checks the signature of the reply that the browser carries; nobody is called.'),
  ],
  ['admitPrincipal', note(['application'], [], 'Asks the application whether the person may use this site.')],
  [
    'claimProxyGrant',
    note(
      ['store'],
      ['pgtiou', 'grant'],
      'Takes the delivered proxy-granting ticket, once, and stores it sealed for this login alone.',
    ),
  ],
  [
    'openSession',
    note(
      ['browser', 'store'],
      ['login', 'login-seen', 'user-grants'],
      'Stores the login; the session of the browser gets a new id and points to it.',
    ),
  ],
  ['resumeRequest', note(['browser'], [], 'Sends the browser to where the person wanted to go, or to send again.')],
  [
    'discardRequest',
    note(['store'], ['request', 'request-index', 'request-trace'], 'Destroys what the person had sent.'),
  ],
  ['continueAnonymously', note(['browser'], [], 'Sends the browser to the page as an anonymous visitor.')],
  ['showFailure', note(['browser'], [], 'Shows a page that says what happened and offers the next step.')],
  [
    'endSession',
    note(
      ['browser', 'store'],
      ['login', 'login-seen', 'grant'],
      'Takes the login and its grant out of the store and closes the session of the browser.',
    ),
  ],
  ['storeDelivery', note(['store'], ['pgtiou'], 'Stores a delivered proxy-granting ticket, sealed, to be claimed.')],
  ['answerCallback', note(['login-server'], [], 'Answers the caller with a status and nothing else.')],
  [
    'requestTicket',
    note(
      ['login-server', 'store'],
      ['grant'],
      'Opens the grant and asks the login server for a ticket to one service.',
    ),
  ],
  [
    'lookAgain',
    note(['login-server', 'store'], ['grant'], 'Asks once more, and whether the login server is well otherwise.'),
  ],
  ['discardGrant', note(['store'], ['grant'], 'Throws the dead grant away.')],
  [
    'validateProxyTicket',
    note(['login-server'], [], 'Asks the login server for whom, and through whose hands, the ticket was issued.'),
  ],
]);

const CUSTOM = note(['application'], [], 'An effect of the application.');

/** What is known of an effect by its name; one that this package does not have is the application's. */
export function effectNote(name: string): EffectNote {
  return KNOWN.get(name) ?? CUSTOM;
}

/** Where the record of a flow rests while it is in a state with these tags; null where it never rests. */
export function restsIn(tags: readonly string[]): StoreName | null {
  if (tags.includes('pending')) return 'pending-flow';
  if (tags.includes('settled')) return 'settled-flow';
  return tags.includes('awaiting-browser') ? 'flow' : null;
}

/** The effects that a flow asks for, by name, each once, in the order of the diagram. */
export function effectsOf({ states, transitions }: Pick<FlowDiagram, 'states' | 'transitions'>): readonly string[] {
  const actions = [
    ...states.flatMap(({ entry, exit }) => [...entry, ...exit]),
    ...transitions.flatMap(({ effects }) => effects),
  ];
  return [...new Set(actions.filter(({ kind }) => kind === 'effect').map(({ name }) => name))];
}
