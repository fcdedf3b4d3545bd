import { casLogin, casLoginRoot, casLoginStates } from '../../../machines/index.ts';
import type { Broken } from './broken.ts';

const { rejecting } = casLoginStates;

export const endlessAlways: Broken = {
  harm: 'a login that failed begins again at once, and the process stands still',
  machine: casLogin.createMachine({
    ...casLoginRoot,
    states: { ...casLoginStates, rejecting: { ...rejecting, always: 'starting' } },
  }),
  invariant: 'no-endless-always',
  path: ['always', 'always'],
  at: 'starting',
};
