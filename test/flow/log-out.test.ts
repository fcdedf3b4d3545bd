import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { casLoginMachine } from '../../machines/index.ts';
import { createAttempts } from '../../src/flow/attempts.ts';
import { defineFlow } from '../../src/flow/flow.ts';
import { createFlowStore } from '../../src/flow/flow-store.ts';
import { emptyReply } from '../../src/flow/reply.ts';
import type { LoginScope } from '../../src/protocols/protocol.ts';
import { createSessionEffects } from '../../src/protocols/session-effects.ts';
import { createLogins } from '../../src/storage/logins.ts';
import { createProxyGrants } from '../../src/storage/proxy-grants.ts';
import { plainInput, SENT_AT, VALIDATED_AT } from '../machines/cas-login-model.ts';
import { freshAlice, kindOf, newScope, returning, secretOf, setUp } from './attempts-support.ts';
import { gate, recordingStore } from './support.ts';

describe('logging an attempt out', () => {
  test('that waits for its browser ends it: the ticket opens nothing', async () => {
    const { attempts, begin, records, server } = setUp();
    const { attempt, secret } = await begin();
    const scope = newScope();
    assert.equal(kindOf(await attempts.logOut(attempt, false, scope)), 'ran');
    assert.deepEqual([scope.performed, scope.attempt, records.size], [['discardRequest', 'endSession'], attempt, 0]);
    assert.equal(kindOf(await attempts.resume(attempt, returning(secret), newScope())), 'unknown');
    assert.deepEqual(server.validated, []);
  });

  test('that is settled ends it', async () => {
    const { attempts, begin, flowStore } = setUp();
    const { attempt, secret } = await begin();
    await attempts.resume(attempt, returning(secret), newScope());
    const scope = newScope();
    assert.equal(secretOf(await attempts.logOut(attempt, true, scope)), null);
    assert.deepEqual(scope.performed, ['discardRequest', 'endSession']);
    assert.equal(await flowStore.peek(attempt), undefined);
  });

  test('twice at the same moment ends it once', async () => {
    const { attempts, begin } = setUp();
    const { attempt, secret } = await begin();
    await attempts.resume(attempt, returning(secret), newScope());
    const scopes = Array.from({ length: 10 }, newScope);
    const outcomes = await Promise.all(scopes.map((scope) => attempts.logOut(attempt, false, scope)));
    assert.equal(outcomes.filter(({ kind }) => kind === 'ran').length, 1);
    assert.deepEqual(
      scopes.flatMap(({ performed }) => performed),
      ['discardRequest', 'endSession'],
    );
  });

  for (const where of ['the same', 'another'] as const) {
    test(`while ${where} process validates its ticket leaves nobody signed in`, async () => {
      const { attempts, begin, flowStore, process, records, server } = setUp();
      const other = where === 'the same' ? attempts : process().attempts;
      const { attempt, secret } = await begin();
      const asked = gate();
      const answered = gate();
      server.answer = async () => {
        asked.open();
        await answered.opened;
        return { type: 'validation.succeeded', principal: freshAlice, grantOffer: null, at: VALIDATED_AT };
      };
      const scope = newScope();
      const returningBrowser = attempts.resume(attempt, returning(secret), scope);
      await asked.opened;
      assert.equal(kindOf(await other.logOut(attempt, false, newScope())), 'unknown');
      answered.open();
      assert.equal(kindOf(await returningBrowser), 'ran');
      assert.deepEqual(scope.performed.slice(-4), ['openSession', 'resumeRequest', 'discardRequest', 'endSession']);
      assert.equal(await flowStore.peek(attempt), undefined);
      assert.deepEqual([...records.keys()], [`logged-out:${attempt}`]);
    });
  }

  test('that nobody began is remembered, and an id that none of ours looks like is not', async () => {
    const { attempts, flowStore, calls, writes } = setUp();
    const attempt = 'A'.repeat(22);
    assert.equal(kindOf(await attempts.logOut(attempt, false, newScope())), 'unknown');
    assert.equal(await flowStore.isLoggedOut(attempt), true);
    assert.equal(writes().length, 1);
    calls.length = 0;
    assert.equal(kindOf(await attempts.logOut('../other', false, newScope())), 'unknown');
    assert.deepEqual(calls, []);
  });

  test('does not touch another attempt of the browser', async () => {
    const { attempts, begin } = setUp();
    const one = await begin();
    const two = await begin();
    await attempts.logOut(one.attempt, false, newScope());
    assert.equal(kindOf(await attempts.resume(two.attempt, returning(two.secret), newScope())), 'ran');
  });
});

