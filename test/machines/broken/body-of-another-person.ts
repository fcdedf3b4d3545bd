import { casLogin, casLoginRoot, casLoginStates } from '../../../machines/index.ts';
import type { Broken } from './broken.ts';

const { openingSession } = casLoginStates;
const [nothingKept, ownerUnknown, samePerson] = openingSession.on['session.opened'];
const { guard: _, ...anybody } = samePerson!;

export const bodyOfAnotherPerson: Broken = {
  harm: 'what bob had sent runs with the rights of alice, who signed in after him',
  machine: casLogin.createMachine({
    ...casLoginRoot,
    states: {
      ...casLoginStates,
      openingSession: {
        ...openingSession,
        on: { ...openingSession.on, 'session.opened': [nothingKept!, ownerUnknown!, anybody] },
      },
    },
  }),
  invariant: 'request-own-rights',
  path: ['redirect.issued', 'return.ticket', 'validation.succeeded', 'principal.admitted', 'session.opened'],
  at: 'resuming',
};
