import { casLogin, casLoginRoot, casLoginStates } from '../../../machines/index.ts';
import type { Broken } from './broken.ts';

const { admitting } = casLoginStates;
const login = casLogin.extend({ actions: { askForTerms: () => {} } });

export const logoutIgnored: Broken = {
  harm: 'whoever signs out while the terms of use are on the screen is signed in by a click in the other tab',
  machine: login.createMachine({
    ...casLoginRoot,
    states: {
      ...casLoginStates,
      admitting: {
        ...admitting,
        on: {
          ...admitting.on,
          'principal.admitted': { target: 'consenting', actions: login.assign({ grantOffer: null }) },
        },
      },
      consenting: {
        tags: ['awaiting-browser'],
        entry: 'askForTerms',
        on: { 'terms.accepted': 'openingSession', 'terms.declined': 'loggedOut' },
      },
    },
  }),
  invariant: 'logout-ends',
  path: ['return.ticket', 'validation.succeeded', 'principal.admitted', 'logout.requested'],
  at: 'consenting',
  options: { proxyGrants: false },
};
