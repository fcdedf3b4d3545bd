import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { judgeReply, type ReplyExpectation, type ReplyJudgement } from '../../../src/protocols/ucam/judgement.ts';
import { takeReply } from '../../../src/protocols/ucam/query.ts';
import { expectation, find, NONCE, replyOf } from './support.ts';

/** A reader of queries, from the address to the judgement. */
type Reader = (query: string) => ReplyJudgement;

/** Something in every field, and escapes of both kinds in an address that needs them. */
const reply = replyOf({
  msg: 'Hello%21 100%25 of fjc56',
  url: 'https://portal.example.edu/a%21b%2541/return',
  principal: 'fjc55',
  ptags: 'x-admin,current',
  auth: 'pwd',
  sso: 'pwd,x-otp',
  params: `${NONCE}.YT9i`,
});
const asked: ReplyExpectation = {
  ...expectation,
  url: 'https://portal.example.edu/a!b%41/return',
  params: `${NONCE}.YT9i`,
  iact: 'yes',
  requiredPtags: ['current', 'x-admin'],
};
const query = `a=1&WLS-Response=${encodeURIComponent(reply).replaceAll('%20', '+')};b=2`;

const read: Reader = (text) => {
  const taken = takeReply(text);
  return taken.kind === 'reply' ? judgeReply(taken.encoded, asked, find) : taken;
};
const original = read(query);

/** Another text may still be the same reply; but it is nobody else's, and says nothing else. */
function holds(judgement: ReplyJudgement): void {
  if (judgement.kind === 'rejected') return;
  // An unsigned failure is one that anybody can write, and it names nobody.
  if (judgement.kind === 'status') assert.equal(judgement.signed, false);
  else assert.deepEqual(judgement, original);
}

function spliced(text: string, from: number, removed: number, inserted: string): string {
  return text.slice(0, from) + inserted + text.slice(from + removed);
}

const everyByte = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));
const telling = ['!', '%', '%21', '%25', '%2521', '+', '&', ';', '=', '_', '.', '-', ',', '0', 'A', '\0', '\n', 'ü'];

test('the reply that is changed is a success as it stands', () => {
  assert.equal(original.kind === 'success' && original.principal, 'fjc55');
});

test('no byte of a reply can be made another one', () => {
  for (let at = 0; at < reply.length; at += 1) {
    for (const byte of everyByte) {
      if (byte === reply[at]) continue;
      assert.equal(judgeReply(spliced(reply, at, 1, byte), asked, find).kind, 'rejected', `${byte} at ${at}`);
    }
  }
});

test('no byte of a reply can be left out, and none can be doubled', () => {
  for (let at = 0; at < reply.length; at += 1) {
    for (const changed of [spliced(reply, at, 1, ''), spliced(reply, at, 0, reply[at] ?? '')]) {
      assert.equal(judgeReply(changed, asked, find).kind, 'rejected', `at ${at}`);
    }
  }
});

test('nothing that means something can be put anywhere into a reply', () => {
  for (let at = 0; at <= reply.length; at += 1) {
    for (const text of telling) {
      assert.equal(judgeReply(spliced(reply, at, 0, text), asked, find).kind, 'rejected', `${text} at ${at}`);
    }
  }
});

test('no bit of the address that brings a reply makes it say something else', () => {
  for (let at = 0; at < query.length; at += 1) {
    for (let bit = 0; bit < 8; bit += 1) {
      holds(read(spliced(query, at, 1, String.fromCharCode(query.charCodeAt(at) ^ (1 << bit)))));
    }
  }
});

/** Several changes of one text: flips, cuts, copies from elsewhere in it, and what means something. */
const changes = fc.array(
  fc.record({
    from: fc.nat(query.length),
    removed: fc.oneof(fc.constantFrom(0, 1), fc.nat(40)),
    inserted: fc.oneof(
      fc.constantFrom(
        '',
        '%21',
        '%',
        ...telling.map(encodeURIComponent),
        'fjc56',
        '!410!',
        '&WLS-Response=',
        '3',
        '2',
        '1',
      ),
      fc.string({ maxLength: 3 }),
      fc.tuple(fc.nat(query.length), fc.nat(60)).map(([start, length]) => query.slice(start, start + length)),
    ),
  }),
  { minLength: 1, maxLength: 4 },
);
type Changes = typeof changes extends fc.Arbitrary<infer T> ? T : never;

function changed(all: Changes): string {
  return all.reduce((text, { from, removed, inserted }) => spliced(text, from, removed, inserted), query);
}

test('no number of changes to the address that brings a reply makes it say something else', () => {
  fc.assert(
    fc.property(changes, (all) => holds(read(changed(all)))),
    { numRuns: 5000 },
  );
});

test('no mixture of the fields of two genuine replies is a third', () => {
  const lenient = { ...asked, requiredPtags: [], iact: null };
  const parts = { url: 'https://portal.example.edu/a%21b%2541/return', params: `${NONCE}.YT9i` };
  const other = replyOf({ ...parts, principal: 'xyz99', auth: '', sso: 'pwd', ptags: '', life: '60', id: '1' });
  const [one, two] = [reply.split('!'), other.split('!')];
  const genuine = new Map([reply, other].map((text) => [text, judgeReply(text, lenient, find)]));
  for (let choice = 0; choice < 2 ** one.length; choice += 1) {
    const mixed = one.map((field, index) => ((choice >> index) & 1 ? two[index] : field)).join('!');
    const judgement = judgeReply(mixed, lenient, find);
    assert.deepEqual(judgement.kind === 'rejected' ? undefined : judgement, genuine.get(mixed), mixed);
  }
  assert.deepEqual(
    [...genuine.values()].map(({ kind }) => kind),
    ['success', 'success'],
  );
});

test('the property catches a reader that verifies un-escaped text', () => {
  const careless: Reader = (text) => {
    const taken = takeReply(text);
    if (taken.kind === 'rejected') return taken;
    // A sign of the repair that other clients make: the text is brought to the spelling that the signature is of.
    const repaired = taken.encoded.replace(/%(?!2[15])([0-9a-f]{2})/gi, (_, hex: string) => {
      return String.fromCharCode(Number.parseInt(hex, 16));
    });
    const judgement = judgeReply(repaired, asked, find);
    const principal = taken.encoded.split('!')[6] ?? '';
    return judgement.kind === 'success' ? { ...judgement, principal } : judgement;
  };
  assert.throws(() => holds(careless(query.replace('fjc55', 'fjc5%2535'))));
});
