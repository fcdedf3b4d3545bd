import { ucamLogin, ucamLoginRoot, ucamLoginStates } from '../../../machines/index.ts';
import type { Broken } from './broken.ts';

const { redirecting } = ucamLoginStates;
const issued = redirecting.on['redirect.issued'];

export const forgottenRequest: Broken = {
  harm: 'what a person had written is forgotten when the browser leaves, and nobody tells them',
  machine: ucamLogin.createMachine({
    ...ucamLoginRoot,
    states: {
      ...ucamLoginStates,
      redirecting: {
        ...redirecting,
        on: { ...redirecting.on, 'redirect.issued': { ...issued, actions: [issued.actions, 'forgetRequest'] } },
      },
    },
  }),
  invariant: 'request-not-forgotten',
  path: ['redirect.issued'],
  at: 'awaitingReturn',
};
