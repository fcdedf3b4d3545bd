import { ucamLogin, ucamLoginRoot, ucamLoginStates } from '../../../machines/index.ts';
import type { Broken } from './broken.ts';

const { failed } = ucamLoginStates;

export const failureOpensSession: Broken = {
  harm: 'a login that failed gives the browser a session, so that the page about it can remember',
  machine: ucamLogin.createMachine({
    ...ucamLoginRoot,
    states: {
      ...ucamLoginStates,
      failed: {
        ...failed,
        entry: [
          failed.entry,
          {
            type: 'openSession',
            params: ({ context }) => ({ principal: context.principal!, grantId: null, lifeMs: null }),
          },
        ],
      },
    },
  }),
  invariant: 'failures-touch-no-session',
  path: ['redirect.issued', 'return.reply', 'reply.malformed'],
  at: 'failed',
};
