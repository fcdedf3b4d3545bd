/**
 * One request for a proxy ticket: with the proxy-granting ticket (PGT) of a login, the CAS server is asked for a ticket
 * to one service, on behalf of the person.
 *
 * Only a grant that is gone leads back to a login. A permission that is missing is an error: to log in again would not
 * help, and would turn into a loop. Neither PGT nor proxy ticket rests in the context.
 */
import { assign, setup } from 'xstate';
import type { Failure, FailureCode, FlowTag, StateMeta, TransitionMeta } from './vocabulary.ts';

export interface ProxyTicketInput {
  /** The grant of the login, by its id; null when the login has none. */
  readonly grantId: string | null;
  /** The service that the ticket shall be for, to the letter. */
  readonly service: string;
}

export interface ProxyTicketContext extends ProxyTicketInput {
  readonly failure: Failure | null;
}

export type ProxyTicketEvent =
  | { readonly type: 'ticket.issued' }
  | { readonly type: 'grant.missing' }
  | { readonly type: 'grant.rejected'; readonly detail: string }
  | { readonly type: 'ticket.refused'; readonly detail: string }
  | { readonly type: 'proxy.failed'; readonly detail: string }
  | { readonly type: 'proxy.unreachable'; readonly detail: string }
  | { readonly type: 'proxy.timedOut' }
  | { readonly type: 'proxy.badStatus'; readonly detail: string }
  | { readonly type: 'proxy.unreadable'; readonly detail: string };

/** The vocabulary of a request for a proxy ticket. */
export const proxyTicket = setup({
  types: {} as {
    input: ProxyTicketInput;
    context: ProxyTicketContext;
    events: ProxyTicketEvent;
    tags: FlowTag;
    meta: StateMeta;
    transitionMeta: TransitionMeta;
  },
  actions: {
    requestTicket: (_, _params: { readonly grantId: string; readonly service: string }) => {},
    lookAgain: (_, _params: { readonly grantId: string; readonly service: string }) => {},
    discardGrant: (_, _params: { readonly grantId: string }) => {},
    rememberFailure: assign(({ event }, { code }: { readonly code: FailureCode }) => ({
      failure: { code, detail: 'detail' in event ? event.detail : null },
    })),
  },
  guards: {
    hasGrant: ({ context }) => context.grantId !== null,
  },
});

const fail = (code: FailureCode) => ({ type: 'rememberFailure', params: { code } }) as const;

const expired = {
  target: 'loginRequired',
  description: 'The server does not know the grant any more: it expired, or the person logged out there.',
  meta: { threat: 'An error page where a new login would do.' },
} as const;

const starting = proxyTicket.createStateConfig({
  description: 'Has the login a grant at all?',
  tags: ['awaiting-server'],
  meta: { spec: ['CAS 2.7'] },
  always: [
    { guard: 'hasGrant', target: 'requesting', description: 'It has one.' },
    {
      target: 'refused',
      actions: fail('ERR_SSO_NO_PROXY_GRANT'),
      description: 'The login came without a grant; to log in again would not bring one.',
    },
  ],
});

