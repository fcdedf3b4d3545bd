import { casLogin, casLoginRoot, casLoginStates } from '../../../machines/index.ts';
import type { Broken } from './broken.ts';

const { awaitingReturn } = casLoginStates;
const { actions: validateTicket, ...toValidating } = awaitingReturn.on['return.ticket'];

export const ticketInTheContext: Broken = {
  harm: 'the ticket is kept for a second try, where everybody who reads the store can see it',
  machine: casLogin.createMachine({
    ...casLoginRoot,
    states: {
      ...casLoginStates,
      awaitingReturn: {
        ...awaitingReturn,
        on: {
          ...awaitingReturn.on,
          'return.ticket': {
            ...toValidating,
            actions: [
              validateTicket,
              casLogin.assign({
                returnTo: ({ context, event }) =>
                  event.type === 'return.ticket' ? `${context.returnTo}?ticket=${event.ticket}` : context.returnTo,
              }),
            ],
          },
        },
      },
    },
  }),
  invariant: 'ticket-not-kept',
  path: ['return.ticket'],
  at: 'validating',
};