/** The real effects of a session over a store that can be held up. */
function realSession() {
  const recorder = recordingStore();
  const clock = () => VALIDATED_AT;
  const logins = createLogins({ store: recorder.store, idleMs: 3_600_000, clock, random: randomBytes });
  const asked = gate();
  const answered = gate();
  const flow = defineFlow<typeof casLoginMachine, LoginScope>('cas', casLoginMachine, {
    ...createSessionEffects({
      grants: createProxyGrants({ store: recorder.store, clock, random: randomBytes }),
      warn() {},
      logins,
      sessionMs: 36_000_000,
    }),
    redirectToLogin(_, scope) {
      scope.beginAttempt();
      return { type: 'redirect.issued', service: 'https://portal.example.edu/return', at: SENT_AT };
    },
    claimProxyGrant: () => ({ type: 'grant.missing', detail: 'not offered' }),
    async validateTicket() {
      asked.open();
      await answered.opened;
      return { type: 'validation.succeeded', principal: freshAlice, grantOffer: null, at: VALIDATED_AT };
    },
  });
  const flowStore = createFlowStore<LoginScope>({
    store: recorder.store,
    flows: new Map([['cas', flow]]),
    attemptMs: 600_000,
    sessionMs: 36_000_000,
  });
  const attempts = createAttempts<LoginScope>({ flowStore, random: randomBytes, clock, journal: () => {} });
  const newRequest = (): LoginScope => ({
    attempt: '',
    route: null,
    visit() {},
    reply: emptyReply(),
    loginId: null,
    account: null,
    now: clock,
    beginAttempt() {
      this.attempt = attempts.newId();
      return { attempt: this.attempt, returnUrl: 'https://portal.example.edu/return' };
    },
    admit: async () => ({ kind: 'admitted', account: null }),
    keepRequest: async () => ({ kind: 'notKept', code: 'ERR_SSO_REQUEST_NO_ROOM' }),
    discardRequest: async () => {},
  });
  const loginsLeft = () => [...recorder.records.keys()].filter((key) => key.startsWith('login:'));
  return { ...recorder, flow, attempts, newRequest, asked, answered, loginsLeft };
}

describe('a logout that meets a login under way', () => {
  async function begun() {
    const session = realSession();
    const departure = session.newRequest();
    const outcome = await session.attempts.start(session.flow, plainInput, departure);
    if (outcome.kind !== 'ran') throw new Error('the browser was not sent away');
    const request = session.newRequest();
    const arriving = session.attempts.resume(departure.attempt, returning(outcome.secret ?? undefined), request);
    await session.asked.opened;
    return { ...session, attempt: departure.attempt, request, arriving };
  }

  test('while nobody logs out the login opens a session', async () => {
    const { answered, arriving, request, loginsLeft } = await begun();
    answered.open();
    await arriving;
    assert.equal(request.reply.session?.kind, 'open');
    assert.equal(loginsLeft().length, 1);
  });

  test('ends the session that the login opened while its ticket was being validated', async () => {
    const { attempts, attempt, answered, arriving, request, newRequest, loginsLeft } = await begun();
    await attempts.logOut(attempt, false, newRequest());
    answered.open();
    await arriving;
    // The browser has not heard of that session, and may hold a later one by now: its cookie is left alone.
    assert.equal(request.reply.session, null);
    assert.equal(request.reply.signedOut, 'here');
    assert.deepEqual(loginsLeft(), []);
  });

  test('ends that session as well if the browser has not heard of it yet', async () => {
    const { attempts, attempt, answered, arriving, newRequest, loginsLeft } = await begun();
    answered.open();
    await arriving;
    // The answer with the session cookie is still on its way, so this request points to no login.
    assert.equal((await attempts.logOut(attempt, false, newRequest())).kind, 'ran');
    assert.deepEqual(loginsLeft(), []);
  });

  for (const [moment, stops] of [
    ['before the login is stored', (name: string, key: string) => name === 'put' && key.startsWith('login:')],
    [
      'before the login looks for a logout',
      (name: string, key: string) => name === 'get' && key.startsWith('logged-out:'),
    ],
    [
      'before the flow is stored as settled',
      (name: string, key: string) => name === 'put' && key.startsWith('settled-flow:'),
    ],
  ] as const) {
    test(`ends that session as well if it comes ${moment}`, async () => {
      const { attempts, attempt, answered, arriving, control, newRequest, loginsLeft } = await begun();
      const reached = gate();
      const passed = gate();
      let isHeld = false;
      control.before = async ({ name, kind, id }) => {
        if (isHeld || !stops(name, `${kind}:${id}`)) return;
        isHeld = true;
        reached.open();
        await passed.opened;
      };
      answered.open();
      await reached.opened;
      const leaving = attempts.logOut(attempt, false, newRequest());
      // A logout may wait for the login; it must not wait for ever.
      await Promise.race([leaving, new Promise((resolve) => setTimeout(resolve, 50))]);
      passed.open();
      await Promise.all([leaving, arriving]);
      assert.deepEqual(loginsLeft(), []);
    });
  }
});
