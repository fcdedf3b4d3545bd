import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import bodyParser from '@koa/bodyparser';
import { casLogin, casLoginMachine, casLoginRoot, casLoginStates } from '../../machines/index.ts';
import { type CasOptions, campusSso, cas } from '../../src/index.ts';
import { logIn, mountPages, startPair } from '../support/portal.ts';
import { askingPair, atThePage, mountForms, press } from './step-pages-support.ts';
import { assertFailure, codeOf, NAVIGATION, pairFor, pointerIn, userOf } from './support.ts';

describe('an extension that is wrong', () => {
  test('leads to a route that is not there: a page, and a line for whoever runs the site', async (t) => {
    const pair = await askingPair(t, { ask: (_, scope) => scope.visit('qestion') });
    const page = await logIn(pair.browser(), `${pair.portal.url}/start`, pair.fakeCas);
    await assertFailure(page, pair, { code: 'ERR_SSO_FLOW', status: 500 });
    assert.match(pair.portal.log[0]!, /there is no route qestion/);
  });

  for (const name of ['constructor', '__proto__']) {
    test(`leads to ${name}, which is no route`, async (t) => {
      const pair = await askingPair(t, { ask: (_, scope) => scope.visit(name) });
      assert.equal((await logIn(pair.browser(), `${pair.portal.url}/start`, pair.fakeCas)).status, 500);
    });
  }

  for (const type of ['session.opened', 'validation.succeeded', 'logout.requested', 'xstate.init']) {
    test(`answers with ${type}, which is not its to tell`, async (t) => {
      const met = await atThePage(t, { answer: () => ({ type, principal: {}, loginId: 'x' }) as { type: string } });
      await assertFailure(await press(met.page), met, { code: 'ERR_SSO_FLOW', status: 500 });
      assert.match(met.portal.log[0]!, new RegExp(`answers with ${type}`));
      assert.equal(pointerIn(met.visitor), undefined);
    });
  }

  test('answers with an event that the state does not take, and may answer better', async (t) => {
    let type = 'test.neverTaken';
    const met = await atThePage(t, { answer: () => ({ type }) });
    await assertFailure(await press(met.page), met, { code: 'ERR_SSO_FLOW', status: 500 });
    assert.match(met.portal.log[0]!, /does not take test\.neverTaken/);
    type = 'test.agreed';
    assert.equal(userOf(await (await press(met.page)).settle()), 'alice');
  });

  test('throws in an effect: Koa hears of it, and nobody is logged in', async (t) => {
    const pair = await askingPair(t, {
      ask() {
        throw new Error('the table is gone');
      },
    });
    const visitor = pair.browser();
    const page = await logIn(visitor, `${pair.portal.url}/start`, pair.fakeCas);
    assert.equal(page.status, 500);
    assert.doesNotMatch(page.body, /table/);
    assert.deepEqual(
      pair.portal.errors.map((error) => (error as Error).message),
      ['the table is gone'],
    );
    assert.equal(pointerIn(visitor), undefined);
  });

  test('throws in an answer: the page is there for another try', async (t) => {
    let isBroken = true;
    const met = await atThePage(t, {
      answer() {
        if (isBroken) throw new Error('no');
        return { type: 'test.agreed' };
      },
    });
    assert.equal((await press(met.page)).status, 500);
    isBroken = false;
    assert.equal(userOf(await (await press(met.page)).settle()), 'alice');
  });

  test('waits for a browser that it leads nowhere', async (t) => {
    const pair = await askingPair(t, { ask() {} });
    const page = await logIn(pair.browser(), `${pair.portal.url}/start`, pair.fakeCas);
    await assertFailure(page, pair, { code: 'ERR_SSO_FLOW', status: 500 });
    assert.match(pair.portal.log[0]!, /openingSession waits for the browser/);
  });

  test('leads to a page and does not wait for its answer', async (t) => {
    const pair = await askingPair(t, {
      ask(_, scope) {
        scope.visit('question');
        return { type: 'test.agreed', note: '' };
      },
    });
    const visitor = pair.browser();
    const page = await logIn(visitor, `${pair.portal.url}/start`, pair.fakeCas);
    await assertFailure(page, pair, { code: 'ERR_SSO_FLOW', status: 500 });
    assert.equal(pointerIn(visitor), undefined);
  });

  test('shows a page without a way on', async (t) => {
    const pair = await askingPair(t, { page: () => ({ title: 'No', paragraphs: [], choices: [] }) });
    const page = await logIn(pair.browser(), `${pair.portal.url}/start`, pair.fakeCas);
    assert.equal(page.status, 500);
    assert.match(pair.portal.log[0]!, /has no choice/);
  });

  test('knows no logout: the application does not start', async (t) => {
    const deaf = casLogin.extend({ actions: { ask: () => {} } }).createMachine({
      ...casLoginRoot,
      states: {
        ...casLoginStates,
        openingSession: { tags: ['awaiting-browser'], entry: 'ask', on: { 'test.agreed': 'opening' } },
        opening: casLoginStates.openingSession,
      },
    });
    const route = {
      page: () => ({ title: 'Deaf', paragraphs: [], choices: [{ label: 'Go on' }] }),
      answer: () => ({ type: 'test.agreed', note: '' }) as const,
    };
    const extended = {
      machine: deaf,
      effects: { ask: (_: unknown, s: { visit(r: string): void }) => s.visit('q') },
      routes: { q: route },
    };
    await assert.rejects(
      pairFor(t, { cas: extended as Partial<CasOptions> }),
      (refused) => codeOf(refused) === 'ERR_SSO_OPTIONS' && /logout/.test(String(refused)),
    );
  });

  test('is told at start what a compiler would have said', () => {
    const wrong = {
      serverUrl: 'https://login.example.edu/cas',
      machine: casLogin.extend({ actions: { askOne: () => {}, askTwo: () => {} } }).createMachine({
        ...casLoginRoot,
        states: casLoginStates,
      }),
      effects: { askTow: () => {}, askTwo: 'visit' },
      routes: { 'a/b': { page() {}, answer() {} }, half: { page() {} } },
    };
    const login = cas(wrong as unknown as CasOptions);
    const start = () => campusSso({ baseUrl: 'https://a.example', secrets: ['x'.repeat(40)], login });
    assert.throws(start, (error: Error) => {
      for (const part of [
        'nobody performs askOne',
        'no effect askTow',
        'askTwo is not a function',
        'a/b',
        'half needs',
      ]) {
        assert.ok(error.message.includes(part), `${part}: ${error.message}`);
      }
      return true;
    });
    assert.throws(
      () =>
        campusSso({
          baseUrl: 'https://a.example',
          secrets: ['x'.repeat(40)],
          login: cas({ ...wrong, machine: {} } as unknown as CasOptions),
        }),
      /expected a machine/,
    );
  });
});

