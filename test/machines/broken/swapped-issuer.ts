import { ucamLogin, ucamLoginRoot, ucamLoginStates } from '../../../machines/index.ts';
import type { Broken } from './broken.ts';

const { verifying } = ucamLoginStates;
const [vouchedFor, ...others] = verifying.on['reply.verified'];

export const swappedIssuer: Broken = {
  harm: 'whoever has the same name at another login server is taken for the person of ours',
  machine: ucamLogin.createMachine({
    ...ucamLoginRoot,
    states: {
      ...ucamLoginStates,
      verifying: {
        ...verifying,
        on: {
          ...verifying.on,
          'reply.verified': [
            {
              ...vouchedFor!,
              actions: ucamLogin.assign({
                principal: ({ event }) =>
                  event.type === 'reply.verified' ? { ...event.principal, issuer: 'https://raven.cam.ac.uk' } : null,
                lifeMs: ({ event }) => (event.type === 'reply.verified' ? event.lifeMs : null),
              }),
            },
            ...others,
          ],
        },
      },
    },
  }),
  invariant: 'vouched-for',
  path: ['redirect.issued', 'return.reply', 'reply.verified'],
  at: 'admitting',
};
