import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type EventObject, initialTransition, transition } from 'xstate';
import {
  type ProxiedCallContext,
  type ProxiedCallEvent,
  type ProxiedCallInput,
  proxiedCallMachine,
  proxiedCallStates,
} from '../../machines/proxied-call.ts';
import type { GrantOffer, Principal } from '../../machines/vocabulary.ts';
import {
  contextSurvivesJson,
  everythingCanEnd,
  finalStatesAbsorb,
  foreignEventsDoNothing,
  neverKept,
  restoresTheSame,
} from '../support/invariants.ts';
import {
  explore,
  FOREIGN_EVENTS,
  forbid,
  forbidNodes,
  type Invariant,
  type ModelNode,
  outline,
  reachable,
  undocumented,
} from '../support/model.ts';

const SERVICE = 'https://api.example.edu/grades';
const TICKET = 'PT-marker-of-the-model';
const OFFER = 'marker-of-the-offer';
const proxies = ['https://b.example.edu/cb', 'https://a.example.edu/cb'];

const alice: Principal = {
  issuer: 'https://login.example.edu/cas',
  id: 'alice',
  protocol: 'cas',
  attributes: { mail: ['alice@example.edu'] },
  authenticatedAt: null,
  fromNewLogin: null,
  longTerm: null,
};

const offers: readonly (GrantOffer | null)[] = [
  null,
  { pgtIou: `PGTIOU-${OFFER}`, encrypted: null },
  { pgtIou: null, encrypted: `encrypted-${OFFER}` },
];
const inputs: readonly ProxiedCallInput[] = [
  { service: SERVICE, wantsGrant: false },
  { service: SERVICE, wantsGrant: true },
];

/** Every way in which a call is refused, and what is then told. */
const refusals: readonly (readonly [ProxiedCallEvent, string, string | null])[] = [
  [{ type: 'call.withoutTicket' }, 'ERR_SSO_PROXY_TICKET_REQUIRED', null],
  [{ type: 'call.malformed' }, 'ERR_SSO_PROXY_TICKET_REJECTED', null],
  [{ type: 'chain.refused' }, 'ERR_SSO_PROXY_CHAIN', null],
  [{ type: 'validation.rejected', detail: 'INVALID_TICKET' }, 'ERR_SSO_PROXY_TICKET_REJECTED', 'INVALID_TICKET'],
  [{ type: 'validation.refused', detail: 'UNAUTHORIZED_SERVICE' }, 'ERR_SSO_CAS_REFUSED', 'UNAUTHORIZED_SERVICE'],
  [{ type: 'validation.unreachable', detail: 'ECONNREFUSED' }, 'ERR_SSO_CAS_UNREACHABLE', 'ECONNREFUSED'],
  [{ type: 'validation.timedOut' }, 'ERR_SSO_CAS_TIMEOUT', null],
  [{ type: 'validation.badStatus', detail: 'HTTP 500' }, 'ERR_SSO_CAS_BAD_STATUS', 'HTTP 500'],
  [{ type: 'validation.unreadable', detail: 'not XML' }, 'ERR_SSO_CAS_BAD_ANSWER', 'not XML'],
];

const withTicket: ProxiedCallEvent = { type: 'call.ticket', ticket: TICKET };
const vouched = (grantOffer: GrantOffer | null): ProxiedCallEvent => ({
  type: 'call.vouchedFor',
  principal: alice,
  proxies,
  grantOffer,
});
const declared: readonly ProxiedCallEvent[] = [
  withTicket,
  ...offers.map(vouched),
  ...refusals.map(([event]) => event),
  { type: 'grant.claimed', grantId: 'grant-of-the-call' },
  { type: 'grant.missing', detail: 'not offered' },
];
const events: readonly EventObject[] = [...declared, ...FOREIGN_EVENTS];
const model = explore(proxiedCallMachine, inputs, events);

const contextOf = ({ snapshot }: ModelNode) => snapshot.context as ProxiedCallContext;
const holds = (name: string, invariant: Invariant) => {
  test(name, () => assert.deepEqual(invariant(model).slice(0, 1), []));
};

describe('what an auditor reads of a call on somebody’s behalf', () => {
  test('every state and every transition has a sentence, and every state a section', () => {
    assert.deepEqual(undocumented(proxiedCallMachine), []);
  });

  test('states, tags, transitions and guards are the ones that were reviewed', () => {
    assert.deepEqual(outline(proxiedCallMachine), {
      receiving: {
        tags: 'awaiting-caller',
        on: ['call.ticket → validating', 'call.withoutTicket → refused', 'call.malformed → refused'],
      },
      validating: {
        tags: 'awaiting-server',
        on: [
          'call.vouchedFor when wantsGrant → claimingGrant',
          'call.vouchedFor → accepted',
          'chain.refused → refused',
          'validation.rejected → refused',
          'validation.refused → refused',
          'validation.unreachable → refused',
          'validation.timedOut → refused',
          'validation.badStatus → refused',
          'validation.unreadable → refused',
        ],
      },
      claimingGrant: { tags: 'awaiting-server', on: ['grant.claimed → accepted', 'grant.missing → accepted'] },
      accepted: { tags: '', on: [] },
      refused: { tags: 'failed', on: [] },
    });
  });

  test('the effects are the ones that were reviewed, and each of them is asked for', () => {
    const asked = [...model.starts, ...model.edges].flatMap(({ effects }) => effects.map(({ type }) => type));
    assert.deepEqual([...new Set(asked)].sort(), ['claimProxyGrant', 'validateProxyTicket']);
  });
});

