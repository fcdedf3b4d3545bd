import { casLogin, casLoginRoot, casLoginStates } from '../../../machines/index.ts';
import type { Broken } from './broken.ts';

const { awaitingReturn } = casLoginStates;

export const shortcutIntoAuthenticated: Broken = {
  harm: 'a ticket is good enough, and nobody asks the login server about it',
  machine: casLogin.createMachine({
    ...casLoginRoot,
    states: {
      ...casLoginStates,
      awaitingReturn: { ...awaitingReturn, on: { ...awaitingReturn.on, 'return.ticket': 'authenticated' } },
    },
  }),
  invariant: 'only-after-success',
  path: ['return.ticket'],
  at: 'authenticated',
};
