import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ucamLogin, ucamLoginRoot, ucamLoginStates } from '../../machines/index.ts';
import { cas, ucam } from '../../src/index.ts';
import { startFakeCas } from '../../src/testing/fake-cas.ts';
import { startFakeWls } from '../../src/testing/fake-wls.ts';
import { createBrowser } from '../support/browser.ts';
import { logIn, startPortal } from '../support/portal.ts';
import { logInAtWls, ucamAt } from '../support/raven.ts';
import { askingLogin, press, QUESTION } from './step-pages-support.ts';
import { pointerIn, userOf } from './support.ts';

const machine = ucamLogin.extend({ actions: { ask: () => {} } }).createMachine({
  ...ucamLoginRoot,
  id: 'ucamLoginThatAsks',
  states: {
    ...ucamLoginStates,
    openingSession: {
      tags: ['awaiting-browser'],
      entry: 'ask',
      on: { 'test.agreed': 'opening', 'logout.requested': 'loggedOut' },
    },
    opening: ucamLoginStates.openingSession,
  },
});

const byRaven = (wls: Parameters<typeof ucamAt>[0], type = 'test.agreed') =>
  ucam({
    ...ucamAt(wls),
    machine,
    effects: { ask: (_, { visit }) => visit('question') },
    routes: {
      question: {
        page: () => ({ ...QUESTION, title: 'By Raven' }),
        answer: () => ({ type: type as 'test.agreed', note: '' }),
      },
    },
  });

describe('with several ways in that ask something', () => {
  test('each answers for its own attempts', async (t) => {
    const [wls, fakeCas] = await Promise.all([startFakeWls(), startFakeCas()]);
    const portal = await startPortal({ login: [askingLogin(fakeCas.url), byRaven(wls)] });
    const browser = createBrowser();
    t.after(async () => {
      await browser.close();
      await Promise.all([portal.close(), wls.close(), fakeCas.close()]);
    });
    const raven = await logInAtWls(browser, `${portal.url}/sso/login?returnTo=/one&via=ucam`, wls);
    const byCas = await logIn(browser, `${portal.url}/sso/login?returnTo=/two&via=cas`, fakeCas);
    assert.match(raven.url.pathname, /^\/sso\/step\/ucam\/question\//);
    assert.match(raven.body, /By Raven/);
    assert.match(byCas.url.pathname, /^\/sso\/step\/cas\/question\//);

    const swapped = raven.url.href.replace('/ucam/', '/cas/');
    assert.equal((await browser.post(swapped, { agree: 'yes' })).status, 400);
    assert.equal(userOf(await (await press(raven)).settle()), 'test0001');
  });
  for (const type of ['session.opened', 'reply.verified', 'logout.requested', 'xstate.init']) {
    test(`one alone may ask, and answers with ${type} for nobody`, async (t) => {
      const [wls, fakeCas] = await Promise.all([startFakeWls(), startFakeCas()]);
      const portal = await startPortal({ login: [cas({ serverUrl: fakeCas.url }), byRaven(wls, type)] });
      const browser = createBrowser();
      t.after(async () => {
        await browser.close();
        await Promise.all([portal.close(), wls.close(), fakeCas.close()]);
      });
      const page = await logInAtWls(browser, `${portal.url}/sso/login?returnTo=/one&via=ucam`, wls);
      assert.match(page.body, /By Raven/);
      assert.equal((await press(page)).status, 500);
      assert.match(portal.log[0]!, new RegExp(`answers with ${type}`));
      assert.equal(pointerIn(browser), undefined);
    });
  }
});
