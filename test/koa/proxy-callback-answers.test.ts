import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { cas, type LoginProtocol } from '../../src/index.ts';
import { createProxyGrants } from '../../src/storage/proxy-grants.ts';
import { createStore, type KeyvLike } from '../../src/storage/store.ts';
import { startPortal, TEST_SECRET } from '../support/portal.ts';
import { proxyingCas } from '../support/proxying.ts';
import { kindOf, openStore, postForm, sceneFor } from './proxy-support.ts';
import { raw } from './support.ts';
import { keyvs, type Trouble, WatchedAdapter } from './watched-store.ts';

const IOU = 'PGTIOU-1-marker';
const PGT = 'PGT-1-marker';
const DELIVERY = `pgtIou=${IOU}&pgtId=${PGT}`;

/** Calls that deliver nothing, and are told so. */
const REFUSED: readonly (readonly [string, string])[] = [
  ['two names', `${DELIVERY}&pgtIou=PGTIOU-2-marker`],
  ['two tickets', `${DELIVERY}&pgtId=PGT-2-marker`],
  ['two tickets, one of them spelt differently', `${DELIVERY}&pgt%49d=PGT-2-marker`],
  ['markup in the name', `pgtIou=PGTIOU-marker<script>alert(1)</script>&pgtId=${PGT}`],
  ['encoded markup in the name', `pgtIou=PGTIOU-marker%3Cscript%3E&pgtId=${PGT}`],
  ['markup in the ticket', `pgtIou=${IOU}&pgtId=PGT-marker%22%3E%3Cimg%3E`],
  ['a path in the name', `pgtIou=../../../tmp/marker&pgtId=${PGT}`],
  ['an encoded path in the name', `pgtIou=..%2F..%2Fmarker&pgtId=${PGT}`],
  ['a line break in the name', `pgtIou=marker%0d%0aSet-Cookie:%20marker=1&pgtId=${PGT}`],
  ['a byte of 0 in the ticket', `pgtIou=${IOU}&pgtId=PGT-marker%00`],
  ['an empty name', `pgtIou=&pgtId=${PGT}`],
  ['an empty ticket', `pgtIou=${IOU}&pgtId=`],
  ['a name that is too long', `pgtIou=marker${'a'.repeat(1024)}&pgtId=${PGT}`],
  ['a ticket that is too long', `pgtIou=${IOU}&pgtId=marker${'a'.repeat(1024)}`],
];

describe('a call to the proxy callback is refused, stores nothing and is not repeated in the answer,', () => {
  for (const [what, query] of REFUSED) {
    for (const method of ['GET', 'POST'] as const) {
      test(`with ${what} (${method})`, async (t) => {
        const kept = openStore();
        const { callbackUrl: url, portal } = await sceneFor(t, { options: { store: kept.keyv } });
        const answer = method === 'GET' ? await raw(url, { target: targetOf(url, query) }) : await postForm(url, query);
        assert.equal(answer.status, 400);
        assert.equal(kept.count('pgtiou'), 0);
        assert.doesNotMatch(JSON.stringify([answer, portal.log, portal.journal]), /marker/);
      });
    }
  }
});

/** The query as it is, without what a URL makes of it. */
function targetOf(url: string, query: string): string {
  return `${new URL(url).pathname}?${query}`;
}

