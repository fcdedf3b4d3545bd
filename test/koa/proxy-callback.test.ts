import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { ProxySceneSetup } from '../support/proxying.ts';
import { openStore, postForm, sceneFor } from './proxy-support.ts';
import { raw } from './support.ts';

const IOU = 'PGTIOU-1-marker';
const PGT = 'PGT-1-marker';
const DELIVERY = `pgtIou=${IOU}&pgtId=${PGT}`;

/** A portal whose callback can be called, and a look into its store. */
async function callbackFor(t: TestContext, setup: Omit<ProxySceneSetup, 'cas'> = {}) {
  const kept = openStore();
  const { portal, callbackUrl: url } = await sceneFor(t, { ...setup, options: { store: kept.keyv, ...setup.options } });
  return { portal, url, kept };
}

describe('the proxy callback', () => {
  for (const method of ['GET', 'HEAD', 'POST']) {
    test(`answers a call without parameters with 200 and stores nothing (${method})`, async (t) => {
      const { url, kept } = await callbackFor(t);
      assert.equal((await raw(url, { method })).status, 200);
      assert.equal(kept.count('pgtiou'), 0);
    });
  }

  test('stores nothing for a HEAD, whatever it brings', async (t) => {
    const { url, kept } = await callbackFor(t);
    assert.equal((await raw(`${url}?${DELIVERY}`, { method: 'HEAD' })).status, 200);
    assert.equal(kept.count('pgtiou'), 0);
  });

  test('takes what a GET delivers', async (t) => {
    const { url, kept } = await callbackFor(t);
    assert.equal((await raw(`${url}?${DELIVERY}`)).status, 200);
    assert.equal(await kept.delivered(IOU), PGT);
  });

  test('takes what the form of a POST delivers', async (t) => {
    const { url, kept } = await callbackFor(t);
    assert.equal((await postForm(url, DELIVERY)).status, 200);
    assert.equal(await kept.delivered(IOU), PGT);
  });

  test('takes what the query of a POST delivers', async (t) => {
    const { url, kept } = await callbackFor(t);
    assert.equal((await raw(`${url}?${DELIVERY}`, { method: 'POST' })).status, 200);
    assert.equal(await kept.delivered(IOU), PGT);
  });

  test('takes a PGT that is spelt like a ticket-granting ticket, as old servers deliver it', async (t) => {
    const { url, kept } = await callbackFor(t);
    await raw(`${url}?pgtIou=${IOU}&pgtId=TGT-1-marker`);
    assert.equal(await kept.delivered(IOU), 'TGT-1-marker');
  });

  for (const half of [`pgtIou=${IOU}`, `pgtId=${PGT}`]) {
    test(`takes half a delivery for a probe (${half.split('=')[0]} alone)`, async (t) => {
      const { url, kept } = await callbackFor(t);
      assert.equal((await raw(`${url}?${half}`)).status, 200);
      assert.equal((await postForm(url, half)).status, 200);
      assert.equal(kept.count('pgtiou'), 0);
    });
  }

  test('does not put a delivery together from the query and the form', async (t) => {
    const { url, kept } = await callbackFor(t);
    await postForm(`${url}?pgtIou=${IOU}`, `pgtId=${PGT}`);
    assert.equal(kept.count('pgtiou'), 0);
  });

  for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    test(`leaves a ${method} to the application`, async (t) => {
      const { url, kept } = await callbackFor(t, {
        mount(app, sso) {
          app.use(sso.routes());
          app.use((ctx) => {
            ctx.body = 'the application';
          });
        },
      });
      assert.equal((await raw(`${url}?${DELIVERY}`, { method })).body, 'the application');
      assert.equal(kept.count('pgtiou'), 0);
    });
  }

  test('needs no session', async (t) => {
    const { url, kept } = await callbackFor(t, { mount: (app, sso) => void app.use(sso.routes()) });
    assert.equal((await postForm(url, DELIVERY)).status, 200);
    assert.equal((await raw(`${url}?pgtIou=${IOU}-2&pgtId=${PGT}`)).status, 200);
    assert.equal(kept.count('pgtiou'), 2);
  });

  test('tells the journal its steps, and no value', async (t) => {
    const { portal, url } = await callbackFor(t);
    await raw(`${url}?${DELIVERY}`);
    assert.deepEqual(
      portal.journal.map(({ flow, event, to, effects, done }) => ({ flow, event, to, effects, done })),
      [
        { flow: 'cas-proxy-callback', event: 'begin', to: 'receiving', effects: [], done: false },
        {
          flow: 'cas-proxy-callback',
          event: 'callback.delivered',
          to: 'storing',
          effects: ['storeDelivery'],
          done: false,
        },
        { flow: 'cas-proxy-callback', event: 'grant.stored', to: 'stored', effects: ['answerCallback'], done: true },
      ],
    );
    assert.doesNotMatch(JSON.stringify(portal.journal), /marker/);
  });
});
