import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import Keyv from 'keyv';
import { createMemoryKeyv } from '../../src/storage/memory-store.ts';
import { createProxyGrants, type GrantEntry, type ProxyGrantsOptions } from '../../src/storage/proxy-grants.ts';
import { createStore } from '../../src/storage/store.ts';

const alice = { issuer: 'https://login.example.edu/cas', id: 'alice' };
const bob = { ...alice, id: 'bob' };
const IOU = 'PGTIOU-1-marker';
const PGT = 'PGT-1-marker';

/** How long a claim waits in these tests, in milliseconds, unless a test says otherwise. */
const WAIT = 2000;

function setUp(options: Partial<ProxyGrantsOptions> = {}, keyv: Keyv = createMemoryKeyv()) {
  const store = () => createStore({ keyv, secrets: ['a secret of the tests, long enough for everybody'] });
  const process = () => createProxyGrants({ store: store(), clock: Date.now, random: randomBytes, ...options });
  return { grants: process(), elsewhere: process() };
}

const entry = (grantId: string): GrantEntry => ({
  grantId,
  loginId: `login of ${grantId}`,
  openedAt: Date.now(),
  expiresAt: Date.now() + 60_000,
});

describe('a delivery', () => {
  test('is given to one claimant only', async () => {
    const { grants } = setUp();
    assert.equal(await grants.deliver(IOU, PGT), 'stored');
    const claims = await Promise.all(Array.from({ length: 10 }, () => grants.claim(IOU, WAIT)));
    assert.deepEqual(
      claims.filter((claim) => claim !== undefined),
      [PGT],
    );
  });

  test('that comes second does not replace the first', async () => {
    const { grants } = setUp();
    const outcomes = await Promise.all([grants.deliver(IOU, PGT), grants.deliver(IOU, 'PGT-1-forged')]);
    assert.deepEqual(outcomes, ['stored', 'known']);
    assert.equal(await grants.claim(IOU, WAIT), PGT);
  });

  test('that is late reaches the login that waits, in the same process', async () => {
    const { grants } = setUp();
    const claim = grants.claim(IOU, WAIT);
    await grants.deliver(IOU, PGT);
    assert.equal(await claim, PGT);
  });

  test('to another process reaches the login that waits', async () => {
    const { grants, elsewhere } = setUp();
    const claim = grants.claim(IOU, WAIT);
    await elsewhere.deliver(IOU, PGT);
    assert.equal(await claim, PGT);
  });

  test('that never comes is waited for no longer than allowed', async () => {
    assert.equal(await setUp().grants.claim(IOU, 30), undefined);
  });

  test('is refused when too many wait to be claimed, and taken again when one was', async () => {
    const { grants } = setUp({ maxUnclaimed: 2 });
    for (const iou of ['PGTIOU-1', 'PGTIOU-2']) assert.equal(await grants.deliver(iou, PGT), 'stored');
    assert.equal(await grants.deliver('PGTIOU-3', PGT), 'crowded');
    await grants.claim('PGTIOU-1', WAIT);
    assert.equal(await grants.deliver('PGTIOU-3', PGT), 'stored');
  });
});

describe('a grant', () => {
  const grant = { pgt: PGT, principal: alice, expiresAt: Date.now() + 60_000 };

  test('is found by its id until it is removed', async () => {
    const { grants } = setUp();
    const id = await grants.keep(grant);
    assert.deepEqual(await grants.find(id), grant);
    await grants.remove(id);
    assert.equal(await grants.find(id), undefined);
  });

  test('is found by its person, the latest first, and by nobody else', async () => {
    const { grants } = setUp();
    await Promise.all(['one', 'two', 'three'].map((id) => grants.index(alice, entry(id))));
    const found = await grants.entriesOf(alice);
    assert.deepEqual(
      found.map(({ grantId }) => grantId),
      ['three', 'two', 'one'],
    );
    assert.deepEqual(await grants.entriesOf(bob), []);
  });

  test('is nowhere in clear in the store', async () => {
    const records = new Map<string, unknown>();
    const { grants } = setUp({}, new Keyv({ store: records }));
    await grants.deliver(IOU, PGT);
    await grants.index(alice, entry(await grants.keep(grant)));
    assert.equal(records.size, 3);
    assert.doesNotMatch(JSON.stringify([...records]), /marker|alice/);
  });
});