describe('the answer of the proxy callback', () => {
  for (const [what, query] of [
    ['a probe', ''],
    ['half a delivery', `?pgtIou=${IOU}`],
    ['a delivery', `?${DELIVERY}`],
    ['something malformed', '?pgtIou=%3Cmarker%3E&pgtId=marker'],
  ]) {
    for (const accept of ['*/*', 'text/html', 'application/xml']) {
      test(`to ${what} holds nothing that was sent, is not kept by caches and sets no cookie (${accept})`, async (t) => {
        const { callbackUrl } = await sceneFor(t);
        const headers = { accept, cookie: 'marker=marker', 'x-marker': 'marker' };
        const answer = await raw(callbackUrl + query, { headers });
        assert.doesNotMatch(JSON.stringify(answer), /marker/);
        assert.equal(answer.headers['cache-control'], 'no-store');
        assert.equal(answer.headers['set-cookie'], undefined);
        assert.equal(answer.headers.location, undefined);
      });
    }
  }

  test('does not tell a name that is known from one that is new', async (t) => {
    const { callbackUrl } = await sceneFor(t);
    const [first, second] = [await raw(`${callbackUrl}?${DELIVERY}`), await raw(`${callbackUrl}?${DELIVERY}-2`)];
    assert.deepEqual([second.status, second.body], [first.status, first.body]);
  });

  for (const trouble of ['throw', 'swallow', 'hang'] satisfies Trouble[]) {
    for (const operation of ['get', 'set']) {
      test(`is 503 if the delivery cannot be stored, and a repetition is taken (${operation}: ${trouble})`, async (t) => {
        const { adapter, portal, callbackUrl, delivered } = await watched(t);
        adapter.fail(trouble, (what, key) => what === operation && kindOf(key) === 'pgtiou');
        const answer = await raw(`${callbackUrl}?${DELIVERY}`);
        assert.equal(answer.status, 503);
        assert.doesNotMatch(JSON.stringify([answer, portal.log]), /marker/);
        assert.match(portal.log.join('\n'), /^error ERR_SSO_STORE \([A-Z]+\): a delivery .* was not stored$/);
        adapter.recover();
        assert.equal((await raw(`${callbackUrl}?${DELIVERY}`)).status, 200);
        assert.equal(await delivered(IOU), PGT);
      });
    }
  }

  test('is not given before the delivery is stored', async (t) => {
    const { adapter, callbackUrl } = await watched(t, 10_000);
    const { reached, open } = adapter.hold((operation, key) => operation === 'set' && kindOf(key) === 'pgtiou');
    let answered = false;
    const answer = raw(`${callbackUrl}?${DELIVERY}`).finally(() => {
      answered = true;
    });
    await reached;
    await delay(100);
    assert.equal(answered, false);
    open();
    assert.equal((await answer).status, 200);
  });
});

async function watched(t: TestContext, storeDeadlineMs = 150) {
  const adapter = new WatchedAdapter();
  const { keyv, delivered } = openStore(keyvs[0]![1](adapter));
  const scene = await sceneFor(t, { options: { store: keyv, storeDeadlineMs } });
  return { adapter, delivered, ...scene };
}

describe('of two deliveries under one name', () => {
  test('the first stays, and both are confirmed', async (t) => {
    const kept = openStore();
    const { callbackUrl: url } = await sceneFor(t, { options: { store: kept.keyv } });
    assert.equal((await raw(`${url}?pgtIou=${IOU}&pgtId=PGT-first`)).status, 200);
    assert.equal((await raw(`${url}?pgtIou=${IOU}&pgtId=PGT-second`)).status, 200);
    assert.equal(await kept.delivered(IOU), 'PGT-first');
  });

  test('the first stays though it came to another process', async (t) => {
    const kept = openStore();
    const one = await sceneFor(t, { options: { store: kept.keyv } });
    const two = await sceneFor(t, { options: { store: kept.keyv } });
    await raw(`${one.callbackUrl}?pgtIou=${IOU}&pgtId=PGT-first`);
    await raw(`${two.callbackUrl}?pgtIou=${IOU}&pgtId=PGT-second`);
    assert.equal(await kept.delivered(IOU), 'PGT-first');
  });
});

/** A way to log in that lets few deliveries wait. */
function withRoomFor(maxUnclaimed: number, keyv: KeyvLike): LoginProtocol {
  const login = cas(proxyingCas('http://localhost:1/cas'));
  const store = createStore({ keyv, secrets: [TEST_SECRET] });
  return {
    ...login,
    connect: (services) =>
      login.connect({
        ...services,
        grants: createProxyGrants({ store, clock: services.clock, random: randomBytes, maxUnclaimed }),
      }),
  };
}

async function crowdedPortal(t: TestContext) {
  const kept = openStore();
  // Slow, so that deliveries that come at once are all under way together.
  const slow: KeyvLike = {
    get: (key) => kept.keyv.get(key),
    set: (key, value, ttl) => delay(50).then(() => kept.keyv.set(key, value, ttl)),
    delete: (key) => kept.keyv.delete(key),
  };
  const options = { store: slow, login: withRoomFor(3, slow) };
  const portal = await startPortal({ cas: proxyingCas('http://localhost:1/cas'), options });
  t.after(() => portal.close());
  const deliver = (name: number) => raw(`${portal.url}/sso/proxy-callback?pgtIou=PGTIOU-${name}&pgtId=${PGT}`);
  return { kept, deliver };
}

describe('a flood of deliveries', () => {
  test('is answered with 503 once too many wait to be claimed', async (t) => {
    const { kept, deliver } = await crowdedPortal(t);
    const statuses = [];
    for (let name = 0; name < 5; name += 1) statuses.push((await deliver(name)).status);
    assert.deepEqual(statuses, [200, 200, 200, 503, 503]);
    assert.equal(kept.count('pgtiou'), 3);
  });

  test('stores no more for coming all at once', async (t) => {
    const { kept, deliver } = await crowdedPortal(t);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, name) => deliver(name)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 3);
    assert.equal(kept.count('pgtiou'), 3);
  });
});
