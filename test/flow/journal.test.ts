import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { plainInput } from '../machines/cas-login-model.ts';
import { freshAlice, newScope, returning, setUp, withTicket } from './attempts-support.ts';

describe('the journal', () => {
  test('has exactly one entry for each transition', async () => {
    const { attempts, begin, journal } = setUp();
    const { attempt, secret } = await begin();
    await attempts.resume(attempt, returning(secret), newScope());
    await attempts.logOut(attempt, true, newScope());
    assert.deepEqual(
      journal.map(({ from, event, to, done }) => [from, event, to, done]),
      [
        [null, 'begin', 'starting', false],
        ['starting', 'always', 'redirecting', false],
        ['redirecting', 'redirect.issued', 'awaitingReturn', false],
        ['awaitingReturn', 'return.ticket', 'validating', false],
        ['validating', 'validation.succeeded', 'admitting', false],
        ['admitting', 'principal.admitted', 'openingSession', false],
        ['openingSession', 'session.opened', 'authenticated', false],
        ['authenticated', 'logout.requested', 'loggedOut', true],
      ],
    );
  });

  test('has names only: no ticket, secret, attempt, person, page or address', async () => {
    const { attempts, begin, journal } = setUp();
    const { attempt, secret } = await begin({ ...plainInput, returnTo: '/marker-page' });
    await attempts.resume(attempt, returning(secret, withTicket('ST-marker-ticket')), newScope());
    const text = JSON.stringify(journal);
    for (const marker of ['marker', attempt, secret, 'alice', 'example.edu']) {
      assert.ok(!text.includes(marker), `${marker} in ${text}`);
    }
    const keys = new Set(journal.flatMap((entry) => Object.keys(entry)));
    const all = 'at attempt code done effects event flow from guard outcome subject to';
    assert.deepEqual([...keys].sort(), all.split(' '));
  });

  test('has one label for all steps of a flow, and another for another flow', async () => {
    const { attempts, begin, journal } = setUp();
    const { attempt, secret } = await begin();
    await attempts.resume(attempt, returning(secret), newScope());
    const labels = new Set(journal.map((entry) => entry.attempt));
    assert.equal(labels.size, 1);
    await begin();
    assert.equal(new Set(journal.map((entry) => entry.attempt)).size, 2);
  });

  test('keeps its label when the browser is sent away again', async () => {
    const { attempts, begin, journal, server } = setUp();
    const { attempt, secret } = await begin({ ...plainInput, maxAgeMs: 1000 });
    const old = { ...freshAlice, authenticatedAt: 0, fromNewLogin: false };
    server.answer = () => ({ type: 'validation.succeeded', principal: old, grantOffer: null, at: 1_700_000_030_000 });
    await attempts.resume(attempt, returning(secret), newScope());
    assert.equal(new Set(journal.map((entry) => entry.attempt)).size, 1);
    assert.ok(journal.filter(({ event }) => event === 'redirect.issued').length === 2);
  });
});
