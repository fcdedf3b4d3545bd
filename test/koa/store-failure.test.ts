import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { logIn } from '../support/portal.ts';
import {
  assertFailure,
  comeBack,
  cookiesFor,
  FETCH,
  NAVIGATION,
  pairFor,
  pointerIn,
  raw,
  returnUrl,
  stoppedClock,
  userOf,
} from './support.ts';
import { keyvs, type Operation, type Trouble, WatchedAdapter } from './watched-store.ts';

const DOWN = { code: 'ERR_SSO_STORE', status: 503 };
const TROUBLES: readonly Trouble[] = ['throw', 'hang', 'swallow'];

for (const [keyv, make] of keyvs) {
  for (const how of TROUBLES) {
    describe(`${keyv}, the store fails (${how})`, () => {
      const start = async (t: Parameters<typeof pairFor>[0]) => {
        const adapter = new WatchedAdapter();
        const pair = await pairFor(t, { options: { store: make(adapter), storeDeadlineMs: 150 } });
        return { adapter, pair, visitor: pair.browser(), page: `${pair.portal.url}/start` };
      };
      const signedIn = async (t: Parameters<typeof pairFor>[0]) => {
        const started = await start(t);
        await logIn(started.visitor, started.page, started.pair.fakeCas);
        return started;
      };

      test('when a login begins: nobody is sent away, and it works again without a restart', async (t) => {
        const { adapter, pair, visitor, page } = await start(t);
        adapter.fail(how);
        const answer = await visitor.get(page);
        assert.deepEqual(answer.headers.getSetCookie(), []);
        adapter.recover();
        await assertFailure(answer, pair, DOWN);
        assert.equal(userOf(await logIn(visitor, page, pair.fakeCas)), 'alice');
      });

      for (const [name, operation, kind] of [
        ['when the attempt is looked up', 'get', 'flow'],
        ['when the attempt is claimed', 'delete', 'flow'],
        ['when the store is tried out', 'set', 'probe'],
        ['when the login is stored', 'set', 'login'],
        ['when the finished attempt is stored', 'set', 'settled-flow'],
      ] as const) {
        test(`${name}: nobody is signed in, and a new login works`, async (t) => {
          const { adapter, pair, visitor, page } = await start(t);
          const address = await returnUrl(visitor, page, pair.fakeCas);
          adapter.fail(how, (op: Operation, of: string) => op === operation && of === kind);
          const answer = await comeBack(visitor, address, pair);
          adapter.recover();
          assert.equal(pointerIn(visitor), undefined);
          await assertFailure(answer, pair, DOWN);
          assert.equal(userOf(await logIn(visitor, page, pair.fakeCas)), 'alice');
        });
      }

      test('when the attempt is looked up: the same return works once the store is back', async (t) => {
        const { adapter, pair, visitor, page } = await start(t);
        const address = await returnUrl(visitor, page, pair.fakeCas);
        adapter.fail(how);
        assert.equal((await comeBack(visitor, address, pair)).status, 503);
        adapter.recover();
        assert.equal(userOf(await (await comeBack(visitor, address, pair)).settle()), 'alice');
      });

      test('on a request of somebody who is signed in: 503, and they are still signed in afterwards', async (t) => {
        const { adapter, pair, visitor, page } = await signedIn(t);
        adapter.fail(how);
        const answer = await visitor.get(page);
        const json = await raw(page, { headers: { ...FETCH, ...cookiesFor(visitor, page) } });
        adapter.recover();
        assert.equal(json.status, 503);
        assert.equal(JSON.parse(json.body).error.code, DOWN.code);
        assert.equal(pair.portal.log.length, 2);
        pair.portal.log.length = 1;
        await assertFailure(answer, pair, DOWN);
        assert.equal(userOf(await visitor.get(page)), 'alice');
        assert.equal(pair.fakeCas.counts.validate, 1);
      });

      test('on a logout: 503, nobody is told they are out, and a second try ends the login', async (t) => {
        const { adapter, pair, visitor, page } = await signedIn(t);
        const kept = cookiesFor(visitor, page);
        adapter.fail(how);
        const answer = await visitor.post(`${pair.portal.url}/sso/logout`, {}, { from: page });
        assert.equal(answer.status, 503);
        assert.equal(answer.location, undefined);
        adapter.recover();
        assert.equal(userOf(await visitor.get(page)), 'alice');
        assert.equal((await visitor.post(`${pair.portal.url}/sso/logout`, {}, { from: page })).status, 303);
        assert.equal((await pair.browser().get(page, { headers: kept })).status, 303, 'the login holds still');
      });

      test('when the login cannot be taken out on a logout: 503, and a second try ends it', async (t) => {
        const { adapter, pair, visitor, page } = await signedIn(t);
        const kept = cookiesFor(visitor, page);
        adapter.fail(how, (operation, kind) => operation === 'delete' && kind === 'login');
        assert.equal((await visitor.post(`${pair.portal.url}/sso/logout`, {}, { from: page })).status, 503);
        adapter.recover();
        assert.equal((await visitor.post(`${pair.portal.url}/sso/logout`, {}, { from: page })).status, 303);
        assert.equal((await pair.browser().get(page, { headers: kept })).status, 303, 'the login holds still');
      });

      test('when activity cannot be written down: the page is shown all the same', async (t) => {
        const clock = stoppedClock();
        const adapter = new WatchedAdapter();
        const pair = await pairFor(t, {
          options: { store: make(adapter), storeDeadlineMs: 150, clock, idleSeconds: 60 },
        });
        const visitor = pair.browser();
        await logIn(visitor, `${pair.portal.url}/start`, pair.fakeCas);
        adapter.fail(how, (operation) => operation === 'set');
        clock.advance(30);
        assert.equal(userOf(await visitor.get(`${pair.portal.url}/start`)), 'alice');
        assert.equal(userOf(await visitor.get(`${pair.portal.url}/start`)), 'alice');
      });

      test('a page that is open to everybody does not notice', async (t) => {
        const { adapter, pair, visitor } = await signedIn(t);
        adapter.fail(how);
        assert.equal((await visitor.get(`${pair.portal.url}/open`)).status, 200);
      });
    });
  }
}

for (const how of TROUBLES) {
  test(`a public page that asks quietly who is there stays a page when the store fails (${how})`, async (t) => {
    const adapter = new WatchedAdapter();
    const { portal } = await pairFor(t, {
      options: { store: keyvs[0]![1](adapter), storeDeadlineMs: 150 },
      mount(app, sso) {
        app.use(sso.session(app));
        app.use(sso.routes());
        app.use(sso.tryLogin());
        app.use((ctx) => {
          ctx.body = 'a public page';
        });
      },
    });
    adapter.fail(how);
    const answer = await raw(portal.url, { headers: NAVIGATION });
    assert.equal(answer.status, 200);
    assert.equal(answer.body, 'a public page');
  });
}
