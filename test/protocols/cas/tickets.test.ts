import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  isTicket,
  readReturn,
  TICKET_PATTERN,
  type TicketForm,
  takeLastTicket,
  takeTicket,
} from '../../../src/protocols/cas/tickets.ts';

const form: TicketForm = { parameter: 'ticket', pattern: TICKET_PATTERN };
const ATTEMPT_UNKNOWN = { kind: 'malformed', code: 'ERR_SSO_ATTEMPT_UNKNOWN' };
const TICKET_MALFORMED = { kind: 'malformed', code: 'ERR_SSO_TICKET_MALFORMED' };

function ticketFor(attempt: string | null, ticket: string) {
  return { kind: 'event', attempt, event: { type: 'return.ticket', ticket } };
}

for (const ticket of [
  'ST-1856339-aA5Yuvrxzpv8Tau1cYQ7',
  'PT-1856392-b98xZrQN4p90ASrw96c8',
  'ST-1-u4hrm3td92cLxpCvrjylcas.example.com',
  'ST-0b7d7a5e-0000-4000-8000-000000000000--6162_63.d=--c1',
  `ST-${'a'.repeat(4093)}`,
]) {
  test(`${ticket.slice(0, 60)} (${ticket.length} characters) can be a ticket`, () => assert.ok(isTicket(ticket)));
}

for (const [what, text] of [
  ['nothing', ''],
  ['a prefix alone', 'ST-'],
  ['a proxy-granting ticket', 'PGT-1-abc'],
  ['a single sign-on ticket', 'TGT-1-abc'],
  ['lower case', 'st-1-abc'],
  ['a ticket with a line break behind it', 'ST-1-abc\n'],
  ['a ticket on the second line', 'x\nST-1-abc'],
  ['a ticket with a space in it', 'ST-1 abc'],
  ['a ticket with NUL in it', 'ST-1\0abc'],
  ['a ticket with markup', 'ST-1<b>'],
  ['a ticket with another parameter', 'ST-1&service=x'],
  ['a ticket with an escape', 'ST-1%20'],
  ['a ticket with a letter beyond ASCII', 'ST-1-é'],
  ['4097 characters', `ST-${'a'.repeat(4094)}`],
] as const) {
  test(`${what} cannot be a ticket`, () => assert.equal(isTicket(text), false));
}

test('a pattern of the application decides in place of ours, but not about the length', () => {
  assert.ok(isTicket('anything at all', /^.+$/s));
  assert.ok(!isTicket('ST-1', /^TK\d+$/));
  assert.ok(!isTicket('x'.repeat(4097), /^.+$/s));
});

test('a pattern with a memory takes every ticket and not every second one', () => {
  for (const pattern of [/^TK\d+$/g, /^TK\d+$/y]) {
    assert.deepEqual([isTicket('TK1', pattern), isTicket('TK2', pattern)], [true, true], String(pattern));
  }
});

for (const [pattern, text] of [
  [/^ST-\d+$/m, 'ST-1\n<b>'],
  [/^ST-|TK\d+$/, 'ST-1&service=x'],
  [/^ST-|TK\d+$/, 'x&TK1'],
  [/^ST-\d+\$/, 'ST-1$&service=x'],
] as const) {
  test(`${pattern} must match the whole of ${JSON.stringify(text)}`, () =>
    assert.equal(isTicket(text, pattern), false));
}

test('a return with attempt and ticket becomes an event for that attempt', () => {
  assert.deepEqual(readReturn('attempt=a1&ticket=ST-1', form, false), ticketFor('a1', 'ST-1'));
});

test('the order of the parameters of a return does not matter, nor do others beside them', () => {
  assert.deepEqual(readReturn('x=1&ticket=ST-1&y&attempt=a1&', form, false), ticketFor('a1', 'ST-1'));
});