describe('the model of a call', () => {
  test('has every event of the machine in it, and no foreign one is declared', () => {
    const types = new Set<string>(proxiedCallMachine.events);
    assert.deepEqual([...types].sort(), [...new Set(declared.map(({ type }) => type))].sort());
    for (const { type } of FOREIGN_EVENTS) assert.ok(!types.has(type), type);
  });

  test('reaches every state', () => {
    const reached = new Set(model.nodes.map(({ state }) => state));
    assert.deepEqual(
      Object.keys(proxiedCallStates).filter((state) => !reached.has(state)),
      [],
    );
  });

  test('sends every event to every snapshot', () => {
    assert.equal(model.edges.length, model.nodes.length * events.length);
  });
});

describe('whatever arrives, and in whatever order', () => {
  const isAccepted = (node: ModelNode) => node.state === 'accepted';
  const asks = (effect: string) => (edge: { readonly effects: readonly { readonly type: string }[] }) =>
    edge.effects.some(({ type }) => type === effect);

  for (const needed of ['call.ticket', 'call.vouchedFor']) {
    holds(`a call is accepted only after ${needed}`, (all) => {
      const starts = all.starts.map(({ node }) => node);
      const without = reachable(all, starts, (edge) => edge.event.type !== needed);
      return forbidNodes(all, (node) => isAccepted(node) && without.has(node));
    });
  }

  holds('an accepted call is for a person, with the whole chain that was vouched for, and has not failed', (all) =>
    forbidNodes(all, (node) => {
      const { principal, proxies: chain, failure } = contextOf(node);
      const isWhole = principal?.id === 'alice' && JSON.stringify(chain) === JSON.stringify(proxies);
      return isAccepted(node) && (!isWhole || failure !== null);
    }),
  );
  holds('a refused call is for nobody, and says why', (all) =>
    forbidNodes(all, (node) => {
      const { principal, proxies: chain, grantId, failure } = contextOf(node);
      return node.state === 'refused' && (principal !== null || chain.length > 0 || grantId !== null || !failure);
    }),
  );
  holds('a ticket is validated once', (all) =>
    forbid(all, (edge) => asks('validateProxyTicket')(edge) && edge.from.state !== 'receiving'),
  );
  holds('a grant is claimed only where one is wanted, and only for a person', (all) =>
    forbid(all, (edge) => {
      const { wantsGrant, principal } = contextOf(edge.to);
      return asks('claimProxyGrant')(edge) && !(wantsGrant && principal !== null);
    }),
  );
  holds('a call that wants no grant has none', (all) =>
    forbidNodes(all, (node) => !contextOf(node).wantsGrant && contextOf(node).grantId !== null),
  );
  holds('what was offered is not kept when the call is accepted or refused', (all) =>
    forbidNodes(all, (node) => node.snapshot.status === 'done' && node.key.includes(OFFER)),
  );
  holds('what was offered is not kept where no grant is wanted', (all) =>
    forbidNodes(all, (node) => !contextOf(node).wantsGrant && node.key.includes(OFFER)),
  );
  holds('no ticket is in a snapshot', neverKept(TICKET));
  holds('a final state absorbs', finalStatesAbsorb);
  holds('what is not declared does nothing', foreignEventsDoNothing);
  holds('everything can end', everythingCanEnd);
  holds('a snapshot goes on as it did after a way through JSON', restoresTheSame);
  holds('a context holds what JSON can carry', contextSurvivesJson);
});

describe('what is told of a refusal', () => {
  for (const [event, code, detail] of refusals) {
    test(`${event.type} is ${code}`, () => {
      const [receiving] = initialTransition(proxiedCallMachine, inputs[0]!);
      const before = receiving.can(event) ? receiving : transition(proxiedCallMachine, receiving, withTicket)[0];
      const [after, asked] = transition(proxiedCallMachine, before, event);
      assert.deepEqual([after.value, after.context.failure, asked], ['refused', { code, detail }, []]);
    });
  }
});

describe('what is asked for', () => {
  for (const { wantsGrant } of inputs) {
    test(`a validation for exactly this service, ${wantsGrant ? 'with' : 'without'} a grant`, () => {
      const [receiving] = initialTransition(proxiedCallMachine, { service: SERVICE, wantsGrant });
      const [, asked] = transition(proxiedCallMachine, receiving, withTicket);
      assert.deepEqual(
        asked.map(({ type, params }) => [type, params]),
        [['validateProxyTicket', { service: SERVICE, ticket: TICKET, withGrant: wantsGrant }]],
      );
    });
  }

  test('the grant that came with the ticket, for the person of the ticket', () => {
    const claims = model.edges.flatMap(({ event, effects }) =>
      effects.filter(({ type }) => type === 'claimProxyGrant').map(({ params }) => [event, params] as const),
    );
    assert.equal(claims.length, offers.length);
    for (const [event, params] of claims) {
      const { grantOffer } = event as Extract<ProxiedCallEvent, { type: 'call.vouchedFor' }>;
      assert.deepEqual(params, { principal: alice, grantOffer });
    }
  });
});
