import { casLogin, casLoginRoot, casLoginStates } from '../../../machines/index.ts';
import type { Broken } from './broken.ts';

const { admitting } = casLoginStates;

export const deadState: Broken = {
  harm: 'people are asked to wait for an approval that nobody can give',
  machine: casLogin.createMachine({
    ...casLoginRoot,
    states: {
      ...casLoginStates,
      admitting: { ...admitting, on: { ...admitting.on, 'principal.refused': 'awaitingApproval' } },
      awaitingApproval: { tags: ['awaiting-browser'] },
    },
  }),
  invariant: 'always-an-end',
  path: ['return.ticket', 'validation.succeeded', 'principal.refused'],
  at: 'awaitingApproval',
};
