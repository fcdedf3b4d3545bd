import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMemoryKeyv } from '../../src/storage/memory-store.ts';
import { aForm, alice, bob, KIB, MINUTE, newSecret, setUp } from './saved-requests-support.ts';
import { LyingAdapter, versions } from './support.ts';

const personFull = { kind: 'notKept', reason: 'personFull' } as const;
/** When what nobody waits for is done. */
const settled = () => sleep(20);
const large = (changes = {}) => aForm({ body: Buffer.alloc(100 * KIB), ...changes });

describe('the room of a browser', () => {
  test('PP10 is for five by default, and a sixth takes the place of the first', async () => {
    const { keep, claimFor, isThere } = setUp();
    const forms = Array.from({ length: 6 }, () => aForm());
    const ids: string[] = [];
    for (const form of forms) ids.push((await keep(form)).id);
    assert.deepEqual(await claimFor(ids[0]!, forms[0]!), { kind: 'discarded' });
    assert.deepEqual(await Promise.all(ids.slice(1).map((id, n) => isThere(id, forms[n + 1]!))), Array(5).fill(true));
  });

  test('PP10 does not count what was used or erased', async () => {
    const { requests, keep, claimFor, isThere } = setUp({ perBrowser: 2 });
    const first = aForm();
    const { id } = await keep(first);
    const used = aForm();
    await claimFor((await keep(used)).id, used);
    await requests.discard((await keep(aForm())).id);
    await keep(aForm());
    assert.equal(await isThere(id, first), true);
  });

  test('PP10 is kept to when many are saved at once', async () => {
    const { keep, count } = setUp();
    await Promise.all(Array.from({ length: 12 }, () => keep(aForm())));
    assert.equal(count('request'), 5);
  });

  test('PP10 of another browser is not touched, also where the names of browser and person are alike', async () => {
    const { keep, isThere } = setUp({ perBrowser: 1 });
    const form = aForm({ browser: JSON.stringify(['person', alice.issuer, alice.id]) });
    const { id } = await keep(form);
    await keep(aForm());
    assert.equal(await isThere(id, form), true);
  });

  test('PP10 does not lose a request that cannot be dropped: it stays until it expires', async () => {
    const { keep, claimFor, store, warn } = setUp({ perBrowser: 1 });
    await keep(aForm());
    store.failing.add('claim request');
    const form = aForm();
    const { id } = await keep(form);
    store.failing.clear();
    assert.equal(warn.heard.length, 1);
    assert.equal((await claimFor(id, form)).kind, 'taken');
  });
});

describe('the room of a person', () => {
  test('PP10 is counted over all browsers; what does not fit is not kept, and no one else is hindered', async () => {
    const { requests, keep, count } = setUp({ personBytes: 250 * KIB });
    await keep(large({ browser: 'one' }));
    await keep(large({ browser: 'two' }));
    assert.deepEqual(await requests.save(large({ browser: 'three' })), personFull);
    assert.equal(count('request'), 2);
    await keep(large({ browser: 'three', owner: bob }));
    await keep(large({ browser: 'three', owner: { ...alice, issuer: 'https://login.example.org' } }));
  });

  test('PP10 is counted over all nodes', async () => {
    const { node } = setUp({ personBytes: 250 * KIB });
    await node().keep(large());
    await node().keep(large());
    assert.deepEqual(await node().requests.save(large()), personFull);
  });

  test('PP10 counts headers and URL as well', async () => {
    const { requests } = setUp({ personBytes: KIB });
    const headers = [['x-large', 'x'.repeat(KIB)]] as const;
    assert.deepEqual(await requests.save(aForm({ headers })), personFull);
    assert.deepEqual(await requests.save(aForm({ url: `/${'x'.repeat(KIB)}` })), personFull);
  });

  test('PP10 is free again when a request was used, was erased or has expired', async () => {
    const { requests, keep, claimFor, clock } = setUp({ personBytes: 150 * KIB });
    const used = large();
    const { id } = await keep(used);
    assert.deepEqual(await requests.save(large()), personFull);
    await claimFor(id, used);
    const erased = await keep(large());
    await requests.discard(erased.id);
    await keep(large());
    assert.deepEqual(await requests.save(large()), personFull);
    clock.advance(10 * MINUTE);
    await keep(large());
  });

  test('PP10 is kept to when many are saved at once', async () => {
    const { requests } = setUp({ personBytes: 350 * KIB });
    const saves = Array.from({ length: 8 }, (_, n) => requests.save(large({ browser: `browser ${n}` })));
    const kept = (await Promise.all(saves)).filter(({ kind }) => kind === 'kept');
    assert.equal(kept.length, 3);
  });

  test('PP10 is not taken up by what a failing store did not keep', async () => {
    const { requests, keep, store } = setUp({ personBytes: 150 * KIB });
    store.failing.add('put request');
    await assert.rejects(requests.save(large()), { code: 'ERR_SSO_STORE' });
    store.failing.clear();
    await settled();
    await keep(large());
  });

  test('PP10 is 4 MiB by default', async () => {
    const { requests, keep } = setUp();
    const body = Buffer.alloc(1024 * KIB);
    for (let n = 0; n < 3; n += 1) await keep(aForm({ body }));
    assert.deepEqual(await requests.save(aForm({ body })), personFull);
    await keep(aForm({ body: body.subarray(2 * KIB) }));
  });

  test('PP10 is also a number of requests, however small', async () => {
    const { requests, keep } = setUp();
    for (let n = 0; n < 40; n += 1) await keep(aForm({ browser: `browser ${n}` }));
    assert.deepEqual(await requests.save(aForm({ browser: 'one more' })), personFull);
  });

  test('PP11 a save erases what has expired, from stores that keep it until somebody asks', async () => {
    const { keep, clock, count } = setUp();
    await keep(aForm());
    clock.advance(10 * MINUTE);
    assert.equal(count('request'), 1);
    await keep(aForm());
    assert.equal(count('request'), 1);
  });
});

