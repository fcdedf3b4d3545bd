import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSealer } from '../../src/storage/seal.ts';

const OLD = 'old-secret-old-secret-old-secret-old';
const NEW = 'new-secret-new-secret-new-secret-new';
const sealer = createSealer([OLD]);

test('what was sealed opens again, byte for byte', () => {
  const bytes = Buffer.from([0, 255, 10, 13, 128]);
  assert.deepEqual(sealer.open(sealer.seal(bytes, 'a'), 'a'), bytes);
  assert.equal(sealer.open(sealer.seal('Zoë', 'a'), 'a')?.toString('utf8'), 'Zoë');
  assert.equal(sealer.open(sealer.seal('', 'a'), 'a')?.length, 0);
});

test('the sealed text has four parts in base64url and does not show the plain text', () => {
  const sealed = sealer.seal('MARKER', 'a');
  assert.match(sealed, /^1\.[\w-]{8}\.[\w-]{16}\.[\w-]+$/);
  assert.ok(!sealed.includes(Buffer.from('MARKER').toString('base64url')));
});

test('two seals of the same text differ', () => {
  assert.notEqual(sealer.seal('x', 'a'), sealer.seal('x', 'a'));
});

test('a sealed text does not open in another context', () => {
  assert.equal(sealer.open(sealer.seal('x', 'login:1'), 'login:2'), undefined);
});

test('no changed character goes unnoticed', () => {
  const sealed = sealer.seal('hello', 'a');
  for (let at = 0; at < sealed.length; at += 1) {
    for (const other of ['A', 'B', '.', '=']) {
      if (sealed[at] === other) continue;
      const changed = sealed.slice(0, at) + other + sealed.slice(at + 1);
      assert.equal(sealer.open(changed, 'a'), undefined, `character ${at} became ${other}`);
    }
  }
});

test('a text that is cut short or made longer does not open', () => {
  const sealed = sealer.seal('hello', 'a');
  for (let length = 0; length < sealed.length; length += 1) {
    assert.equal(sealer.open(sealed.slice(0, length), 'a'), undefined);
  }
  for (const tail of ['A', '=', '.', '.A', ' ', '\n', '\0']) assert.equal(sealer.open(sealed + tail, 'a'), undefined);
});

test('rubbish does not open and does not throw', () => {
  for (const text of [
    '',
    '.',
    '...',
    '....',
    '1...',
    '1.AAAAAAAA.AAAA.AAAA',
    '2.a.b.c',
    'null',
    '\u{1F600}'.repeat(99),
  ]) {
    assert.equal(sealer.open(text, 'a'), undefined);
  }
});

test('after a rotation the new secret seals and both open', () => {
  const rotated = createSealer([NEW, OLD]);
  const before = sealer.seal('x', 'a');
  const after = rotated.seal('x', 'a');
  assert.equal(rotated.open(before, 'a')?.toString(), 'x');
  assert.equal(rotated.open(after, 'a')?.toString(), 'x');
  assert.equal(sealer.open(after, 'a'), undefined);
});

test('a secret that is gone opens nothing', () => {
  assert.equal(createSealer([NEW]).open(sealer.seal('x', 'a'), 'a'), undefined);
});

test('no secret, and an empty secret, are refused', () => {
  assert.throws(() => createSealer([]), { code: 'ERR_SSO_OPTIONS' });
  assert.throws(() => createSealer([OLD, '']), { code: 'ERR_SSO_OPTIONS' });
});