test('names and values of a return are decoded once', () => {
  assert.deepEqual(readReturn('%61ttempt=a%2d1&%74icket=ST%2D1', form, false), ticketFor('a-1', 'ST-1'));
  assert.deepEqual(readReturn('attempt=a1&ticket=ST%252D1', form, false), TICKET_MALFORMED);
});

test('a plus sign in a return is a space', () => {
  const anything = { ...form, pattern: /^.+$/s };
  assert.deepEqual(readReturn('attempt=a1&ticket=a+b%2Bc', anything, false), ticketFor('a1', 'a b+c'));
});

test('a return without a ticket is an event of its own', () => {
  assert.deepEqual(readReturn('attempt=a1', form, false), {
    kind: 'event',
    attempt: 'a1',
    event: { type: 'return.withoutTicket' },
  });
});

for (const [what, query] of [
  ['nothing at all', ''],
  ['a ticket but no attempt', 'ticket=ST-1'],
  ['two attempts', 'attempt=a1&attempt=a2&ticket=ST-1'],
  ['the same attempt twice', 'attempt=a1&attempt=a1&ticket=ST-1'],
  ['a second attempt under an escaped name', 'attempt=a1&%61ttempt=a2&ticket=ST-1'],
  ['an attempt with a capital letter', 'Attempt=a1&ticket=ST-1'],
] as const) {
  test(`a return with ${what} belongs to no attempt`, () => {
    assert.deepEqual(readReturn(query, form, false), ATTEMPT_UNKNOWN);
  });
}

for (const [what, query] of [
  ['an empty ticket', 'ticket='],
  ['a ticket without a value', 'ticket'],
  ['two tickets', 'ticket=ST-1&ticket=ST-2'],
  ['the same ticket twice', 'ticket=ST-1&ticket=ST-1'],
  ['a second ticket under an escaped name', 'ticket=ST-1&%74icket=ST-2'],
  ['an ill-formed ticket', 'ticket=hello'],
  ['an ill-formed ticket before a good one', 'ticket=hello&ticket=ST-1'],
  ['an empty ticket behind a good one', 'ticket=ST-1&ticket='],
  ['a ticket with a line break', 'ticket=ST-1%0a'],
  ['a ticket with a plus sign, which is a space', 'ticket=ST-1+2'],
  ['an escape that cannot be decoded', 'ticket=ST-1%'],
  ['an escape that is not UTF-8', 'ticket=ST-%ff'],
  ['a PGT in the place of the ticket', 'ticket=PGT-1-abc'],
] as const) {
  test(`a return with ${what} is refused`, () => {
    assert.deepEqual(readReturn(`attempt=a1&${query}`, form, false), TICKET_MALFORMED);
    assert.deepEqual(readReturn(query, form, true), TICKET_MALFORMED);
  });
}

test('a return to an exact service names no attempt and belongs to the latest', () => {
  assert.deepEqual(readReturn('ticket=ST-1', form, true), ticketFor(null, 'ST-1'));
});

test('an attempt that comes back to an exact service is still that attempt', () => {
  assert.deepEqual(readReturn('ticket=ST-1&attempt=a1', form, true), ticketFor('a1', 'ST-1'));
  assert.deepEqual(readReturn('ticket=ST-1&attempt=a1&attempt=a2', form, true), ATTEMPT_UNKNOWN);
});

test('a return in SAML 1.1 brings SAMLart, and a ticket beside it is none', () => {
  const saml = { ...form, parameter: 'SAMLart' };
  assert.deepEqual(readReturn('attempt=a1&SAMLart=ST-1&ticket=x', saml, false), ticketFor('a1', 'ST-1'));
  assert.deepEqual(readReturn('attempt=a1&ticket=ST-1', saml, false), {
    kind: 'event',
    attempt: 'a1',
    event: { type: 'return.withoutTicket' },
  });
});

