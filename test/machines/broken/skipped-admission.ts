import { casLogin, casLoginRoot, casLoginStates } from '../../../machines/index.ts';
import type { Broken } from './broken.ts';

const { validating } = casLoginStates;
const [vouchedFor, ...others] = validating.on['validation.succeeded'];

export const skippedAdmission: Broken = {
  harm: 'whoever has a name at the login server is let in, whatever the application says',
  machine: casLogin.createMachine({
    ...casLoginRoot,
    states: {
      ...casLoginStates,
      validating: {
        ...validating,
        on: { ...validating.on, 'validation.succeeded': [{ ...vouchedFor!, target: 'openingSession' }, ...others] },
      },
    },
  }),
  invariant: 'only-the-admitted',
  path: ['return.ticket', 'validation.succeeded'],
  at: 'openingSession',
};
