import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AnyStateMachine, createMachine } from 'xstate';
import {
  casLogin,
  casLoginMachine,
  casLoginRoot,
  casLoginStates,
  proxyTicketMachine,
  ucamLoginMachine,
} from '../../machines/index.ts';
import { extensionProblems, performersOf, type UncheckedExtension } from '../../src/protocols/extension.ts';

const shipped = casLoginMachine as AnyStateMachine;
const problemsOf = (options: UncheckedExtension, safety = {}) =>
  extensionProblems('cas', shipped, options, { proxyGrants: false, ...safety });

/** The shipped machine that waits at one more place, and asks for an effect there. */
const asking = (effect: string, on: object = { 'terms.accepted': 'accepted', 'logout.requested': 'loggedOut' }) =>
  casLogin.createMachine({
    ...casLoginRoot,
    states: {
      ...casLoginStates,
      openingSession: { tags: ['awaiting-browser'], entry: effect, on },
      accepted: casLoginStates.openingSession,
    },
  } as never) as unknown as AnyStateMachine;

const perform = () => {};
const page = () => ({ title: '', paragraphs: [], choices: [] });
const answer = () => undefined;

describe('an extension', () => {
  test('that performs what its machine asks for has no problems', () => {
    assert.deepEqual(problemsOf({ machine: asking('ask'), effects: { ask: perform } }), []);
  });

  test('does not perform what every object has', () => {
    assert.deepEqual(problemsOf({ machine: asking('toString') }), [
      'cas: effects: nobody performs toString, which the machine asks for.',
    ]);
  });

  test('performs nothing that its machine does not ask for', () => {
    assert.deepEqual(problemsOf({ effects: { askForTrems: perform } }), [
      'cas: effects: the machine has no effect askForTrems.',
    ]);
  });

  test('performs nothing of what its machine remembers by itself', () => {
    const actions = { ask: () => {}, rememberTerms: casLogin.assign({}), forgetTerms: casLogin.assign({}) };
    const machine = casLogin
      .extend({ actions } as never)
      .createMachine({ ...casLoginRoot, states: casLoginStates } as never);
    assert.deepEqual(problemsOf({ machine: machine as unknown as AnyStateMachine, effects: { ask: perform } }), []);
  });

  test('performs by functions', () => {
    assert.deepEqual(problemsOf({ machine: asking('ask'), effects: { ask: 'visit' as never } }), [
      'cas: effects: ask is not a function.',
    ]);
  });

  test('is proven when it is otherwise whole, and not before', () => {
    const deaf = asking('ask', { 'terms.accepted': 'accepted' });
    assert.deepEqual(problemsOf({ machine: deaf }), ['cas: effects: nobody performs ask, which the machine asks for.']);
    assert.match(problemsOf({ machine: deaf, effects: { ask: perform } }).join('\n'), /^cas\.machine: logout-ends: /);
  });

  test('is refused where its proof does not come to an end', () => {
    assert.match(
      problemsOf({ machine: asking('ask'), effects: { ask: perform } }, { maxSnapshots: 50 }).join('\n'),
      /^cas\.machine: casLogin has more than 50 snapshots/,
    );
  });

  for (const [what, machine] of [
    ['nothing', {}],
    ['actions alone', { implementations: { actions: {} } }],
  ] as const) {
    test(`is refused with ${what} for a machine`, () => {
      assert.deepEqual(problemsOf({ machine: machine as AnyStateMachine }), [
        'cas: machine: expected a machine of xstate.',
      ]);
    });
  }

  for (const [what, machine] of [
    ['of the other protocol', ucamLoginMachine as AnyStateMachine],
    ['that is no login', proxyTicketMachine as AnyStateMachine],
    ['of somebody else', createMachine({ id: 'toaster' })],
  ] as const) {
    test(`is refused with a machine ${what}, whoever performs its effects`, () => {
      const effects = Object.fromEntries(
        ['verifyReply', 'requestTicket', 'lookAgain', 'discardGrant']
          .filter((name) => Object.hasOwn(machine.implementations.actions, name))
          .map((name) => [name, perform]),
      );
      assert.match(
        problemsOf({ machine, effects }).join('\n'),
        /^cas\.machine: \w+ takes none of the events of casLogin/,
      );
    });
  }

  for (const [what, route] of [
    ['no page', { answer }],
    ['no answer', { page }],
    ['nothing', null],
  ] as const) {
    test(`is refused with a route that has ${what}`, () => {
      assert.deepEqual(problemsOf({ routes: { terms: route as never } }), [
        'cas: routes: terms needs a page and an answer, both functions.',
      ]);
    });
  }

  for (const name of ['a/b', '', 'a b', '../a', 'ä']) {
    test(`is refused with a route by the name of “${name}”`, () => {
      assert.deepEqual(problemsOf({ routes: { [name]: { page, answer } } }), [
        `cas: routes: expected letters, digits and hyphens: ${name}.`,
      ]);
    });
  }
});

describe('a performer of the application', () => {
  const scope = { now: () => 7, visit: (route: string) => visited.push(route), secret: 'of ours' };
  const visited: string[] = [];
  type Performers = Readonly<Record<string, (params: unknown, scope: unknown) => unknown>>;
  const seen: { params?: unknown; scope?: Record<string, unknown> } = {};
  const own = (params: unknown, given: object) => {
    Object.assign(seen, { params, scope: given });
    return 'told';
  };

  test('sees no more than it is promised', () => {
    const { ask } = performersOf<Performers>({}, { ask: own });
    assert.equal(ask!('params', scope), 'told');
    assert.deepEqual([seen.params, Object.keys(seen.scope!).sort()], ['params', ['now', 'visit']]);
    (seen.scope!.visit as (route: string) => void)('terms');
    assert.deepEqual([visited, (seen.scope!.now as () => number)()], [['terms'], 7]);
  });

  test('has nothing to stand in for where only every object has it', () => {
    const performers = performersOf<Performers>({}, { toString: own });
    Reflect.get(performers, 'toString')?.('params', scope);
    assert.deepEqual(Object.keys(seen.scope!).sort(), ['now', 'visit']);
  });

  test('calls ours with what it asks, and ours sees everything', async () => {
    const asked: unknown[] = [];
    const { ask } = performersOf<Performers>({ ask: (...all) => asked.push(...all) }, { ask: own });
    ask!('params', scope);
    await (seen.scope!.perform as (params: unknown) => Promise<unknown>)('other params');
    assert.deepEqual(asked, ['other params', scope]);
  });

  test('leaves ours alone where it has none of that name', () => {
    const shippedOne = () => {};
    assert.equal(performersOf<Performers>({ keep: shippedOne }, { ask: own }).keep, shippedOne);
  });
});