for (const [query, rest] of [
  ['ticket=ST-1', null],
  ['a=1&ticket=ST-1', 'a=1'],
  ['ticket=ST-1&a=1', 'a=1'],
  ['y=a+b&ticket=ST-1&z=%20&e=&f', 'y=a+b&z=%20&e=&f'],
  ['a=%zz&ticket=ST-1&b=%ff', 'a=%zz&b=%ff'],
  ['a=1;ticket=ST-2&ticket=ST-1', 'a=1;ticket=ST-2'],
  ['&&ticket=ST-1&', '&&'],
  ['%74icket=ST%2d1&a', 'a'],
  ['ticket=ST-1&eticket=ST-1&tickets=ST-1&Ticket=ST-1', 'eticket=ST-1&tickets=ST-1&Ticket=ST-1'],
  ['next=/x?ticket=ST-2&ticket=ST-1', 'next=/x?ticket=ST-2'],
] as const) {
  test(`${query} without its ticket is ${rest}`, () => {
    assert.deepEqual(takeTicket(query, form), { ticket: 'ST-1', query: rest });
  });
}

test('of several tickets the first is taken, and all go', () => {
  assert.deepEqual(takeTicket('ticket=ST-1&a=1&ticket=PT-2&ticket=ST-1', form), { ticket: 'ST-1', query: 'a=1' });
});

test("a parameter of the application's own that is called ticket stays", () => {
  for (const query of ['ticket=42', 'ticket=', 'ticket', 'ticket=ST-', 'ticket=ST-%3Cb%3E', 'ticket=theatre&a=1']) {
    assert.deepEqual(takeTicket(query, form), { ticket: null, query });
  }
});

test("the application's own ticket stays beside ours", () => {
  assert.deepEqual(takeTicket('ticket=42&ticket=ST-1', form), { ticket: 'ST-1', query: 'ticket=42' });
});

test('in SAML 1.1 a parameter called ticket is the application’s own', () => {
  const taken = takeTicket('ticket=ST-1&SAMLart=ST-2', { ...form, parameter: 'SAMLart' });
  assert.deepEqual(taken, { ticket: 'ST-2', query: 'ticket=ST-1' });
});

test('an empty query has no ticket and nothing left', () => {
  assert.deepEqual(takeTicket('', form), { ticket: null, query: null });
});

const ticket = fc.stringMatching(/^[SP]T-[A-Za-z0-9._=-]{1,20}$/);
const foreign = fc
  .tuple(
    fc.constantFrom('', 'a', 'x=', 'ticket=', 'ticket', 'eticket=ST-1', 'ticket%3dST-1', 'b=%', 'c=%20+'),
    fc.string({
      unit: fc.constantFrom('+', '%', '%2', '%20', '%ff', '=', '?', '/', ';', 'é', '\0', '<'),
      maxLength: 6,
    }),
  )
  .map((parts) => parts.join(''));

test('taking tickets out never changes another byte, and leaves no ticket behind', () => {
  const pair = fc.oneof(
    ticket.map((value) => ({ own: true, text: `ticket=${value}`, value })),
    ticket.map((value) => ({ own: true, text: `%74icket=${value.replaceAll('-', '%2d')}`, value })),
    foreign.map((text) => ({ own: false, text, value: '' })),
  );
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 6 }), (pairs) => {
      const taken = takeTicket(pairs.map(({ text }) => text).join('&'), form);
      const others = pairs.filter(({ own }) => !own).map(({ text }) => text);
      assert.equal(taken.query, others.join('&') || null);
      assert.equal(taken.ticket, pairs.find(({ own }) => own)?.value ?? null);
      assert.equal(takeTicket(taken.query ?? '', form).ticket, null);
    }),
    { numRuns: 300 },
  );
});

test('of a call only the last ticket is taken, and what stands before it stays', () => {
  assert.deepEqual(takeLastTicket('ticket=ST-1&a=%20&ticket=PT-2', form), {
    ticket: 'PT-2',
    query: 'ticket=ST-1&a=%20',
  });
  assert.deepEqual(takeLastTicket('a=1', form), { ticket: null, query: 'a=1' });
  assert.deepEqual(takeLastTicket('ticket=PT-2', form), { ticket: 'PT-2', query: null });
});
