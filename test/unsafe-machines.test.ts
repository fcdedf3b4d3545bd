import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  casLogin,
  casLoginMachine,
  casLoginRoot,
  casLoginStates,
  ucamLogin,
  ucamLoginRoot,
  ucamLoginStates,
} from '../machines/index.ts';
import { campusSso, cas, isSsoError, ucam } from '../src/index.ts';
import { wildcard } from './machines/broken/wildcard.ts';

const { admitting } = casLoginStates;

/** The shipped machine with a question to the person before the session is opened. */
const asking = (on: object) =>
  casLogin.createMachine({
    ...casLoginRoot,
    id: 'asking',
    states: {
      ...casLoginStates,
      admitting: {
        ...admitting,
        on: {
          ...admitting.on,
          'principal.admitted': { target: 'asking', actions: casLogin.assign({ grantOffer: null }) },
        },
      },
      asking: { tags: ['awaiting-browser'], entry: 'ask', on: { 'terms.accepted': 'openingSession', ...on } },
    },
  } as never);

const repaired = asking({ 'logout.requested': 'loggedOut' });

/** What `campusSso` says of a login; empty if it starts. */
function problemsOf(login: object): string {
  try {
    void campusSso({ baseUrl: 'https://portal.example.edu', secrets: ['s'.repeat(32)], login } as never).close();
    return '';
  } catch (error) {
    assert.ok(isSsoError(error) && error.code === 'ERR_SSO_OPTIONS', String(error));
    return error.message;
  }
}

/** As a caller without a compiler. */
const casWith = (extension: object) => cas({ serverUrl: 'https://login.example.edu/cas', ...extension } as never);
const effects = { ask() {} };

describe('a machine of the application', () => {
  test('that ignores a logout does not start, and the shortest way to see it is shown', () => {
    const problems = problemsOf(casWith({ machine: asking({}), effects }));
    assert.match(problems, /cas\.machine: logout-ends: .*asking -logout\.requested-> asking/);
  });

  test('starts when it is repaired', () => {
    assert.equal(problemsOf(casWith({ machine: repaired, effects })), '');
  });

  test('does not start where nobody performs one of its effects', () => {
    assert.match(
      problemsOf(casWith({ machine: repaired })),
      /cas: effects: nobody performs ask, which the machine asks for/,
    );
  });

  test('does not start where it would run by itself', () => {
    const machine = casLogin.createMachine({
      ...casLoginRoot,
      states: { ...casLoginStates, awaitingReturn: { ...casLoginStates.awaitingReturn, after: { 1000: 'failed' } } },
    } as never);
    assert.match(problemsOf(casWith({ machine })), /cas\.machine: nothing-by-itself: .*after/);
  });

  test('must serve the proxy grants that the login asks for', () => {
    const problems = problemsOf(casWith({ machine: repaired, effects, proxyGrants: 'required' }));
    assert.match(problems, /cas\.machine: required-grant: /);
  });

  test('is refused together with everything else that is wrong', () => {
    const problems = problemsOf(casWith({ machine: asking({}), effects, version: '4.0' }));
    assert.match(problems, /cas\.version/);
    assert.match(problems, /cas\.machine/);
  });

  test('is a machine, and one of a login', () => {
    assert.match(problemsOf(casWith({ machine: {} })), /cas: machine: expected a machine of xstate/);
  });

  test('is proven for Raven as well', () => {
    const login = ucam({
      loginUrl: 'https://raven.example.edu/auth/authenticate.html',
      machine: wildcard.machine,
    } as never);
    assert.match(problemsOf(login), /ucam\.machine: foreign-ignored: /);
  });

  test('with other guards starts at once, if they keep what was promised', () => {
    assert.equal(
      problemsOf(casWith({ machine: casLoginMachine.provide({ guards: { wantsGrant: () => false } }) })),
      '',
    );
  });

  describe('is proven with the examples of its events', () => {
    const samples = [{ type: 'terms.accepted', to: '/welcome' }];
    const goesOn = {
      target: 'accepted',
      actions: casLogin.assign({ returnTo: ({ event }) => (event as unknown as { readonly to: string }).to }),
    };
    const openingSession = {
      tags: ['awaiting-browser'],
      entry: 'ask',
      on: { 'terms.accepted': goesOn, 'logout.requested': 'loggedOut' },
    };

    test('through a CAS server', () => {
      const states = { ...casLoginStates, openingSession, accepted: casLoginStates.openingSession };
      const machine = casLogin.createMachine({ ...casLoginRoot, states } as never);
      assert.match(problemsOf(casWith({ machine, effects })), /terms\.accepted had no sample/);
      assert.equal(problemsOf(casWith({ machine, effects, samples })), '');
    });

    test('by Ucam-WebAuth', () => {
      const states = { ...ucamLoginStates, openingSession, accepted: ucamLoginStates.openingSession };
      const machine = ucamLogin.createMachine({ ...ucamLoginRoot, states } as never);
      const problemsWith = (more: object) =>
        problemsOf(ucam({ loginUrl: 'https://raven.example.edu/auth', machine, effects, ...more } as never));
      assert.match(problemsWith({}), /terms\.accepted had no sample/);
      assert.doesNotMatch(problemsWith({ samples }), /ucam\.machine/);
    });
  });
});
