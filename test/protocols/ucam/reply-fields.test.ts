import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  claimedParams,
  listOf,
  type SplitReply,
  splitReply,
  unescapeFields,
} from '../../../src/protocols/ucam/reply-fields.ts';
import { NONCE, replyOf, textOf } from './support.ts';

function split(encoded: string): SplitReply {
  const reply = splitReply(encoded, 3);
  assert.ok(reply.kind === 'split', JSON.stringify(reply));
  return reply;
}

function reasonOf(encoded: string, highest: 1 | 2 | 3 = 3): string {
  const reply = splitReply(encoded, highest);
  return reply.kind === 'rejected' ? reply.reason : reply.kind;
}

for (const ver of ['1', '2', '3']) {
  test(`every field of version ${ver} is found in its place`, () => {
    const parts = { ver, msg: 'm', id: 'i', url: 'u', principal: 'p', auth: 'a', sso: 's', life: 'l', params: 'x' };
    const reply = split(replyOf({ ...parts, ptags: 't', sig: 'S' }));
    const { ver: _, ...fields } = parts;
    const ptags = ver === '3' ? 't' : '';
    assert.deepEqual(reply.fields, { ...fields, ptags, status: '200', issue: '20260115T120000Z' });
    assert.deepEqual([reply.version, reply.kid, reply.signature], [Number(ver), '7', 'S']);
  });

  test(`what version ${ver} signs is everything before the kid, as it was received`, () => {
    const parts = { ver, msg: 'a%21b%25', url: 'u%zz' };
    assert.equal(split(replyOf(parts)).signedText, textOf(parts));
    assert.equal(split(replyOf({ ...parts, kid: '', sig: '' })).signedText, textOf(parts));
  });

  test(`one field more or less than version ${ver} has is refused`, () => {
    const reply = replyOf({ ver });
    assert.equal(reasonOf(`${reply}!`), 'field-count');
    assert.equal(reasonOf(reply.replace('!200!', '!200!!')), 'field-count');
    assert.equal(reasonOf(reply.slice(0, reply.lastIndexOf('!'))), 'field-count');
    assert.equal(reasonOf(`!${reply}`), 'bad-version');
  });
}

test('the fields of one version under the number of another are refused', () => {
  assert.equal(reasonOf(replyOf({ ver: '3' }).replace(/^3/, '2')), 'field-count');
  assert.equal(reasonOf(replyOf({ ver: '2' }).replace(/^2/, '3')), 'field-count');
});

for (const ver of ['', '0', '03', '-1', '+3', '3.0', ' 3', '3 ', '３', '0x3', '3e0', '333', 'three']) {
  test(`"${ver}" is no version`, () => assert.equal(reasonOf(replyOf({ ver, kid: '7' })), 'bad-version'));
}

for (const ver of ['4', '10', '99']) {
  test(`version ${ver} is not supported`, () => assert.equal(reasonOf(replyOf({ ver })), 'unsupported-version'));
}

test('a version above the one that was asked for is refused, and one below is not', () => {
  assert.equal(reasonOf(replyOf({ ver: '3' }), 2), 'unsupported-version');
  assert.equal(reasonOf(replyOf({ ver: '2' }), 1), 'unsupported-version');
  assert.equal(reasonOf(replyOf({ ver: '1' }), 2), 'split');
});

for (const status of ['', '20', '0200', '2000', ' 200', '2_00', '200.0', '0xC8', '2e2', '２００', 'abc', '-20']) {
  test(`"${status}" is no status`, () => assert.equal(reasonOf(replyOf({ status })), 'bad-status'));
}

test('escapes are put back once', () => {
  const parts = { msg: '%21%25', id: '%2521', url: '%2525', principal: 'a%21b%21', params: '100%25 %2541' };
  const fields = unescapeFields(split(replyOf(parts)));
  const { msg, id, url, principal, params } = fields ?? {};
  assert.deepEqual(
    { msg, id, url, principal, params },
    { msg: '!%', id: '%21', url: '%25', principal: 'a!b!', params: '100% %41' },
  );
});

for (const text of ['%', '%2', '%20', '%41', '%2a', '%%21', '%25%', 'a%u0021', '%21%zz']) {
  test(`the escape in "${text}" is refused, in whichever field it is`, () => {
    for (const field of ['msg', 'issue', 'id', 'url', 'principal', 'ptags', 'auth', 'sso', 'life', 'params']) {
      assert.equal(unescapeFields(split(replyOf({ [field]: text }))), null, field);
    }
  });
}

test('lists are split at commas, and nothing in them is trimmed', () => {
  assert.deepEqual(listOf(''), []);
  assert.deepEqual(listOf('current'), ['current']);
  assert.deepEqual(listOf('a, b,C'), ['a', ' b', 'C']);
  assert.deepEqual(listOf(',a,,'), ['a']);
});

test('the params that a reply claims are told without looking at its signature', () => {
  assert.equal(claimedParams(replyOf({ sig: 'forged' })), NONCE);
  assert.equal(claimedParams(replyOf({ ver: '1', status: '410', kid: '', sig: '', params: 'a%21' })), 'a!');
});

test('what is no reply claims nothing', () => {
  for (const text of ['', '!!!', '3!200', '4!200!!!!!!!!!!!!', replyOf({ params: '%41' })]) {
    assert.equal(claimedParams(text), null, text);
  }
});

test('no text makes the reader throw', () => {
  const pieces = fc.array(
    fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('!', '3', '200', '%', '%21', '!!!!!!')),
  );
  fc.assert(
    fc.property(pieces, fc.constantFrom('', replyOf()), (parts, start) => {
      const text = start + parts.join('');
      assert.ok(['split', 'rejected'].includes(splitReply(text, 3).kind));
      assert.ok(claimedParams(text) !== undefined);
    }),
  );
});
