import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aForm, alice, bob, KIB, MINUTE, newSecret, setUp, target } from './saved-requests-support.ts';
import { SECRET, versions } from './support.ts';

const bodies: readonly (readonly [string, Buffer])[] = [
  ['every byte there is', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
  ['nothing', Buffer.alloc(0)],
  ['256 KiB', Buffer.from(Array.from({ length: 256 * KIB }, (_, place) => (place * 31) % 251))],
  ['invalid UTF-8', Buffer.from('c328fffe80e28228efbbbf00', 'hex')],
  ['duplicate names, odd escapes and line breaks', Buffer.from('a=1&a=2&=&b=+%0D%0A&submit=\r\n\n')],
];

for (const { name, make } of versions) {
  describe(`saved requests over ${name}`, () => {
    for (const [what, body] of bodies) {
      test(`PP5 a body of ${what} comes back byte for byte`, async () => {
        const { keep, claimFor } = setUp({}, make);
        const form = aForm({ body });
        const claimed = await claimFor((await keep(form)).id, form);
        assert.ok(claimed.kind === 'taken');
        assert.ok(claimed.request.body.equals(body));
      });
    }

    test('PP5 the rest of a request comes back as it was', async () => {
      const { keep, claimFor, clock } = setUp({}, make);
      const headers = [
        ['Content-Type', 'multipart/form-data; boundary="a b"'],
        ['X-Twice', 'one'],
        ['x-twice', 'caf\u00e9'],
      ] as const;
      const form = aForm({ method: 'PUT', url: '/a?b=%2F&b=c;d', headers, idempotencyKey: 'mine', replays: 1 });
      const savedAt = clock();
      const { id } = await keep(form);
      clock.advance(MINUTE);
      assert.deepEqual(await claimFor(id, form), {
        kind: 'taken',
        request: {
          method: 'PUT',
          url: '/a?b=%2F&b=c;d',
          headers,
          body: form.body,
          owner: alice,
          savedAt,
          idempotencyKey: 'mine',
          replays: 1,
        },
      });
    });

    test('PP17 one of many claims at once takes a request', async () => {
      const { keep, node } = setUp({}, make);
      const form = aForm();
      const { id } = await keep(form);
      const nodes = Array.from({ length: 20 }, () => node());
      const outcomes = await Promise.all(nodes.map(({ claimFor }) => claimFor(id, form)));
      assert.deepEqual(outcomes.map(({ kind }) => kind).sort(), ['taken', ...Array(19).fill('used')].sort());
    });

    test('PP28 what one node kept another resumes', async () => {
      const { keep, node } = setUp({}, make);
      const form = aForm();
      const { id } = await keep(form);
      assert.equal((await node().claimFor(id, form)).kind, 'taken');
    });

    test('PP10 more than a browser may have waiting drops its oldest', async () => {
      const { keep, isThere, node, count } = setUp({ perBrowser: 3 }, make);
      const forms = Array.from({ length: 5 }, () => aForm());
      const ids: string[] = [];
      for (const form of forms) ids.push((await keep(form)).id);
      const there = await Promise.all(ids.map((id, place) => node().isThere(id, forms[place]!)));
      assert.deepEqual(there, [false, false, true, true, true]);
      assert.equal(count('request'), 3);
      assert.equal(await isThere(ids[4]!, forms[4]!), true);
    });

    test('PP25 all that waits for a browser can be erased, and nothing else', async () => {
      const { requests, keep, isThere, count } = setUp({}, make);
      const [one, two, other] = [aForm(), aForm(), aForm({ browser: 'another' })];
      const ids = [await keep(one), await keep(two), await keep(other)].map(({ id }) => id);
      await requests.discardAll('a browser');
      assert.equal(count('request'), 1);
      assert.equal(await isThere(ids[2]!, other), true);
    });
  });
}

describe('a claim', () => {
  test('PP18 that comes second is told that the request was used', async () => {
    const { keep, claimFor, node } = setUp();
    const form = aForm();
    const { id } = await keep(form);
    await claimFor(id, form);
    assert.deepEqual(await claimFor(id, form), { kind: 'used' });
    assert.deepEqual(await node().claimFor(id, form), { kind: 'used' });
  });

  test('PP18 is told so also after the time of the request is over', async () => {
    const { keep, claimFor, clock } = setUp();
    const form = aForm();
    const { id } = await keep(form);
    await claimFor(id, form);
    clock.advance(11 * MINUTE);
    assert.deepEqual(await claimFor(id, form), { kind: 'used' });
  });

  test('of an id that there never was finds nothing', async () => {
    const { claimFor } = setUp();
    assert.deepEqual(await claimFor(newSecret(), aForm()), { kind: 'unknown' });
  });

  test('of a request that the store lost finds nothing', async () => {
    const { keep, claimFor, inner } = setUp();
    const form = aForm();
    const { id } = await keep(form);
    await inner.remove('request', id);
    assert.deepEqual(await claimFor(id, form), { kind: 'unknown' });
  });

  test('PP13 with another cookie secret takes and destroys nothing', async () => {
    const { keep, claimFor } = setUp();
    const form = aForm();
    const { id } = await keep(form);
    for (const cookieSecret of [newSecret(), '', 'short', `${form.cookieSecret}A`, form.cookieSecret.slice(0, -1)]) {
      assert.deepEqual(await claimFor(id, { ...form, cookieSecret }, bob), { kind: 'foreign' }, cookieSecret);
    }
    assert.equal((await claimFor(id, form)).kind, 'taken');
  });

  test('PP13 PP14 with the secret of another attempt of the same browser takes nothing', async () => {
    const { keep, claimFor } = setUp();
    const [one, two] = [aForm(), aForm()];
    const { id } = await keep(one);
    await keep(two);
    assert.deepEqual(await claimFor(id, two), { kind: 'foreign' });
  });

  for (const [who, principal] of [
    ['another person', bob],
    ['a namesake at another login server', { ...alice, issuer: 'https://login.example.org' }],
  ] as const) {
    test(`PP15 by ${who} destroys the request`, async () => {
      const { keep, claimFor, count } = setUp();
      const form = aForm();
      const { id } = await keep(form);
      assert.deepEqual(await claimFor(id, form, principal), { kind: 'otherPrincipal' });
      assert.equal(count('request'), 0);
      assert.deepEqual(await claimFor(id, form), { kind: 'discarded' });
    });
  }

  test('PP15 by another person destroys the request also where the target is wrong', async () => {
    const { keep, claimFor, count } = setUp();
    const form = aForm();
    const { id } = await keep(form);
    assert.deepEqual(await claimFor(id, { ...form, url: '/elsewhere' }, bob), { kind: 'otherPrincipal' });
    assert.equal(count('request'), 0);
  });

  test('PP15 is not undone by a store that fails: nothing is given to the other person', async () => {
    const { keep, claimFor, store } = setUp();
    const form = aForm();
    const { id } = await keep(form);
    store.failing.add('claim request');
    await assert.rejects(claimFor(id, form, bob), { code: 'ERR_SSO_STORE' });
  });

  test('PP16 of a request that nobody known sent is given to whoever signed in', async () => {
    const { keep, claimFor } = setUp();
    const form = aForm({ owner: null });
    const claimed = await claimFor((await keep(form)).id, form, bob);
    assert.ok(claimed.kind === 'taken');
    assert.equal(claimed.request.owner, null);
  });

  for (const [what, change] of [
    ['another method', { method: 'PUT' }],
    ['another path', { url: '/grades/final?course=1' }],
    ['another query', { url: '/grades?course=2' }],
    ['the same URL with a host', { url: 'https://portal.example.edu/grades?course=1' }],
  ] as const) {
    test(`PP19 for ${what} takes and destroys nothing`, async () => {
      const { keep, claimFor } = setUp();
      const form = aForm();
      const { id } = await keep(form);
      assert.deepEqual(await claimFor(id, { ...form, ...change }), { kind: 'otherTarget' });
      assert.equal((await claimFor(id, form)).kind, 'taken');
    });
  }

  test('PP11 comes too late after ten minutes, to the millisecond, and erases the request', async () => {
    const { keep, claimFor, clock, node } = setUp();
    const forms = [aForm(), aForm()] as const;
    const ids = [(await keep(forms[0])).id, (await keep(forms[1])).id] as const;
    clock.advance(10 * MINUTE - 1);
    assert.equal((await claimFor(ids[0], forms[0])).kind, 'taken');
    clock.advance(1);
    assert.deepEqual(await claimFor(ids[1], forms[1]), { kind: 'expired' });
    assert.deepEqual(await node().claimFor(ids[1], forms[1]), { kind: 'expired' });
  });

  test('PP11 PP28 goes by our own clock where that of the store is slow', async () => {
    const { keep, node, inner, clock, count } = setUp();
    const form = aForm();
    const { id } = await keep(form);
    const slowStore = node({ clock: () => clock() + 10 * MINUTE, store: inner });
    assert.equal(await slowStore.isThere(id, form), false);
    assert.deepEqual(await slowStore.claimFor(id, form), { kind: 'expired' });
    assert.equal(count('request'), 0);
  });

  test('PP11 PP13 that is late and has no secret destroys nothing', async () => {
    const { keep, node, inner, clock, count } = setUp();
    const form = aForm();
    const { id } = await keep(form);
    const late = node({ clock: () => clock() + 10 * MINUTE, store: inner });
    assert.deepEqual(await late.claimFor(id, { ...form, cookieSecret: newSecret() }), { kind: 'foreign' });
    assert.equal(count('request'), 1);
  });

  test('PP28 on a node whose clock is behind takes what was saved in its future', async () => {
    const { keep, node, clock } = setUp();
    const form = aForm();
    const { id } = await keep(form);
    assert.equal((await node({ clock: () => clock() - 5 * MINUTE }).claimFor(id, form)).kind, 'taken');
  });

  test('PP28 after a change of secrets opens what the old one sealed', async () => {
    const { node } = setUp();
    const form = aForm();
    const { id } = await node({ secrets: ['the old secret'] }).keep(form);
    const rotated = node({ secrets: ['the new secret', 'the old secret'] });
    assert.equal(await rotated.isThere(id, form), true);
    assert.equal((await rotated.claimFor(id, form)).kind, 'taken');
  });

  test('PP28 after a change of secrets is sealed with the new one', async () => {
    const { node } = setUp();
    const form = aForm();
    const { id } = await node({ secrets: ['the new secret', 'the old secret'] }).keep(form);
    assert.equal((await node({ secrets: ['the new secret'] }).claimFor(id, form)).kind, 'taken');
  });

  test('PP17 succeeds although it cannot be written down that it did', async () => {
    const { keep, claimFor, store, warn } = setUp();
    const form = aForm();
    const { id } = await keep(form);
    store.failing.add('put request-trace');
    assert.equal((await claimFor(id, form)).kind, 'taken');
    assert.equal(warn.heard.length, 1);
    assert.equal((await claimFor(id, form)).kind, 'unknown');
  });

  test('PP17 that loses against an erasure is not given the request', async () => {
    const { keep, requests, claimFor } = setUp();
    const form = aForm();
    const { id } = await keep(form);
    const [claimed] = await Promise.all([claimFor(id, form), requests.discard(id)]);
    const again = await claimFor(id, form);
    assert.equal(again.kind, claimed.kind === 'taken' ? 'used' : 'discarded');
  });
});

describe('the description of a saved request', () => {
  test('shows what a page may show, and takes nothing', async () => {
    const { requests, keep, claimFor, clock } = setUp();
    const form = aForm();
    const { id } = await keep(form);
    assert.deepEqual(await requests.describe(id, form.cookieSecret), {
      ...target,
      owner: alice,
      size: 20,
      savedAt: clock(),
      expiresAt: clock() + 10 * MINUTE,
      replays: 0,
    });
    assert.equal((await claimFor(id, form)).kind, 'taken');
  });

  test('PP13 needs the cookie secret', async () => {
    const { requests, keep } = setUp();
    const { id } = await keep(aForm());
    assert.equal(await requests.describe(id, newSecret()), undefined);
    assert.equal(await requests.describe(id, ''), undefined);
  });

  test('PP11 is gone when the request has expired, was used or erased', async () => {
    const { requests, keep, claimFor, isThere, clock } = setUp();
    const [used, erased, expired] = [aForm(), aForm(), aForm()];
    const ids = [await keep(used), await keep(erased), await keep(expired)].map(({ id }) => id);
    await claimFor(ids[0]!, used);
    await requests.discard(ids[1]!);
    assert.equal(await isThere(ids[2]!, expired), true);
    clock.advance(10 * MINUTE);
    const forms = [used, erased, expired];
    assert.deepEqual(await Promise.all(ids.map((id, n) => isThere(id, forms[n]!))), [false, false, false]);
  });
});

describe('what is kept', () => {
  test('PP13 has an id of 256 random bits of its own, and a key for the app', async () => {
    const { keep } = setUp();
    const kept = [await keep(aForm()), await keep(aForm())] as const;
    for (const { id } of kept) assert.equal(Buffer.from(id, 'base64url').length, 32);
    assert.notEqual(kept[0].id, kept[1].id);
    assert.notEqual(kept[0].idempotencyKey, kept[1].idempotencyKey);
  });

  test('PP14 leaves alone what is kept for another tab, even of the same form', async () => {
    const { keep, claimFor } = setUp();
    const [one, two] = [aForm({ body: Buffer.from('one') }), aForm({ body: Buffer.from('two') })];
    const [first, second] = await Promise.all([keep(one), keep(two)]);
    const claimed = await Promise.all([claimFor(first.id, one), claimFor(second.id, two)]);
    assert.deepEqual(
      claimed.map((outcome) => outcome.kind === 'taken' && outcome.request.body.toString()),
      ['one', 'two'],
    );
  });

  test('PP21 has the same key for the app when it is kept again', async () => {
    const { keep, claimFor } = setUp();
    const form = aForm();
    const { id, idempotencyKey } = await keep(form);
    const claimed = await claimFor(id, form);
    assert.ok(claimed.kind === 'taken');
    assert.equal(claimed.request.idempotencyKey, idempotencyKey);
    const again = await keep({ ...claimed.request, browser: form.browser, cookieSecret: newSecret(), replays: 1 });
    assert.equal(again.idempotencyKey, idempotencyKey);
    assert.notEqual(again.id, id);
  });

  test('PP5 does not change when the caller uses the buffer again', async () => {
    const { requests, claimFor } = setUp();
    const form = aForm({ body: Buffer.from('grade=7') });
    const saving = requests.save(form);
    form.body.fill(0);
    const kept = await saving;
    assert.ok(kept.kind === 'kept');
    const claimed = await claimFor(kept.id, form);
    assert.ok(claimed.kind === 'taken');
    assert.equal(claimed.request.body.toString(), 'grade=7');
  });

  test('PP15 has nothing of the owner but issuer and id', async () => {
    const { keep, claimFor } = setUp();
    const principal = { ...alice, attributes: { mail: ['alice@example.edu'] } };
    const form = aForm({ owner: principal });
    const claimed = await claimFor((await keep(form)).id, form);
    assert.ok(claimed.kind === 'taken');
    assert.deepEqual(claimed.request.owner, alice);
  });

  test('PP13 is never under a cookie secret that is no secret', async () => {
    const { requests, records } = setUp();
    for (const cookieSecret of ['', 'short', 'x'.repeat(43), `${newSecret()}=`, newSecret().slice(0, -2)]) {
      await assert.rejects(requests.save(aForm({ cookieSecret })), RangeError, cookieSecret);
    }
    await assert.rejects(requests.save(aForm({ browser: '' })), RangeError);
    assert.equal(records.size, 0);
  });

  test('PP19 is for a path on our own site, or not kept', async () => {
    const { requests, records } = setUp();
    const bad = [
      '',
      '*',
      'grades',
      '//evil.example',
      '/\\evil.example',
      'https://evil.example/',
      '/a b',
      '/a\nb',
      '/#a',
    ];
    for (const url of [...bad, '/\ud800']) {
      assert.deepEqual(await requests.save(aForm({ url })), { kind: 'notKept', reason: 'badTarget' }, url);
    }
    assert.equal(records.size, 0);
  });

  test('has limits that make sense', () => {
    for (const limit of ['lifeMs', 'perBrowser', 'personBytes', 'strangerBytes', 'totalBytes']) {
      for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        assert.throws(() => setUp({ [limit]: value }), { code: 'ERR_SSO_OPTIONS' }, `${limit}: ${value}`);
      }
    }
    for (const secrets of [[], [''], [SECRET, '']]) {
      assert.throws(() => setUp({ secrets }), { code: 'ERR_SSO_OPTIONS' });
    }
  });
});