describe('shipped parts in other words', () => {
  test('a guard of the application decides', async (t) => {
    const machine = casLoginMachine.provide({ guards: { loginLoops: ({ context }) => context.recentLogins >= 1 } });
    const pair = await pairFor(t, { cas: { machine } as Partial<CasOptions> });
    const visitor = pair.browser();
    assert.equal(userOf(await logIn(visitor, `${pair.portal.url}/start`, pair.fakeCas)), 'alice');
    visitor.cookies.clear(/sso-session/);
    const page = await visitor.get(`${pair.portal.url}/start`);
    assert.match(page.body, /<code>ERR_SSO_LOGIN_LOOP</);
  });

  test('an effect of the application stands in for a shipped one, which it can call', async (t) => {
    const seen: string[] = [];
    const pair = await startPairWith({
      admitPrincipal: async (params, scope) => {
        seen.push(params.principal.id, ...Object.keys(scope).sort());
        return params.principal.id === 'bob' ? { type: 'principal.refused' } : scope.perform(params);
      },
    });
    t.after(() => pair.close());
    const page = await logIn(pair.browser(), `${pair.portal.url}/start`, pair.fakeCas);
    assert.equal(userOf(page), 'alice');
    assert.deepEqual(JSON.parse(page.body).user.account, 'known');
    assert.deepEqual(seen, ['alice', 'now', 'perform', 'visit']);
    assert.equal((await logIn(pair.browser(), `${pair.portal.url}/start`, pair.fakeCas, 'bob')).status, 403);
  });
});

