/**
 * One call of a CAS server to our proxy callback: it delivers a proxy-granting ticket (PGT) and the name under which the
 * validation answer will speak of it (PGTIOU). Anybody can make such a call, so nothing is believed: a delivery is kept
 * for a short while, and only a validation answer over our own connection can claim it.
 *
 * The PGT passes through an event into an effect and never rests in the context.
 */
import { setup } from 'xstate';
import type { FlowTag, StateMeta, TransitionMeta } from './vocabulary.ts';

export type ProxyCallbackEvent =
  | { readonly type: 'callback.probed' }
  | { readonly type: 'callback.delivered'; readonly pgtIou: string; readonly pgtId: string }
  | { readonly type: 'callback.malformed' }
  | { readonly type: 'grant.stored' }
  | { readonly type: 'grant.known' }
  | { readonly type: 'grant.crowded' };

/** The vocabulary of the proxy callback. */
export const proxyCallback = setup({
  types: {} as {
    context: Record<string, never>;
    events: ProxyCallbackEvent;
    tags: FlowTag;
    meta: StateMeta;
    transitionMeta: TransitionMeta;
  },
  actions: {
    storeDelivery: (_, _params: { readonly pgtIou: string; readonly pgtId: string }) => {},
    answerCallback: (_, _params: { readonly status: 200 | 400 | 503 }) => {},
  },
});

const receiving = proxyCallback.createStateConfig({
  description: 'A CAS server, or somebody who says so, calls.',
  tags: ['awaiting-caller'],
  meta: { spec: ['CAS 2.5.4'] },
  on: {
    'callback.probed': {
      target: 'probed',
      description: 'A call without parameters: the server tries whether the address and its certificate are good.',
    },
    'callback.delivered': {
      target: 'storing',
      actions: {
        type: 'storeDelivery',
        params: ({ event }) => ({ pgtIou: event.pgtIou, pgtId: event.pgtId }),
      },
      description: 'A PGT and the name it goes by, both of the form that the protocol gives them.',
    },
    'callback.malformed': {
      target: 'refused',
      actions: { type: 'answerCallback', params: { status: 400 } },
      description: 'Half a delivery, two of them, or values that no server sends.',
      meta: { threat: 'Script or paths in pgtIou (CVE-2010-3690, CVE-2010-3692).' },
    },
  },
});

const storing = proxyCallback.createStateConfig({
  description: 'The delivery is sealed and written. The call is not answered before that is done.',
  tags: ['awaiting-server'],
  meta: { spec: ['CAS 2.5.4', 'ASVS 15.4.2'] },
  on: {
    'grant.stored': {
      target: 'stored',
      description: 'The delivery is durable.',
      meta: { threat: 'A validation answer that arrives before its PGT can be found.' },
    },
    'grant.known': {
      target: 'stored',
      description: 'The same name was delivered before; the first delivery stays.',
      meta: { threat: 'A forged second delivery that replaces the true PGT.' },
    },
    'grant.crowded': {
      target: 'refused',
      actions: { type: 'answerCallback', params: { status: 503 } },
      description: 'Too many deliveries wait to be claimed.',
      meta: { threat: 'A flood of forged deliveries.' },
    },
  },
});

const probed = proxyCallback.createStateConfig({
  type: 'final',
  description: 'The address answers. Nothing is stored.',
  meta: { spec: ['CAS 2.5.4'] },
  entry: { type: 'answerCallback', params: { status: 200 } },
});

const stored = proxyCallback.createStateConfig({
  type: 'final',
  description: 'The delivery waits for a login to claim it, and expires if none does.',
  meta: { spec: ['CAS 2.5.4'] },
  entry: { type: 'answerCallback', params: { status: 200 } },
});

const refused = proxyCallback.createStateConfig({
  type: 'final',
  description: 'Nothing was stored, and the caller is told no more than that.',
  tags: ['failed'],
  meta: { spec: ['CAS 2.5.4'] },
});

/** The states, for machines that add to them or reroute them. */
export const proxyCallbackStates = { receiving, storing, probed, stored, refused };

/** Everything of the machine but its states. */
export const proxyCallbackRoot = {
  id: 'proxyCallback',
  version: '1',
  initial: 'receiving' as const,
  description: 'A CAS server delivers a proxy-granting ticket.',
  context: {},
};

/** The machine that runs unless the application brings its own. */
export const proxyCallbackMachine = proxyCallback.createMachine({ ...proxyCallbackRoot, states: proxyCallbackStates });