describe('the room of this process', () => {
  const siteFull = { kind: 'notKept', reason: 'siteFull' } as const;
  const someone = (n: number) => ({ owner: { ...alice, id: `person ${n}` }, browser: `browser ${n}` });

  test('PP10 is never exceeded, not even by those that come at the same moment', async () => {
    const { requests, count } = setUp({ totalBytes: 350 * KIB });
    const outcomes = await Promise.all(Array.from({ length: 8 }, (_, n) => requests.save(large(someone(n)))));
    assert.equal(outcomes.filter(({ kind }) => kind === 'kept').length, 3);
    assert.deepEqual(outcomes[7], siteFull);
    assert.equal(count('request'), 3);
  });

  test('PP10 is free again when a request was used, was erased or has expired', async () => {
    const { requests, keep, claimFor, clock } = setUp({ totalBytes: 150 * KIB });
    const used = large(someone(1));
    const { id } = await keep(used);
    assert.deepEqual(await requests.save(large(someone(2))), siteFull);
    assert.equal((await claimFor(id, used, someone(1).owner)).kind, 'taken');
    await requests.discard((await keep(large(someone(3)))).id);
    await keep(large(someone(4)));
    assert.deepEqual(await requests.save(large(someone(5))), siteFull);
    clock.advance(10 * MINUTE);
    await keep(large(someone(6)));
  });

  test('PP10 is not taken up by what was not kept', async () => {
    const { requests, keep, store } = setUp({ totalBytes: 150 * KIB, personBytes: 100 * KIB });
    assert.deepEqual(await requests.save(large()), personFull);
    store.failing.add('put request');
    await assert.rejects(requests.save(aForm({ body: Buffer.alloc(90 * KIB) })), { code: 'ERR_SSO_STORE' });
    store.failing.clear();
    await keep(aForm({ body: Buffer.alloc(90 * KIB), owner: bob }));
  });

  test('PP10 is given back once only', async () => {
    const { requests, keep } = setUp({ totalBytes: 150 * KIB });
    const { id } = await keep(large(someone(1)));
    for (let n = 0; n < 3; n += 1) await requests.discard(id);
    await keep(large(someone(2)));
    assert.deepEqual(await requests.save(large(someone(3))), siteFull);
  });

  test('PP10 is 32 MiB by default', async () => {
    const { requests, keep } = setUp();
    const body = Buffer.alloc(1024 * KIB);
    for (let n = 0; n < 31; n += 1) await keep(aForm({ body, ...someone(n) }));
    assert.deepEqual(await requests.save(aForm({ body, ...someone(32) })), siteFull);
  });

  test('PP16 strangers fill only their part of it', async () => {
    const { requests, keep } = setUp({ strangerBytes: 150 * KIB });
    const stranger = (n: number) => large({ owner: null, browser: `browser ${n}` });
    const first = await keep(stranger(1));
    assert.deepEqual(await requests.save(stranger(2)), { kind: 'notKept', reason: 'strangersFull' });
    await keep(large());
    await requests.discard(first.id);
    await keep(stranger(3));
  });

  test('PP10 is by default what the store in memory has room for', async () => {
    const keyv = createMemoryKeyv();
    const body = Buffer.alloc(256 * KIB, 'x');
    let stored = 0;
    const set = keyv.set.bind(keyv);
    keyv.set = (key: string, value: unknown, ttl?: number) => {
      stored += key.length + String(value).length;
      return set(key, value, ttl);
    };
    await setUp({}, () => keyv).keep(aForm({ body }));
    assert.ok(stored / body.length < 2, `${stored / body.length}`);
  });
});

