import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AnyStateMachine, createMachine } from 'xstate';
import {
  assertSafe,
  casLogin,
  casLoginMachine,
  casLoginRoot,
  casLoginStates,
  checkSafety,
  proxiedCallMachine,
  proxyCallbackMachine,
  proxyTicketMachine,
  ucamLoginMachine,
} from '../../machines/index.ts';
import { describePath } from '../../machines/safety-findings.ts';
import { explore } from '../../machines/safety-model.ts';
import { effectsOf } from '../../machines/safety-shape.ts';
import { vocabularyOf } from '../../machines/safety-vocabularies.ts';
import { FOREIGN_EVENTS } from '../support/model.ts';

const shipped = [
  casLoginMachine,
  ucamLoginMachine,
  proxiedCallMachine,
  proxyCallbackMachine,
  proxyTicketMachine,
] as readonly AnyStateMachine[];

const consenting = (states: object = {}) => {
  const { admitting } = casLoginStates;
  const admitted = { target: 'consenting', actions: casLogin.assign({ grantOffer: null }) };
  return casLogin.createMachine({
    ...casLoginRoot,
    id: 'consent',
    states: {
      ...casLoginStates,
      admitting: { ...admitting, on: { ...admitting.on, 'principal.admitted': admitted } },
      consenting: {
        tags: ['awaiting-browser'],
        entry: 'askForTerms',
        on: {
          'terms.accepted': 'openingSession',
          'terms.declined': {
            target: 'rejecting',
            actions: { type: 'rememberFailure', params: { code: 'ERR_SSO_NOT_AUTHORISED' } },
          },
          'logout.requested': 'loggedOut',
        },
      },
      ...states,
    },
  } as never) as unknown as AnyStateMachine;
};

const brief = { thorough: false } as const;
const withoutGrants = { ...brief, proxyGrants: false } as const;
const brokenIn = (machine: AnyStateMachine, options: Parameters<typeof checkSafety>[1] = brief) =>
  checkSafety(machine, options).invariants.filter(({ holds }) => !holds);

describe('the shipped machines', () => {
  for (const machine of shipped) {
    test(`${machine.id} keeps every invariant, whatever arrives`, () => {
      const { isSafe, invariants, states, snapshots, steps, unsampled } = checkSafety(machine);
      assert.deepEqual(
        invariants.filter(({ holds }) => !holds),
        [],
      );
      assert.ok(isSafe && states > 3 && snapshots >= states && steps > snapshots);
      assert.deepEqual(unsampled, []);
    });

    test(`${machine.id} is sent every event, and each that it names is asked of it`, () => {
      const { inputs, events } = vocabularyOf(machine)!.brief;
      const all = [...events, ...FOREIGN_EVENTS];
      const model = explore(machine, inputs, all);
      assert.equal(model.edges.length, model.nodes.length * all.length);
      for (const { from, event, isTaken } of model.edges) assert.equal(from.snapshot.can(event), isTaken);
    });

    test(`the proof of ${machine.id} has no two invariants of one name, and each says why`, () => {
      const { rules } = vocabularyOf(machine)!;
      assert.equal(new Set(rules.map(({ id }) => id)).size, rules.length);
      for (const { id, name, why, audit } of rules) {
        assert.match(id, /^[a-z]+(-[a-z]+)*$/);
        assert.match(why, /^[A-Z].+\.$/);
        assert.ok(name.length > 10 && audit.length > 0 && audit.every((number) => number >= 1 && number <= 25), id);
      }
    });
  }

  test('between them keep every invariant that a machine can keep', () => {
    const kept = new Set(shipped.flatMap((machine) => vocabularyOf(machine)!.rules.flatMap(({ audit }) => audit)));
    for (const number of [1, 2, 5, 8, 12, 14, 15, 19, 23, 24, 25]) assert.ok(kept.has(number), String(number));
  });
});

