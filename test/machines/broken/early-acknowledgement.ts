import { proxyCallback, proxyCallbackRoot, proxyCallbackStates } from '../../../machines/index.ts';
import type { Broken } from './broken.ts';

const { receiving } = proxyCallbackStates;

export const earlyAcknowledgement: Broken = {
  harm: 'the login server is told that the grant has arrived, and nothing was stored',
  machine: proxyCallback.createMachine({
    ...proxyCallbackRoot,
    states: {
      ...proxyCallbackStates,
      receiving: { ...receiving, on: { ...receiving.on, 'callback.delivered': 'stored' } },
    },
  }),
  invariant: 'durable-first',
  path: ['callback.delivered'],
  at: 'stored',
};
