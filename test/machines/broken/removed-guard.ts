import { casLoginMachine } from '../../../machines/index.ts';
import type { Broken } from './broken.ts';

export const removedGuard: Broken = {
  harm: 'a page that demands credentials takes a login of this morning',
  machine: casLoginMachine.provide({ guards: { freshEnough: () => true } }),
  invariant: 'renew-enforced',
  path: ['redirect.issued', 'return.ticket', 'validation.succeeded'],
  at: 'admitting',
};
