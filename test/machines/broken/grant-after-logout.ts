import { casLogin, casLoginRoot, casLoginStates } from '../../../machines/index.ts';
import type { Broken } from './broken.ts';

const { loggedOut } = casLoginStates;
const [discardRequest, , forgetSession] = loggedOut.entry;

export const grantAfterLogout: Broken = {
  harm: 'the site goes on acting for people who have signed out',
  machine: casLogin.createMachine({
    ...casLoginRoot,
    states: {
      ...casLoginStates,
      loggedOut: {
        ...loggedOut,
        entry: [
          discardRequest!,
          {
            type: 'endSession',
            params: ({ context }) => ({ everywhere: false, loginId: context.loginId, grantId: null }),
          },
          forgetSession!,
        ],
      },
    },
  }),
  invariant: 'logout-ends',
  path: [
    'redirect.issued',
    'return.ticket',
    'validation.succeeded',
    'principal.admitted',
    'grant.claimed',
    'logout.requested',
  ],
  at: 'loggedOut',
};
