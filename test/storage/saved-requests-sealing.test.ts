import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRequestSealers, type RequestLabel } from '../../src/storage/saved-request-seal.ts';
import { needlesOf } from '../support/leaks.ts';
import { aForm, alice, MINUTE, newSecret, setUp, target } from './saved-requests-support.ts';
import { SECRET, versions } from './support.ts';

/** Long enough that no part of it stands in a store by chance. */
const MARKER = 'the-marker-of-what-must-not-be-read';
const marked = () =>
  aForm({
    url: `/grades?who=${MARKER}`,
    headers: [['x-kept', MARKER]],
    body: Buffer.from(`\xff${MARKER}`, 'latin1'),
    owner: { ...alice, id: MARKER },
    browser: MARKER,
    idempotencyKey: MARKER,
  });

/** All that a text may hide: itself, and what comes out when each long run of letters in it is taken for base64 or hex. */
function readings(text: string): string {
  const runs = text.match(/[\w+/-]{16,}/g) ?? [];
  return [text, ...runs.flatMap((run) => [Buffer.from(run, 'base64'), Buffer.from(run, 'hex')].map(String))].join('\n');
}
const shows = (text: string) => needlesOf(MARKER).some((needle) => readings(text).includes(needle));

for (const { name, make } of versions) {
  test(`PP12 the store over ${name} shows nothing of a request`, async () => {
    const { keep, records } = setUp({}, make);
    await keep(marked());
    assert.equal(records.size, 4);
    assert.equal(shows(JSON.stringify([...records])), false);
  });
}

test('PP12 the search for the marker finds it in clear, in base64 and in hex', () => {
  for (const encoding of ['utf8', 'base64', 'base64url', 'hex'] as const) {
    for (const shift of ['', '.', '..']) {
      assert.equal(shows(JSON.stringify(Buffer.from(`${shift}${MARKER}.`).toString(encoding))), true);
    }
  }
});

test('PP12 whoever has the store and the secrets reads nothing without the cookie', async () => {
  const { keep, inner } = setUp();
  const { id } = await keep(marked());
  const record = await inner.get('request', id);
  assert.ok(record);
  assert.equal(shows(JSON.stringify([record, await inner.get('request-trace', id)])), false);
});

test('PP12 the cookie secret is nowhere in the store', async () => {
  const { keep, inner, records } = setUp();
  const form = aForm();
  const { id } = await keep(form);
  const dump = JSON.stringify([[...records], await inner.get('request', id)]);
  assert.ok(!dump.includes(form.cookieSecret));
});

test('PP12 PP13 whoever has the store and the cookie opens nothing without the secrets of the site', async () => {
  const { keep, inner, node } = setUp();
  const form = aForm();
  const { id } = await keep(form);
  // The record as the site sees it: only the seal of the request itself is left.
  const stranger = node({ secrets: ['the secret of somebody else'], store: inner });
  assert.equal(await stranger.isThere(id, form), false);
  assert.deepEqual(await stranger.claimFor(id, form), { kind: 'foreign' });
});

test('PP12 a record that is moved to another id opens no more, whoever has the cookie', async () => {
  const { keep, claimFor, inner, isThere } = setUp();
  const form = aForm();
  const { id } = await keep(form);
  await inner.put('request', 'another id', await inner.get('request', id), MINUTE);
  assert.equal(await isThere('another id', form), false);
  assert.deepEqual(await claimFor('another id', form), { kind: 'foreign' });
});

test('PP12 the body of another request is not taken for this one, and this one is not destroyed', async () => {
  const { keep, claimFor, inner, count } = setUp();
  const form = aForm();
  const [one, two] = [await keep(form), await keep({ ...form, body: Buffer.from('grade=1') })];
  type Stored = { label: string; body: string };
  const [first, second] = [await inner.get<Stored>('request', one.id), await inner.get<Stored>('request', two.id)];
  await inner.put('request', one.id, { ...first, body: second?.body }, MINUTE);
  assert.deepEqual(await claimFor(one.id, form), { kind: 'foreign' });
  assert.equal(count('request'), 2);
});

describe('PP12 a sealed body', () => {
  const label: RequestLabel = {
    ...target,
    headers: [],
    owner: alice,
    size: 4,
    savedAt: 0,
    expiresAt: 1,
    idempotencyKey: 'key',
    replays: 0,
  };
  const cookieSecret = newSecret();
  const body = Buffer.from('body');
  const make = (secrets: readonly string[], cookie = cookieSecret) => {
    const sealer = createRequestSealers(secrets)(cookie);
    assert.ok(sealer);
    return sealer;
  };
  const sealer = make([SECRET]);
  const sealed = sealer.sealBody('id', label, body);

  test('opens with all that it was sealed with, whatever the rest of the label says', () => {
    assert.deepEqual(make(['new', SECRET]).openBody('id', { ...label, replays: 1 }, sealed), body);
  });

  const others: readonly (readonly [string, string, Partial<RequestLabel>])[] = [
    ['id', 'another', {}],
    ['method', 'id', { method: 'PUT' }],
    ['URL', 'id', { url: '/grades?course=2' }],
    ['issuer', 'id', { owner: { ...alice, issuer: 'https://login.example.org' } }],
    ['person', 'id', { owner: { ...alice, id: 'bob' } }],
    ['owner, who is nobody', 'id', { owner: null }],
  ];
  for (const [what, id, change] of others) {
    test(`opens with no other ${what}`, () => {
      assert.equal(sealer.openBody(id, { ...label, ...change }, sealed), undefined);
    });
  }

  test('tells apart what reads the same when it is written in a row', () => {
    const shifted: readonly (readonly [string, Partial<RequestLabel>, string, Partial<RequestLabel>])[] = [
      ['a', { owner: { issuer: 'https://a', id: '/b' } }, 'a', { owner: { issuer: 'https://a/', id: 'b' } }],
      ['a', { owner: { issuer: 'a","b', id: 'c' } }, 'a', { owner: { issuer: 'a', id: 'b","c' } }],
      ['a', { method: 'POST', url: '/x' }, 'aPOST', { method: '', url: '/x' }],
      ['a', { method: 'POST/', url: 'x' }, 'a', { method: 'POST', url: '/x' }],
      ['a', { owner: { issuer: '\ud800', id: '' } }, 'a', { owner: { issuer: '\ud801', id: '' } }],
    ];
    for (const [id, one, otherId, other] of shifted) {
      const text = sealer.sealBody(id, { ...label, ...one }, body);
      assert.equal(sealer.openBody(otherId, { ...label, ...other }, text), undefined);
    }
  });

  test('opens neither with another cookie secret nor with another secret of the site', () => {
    assert.equal(make([SECRET], newSecret()).openBody('id', label, sealed), undefined);
    assert.equal(make([`${SECRET}.`]).openBody('id', label, sealed), undefined);
  });

  test('is no label, and a label is no body', () => {
    assert.equal(sealer.openLabel('id', sealed), undefined);
    assert.equal(sealer.openBody('id', label, sealer.sealLabel('id', label)), undefined);
  });
});
