import { casLogin, casLoginRoot, casLoginStates } from '../../../machines/index.ts';
import type { Broken } from './broken.ts';

const { validating } = casLoginStates;

export const endlessLoop: Broken = {
  harm: 'a ticket that is refused leads back to the login server, which sends the browser here with the next one',
  machine: casLogin.createMachine({
    ...casLoginRoot,
    states: {
      ...casLoginStates,
      validating: { ...validating, on: { ...validating.on, 'validation.rejected': 'redirecting' } },
    },
  }),
  invariant: 'no-login-loop',
  path: ['redirect.issued', 'return.ticket', 'validation.rejected', 'redirect.issued', 'return.ticket'],
  at: 'validating',
};
