import { ucamLogin, ucamLoginRoot, ucamLoginStates } from '../../../machines/index.ts';
import type { Broken } from './broken.ts';

const { authenticated } = ucamLoginStates;

export const wildcard: Broken = {
  harm: 'anything that nobody thought of ends the session of the person',
  machine: ucamLogin.createMachine({
    ...ucamLoginRoot,
    states: { ...ucamLoginStates, authenticated: { ...authenticated, on: { ...authenticated.on, '*': 'loggedOut' } } },
  }),
  invariant: 'foreign-ignored',
  path: ['redirect.issued', 'return.reply', 'reply.verified', 'principal.admitted', 'session.opened', '*'],
  at: 'loggedOut',
};
