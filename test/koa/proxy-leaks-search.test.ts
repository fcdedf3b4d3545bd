import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { everythingOf, leaks, secretsIn } from '../support/leaks.ts';

const secret = '0123456789abcdef0123456789abcdef01234567';
const planted = JSON.stringify({ grant: { pgt: `PGT-1-${secret}` } });
for (const [form, text] of [
  ['as it is', planted],
  ['cut short', `PGT-1-${secret.slice(0, 17)}…`],
  ['in the query of an address', new URLSearchParams({ next: `/?pgtId=PGT-1-${secret}` }).toString()],
  ['in hex', Buffer.from(planted).toString('hex').toUpperCase()],
  ...['', ' ', '  '].map((shift) => ['in base64', Buffer.from(shift + planted).toString('base64')] as const),
  ['in base64url', Buffer.from(planted).toString('base64url')],
  ['in the cause of an error', everythingOf(new Error('x', { cause: { url: planted } }))],
] as const) {
  test(`the search finds a secret ${form}: ${text.slice(0, 8)}`, () => {
    assert.deepEqual(leaks(['nothing', text], [secret]), [text]);
  });
}

test('the search finds no secret in the digest of one, or in another one', () => {
  const other = secret.split('').reverse().join('');
  assert.deepEqual(leaks([other, createHash('sha256').update(planted).digest('base64')], [secret]), []);
});

test('PGTs and IOUs are picked out of a text, and tickets are not', () => {
  assert.deepEqual(secretsIn(`PGT-1-${secret} PGTIOU-22-${secret} ST-1-${secret} PT-2-${secret} PGT-1-short`), [
    secret,
    secret,
  ]);
});