describe('a state of an application’s own', () => {
  test('may stand between admitting people and opening their session', () => {
    assert.deepEqual(brokenIn(consenting(), withoutGrants), []);
  });

  test('may not drop the proxy grants of a site that needs them', () => {
    assert.deepEqual(
      brokenIn(consenting()).map(({ id, violation }) => [id, violation?.at]),
      [['required-grant', 'openingSession']],
    );
  });

  test('may not stand instead of admitting them', () => {
    const { validating } = casLoginStates;
    const [vouched, ...others] = validating.on['validation.succeeded'];
    const machine = consenting({
      validating: {
        ...validating,
        on: { ...validating.on, 'validation.succeeded': [{ ...vouched, target: 'consenting' }, ...others] },
      },
    });
    const found = brokenIn(machine, withoutGrants).find(({ id }) => id === 'only-the-admitted');
    assert.deepEqual(
      found?.violation?.path.map(({ event }) => event.type),
      ['return.ticket', 'validation.succeeded', 'terms.accepted'],
    );
  });

  test('gets its events as the samples have them, and is told of those without one', () => {
    const machine = consenting({
      consenting: {
        tags: ['awaiting-browser'],
        on: {
          'terms.accepted': {
            target: 'openingSession',
            actions: casLogin.assign({ returnTo: ({ event }) => (event as unknown as { readonly to: string }).to }),
          },
          'logout.requested': 'loggedOut',
        },
      },
    });
    const bare = checkSafety(machine, withoutGrants);
    assert.deepEqual(bare.unsampled, ['terms.accepted']);
    assert.ok(bare.invariants.some(({ id, holds }) => id === 'survives-json' && !holds));
    const samples = [{ type: 'terms.accepted', to: '/welcome' }];
    assert.deepEqual(brokenIn(machine, { ...withoutGrants, samples }), []);
    assert.throws(() => assertSafe(machine, withoutGrants), /terms\.accepted had no sample/);
  });

  test('may not throw', () => {
    const machine = consenting({
      consenting: {
        tags: ['awaiting-browser'],
        on: {
          'logout.requested': 'loggedOut',
          'terms.accepted': {
            target: 'openingSession',
            guard: () => {
              throw new Error('no clock');
            },
          },
        },
      },
    });
    const found = brokenIn(machine, withoutGrants).find(({ id }) => id === 'nothing-throws');
    assert.match(found?.violation?.message ?? '', /no clock/);
    assert.equal(found?.violation?.at, 'consenting');
  });
});

describe('what runs by itself is refused', () => {
  const { awaitingReturn } = casLoginStates;
  const cases: readonly (readonly [string, object, RegExp])[] = [
    ['an actor', { invoke: { src: 'somebody' } }, /invokes an actor/],
    ['a timer', { after: { 1000: 'failed' } }, /delayed transition/],
    ['a function', { entry: function remind() {} }, /remind is a function/],
    ['an event that is raised', { entry: { type: 'xstate.raise' } }, /xstate\.raise/],
  ];
  for (const [what, more, message] of cases) {
    test(what, () => {
      const machine = casLogin.createMachine({
        ...casLoginRoot,
        states: { ...casLoginStates, awaitingReturn: { ...awaitingReturn, ...more } },
      } as never) as unknown as AnyStateMachine;
      const [found, ...others] = brokenIn(machine);
      assert.deepEqual([found?.id, found?.violation?.at, others], ['nothing-by-itself', 'awaitingReturn', []]);
      assert.match(found?.violation?.message ?? '', message);
    });
  }
});

describe('the search', () => {
  test('gives up where a context never stops growing', () => {
    const { awaitingReturn } = casLoginStates;
    const machine = casLogin.createMachine({
      ...casLoginRoot,
      states: {
        ...casLoginStates,
        awaitingReturn: {
          ...awaitingReturn,
          on: {
            ...awaitingReturn.on,
            'return.withoutTicket': {
              actions: casLogin.assign({ recentLogins: ({ context }) => context.recentLogins + 1 }),
            },
          },
        },
      },
    });
    assert.throws(
      () => checkSafety(machine, { ...brief, maxSnapshots: 600 }),
      (error) => error instanceof RangeError && /more than 600 snapshots.*the state \w+/.test(error.message),
    );
  });

  test('refuses a machine of another vocabulary', () => {
    assert.throws(() => checkSafety(createMachine({ id: 'toaster' })), /^TypeError: toaster takes none/);
  });

  test('finds the shortest of all ways', () => {
    const toy = createMachine({
      initial: 'a',
      states: { a: { on: { long: 'b', short: 'd' } }, b: { on: { long: 'c' } }, c: { on: { long: 'd' } }, d: {} },
    });
    const model = explore(toy, [undefined], [{ type: 'long' }, { type: 'short' }]);
    const ways = model.nodes.map((node) =>
      model
        .wayTo(node)
        .edges.map(({ event }) => event.type)
        .join(' '),
    );
    assert.deepEqual(ways, ['', 'long', 'short', 'long long']);
    assert.equal(
      describePath({ begin: 'a', path: [{ event: { type: 'short' }, from: 'a', to: 'd' }] }),
      'a -short-> d',
    );
  });

  test('sees two flows that share something', () => {
    let logins = 0;
    const rememberLogin = casLogin.assign(() => ({ loginId: `login-${logins++ % 2}` }));
    const machine = casLoginMachine.provide({ actions: { rememberLogin: rememberLogin as never } }) as AnyStateMachine;
    const found = brokenIn(machine).find(({ id }) => id === 'flows-share-nothing');
    assert.equal(found?.violation?.path.at(-1)?.event.type, 'session.opened');
  });

  test('knows the effects of a machine, and takes no assignment for one', () => {
    assert.deepEqual(effectsOf(proxyTicketMachine as AnyStateMachine), ['discardGrant', 'lookAgain', 'requestTicket']);
    assert.ok(effectsOf(consenting()).includes('askForTerms'));
    assert.ok(!effectsOf(casLoginMachine as AnyStateMachine).some((name) => /^(remember|forget)/.test(name)));
  });
});