type Replaced = NonNullable<Parameters<typeof cas>[0]['effects']>;
const startPairWith = (effects: Replaced) =>
  startPair({ cas: { effects } as Partial<CasOptions>, options: { onLogin: () => 'known' } });

describe('a login that asks something', () => {
  test('never does so on a page for everybody', async (t) => {
    const pair = await askingPair(
      t,
      {},
      {
        mount(app, sso) {
          app.use(sso.session(app)).use(sso.routes()).use(sso.tryLogin());
          app.use((ctx) => {
            ctx.body = { user: ctx.state.user ?? null };
          });
        },
      },
    );
    const visitor = pair.browser();
    const form = await visitor.get(`${pair.fakeCas.url}/login`);
    await form.submit(form.forms[0]!, { username: 'alice', password: 'wonderland' });
    const page = await (await visitor.get(`${pair.portal.url}/news`)).settle();
    assert.deepEqual([page.status, page.url.pathname, page.body], [200, '/news', '{"user":null}']);
    assert.equal((await visitor.get(`${pair.portal.url}/news`)).status, 200);
    const asked = await (await visitor.get(`${pair.portal.url}/sso/login`)).settle();
    assert.match(asked.body, /Do you agree/);
    assert.match((await (await press(asked)).settle()).body, /"id":"alice"/);
  });

  test('brings back what the person had sent', async (t) => {
    const pair = await askingPair(
      t,
      {},
      {
        mount: mountForms,
      },
    );
    const visitor = pair.browser();
    await (await press(await logIn(visitor, `${pair.portal.url}/form`, pair.fakeCas))).settle();
    visitor.cookies.clear(/sso-session/);
    const form = `${pair.portal.url}/form`;
    const sent = await visitor.post(`${pair.portal.url}/thoughts`, { thought: 'long' }, { from: form });
    const page = await sent.settle();
    assert.match(page.body, /Do you agree/);
    const resuming = await (await press(page)).settle();
    assert.match(resuming.url.pathname, /\/resume\//);
    const there = await (await press(resuming)).settle();
    assert.deepEqual(JSON.parse(there.body), { method: 'POST', sent: { thought: 'long' } });
  });

  test('reads its answer also behind a body parser of the application', async (t) => {
    const mount: Parameters<typeof atThePage>[2] = {
      mount(app, sso) {
        app.use(bodyParser());
        mountPages(app, sso);
      },
    };
    const { page } = await atThePage(t, {}, mount);
    assert.equal(userOf(await (await press(page)).settle()), 'alice');
  });

  test('is left alone by a return in another tab that names no attempt', async (t) => {
    const { page, visitor, portal, fakeCas } = await atThePage(t, { more: { exactServiceUrl: true } });
    await visitor.get(`${portal.url}/sso/return?ticket=ST-1-${'x'.repeat(20)}`, { from: `${fakeCas.url}/login` });
    assert.equal(userOf(await (await press(page)).settle()), 'alice');
  });

  test('shows its page to nobody but a person', async (t) => {
    const { page, visitor } = await atThePage(t);
    const looked = await visitor.get(page.url, { headers: { ...NAVIGATION, 'sec-purpose': 'prefetch' } });
    assert.equal(looked.status, 401);
  });
});
