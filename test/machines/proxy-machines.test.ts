import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AnyStateMachine, type AnyStateNode, type EventObject, initialTransition, transition } from 'xstate';
import { proxyCallbackMachine } from '../../machines/proxy-callback.ts';
import { proxyTicketMachine } from '../../machines/proxy-ticket.ts';

/** The states that a list of events leads through, and every effect that was asked for on the way. */
function story(machine: AnyStateMachine, input: unknown, events: readonly EventObject[]) {
  let [snapshot, asked] = initialTransition(machine, input);
  const states = [String(snapshot.value)];
  const effects: string[] = asked.map(({ type }) => type);
  for (const event of events) {
    [snapshot, asked] = transition(machine, snapshot, event);
    states.push(String(snapshot.value));
    effects.push(...asked.map(({ type }) => type));
  }
  return { states, effects, snapshot };
}

type Told = EventObject & { readonly detail?: string };

const ticket = (...events: readonly Told[]) =>
  story(proxyTicketMachine, { grantId: 'grant', service: 'https://api.example.edu/' }, events);
const callback = (...events: readonly EventObject[]) => story(proxyCallbackMachine, undefined, events);
const delivery = { type: 'callback.delivered', pgtIou: 'PGTIOU-1-marker', pgtId: 'PGT-1-marker' };

for (const machine of [proxyCallbackMachine, proxyTicketMachine] as readonly AnyStateMachine[]) {
  test(`every state and transition of ${machine.id} has a description, every state a specification`, () => {
    for (const node of Object.values(machine.root.states) as readonly AnyStateNode[]) {
      assert.ok(node.description && node.meta?.spec?.length > 0, node.id);
      for (const one of [...node.transitions.values(), node.always ?? []].flat()) assert.ok(one.description, node.id);
    }
  });
}

describe('the proxy callback', () => {
  test('answers a probe and stores nothing', () => {
    const { states, effects } = callback({ type: 'callback.probed' });
    assert.deepEqual([states.at(-1), effects], ['probed', ['answerCallback']]);
  });

  test('answers a delivery only when it is stored', () => {
    assert.deepEqual(callback(delivery).effects, ['storeDelivery']);
    assert.deepEqual(callback(delivery, { type: 'grant.stored' }).effects, ['storeDelivery', 'answerCallback']);
  });

  test('answers a second delivery like the first', () => {
    assert.equal(callback(delivery, { type: 'grant.known' }).states.at(-1), 'stored');
  });

  for (const event of [{ type: 'callback.malformed' }, { type: 'grant.crowded' }]) {
    test(`refuses after ${event.type}`, () => {
      const before = event.type === 'grant.crowded' ? [delivery] : [];
      assert.equal(callback(...before, event).states.at(-1), 'refused');
    });
  }

  test('keeps neither PGT nor IOU', () => {
    assert.doesNotMatch(JSON.stringify(callback(delivery, { type: 'grant.stored' }).snapshot), /marker/);
  });
});

describe('a request for a proxy ticket', () => {
  test('without a grant asks nobody, and a login is not what is missing', () => {
    const { states, effects, snapshot } = story(
      proxyTicketMachine,
      { grantId: null, service: 'https://a.example/' },
      [],
    );
    assert.deepEqual([states, effects], [['refused'], []]);
    assert.equal(snapshot.context.failure.code, 'ERR_SSO_NO_PROXY_GRANT');
  });

  test('is over when a ticket is issued', () => {
    assert.deepEqual(ticket({ type: 'ticket.issued' }).states, ['requesting', 'issued']);
  });

  for (const type of ['grant.rejected', 'grant.missing']) {
    test(`needs a login after ${type}, and throws the grant away`, () => {
      const { states, effects } = ticket({ type, detail: 'INVALID_TICKET' });
      assert.equal(states.at(-1), 'loginRequired');
      assert.ok(effects.includes('discardGrant'));
    });
  }

  for (const type of ['ticket.refused', 'proxy.unreachable', 'proxy.timedOut', 'proxy.badStatus', 'proxy.unreadable']) {
    test(`never leads to a login after ${type}, and keeps the grant`, () => {
      const { states, effects } = ticket({ type, detail: 'X' });
      assert.notEqual(states.at(-1), 'loginRequired');
      assert.ok(!effects.includes('discardGrant'));
    });
  }

  test('takes an error of the server for a dead grant only after a second look', () => {
    const failed = { type: 'proxy.failed', detail: 'HTTP 500' };
    assert.deepEqual(ticket(failed).effects, ['requestTicket', 'lookAgain']);
    assert.equal(ticket(failed, failed).states.at(-1), 'unavailable');
    assert.equal(ticket(failed, { type: 'grant.rejected', detail: 'HTTP 500' }).states.at(-1), 'loginRequired');
  });
});