describe('erasing', () => {
  test('PP25 a request that was used does not make it look as if it had not been sent', async () => {
    const { requests, keep, claimFor } = setUp();
    const form = aForm();
    const { id } = await keep(form);
    await claimFor(id, form);
    await requests.discardAll(form.browser);
    await requests.discard(id);
    assert.deepEqual(await claimFor(id, form), { kind: 'used' });
  });

  test('PP25 all of a browser waits for a save of this process that is under way', async () => {
    const { requests, count } = setUp();
    await Promise.all([requests.save(aForm()), requests.discardAll('a browser')]);
    assert.equal(count('request'), 0);
  });

  test('PP25 finds a request whose entry another process wiped out while it was being saved', async () => {
    const { requests, keep, store, inner, count } = setUp();
    let writes = 0;
    store.put = async (kind, id, value, ttl) => {
      await inner.put(kind, id, value, ttl);
      writes += kind === 'request-index' ? 1 : 0;
      if (kind === 'request-index' && writes === 2) await inner.put(kind, id, [], ttl);
    };
    await keep(aForm());
    await requests.discardAll('a browser');
    assert.equal(count('request'), 0);
  });

  test('PP25 goes on to the next when one fails, and tells', async () => {
    const { requests, keep, store, inner, count } = setUp();
    for (let n = 0; n < 3; n += 1) await keep(aForm());
    let claims = 0;
    store.claim = async (kind, id) => {
      claims += 1;
      if (claims === 1) throw Object.assign(new Error('down'), { code: 'ERR_SSO_STORE' });
      return inner.claim(kind, id);
    };
    await assert.rejects(requests.discardAll('a browser'), { code: 'ERR_SSO_STORE' });
    assert.equal(count('request'), 1);
  });

  test('PP25 what was never there, or for a browser that nobody knows, is no error', async () => {
    const { requests } = setUp();
    await requests.discard(newSecret());
    await requests.discardAll('nobody');
  });

  test('PP25 also erases what cannot be opened any more', async () => {
    const { keep, node, count } = setUp();
    const { id } = await keep(aForm());
    await node({ secrets: ['another secret'] }).requests.discard(id);
    assert.equal(count('request'), 0);
  });
});

describe('PP27 a store that fails', () => {
  for (const call of ['get request-index', 'put request-index', 'put request-trace', 'put request']) {
    test(`at "${call}" is told of, and nothing is left`, async () => {
      const { requests, store, count } = setUp();
      store.failing.add(call);
      await assert.rejects(requests.save(aForm()), { code: 'ERR_SSO_STORE' });
      await settled();
      assert.equal(count('request'), 0);
    });
  }

  test('at a write that arrived all the same leaves nothing either', async () => {
    const { requests, store, inner, count } = setUp();
    store.put = async (kind, id, value, ttl) => {
      await inner.put(kind, id, value, ttl);
      if (kind === 'request') throw Object.assign(new Error('slow'), { code: 'ERR_SSO_STORE' });
    };
    await assert.rejects(requests.save(aForm()), { code: 'ERR_SSO_STORE' });
    await settled();
    assert.equal(count('request'), 0);
  });

  test('does not stop the next save of the same browser', async () => {
    const { requests, store, inner } = setUp();
    let writes = 0;
    store.put = async (kind, id, value, ttl) => {
      writes += kind === 'request' ? 1 : 0;
      if (kind === 'request' && writes === 1) throw Object.assign(new Error('down'), { code: 'ERR_SSO_STORE' });
      await inner.put(kind, id, value, ttl);
    };
    const [failed, next] = await Promise.allSettled([requests.save(aForm()), requests.save(aForm())]);
    assert.equal(failed.status, 'rejected');
    assert.equal(next.status === 'fulfilled' && next.value.kind, 'kept');
  });

  for (const call of ['get request', 'claim request']) {
    test(`at "${call}" gives nothing to a claim`, async () => {
      const { keep, claimFor, store } = setUp();
      const form = aForm();
      const { id } = await keep(form);
      store.failing.add(call);
      await assert.rejects(claimFor(id, form), { code: 'ERR_SSO_STORE' });
    });
  }
});

test('PP17 on a store whose delete() is not truthful one claim of this process takes a request', async () => {
  const { keep, claimFor } = setUp({}, () => versions[0].make(new LyingAdapter()));
  const form = aForm();
  const { id } = await keep(form);
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => claimFor(id, form)));
  assert.equal(outcomes.filter(({ kind }) => kind === 'taken').length, 1);
});