const requesting = proxyTicket.createStateConfig({
  description: 'The CAS server is asked for a ticket to exactly this service.',
  tags: ['awaiting-server'],
  meta: { spec: ['CAS 2.7.1'] },
  entry: {
    type: 'requestTicket',
    params: ({ context }) => ({ grantId: context.grantId!, service: context.service }),
  },
  on: {
    'ticket.issued': { target: 'issued', description: 'A ticket, for one use.' },
    'grant.missing': {
      ...expired,
      actions: fail('ERR_SSO_PROXY_GRANT_EXPIRED'),
      description: 'The grant of this login is not in our store any more.',
    },
    'grant.rejected': { ...expired, actions: fail('ERR_SSO_PROXY_GRANT_EXPIRED') },
    'ticket.refused': {
      target: 'refused',
      actions: fail('ERR_SSO_PROXY_REFUSED'),
      description: 'This site may not have tickets to that service; a new login would not change it.',
      meta: { threat: 'A missing permission that becomes a login loop.' },
    },
    'proxy.failed': {
      target: 'doubting',
      description: 'An error of the server itself. Some servers answer so when a grant is gone.',
    },
    'proxy.unreachable': {
      target: 'unavailable',
      actions: fail('ERR_SSO_CAS_UNREACHABLE'),
      description: 'No connection, or a certificate that is not trusted.',
    },
    'proxy.timedOut': {
      target: 'unavailable',
      actions: fail('ERR_SSO_CAS_TIMEOUT'),
      description: 'No complete answer within the deadline.',
    },
    'proxy.badStatus': {
      target: 'unavailable',
      actions: fail('ERR_SSO_CAS_BAD_STATUS'),
      description: 'A status that no answer has; redirects are not followed.',
    },
    'proxy.unreadable': {
      target: 'unavailable',
      actions: fail('ERR_SSO_CAS_BAD_ANSWER'),
      description: 'Not exactly one outcome of the protocol.',
    },
  },
});

const doubting = proxyTicket.createStateConfig({
  description: 'Is the grant gone, or is the server broken? It is asked once more, and whether it is well otherwise.',
  tags: ['awaiting-server'],
  meta: { spec: ['CAS 2.7.3'] },
  entry: {
    type: 'lookAgain',
    params: ({ context }) => ({ grantId: context.grantId!, service: context.service }),
  },
  on: {
    'ticket.issued': { target: 'issued', description: 'The second time it works.' },
    'grant.rejected': {
      ...expired,
      actions: fail('ERR_SSO_PROXY_GRANT_EXPIRED'),
      description: 'The server is well and fails for this grant only: the grant is gone.',
    },
    'grant.missing': {
      ...expired,
      actions: fail('ERR_SSO_PROXY_GRANT_EXPIRED'),
      description: 'The grant was given up meanwhile.',
    },
    'ticket.refused': {
      target: 'refused',
      actions: fail('ERR_SSO_PROXY_REFUSED'),
      description: 'The second time it says why.',
    },
    'proxy.failed': {
      target: 'unavailable',
      actions: fail('ERR_SSO_CAS_BAD_STATUS'),
      description: 'The server is broken; nobody is sent to log in for that.',
      meta: { threat: 'An outage that sends everybody to the login form at once.' },
    },
  },
});

const issued = proxyTicket.createStateConfig({
  type: 'final',
  description: 'The caller has a ticket. It is used once and kept nowhere.',
  meta: { spec: ['CAS 2.7.2'] },
});

const loginRequired = proxyTicket.createStateConfig({
  type: 'final',
  description: 'The person must log in again to get a new grant. The dead one is thrown away.',
  tags: ['failed'],
  meta: { spec: ['CAS 2.7.3'] },
  entry: { type: 'discardGrant', params: ({ context }) => ({ grantId: context.grantId! }) },
});

const refused = proxyTicket.createStateConfig({
  type: 'final',
  description: 'There is no ticket to be had, and a new login would not help.',
  tags: ['failed'],
  meta: { spec: ['CAS 2.7.3'] },
});

const unavailable = proxyTicket.createStateConfig({
  type: 'final',
  description: 'The CAS server could not say. The grant stays, and the caller may try again.',
  tags: ['failed'],
  meta: { spec: ['CAS 2.7.3'] },
});

/** The states, for machines that add to them or reroute them. */
export const proxyTicketStates = { starting, requesting, doubting, issued, loginRequired, refused, unavailable };

/** Everything of the machine but its states. */
export const proxyTicketRoot = {
  id: 'proxyTicket',
  version: '1',
  initial: 'starting' as const,
  description: 'A proxy ticket for one service, on behalf of the person.',
  // The engine may call this without an input; the result is then thrown away.
  context: ({ input }: { input: ProxyTicketInput }): ProxyTicketContext => ({ ...input, failure: null }),
};

/** The machine that runs unless the application brings its own. */
export const proxyTicketMachine = proxyTicket.createMachine({ ...proxyTicketRoot, states: proxyTicketStates });
